/*
 * poll.h
 *	  Ask how tasks are that are waited for.
 *
 * src/copy/poll.h
 */
#ifndef QF_COPY_POLL_H
#define QF_COPY_POLL_H

#include "utils/array.h"

#include "copy/source.h"

/* A task that is waited for. */
typedef struct QfPollTask
{
	char	   *id;
	char	   *state;			/* as seen last; NULL: never seen */
	bool		ended;			/* has it reached a final state? */
} QfPollTask;

typedef struct QfPoll
{
	MemoryContext context;		/* owns what is remembered */
	const QfCopySource *source;
	QfPollTask *tasks;			/* each id once, in the order given */
	int			ntasks;
	QfPollTask **sorted;		/* by id */
	int			nleft;			/* that have not ended */
	int64		list_calls;		/* that the list is expected to take */
} QfPoll;

extern QfPoll *qf_poll_create(const QfCopySource *source, ArrayType *ids);
extern void qf_poll_ask(QfPoll *poll);

#endif							/* QF_COPY_POLL_H */
