/*
 * call.h
 *	  A call of the API: what is asked, and what came of it.
 *
 * src/api/call.h
 */
#ifndef QF_API_CALL_H
#define QF_API_CALL_H

#include "lib/ilist.h"
#include "utils/palloc.h"

#include "http/transfer.h"
#include "resource/resource.h"
#include "shared/place.h"
#include "shared/stat.h"

struct QfAnswer;
struct QfPending;
struct QfQueue;

/* The meaning of a request; what its answer is checked against. */
typedef struct QfQuestion
{
	const QfResource *resource;
	const char *id;				/* UTF-8; NULL: a page of the list, or a new
								 * object */
	int			max_items;		/* of the page */
	QfWriteKind write;
	const char *name;			/* of the new object, UTF-8 */
	const char *origin;			/* what it is made of, likewise */
} QfQuestion;

/* See the table at the head of queue.c. */
typedef enum QfCallState
{
	QF_CALL_NEW,				/* not handed in yet */
	QF_CALL_WAITING,			/* for a free place or its time */
	QF_CALL_RUNNING,			/* on its way */
	QF_CALL_ARRIVED,			/* the reply is there, but was not read yet */
	QF_CALL_DONE				/* reply and answer are there */
} QfCallState;

#define QF_CALL_NSTATES (QF_CALL_DONE + 1)

typedef struct QfCall
{
	dlist_node	node;			/* in its queue's list of this state */
	struct QfQueue *queue;
	const QfCredential *credential; /* of its queue */
	MemoryContext context;		/* owns this struct and all it has */
	MemoryContextCallback cleanup;
	QfCallState state;
	QfQuestion	question;		/* request.c fills these two in */
	QfRequest	request;
	QfReply		reply;
	struct QfAnswer *answer;	/* what response.c made of the reply; NULL:
								 * nothing yet */
	MemoryContext answer_context;	/* of the answer; NULL before the first */

	/* queue.c's own */
	QfTransfer	transfer;
	bool		needed;			/* has somebody asked whether it is ready? */
	bool		tried;			/* has it been sent before? */
	bool		clock_learned;
	bool		denied;			/* has a write been refused for want of
								 * rights? */
	struct QfPending *pending;	/* of a write: what it may have done */
	int			retries;
	QfTicket	ticket;			/* in its account's line */
	int64		in_line_since;	/* clock of the loop; 0: it is not */
	uint64		successes;		/* of the account, when the call was first
								 * sent or last refused */
	QfStat	   *stat;			/* where it is counted */
	int64		not_before;		/* microseconds, clock of the loop */
	int64		started;		/* likewise; of the last attempt */
	int64		attended;		/* what the loop's stopwatch showed then */
	int64		held;			/* bytes that reading the reply takes, or has
								 * taken, about */

	/* reuse.c's own */
	QfDigest	digest;			/* of the question; zero: not needed yet */
	bool		reused;			/* did a remembered answer stand for it? */
	bool		claimed;		/* do others wait for it? */
	bool		parked;			/* does it wait for another session ... */
	int64		parked_since;	/* ... or did so, first then? 0: never */
} QfCall;

#endif							/* QF_API_CALL_H */
