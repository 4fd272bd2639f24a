/*
 * limit.c
 *	  May another call be sent, and by which clock?
 *
 * A statement has a budget of calls, whatever servers it asks.  That an account
 * has a rate, whatever sessions ask it, is the matter of shared/line.c.
 *
 * src/api/limit.c
 */
#include "postgres.h"

#include <time.h>

#include "access/xact.h"
#include "utils/memutils.h"

#include "api/limit.h"
#include "base/guc.h"

/* Largest correction of our clock that an answer can make, seconds. */
#define MAX_CLOCK_OFFSET (24 * 60 * 60)

/* All in TopMemoryContext. */
struct QfLimit
{
	struct QfLimit *next;
	Oid			serverid;
	char	   *host;			/* whose clock it is */
	bool		tls;
	int64		clock_offset;	/* seconds to add to our clock */
};

static QfLimit *limits = NULL;

/* The statement whose calls are counted, and how many it has made. */
static TimestampTz budget_statement = 0;
static int64 budget_calls = 0;

/*
 * qf_limit_find
 *		What is known of a server.  It is there until the backend ends.
 *
 * A server that has another endpoint now has another clock.
 */
QfLimit *
qf_limit_find(const QfOptions *options)
{
	QfLimit    *limit;

	for (limit = limits; limit != NULL; limit = limit->next)
	{
		if (limit->serverid == options->serverid)
			break;
	}
	if (limit == NULL)
	{
		limit = MemoryContextAllocZero(TopMemoryContext, sizeof(QfLimit));
		limit->serverid = options->serverid;
		limit->next = limits;
		limits = limit;
	}
	if (limit->host == NULL || limit->tls != options->endpoint.tls ||
		strcmp(limit->host, options->endpoint.host) != 0)
	{
		char	   *host = MemoryContextStrdup(TopMemoryContext,
											   options->endpoint.host);

		if (limit->host != NULL)
			pfree(limit->host);
		limit->host = host;
		limit->tls = options->endpoint.tls;
		limit->clock_offset = 0;
	}
	return limit;
}

/*
 * qf_limit_has_budget
 *		May the current statement make another call?
 *
 * The time the client's message arrived identifies the statement, so functions
 * and scans of all servers count together.
 */
bool
qf_limit_has_budget(void)
{
	TimestampTz statement = GetCurrentStatementStartTimestamp();
	int			limit = qf_guc_max_requests();

	if (statement != budget_statement)
	{
		budget_statement = statement;
		budget_calls = 0;
	}
	return limit == 0 || budget_calls < limit;
}

/* The current statement makes a call. */
void
qf_limit_spend(void)
{
	budget_calls++;
}

/* How many calls the current statement has made so far. */
int64
qf_limit_spent(void)
{
	return GetCurrentStatementStartTimestamp() == budget_statement ?
		budget_calls : 0;
}

/* A call of that statement was not sent after all. */
void
qf_limit_refund(TimestampTz statement)
{
	if (statement == budget_statement)
		budget_calls--;
}

/* What the server's clock shows, as far as we know; seconds since 1970. */
int64
qf_limit_time(const QfLimit *limit)
{
	return (int64) time(NULL) + limit->clock_offset;
}

/*
 * qf_limit_learn_time
 *		The server says it is this time (seconds since 1970); false if that
 *		is not to be believed.
 */
bool
qf_limit_learn_time(QfLimit *limit, int64 date)
{
	int64		offset = date - (int64) time(NULL);

	if (date < 0 || offset > MAX_CLOCK_OFFSET || offset < -MAX_CLOCK_OFFSET)
		return false;
	limit->clock_offset = offset;
	return true;
}
