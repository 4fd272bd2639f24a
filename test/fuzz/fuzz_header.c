/*
 * fuzz_header.c
 *	  src/http/header.c: what is made of the lines of a header.
 *
 * The first byte of an input says what is between us and the endpoint; the
 * rest is an exchange: lines up to an empty one that ends a header, then
 * trailers.
 *
 * Promises: what is kept of a header is a bounded C string, a time to wait is
 * never negative, a header that was ended stays as it is, and endless ones are
 * stopped.
 *
 * test/fuzz/fuzz_header.c
 */
#include "postgres.h"

#include "http/header.h"

#include "fuzz.h"
#include "../unit/stubs.h"

#define PROXY 0x01
#define TUNNEL 0x02

static const char *add(QfHeader *header, const uint8_t *data, size_t size);
static void check_kept(const QfHeader *header);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	QfHeader	header;
	size_t		done = 1;

	if (size == 0)
		return 0;
	stub_enter();
	qf_header_init(&header, data[0] & PROXY, data[0] & TUNNEL);
	while (done < size)
	{
		const uint8_t *end = memchr(data + done, '\n', size - done);
		size_t		length = end != NULL ? end + 1 - (data + done) : size - done;
		QfHeader	before = header;
		const char *problem = add(&header, data + done, length);

		check_kept(&header);
		if (problem != NULL)
		{
			PROMISE(problem[0] != '\0');
			break;
		}
		done += length;
		PROMISE(header.nbytes == done - 1 && header.nbytes <= 64 * 1024);
		if (before.ended)
		{
			before.nbytes = header.nbytes;
			PROMISE(memcmp(&before, &header, sizeof(header)) == 0);
		}
	}
	stub_leave();
	return 0;
}

/* Hand over data as libcurl does: nothing behind it may be looked at. */
static const char *
add(QfHeader *header, const uint8_t *data, size_t size)
{
	char	   *copy = malloc(size);
	const char *problem;

	memcpy(copy, data, size);
	problem = qf_header_add(header, copy, size);
	free(copy);
	return problem;
}

static void
check_kept(const QfHeader *header)
{
	PROMISE(strlen(header->request_id) < sizeof(header->request_id));
	PROMISE(strlen(header->error_code) < sizeof(header->error_code));
	PROMISE(strlen(header->error_message) < sizeof(header->error_message));
	PROMISE(strlen(header->retry_after) < sizeof(header->retry_after));
	PROMISE(qf_header_retry_after(header, 0) >= -1);
	PROMISE(header->status >= 0 && header->status <= 999);
	PROMISE(header->ncodings <= 1 || !header->ended);
}
