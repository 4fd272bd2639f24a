/*
 * queue.c
 *	  Which calls run now, and how one waits for them.
 *
 * A queue belongs to one scan, lives in the scan's memory context, and limits
 * how many of the scan's calls run at once, and how much memory their answers
 * take.  Whoever waits for one call drives those of all queues.  Whether an
 * answer is repeated is for retry.c to say, whether another call may be sent for
 * limit.c; how bytes travel is the matter of http/.
 *
 * A call is in one list of its queue, that of its state:
 *
 *	state	  waits for						comes from			goes to
 *	NEW		  qf_call_submit()				–, and what was		WAITING; ARRIVED
 *											taken from memory	if its answer is
 *											and will not do		remembered
 *	WAITING	  its time, a place, its turn	submit, retry		RUNNING; ARRIVED
 *			  in the account's line,							if it cannot be
 *			  another session's answer,							sent, or another
 *			  a connection, budget								session asked
 *	RUNNING	  the endpoint, or its timeout	WAITING				ARRIVED; WAITING
 *																if it could not
 *																connect in time
 *																it did not have
 *	ARRIVED	  memory for what is in the		RUNNING, WAITING	DONE; WAITING to
 *			  reply, or its reader								be tried again
 *	DONE	  its reader					ARRIVED				–
 *
 * From each of them a call may be released.  Three rules:
 *
 * - Nothing but qf_queue_set_state() moves a call.
 * - What has come is taken in before anything is given up because of its time.
 * - No call is sent for a queue that the current statement does not ask.
 *
 * src/api/queue.c
 */
#include "postgres.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "access/parallel.h"
#include "access/xact.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "api/attempt.h"
#include "api/reuse.h"
#include "base/nls.h"
#include "http/connection.h"
#include "http/loop.h"
#include "shared/activity.h"
#include "shared/answers.h"

/*
 * Who has rows to return looks at the sockets this often, in microseconds:
 * doing it for each row costs more than the row.
 */
#define LOOK_INTERVAL 50

/* What a queue has held at once, bytes, for its end to be felt. */
#define MUCH (4 * 1024 * 1024)

static dlist_head queues = DLIST_STATIC_INIT(queues);

/* When somebody last looked at the sockets. */
static int64 looked = 0;

/* May there be transfers that have ended and were not taken in? */
static bool unfinished = false;

/* Has something ended since somebody last began to wait in an Append? */
static bool news = false;

/*
 * No running call has to be given up before the loop's stopwatch shows this.
 * It may show less than it could, never more.
 */
static int64 next_deadline = PG_INT64_MAX;

/* Does a call ask for a page of the list? */
static bool
is_page(const QfCall *call)
{
	return call->question.id == NULL &&
		call->question.write == QF_WRITE_NONE;
}

/* Move a call, and keep the books. */
void
qf_queue_set_state(QfCall *call, QfCallState state)
{
	QfQueue    *queue = call->queue;

	if (call->state != QF_CALL_NEW)
		dlist_delete(&call->node);
	if (call->state == QF_CALL_DONE)
		queue->held -= call->held;
	queue->ncalls[call->state]--;
	call->state = state;
	queue->ncalls[state]++;

	/* Details of what is in a page cannot be asked for without it. */
	if (state == QF_CALL_WAITING && (is_page(call) || call->tried))
		dlist_push_head(&queue->calls[state], &call->node);
	else if (state != QF_CALL_NEW)
		dlist_push_tail(&queue->calls[state], &call->node);
	if (state == QF_CALL_DONE)
	{
		queue->held += call->held;
		queue->peak = Max(queue->peak, queue->held);
	}
	if (state == QF_CALL_DONE || state == QF_CALL_ARRIVED)
		news = true;
}

/*
 * Is there memory for so many bytes more?  The answers of a queue may take
 * work_mem, and the largest of them besides, which may be larger than that by
 * itself.
 */
bool
qf_queue_has_memory(QfQueue *queue, int64 more)
{
	int64		limit = (int64) work_mem * 1024;
	int64		largest = more;
	dlist_iter	iter;

	if (queue->held + more <= limit)
		return true;
	dlist_foreach(iter, &queue->calls[QF_CALL_DONE])
		largest = Max(largest,
					  dlist_container(QfCall, node, iter.cur)->held);
	return queue->held + more - largest <= limit;
}

/*
 * Take in the transfers that have ended.  Large answers take their time, so a
 * cancel stops here after one; the others are there to be taken later.
 */
static void
take_ended(void)
{
	QfTransfer *transfer;
	int			code;

	unfinished = true;
	while ((transfer = qf_connection_next_ended(&code)) != NULL)
	{
		qf_attempt_finish((QfCall *) ((char *) transfer -
									  offsetof(QfCall, transfer)), code);
		if (InterruptPending)
			return;
	}
	unfinished = false;
}

/* Give up the calls whose time is over. */
static void
expire_calls(void)
{
	int64		attended = qf_loop_attended();
	int64		next = PG_INT64_MAX;
	dlist_iter	queue_iter;

	if (attended < next_deadline)
		return;
	dlist_foreach(queue_iter, &queues)
	{
		QfQueue    *queue = dlist_container(QfQueue, node, queue_iter.cur);
		dlist_mutable_iter iter;

		dlist_foreach_modify(iter, &queue->calls[QF_CALL_RUNNING])
		{
			QfCall	   *call = dlist_container(QfCall, node, iter.cur);

			if (qf_attempt_deadline(call) <= attended)
				qf_attempt_expire(call);
			else
				next = Min(next, qf_attempt_deadline(call));
		}
	}
	next_deadline = next;
}

/* Read the replies that there is memory for by now. */
static void
read_arrived(void)
{
	dlist_iter	queue_iter;

	dlist_foreach(queue_iter, &queues)
	{
		QfQueue    *queue = dlist_container(QfQueue, node, queue_iter.cur);
		dlist_mutable_iter iter;

		dlist_foreach_modify(iter, &queue->calls[QF_CALL_ARRIVED])
		{
			QfCall	   *call = dlist_container(QfCall, node, iter.cur);

			if (InterruptPending)
				return;
			if (call->needed || qf_queue_has_memory(queue, call->held))
				qf_attempt_read(call);
		}
	}
}

/* May the current statement's calls be sent, and are these some of them? */
static bool
is_served(QfQueue *queue)
{
	return queue->ncalls[QF_CALL_WAITING] > 0 && !queue->halted &&
		queue->statement == GetCurrentStatementStartTimestamp() &&
		qf_limit_has_budget();
}

/*
 * How many calls may be sent beside those on their way?  Not more than may run
 * at once, replies that wait to be read included, and none without memory for
 * what they bring.
 */
static int
count_places(QfQueue *queue)
{
	int			nplaces = queue->options->max_concurrency -
	queue->ncalls[QF_CALL_RUNNING] - queue->ncalls[QF_CALL_ARRIVED];

	return nplaces > 0 && qf_queue_has_memory(queue, 0) ? nplaces : 0;
}

/*
 * Is there a place for this call?  The one that the reader has come to must not
 * wait for replies that are to be read after it.
 */
static bool
has_place(const QfCall *call, int nplaces)
{
	const QfQueue *queue = call->queue;

	return nplaces > 0 ||
		(call->needed &&
		 queue->ncalls[QF_CALL_RUNNING] < queue->options->max_concurrency);
}

/*
 * Is it a call's turn in its account's line?  If not, it is looked at again when
 * that may be.
 */
static bool
has_turn(QfCall *call, int64 now)
{
	QfQueue    *queue = call->queue;
	int64		due = qf_place_enter(&queue->account, &call->ticket,
									 queue->options->rate_limit, now);

	if (due > 0)
	{
		call->not_before = due;
		if (call->in_line_since == 0)
			call->in_line_since = now;
		return false;
	}
	if (call->in_line_since > 0)
	{
		int64		waited = now - call->in_line_since;

		queue->counters->line_time += waited;
		qf_stat_add(call->stat, QF_STAT_LINE_TIME, waited);
		call->in_line_since = 0;
	}
	return true;
}

/* Send what may be sent of a queue, so many calls at most. */
static void
start_from(QfQueue *queue, int most)
{
	dlist_mutable_iter iter;
	int			nplaces;
	int64		now = 0;

	if (!is_served(queue))
		return;
	nplaces = count_places(queue);
	dlist_foreach_modify(iter, &queue->calls[QF_CALL_WAITING])
	{
		QfCall	   *call = dlist_container(QfCall, node, iter.cur);

		if (!has_place(call, nplaces))
			continue;
		if (now == 0)
			now = qf_loop_now();	/* not for each call without a place */
		if (call->in_line_since > 0)
			nplaces--;
		if (call->not_before > now || !qf_reuse_await(call))
			continue;
		if (most-- <= 0 || !qf_limit_has_budget() ||
			!qf_connection_reserve(queue->ncalls[QF_CALL_RUNNING] > 0))
			return;
		if (call->in_line_since == 0)
			nplaces--;
		if (!has_turn(call, now) || !qf_reuse_claim(call))
			continue;
		qf_attempt_start(call);
		looked = now;			/* nothing can have come of it yet */
		next_deadline = Min(next_deadline, qf_attempt_deadline(call));
		/* Who waits for another call has nothing to wait for any more. */
		if (!qf_limit_has_budget())
			news = true;
	}
}

/*
 * Send what may be sent: first for those that have nothing on its way.  It has to
 * leave at once, for nobody may come back soon.
 */
static void
start_calls(void)
{
	dlist_iter	iter;

	dlist_foreach(iter, &queues)
	{
		QfQueue    *queue = dlist_container(QfQueue, node, iter.cur);

		if (queue->ncalls[QF_CALL_RUNNING] == 0)
			start_from(queue, 1);
	}
	dlist_foreach(iter, &queues)
	{
		start_from(dlist_container(QfQueue, node, iter.cur), PG_INT32_MAX);
	}
	if (qf_connection_push())
		take_ended();
}

/* May something have come since somebody last looked? */
bool
qf_queue_has_to_look(void)
{
	return unfinished || (qf_connection_is_busy() &&
						  qf_loop_now() - looked >= LOOK_INTERVAL);
}

/*
 * Another session may have got what calls of ours wait for: let them look.  If
 * none waits, nobody has to signal us.
 */
static void
recall_parked(void)
{
	bool		signalled = qf_answers_signalled();
	bool		any = false;
	dlist_iter	queue_iter;

	dlist_foreach(queue_iter, &queues)
	{
		QfQueue    *queue = dlist_container(QfQueue, node, queue_iter.cur);
		dlist_iter	iter;

		dlist_foreach(iter, &queue->calls[QF_CALL_WAITING])
		{
			QfCall	   *call = dlist_container(QfCall, node, iter.cur);

			if (!call->parked)
				continue;
			any = true;
			if (signalled)
				call->not_before = 0;
		}
	}
	if (!any)
		qf_answers_stop_awaiting();
}

/* Do all that can be done without waiting, between enter and leave. */
void
qf_queue_drive(bool look)
{
	if (qf_answers_are_awaited())
		recall_parked();
	read_arrived();
	start_calls();
	if (!look)
		return;
	looked = qf_loop_now();
	qf_connection_perform();	/* first what has come … */
	take_ended();
	expire_calls();				/* … then what came too late */
	start_calls();
}

/* The sooner of two times, of which -1 is never. */
static int64
sooner(int64 a, int64 b)
{
	return a < 0 || (b >= 0 && b < a) ? b : a;
}

/* When a call of the queue may be sent; -1: not before something happens. */
static int64
next_start(QfQueue *queue)
{
	int64		due = -1;
	int			nplaces = count_places(queue);
	dlist_iter	iter;

	/* That this may claim a descriptor does no harm. */
	if (!is_served(queue) ||
		!qf_connection_reserve(queue->ncalls[QF_CALL_RUNNING] > 0))
		return -1;
	dlist_foreach(iter, &queue->calls[QF_CALL_WAITING])
	{
		QfCall	   *call = dlist_container(QfCall, node, iter.cur);

		if (has_place(call, nplaces))
			due = sooner(due, call->not_before);
		if (call->in_line_since > 0)
			nplaces--;
	}
	return due;
}

/* When qf_queue_drive() has something to do by itself; between enter and leave. */
int64
qf_queue_next_due(void)
{
	int64		due = qf_connection_due();
	dlist_iter	iter;

	if (unfinished)
		return 0;
	if (next_deadline < PG_INT64_MAX)
		due = sooner(due, qf_loop_now() +
					 Max(next_deadline - qf_loop_attended(), 0));
	dlist_foreach(iter, &queues)
		due = sooner(due, next_start(dlist_container(QfQueue, node, iter.cur)));
	return due;
}

/* Reset callback of a queue's context; its calls are gone by then. */
static void
cleanup_queue(void *arg)
{
	QfQueue    *queue = arg;

	dlist_delete(&queue->node);
	qf_connection_close();
	if (dlist_is_empty(&queues))
	{
		qf_answers_stop_awaiting();
		qf_activity_end();
	}
#ifdef __GLIBC__
	/* It keeps what was freed, however much, below the least that was not. */
	if (queue->peak >= MUCH)
		(void) malloc_trim(0);
#endif
}

/*
 * qf_queue_create
 *		A queue for one scan's calls, freed with the context "owner" together
 *		with all calls it still has.
 *
 * options, credential and counters must live as long.  Makes no request.
 * Raises 53200 or 53000 if libcurl or the system is out of resources, and 25000
 * in a parallel worker, whose calls nobody would count.
 */
QfQueue *
qf_queue_create(MemoryContext owner, const QfOptions *options,
				const QfCredential *credential, QfCounters *counters)
{
	MemoryContext context;
	QfQueue    *queue;

	if (IsParallelWorker())
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TRANSACTION_STATE),
				 errmsg("cannot read server \"%s\" in a parallel worker",
						options->server_name),
				 errhint("Declare functions that read foreign tables as PARALLEL RESTRICTED or PARALLEL UNSAFE.")));
	context = AllocSetContextCreate(owner, "qianfan_fdw queue",
									ALLOCSET_SMALL_SIZES);
	queue = MemoryContextAllocZero(context, sizeof(QfQueue));
	queue->context = context;
	queue->scratch = AllocSetContextCreate(context, "qianfan_fdw attempt",
										   ALLOCSET_DEFAULT_SIZES);
	queue->options = options;
	queue->credential = credential;
	queue->counters = counters;
	queue->limit = qf_limit_find(options);
	qf_place_open(&queue->account, options, credential, qf_loop_now());
	for (int i = 0; i < QF_CALL_NSTATES; i++)
		dlist_init(&queue->calls[i]);

	qf_connection_open(options->max_concurrency);
	dlist_push_tail(&queues, &queue->node);
	queue->cleanup.func = cleanup_queue;
	queue->cleanup.arg = queue;
	MemoryContextRegisterResetCallback(context, &queue->cleanup);
	return queue;
}

/*
 * qf_queue_progress
 *		The current statement asks for the queue's calls: start what can be
 *		started and take in what has arrived; does not wait.
 */
void
qf_queue_progress(QfQueue *queue)
{
	bool		waiting = queue->ncalls[QF_CALL_WAITING] > 0;
	bool		look = (waiting || queue->ncalls[QF_CALL_RUNNING] > 0 ||
						unfinished) && qf_queue_has_to_look();

	queue->statement = GetCurrentStatementStartTimestamp();
	if (!look && !waiting && queue->ncalls[QF_CALL_ARRIVED] == 0 &&
		!qf_loop_runs())
		return;
	qf_loop_enter();
	qf_queue_drive(look);
	qf_loop_leave();
}

/*
 * qf_queue_descriptor
 *		A descriptor that becomes readable when qf_queue_progress() may have
 *		something to do for any queue, for a caller that waits elsewhere.
 *
 * It is always the same.  Ask before each wait for each queue that is waited
 * for, the first time "anew", since whoever drives one may take in what another
 * waits for.  "at_once": the wait has to end at once.  "will_wait": the caller
 * is about to do nothing but wait; see qf_loop_descriptor().
 */
int
qf_queue_descriptor(bool anew, bool at_once, bool will_wait)
{
	int64		due = 0;

	if (anew)
		news = false;
	if (at_once)
		news = true;
	if (!news)
	{
		qf_loop_enter();
		due = qf_queue_next_due();
		qf_loop_leave();
	}
	return qf_loop_descriptor(due, will_wait);
}
