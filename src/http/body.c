/*
 * body.c
 *	  Where the body of a reply is, while it arrives and until it is read.
 *
 * It grows below libcurl's frames, so nothing here can raise an error.
 *
 * src/http/body.c
 */
#include "postgres.h"

#include <sys/mman.h>

#include "http/body.h"

/*
 * The largest buffer that malloc() gives, and that is kept for the next body.
 * Larger ones are pages of their own: growing one copies nothing, and leaves no
 * hole among what else is allocated meanwhile, of which libcurl's version decides
 * how much that is.
 */
#define MAX_SPARE (256 * 1024)

/*
 * Bodies take turns in one buffer.  malloc() sweeps up whatever small pieces
 * were freed, such as those of the last JSON document, before it gives out a
 * large one; and growing a buffer copies it.
 */
static char *spare = NULL;		/* malloc'd, or NULL */
static size_t spare_capacity;

/* The buffer with another, larger capacity; NULL if there is no memory. */
static char *
enlarge(QfTransfer *transfer, size_t capacity)
{
	char	   *old = transfer->reply->body;
	void	   *body;

	if (capacity <= MAX_SPARE)
		return realloc(old, capacity);
	if (transfer->mapped)
		body = mremap(old, transfer->capacity, capacity, MREMAP_MAYMOVE);
	else
		body = mmap(NULL, capacity, PROT_READ | PROT_WRITE,
					MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (body == MAP_FAILED)
		return NULL;
	if (!transfer->mapped && old != NULL)
	{
		memcpy(body, old, transfer->reply->length);
		free(old);
	}
	transfer->mapped = true;
	return body;
}

/*
 * Have room for so many more bytes and a NUL; false if there is no memory.  The
 * buffer is taken with the first byte, so who waits for an answer has none.
 */
static bool
make_room(QfTransfer *transfer, size_t length)
{
	QfReply    *reply = transfer->reply;
	size_t		needed = reply->length + length + 1;
	size_t		capacity;
	char	   *body;

	if (reply->body == NULL && spare != NULL)
	{
		reply->body = spare;
		transfer->capacity = spare_capacity;
		spare = NULL;
	}
	if (needed <= transfer->capacity)
		return true;
	for (capacity = Max(transfer->capacity * 2, 4096); capacity < needed;)
		capacity *= 2;
	body = enlarge(transfer, capacity);
	if (body == NULL)
		return false;
	reply->body = body;
	transfer->capacity = capacity;
	return true;
}

/*
 * qf_body_append
 *		Put data behind what there is of the body, and a NUL behind them; false
 *		if there is no memory.
 */
bool
qf_body_append(QfTransfer *transfer, const char *data, size_t length)
{
	QfReply    *reply = transfer->reply;

	if (!make_room(transfer, length))
		return false;
	memcpy(reply->body + reply->length, data, length);
	reply->length += length;
	reply->body[reply->length] = '\0';
	return true;
}

/*
 * qf_body_free
 *		Free the body of the reply, or keep its buffer for the next.  Idempotent.
 */
void
qf_body_free(QfTransfer *transfer)
{
	QfReply    *reply = transfer->reply;

	if (transfer->mapped)
		(void) munmap(reply->body, transfer->capacity);
	else if (spare == NULL && transfer->capacity <= MAX_SPARE)
	{
		spare = reply->body;
		spare_capacity = transfer->capacity;
	}
	else
		free(reply->body);
	transfer->mapped = false;
	reply->body = NULL;
	reply->length = 0;
	transfer->capacity = 0;
}
