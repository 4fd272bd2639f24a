/*
 * read_json.h
 *	  Shorthands of the programs that test src/data/json.c.
 *
 * test/unit/read_json.h
 */
#ifndef QF_TEST_READ_JSON_H
#define QF_TEST_READ_JSON_H

#include "data/json.h"

/* In memory of just the right size, so that reading behind it is caught. */
static inline const QfJson *
parse_bytes(const char *text, size_t length)
{
	char	   *copy = palloc(length + 1);
	const char *problem;

	memcpy(copy, text, length);
	copy[length] = '\0';
	return qf_json_parse(CurrentMemoryContext, copy, length, MaxAllocSize,
						 &problem);
}

static inline const QfJson *
parse(const char *text)
{
	return parse_bytes(text, strlen(text));
}

/* Text of a value that may be missing. */
static inline const char *
text_of(const QfJson *value)
{
	return value != NULL ? qf_json_text(value) : NULL;
}

/* JSON of a value that may be missing. */
static inline const char *
json_of(const QfJson *value)
{
	return value != NULL ? qf_json_print(value) : NULL;
}

#endif							/* QF_TEST_READ_JSON_H */
