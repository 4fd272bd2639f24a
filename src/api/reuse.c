/*
 * reuse.c
 *	  Whether an answer that is remembered stands for a call, and which answers
 *	  are.
 *
 * Two ways.  By age: the options allow answers that are so old, whatever has
 * become of the task since.  Validated by the list, which never shows what is not
 * true: nothing but deletion changes a task in a final state, and a list that was
 * just fetched has shown that it is there.  So its detail is taken if the list
 * says the same of it in each member that both have.
 *
 * A detail counts as final only if the task had finished a minute before the
 * answer: the service may write an ending down in several steps.
 *
 * src/api/reuse.c
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "api/attempt.h"
#include "api/request.h"
#include "api/response.h"
#include "api/reuse.h"
#include "base/guc.h"
#include "base/instant.h"
#include "http/body.h"
#include "http/loop.h"
#include "resource/registry.h"
#include "shared/answers.h"

/* An ending is written down within this, seconds. */
#define ENDING_TIME 60

/* Longest that one call waits for other sessions, microseconds. */
#define MOST_PARKED 1000000

/* Does a call read, so that its answer may be remembered? */
static bool
is_reading(const QfCall *call)
{
	const QfResource *resource = call->question.resource;

	return call->request.action == resource->detail_action ||
		call->request.action == resource->list_action;
}

static bool
is_list(const QfCall *call)
{
	return call->question.id == NULL;
}

/* May answers stand for calls of this queue because of their age? */
static bool
has_age(const QfCall *call)
{
	const QfOptions *options = call->queue->options;

	return options->cache_max_age > 0 ||
		(options->cache_max_age_final > 0 && !is_list(call));
}

/* Do answers to this call's question, asked elsewhere, do for it? */
static bool
may_share(const QfCall *call)
{
	return qf_guc_enable_cache && is_reading(call) && has_age(call);
}

/* What stands for a call's question. */
static const QfDigest *
digest_of(QfCall *call)
{
	if (call->digest.high == 0 && call->digest.low == 0)
	{
		const char *parts[] = {call->request.path, call->request.action,
		call->request.body};

		qf_account_question(&call->queue->account.secret, parts,
							lengthof(parts), &call->digest);
	}
	return &call->digest;
}

/* Since when an answer must have been asked for to be young enough. */
static int64
age_limit(int age, int64 now)
{
	return age > 0 ? now - (int64) age * 1000 : PG_INT64_MAX;
}

static QfTerms
terms_of(const QfCall *call, int64 now)
{
	const QfOptions *options = call->queue->options;
	QfTerms		terms = {0};

	terms.list = is_list(call);
	terms.since = age_limit(options->cache_max_age, now);
	terms.final_since = terms.list ? PG_INT64_MAX :
		age_limit(options->cache_max_age_final, now);
	return terms;
}

/* Take an answer from memory, as if it had arrived. */
static bool
take(QfCall *call, const QfTerms *terms, int64 now)
{
	QfQueue    *queue = call->queue;
	QfFound		found;

	if (!qf_answers_take(&queue->account, digest_of(call), terms, now, &found))
		return false;
	if (found.length > queue->options->max_response_size)
	{
		free(found.body);		/* an error, and to be told as one */
		return false;
	}
	/* Nothing of an earlier attempt must show. */
	qf_body_free(&call->transfer);
	memset(&call->reply, 0, sizeof(call->reply));
	call->reply.transport = QF_TRANSPORT_ANSWERED;
	call->reply.status = found.status;
	call->reply.header.date = -1;
	call->reply.retry_after = -1;
	call->reply.body = found.body;
	call->reply.length = found.length;
	call->transfer.capacity = found.length + 1;
	call->transfer.max_response_size = queue->options->max_response_size;
	call->reused = true;
	call->held = (int64) found.length * QF_ATTEMPT_GROWTH;
	return true;
}

/* An answer stands for the call. */
static void
settle(QfCall *call, QfStatCounter counter)
{
	call->queue->counters->reused++;
	qf_stat_add(call->stat, counter, 1);
	if (call->state != QF_CALL_ARRIVED && call->state != QF_CALL_DONE)
		qf_queue_set_state(call, QF_CALL_ARRIVED);
}

/*
 * qf_reuse_by_age
 *		Is there an answer that is young enough?  Then the call has arrived.
 */
bool
qf_reuse_by_age(QfCall *call)
{
	int64		now;
	QfTerms		terms;

	if (!may_share(call))
		return false;
	now = qf_loop_now();
	terms = terms_of(call, now);
	if (!take(call, &terms, now))
		return false;
	settle(call, call->parked_since > 0 ? QF_STAT_SHARED :
		   QF_STAT_REUSED_BY_AGE);
	return true;
}

/* The member that a column reads, if it is there and not empty. */
static const QfJson *
column_member(const QfJson *object, const QfResource *resource,
			  const char *column)
{
	const QfJson *member =
	qf_json_named(object, qf_registry_column(resource, column)->fields[0]);

	return member == NULL || qf_json_is_empty(member) ? NULL : member;
}

/* Does any column read this member, or a part of it? */
static bool
is_column_member(const QfResource *resource, const char *name)
{
	size_t		length = strlen(name);

	for (int i = 0; i < resource->ncolumns; i++)
	{
		for (int j = 0; j < QF_MAX_FIELDS; j++)
		{
			const char *field = resource->columns[i].fields[j];

			if (field != NULL && strncmp(field, name, length) == 0 &&
				(field[length] == '\0' || field[length] == '.'))
				return true;
		}
	}
	return false;
}

/*
 * Does a list's item say of a task what its detail said?  Of what only the
 * detail has, the list says nothing.  Empty, null and missing are alike; a member
 * that no column reads may be missing in the detail, too.
 */
static bool
agrees(const QfJson *item, const QfJson *detail, const QfResource *resource)
{
	for (const QfJson *member = qf_json_first_member(item); member != NULL;
		 member = qf_json_next(member))
	{
		const char *name = qf_json_name(member);
		const QfJson *other = qf_json_named(detail, name);
		bool		empty = qf_json_is_empty(member);

		if (other == NULL || qf_json_is_empty(other))
		{
			if (!empty && (other != NULL || is_column_member(resource, name)))
				return false;
		}
		else if (empty || !qf_json_equals(member, other))
			return false;
	}
	return true;
}

/* Can an item of a list validate anything? */
static bool
can_validate(const QfJson *item, const QfResource *resource)
{
	return qf_response_has_state(item, resource, resource->final_states) &&
		column_member(item, resource, resource->created_column) != NULL &&
		column_member(item, resource, resource->ended_column) != NULL;
}

/* What a list can confirm. */
static const QfTerms confirmed_terms = {
	.any_final = true,
	.since = PG_INT64_MAX,
	.final_since = PG_INT64_MAX
};

/*
 * qf_reuse_may_confirm
 *		Is a detail remembered that this item of a list may confirm?
 */
bool
qf_reuse_may_confirm(QfQueue *queue, const QfResource *resource,
					 const char *id, const QfJson *item)
{
	QfCall	   *call;
	bool		known;

	if (!qf_guc_enable_cache || !qf_answers_are_kept() ||
		!can_validate(item, resource))
		return false;
	call = qf_call_create(queue);
	qf_request_detail(call, resource, id);
	known = qf_answers_know(&queue->account, digest_of(call),
							&confirmed_terms, qf_loop_now());
	qf_call_release(call);
	return known;
}

/* Read what was taken, and compare it with the item. */
static bool
is_confirmed(QfCall *call, const QfJson *item)
{
	const QfResource *resource = call->question.resource;
	const QfAnswer *answer;

	qf_attempt_read(call);
	answer = call->answer;
	return call->state == QF_CALL_DONE && answer->kind == QF_ANSWER_RESULT &&
		can_validate(answer->result, resource) &&
		agrees(item, answer->result, resource);
}

/*
 * qf_reuse_listed
 *		Is there a detail that a list, just fetched, agrees with?  Then the call
 *		is done.  To be asked before it is submitted.
 *
 * Without memory for it the call is made: to take it as it is, and look at it
 * later, would take the item, too.
 */
bool
qf_reuse_listed(QfCall *call, const QfJson *item)
{
	if (!qf_guc_enable_cache || !qf_answers_are_kept() ||
		!can_validate(item, call->question.resource) ||
		!take(call, &confirmed_terms, qf_loop_now()))
		return false;
	qf_queue_set_state(call, QF_CALL_ARRIVED);
	if (qf_queue_has_memory(call->queue, call->held) &&
		is_confirmed(call, item))
	{
		settle(call, QF_STAT_REUSED_VALIDATED);
		return true;
	}
	if (call->state == QF_CALL_DONE)
		qf_stat_add(call->stat, QF_STAT_DISAGREED, 1);
	qf_attempt_discard(call);
	return false;
}

/*
 * Let a call wait for another session, which is asking its question; false if it
 * is not to wait any longer.
 *
 * What an Append waits for elsewhere does not wait for a latch.
 */
static bool
park(QfCall *call, int64 busy_until, int64 now)
{
	if (call->queue->polled ||
		(call->parked_since > 0 && now - call->parked_since >= MOST_PARKED))
		return false;
	if (call->parked_since == 0)
		call->parked_since = now;
	call->parked = true;
	call->not_before = Min(busy_until, call->parked_since + MOST_PARKED);
	return true;
}

/*
 * qf_reuse_await
 *		Is it worth while to go on and send this call?  Not if there is an answer
 *		by now, nor while another session is asking.
 */
bool
qf_reuse_await(QfCall *call)
{
	int64		now;
	int64		busy_until;

	call->parked = false;
	if (!may_share(call))
		return true;
	if (qf_reuse_by_age(call))
		return false;
	now = qf_loop_now();
	busy_until = qf_answers_busy_until(&call->digest, now);
	return busy_until == 0 || !park(call, busy_until, now);
}

/*
 * qf_reuse_claim
 *		Is it for this call, which is about to be sent, to ask its question?  If
 *		not, it has arrived, or waits for another session.
 */
bool
qf_reuse_claim(QfCall *call)
{
	QfTerms		terms;
	int64		now;
	int64		busy_until;

	if (!may_share(call))
		return true;
	now = qf_loop_now();
	terms = terms_of(call, now);
	busy_until = qf_answers_claim(&call->queue->account, digest_of(call),
								  &terms, now, now + MOST_PARKED);
	call->claimed = busy_until == 0;
	if (busy_until < 0)
		return !qf_reuse_by_age(call);
	return busy_until == 0 || !park(call, busy_until, now);
}

/*
 * qf_reuse_copy_body
 *		A copy, in the current context, of a body that may have to be remembered,
 *		for reading it changes it; NULL if not.
 */
char *
qf_reuse_copy_body(const QfCall *call)
{
	const QfReply *reply = &call->reply;

	if (call->reused || reply->transport != QF_TRANSPORT_ANSWERED ||
		reply->length == 0 || !is_reading(call) ||
		(is_list(call) && !has_age(call)) || !qf_answers_are_kept())
		return NULL;
	return pnstrdup(reply->body, reply->length);
}

/* Had the task ended long enough before this answer? */
static bool
is_settled(const QfCall *call)
{
	const QfResource *resource = call->question.resource;
	const QfAnswer *answer = call->answer;
	const QfJson *ended;
	int64		seconds;

	if (is_list(call) || answer->kind != QF_ANSWER_RESULT ||
		call->reply.header.date < 0 || !can_validate(answer->result, resource))
		return false;
	ended = column_member(answer->result, resource, resource->ended_column);
	return qf_instant_read(qf_json_text(ended), &seconds) &&
		seconds + ENDING_TIME <= call->reply.header.date;
}

/*
 * qf_reuse_keep
 *		Remember the answer to a call, if it is one that may be.
 */
void
qf_reuse_keep(QfCall *call, const char *body, size_t length)
{
	QfQueue    *queue = call->queue;
	QfRingAnswer answer = {0};

	answer.final = is_settled(call);
	answer.wanted = queue->options->cache_max_age > 0 ||
		(answer.final && queue->options->cache_max_age_final > 0);
	if (call->answer->kind != QF_ANSWER_RESULT &&
		call->answer->kind != QF_ANSWER_NOT_FOUND)
		return;
	if (!answer.final && !answer.wanted)
		return;
	answer.body = body;
	answer.length = length;
	answer.status = call->reply.status;
	answer.sent = call->started;
	qf_answers_keep(&queue->account, digest_of(call), &answer, qf_loop_now());
	call->claimed = false;
}

/* The call does not ask its question any more, should it have claimed it. */
void
qf_reuse_release(QfCall *call)
{
	if (call->claimed)
		qf_answers_release(&call->digest);
	call->claimed = false;
}

/*
 * qf_reuse_written
 *		A call that writes is about to be sent, or has come to its end, whatever
 *		that was: what is remembered of its object, and of lists, is void for all
 *		sessions.  Of a call that reads, nothing is forgotten.
 *
 * Before and after, for what is asked for meanwhile may be answered with either.
 * A request that names an object has the same body as the question about it.
 */
void
qf_reuse_written(QfCall *call)
{
	QfAccount  *account = &call->queue->account;
	const char *parts[] = {call->request.path,
	call->question.resource->detail_action, call->request.body};
	QfDigest	digest;

	if (is_reading(call))
		return;
	qf_account_question(&account->secret, parts, lengthof(parts), &digest);
	qf_answers_forget(account, &digest, qf_loop_now());
}
