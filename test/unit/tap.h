/*
 * tap.h
 *	  Just enough of the Test Anything Protocol for a C program.
 *
 * Include it after postgres.h or postgres_fe.h.  Every line is flushed, so
 * that a crash still shows which test came last.
 *
 * test/unit/tap.h
 */
#ifndef QF_TEST_TAP_H
#define QF_TEST_TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int	tap_count = 0;
static int	tap_failures = 0;

/*
 * Print text so that it cannot be mistaken for TAP: "#" would start a
 * directive, a newline the next line.
 */
static inline void
tap_print(const char *text)
{
	for (const unsigned char *p = (const unsigned char *) text; *p != '\0'; p++)
	{
		if (*p == '#')
			printf("\\#");
		else if (*p < 0x20 || *p >= 0x7f)
			printf("\\x%02x", *p);
		else
			putchar(*p);
	}
}

/* Count one test; returns "passed".  The name is cut to one line. */
__attribute__((format(printf, 2, 3)))
static inline bool
tap_ok(bool passed, const char *format,...)
{
	char		name[200];
	va_list		args;

	va_start(args, format);
	vsnprintf(name, sizeof(name), format, args);
	va_end(args);

	tap_count++;
	if (!passed)
		tap_failures++;
	printf("%sok %d - ", passed ? "" : "not ", tap_count);
	tap_print(name);
	putchar('\n');
	fflush(stdout);
	return passed;
}

/* Tell more about a failure. */
static inline void
tap_note(const char *title, const char *text)
{
	printf("#   %s: ", title);
	tap_print(text != NULL ? text : "(null)");
	putchar('\n');
	fflush(stdout);
}

/* Are both texts there and the same? */
__attribute__((format(printf, 3, 4)))
static inline bool
tap_is(const char *got, const char *expected, const char *format,...)
{
	char		name[200];
	va_list		args;
	bool		same = got != NULL && strcmp(got, expected) == 0;

	va_start(args, format);
	vsnprintf(name, sizeof(name), format, args);
	va_end(args);

	if (!tap_ok(same, "%s", name))
	{
		tap_note("got", got);
		tap_note("expected", expected);
	}
	return same;
}

/* Print the plan; returns the exit status. */
static inline int
tap_done(void)
{
	printf("1..%d\n", tap_count);
	if (tap_failures > 0)
		printf("# %d of %d failed\n", tap_failures, tap_count);
	fflush(stdout);
	return tap_failures > 0 ? 1 : 0;
}

#endif							/* QF_TEST_TAP_H */
