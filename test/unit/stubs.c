/*
 * stubs.c
 *	  Memory contexts and ereport() for programs without a server.
 *
 * Compiled against the real server headers, so a signature that changes
 * between versions is a compile-time error here.  Every palloc is a malloc of
 * its own: only then can AddressSanitizer see an overrun by one byte.
 *
 * test/unit/stubs.c
 */
#include "postgres.h"

#include "miscadmin.h"
#include "nodes/memnodes.h"
#include "utils/memutils.h"

#include "base/nls.h"
#include "stubs.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAVE_LEAK_CHECK
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define HAVE_LEAK_CHECK
#endif
#ifdef HAVE_LEAK_CHECK
#include <sanitizer/lsan_interface.h>
#endif

/* In front of each piece of memory; two pointers keep the alignment. */
struct chunk
{
	struct chunk *previous;
	struct chunk *next;
};

/* The one memory context there is. */
struct context
{
	MemoryContextData header;	/* only reset_cbs is used */
	struct chunk chunks;		/* circular list */
};

MemoryContext CurrentMemoryContext = NULL;
volatile	sig_atomic_t InterruptPending = false;
volatile uint32 InterruptHoldoffCount = 0;
volatile uint32 QueryCancelHoldoffCount = 0;
volatile uint32 CritSectionCount = 0;
sigjmp_buf *PG_exception_stack = NULL;
ErrorContextCallback *error_context_stack = NULL;

char		stub_error_message[200];
int			stub_error_code = 0;

/* How many allocations until one fails; 0: none does. */
static int	allocations_left = 0;

static void *link_chunk(struct context *context, struct chunk *chunk);
static struct chunk *unlink_chunk(void *pointer);

/* Make a memory context and switch to it. */
void
stub_enter(void)
{
	struct context *context = calloc(1, sizeof(struct context));

	if (context == NULL || CurrentMemoryContext != NULL)
		abort();
	context->chunks.previous = &context->chunks;
	context->chunks.next = &context->chunks;
	CurrentMemoryContext = &context->header;
}

/* Delete the context: callbacks, the last one first, then memory. */
void
stub_leave(void)
{
	struct context *context = (struct context *) CurrentMemoryContext;
	MemoryContextCallback *callback;

	while ((callback = context->header.reset_cbs) != NULL)
	{
		context->header.reset_cbs = callback->next;
		callback->func(callback->arg);
	}
	while (context->chunks.next != &context->chunks)
		free(unlink_chunk(context->chunks.next + 1));
	free(context);
	CurrentMemoryContext = NULL;
}

/* Let the allocation with that number, counted from 1, raise an error. */
void
stub_fail_allocation(int number)
{
	allocations_left = number;
}

/* Call a function; does it raise an error? */
bool
stub_raises(void (*function) (void *arg), void *arg)
{
	sigjmp_buf	here;
	volatile bool raised = false;

	stub_error_message[0] = '\0';
	stub_error_code = 0;
	PG_exception_stack = &here;
	if (sigsetjmp(here, 0) == 0)
		function(arg);
	else
		raised = true;
	PG_exception_stack = NULL;
	return raised;
}

/* Is there memory nobody points to?  Without a sanitizer, no. */
bool
stub_finds_leaks(void)
{
#ifdef HAVE_LEAK_CHECK
	return __lsan_do_recoverable_leak_check() != 0;
#else
	return false;
#endif
}

static void *
link_chunk(struct context *context, struct chunk *chunk)
{
	if (chunk == NULL || context == NULL)
		abort();
	chunk->previous = &context->chunks;
	chunk->next = context->chunks.next;
	chunk->next->previous = chunk;
	context->chunks.next = chunk;
	return chunk + 1;
}

static struct chunk *
unlink_chunk(void *pointer)
{
	struct chunk *chunk = (struct chunk *) pointer - 1;

	chunk->previous->next = chunk->next;
	chunk->next->previous = chunk->previous;
	return chunk;
}

/*
 * What follows are the server's own functions.
 */

void *
MemoryContextAllocZero(MemoryContext context, Size size)
{
	if (allocations_left > 0 && --allocations_left == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("out of memory")));
	return link_chunk((struct context *) context,
					  calloc(1, sizeof(struct chunk) + size));
}

/* Filled with rubbish, so that nobody relies on zeros. */
void *
MemoryContextAlloc(MemoryContext context, Size size)
{
	return memset(MemoryContextAllocZero(context, size), 0x7f, size);
}

void *
MemoryContextAllocHuge(MemoryContext context, Size size)
{
	return MemoryContextAlloc(context, size);
}

/* For who asked to be told, not to be left. */
void *
MemoryContextAllocExtended(MemoryContext context, Size size, int flags)
{
	if ((flags & MCXT_ALLOC_NO_OOM) == 0)
		abort();
	if (allocations_left > 0 && --allocations_left == 0)
		return NULL;
	return MemoryContextAlloc(context, size);
}

void *
palloc(Size size)
{
	return MemoryContextAlloc(CurrentMemoryContext, size);
}

void *
repalloc(void *pointer, Size size)
{
	struct chunk *chunk = unlink_chunk(pointer);

	return link_chunk((struct context *) CurrentMemoryContext,
					  realloc(chunk, sizeof(struct chunk) + size));
}

void
pfree(void *pointer)
{
	free(unlink_chunk(pointer));
}

char *
pnstrdup(const char *in, Size len)
{
	char	   *out;

	len = strnlen(in, len);
	out = palloc(len + 1);
	memcpy(out, in, len);
	out[len] = '\0';
	return out;
}

char *
pstrdup(const char *in)
{
	return pnstrdup(in, strlen(in));
}

void
MemoryContextRegisterResetCallback(MemoryContext context,
								   MemoryContextCallback *cb)
{
	cb->next = context->reset_cbs;
	context->reset_cbs = cb;
}

bool
errstart(int elevel, const char *domain)
{
	(void) domain;
	return elevel >= ERROR;
}

bool
errstart_cold(int elevel, const char *domain)
{
	return errstart(elevel, domain);
}

int
errcode(int sqlerrcode)
{
	stub_error_code = sqlerrcode;
	return 0;
}

int
errmsg(const char *fmt,...)
{
	va_list		args;

	va_start(args, fmt);
	vsnprintf(stub_error_message, sizeof(stub_error_message), fmt, args);
	va_end(args);
	return 0;
}

/* A cancel, as the server does it. */
void
ProcessInterrupts(void)
{
	InterruptPending = false;
	ereport(ERROR,
			(errcode(ERRCODE_QUERY_CANCELED),
			 errmsg("canceling statement due to user request")));
}

void
errfinish(const char *filename, int lineno, const char *funcname)
{
	if (PG_exception_stack == NULL)
	{
		fprintf(stderr, "uncaught error at %s:%d (%s): %s\n",
				filename, lineno, funcname, stub_error_message);
		abort();
	}
	pg_re_throw();
}

void
pg_re_throw(void)
{
	siglongjmp(*PG_exception_stack, 1);
}

/* Messages of programs are in English. */
const char *
qf_nls_domain(void)
{
	return "";
}
