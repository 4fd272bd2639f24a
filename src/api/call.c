/*
 * call.c
 *	  A call as its reader sees it: made, handed in, waited for, released.
 *
 * src/api/call.c
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "api/attempt.h"
#include "api/reuse.h"
#include "api/written.h"
#include "base/compat.h"
#include "http/body.h"
#include "http/connection.h"
#include "http/loop.h"
#include "shared/activity.h"
#include "shared/stat.h"

/* Reset callback of a call's context. */
static void
cleanup_call(void *arg)
{
	QfCall	   *call = arg;

	if (call->state == QF_CALL_RUNNING)
		qf_reuse_written(call);
	qf_connection_stop(&call->transfer);
	qf_body_free(&call->transfer);
	qf_reuse_release(call);
	qf_queue_set_state(call, QF_CALL_NEW);
	call->queue->ncalls[QF_CALL_NEW]--;
}

/*
 * qf_call_create
 *		A new call, in a context of its own below the queue's.  request.c has to
 *		say what is asked, in that context.
 */
QfCall *
qf_call_create(QfQueue *queue)
{
	MemoryContext context;
	QfCall	   *call;

	context = AllocSetContextCreate(queue->context, "qianfan_fdw call",
									ALLOCSET_SMALL_SIZES);
	call = MemoryContextAllocZero(context, sizeof(QfCall));
	call->context = context;
	call->queue = queue;
	call->credential = queue->credential;
	call->transfer.reply = &call->reply;
	queue->ncalls[QF_CALL_NEW]++;
	call->cleanup.func = cleanup_call;
	call->cleanup.arg = call;
	MemoryContextRegisterResetCallback(context, &call->cleanup);
	return call;
}

/* Know where a call is counted, and let others see that it is made. */
static void
announce(QfCall *call)
{
	QfQueue    *queue = call->queue;
	const QfOptions *options = queue->options;

	call->stat = qf_stat_find(options->serverid, options->server_name,
							  call->request.action);
	qf_activity_begin(&queue->account.name, options->server_name,
					  call->request.action);
}

/*
 * qf_call_submit
 *		Hand a call in.  It is sent when queues are next driven and it may be,
 *		unless its answer is remembered.
 */
void
qf_call_submit(QfCall *call)
{
	announce(call);
	if (!qf_reuse_by_age(call))
		qf_queue_set_state(call, QF_CALL_WAITING);
}

/*
 * qf_call_submit_listed
 *		The same for a call that asks for what an item of a list, just fetched,
 *		is about.
 */
void
qf_call_submit_listed(QfCall *call, const QfJson *item)
{
	announce(call);
	if (!qf_reuse_by_age(call) && !qf_reuse_listed(call, item))
		qf_queue_set_state(call, QF_CALL_WAITING);
}

/*
 * qf_call_ready
 *		Would qf_call_wait() return at once?  To be asked for the call that its
 *		reader needs next.
 *
 * Also if the statement may make no more calls, or the queue sends none after a
 * write has failed: then there is nothing to wait for.
 */
bool
qf_call_ready(QfCall *call)
{
	call->needed = true;
	if (call->state == QF_CALL_ARRIVED)
		qf_attempt_read(call);
	return call->state == QF_CALL_DONE ||
		(call->state == QF_CALL_WAITING &&
		 (call->queue->halted || !qf_limit_has_budget()));
}

/* What somebody who waits for a call waits for. */
static QfWait
reason_to_wait(const QfCall *call)
{
	if (call->state != QF_CALL_WAITING)
		return QF_WAIT_ANSWER;
	if (call->parked)
		return QF_WAIT_SESSION;
	if (call->in_line_since > 0)
		return QF_WAIT_LINE;
	return call->tried ? QF_WAIT_RETRY : QF_WAIT_ANSWER;
}

/* One of these calls that need not be waited for, or NULL. */
static QfCall *
find_ready(QfCall **calls, int ncalls)
{
	for (int i = 0; i < ncalls; i++)
	{
		if (qf_call_ready(calls[i]))
			return calls[i];
	}
	return NULL;
}

/* What others see of that in pg_stat_activity. */
static QfWaitEvent
event_of(QfWait wait)
{
	if (wait == QF_WAIT_LINE)
		return QF_WAIT_EVENT_LINE;
	return wait == QF_WAIT_SESSION ? QF_WAIT_EVENT_SESSION : QF_WAIT_EVENT_API;
}

/*
 * qf_call_wait_any
 *		Drive all queues until one of these calls, which are of one queue, is
 *		done, and return it.  Serves interrupts, which is done nowhere else while
 *		calls are on their way.
 *
 * Without budget a call stays where it is until it is waited for.  Most are read
 * ahead, and one that a statement did not need must not fail the next FETCH of a
 * cursor.  A call that is not sent because a write has failed is returned as it
 * is, waiting.
 */
QfCall *
qf_call_wait_any(QfCall **calls, int ncalls)
{
	QfQueue    *queue = calls[0]->queue;
	bool		look = qf_queue_has_to_look();
	QfCall	   *call;

	queue->statement = GetCurrentStatementStartTimestamp();
	while ((call = find_ready(calls, ncalls)) == NULL)
	{
		/* This may be where the statement ends. */
		qf_written_before_interrupt();
		CHECK_FOR_INTERRUPTS();
		qf_loop_enter();
		qf_queue_drive(look);
		look = true;
		if (find_ready(calls, ncalls) == NULL)
		{
			int64		due = qf_queue_next_due();

			if (due < 0 || due > qf_loop_now())
			{
				QfWait		reason = reason_to_wait(calls[0]);

				qf_activity_wait(reason);
				queue->counters->wait_time +=
					qf_loop_wait(due, event_of(reason));
				qf_activity_wait(QF_WAIT_NOTHING);
			}
		}
		qf_loop_leave();
	}
	if (call->state != QF_CALL_WAITING || queue->halted)
		return call;
	if (qf_reuse_by_age(call))
		qf_attempt_read(call);
	else
		qf_attempt_deny(call);
	return call;
}

/* Wait for one call; see qf_call_wait_any(). */
void
qf_call_wait(QfCall *call)
{
	(void) qf_call_wait_any(&call, 1);
}

/*
 * qf_queue_resume
 *		Send calls again, after a write has failed.
 */
void
qf_queue_resume(QfQueue *queue)
{
	queue->halted = false;
}

/* Free a call in whatever state it is. */
void
qf_call_release(QfCall *call)
{
	MemoryContextDelete(call->context);
}
