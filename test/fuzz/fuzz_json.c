/*
 * fuzz_json.c
 *	  src/data/json.c: parse, read and print any bytes.
 *
 * Promises: what is taken is JSON by the grammar of RFC 8259, and JSON that is
 * not nested deeply is taken; what is printed is taken again, and is printed
 * alike.
 *
 * test/fuzz/fuzz_json.c
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "data/json.h"

#include "fuzz.h"
#include "../unit/grammar.h"
#include "../unit/stubs.h"

/* cJSON takes 1,000 levels, and each takes a byte. */
#define SURELY_SHALLOW 900

static void read_value(const QfJson *value);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const QfJson *document;
	const char *problem;
	char	   *text;
	bool		good;

	stub_enter();
	text = fuzz_text(data, size);
	/* A parser may ignore a byte order mark (RFC 8259, 8.1); cJSON does. */
	good = strlen(text) == size &&
		is_json(strncmp(text, "\xEF\xBB\xBF", 3) == 0 ? text + 3 : text);
	document = qf_json_parse(CurrentMemoryContext, fuzz_text(data, size), size,
							 MaxAllocSize, &problem);
	if (document != NULL)
	{
		char	   *printed = qf_json_print(document);
		char	   *copy = pstrdup(printed);
		const QfJson *again;

		PROMISE(good);
		read_value(document);
		again = qf_json_parse(CurrentMemoryContext, copy, strlen(copy),
							  MaxAllocSize, &problem);
		PROMISE(again != NULL);
		PROMISE(strcmp(qf_json_print(again), printed) == 0);
	}
	else if (good && size < SURELY_SHALLOW)
		PROMISE(strstr(text, "\xC0\x81") != NULL);
	stub_leave();
	return 0;
}

/* Use all there is to use of a value. */
static void
read_value(const QfJson *value)
{
	static const char *const paths[] = {
		"a", "", ".", "a.b", "id", "result.pageInfo", "config.strategy",
	};
	const char *text = qf_json_text(value);
	bool		truth;

	(void) qf_json_has_nul(text);
	(void) qf_json_is_empty(value);
	(void) qf_json_read_bool(value, &truth);
	if (qf_json_type(value) == QF_JSON_NUMBER)
		PROMISE(strspn(text, "0123456789+-.eE") == strlen(text));
	for (size_t i = 0; i < lengthof(paths); i++)
	{
		const QfJson *member = qf_json_member(value, paths[i]);

		PROMISE(member == NULL || qf_json_type(value) == QF_JSON_OBJECT);
		if (member != NULL)
			(void) qf_json_text(member);
	}
	for (const QfJson *item = qf_json_first(value); item != NULL;
		 item = qf_json_next(item))
		read_value(item);
}
