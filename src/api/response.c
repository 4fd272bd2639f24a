/*
 * response.c
 *	  Envelope, request id, result, page.
 *
 * src/api/response.c
 */
#include "postgres.h"

#include "miscadmin.h"

#include "api/api_error.h"
#include "api/request.h"
#include "api/response.h"
#include "base/nls.h"
#include "base/text.h"

/*
 * What the document of an answer may take, in units of max_response_size.  A
 * task takes twice its text; the smallest values, ten times.
 */
#define DOCUMENT_FACTOR 8

static void read_envelope(QfAnswer *answer, const QfJson *root,
						  const QfReply *reply);
static bool read_error(QfAnswer *answer, const QfJson *root,
					   const QfErrorForm *form);
static const char *member_text(const QfJson *object, const char *name);
static void read_result(QfAnswer *answer, const QfJson *root,
						const QfCall *call);
static void read_written(QfAnswer *answer, const QfQuestion *question);
static const char *read_new_id(const QfJson *result,
							   const QfResource *resource);
static void read_detail(QfAnswer *answer, const QfCall *call);
static void read_page(QfAnswer *answer, const QfQuestion *question);
static bool read_items(QfAnswer *answer, const QfJson *list,
					   const QfResource *resource);
static bool read_page_info(QfAnswer *answer, const QfJson *info,
						   const QfQuestion *question);

/*
 * qf_response_judge
 *		Read a reply into call->answer and say what it means for the retry
 *		policy.
 *
 * Whether an answer is an error of the statement is decided later, by whoever
 * needs it.  Serves interrupts, for a large answer takes its time; one that
 * ends the statement leaves the reply to be read again.
 */
QfOutcome
qf_response_judge(QfCall *call)
{
	QfReply    *reply = &call->reply;
	const QfJson *root = NULL;
	const char *problem = gettext_noop("The body is empty.");
	QfAnswer   *answer = palloc0_object(QfAnswer);

	call->answer = answer;
	if (reply->transport != QF_TRANSPORT_ANSWERED)
	{
		answer->kind = QF_ANSWER_NONE;
		return reply->transport == QF_TRANSPORT_FAILED ?
			QF_OUTCOME_TRANSIENT : QF_OUTCOME_FINAL;
	}

	if (reply->length > 0)
		root = qf_json_parse(CurrentMemoryContext, reply->body, reply->length,
							 call->transfer.max_response_size * DOCUMENT_FACTOR,
							 &problem);
	if (root != NULL && qf_json_type(root) != QF_JSON_OBJECT)
	{
		problem = gettext_noop("The body is not a JSON object.");
		root = NULL;
	}
	read_envelope(answer, root, reply);

	if (answer->code == NULL && reply->status >= 200 && reply->status < 300)
	{
		if (root == NULL)
		{
			answer->kind = QF_ANSWER_MALFORMED;
			answer->problem = qf_translate(problem);
		}
		else
			read_result(answer, root, call);
		return QF_OUTCOME_FINAL;
	}
	return qf_api_error_classify(answer, reply->status,
								 call->question.id != NULL);
}

/*
 * qf_response_is_lost
 *		Does what came of a write leave open whether it was done?
 *
 * It was not if it was never sent or was refused; it was if the API says so.
 */
bool
qf_response_is_lost(const QfCall *call)
{
	const QfAnswer *answer = call->answer;

	switch (answer->kind)
	{
		case QF_ANSWER_RESULT:
		case QF_ANSWER_NOT_FOUND:
			return false;
		case QF_ANSWER_REFUSED:
			return qf_api_error_is_lost(answer, call->reply.status);
		case QF_ANSWER_NONE:
			return call->reply.transport != QF_TRANSPORT_OVER_BUDGET &&
				call->transfer.sent;
		default:
			return true;
	}
}

/*
 * qf_response_shows_route
 *		Can the answer to this call only have come from the API?
 *
 * Not if it is a 404, nor if it is the page of some proxy.
 */
bool
qf_response_shows_route(const QfCall *call)
{
	const QfAnswer *answer = call->answer;

	return answer != NULL && call->reply.transport == QF_TRANSPORT_ANSWERED &&
		call->reply.status != 404 &&
		(answer->enveloped || answer->kind == QF_ANSWER_RESULT ||
		 answer->kind == QF_ANSWER_NOT_FOUND);
}

/* Find code, message and request id wherever they may be. */
static void
read_envelope(QfAnswer *answer, const QfJson *root, const QfReply *reply)
{
	const QfErrorForm *forms = qf_envelope.errors;

	if (root != NULL)
	{
		answer->request_id = member_text(root, forms[0].request_id);
		answer->enveloped = answer->request_id != NULL ||
			member_text(root, forms[0].code) != NULL;
		for (int i = 0; i < qf_envelope.nerrors; i++)
		{
			if (read_error(answer, root, &forms[i]))
				break;
		}
		/* The older form says so in good answers, too. */
		if (answer->request_id == NULL)
			answer->request_id = member_text(root, forms[1].request_id);
	}
	if (answer->code == NULL && reply->header.error_code[0] != '\0')
		answer->code = reply->header.error_code;
	if (answer->message == NULL && reply->header.error_message[0] != '\0')
		answer->message = reply->header.error_message;
	if (answer->request_id == NULL && reply->header.request_id[0] != '\0')
		answer->request_id = reply->header.request_id;
}

/*
 * Does the answer say in this form that it is an error?  A code that is null,
 * empty or zero says that there is none.
 */
static bool
read_error(QfAnswer *answer, const QfJson *root, const QfErrorForm *form)
{
	const QfJson *code = qf_json_member(root, form->code);
	const char *text = member_text(root, form->code);

	if (text == NULL || strcmp(text, "0") == 0)
		return false;

	/* An object that has no code is no code either, but an error. */
	answer->code = qf_json_type(code) == QF_JSON_OBJECT ||
		qf_json_type(code) == QF_JSON_ARRAY ? form->code : text;
	answer->message = member_text(root, form->message);
	if (answer->request_id == NULL)
		answer->request_id = member_text(root, form->request_id);
	return true;
}

/* A member as text; NULL if it is missing, null or empty. */
static const char *
member_text(const QfJson *object, const char *name)
{
	const QfJson *value = qf_json_member(object, name);

	return value == NULL || qf_json_is_empty(value) ?
		NULL : qf_json_text(value);
}

static void
read_result(QfAnswer *answer, const QfJson *root, const QfCall *call)
{
	const QfQuestion *question = &call->question;

	answer->result = qf_json_member(root, qf_envelope.result);
	answer->kind = QF_ANSWER_MALFORMED;
	if (question->write != QF_WRITE_NONE)
		read_written(answer, question);
	else if (answer->result == NULL)
		answer->problem = psprintf(qf_translate("The answer has no \"%s\"."),
								   qf_envelope.result);
	else if (question->id != NULL)
		read_detail(answer, call);
	else
		read_page(answer, question);
}

/*
 * A write was done, unless the result says "false".  Whoever creates needs to
 * know the id of what was created, besides.
 */
static void
read_written(QfAnswer *answer, const QfQuestion *question)
{
	const QfJson *result = answer->result;
	bool		done = true;

	if (result != NULL && qf_json_type(result) == QF_JSON_BOOL)
		(void) qf_json_read_bool(result, &done);
	if (!done)
	{
		answer->kind = QF_ANSWER_REFUSED;
		answer->message = "result: false";
		return;
	}
	if (question->write == QF_WRITE_CREATE)
	{
		answer->new_id = read_new_id(result, question->resource);
		if (answer->new_id == NULL)
		{
			answer->problem = psprintf(qf_translate("The \"%s\" is not the id of a new %s."),
									   qf_envelope.result,
									   qf_translate(question->resource->noun));
			return;
		}
	}
	answer->kind = QF_ANSWER_RESULT;
}

/* The result itself, or what it says of the object; NULL if it says nothing. */
static const char *
read_new_id(const QfJson *result, const QfResource *resource)
{
	const char *id = NULL;

	if (result == NULL)
		return NULL;
	if (qf_json_type(result) == QF_JSON_OBJECT)
	{
		id = member_text(result, resource->detail_key);
		if (id == NULL)
			id = member_text(result, resource->id_field);
	}
	else if (qf_json_type(result) == QF_JSON_STRING &&
			 !qf_json_is_empty(result))
		id = qf_json_text(result);
	return id != NULL && qf_text_is_utf8(id) ? id : NULL;
}

/* An object that is not the one asked for must never become its row. */
static void
read_detail(QfAnswer *answer, const QfCall *call)
{
	const QfQuestion *question = &call->question;
	const char *id;

	if (qf_json_is_empty(answer->result))
	{
		answer->kind = QF_ANSWER_NOT_FOUND;
		return;
	}
	if (qf_json_type(answer->result) != QF_JSON_OBJECT)
	{
		answer->problem = psprintf(qf_translate("The \"%s\" is not an object."),
								   qf_envelope.result);
		return;
	}
	id = member_text(answer->result, question->resource->id_field);
	if (id == NULL)
		answer->problem = psprintf(qf_translate("The \"%s\" has no \"%s\"."),
								   qf_envelope.result,
								   question->resource->id_field);
	else if (strcmp(id, question->id) != 0)
		answer->problem = psprintf(qf_translate("The answer is about \"%s\", the question was about \"%s\"."),
								   qf_api_error_text(call, id, QF_TEXT_LIMIT / 2),
								   qf_api_error_text(call, question->id,
													 QF_TEXT_LIMIT / 2));
	else
		answer->kind = QF_ANSWER_RESULT;
}

static void
read_page(QfAnswer *answer, const QfQuestion *question)
{
	const QfResource *resource = question->resource;
	const QfJson *info;
	const QfJson *list;

	if (qf_json_type(answer->result) != QF_JSON_OBJECT)
	{
		answer->problem = psprintf(qf_translate("The \"%s\" is not an object."),
								   qf_envelope.result);
		return;
	}
	info = qf_json_member(answer->result, resource->paging->info);
	list = qf_json_member(answer->result, resource->list_member);
	if (list == NULL || (qf_json_type(list) != QF_JSON_ARRAY &&
						 qf_json_type(list) != QF_JSON_NULL))
	{
		answer->problem = psprintf(qf_translate("The \"%s\" has no array \"%s\"."),
								   qf_envelope.result, resource->list_member);
		return;
	}
	if (read_items(answer, list, resource) &&
		read_page_info(answer, info, question))
	{
		answer->result = list;
		answer->kind = QF_ANSWER_RESULT;
	}
}

/* Count the items; false if one of them is none. */
static bool
read_items(QfAnswer *answer, const QfJson *list, const QfResource *resource)
{
	for (const QfJson *item = qf_json_first(list); item != NULL;
		 item = qf_json_next(item))
	{
		CHECK_FOR_INTERRUPTS();
		if (qf_json_type(item) != QF_JSON_OBJECT ||
			member_text(item, resource->id_field) == NULL)
		{
			answer->problem = psprintf(qf_translate("An item of \"%s\" has no \"%s\"."),
									   resource->list_member,
									   resource->id_field);
			return false;
		}
		answer->nitems++;
	}
	return true;
}

/*
 * Does the list go on, and where?  False if that cannot be told for sure: a
 * list that ends early would lack rows, and nobody would notice.
 */
static bool
read_page_info(QfAnswer *answer, const QfJson *info,
			   const QfQuestion *question)
{
	const QfPaging *paging = question->resource->paging;
	const QfJson *truncated;
	const QfJson *marker;
	bool		more;

	if (info == NULL || qf_json_type(info) == QF_JSON_NULL)
	{
		if (answer->nitems >= question->max_items)
			answer->problem = psprintf(qf_translate("A full page of the list has no \"%s\"."),
									   paging->info);
		return answer->problem == NULL;
	}
	if (qf_json_type(info) != QF_JSON_OBJECT)
	{
		answer->problem = psprintf(qf_translate("The \"%s\" is not an object."),
								   paging->info);
		return false;
	}

	truncated = qf_json_member(info, paging->truncated);
	marker = qf_json_member(info, paging->next_marker);
	if (truncated != NULL && qf_json_type(truncated) == QF_JSON_NULL)
		truncated = NULL;
	if (truncated != NULL && !qf_json_read_bool(truncated, &more))
	{
		answer->problem = psprintf(qf_translate("The \"%s\" is neither true nor false."),
								   paging->truncated);
		return false;
	}
	if (truncated != NULL && !more)
		return true;

	if (marker != NULL && qf_json_type(marker) != QF_JSON_NULL &&
		qf_json_type(marker) != QF_JSON_STRING &&
		qf_json_type(marker) != QF_JSON_NUMBER)
		answer->problem = psprintf(qf_translate("The \"%s\" is not text."),
								   paging->next_marker);
	else if (marker != NULL && !qf_json_is_empty(marker))
		answer->next_marker = qf_json_text(marker);
	else if (truncated != NULL)
		answer->problem = psprintf(qf_translate("The list claims that more follows but has no \"%s\"."),
								   paging->next_marker);
	return answer->problem == NULL;
}

/*
 * qf_response_has_state
 *		Is an object in one of these states, in whatever case they are spelt?
 */
bool
qf_response_has_state(const QfJson *object, const QfResource *resource,
					  const char *const *states)
{
	const QfJson *state = NULL;

	for (int i = 0; i < QF_MAX_FIELDS && state == NULL; i++)
	{
		if (resource->state_fields[i] != NULL)
			state = qf_json_named(object, resource->state_fields[i]);
	}
	for (; state != NULL && *states != NULL; states++)
	{
		if (pg_strcasecmp(qf_json_text(state), *states) == 0)
			return true;
	}
	return false;
}
