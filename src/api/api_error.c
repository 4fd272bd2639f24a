/*
 * api_error.c
 *	  HTTP status and API code -> SQLSTATE, message, detail, hint.
 *
 * The codes are those of the API's error pages (platform OpenAPI error codes;
 * general table doc/Reference/s/Bjz3uz3qj) and the numeric ones the vendor's
 * SDKs know.
 *
 * src/api/api_error.c
 */
#include "postgres.h"

#include "lib/stringinfo.h"

#include "api/api_error.h"
#include "base/guc.h"
#include "base/mask.h"
#include "base/nls.h"
#include "base/text.h"
#include "resource/resource.h"

typedef enum ErrorClass
{
	CLASS_OTHER,
	CLASS_CREDENTIALS,
	CLASS_DENIED,
	CLASS_EXPIRED,
	CLASS_THROTTLED,
	CLASS_SERVER,
	CLASS_NOT_FOUND
} ErrorClass;

typedef struct ErrorCode
{
	const char *code;
	ErrorClass	class;
	bool		transient;
	const char *hint;			/* NULL: that of the class */
} ErrorCode;

static const ErrorCode code_table[] = {
	{"SignatureDoesNotMatch", CLASS_CREDENTIALS, false,
	gettext_noop("Check the option \"secret_key\" of the user mapping.")},
	{"InvalidAccessKeyId", CLASS_CREDENTIALS, false,
	gettext_noop("Check the option \"access_key\" of the user mapping.")},
	{"InvalidHTTPAuthHeader", CLASS_CREDENTIALS, false, NULL},
	{"RequestExpired", CLASS_EXPIRED, false, NULL},
	{"AccessDenied", CLASS_DENIED, false, NULL},
	{"OptInRequired", CLASS_DENIED, false,
	gettext_noop("Activate the Qianfan service for this account.")},
	{"InvalidVersion", CLASS_OTHER, false,
	gettext_noop("Check the option \"endpoint\" of the server.")},
	{"4", CLASS_THROTTLED, false, NULL},
	{"6", CLASS_DENIED, false, NULL},
	{"13", CLASS_CREDENTIALS, false, NULL},
	{"14", CLASS_CREDENTIALS, false, NULL},
	{"17", CLASS_THROTTLED, false, NULL},
	{"18", CLASS_THROTTLED, true, NULL},
	{"19", CLASS_THROTTLED, false, NULL},
	{"110", CLASS_CREDENTIALS, false, NULL},
	{"111", CLASS_CREDENTIALS, false, NULL},
	{"336004", CLASS_DENIED, false, NULL},
	{"336100", CLASS_THROTTLED, true, NULL},
	{"336501", CLASS_THROTTLED, true, NULL},
	{"336502", CLASS_THROTTLED, true, NULL},
	{"500000", CLASS_SERVER, true, NULL},
};

/* Indexed by ErrorClass. */
static const struct
{
	int			sqlstate;
	const char *hint;
}			class_table[] = {

	[CLASS_OTHER] = {
		ERRCODE_FDW_ERROR,
		gettext_noop("Look the code up in the API's documentation, or give the request ID to the provider's support.")
	},
	[CLASS_CREDENTIALS] = {
		ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION,
		gettext_noop("Check the options \"access_key\" and \"secret_key\" of the user mapping.")
	},
	[CLASS_DENIED] = {
		ERRCODE_INSUFFICIENT_PRIVILEGE,
		gettext_noop("The account of the access key needs a policy such as QianfanReadAccessPolicy.")
	},
	[CLASS_EXPIRED] = {
		ERRCODE_FDW_ERROR,
		gettext_noop("Check the clock of the database server.")
	},
	[CLASS_THROTTLED] = {
		ERRCODE_CONFIGURATION_LIMIT_EXCEEDED,
		gettext_noop("Lower \"max_concurrency\" or set \"rate_limit\" of the server, or try again later.")
	},
	[CLASS_SERVER] = {
		ERRCODE_FDW_ERROR,
		gettext_noop("Try again later.")
	},
	[CLASS_NOT_FOUND] = {
		ERRCODE_FDW_ERROR,
		gettext_noop("Check the option \"endpoint\" of the server.")
	},
};

static bool says_absent(const QfAnswer *answer, int status);
static bool is_word_of_absence(const char *code);
static ErrorCode classify(const char *code, const char *message, int status);
static const char *credential_hint(const QfCredential *credential,
								   const char *hint);
static bool contains(const char *text, const char *part);
static char *asked_for(const QfCall *call);
static char *describe_status(const QfCall *call);
static char *describe_answer(const QfCall *call, const QfOptions *options);
static void append_words(StringInfo words, const char *format,
						 const char *text, const QfCall *call, int limit)
			pg_attribute_printf(2, 0);
static const char *transport_reason(const QfCall *call);
static _Noreturn void raise_transport(const QfCall *call,
									  const QfOptions *options);

/*
 * qf_api_error_classify
 *		Decide what kind of answer an error is, and whether it may go away.
 *
 * "detail": was one object asked for, so that its absence is an answer?
 */
QfOutcome
qf_api_error_classify(QfAnswer *answer, int status, bool detail)
{
	ErrorCode	error = classify(answer->code, answer->message, status);

	answer->kind = detail && error.class == CLASS_NOT_FOUND &&
		says_absent(answer, status) ?
		QF_ANSWER_NOT_FOUND : QF_ANSWER_REFUSED;
	if (error.class == CLASS_EXPIRED)
		return QF_OUTCOME_EXPIRED;
	if (!error.transient)
		return QF_OUTCOME_FINAL;
	return error.class == CLASS_THROTTLED ?
		QF_OUTCOME_THROTTLED : QF_OUTCOME_TRANSIENT;
}

/*
 * qf_api_error_is_lost
 *		Does the refusal of a write leave open whether it was done?
 *
 * So it is if the server, or something before it, was in trouble or lost its
 * patience, and not if it found something wrong with the request or would not
 * take it yet.
 */
bool
qf_api_error_is_lost(const QfAnswer *answer, int status)
{
	ErrorCode	error = classify(answer->code, answer->message, status);

	if (status == 429)
		return false;
	return status >= 500 || status == 408 || status < 200 ||
		error.class == CLASS_SERVER ||
		(answer->code != NULL &&
		 (contains(answer->code, "Internal") ||
		  contains(answer->code, "Timeout") ||
		  contains(answer->code, "Unavailable") ||
		  strcmp(answer->code, "2") == 0 ||
		  strcmp(answer->code, "336000") == 0 ||
		  strcmp(answer->code, "336100") == 0));
}

/* Is it the refusal that the vendor's own clients try again? */
bool
qf_api_error_is_denied(const QfAnswer *answer)
{
	return answer->code != NULL && strcmp(answer->code, "AccessDenied") == 0;
}

/*
 * qf_api_error_describe
 *		What there is to say of an answer that is an error of the API.
 */
void
qf_api_error_describe(const QfCall *call, const QfOptions *options,
					  QfApiError *result)
{
	const QfAnswer *answer = call->answer;
	ErrorCode	error = classify(answer->code, answer->message,
								 call->reply.status);
	const char *hint = error.hint != NULL ?
	error.hint : class_table[error.class].hint;

	if (error.class == CLASS_CREDENTIALS)
		hint = credential_hint(call->credential, hint);
	if (error.class == CLASS_DENIED && error.hint == NULL &&
		call->question.write != QF_WRITE_NONE)
		hint = gettext_noop("The account of the access key needs a policy such as QianfanModelTuningFullControlAccessPolicy.");
	if (call->reply.status >= 300 && call->reply.status < 400)
		hint = gettext_noop("Redirects are not followed. Check the option \"endpoint\" of the server.");
	result->sqlstate = class_table[error.class].sqlstate;
	result->status = describe_status(call);
	result->detail = describe_answer(call, options);
	result->hint = qf_translate(hint);
}

/*
 * qf_api_error_object
 *		The object that a call is about, by its id or, if it is a new one, by its
 *		name (palloc'd).
 */
char *
qf_api_error_object(const QfCall *call)
{
	const QfQuestion *question = &call->question;
	const char *known_by = question->id != NULL ?
	question->id : question->name;

	return psprintf(qf_translate("%s \"%s\""),
					qf_translate(question->resource->noun),
					qf_api_error_text(call, known_by, 100));
}

/*
 * qf_api_error_reason
 *		Why it is not known what came of a call, a phrase (palloc'd).
 */
char *
qf_api_error_reason(const QfCall *call)
{
	const QfAnswer *answer = call->answer;

	switch (answer->kind)
	{
		case QF_ANSWER_REFUSED:
		case QF_ANSWER_NOT_FOUND:
			return psprintf("HTTP %s", describe_status(call));
		case QF_ANSWER_NONE:
			break;
		default:
			return psprintf(qf_translate("HTTP %d, unexpected answer"),
							call->reply.status);
	}
	switch (call->reply.transport)
	{
		case QF_TRANSPORT_TOO_LARGE:
			return pstrdup(qf_translate("the answer is too large"));
		case QF_TRANSPORT_NO_MEMORY:
			return pstrdup(qf_translate("out of memory"));
		case QF_TRANSPORT_OVER_BUDGET:
			return psprintf(qf_translate("the statement may make no more than %d API calls"),
							qf_guc_max_requests());
		default:
			return pstrdup(transport_reason(call));
	}
}

/*
 * qf_api_error_raise
 *		Raise the error that a call without a usable answer ended in.
 */
void
qf_api_error_raise(const QfCall *call, const QfOptions *options)
{
	const QfAnswer *answer = call->answer;
	QfApiError	error;

	if (answer->kind == QF_ANSWER_NONE)
		raise_transport(call, options);
	if (answer->kind == QF_ANSWER_MALFORMED)
		qf_api_error_malformed(call, options, answer->problem);

	qf_api_error_describe(call, options, &error);
	ereport(ERROR,
			(errcode(error.sqlstate),
			 errmsg("could not read %s: HTTP %s",
					asked_for(call), error.status),
			 errdetail("%s", error.detail),
			 errhint("%s", error.hint)));
}

/*
 * Only the API itself can know that an object does not exist: a proxy's page
 * does not say so, nor does a code with a meaning of its own.  Whether a 404
 * comes from the right address is another question; see fetch.c.
 */
static bool
says_absent(const QfAnswer *answer, int status)
{
	if (!answer->enveloped)
		return false;
	if (answer->code == NULL)
		return status == 404;
	return is_word_of_absence(answer->code);
}

/*
 * qf_api_error_no_route
 *		Raise the error of a call that was answered with 404 at an address where
 *		the list is not found, either.
 */
void
qf_api_error_no_route(const QfCall *call, const QfOptions *options)
{
	ereport(ERROR,
			(errcode(class_table[CLASS_NOT_FOUND].sqlstate),
			 errmsg("could not read %s: HTTP %s",
					asked_for(call), describe_status(call)),
			 errdetail("%s", describe_answer(call, options)),
			 errhint("The list is not found there, either. Check the option \"endpoint\" of the server.")));
}

/* Where the credential that was not accepted has come from. */
static const char *
credential_hint(const QfCredential *credential, const char *hint)
{
	if (credential->from_environment)
		return gettext_noop("Check QIANFAN_ACCESS_KEY and QIANFAN_SECRET_KEY in the environment of the server process.");
	if (credential->session_token != NULL)
		return gettext_noop("Check the options \"access_key\", \"secret_key\" and \"session_token\" of the user mapping. Temporary keys expire.");
	return hint;
}

/*
 * qf_api_error_malformed
 *		Raise HV00M for an answer that is well received but not as the API's
 *		pages promise; "problem" is a sentence.
 */
void
qf_api_error_malformed(const QfCall *call, const QfOptions *options,
					   const char *problem)
{
	const QfAnswer *answer = call->answer;

	ereport(ERROR,
			(errcode(ERRCODE_FDW_UNABLE_TO_CREATE_REPLY),
			 errmsg("could not read %s: HTTP %d, unexpected answer of server \"%s\"",
					asked_for(call), call->reply.status,
					options->server_name),
			 answer->request_id != NULL ?
			 errdetail("%s Request ID: %s.", problem,
					   qf_api_error_text(call, answer->request_id, 100)) :
			 errdetail("%s", problem),
			 errhint("Check that the option \"endpoint\" of the server is the address of the API.")));
}

/*
 * qf_api_error_text
 *		Text of the API, made fit for a message, palloc'd.
 *
 * An endpoint may repeat what it was sent, so whatever a request carries of
 * our secrets is masked first.
 */
char *
qf_api_error_text(const QfCall *call, const char *text, int limit)
{
	return qf_mask_text(call->credential, text, limit);
}

/*
 * By code first, for a status of 404 alone may mean many things.  But no name
 * makes a caller unknown, or a server in trouble, mean that a task does not
 * exist.
 */
static ErrorCode
classify(const char *code, const char *message, int status)
{
	ErrorCode	error = {code, CLASS_OTHER, false, NULL};
	bool		may_be_missing = status == 200 || status == 400 ||
	status == 404;

	if (code != NULL)
	{
		bool		missing = is_word_of_absence(code);

		for (int i = 0; i < lengthof(code_table); i++)
		{
			if (strcmp(code_table[i].code, code) == 0)
				return code_table[i];
		}
		if (contains(code, "Signature"))
		{
			error.class = CLASS_CREDENTIALS;
			return error;
		}
		/* IAM says NotFound as well, of an access key. */
		if ((missing || status == 404) &&
			(contains(code, "credential") || contains(code, "AccessKey") ||
			 (message != NULL && contains(message, "credential"))))
		{
			error.class = CLASS_CREDENTIALS;
			return error;
		}
		if (missing && may_be_missing)
		{
			error.class = CLASS_NOT_FOUND;
			return error;
		}
	}

	switch (status)
	{
		case 401:
			error.class = CLASS_CREDENTIALS;
			break;
		case 403:
			error.class = CLASS_DENIED;
			break;
		case 404:
			error.class = CLASS_NOT_FOUND;
			break;
		case 429:
			error.class = CLASS_THROTTLED;
			error.transient = true;
			break;
		case 500:
		case 502:
		case 503:
		case 504:
			error.class = CLASS_SERVER;
			error.transient = true;
			break;
		default:
			if (status > 500)
				error.class = CLASS_SERVER;
	}
	return error;
}

static bool
is_word_of_absence(const char *code)
{
	return contains(code, "NotFound") || contains(code, "NoSuch") ||
		contains(code, "NotExist");
}

/* Is the part in the text, whatever the case of its letters? */
static bool
contains(const char *text, const char *part)
{
	size_t		length = strlen(part);

	for (; *text != '\0'; text++)
	{
		if (pg_strncasecmp(text, part, length) == 0)
			return true;
	}
	return false;
}

/* What the call was to read. */
static char *
asked_for(const QfCall *call)
{
	const QfQuestion *question = &call->question;

	return question->id == NULL ?
		psprintf(qf_translate("the list of %s"),
				 qf_translate(question->resource->nouns)) :
		psprintf(qf_translate("%s \"%s\""),
				 qf_translate(question->resource->noun),
				 qf_api_error_text(call, question->id, 100));
}

/* The status and, if the API gave one, its code. */
static char *
describe_status(const QfCall *call)
{
	return call->answer->code == NULL ?
		psprintf("%d", call->reply.status) :
		psprintf("%d, %s", call->reply.status,
				 qf_api_error_text(call, call->answer->code, 100));
}

/* The API's own words as an error detail. */
static char *
describe_answer(const QfCall *call, const QfOptions *options)
{
	const QfAnswer *answer = call->answer;
	StringInfoData words;

	initStringInfo(&words);
	append_words(&words, qf_translate("code \"%s\""), answer->code, call,
				 100);
	append_words(&words, qf_translate("message \"%s\""), answer->message, call,
				 QF_TEXT_LIMIT);
	append_words(&words, qf_translate("request ID \"%s\""),
				 answer->request_id, call, 100);
	return words.len > 0 ?
		psprintf(qf_translate("Server \"%s\": %s."), options->server_name,
				 words.data) :
		psprintf(qf_translate("Server \"%s\" gave no reason."),
				 options->server_name);
}

static void
append_words(StringInfo words, const char *format, const char *text,
			 const QfCall *call, int limit)
{
	if (text == NULL)
		return;
	if (words->len > 0)
		appendStringInfoString(words, qf_translate(", "));
	appendStringInfo(words, format, qf_api_error_text(call, text, limit));
}

/* Why there is no answer, in our words if we know, else in libcurl's. */
static const char *
transport_reason(const QfCall *call)
{
	const char *reason = call->reply.reason;
	const char *translated = reason;

	/* The translation of nothing is the header of the catalog. */
	if (reason[0] != '\0')
		translated = qf_translate(reason);
	return call->reply.worded || translated != reason ?
		translated : qf_api_error_text(call, reason, QF_TEXT_LIMIT);
}

/* There is no HTTP response to speak of. */
static void
raise_transport(const QfCall *call, const QfOptions *options)
{
	const char *reason = transport_reason(call);

	switch (call->reply.transport)
	{
		case QF_TRANSPORT_TOO_LARGE:
			ereport(ERROR,
					(errcode(ERRCODE_FDW_UNABLE_TO_CREATE_REPLY),
					 errmsg("could not read %s: answer of server \"%s\" is too large",
							asked_for(call), options->server_name),
					 errdetail("The limit is %d bytes.",
							   options->max_response_size),
					 errhint("Raise the option \"max_response_size\" of the server if such answers are expected.")));
			break;
		case QF_TRANSPORT_UNREADABLE:
			ereport(ERROR,
					(errcode(ERRCODE_FDW_UNABLE_TO_CREATE_REPLY),
					 errmsg("could not read %s: could not decode the answer of server \"%s\"",
							asked_for(call), options->server_name),
					 errdetail("The transfer failed: %s.", reason),
					 errhint("Check that the option \"endpoint\" of the server is the address of the API.")));
			break;
		case QF_TRANSPORT_NO_MEMORY:
			ereport(ERROR,
					(errcode(ERRCODE_OUT_OF_MEMORY),
					 errmsg("out of memory"),
					 errdetail("Failed while asking server \"%s\" for %s.",
							   options->server_name, call->request.action)));
			break;
		case QF_TRANSPORT_OVER_BUDGET:
			qf_guc_check_max_requests();
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("statement needs more than %d API calls",
							qf_guc_max_requests()),
					 errdetail("The configuration parameter \"%s\" is set to %d.",
							   "qianfan_fdw.max_requests",
							   qf_guc_max_requests()),
					 errhint("Ask for fewer %s, for example by id, or have the limit raised.",
							 qf_translate(options->resource->nouns))));
			break;
		default:
			ereport(ERROR,
					(errcode(ERRCODE_FDW_UNABLE_TO_ESTABLISH_CONNECTION),
					 errmsg("could not read %s: no answer from server \"%s\"",
							asked_for(call), options->server_name),
					 errdetail("The transfer failed: %s.", reason),
					 call->reply.hint != NULL ?
					 errhint("%s", qf_translate(call->reply.hint)) :
					 options->proxy == NULL && options->ca_file == NULL ?
					 errhint("Check the network and the option \"endpoint\" of the server.") :
					 errhint("Check the network and the options \"endpoint\"%s%s of the server.",
							 options->proxy != NULL ? ", \"proxy\"" : "",
							 options->ca_file != NULL ? ", \"ca_file\"" : "")));
	}
}
