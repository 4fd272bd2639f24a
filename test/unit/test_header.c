/*
 * test_header.c
 *	  src/http/header.c: which lines of an exchange count, and for what.
 *
 * test/unit/test_header.c
 */
#include "postgres_fe.h"

#include "http/header.h"

#include "tap.h"

#define FINE "HTTP/1.1 200 OK\r\n"
#define NOW 1700000000
#define DATE "Tue, 14 Nov 2023 22:13:20 GMT"	/* the same */

typedef enum Way
{
	DIRECT,
	PROXY,						/* http:// through a proxy */
	TUNNEL						/* https:// through a proxy */
}			Way;

struct header_case
{
	const char *title;
	Way			way;
	const char *lines;
	const char *problem;		/* of the first line that has one */
	bool		ended;
	int			status;
	const char *kept;			/* error code, request id, Retry-After in ms */
};

static const struct header_case cases[] = {
	{"all that is kept", DIRECT,
		FINE "X-BCE-Request-Id: r\r\nx-bce-error-code:c\r\nretry-after: 2\r\n\r\n",
	NULL, true, 200, "c r 2000"},
	{"a header that is cut off", DIRECT,
	FINE "X-Bce-Request-Id: r\r\n", NULL, false, 200, " r -1"},
	{"white space around a value", DIRECT,
	FINE "x-bce-request-id: \t r s \t\r\n\r\n", NULL, true, 200, " r s -1"},
	{"a name that is longer", DIRECT,
	FINE "x-bce-request-idx: r\r\n\r\n", NULL, true, 200, "  -1"},
	{"a trailer", DIRECT,
		FINE "x-bce-request-id: r\r\n\r\n"
		"X-Bce-Error-Code: ResourceNotFound\r\nX-Bce-Request-Id: t\r\nRetry-After: 9\r\n\r\n",
	NULL, true, 200, " r -1"},
	{"a trailer that looks like a response", DIRECT,
		FINE "\r\nHTTP/1.1 500 No\r\nX-Bce-Error-Code: c\r\n\r\n",
	NULL, true, 200, "  -1"},
	{"codings in a trailer", DIRECT,
		FINE "Content-Encoding: gzip\r\n\r\nContent-Encoding: gzip\r\nTransfer-Encoding: gzip\r\n\r\n",
	NULL, true, 200, "  -1"},
	{"interim responses", DIRECT,
		"HTTP/1.1 100 Continue\r\nX-Bce-Error-Code: c\r\n\r\n"
		"HTTP/1.1 103 Early Hints\r\nRetry-After: 1\r\n\r\n" FINE "\r\n",
	NULL, true, 200, "  -1"},
	{"nothing behind an interim response", DIRECT,
		"HTTP/1.1 102 Processing\r\n\r\n",
	NULL, false, 102, "  -1"},
	{"lines between two responses", DIRECT,
		"HTTP/1.1 100 Continue\r\n\r\nX-Bce-Error-Code: c\r\n" FINE "\r\n",
	NULL, true, 200, "  -1"},
	{"codings of an interim response", DIRECT,
		"HTTP/1.1 100 Continue\r\nContent-Encoding: gzip\r\n\r\n"
		FINE "Content-Encoding: gzip\r\n\r\n",
	NULL, true, 200, "  -1"},
	{"a switch of protocols", DIRECT,
		"HTTP/1.1 101 Switching Protocols\r\n\r\n",
	NULL, true, 101, "  -1"},
	{"a tunnel", TUNNEL,
		"HTTP/1.1 200 Connection established\r\nX-Bce-Error-Code: c\r\n\r\n"
		FINE "X-Bce-Request-Id: r\r\n\r\n",
	NULL, true, 200, " r -1"},
	{"a tunnel, and trailers", TUNNEL,
		"HTTP/1.1 200 Connection established\r\n\r\n" FINE "\r\n" FINE
		"X-Bce-Error-Code: c\r\n\r\n",
	NULL, true, 200, "  -1"},
	{"no tunnel", TUNNEL,
		"HTTP/1.1 502 No\r\nX-Bce-Error-Code: c\r\n\r\n",
	NULL, true, 502, "c  -1"},
	{"a proxy that wants credentials", PROXY,
	"HTTP/1.1 407 No\r\n", "the proxy asks for credentials", false, 407, "  -1"},
	{"an endpoint that wants them", DIRECT,
	"HTTP/1.1 407 No\r\n\r\n", NULL, true, 407, "  -1"},
	{"two codings in one line", DIRECT,
		FINE "Content-Encoding: gzip, gzip\r\n",
	"more than one content coding", false, 200, "  -1"},
	{"two codings in two lines", DIRECT,
		FINE "Content-Encoding: gzip\r\nTransfer-Encoding: gzip, chunked\r\n",
	"more than one content coding", false, 200, "  -1"},
	{"chunks and identity are none", DIRECT,
		FINE "Transfer-Encoding: chunked\r\nContent-Encoding: identity,gzip\r\n\r\n",
	NULL, true, 200, "  -1"},
	{"a date to come back", DIRECT,
		FINE "Retry-After: Tue, 14 Nov 2023 22:13:30 GMT\r\n\r\n",
	NULL, true, 200, "  10000"},
	{"a date to come back, by the endpoint's clock", DIRECT,
		FINE "Retry-After: Tue, 14 Nov 2023 22:13:30 GMT\r\n"
		"Date: Tue, 14 Nov 2023 22:13:27 GMT\r\n\r\n",
	NULL, true, 200, "  3000"},
	{"a date that has passed", DIRECT,
		FINE "Retry-After: Tue, 14 Nov 2023 22:13:10 GMT\r\n\r\n",
	NULL, true, 200, "  0"},
	{"a date in a trailer", DIRECT,
		FINE "Retry-After: Tue, 14 Nov 2023 22:13:30 GMT\r\n\r\n"
		"Date: Tue, 14 Nov 2023 22:13:29 GMT\r\n\r\n",
	NULL, true, 200, "  10000"},
	{"what is no date", DIRECT,
	FINE "Retry-After: soon\r\n\r\n", NULL, true, 200, "  -1"},
	{"ages", DIRECT,
	FINE "Retry-After: 99999999999\r\n\r\n", NULL, true, 200, "  2147483647"},
};

/* Add all lines, stopping at a problem. */
static const char *
add_lines(QfHeader *header, const char *lines)
{
	const char *problem = NULL;

	while (*lines != '\0' && problem == NULL)
	{
		size_t		length = strcspn(lines, "\n") + 1;

		problem = qf_header_add(header, lines, length);
		lines += length;
	}
	return problem;
}

static bool
same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static void
test_case(const struct header_case *test)
{
	QfHeader	header;
	const char *problem;
	char		kept[300];

	qf_header_init(&header, test->way != DIRECT, test->way == TUNNEL);
	problem = add_lines(&header, test->lines);
	snprintf(kept, sizeof(kept), "%s %s %lld", header.error_code,
			 header.request_id,
			 (long long) qf_header_retry_after(&header, NOW));
	if (!tap_ok(same_text(problem, test->problem) &&
				header.ended == test->ended &&
				header.status == test->status &&
				strcmp(kept, test->kept) == 0, "%s", test->title))
		printf("# problem %s, ended %d, status %d, kept \"%s\"\n",
			   problem != NULL ? problem : "none", header.ended,
			   header.status, kept);
}

/* Values that are too long, and lines without end. */
static void
test_bounds(void)
{
	QfHeader	header;
	char		line[2000];
	const char *problem = NULL;
	int			n = 0;

	memset(line, 'x', sizeof(line));
	memcpy(line, "x-bce-error-message:", 20);
	qf_header_init(&header, false, false);
	(void) qf_header_add(&header, FINE, strlen(FINE));
	(void) qf_header_add(&header, line, sizeof(line));
	tap_ok(strlen(header.error_message) == sizeof(header.error_message) - 1,
		   "a long value is cut");
	(void) qf_header_add(&header, "\r\n", 2);
	for (; problem == NULL && n < 100; n++)
		problem = qf_header_add(&header, line, sizeof(line));
	tap_ok(same_text(problem, "more than 65536 bytes of headers") && n == 32,
		   "trailers without end are stopped");
}

int
main(void)
{
	for (int i = 0; i < (int) lengthof(cases); i++)
		test_case(&cases[i]);
	test_bounds();
	return tap_done();
}
