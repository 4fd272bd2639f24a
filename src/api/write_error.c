/*
 * write_error.c
 *	  Errors of calls that write: refused, or nobody knows.
 *
 * Each of them says in its detail how many rows of the statement were done
 * before, for no rollback undoes them.
 *
 * src/api/write_error.c
 */
#include "postgres.h"

#include "api/api_error.h"
#include "api/write_error.h"
#include "base/nls.h"

/* A detail, and what was done before, by qf_written_tell(). */
static const char *
with_done(const char *detail, const char *done)
{
	return done == NULL ? detail :
		psprintf(qf_translate("%s Rows of this statement done before: %s."),
				 detail, done);
}

/* It was never sent, or it was refused by somebody who is not the API. */
static void
raise_unsent(const QfCall *call, const QfOptions *options, const char *done)
{
	const char *object = qf_api_error_object(call);
	QfWriteKind kind = call->question.write;

	/* These two say nothing about what was asked. */
	if (call->reply.transport == QF_TRANSPORT_NO_MEMORY ||
		call->reply.transport == QF_TRANSPORT_OVER_BUDGET)
		qf_api_error_raise(call, options);
	ereport(ERROR,
			(errcode(ERRCODE_FDW_UNABLE_TO_ESTABLISH_CONNECTION),
			 kind == QF_WRITE_CREATE ?
			 errmsg("could not create %s: no connection to server \"%s\"",
					object, options->server_name) :
			 kind == QF_WRITE_CANCEL ?
			 errmsg("could not cancel %s: no connection to server \"%s\"",
					object, options->server_name) :
			 errmsg("could not delete %s: no connection to server \"%s\"",
					object, options->server_name),
			 errdetail("%s",
					   with_done(psprintf(qf_translate("The transfer failed: %s."),
										  qf_api_error_reason(call)),
								 done)),
			 call->reply.hint != NULL ?
			 errhint("%s", qf_translate(call->reply.hint)) :
			 errhint("Check the network and the option \"endpoint\" of the server.")));
}

/*
 * qf_write_error_refused
 *		Raise the error of a write that was not done.
 */
void
qf_write_error_refused(const QfCall *call, const QfOptions *options,
					   const char *done)
{
	const char *object = qf_api_error_object(call);
	QfWriteKind kind = call->question.write;
	QfApiError	error;

	if (call->answer->kind == QF_ANSWER_NONE)
		raise_unsent(call, options, done);
	qf_api_error_describe(call, options, &error);
	ereport(ERROR,
			(errcode(error.sqlstate),
			 kind == QF_WRITE_CREATE ?
			 errmsg("could not create %s: HTTP %s", object, error.status) :
			 kind == QF_WRITE_CANCEL ?
			 errmsg("could not cancel %s: HTTP %s", object, error.status) :
			 errmsg("could not delete %s: HTTP %s", object, error.status),
			 errdetail("%s", with_done(error.detail, done)),
			 errhint("%s", error.hint)));
}

/*
 * qf_write_error_lost
 *		Raise the error of an object that may have been cancelled or deleted;
 *		"reason" is a sentence.
 */
void
qf_write_error_lost(const QfCall *call, const char *reason, const char *done)
{
	const char *object = qf_api_error_object(call);

	ereport(ERROR,
			(errcode(ERRCODE_FDW_UNABLE_TO_CREATE_EXECUTION),
			 call->question.write == QF_WRITE_CANCEL ?
			 errmsg("could not find out whether %s was cancelled", object) :
			 errmsg("could not find out whether %s was deleted", object),
			 errdetail("%s", with_done(reason, done)),
			 errhint("Read its state before you repeat the statement.")));
}

/*
 * qf_write_error_lost_creates
 *		Raise the error of objects that may have been created.
 */
void
qf_write_error_lost_creates(const QfLostCreates *lost, const char *done)
{
	char	   *detail;

	detail = psprintf(qf_translate("The answer was lost: %s. How many could be it, and their ids: %s."),
					  qf_api_error_reason(lost->first), lost->objects);
	if (lost->problem != NULL)
		detail = psprintf("%s %s", detail, lost->problem);
	ereport(ERROR,
			(errcode(ERRCODE_FDW_UNABLE_TO_CREATE_EXECUTION),
			 lost->count == 1 ?
			 errmsg("could not find out whether %s was created",
					qf_api_error_object(lost->first)) :
			 errmsg("could not find out whether %s and others were created",
					qf_api_error_object(lost->first)),
			 errdetail("%s", with_done(detail, done)),
			 errhint("Look for it by its name before you insert it again.")));
}
