/*
 * test_json.c
 *	  src/data/json.c: what single values become.
 *
 * test/unit/test_json.c
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "read_json.h"
#include "stubs.h"
#include "tap.h"

static const QfJson *only(const char *value);
static void test_printed(void);
static void test_numbers(void);
static void test_nul(void);
static void test_marks(void);
static void test_kinds(void);
static void test_room(void);

int
main(void)
{
	void		(*const tests[]) (void) = {
		test_printed, test_numbers, test_nul, test_marks, test_kinds,
		test_room
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

/* The only item of an array; a null if it was refused. */
static const QfJson *
only(const char *value)
{
	const QfJson *root = parse(psprintf("[%s]", value));

	tap_ok(root != NULL, "%s is accepted", value);
	return qf_json_first(root != NULL ? root : parse("[null]"));
}

/* Text in, text out. */
static void
test_printed(void)
{
	static const struct
	{
		const char *text;
		const char *printed;
	}			cases[] =
	{
		{"null", "null"},
		{" \t\r\n[ 1 , 2 ]\r\n", "[1,2]"},
		{"{}", "{}"},
		{"[[],{}]", "[[],{}]"},
		{"\"\"", "\"\""},
		{"[true,false,null]", "[true,false,null]"},
		{"\xEF\xBB\xBF{\"bom\":1}", "{\"bom\":1}"},
		{"\"\\u00e9\\/\\b\\f\\n\\r\\t\\\"\\\\\"",
		"\"\xC3\xA9/\\b\\f\\n\\r\\t\\\"\\\\\""},
		{"\"\\uD83D\\ude00\"", "\"\xF0\x9F\x98\x80\""},
		{"\"\xE4\xBD\xA0\"", "\"\xE4\xBD\xA0\""},
		{"\"1e400 12345678901234567890\"", "\"1e400 12345678901234567890\""},
		{"{\"1e400\":1}", "{\"1e400\":1}"},
		{"{\"a\":12345678901234567890,\"b\":{\"c\":[1e400,\"1e400\"]}}",
		"{\"a\":12345678901234567890,\"b\":{\"c\":[1e400,\"1e400\"]}}"},
		{"[\"\\\"\",1e400,\"\\\\\",-1E-400]",
		"[\"\\\"\",1e400,\"\\\\\",-1E-400]"},
		{"{\"1e1\":1e1,\"\\u0000\":1e2}",
		"{\"1e1\":1e1,\"\xC0\x80\":1e2}"},
	};

	for (size_t i = 0; i < lengthof(cases); i++)
	{
		const QfJson *root = parse(cases[i].text);

		tap_is(json_of(root), cases[i].printed,
			   "prints %s", cases[i].text);
	}
}

/*
 * A number keeps its value; one that a double might change also keeps its
 * digits.
 */
static void
test_numbers(void)
{
	static const char *const exact[] = {
		"0", "1", "-1", "0.1", "-0.5", "2147483647", "2147483648",
		"-2147483649", "123456789012345", "999999999999999", "1e400",
		"-1E+400", "1e-400", "1e5", "1E0", "12345678901234567890",
		"-12345678901234567890", "9007199254740993", "9223372036854775807",
		"18446744073709551615", "0.1234567890123456789",
		"1.00000000000000000000", "1.7976931348623157e308", "1e+1", "0e0",
		"100000000000000000000000000000000000000000000000000000000000000000001",
	};
	static const char *const same_value[] = {
		"-0", "1.10", "1.0", "0.0000001", "-0.0", "123.4560000", "0.00000"
	};

	for (size_t i = 0; i < lengthof(exact); i++)
	{
		const QfJson *value = only(exact[i]);

		tap_is(qf_json_text(value), exact[i], "%s as text", exact[i]);
		tap_is(qf_json_print(value), exact[i], "%s as JSON", exact[i]);
		tap_ok(qf_json_type(value) == QF_JSON_NUMBER, "%s is a number",
			   exact[i]);
		tap_ok(!qf_json_is_empty(value), "%s is not empty", exact[i]);
	}
	for (size_t i = 0; i < lengthof(same_value); i++)
	{
		const char *text = qf_json_text(only(same_value[i]));
		char	   *end;

		tap_ok(strtod(text, &end) == strtod(same_value[i], NULL) &&
			   *end == '\0' && parse(text) != NULL,
			   "%s has the same value as text", same_value[i]);
	}
}

/* U+0000 is replaced where it stands for itself, and only there. */
static void
test_nul(void)
{
	static const struct
	{
		const char *text;
		const char *string;
		bool		nul;
	}			cases[] =
	{
		{"\"\\u0000\"", "\xC0\x80", true},
		{"\"a\\u0000b\"", "a\xC0\x80" "b", true},
		{"\"\\u0000\\u0000x\\u0000\"", "\xC0\x80\xC0\x80x\xC0\x80", true},
		{"\"\\u00000\"", "\xC0\x80" "0", true},
		{"\"\\\\\\u0000\"", "\\\xC0\x80", true},
		{"\"\\\\u0000\"", "\\u0000", false},
		{"\"\\\\\\\\u0000\"", "\\\\u0000", false},
		{"\"\\\"u0000\"", "\"u0000", false},
		{"\"u0000\"", "u0000", false},
		{"\"\\u0001\"", "\x01", false},
		{"\"\xC3\x80\"", "\xC3\x80", false},
	};
	const QfJson *root;

	for (size_t i = 0; i < lengthof(cases); i++)
	{
		const QfJson *value = only(cases[i].text);

		tap_is(qf_json_text(value), cases[i].string, "string %s",
			   cases[i].text);
		tap_ok(qf_json_has_nul(qf_json_text(value)) == cases[i].nul &&
			   qf_json_has_nul(qf_json_print(value)) == cases[i].nul,
			   "%s holds %s U+0000", cases[i].text,
			   cases[i].nul ? "a" : "no");
		tap_ok(!qf_json_is_empty(value), "%s is not empty", cases[i].text);
	}

	root = parse("{\"a\\u0000\":[\"\\u0000\",1e400],\"b\":\"\\u0000\",\"c\":1e400,\"a\":2}");
	tap_is(json_of(root),
		   "{\"a\xC0\x80\":[\"\xC0\x80\",1e400],\"b\":\"\xC0\x80\",\"c\":1e400,\"a\":2}",
		   "U+0000 in names and values beside long numbers");
	tap_is(text_of(qf_json_member(root, "a")), "2",
		   "a name with U+0000 is not the one before it");

	tap_ok(parse_bytes("[1]\0", 4) == NULL, "a NUL byte behind is refused");
	tap_ok(parse_bytes("[1,\0" "2]", 6) == NULL,
		   "a NUL byte between is refused");
	tap_ok(parse_bytes("[\"a\0b\"]", 7) == NULL,
		   "a NUL byte in a string is refused");
	tap_ok(parse_bytes("\0", 1) == NULL, "a NUL byte alone is refused");
}

/* A string that looks like a marked number must not become one. */
static void
test_marks(void)
{
	static const char *const strings[] = {
		"\xC0\x81", "\xC0\x81" "1", "\xC0\x81" "-1.5e3", "\xC0\x81" "abc",
		"\xC0\x81" "1 ", "\xC0\x81\xC0\x81" "1",
	};

	for (size_t i = 0; i < lengthof(strings); i++)
	{
		for (int beside = 0; beside < 2; beside++)
		{
			const QfJson *root = parse(psprintf("[\"%s\"%s]", strings[i],
												beside ? ",1e400" : ""));
			const QfJson *value = root != NULL ? qf_json_first(root) : NULL;

			/* it is not UTF-8, so refusing the document is right as well */
			tap_ok(value == NULL ||
				   (qf_json_type(value) == QF_JSON_STRING &&
					strcmp(qf_json_text(value), strings[i]) == 0),
				   "string %s stays a string %s long number", strings[i],
				   beside ? "beside a" : "without a");
		}
	}
}

/* Type, emptiness, truth and text of each kind of value. */
static void
test_kinds(void)
{
	static const struct
	{
		const char *value;
		QfJsonType	type;
		bool		empty;
		int			truth;		/* -1: neither true nor false */
		const char *text;
	}			cases[] =
	{
		{"null", QF_JSON_NULL, true, -1, "null"},
		{"true", QF_JSON_BOOL, false, 1, "true"},
		{"false", QF_JSON_BOOL, false, 0, "false"},
		{"0", QF_JSON_NUMBER, false, 0, "0"},
		{"1", QF_JSON_NUMBER, false, 1, "1"},
		{"-1", QF_JSON_NUMBER, false, -1, "-1"},
		{"1e0", QF_JSON_NUMBER, false, -1, "1e0"},
		{"0e0", QF_JSON_NUMBER, false, -1, "0e0"},
		{"0.0000000000000000", QF_JSON_NUMBER, false, -1, "0.0000000000000000"},
		{"1.0000000000000000", QF_JSON_NUMBER, false, -1, "1.0000000000000000"},
		{"\"\"", QF_JSON_STRING, true, -1, ""},
		{"\"true\"", QF_JSON_STRING, false, 1, "true"},
		{"\"TRUE\"", QF_JSON_STRING, false, 1, "TRUE"},
		{"\"1\"", QF_JSON_STRING, false, 1, "1"},
		{"\"false\"", QF_JSON_STRING, false, 0, "false"},
		{"\"0\"", QF_JSON_STRING, false, 0, "0"},
		{"\"12345678901234567890\"", QF_JSON_STRING, false, -1, "12345678901234567890"},
		{"\" \"", QF_JSON_STRING, false, -1, " "},
		{"\"{}\"", QF_JSON_STRING, false, -1, "{}"},
		{"[]", QF_JSON_ARRAY, true, -1, "[]"},
		{"[ ]", QF_JSON_ARRAY, true, -1, "[]"},
		{"[null]", QF_JSON_ARRAY, false, -1, "[null]"},
		{"[true]", QF_JSON_ARRAY, false, -1, "[true]"},
		{"{}", QF_JSON_OBJECT, true, -1, "{}"},
		{"{\"a\":{}}", QF_JSON_OBJECT, false, -1, "{\"a\":{}}"},
	};
	const QfJson *item = qf_json_first(parse("[1,[2],1e400]"));

	for (size_t i = 0; i < lengthof(cases); i++)
	{
		const QfJson *value = only(cases[i].value);
		bool		truth;

		tap_ok(qf_json_type(value) == cases[i].type, "type of %s",
			   cases[i].value);
		tap_ok(qf_json_is_empty(value) == cases[i].empty, "%s is %s",
			   cases[i].value, cases[i].empty ? "empty" : "not empty");
		tap_ok((qf_json_read_bool(value, &truth) ? truth : -1) ==
			   cases[i].truth, "truth of %s", cases[i].value);
		tap_is(qf_json_text(value), cases[i].text, "text of %s",
			   cases[i].value);
		tap_ok((qf_json_first(value) != NULL) ==
			   (cases[i].type == QF_JSON_ARRAY && !cases[i].empty),
			   "only an array has items, not %s", cases[i].value);
	}
	tap_is(qf_json_text(item), "1", "first item");
	tap_is(qf_json_text(item = qf_json_next(item)), "[2]", "second item");
	tap_is(qf_json_text(item = qf_json_next(item)), "1e400", "third item");
	tap_ok(qf_json_next(item) == NULL, "no fourth");
}

/* A document takes at most what it may, be it many values or a long one. */
static void
test_room(void)
{
	static const char *const texts[] = {
		"1", "[]", "[1,2,3]", "{\"a\":1,\"b\":[{},{}]}", "\"[,[,{\\\",\"",
		"[\"0123456789012345678901234567890123456789\",null,true]",
	};

	for (size_t i = 0; i < lengthof(texts); i++)
	{
		const char *problem = NULL;
		size_t		room = 0;

		while (room < 10000 &&
			   qf_json_parse(CurrentMemoryContext, pstrdup(texts[i]),
							 strlen(texts[i]), room, &problem) == NULL)
		{
			if (strstr(problem, "takes more memory") == NULL)
				break;
			room++;
		}
		tap_ok(room >= strlen(texts[i]) && room < 1000,
			   "%s takes %zu bytes", texts[i], room);
	}
}
