/*
 * attempt.h
 *	  One attempt of a call, and what queue.c and attempt.c share.
 *
 * src/api/attempt.h
 */
#ifndef QF_API_ATTEMPT_H
#define QF_API_ATTEMPT_H

#include "api/limit.h"
#include "api/queue.h"
#include "shared/place.h"

/* What is made of a reply takes about so many bytes for each of its own. */
#define QF_ATTEMPT_GROWTH 6

struct QfQueue
{
	dlist_node	node;			/* in queues */
	MemoryContext context;		/* owns this struct and the calls */
	MemoryContext scratch;		/* reset after each attempt is prepared */
	MemoryContextCallback cleanup;
	const QfOptions *options;
	const QfCredential *credential;
	QfCounters *counters;
	QfLimit    *limit;
	QfAccount	account;
	bool		polled;			/* does somebody wait for it elsewhere? */
	dlist_head	calls[QF_CALL_NSTATES]; /* by state; not those that are new */
	int			ncalls[QF_CALL_NSTATES];
	int64		held;			/* bytes, by the calls that are done */
	int64		peak;			/* most bytes there have been, replies
								 * included */
	TimestampTz statement;		/* the last one that asked for its calls */
	bool		halted;			/* has a write failed, so that no call is
								 * sent? */
};

/* in queue.c */
extern void qf_queue_set_state(QfCall *call, QfCallState state);
extern bool qf_queue_has_memory(QfQueue *queue, int64 more);
extern bool qf_queue_has_to_look(void);
extern void qf_queue_drive(bool look);
extern int64 qf_queue_next_due(void);

/* in attempt.c */
extern void qf_attempt_start(QfCall *call);
extern int64 qf_attempt_deadline(const QfCall *call);
extern void qf_attempt_expire(QfCall *call);
extern void qf_attempt_finish(QfCall *call, int curl_code);
extern void qf_attempt_deny(QfCall *call);
extern void qf_attempt_read(QfCall *call);
extern void qf_attempt_discard(QfCall *call);

#endif							/* QF_API_ATTEMPT_H */
