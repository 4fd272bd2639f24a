/*
 * write.c
 *	  Objects created, cancelled and deleted, each once, whatever becomes of the
 *	  answer.
 *
 * What is repeated, and what is not:
 *
 * - An attempt that was never sent, or was refused before anything was done, is
 *	 repeated like one that reads; retry.c says when.
 * - A create whose answer was lost is never repeated: the API has no token by
 *	 which it could tell the second request from another one.  The statement
 *	 ends, and says what could have been created, as far as the list tells.
 * - An object whose cancelling or deleting was lost is read, which says whether
 *	 that was done; if not, it is asked for again.
 *
 * Between being sent and being known, a write is pending (written.c).
 *
 * src/api/write.c
 */
#include "postgres.h"

#include "common/pg_prng.h"
#include "utils/memutils.h"

#include "api/api_error.h"
#include "api/queue.h"
#include "api/retry.h"
#include "api/reuse.h"
#include "api/route.h"
#include "api/write.h"
#include "api/write_error.h"
#include "api/write_search.h"
#include "api/written.h"
#include "base/mask.h"
#include "base/nls.h"
#include "http/loop.h"

/* Longest text of an object's own words in a message. */
#define WORDS_LIMIT 200

struct QfWriter
{
	MemoryContext context;
	const QfOptions *options;
	const QfCredential *credential;
	QfCounters *counters;
	QfQueue    *queue;
	QfWriteKind kind;
	CommandId	statement;		/* whose rows these are */
	QfCall	  **calls;			/* on their way: max_concurrency at most */
	QfWriteRow **rows;			/* which they are about */
	int			ncalls;
	List	   *failed;			/* of QfCall, in the order they ended */
	QfCall	   *read;			/* asked last what an object is like; or NULL */
};

/*
 * qf_writer_create
 *		What writes in one way for one statement, freed with the context "owner".
 *		options, credential and counters must live as long.  Makes no request.
 *		Raises what qf_queue_create() does.
 */
QfWriter *
qf_writer_create(MemoryContext owner, const QfOptions *options,
				 const QfCredential *credential, QfCounters *counters,
				 QfWriteKind kind, CommandId statement)
{
	MemoryContext context = AllocSetContextCreate(owner, "qianfan_fdw write",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext oldcontext = MemoryContextSwitchTo(context);
	QfWriter   *writer = palloc0_object(QfWriter);

	writer->context = context;
	writer->options = options;
	writer->credential = credential;
	writer->counters = counters;
	writer->kind = kind;
	writer->statement = statement;
	writer->calls = palloc(sizeof(QfCall *) * options->max_concurrency);
	writer->rows = palloc(sizeof(QfWriteRow *) * options->max_concurrency);
	writer->queue = qf_queue_create(context, options, credential, counters);
	MemoryContextSwitchTo(oldcontext);
	return writer;
}

/* An id fit for a message; palloc'd. */
static char *
clean_id(const QfWriter *writer, const char *id)
{
	return qf_mask_text(writer->credential, id, WORDS_LIMIT);
}

/* What a pending write is called in a message; palloc'd. */
static char *
describe(const QfWriter *writer, const QfCall *call)
{
	const QfQuestion *question = &call->question;

	if (question->write != QF_WRITE_CREATE)
		return psprintf("%s (\"%s\")", call->request.action,
						clean_id(writer, question->id));
	return psprintf("%s (\"%s\", \"%s\")", call->request.action,
					clean_id(writer, question->name),
					clean_id(writer, question->origin));
}

/* The call that writes a row, not handed in yet. */
static QfCall *
create_call(QfWriter *writer, const QfWriteRow *row)
{
	QfCall	   *call = qf_call_create(writer->queue);

	if (writer->kind == QF_WRITE_CREATE)
		qf_request_create(call, writer->options->resource, row->members,
						  row->nmembers);
	else
		qf_request_change(call, writer->options->resource, writer->kind,
						  row->id);
	return call;
}

/* Note that a row was done; its id is known. */
static void
note_done(QfWriter *writer, const QfWriteRow *row)
{
	qf_written_done(writer->kind, clean_id(writer, row->id),
					writer->statement);
}

/* A call that creates has ended, or will not be sent. */
static void
end_create(QfWriter *writer, QfCall *call, QfWriteRow *row)
{
	(void) qf_route_is_known(writer->options, call);
	if (call->state == QF_CALL_DONE &&
		call->answer->kind == QF_ANSWER_RESULT)
	{
		row->id = pstrdup(call->answer->new_id);
		note_done(writer, row);
	}
	else if (call->state == QF_CALL_DONE)
	{
		writer->failed = lappend(writer->failed, call);
		if (qf_response_is_lost(call))
			return;
	}
	qf_written_end(call->pending);
	call->pending = NULL;
	if (!list_member_ptr(writer->failed, call))
		qf_call_release(call);
}

/* Have another row created. */
static void
begin_create(QfWriter *writer, QfWriteRow *row)
{
	QfCall	   *call = create_call(writer, row);

	call->pending = qf_written_begin(describe(writer, call));
	qf_call_submit(call);
	writer->calls[writer->ncalls] = call;
	writer->rows[writer->ncalls++] = row;
}

/* Take in the calls that are in this state. */
static void
end_creates_in(QfWriter *writer, QfCallState state)
{
	int			nleft = 0;

	for (int i = 0; i < writer->ncalls; i++)
	{
		QfCall	   *call = writer->calls[i];

		(void) qf_call_ready(call);
		if (call->state == state)
			end_create(writer, call, writer->rows[i]);
		else
		{
			writer->calls[nleft] = call;
			writer->rows[nleft++] = writer->rows[i];
		}
	}
	writer->ncalls = nleft;
}

/* Take in all calls that have ended and, after a failure, those not begun. */
static void
end_creates(QfWriter *writer)
{
	end_creates_in(writer, QF_CALL_DONE);
	if (writer->failed != NIL)
		end_creates_in(writer, QF_CALL_WAITING);
}

/*
 * qf_writer_tell
 *		What the statement has done before, for the error that is about to be
 *		raised; see qf_written_tell().
 */
char *
qf_writer_tell(const QfWriter *writer)
{
	return qf_written_tell(writer->kind, writer->statement);
}

/*
 * Rows have failed.  If the answers of some were lost, nothing else is as
 * important to say.
 */
static void
raise_failed(QfWriter *writer)
{
	List	   *lost = NIL;
	QfLostCreates found = {0};
	char	   *done;
	ListCell   *lc;

	foreach(lc, writer->failed)
	{
		QfCall	   *call = lfirst(lc);

		if (call->pending != NULL)
			lost = lappend(lost, call);
	}
	if (lost == NIL)
		qf_write_error_refused(linitial(writer->failed), writer->options,
							   qf_writer_tell(writer));

	qf_queue_resume(writer->queue);
	qf_write_search(writer->queue, writer->options, lost, &found);
	done = qf_writer_tell(writer);
	/* From here on it is said. */
	foreach(lc, lost)
		qf_written_end(((QfCall *) lfirst(lc))->pending);
	qf_write_error_lost_creates(&found, done);
}

/*
 * Create objects in the order of their rows, so many at once as may be.  After
 * the first failure none is begun; those on their way are waited for.
 */
static void
run_creates(QfWriter *writer, QfWriteRow *rows, int nrows)
{
	int			next = 0;

	while (next < nrows || writer->ncalls > 0)
	{
		while (writer->failed == NIL && next < nrows &&
			   writer->ncalls < writer->options->max_concurrency)
			begin_create(writer, &rows[next++]);
		if (writer->ncalls == 0)
			break;
		(void) qf_call_wait_any(writer->calls, writer->ncalls);
		end_creates(writer);
	}
	if (writer->failed != NIL)
		raise_failed(writer);
}

/* Read an object. */
static const QfAnswer *
read_object(QfWriter *writer, const char *id)
{
	if (writer->read != NULL)
		qf_call_release(writer->read);
	qf_queue_resume(writer->queue);
	writer->read = qf_call_create(writer->queue);
	qf_request_detail(writer->read, writer->options->resource, id);
	qf_call_submit(writer->read);
	qf_call_wait(writer->read);
	(void) qf_route_is_known(writer->options, writer->read);
	return writer->read->answer;
}

/*
 * Nobody knows what came of cancelling or deleting an object, so read it.  Was
 * it done, or is it gone?  Raises HV00L if it cannot be read.
 */
static bool
was_changed(QfWriter *writer, QfWriteRow *row, QfCall *call)
{
	const QfResource *resource = writer->options->resource;
	const QfAnswer *answer = read_object(writer, row->id);
	char	   *reason;

	if (answer->kind == QF_ANSWER_NOT_FOUND &&
		!qf_route_is_in_doubt(writer->options, writer->read))
	{
		row->gone = writer->kind == QF_WRITE_CANCEL;
		return true;
	}
	if (answer->kind == QF_ANSWER_RESULT)
		return writer->kind == QF_WRITE_CANCEL &&
			qf_response_has_state(answer->result, resource,
								  resource->writes->cancelled_states);

	reason = psprintf(qf_translate("The answer was lost: %s. The %s could not be read: %s."),
					  qf_api_error_reason(call),
					  qf_translate(writer->options->resource->noun),
					  qf_api_error_reason(writer->read));
	qf_written_end(call->pending);
	qf_write_error_lost(call, reason, qf_writer_tell(writer));
}

/* As often as it may be, an object was asked for and read again. */
static void
raise_unsettled(QfWriter *writer, QfCall *call)
{
	char	   *reason;

	reason = psprintf(qf_translate("The answer was lost: %s. By the last reading it was not done, which may still come."),
					  qf_api_error_reason(call));
	qf_written_end(call->pending);
	qf_write_error_lost(call, reason, qf_writer_tell(writer));
}

/*
 * What came of cancelling or deleting an object is known: done, gone, or
 * refused.  After a loss, a refusal may mean that it was done before.
 */
static void
end_change(QfWriter *writer, QfWriteRow *row, QfCall *call)
{
	bool		was_lost = call->pending->lost;
	bool		refused = call->answer->kind != QF_ANSWER_RESULT;

	if (call->answer->kind == QF_ANSWER_NOT_FOUND &&
		!qf_route_is_in_doubt(writer->options, call))
	{
		row->gone = writer->kind == QF_WRITE_CANCEL || !was_lost;
		refused = false;
	}
	else if (refused && was_lost)
		refused = !was_changed(writer, row, call);

	qf_written_end(call->pending);
	call->pending = NULL;
	if (refused)
		qf_write_error_refused(call, writer->options, qf_writer_tell(writer));
	if (!row->gone)
		note_done(writer, row);
	qf_call_release(call);
}

/* Cancel or delete an object. */
static void
run_change(QfWriter *writer, QfWriteRow *row)
{
	QfPending  *pending = NULL;
	int64		not_before = 0;

	for (int repeats = 0;; repeats++)
	{
		QfCall	   *call = create_call(writer, row);
		bool		settled;

		if (pending == NULL)
			pending = qf_written_begin(describe(writer, call));
		call->pending = pending;
		call->not_before = not_before;
		qf_queue_resume(writer->queue);
		qf_call_submit(call);
		qf_call_wait(call);
		(void) qf_route_is_known(writer->options, call);
		if (!qf_response_is_lost(call))
		{
			end_change(writer, row, call);
			return;
		}

		pending->lost = true;
		settled = was_changed(writer, row, call);
		if (!settled && repeats >= writer->options->max_retries)
			raise_unsettled(writer, call);
		qf_call_release(call);
		if (settled)
		{
			qf_written_end(pending);
			if (!row->gone)
				note_done(writer, row);
			return;
		}
		writer->counters->retries++;
		not_before = qf_loop_now() + 1000 *
			qf_retry_pause(repeats, writer->options->retry_delay,
						   pg_prng_double(&pg_global_prng_state));
	}
}

/*
 * qf_writer_run
 *		Write these rows, in their order.
 *
 * New objects get their ids, palloc'd in the current context.  Returns if all of
 * them are done, or gone.  Raises the errors of the API; HV00L if it cannot be
 * found out whether a row was done; and interrupts, after a WARNING that names
 * what may have been done.
 */
void
qf_writer_run(QfWriter *writer, QfWriteRow *rows, int nrows)
{
	qf_queue_resume(writer->queue);
	if (writer->kind == QF_WRITE_CREATE)
		run_creates(writer, rows, nrows);
	else
	{
		for (int i = 0; i < nrows; i++)
			run_change(writer, &rows[i]);
	}
}

/*
 * qf_writer_read
 *		What the API says of an object; NULL if there is none.  Valid until the
 *		next call of the writer.  Raises the errors of reading.
 */
const QfJson *
qf_writer_read(QfWriter *writer, const char *id)
{
	const QfAnswer *answer = read_object(writer, id);

	if (answer->kind == QF_ANSWER_RESULT)
		return answer->result;
	if (answer->kind != QF_ANSWER_NOT_FOUND)
		qf_api_error_raise(writer->read, writer->options);
	return NULL;
}
