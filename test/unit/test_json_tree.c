/*
 * test_json_tree.c
 *	  src/data/json.c: members, depth, size and memory of documents.
 *
 * test/unit/test_json_tree.c
 */
#include "postgres.h"

#include <cjson/cJSON.h>

#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "read_json.h"
#include "stubs.h"
#include "tap.h"

static void test_members(void);
static void test_duplicates(void);
static void test_nesting(void);
static char *nested(const char *open, const char *inside, const char *close,
					int depth);
static void test_big(void);
static void parse_array(void *arg);
static void print_array(void *arg);
static void test_memory(void);
static void parse_text(void *arg);
static void test_interrupts(void);

int
main(void)
{
	void		(*const tests[]) (void) = {
		test_members, test_duplicates, test_nesting, test_big, test_memory,
		test_interrupts
	};

	for (size_t i = 0; i < lengthof(tests); i++)
	{
		stub_enter();
		tests[i] ();
		stub_leave();
	}
	tap_ok(!stub_finds_leaks(), "no memory is lost");
	return tap_done();
}

static void
test_members(void)
{
	const QfJson *root = parse("{\"a\":{\"b\":{\"c\":1},\"ab\":2,\"\":3},"
							   "\"a.b\":4,\"\":{\"\":5},\"t\":\"text\","
							   "\"n\":null,\"l\":[{\"a\":6}],\"ab\":7,"
							   "\"A\":8,\"\xE4\xBD\xA0\":9}");
	static const char *const missing[] = {
		"x", "a.x", "a.b.c.d", "a.b.x", "t.x", "n.x", "l.a", "l.0", "b",
		".x", "a..x", "a.b.", "aa", "a.a", "c", "t.", "."
	};

	tap_is(text_of(qf_json_member(root, "a.b.c")), "1", "a.b.c");
	tap_is(text_of(qf_json_member(root, "a.b")), "{\"c\":1}", "a.b");
	tap_is(text_of(qf_json_member(root, "a.ab")), "2", "a.ab");
	tap_is(text_of(qf_json_member(root, "a.")), "3", "an empty name");
	tap_is(text_of(qf_json_member(root, "ab")), "7", "ab is not a");
	tap_is(text_of(qf_json_member(root, "A")), "8", "A is not a");
	tap_is(text_of(qf_json_member(root, "\xE4\xBD\xA0")), "9",
		   "a name that is not ASCII");
	tap_ok(qf_json_type(qf_json_member(root, "n")) == QF_JSON_NULL,
		   "null is there");
	for (size_t i = 0; i < lengthof(missing); i++)
	{
		/* "." is the empty name in the empty name, which is there */
		bool		there = strcmp(missing[i], ".") == 0;

		tap_ok((qf_json_member(root, missing[i]) != NULL) == there,
			   "path %s is %s", missing[i], there ? "there" : "missing");
	}
	tap_ok(qf_json_member(NULL, "a") == NULL, "no object, no member");
	tap_ok(qf_json_member(parse("[1]"), "a") == NULL, "an array has none");
}

/* As in jsonb. */
static void
test_duplicates(void)
{
	const QfJson *twice = parse("{\"a\":{\"b\":1,\"c\":2},\"a\":{\"b\":3,\"b\":4},"
								"\"d\":1,\"d\":null,\"e\":{\"f\":1},\"e\":5}");

	tap_is(text_of(qf_json_member(twice, "a.b")), "4",
		   "of equal names the last one counts, at each step");
	tap_ok(qf_json_member(twice, "a.c") == NULL,
		   "earlier objects of the same name do not");
	tap_ok(qf_json_type(qf_json_member(twice, "d")) == QF_JSON_NULL,
		   "a null that comes last counts");
	tap_ok(qf_json_member(twice, "e.f") == NULL,
		   "a number that comes last hides an object");
}

/* As deep as promised, and no crash below. */
static void
test_nesting(void)
{
	static const int depths[] = {1, 999, 1000, 1001, 100000};

	for (size_t i = 0; i < lengthof(depths); i++)
	{
		int			depth = depths[i];
		char	   *arrays = nested("[", "1e400", "]", depth);
		char	   *objects = nested("{\"\":", "1e400", "}", depth);

		if (depth <= CJSON_NESTING_LIMIT)
		{
			tap_ok(strcmp(json_of(parse(arrays)), arrays) == 0,
				   "%d nested arrays", depth);
			tap_ok(strcmp(json_of(parse(objects)), objects) == 0,
				   "%d nested objects", depth);
		}
		else
		{
			tap_ok(parse(arrays) == NULL, "%d nested arrays are refused",
				   depth);
			tap_ok(parse(objects) == NULL, "%d nested objects are refused",
				   depth);
		}

		/* never closed, which is what an attacker would send */
		tap_ok(parse(nested("[", "", "", depth)) == NULL,
			   "%d open arrays are refused", depth);
		tap_ok(parse(nested("{\"\":", "", "", depth)) == NULL,
			   "%d open objects are refused", depth);
		tap_ok(parse(nested("[1,", "1e400", "", depth)) == NULL,
			   "%d open arrays around a long number are refused", depth);
	}
}

static char *
nested(const char *open, const char *inside, const char *close, int depth)
{
	StringInfoData buf;

	initStringInfo(&buf);
	for (int i = 0; i < depth; i++)
		appendStringInfoString(&buf, open);
	appendStringInfoString(&buf, inside);
	for (int i = 0; i < depth; i++)
		appendStringInfoString(&buf, close);
	return buf.data;
}

/* Documents as large as a reply may be. */
static void
test_big(void)
{
	size_t		size = 4 * 1024 * 1024;
	char	   *text = palloc(size + 64);
	size_t		length = 0;
	int			nitems = 0;
	int			nright = 0;
	const QfJson *item;

	memset(text, 'x', size + 2);
	text[0] = '"';
	text[size + 1] = '"';
	item = parse_bytes(text, size + 2);
	tap_ok(item != NULL && strlen(qf_json_text(item)) == size,
		   "a string of 4 MB");

	for (size_t i = 0; i + 6 <= size; i += 6)
		memcpy(text + 1 + i, "\\u0000", 6);
	item = parse_bytes(text, size + 2);
	tap_ok(item != NULL &&
		   strlen(qf_json_text(item)) == size / 6 * 2 + size % 6,
		   "a string of 4 MB full of U+0000");

	text[length++] = '[';
	while (length < size)
		length += sprintf(text + length, "%s12345678901234567890,\"\\u0000\"",
						  nitems++ > 0 ? "," : "");
	text[length++] = ']';
	for (item = qf_json_first(parse_bytes(text, length)); item != NULL;
		 item = qf_json_next(qf_json_next(item)))
		nright += strcmp(qf_json_text(item), "12345678901234567890") == 0 &&
			strcmp(qf_json_text(qf_json_next(item)), "\xC0\x80") == 0;
	tap_ok(nitems > 100000 && nright == nitems, "an array of %d items",
		   2 * nitems);
}

static void
parse_array(void *arg)
{
	*(const QfJson **) arg = parse("[1e400,\"\\u0000\"]");
}

static void
print_array(void *arg)
{
	qf_json_print(*(const QfJson **) arg);
}

/* Errors in the middle lose no memory; the leak check at the end sees it. */
static void
test_memory(void)
{
	const QfJson *root = NULL;

	/*
	 * The first allocation is the test's own copy of the text, the second
	 * that with marks, the third the document.
	 */
	for (int i = 2; i <= 3; i++)
	{
		stub_fail_allocation(i);
		tap_ok(stub_raises(parse_array, &root) &&
			   stub_error_code == ERRCODE_OUT_OF_MEMORY,
			   "out of memory while reading, %d", i);
	}
	tap_ok(!stub_raises(parse_array, &root) && root != NULL,
		   "and the next time it is read");
	stub_fail_allocation(1);
	tap_ok(stub_raises(print_array, &root) &&
		   stub_error_code == ERRCODE_OUT_OF_MEMORY,
		   "out of memory while printing");
	tap_ok(!stub_raises(print_array, &root), "and the next time it prints");
}

static void
parse_text(void *arg)
{
	(void) parse(arg);
}

/*
 * Whatever takes long is stopped by a cancel: many values, nothing but one
 * string, with and without escapes, and looking through many members.
 */
static void
test_interrupts(void)
{
	static const struct
	{
		const char *open;
		const char *piece;
		const char *close;
	}			cases[] =
	{
		{"[", "[],", "0]"},
		{"[", "0.5,", "0]"},
		{"{", "\"a\":{},", "\"b\":0}"},
		{"\"", "xxxxxxxx", "\""},
		{"\"", "\\u4f60", "\""},
		{"[", "[],", ""},
		{"\"", "x", ""},
	};

	for (size_t i = 0; i < lengthof(cases); i++)
	{
		StringInfoData text;

		initStringInfo(&text);
		appendStringInfoString(&text, cases[i].open);
		while (text.len < 200000)
			appendStringInfoString(&text, cases[i].piece);
		appendStringInfoString(&text, cases[i].close);

		InterruptPending = true;
		tap_ok(stub_raises(parse_text, text.data) &&
			   stub_error_code == ERRCODE_QUERY_CANCELED,
			   "a cancel stops reading %s%s...", cases[i].open,
			   cases[i].piece);
		InterruptPending = false;
		tap_ok(!stub_raises(parse_text, text.data), "and nothing else does");
	}
}
