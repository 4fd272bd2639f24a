/*
 * fuzz_response.c
 *	  src/api/response.c and api_error.c: judge any answer, raise its error.
 *
 * The first byte of an input chooses the HTTP status, the second what was
 * asked and which headers came; the rest is the body.
 *
 * Promises: a result is of the kind and for the id that was asked for; every
 * other answer ends in one error with an SQLSTATE, one line of text, and none
 * of our secrets.
 *
 * test/fuzz/fuzz_response.c
 */
#include "postgres.h"

#include "api/api_error.h"
#include "api/request.h"

#include "fuzz.h"
#include "../unit/stubs.h"

#define ASKED_ID "amva-abciuctdx15t"
#define ACCESS_KEY "fuzz-access"
#define SECRET_KEY "fuzz-secret"
#define SESSION_TOKEN "fuzz-token"

/* Bits of the second byte. */
#define LIST 0x01				/* a page was asked for */
#define ERROR_HEADERS 0x02
#define NO_ANSWER 0x04			/* the transfer failed */

static const QfCredential credential = {
	ACCESS_KEY, SECRET_KEY, SESSION_TOKEN,
};

static void raise_error(void *arg);
static void check_result(const QfAnswer *answer, bool list);
static void check_error(QfCall *call);
static void check_text(char *text, bool is_foreign);
static void blank_escapes(char *text);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int statuses[] = {
		200, 201, 204, 0, 301, 302, 400, 401, 403, 404, 409, 413, 429, 500,
		501, 502, 503, 504, 599, 999,
	};
	QfCall		call = {.question = {&qf_model_comp_task, NULL, 2}};
	QfAnswer   *answer;
	QfOutcome	outcome;

	if (size < 2)
		return 0;
	stub_enter();
	call.context = CurrentMemoryContext;
	call.request.action = "DescribeModelCompTask";
	call.credential = &credential;
	if (!(data[1] & LIST))
		call.question.id = ASKED_ID;
	call.reply.status = statuses[data[0] % lengthof(statuses)];
	if (data[1] & NO_ANSWER)
		call.reply.transport = QF_TRANSPORT_FAILED + data[0] % 6;
	call.reply.body = fuzz_text(data + 2, size - 2);
	call.reply.length = size - 2;
	if (data[1] & ERROR_HEADERS)
	{
		strlcpy(call.reply.header.error_code, call.reply.body,
				sizeof(call.reply.header.error_code));
		strlcpy(call.reply.header.error_message, call.reply.body,
				sizeof(call.reply.header.error_message));
		strlcpy(call.reply.header.request_id, call.reply.body,
				sizeof(call.reply.header.request_id));
	}
	strlcpy(call.reply.reason, call.reply.body, sizeof(call.reply.reason));

	outcome = qf_response_judge(&call);
	answer = call.answer;
	PROMISE(answer != NULL);
	switch (answer->kind)
	{
		case QF_ANSWER_RESULT:
			PROMISE(outcome == QF_OUTCOME_FINAL);
			check_result(answer, call.question.id == NULL);
			break;
		case QF_ANSWER_NOT_FOUND:
			PROMISE(outcome == QF_OUTCOME_FINAL && call.question.id != NULL);
			break;
		default:
			check_error(&call);
	}
	stub_leave();
	return 0;
}

static void
check_result(const QfAnswer *answer, bool list)
{
	int			nitems = 0;

	PROMISE(answer->code == NULL && answer->result != NULL);
	if (!list)
	{
		const QfJson *id = qf_json_member(answer->result, "id");

		PROMISE(id != NULL && strcmp(qf_json_text(id), ASKED_ID) == 0);
		return;
	}
	for (const QfJson *item = qf_json_first(answer->result); item != NULL;
		 item = qf_json_next(item))
	{
		PROMISE(!qf_json_is_empty(qf_json_member(item, "id")));
		nitems++;
	}
	PROMISE(nitems == answer->nitems);
	PROMISE(answer->next_marker == NULL || answer->next_marker[0] != '\0');
}

static void
check_error(QfCall *call)
{
	fuzz_error_detail[0] = '\0';
	PROMISE(stub_raises(raise_error, call));
	PROMISE(stub_error_code != 0 && stub_error_message[0] != '\0');
	PROMISE(strlen(fuzz_error_detail) < 2000);

	/* libcurl's words, which a failed transfer has, are not the endpoint's. */
	check_text(fuzz_error_detail,
			   ((QfAnswer *) call->answer)->kind != QF_ANSWER_NONE);
	check_text(stub_error_message, true);
}

/* One line, and none of our secrets if it is the endpoint's. */
static void
check_text(char *text, bool is_foreign)
{
	for (const char *p = text; *p != '\0'; p++)
		PROMISE((unsigned char) *p >= ' ' && *p != 0x7f);
	blank_escapes(text);
	if (is_foreign)
		PROMISE(strstr(text, ACCESS_KEY) == NULL &&
				strstr(text, SECRET_KEY) == NULL &&
				strstr(text, SESSION_TOKEN) == NULL &&
				strstr(text, "bce-auth-v1") == NULL);
}

/* The digits of \x7f and the text behind them are no word. */
static void
blank_escapes(char *text)
{
	while ((text = strstr(text, "\\x")) != NULL)
	{
		size_t		length = Min(strlen(text), 4);

		memset(text, '?', length);
		text += length;
	}
}

static void
raise_error(void *arg)
{
	QfOptions	options = {
		.server_name = "qianfan",
		.resource = &qf_model_comp_task,
	};

	options.max_response_size = 1024;
	qf_api_error_raise(arg, &options);
}
