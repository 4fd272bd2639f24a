/*
 * json.h
 *	  JSON documents tied to memory contexts.
 *
 * src/data/json.h
 */
#ifndef QF_DATA_JSON_H
#define QF_DATA_JSON_H

#include "utils/palloc.h"

/* A value inside a document; lives as long as the document. */
typedef struct cJSON QfJson;

/* What stands for U+0000 inside a string; as in "modified UTF-8". */
#define QF_JSON_NUL "\xC0\x80"

typedef enum QfJsonType
{
	QF_JSON_NULL,
	QF_JSON_BOOL,
	QF_JSON_NUMBER,
	QF_JSON_STRING,
	QF_JSON_ARRAY,
	QF_JSON_OBJECT
} QfJsonType;

extern const QfJson *qf_json_parse(MemoryContext owner, char *text,
								   size_t length, size_t max_size,
								   const char **problem);
extern QfJsonType qf_json_type(const QfJson *value);
extern const QfJson *qf_json_member(const QfJson *object, const char *path);
extern const QfJson *qf_json_first(const QfJson *array);
extern const QfJson *qf_json_next(const QfJson *item);
extern const QfJson *qf_json_first_member(const QfJson *object);
extern const char *qf_json_name(const QfJson *member);
extern const QfJson *qf_json_named(const QfJson *object, const char *name);
extern bool qf_json_equals(const QfJson *a, const QfJson *b);
extern bool qf_json_is_empty(const QfJson *value);
extern bool qf_json_read_bool(const QfJson *value, bool *result);
extern const char *qf_json_text(const QfJson *value);
extern char *qf_json_print(const QfJson *value);
extern bool qf_json_has_mark(const char *text, const char *mark);
extern bool qf_json_has_nul(const char *text);

#endif							/* QF_DATA_JSON_H */
