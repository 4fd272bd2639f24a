/*
 * attempt.c
 *	  One attempt of a call: sent, given up, answered, understood.
 *
 * src/api/attempt.c
 */
#include "postgres.h"

#include "access/xact.h"
#include "common/pg_prng.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "api/api_error.h"
#include "api/attempt.h"
#include "api/response.h"
#include "api/retry.h"
#include "api/reuse.h"
#include "api/written.h"
#include "http/body.h"
#include "http/connection.h"
#include "http/loop.h"
#include "shared/activity.h"

/*
 * The server refused a signature because of its time.  Take the time from its
 * Date header, once per call, if nobody on the way can have forged it.
 */
static bool
learn_clock(QfCall *call)
{
	QfQueue    *queue = call->queue;

	if (call->clock_learned || !qf_option_is_private(queue->options) ||
		!qf_limit_learn_time(queue->limit, call->reply.header.date))
		return false;
	call->clock_learned = true;
	return true;
}

/* Count how an attempt has failed, if it has. */
static void
count_failure(const QfCall *call, QfOutcome outcome)
{
	const QfAnswer *answer = call->answer;
	QfStatCounter counter = QF_STAT_FAILED_OTHER;

	if (answer->kind == QF_ANSWER_RESULT ||
		answer->kind == QF_ANSWER_NOT_FOUND ||
		call->reply.transport == QF_TRANSPORT_OVER_BUDGET)
		return;
	if (call->reply.transport == QF_TRANSPORT_FAILED)
		counter = QF_STAT_FAILED_TRANSPORT;
	else if (outcome == QF_OUTCOME_THROTTLED)
		counter = QF_STAT_FAILED_THROTTLED;
	else if (outcome == QF_OUTCOME_TRANSIENT || call->reply.status >= 500)
		counter = QF_STAT_FAILED_SERVER;
	qf_stat_add(call->stat, counter, 1);
}

/*
 * Tell the account's line what has become of an attempt.  Returns whether that
 * was a refusal that the line sees to: it has slowed down, and some call of the
 * account was served since this one was sent or last refused.
 */
static bool
tell_line(QfCall *call, QfOutcome outcome)
{
	QfAccount  *account = &call->queue->account;
	int64		now = qf_loop_now();
	QfRefusal	refusal = {.started = call->started};
	uint64		successes;
	bool		slowed;

	if (outcome != QF_OUTCOME_THROTTLED)
	{
		if (call->reply.transport == QF_TRANSPORT_ANSWERED &&
			call->reply.status < 500)
			qf_place_succeed(account, now);
		return false;
	}
	refusal.retry_delay =
		((int64) call->queue->options->retry_delay * 1000) << call->retries;
	refusal.retry_after = -1;
	if (call->reply.retry_after >= 0 &&
		call->reply.retry_after <= QF_RETRY_AFTER_MAX)
		refusal.retry_after = call->reply.retry_after * 1000;
	slowed = qf_place_refuse(account, &refusal, now);
	successes = qf_place_successes(account, now);
	slowed = slowed && successes > call->successes;
	call->successes = successes;
	return slowed;
}

/* Read a reply into the call's answer; an error leaves the reply there. */
static QfOutcome
judge(QfCall *call)
{
	MemoryContext oldcontext;
	QfOutcome	outcome;
	char	   *body;
	size_t		length = call->reply.length;

	call->answer = NULL;
	if (call->answer_context == NULL)
		call->answer_context = AllocSetContextCreate(call->context,
													 "qianfan_fdw answer",
													 ALLOCSET_SMALL_SIZES);
	else
		MemoryContextReset(call->answer_context);
	oldcontext = MemoryContextSwitchTo(call->answer_context);
	body = qf_reuse_copy_body(call);
	outcome = qf_response_judge(call);
	MemoryContextSwitchTo(oldcontext);
	if (body != NULL)
	{
		qf_reuse_keep(call, body, length);
		pfree(body);
	}
	qf_reuse_release(call);
	qf_body_free(&call->transfer);
	return outcome;
}

/*
 * What an answer means for repeating a write: lost, denied, or what it would
 * mean for reading.
 */
static QfOutcome
judge_write(const QfCall *call, QfOutcome outcome)
{
	const QfAnswer *answer = call->answer;

	if (qf_response_is_lost(call))
		return QF_OUTCOME_LOST;
	if (answer->kind == QF_ANSWER_REFUSED && qf_api_error_is_denied(answer))
		return QF_OUTCOME_DENIED;
	return outcome;
}

/*
 * qf_attempt_read
 *		Find out what a reply that has arrived means: done, or once more?  An
 *		error from here leaves the call as it was, to be read again.
 */
void
qf_attempt_read(QfCall *call)
{
	QfQueue    *queue = call->queue;
	QfRetryInput input = {0};
	QfRetryVerdict verdict = {0};

	input.outcome = judge(call);
	if (!call->reused && call->tried)
	{
		count_failure(call, input.outcome);
		input.in_line = tell_line(call, input.outcome);
	}
	if (call->question.write != QF_WRITE_NONE)
		input.outcome = judge_write(call, input.outcome);
	input.denied = call->denied;
	input.retries = call->retries;
	input.max_retries = queue->options->max_retries;
	input.retry_delay = queue->options->retry_delay;
	input.retry_after = call->reply.retry_after;
	input.clock_learned = input.outcome == QF_OUTCOME_EXPIRED &&
		learn_clock(call);
	input.random = pg_prng_double(&pg_global_prng_state);
	if (!call->reused)
		verdict = qf_retry_decide(&input);
	if (!verdict.again)
	{
		call->held = MemoryContextMemAllocated(call->answer_context, true);
		/* After a write that failed, none is begun. */
		if (call->question.write != QF_WRITE_NONE &&
			call->answer->kind != QF_ANSWER_RESULT)
			queue->halted = true;
		qf_queue_set_state(call, QF_CALL_DONE);
		return;
	}
	call->denied = input.outcome == QF_OUTCOME_DENIED;
	/* What is tried again was not done. */
	if (call->pending != NULL)
		call->pending->sent = false;
	if (verdict.counts)
		call->retries++;
	queue->counters->retries++;
	qf_stat_add(call->stat, QF_STAT_RETRIES, 1);
	call->not_before = qf_loop_now() + verdict.delay * 1000;
	qf_queue_set_state(call, QF_CALL_WAITING);
}

/* An answer that was taken from memory will not do: as if nothing had been. */
void
qf_attempt_discard(QfCall *call)
{
	qf_queue_set_state(call, QF_CALL_NEW);
	qf_body_free(&call->transfer);
	memset(&call->reply, 0, sizeof(call->reply));
	if (call->answer_context != NULL)
		MemoryContextReset(call->answer_context);
	call->answer = NULL;
	call->held = 0;
	call->reused = false;
}

/*
 * However an attempt has ended, it comes here.  A reply that there is no memory
 * for stays as it is until its reader comes.
 */
static void
end_attempt(QfCall *call)
{
	QfQueue    *queue = call->queue;

	qf_connection_stop(&call->transfer);
	call->held = (int64) call->reply.length * QF_ATTEMPT_GROWTH;
	queue->peak = Max(queue->peak,
					  queue->held + (int64) call->reply.length);
	qf_queue_set_state(call, QF_CALL_ARRIVED);
	if (call->needed || qf_queue_has_memory(queue, call->held))
		qf_attempt_read(call);
}

/* Count and log an attempt that was sent, and end it. */
static void
end_sent_attempt(QfCall *call)
{
	QfQueue    *queue = call->queue;

	queue->counters->bytes += call->reply.wire_bytes;
	qf_reuse_written(call);
	qf_stat_call_ended(call->stat, call->reply.wire_bytes,
					   qf_loop_now() - call->started);
	/* The log may serve a cancel, but not before the call is put away. */
	HOLD_INTERRUPTS();
	elog(DEBUG1, "qianfan_fdw: %s on server \"%s\": status %d, %zu bytes, %.3f ms, retry %d",
		 call->request.action, queue->options->server_name,
		 call->reply.status, call->reply.length,
		 (qf_loop_now() - call->started) / 1000.0, call->retries);
	RESUME_INTERRUPTS();
	end_attempt(call);
}

/*
 * libcurl gave up connecting, by a clock that goes on while nobody attends.  If
 * that took a good part of the time, the attempt does not count.
 */
static bool
take_back(QfCall *call)
{
	QfQueue    *queue = call->queue;

	if (call->transfer.sent ||
		qf_loop_attended() - call->attended >=
		(int64) queue->options->connect_timeout * 900)
		return false;
	qf_connection_stop(&call->transfer);
	queue->counters->calls--;
	qf_stat_add(call->stat, QF_STAT_CALLS, -1);
	qf_reuse_release(call);
	qf_limit_refund(queue->statement);
	qf_queue_set_state(call, QF_CALL_WAITING);
	return true;
}

/* Give an attempt up because its time is over. */
void
qf_attempt_expire(QfCall *call)
{
	qf_transfer_expire(&call->transfer, call->queue->options);
	end_sent_attempt(call);
}

/*
 * qf_attempt_finish
 *		Take in what libcurl says has ended.
 */
void
qf_attempt_finish(QfCall *call, int curl_code)
{
	if (!qf_transfer_is_timeout(curl_code))
	{
		qf_transfer_finish(&call->transfer, curl_code,
						   qf_limit_time(call->queue->limit));
		end_sent_attempt(call);
	}
	else if (!take_back(call))
		qf_attempt_expire(call);
}

/* End a call that waits, for the statement has no call left to make. */
void
qf_attempt_deny(QfCall *call)
{
	qf_body_free(&call->transfer);
	memset(&call->reply, 0, sizeof(call->reply));
	call->reply.transport = QF_TRANSPORT_OVER_BUDGET;
	end_attempt(call);
}

/*
 * qf_attempt_deadline
 *		What the loop's stopwatch shows when a running call has to be given up.
 */
int64
qf_attempt_deadline(const QfCall *call)
{
	const QfOptions *options = call->queue->options;
	int64		limit = options->request_timeout;

	if (!call->transfer.sent)
		limit = Min(limit, options->connect_timeout);
	return call->attended + limit * 1000;
}

/*
 * qf_attempt_start
 *		Send a call; one that cannot even be sent has arrived.
 */
void
qf_attempt_start(QfCall *call)
{
	QfQueue    *queue = call->queue;
	MemoryContext oldcontext = MemoryContextSwitchTo(queue->scratch);
	bool		started;

	started = qf_connection_start(&call->transfer, &call->request,
								  queue->options, queue->credential,
								  qf_limit_time(queue->limit));
	MemoryContextSwitchTo(oldcontext);
	MemoryContextReset(queue->scratch);
	if (!started)
	{
		end_attempt(call);
		return;
	}
	if (call->pending != NULL)
		call->pending->sent = true;
	qf_reuse_written(call);
	call->started = qf_loop_now();
	if (!call->tried)
		call->successes = qf_place_successes(&queue->account, call->started);
	call->tried = true;
	call->attended = qf_loop_attended();
	qf_queue_set_state(call, QF_CALL_RUNNING);
	queue->counters->calls++;
	qf_stat_add(call->stat, QF_STAT_CALLS, 1);
	qf_limit_spend();
	qf_activity_count(queue->ncalls[QF_CALL_RUNNING], qf_limit_spent());
}
