/*
 * probe.c
 *	  Questions that a check asks, and their answers side by side.
 *
 * Nothing is tried again, so that a check takes few calls and shows what
 * happens; only a signature that was refused because of its time is made once
 * more.  An answer that is an error is one here, and not an error of the
 * statement.
 *
 * src/api/probe.c
 */
#include "postgres.h"

#include <time.h>

#include "utils/memutils.h"

#include "api/api_error.h"
#include "api/probe.h"
#include "api/request.h"
#include "resource/resource.h"

/* Tasks on a page, if the account has enough of them: the API's default. */
#define PAGE_SIZE 10

/* An id that no task has. */
#define UNKNOWN_ID "amva-qianfanfdwcheck"

/*
 * qf_probe_create
 *		A probe that lives in the context "owner", with all its calls.  Makes no
 *		request.  Raises what qf_queue_create() does.
 */
QfProbe *
qf_probe_create(MemoryContext owner, const QfOptions *options,
				const QfCredential *credential)
{
	QfProbe    *probe = MemoryContextAllocZero(owner, sizeof(QfProbe));
	QfOptions  *own = MemoryContextAlloc(owner, sizeof(QfOptions));

	*own = *options;
	own->max_retries = 0;
	own->max_concurrency = 1;
	own->cache_max_age = 0;
	own->cache_max_age_final = 0;
	probe->context = owner;
	probe->options = own;
	probe->credential = credential;
	probe->page_size = PAGE_SIZE;
	probe->queue = qf_queue_create(owner, own, credential, &probe->counters);
	return probe;
}

/*
 * Did the call bring what it was to bring, a task, a page, or the word that
 * there is no such task?
 */
bool
qf_probe_answered(const QfCall *call)
{
	return call != NULL && call->answer != NULL &&
		(call->answer->kind == QF_ANSWER_RESULT ||
		 call->answer->kind == QF_ANSWER_NOT_FOUND);
}

/* Send a call and wait for its answer, serving interrupts. */
static bool
ask(QfCall *call)
{
	qf_call_submit(call);
	qf_call_wait(call);
	return qf_probe_answered(call);
}

static QfCall *
ask_page(QfProbe *probe, const char *marker, bool turned)
{
	QfCall	   *call = qf_call_create(probe->queue);
	QfPageQuestion page = {
		.marker = marker,
		.max_items = probe->page_size,
		.turned = turned,
	};

	qf_request_page(call, probe->options->resource, &page);

	/* The first call is the one that looks at the connection. */
	if (probe->received == 0)
	{
		call->request.fresh = true;
		call->transfer.facts = &probe->facts;
	}
	(void) ask(call);
	call->transfer.facts = NULL;
	if (probe->received == 0)
		probe->received = (int64) time(NULL);
	return call;
}

/*
 * qf_probe_page
 *		Ask for a page; false if it is an error, or if there can be none because
 *		the page before it is the last one.
 *
 * An account with few tasks has them on one page.  The first page is asked for
 * once more, then, with half of them, so that there is a second one.
 */
bool
qf_probe_page(QfProbe *probe, QfProbePage page)
{
	bool		turned = page == QF_PROBE_LAST || page == QF_PROBE_LAST_BUT_ONE;
	const char *marker = NULL;

	if (page == QF_PROBE_SECOND || page == QF_PROBE_LAST_BUT_ONE)
	{
		const QfCall *before = probe->pages[page - 1];

		if (!qf_probe_answered(before))
			return false;
		marker = before->answer->next_marker;
		if (marker == NULL && page == QF_PROBE_SECOND &&
			before->answer->nitems > 1)
		{
			probe->page_size = (before->answer->nitems + 1) / 2;
			probe->pages[QF_PROBE_FIRST] = ask_page(probe, NULL, false);
			before = probe->pages[QF_PROBE_FIRST];
			if (!qf_probe_answered(before))
				return false;
			marker = before->answer->next_marker;
		}
		if (marker == NULL)
			return false;
	}
	probe->pages[page] = ask_page(probe, marker, turned);
	return qf_probe_answered(probe->pages[page]);
}

/* Is the task in a state after which nothing changes? */
static bool
is_final(const QfResource *resource, const QfJson *item)
{
	for (int i = 0; i < QF_MAX_FIELDS && resource->state_fields[i] != NULL; i++)
	{
		const QfJson *state = qf_json_member(item, resource->state_fields[i]);

		for (int j = 0; state != NULL && resource->final_states[j] != NULL; j++)
		{
			if (pg_strcasecmp(qf_json_text(state),
							  resource->final_states[j]) == 0)
				return true;
		}
	}
	return false;
}

/*
 * qf_probe_detail
 *		Ask for the detail of a task of the first page, of one that no longer
 *		changes if there is one; false if that is an error, or there is no task.
 */
bool
qf_probe_detail(QfProbe *probe)
{
	const QfResource *resource = probe->options->resource;
	const QfJson *id;

	for (const QfJson *item = qf_probe_items(probe, QF_PROBE_FIRST);
		 item != NULL; item = qf_json_next(item))
	{
		if (probe->item == NULL || is_final(resource, item))
			probe->item = item;
		if (is_final(resource, item))
			break;
	}
	if (probe->item == NULL)
		return false;
	id = qf_json_member(probe->item, resource->id_field);
	probe->detail = qf_call_create(probe->queue);
	qf_request_detail(probe->detail, resource, qf_json_text(id));
	return ask(probe->detail);
}

/* Ask for a task that does not exist; false if the answer is an error. */
bool
qf_probe_absence(QfProbe *probe)
{
	probe->absent = qf_call_create(probe->queue);
	qf_request_detail(probe->absent, probe->options->resource, UNKNOWN_ID);
	return ask(probe->absent);
}

/* The first item of a page; NULL if there is none. */
const QfJson *
qf_probe_items(const QfProbe *probe, QfProbePage page)
{
	const QfCall *call = probe->pages[page];

	return qf_probe_answered(call) ? qf_json_first(call->answer->result) : NULL;
}

/*
 * qf_probe_catch
 *		An error that was caught, which so is over.  Its texts are those of
 *		"data".
 */
QfProbeError
qf_probe_catch(const ErrorData *data)
{
	QfProbeError error = {
		.sqlstate = data->sqlerrcode,
		.message = data->message,
		.detail = data->detail,
		.hint = data->hint
	};

	FlushErrorState();
	return error;
}

/*
 * qf_probe_error
 *		The error that this call would have been in a statement, palloc'd.
 *
 * Raises it if it is not about this server (want of memory).
 */
QfProbeError
qf_probe_error(const QfProbe *probe, const QfCall *call)
{
	MemoryContext context = CurrentMemoryContext;
	QfProbeError error = {0};

	if (call->reply.transport == QF_TRANSPORT_NO_MEMORY)
		qf_api_error_raise(call, probe->options);

	/*
	 * Nothing is acquired between here and the error, which is our own, so no
	 * subtransaction is needed to be rid of it.
	 */
	PG_TRY();
	{
		qf_api_error_raise(call, probe->options);
	}
	PG_CATCH();
	{
		ErrorData  *data;

		MemoryContextSwitchTo(context);
		data = CopyErrorData();
		if (data->sqlerrcode == ERRCODE_OUT_OF_MEMORY)
			PG_RE_THROW();
		error = qf_probe_catch(data);
	}
	PG_END_TRY();
	return error;
}
