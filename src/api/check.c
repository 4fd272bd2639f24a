/*
 * check.c
 *	  What works of a server, and what it is like, step by step.
 *
 * At most ten calls, which only read: first page (once more if the clock is
 * wrong, and if the account has few tasks), second page, both in reverse order,
 * a detail, and a task that does not exist.  The output is made to be shown to
 * others: no value of a task is in it, and of the keys the first four characters
 * of one.
 *
 * src/api/check.c
 */
#include "postgres.h"

#include <time.h>

#include "foreign/foreign.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "api/api_error.h"
#include "api/check.h"
#include "api/finding.h"
#include "api/probe.h"
#include "base/nls.h"

/* Seconds that two clocks may be apart without anybody minding. */
#define CLOCK_TOLERANCE 60

/* Characters of the access key that are shown, at most half of it. */
#define SHOWN_OF_KEY 4

/* The steps, in order. */
typedef enum Step
{
	STEP_OPTIONS,
	STEP_CREDENTIAL,
	STEP_RESOLVE,
	STEP_CONNECT,
	STEP_TLS,
	STEP_CLOCK,
	STEP_SIGNATURE,
	STEP_LIST,
	STEP_PAGING,
	STEP_DETAIL,
	STEP_ABSENCE,
	STEP_SPELLING
} Step;

static const char *const step_names[] = {
	[STEP_OPTIONS] = "options",
	[STEP_CREDENTIAL] = "credential",
	[STEP_RESOLVE] = "resolve",
	[STEP_CONNECT] = "connect",
	[STEP_TLS] = "tls",
	[STEP_CLOCK] = "clock",
	[STEP_SIGNATURE] = "signature",
	[STEP_LIST] = "list",
	[STEP_PAGING] = "paging",
	[STEP_DETAIL] = "detail",
	[STEP_ABSENCE] = "absence",
	[STEP_SPELLING] = "spelling",
};

typedef struct Check
{
	QfFinding	findings[lengthof(step_names)];
	const QfOptions *options;
	const QfCredential *credential;
	QfProbe    *probe;
} Check;

static void
find(Check *check, Step step, QfCheckVerdict verdict, const char *detail,
	 const char *hint)
{
	check->findings[step].verdict = verdict;
	check->findings[step].detail = detail;
	check->findings[step].hint = hint;
}

/* An error as a detail and a hint. */
static void
find_error(Check *check, Step step, QfProbeError error)
{
	find(check, step, QF_CHECK_BAD,
		 error.detail == NULL ? error.message :
		 psprintf(qf_translate("%s. %s"), error.message, error.detail),
		 error.hint);
}

/*
 * What is looked up in the catalogs for a check, so that errors of ours in it
 * become findings; what they are about says the SQLSTATE.
 */
static bool
look_up(Check *check, Step step, Oid serverid)
{
	MemoryContext context = CurrentMemoryContext;
	QfProbeError error = {0};

	/* Only catalogs are read here, and nothing is held when ours are raised. */
	PG_TRY();
	{
		if (step == STEP_OPTIONS)
			check->options = qf_option_resolve(serverid, InvalidOid);
		else
			check->credential = qf_credential_find(GetUserId(), serverid,
												   context);
	}
	PG_CATCH();
	{
		ErrorData  *data;

		MemoryContextSwitchTo(context);
		data = CopyErrorData();
		if (data->sqlerrcode != ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION &&
			data->sqlerrcode != ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE)
			PG_RE_THROW();
		error = qf_probe_catch(data);
	}
	PG_END_TRY();
	if (error.sqlstate != 0)
		find_error(check, step, error);
	return error.sqlstate == 0;
}

/* Whose keys are used? */
static void
check_credential(Check *check)
{
	const QfCredential *credential = check->credential;
	int			shown = Min(strlen(credential->access_key) / 2, SHOWN_OF_KEY);
	const char *key = psprintf("%.*s...", shown, credential->access_key);
	const char *temporary = credential->session_token != NULL ?
	qf_translate(" The keys are temporary (STS).") : "";

	if (credential->from_environment)
		find(check, STEP_CREDENTIAL, QF_CHECK_GOOD,
			 psprintf(qf_translate("Access key \"%s\", from the environment of the server process.%s"),
					  key, temporary), NULL);
	else
		find(check, STEP_CREDENTIAL, QF_CHECK_GOOD,
			 psprintf(qf_translate("Access key \"%s\", from the user mapping of \"%s\".%s"),
					  key, MappingUserName(credential->mapped_user),
					  temporary), NULL);
}

/* The way to the endpoint, as far as the first call has come. */
static void
check_connection(Check *check, const QfProbeError *error)
{
	const QfCall *call = check->probe->pages[QF_PROBE_FIRST];
	const QfConnectionFacts *facts = &check->probe->facts;
	const QfOptions *options = check->options;
	bool		connected = facts->connected || call->transfer.shaking;
	Step		failed = STEP_LIST;

	/* libcurl does not count a connection whose handshake fails. */
	if (!facts->resolved && !connected)
		failed = STEP_RESOLVE;
	else if (!connected)
		failed = STEP_CONNECT;
	else if (options->endpoint.tls && !facts->encrypted)
		failed = call->transfer.shaking ? STEP_TLS : STEP_CONNECT;

	if (failed > STEP_RESOLVE)
		find(check, STEP_RESOLVE, QF_CHECK_GOOD,
			 facts->address[0] == '\0' ? NULL :
			 options->proxy != NULL ?
			 psprintf(qf_translate("The proxy \"%s\" is at %s."),
					  options->proxy, facts->address) :
			 psprintf(qf_translate("\"%s\" is at %s."),
					  options->endpoint.host, facts->address), NULL);
	if (failed > STEP_CONNECT)
		find(check, STEP_CONNECT, QF_CHECK_GOOD,
			 psprintf(qf_translate("Port %d, after %d ms."), facts->port,
					  facts->connect_time), NULL);
	if (!options->endpoint.tls)
		find(check, STEP_TLS, QF_CHECK_NOT_MADE,
			 qf_translate("Does not apply: the endpoint begins with \"http://\"."),
			 NULL);
	else if (failed > STEP_TLS)
	{
		char		day[16] = "-";
		time_t		end = (time_t) facts->certificate_end;
		struct tm	tm;

		if (end != 0 && gmtime_r(&end, &tm) != NULL)
			(void) strftime(day, sizeof(day), "%Y-%m-%d", &tm);
		find(check, STEP_TLS, QF_CHECK_GOOD,
			 psprintf(qf_translate("%s; the certificate is good until %s."),
					  facts->tls_version, day), NULL);
	}
	if (failed < STEP_LIST)
		find_error(check, failed, *error);
	if (failed == STEP_TLS)
		check->findings[STEP_TLS].hint =
			qf_translate("The certificate has to be for the host of the option \"endpoint\", from an authority that the system, or the file of the option \"ca_file\", knows.");
}

/* How far the clock is from that of the endpoint, by the Date of an answer. */
static void
check_clock(Check *check)
{
	const QfReply *reply = &check->probe->pages[QF_PROBE_FIRST]->reply;
	int64		ahead;

	if (reply->transport != QF_TRANSPORT_ANSWERED)
		return;
	if (reply->header.date < 0)
	{
		find(check, STEP_CLOCK, QF_CHECK_NOT_MADE,
			 qf_translate("The answer does not say what time it is."), NULL);
		return;
	}
	ahead = check->probe->received - reply->header.date;
	if (ahead >= -CLOCK_TOLERANCE && ahead <= CLOCK_TOLERANCE)
		find(check, STEP_CLOCK, QF_CHECK_GOOD,
			 psprintf(qf_translate("Differs by %d s."), (int) ahead), NULL);
	else
		find(check, STEP_CLOCK, QF_CHECK_BAD,
			 psprintf(ahead > 0 ?
					  qf_translate("The clock of the database server is %lld s fast.") :
					  qf_translate("The clock of the database server is %lld s slow."),
					  (long long) (ahead > 0 ? ahead : -ahead)),
			 qf_translate("Have the clock of the database server set by NTP. Signatures are only good for a time; with \"https://\" the time of the service is used once it has refused one."));
}

/* Was the signature accepted, and was the list given? */
static void
check_list(Check *check, const QfProbeError *error)
{
	const QfCall *call = check->probe->pages[QF_PROBE_FIRST];

	if (qf_probe_answered(call))
	{
		find(check, STEP_SIGNATURE, QF_CHECK_GOOD, NULL, NULL);
		find(check, STEP_LIST, QF_CHECK_GOOD,
			 psprintf(call->answer->next_marker != NULL ?
					  qf_translate("Tasks on the first page: %d, and more follow.") :
					  qf_translate("Tasks: %d."), call->answer->nitems), NULL);
		return;
	}
	if (error->sqlstate == ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION ||
		(call->answer->code != NULL &&
		 strcmp(call->answer->code, "RequestExpired") == 0))
	{
		find_error(check, STEP_SIGNATURE, *error);
		return;
	}
	/* Who is known may still be refused. */
	if (error->sqlstate == ERRCODE_INSUFFICIENT_PRIVILEGE &&
		call->answer->code != NULL)
		find(check, STEP_SIGNATURE, QF_CHECK_GOOD, NULL, NULL);
	find_error(check, STEP_LIST, *error);
}

/* How is an id answered that does not exist? */
static void
check_absence(Check *check)
{
	QfProbe    *probe = check->probe;
	const QfCall *call;

	if (!qf_probe_absence(probe))
	{
		find_error(check, STEP_ABSENCE, qf_probe_error(probe, probe->absent));
		return;
	}
	call = probe->absent;
	if (call->answer->code == NULL)
		find(check, STEP_ABSENCE, QF_CHECK_GOOD,
			 psprintf(qf_translate("An unknown id is answered with HTTP %d."),
					  call->reply.status), NULL);
	else
		find(check, STEP_ABSENCE, QF_CHECK_GOOD,
			 psprintf(qf_translate("An unknown id is answered with HTTP %d, %s."),
					  call->reply.status,
					  qf_api_error_text(call, call->answer->code, 100)), NULL);
}

/* What tasks can tell, for there is a list. */
static void
check_tasks(Check *check)
{
	QfProbe    *probe = check->probe;

	/* The detail first: a shorter page may come in the place of this one. */
	if (probe->pages[QF_PROBE_FIRST]->answer->nitems == 0)
	{
		const char *detail = qf_translate("The account has no tasks.");

		find(check, STEP_PAGING, QF_CHECK_NOT_MADE, detail, NULL);
		find(check, STEP_DETAIL, QF_CHECK_NOT_MADE, detail, NULL);
		find(check, STEP_SPELLING, QF_CHECK_NOT_MADE, detail, NULL);
		return;
	}
	if (qf_probe_detail(probe))
		check->findings[STEP_DETAIL] = qf_finding_detail(probe);
	else
		find_error(check, STEP_DETAIL, qf_probe_error(probe, probe->detail));
	check->findings[STEP_SPELLING] = qf_finding_spelling(probe);

	(void) (qf_probe_page(probe, QF_PROBE_SECOND) &&
			qf_probe_page(probe, QF_PROBE_LAST) &&
			qf_probe_page(probe, QF_PROBE_LAST_BUT_ONE));
	check->findings[STEP_PAGING] = qf_finding_paging(probe);
}

/* Everything that asks the service. */
static void
check_service(Check *check)
{
	QfProbe    *probe = qf_probe_create(CurrentMemoryContext, check->options,
										check->credential);
	QfProbeError error = {0};

	check->probe = probe;
	if (!qf_probe_page(probe, QF_PROBE_FIRST))
		error = qf_probe_error(probe, probe->pages[QF_PROBE_FIRST]);
	if (error.sqlstate == ERRCODE_PROGRAM_LIMIT_EXCEEDED)
	{
		find_error(check, STEP_LIST, error);
		return;
	}
	check_connection(check, &error);
	check_clock(check);
	if (probe->pages[QF_PROBE_FIRST]->reply.transport != QF_TRANSPORT_ANSWERED)
	{
		if (check->findings[STEP_CONNECT].verdict == QF_CHECK_GOOD &&
			check->findings[STEP_TLS].verdict != QF_CHECK_BAD)
			find_error(check, STEP_LIST, error);
		return;
	}
	check_list(check, &error);
	if (check->findings[STEP_LIST].verdict == QF_CHECK_GOOD)
		check_tasks(check);
	if (check->findings[STEP_SIGNATURE].verdict == QF_CHECK_GOOD)
		check_absence(check);
}

/*
 * qf_check_run
 *		Check a server for the current user, and hand each step to the sink.
 *
 * Everything lives in a context of its own, which is gone at the end.  Raises
 * what is wrong with the session, not with the server: want of memory or
 * descriptors, a cancel.
 */
void
qf_check_run(Oid serverid, QfCheckSink sink, void *arg)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "qianfan_fdw check",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext oldcontext = MemoryContextSwitchTo(context);
	Check	   *check = palloc0_object(Check);

	for (int i = 0; i < lengthof(step_names); i++)
		find(check, i, QF_CHECK_NOT_MADE, qf_translate("Not made."), NULL);
	if (look_up(check, STEP_OPTIONS, serverid))
	{
		find(check, STEP_OPTIONS, QF_CHECK_GOOD,
			 qf_option_describe(check->options), NULL);
		if (look_up(check, STEP_CREDENTIAL, serverid))
		{
			check_credential(check);
			check_service(check);
		}
	}
	MemoryContextSwitchTo(oldcontext);
	for (int i = 0; i < lengthof(step_names); i++)
		sink(arg, step_names[i], check->findings[i].verdict,
			 check->findings[i].detail, check->findings[i].hint);
	MemoryContextDelete(context);
}
