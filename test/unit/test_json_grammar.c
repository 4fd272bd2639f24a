/*
 * test_json_grammar.c
 *	  src/data/json.c: what it takes for JSON, and how long that takes.
 *
 * A second reader (grammar.c) judges each text as well.  The texts are a
 * list of old mistakes, every sequence of a few tokens, and random longer
 * ones.
 *
 * test/unit/test_json_grammar.c
 */
#include "postgres.h"

#include <signal.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "utils/memutils.h"

#include "grammar.h"
#include "read_json.h"
#include "stubs.h"
#include "tap.h"

#define EXHAUSTIVE 4			/* tokens in each possible sequence */
#define RANDOM_TEXTS 60000
#define RANDOM_LENGTH 12		/* tokens at most */

static const char *const refused[] = {
	/* nothing, or more than one thing */
	"", " ", "1 2", "{}{}", "[1]]", "{}x", "null,", "\"a\"\"b\"", "1e400 1",
	"12345678901234567890\"a\"", "\xEF\xBB\xBF", "{}\xEF\xBB\xBF",
	"\xEF\xBB\xBF\xEF\xBB\xBF{}", "[\xEF\xBB\xBF" "1]",
	/* brackets and commas */
	"[", "]", "{", "}", "[1,]", "[,1]", "[,]", "[1,,2]", "[1 2]", "[1}", "{1]",
	"{\"a\":1,}", "{,}", "{\"a\"}", "{\"a\" 1}", "{\"a\":}", "{:1}",
	"{\"a\":1 \"b\":2}", "{\"a\",1}", "[\"a\":1]", "{\"a\"::1}", "[1e400",
	"{a:1}", "{'a':1}", "{1:2}", "{null:1}", "{12345678901234567890:1}",
	"{1e1:1}", "{\"a\":1,1e400:2}", "[1,2", "{\"a\":[1e400}", "[[]",
	/* words */
	"nul", "nulll", "True", "TRUE", "truefalse", "[truefalse]", "undefined",
	"NaN", "Infinity", "-Infinity", "[nan]", "t", "f", "n",
	/* numbers */
	"01", "-01", "00", "+1", "-", "--1", "-+1", ".5", "-.5", "1.", "1.e5",
	"1.e400", "1e", "1e+", "1E-", "1.5.5", "1e5e5", "1e400e5", "1e5.5", "0x10",
	"1_000", "1,000", "- 1", "1 .5", "1-", "1-2", "1+2", "0123456789012345678",
	"12345678901234567890.", "-.12345678901234567890", "1.12345678901234567e",
	"--12345678901234567890", "[1e400x]", "12345678901234567890-1", "0e", "-a",
	/* strings */
	"\"", "\"a", "\"a\\", "\"a\\\"", "'a'", "a", "\"\\a\"", "\"\\x41\"",
	"\"\\'\"", "\"\\0\"", "\"\\u\"", "\"\\u1\"", "\"\\u12\"", "\"\\u123\"",
	"\"\\U0041\"", "\"\\u00g0\"", "\"\\u00 0\"", "\"\\uzzzz\"", "\"\\u-001\"",
	"\"\\u 001\"", "\"\\u0x41\"", "\"ab\\u00_0cd\"", "{\"a\\u000g\":1}",
	"\"a\nb\"", "\"a\tb\"", "\"a\rb\"", "\"a\x01" "b\"", "\"\x1f\"",
	"{\"a\nb\":1}", "\"a\" b\"",
	/* white space and comments */
	"[1,\x0b" "2]", "\x0c[1]", "[1]\x01", "\x08{}", "[1,\xC2\xA0" "2]",
	"/* */1", "1//", "#1", "[1]\x1a", "\x7f", "[1]\xe2\x80\xa8", ";", "{};",
};

/* Half of a pair is grammatical, and stays to be found by who uses it. */
static const char *const surrogates[] = {
	"\"\\uD800\"", "\"\\uDBFF\"", "\"\\uDC00\"", "\"\\uDFFF\"", "\"\\uD800x\"",
	"\"\\uD800\\u0041\"", "\"\\uD800\\uD800\"", "\"\\uDC00\\uD800\"",
	"\"\\uD800\\n\"", "\"\\uD83D\\u0000\"", "\"\\uD83D\\\\uDE00\"",
	"{\"\\uDEAD\":1}", "[1e400,\"\\udead\"]",
};

static const char *const tokens[] = {
	"{", "}", "[", "]", ",", ":", "\"", "\\", "u00", "00", "1", "-", ".", "e",
	"+", "null", " ", "\n", "12345678901234567890", "\"a\"", "n",
};

static void test_refused(void);
static bool has_half(const QfJson *document);
static void test_all_sequences(void);
static void test_random_sequences(void);
static bool agree(const char *text);
static void test_time(void);
static bool refused_quickly(const char *title, const char *repeated,
							const char *end);

int
main(void)
{
	test_refused();
	test_all_sequences();
	test_random_sequences();
	test_time();
	tap_ok(!stub_finds_leaks(), "no memory is lost");
	return tap_done();
}

static void
test_refused(void)
{
	for (size_t i = 0; i < lengthof(refused); i++)
	{
		stub_enter();
		tap_ok(parse(refused[i]) == NULL && !is_json(refused[i]),
			   "refused: %s", refused[i]);
		stub_leave();
	}
	for (size_t i = 0; i < lengthof(surrogates); i++)
	{
		tap_ok(agree(surrogates[i]), "grammatical: %s", surrogates[i]);
		stub_enter();
		tap_ok(has_half(parse(surrogates[i])), "kept: %s", surrogates[i]);
		stub_leave();
	}
}

/* Is there half of a pair in what is printed, as bytes that are not UTF-8? */
static bool
has_half(const QfJson *document)
{
	const char *found = document == NULL ?
	NULL : strchr(qf_json_print(document), '\xED');

	return found != NULL && (unsigned char) found[1] >= 0xA0;
}

static void
test_all_sequences(void)
{
	int			base = lengthof(tokens);
	int			total = 1;
	int			wrong = 0;

	for (int length = 1; length <= EXHAUSTIVE; length++)
	{
		total *= base;
		for (int i = 0; i < total; i++)
		{
			char		text[EXHAUSTIVE * 24] = "";

			for (int j = 0, rest = i; j < length; j++, rest /= base)
				strcat(text, tokens[rest % base]);
			if (!agree(text) && wrong++ < 10)
				tap_note("disagreement", text);
		}
	}
	tap_ok(wrong == 0, "both readers agree on all sequences of up to %d tokens",
		   EXHAUSTIVE);
}

/* Seeded with a constant: a failure comes back at the next run. */
static void
test_random_sequences(void)
{
	int			wrong = 0;
	int			valid = 0;

	srandom(1);
	for (int i = 0; i < RANDOM_TEXTS; i++)
	{
		char		text[RANDOM_LENGTH * 24] = "[";
		int			length = random() % RANDOM_LENGTH;

		/* something between brackets is valid more often */
		for (int j = 0; j < length; j++)
			strcat(text, tokens[random() % lengthof(tokens)]);
		strcat(text, "]");
		valid += is_json(text);
		if (!agree(text) && wrong++ < 10)
			tap_note("disagreement", text);
	}
	tap_ok(wrong == 0, "both readers agree on %d random texts", RANDOM_TEXTS);
	tap_ok(valid > RANDOM_TEXTS / 100, "of which some are JSON");
}

/* Also prints what was read: that must be JSON again. */
static bool
agree(const char *text)
{
	const QfJson *root;
	bool		same;

	stub_enter();
	root = parse(text);
	same = (root != NULL) == is_json(text);
	if (root != NULL && same)
		same = is_json(qf_json_print(root));
	stub_leave();
	return same;
}

/* Nothing may take time that grows with the square of a reply's size. */
static void
test_time(void)
{
	static const struct
	{
		const char *title;
		const char *repeated;
		const char *end;
	}			cases[] =
	{
		{"digits and a point", "1", "."},
		{"digits and an exponent", "1", "e"},
		{"zeros", "0", ""},
		{"minus signs", "-", ""},
		{"points and digits", ".1", ""},
		{"exponents", "1e1", ""},
		{"quotes", "\"", "x"},
		{"backslashes", "\"\\\\", ""},
		{"open arrays", "[", ""},
		{"long numbers", "1e400,", ""},
	};

	for (size_t i = 0; i < lengthof(cases); i++)
		tap_ok(refused_quickly(cases[i].title, cases[i].repeated,
							   cases[i].end),
			   "1 MB of %s is refused within a second", cases[i].title);
}

/* In a child, which the kernel ends after one second of computing. */
static bool
refused_quickly(const char *title, const char *repeated, const char *end)
{
	size_t		size = 1024 * 1024;
	size_t		length = strlen(repeated);
	struct itimerval limit = {{0, 0}, {1, 0}};
	int			status = -1;
	pid_t		child = fork();

	if (child == 0)
	{
		char	   *text = calloc(1, size + length + strlen(end) + 1);

		for (size_t i = 0; i < size; i += length)
			memcpy(text + i, repeated, length);
		strcat(text, end);
		stub_enter();
		setitimer(ITIMER_PROF, &limit, NULL);
		_exit(parse(text) == NULL ? 0 : 1);
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		perror(title);
	if (WIFSIGNALED(status))
		tap_note(title, strsignal(WTERMSIG(status)));
	return status == 0;
}
