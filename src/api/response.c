/*
 * response.c
 *	  Envelope, request id, result.
 *
 * The API has several envelopes for errors (facts: API pages "error codes",
 * and what the vendor's SDKs look for):
 *
 *	 {"requestId", "code": "Word", "message"}		the /v2 actions
 *	 {"log_id", "error_code": 18, "error_msg"}		older routes, HTTP 200
 *	 {"error": {"code", "message"}, "id"}			inference, same host
 *	 headers X-Bce-Error-Code, X-Bce-Error-Message	rejections by IAM
 *
 * src/api/response.c
 */
#include "postgres.h"

#include "api/api_error.h"
#include "api/request.h"
#include "api/response.h"
#include "base/text.h"

/*
 * JSON values take memory beside the text: so many for any answer, and one for
 * so many bytes of max_response_size.  A task has about 15.
 */
#define ALWAYS_VALUES 16384
#define BYTES_PER_VALUE 64

static void read_envelope(QfAnswer *answer, const QfJson *root,
						  const QfReply *reply);
static void read_error(QfAnswer *answer, const QfJson *envelope,
					   const char *code, const char *message);
static const char *member_text(const QfJson *object, const char *name);
static void read_result(QfAnswer *answer, const QfJson *root,
						const QfCall *call);
static void read_detail(QfAnswer *answer, const QfCall *call);
static void read_page(QfAnswer *answer, const QfQuestion *question);

/*
 * qf_response_judge
 *		Read a reply into call->answer and say what it means for the retry
 *		policy.
 *
 * Whether an answer is an error of the statement is decided later, by whoever
 * needs it.
 */
QfOutcome
qf_response_judge(QfCall *call)
{
	QfReply    *reply = &call->reply;
	const QfJson *root = NULL;
	const char *problem = "The body is empty.";
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
							 Max(ALWAYS_VALUES,
								 call->max_response_size / BYTES_PER_VALUE),
							 &problem);
	if (root != NULL && qf_json_type(root) != QF_JSON_OBJECT)
	{
		problem = "The body is not a JSON object.";
		root = NULL;
	}
	read_envelope(answer, root, reply);

	if (answer->code == NULL && reply->status >= 200 && reply->status < 300)
	{
		if (root == NULL)
		{
			answer->kind = QF_ANSWER_MALFORMED;
			answer->problem = problem;
		}
		else
			read_result(answer, root, call);
		return QF_OUTCOME_FINAL;
	}
	return qf_api_error_classify(answer, reply->status,
								 ((const QfQuestion *) call->request.question)->id != NULL);
}

/* Find code, message and request id wherever they may be. */
static void
read_envelope(QfAnswer *answer, const QfJson *root, const QfReply *reply)
{
	if (root != NULL)
	{
		const QfJson *error = qf_json_member(root, "error");

		answer->request_id = member_text(root, "requestId");
		read_error(answer, root, "code", "message");
		if (answer->code == NULL)
			read_error(answer, root, "error_code", "error_msg");
		if (answer->code == NULL && error != NULL)
		{
			if (qf_json_type(error) == QF_JSON_OBJECT)
			{
				read_error(answer, error, "code", "message");
				if (answer->code == NULL)
					answer->code = member_text(error, "type");
			}
			else
				read_error(answer, root, "error", "message");
			if (answer->code == NULL && !qf_json_is_empty(error))
				answer->code = "error";
			if (answer->request_id == NULL)
				answer->request_id = member_text(root, "id");
		}
		if (answer->request_id == NULL)
			answer->request_id = member_text(root, "log_id");
	}
	if (answer->code == NULL && reply->error_code[0] != '\0')
		answer->code = reply->error_code;
	if (answer->message == NULL && reply->error_message[0] != '\0')
		answer->message = reply->error_message;
	if (answer->request_id == NULL && reply->request_id[0] != '\0')
		answer->request_id = reply->request_id;
}

/* A code that is null, empty or zero says that there is no error. */
static void
read_error(QfAnswer *answer, const QfJson *envelope, const char *code,
		   const char *message)
{
	const char *text = member_text(envelope, code);

	if (text != NULL && strcmp(text, "0") != 0)
	{
		answer->code = text;
		answer->message = member_text(envelope, message);
	}
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
	const QfQuestion *question = call->request.question;

	answer->result = qf_json_member(root, "result");
	answer->kind = QF_ANSWER_MALFORMED;
	if (answer->result == NULL)
		answer->problem = "The answer has no \"result\".";
	else if (question->id != NULL)
		read_detail(answer, call);
	else
		read_page(answer, question);
}

/* An object that is not the one asked for must never become its row. */
static void
read_detail(QfAnswer *answer, const QfCall *call)
{
	const QfQuestion *question = call->request.question;
	const char *id;

	if (qf_json_is_empty(answer->result))
	{
		answer->kind = QF_ANSWER_NOT_FOUND;
		return;
	}
	if (qf_json_type(answer->result) != QF_JSON_OBJECT)
	{
		answer->problem = "The \"result\" is not an object.";
		return;
	}
	id = member_text(answer->result, question->resource->id_field);
	if (id == NULL)
		answer->problem = psprintf("The \"result\" has no \"%s\".",
								   question->resource->id_field);
	else if (strcmp(id, question->id) != 0)
		answer->problem = psprintf("The answer is about \"%s\", the question was about \"%s\".",
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
	const QfJson *list;

	if (qf_json_type(answer->result) != QF_JSON_OBJECT)
	{
		answer->problem = "The \"result\" is not an object.";
		return;
	}
	answer->page_info = qf_json_member(answer->result, "pageInfo");
	list = qf_json_member(answer->result, resource->list_member);
	if (list == NULL || (qf_json_type(list) != QF_JSON_ARRAY &&
						 qf_json_type(list) != QF_JSON_NULL))
	{
		answer->problem = psprintf("The \"result\" has no array \"%s\".",
								   resource->list_member);
		return;
	}
	for (const QfJson *item = qf_json_first(list); item != NULL;
		 item = qf_json_next(item))
	{
		if (qf_json_type(item) != QF_JSON_OBJECT ||
			member_text(item, resource->id_field) == NULL)
		{
			answer->problem = psprintf("An item of \"%s\" has no \"%s\".",
									   resource->list_member,
									   resource->id_field);
			return;
		}
	}
	answer->result = list;
	answer->kind = QF_ANSWER_RESULT;
}
