/*
 * fuzz_header.c
 *	  src/http/call.c: what libcurl's callbacks make of headers and bodies.
 *
 * The callbacks are static, hence the include.  An input is a whole response:
 * lines up to an empty one are headers, the rest is the body, which arrives in
 * pieces.
 *
 * Promises: what is kept of a header is a bounded C string, a time is never
 * negative, and a body is taken as it is or refused because of its size.
 *
 * test/fuzz/fuzz_header.c
 */
#include "http/call.c"

#include "fuzz.h"
#include "../unit/stubs.h"

#define LIMIT 300				/* option max_response_size */

static size_t receive(size_t (*callback) (char *, size_t, size_t, void *),
					  const uint8_t *data, size_t size, QfCall *call);
static size_t receive_headers(const uint8_t *data, size_t size, QfCall *call);
static void receive_pieces(const uint8_t *data, size_t size, QfCall *call);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	QfCall		call = {0};
	QfReply    *reply = &call.reply;
	size_t		header;

	stub_enter();
	reply->transport = QF_TRANSPORT_UNSENT;
	reply->date = -1;
	call.max_response_size = LIMIT;

	header = receive_headers(data, size, &call);
	PROMISE(strlen(reply->request_id) < sizeof(reply->request_id));
	PROMISE(strlen(reply->error_code) < sizeof(reply->error_code));
	PROMISE(strlen(reply->error_message) < sizeof(reply->error_message));
	if (call.retry_after_text != NULL)
		PROMISE(parse_retry_after(call.retry_after_text, 0) >= -1 &&
				parse_retry_after(call.retry_after_text, reply->date) >= -1);

	receive_pieces(data + header, size - header, &call);
	qf_call_detach(&call);
	qf_call_free_reply(&call);
	stub_leave();
	return 0;
}

/* Hand over data as libcurl does: nothing behind it may be looked at. */
static size_t
receive(size_t (*callback) (char *, size_t, size_t, void *),
		const uint8_t *data, size_t size, QfCall *call)
{
	char	   *copy = malloc(size);
	size_t		taken;

	memcpy(copy, data, size);
	taken = callback(copy, 1, size, call);
	free(copy);
	return taken;
}

/* Returns how many bytes the header takes. */
static size_t
receive_headers(const uint8_t *data, size_t size, QfCall *call)
{
	size_t		done = 0;

	while (done < size && !call->header_ended)
	{
		const uint8_t *end = memchr(data + done, '\n', size - done);
		size_t		length = end != NULL ? end + 1 - (data + done) : size - done;

		if (receive(receive_header, data + done, length, call) != length)
		{
			PROMISE(call->reply.transport == QF_TRANSPORT_UNREADABLE);
			return size;
		}
		done += length;
	}
	return done;
}

static void
receive_pieces(const uint8_t *data, size_t size, QfCall *call)
{
	QfReply    *reply = &call->reply;
	size_t		done = 0;

	for (size_t length = 1; done < size; length = length * 2 + data[done] % 3)
	{
		length = Min(length, size - done);
		if (receive(receive_body, data + done, length, call) != length)
		{
			PROMISE(reply->transport == QF_TRANSPORT_TOO_LARGE);
			PROMISE(done + length > LIMIT);
			break;
		}
		done += length;
		PROMISE(reply->length == done && done <= LIMIT);
		PROMISE(memcmp(reply->body, data, done) == 0);
		PROMISE(reply->body[done] == '\0');
		if (done == size)
			break;
	}
}
