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
#include "base/text.h"
#include "http/pool.h"

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
	"Check the option \"secret_key\" of the user mapping."},
	{"InvalidAccessKeyId", CLASS_CREDENTIALS, false,
	"Check the option \"access_key\" of the user mapping."},
	{"InvalidHTTPAuthHeader", CLASS_CREDENTIALS, false, NULL},
	{"RequestExpired", CLASS_EXPIRED, false, NULL},
	{"AccessDenied", CLASS_DENIED, false, NULL},
	{"OptInRequired", CLASS_DENIED, false,
	"Activate the Qianfan service for this account."},
	{"InvalidVersion", CLASS_OTHER, false,
	"Check the option \"endpoint\" of the server."},
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
	const char *message;		/* with one %s: the server's name */
	const char *hint;
}			class_table[] = {

	[CLASS_OTHER] = {
		ERRCODE_FDW_ERROR,
		"request to server \"%s\" failed",
		"Look the code up in the API's documentation, or give the request ID to the provider's support."
	},
	[CLASS_CREDENTIALS] = {
		ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION,
		"server \"%s\" did not accept the credentials",
		"Check the options \"access_key\" and \"secret_key\" of the user mapping."
	},
	[CLASS_DENIED] = {
		ERRCODE_INSUFFICIENT_PRIVILEGE,
		"permission denied by server \"%s\"",
		"The account of the access key needs a policy such as QianfanReadAccessPolicy."
	},
	[CLASS_EXPIRED] = {
		ERRCODE_FDW_ERROR,
		"server \"%s\" considers the request expired",
		"Check the clock of the database server."
	},
	[CLASS_THROTTLED] = {
		ERRCODE_CONFIGURATION_LIMIT_EXCEEDED,
		"server \"%s\" limits the rate of requests",
		"Lower \"max_concurrency\" or set \"rate_limit\" of the server, or try again later."
	},
	[CLASS_SERVER] = {
		ERRCODE_FDW_ERROR,
		"server \"%s\" failed to answer the request",
		"Try again later."
	},
	[CLASS_NOT_FOUND] = {
		ERRCODE_FDW_ERROR,
		"request to server \"%s\" failed",
		"Check the option \"endpoint\" of the server."
	},
};

static ErrorCode classify(const char *code, const char *message, int status);
static const char *credential_hint(const QfCredential *credential,
								   const char *hint);
static bool contains(const char *text, const char *part);
static char *describe_answer(const QfCall *call);
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

	answer->kind = error.class == CLASS_NOT_FOUND && detail ?
		QF_ANSWER_NOT_FOUND : QF_ANSWER_REFUSED;
	if (error.class == CLASS_EXPIRED)
		return QF_OUTCOME_EXPIRED;
	return error.transient ? QF_OUTCOME_TRANSIENT : QF_OUTCOME_FINAL;
}

/*
 * qf_api_error_raise
 *		Raise the error that a call without a usable answer ended in.
 */
void
qf_api_error_raise(const QfCall *call, const QfOptions *options)
{
	const QfAnswer *answer = call->answer;
	ErrorCode	error;
	const char *hint;

	if (answer->kind == QF_ANSWER_NONE)
		raise_transport(call, options);
	if (answer->kind == QF_ANSWER_MALFORMED)
		qf_api_error_malformed(call, options, answer->problem);

	error = classify(answer->code, answer->message, call->reply.status);
	hint = error.hint != NULL ? error.hint : class_table[error.class].hint;
	if (error.class == CLASS_CREDENTIALS)
		hint = credential_hint(qf_call_credential(call), hint);
	if (call->reply.status >= 300 && call->reply.status < 400)
		hint = "Redirects are not followed. Check the option \"endpoint\" of the server.";
	ereport(ERROR,
			(errcode(class_table[error.class].sqlstate),
			 errmsg(class_table[error.class].message, options->server_name),
			 errdetail("%s", describe_answer(call)),
			 errhint("%s", hint)));
}

/* Where the credential that was not accepted has come from. */
static const char *
credential_hint(const QfCredential *credential, const char *hint)
{
	if (credential->from_environment)
		return "Check QIANFAN_ACCESS_KEY and QIANFAN_SECRET_KEY in the environment of the server process.";
	if (credential->session_token != NULL)
		return "Check the options \"access_key\", \"secret_key\" and \"session_token\" of the user mapping. Temporary keys expire.";
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
			 errmsg("unexpected answer of server \"%s\" to %s",
					options->server_name, call->request.action),
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
	return qf_mask_text(qf_call_credential(call), text, limit);
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
	bool		may_be_missing = status != 401 && status != 429 &&
	status < 500;

	if (code != NULL)
	{
		bool		missing = contains(code, "NotFound") ||
		contains(code, "NoSuch") || contains(code, "NotExist");

		for (int i = 0; i < lengthof(code_table); i++)
		{
			if (strcmp(code_table[i].code, code) == 0)
				return code_table[i];
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

/* The API's own words as an error detail. */
static char *
describe_answer(const QfCall *call)
{
	const QfAnswer *answer = call->answer;
	StringInfoData detail;

	initStringInfo(&detail);
	appendStringInfo(&detail, "HTTP status %d", call->reply.status);
	if (answer->code != NULL)
		appendStringInfo(&detail, ", code \"%s\"",
						 qf_api_error_text(call, answer->code, 100));
	if (answer->message != NULL)
		appendStringInfo(&detail, ", message \"%s\"",
						 qf_api_error_text(call, answer->message, QF_TEXT_LIMIT));
	if (answer->request_id != NULL)
		appendStringInfo(&detail, ", request ID \"%s\"",
						 qf_api_error_text(call, answer->request_id, 100));
	appendStringInfoChar(&detail, '.');
	return detail.data;
}

/* There is no HTTP response to speak of. */
static void
raise_transport(const QfCall *call, const QfOptions *options)
{
	char	   *reason = qf_api_error_text(call, call->reply.reason,
										   QF_TEXT_LIMIT);

	switch (call->reply.transport)
	{
		case QF_TRANSPORT_TOO_LARGE:
			ereport(ERROR,
					(errcode(ERRCODE_FDW_UNABLE_TO_CREATE_REPLY),
					 errmsg("answer of server \"%s\" to %s is too large",
							options->server_name, call->request.action),
					 errdetail("The limit is %d bytes.",
							   options->max_response_size),
					 errhint("Raise the option \"max_response_size\" of the server if such answers are expected.")));
			break;
		case QF_TRANSPORT_UNREADABLE:
			ereport(ERROR,
					(errcode(ERRCODE_FDW_UNABLE_TO_CREATE_REPLY),
					 errmsg("could not decode the answer of server \"%s\" to %s",
							options->server_name, call->request.action),
					 errdetail("The transfer failed: %s.", reason),
					 errhint("Check that the option \"endpoint\" of the server is the address of the API.")));
			break;
		case QF_TRANSPORT_NO_DESCRIPTOR:
			ereport(ERROR,
					(errcode(ERRCODE_INSUFFICIENT_RESOURCES),
					 errmsg("out of file descriptors"),
					 errdetail("There is none for a connection to server \"%s\".",
							   options->server_name),
					 errhint("Raise \"max_files_per_process\" or read fewer tables at once.")));
			break;
		case QF_TRANSPORT_OVER_BUDGET:
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("statement needs more than %d API calls",
							qf_guc_max_requests),
					 errdetail("The configuration parameter \"%s\" is set to %d.",
							   "qianfan_fdw.max_requests",
							   qf_guc_max_requests),
					 errhint("Ask for fewer tasks, for example by id, or have the limit raised.")));
			break;
		default:
			ereport(ERROR,
					(errcode(ERRCODE_FDW_UNABLE_TO_ESTABLISH_CONNECTION),
					 errmsg("could not get an answer from server \"%s\"",
							options->server_name),
					 errdetail("The transfer failed: %s.", reason),
					 options->proxy == NULL && options->ca_file == NULL ?
					 errhint("Check the network and the option \"endpoint\" of the server.") :
					 errhint("Check the network and the options \"endpoint\"%s%s of the server.",
							 options->proxy != NULL ? ", \"proxy\"" : "",
							 options->ca_file != NULL ? ", \"ca_file\"" : "")));
	}
}
