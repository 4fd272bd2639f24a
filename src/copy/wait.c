/*
 * wait.c
 *	  CALL qianfan_fdw_wait(): return when tasks have ended.
 *
 * A transaction ends after each look, so between two looks there is no
 * snapshot, and no VACUUM is held back.
 *
 * src/copy/wait.c
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "common/pg_prng.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "storage/latch.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

#include "base/nls.h"
#include "copy/arguments.h"
#include "copy/poll.h"
#include "copy/source.h"

/* Limits of a pause, in milliseconds, and how much longer each one is. */
#define SHORTEST_PAUSE 5000.0
#define LONGEST_PAUSE 60000.0
#define GROWTH 1.5

/* The part of a pause that is left to chance, so that sessions spread. */
#define JITTER 0.2

/* Most tasks that a message names. */
#define MOST_NAMED 50

typedef bool (*TaskTest) (const QfPoll *poll, const QfPollTask *task);

PG_FUNCTION_INFO_V1(qianfan_fdw_wait);

static bool
is_pending(const QfPoll *poll, const QfPollTask *task)
{
	return !task->ended;
}

static bool
is_failed(const QfPoll *poll, const QfPollTask *task)
{
	return task->ended &&
		!qf_source_is_good(poll->source->resource, task->state);
}

static int
count_tasks(const QfPoll *poll, TaskTest test)
{
	int			count = 0;

	for (int i = 0; i < poll->ntasks; i++)
		count += test(poll, &poll->tasks[i]);
	return count;
}

/* The ids of those tasks, as an array. */
static Datum
collect_ids(const QfPoll *poll, TaskTest test)
{
	ArrayBuildState *ids = initArrayResult(TEXTOID, CurrentMemoryContext, false);

	for (int i = 0; i < poll->ntasks; i++)
	{
		if (test(poll, &poll->tasks[i]))
			ids = accumArrayResult(ids, CStringGetTextDatum(poll->tasks[i].id),
								   false, TEXTOID, CurrentMemoryContext);
	}
	return makeArrayResult(ids, CurrentMemoryContext);
}

/* Ids and states of those tasks, for a message. */
static char *
describe_tasks(const QfPoll *poll, TaskTest test)
{
	StringInfoData list;
	int			named = 0;

	initStringInfo(&list);
	for (int i = 0; i < poll->ntasks; i++)
	{
		const QfPollTask *task = &poll->tasks[i];

		if (!test(poll, task))
			continue;
		if (named == MOST_NAMED)
		{
			appendStringInfoString(&list, ", ...");
			break;
		}
		appendStringInfo(&list, "%s%s (%s)", named++ > 0 ? ", " : "",
						 task->id, task->state != NULL ? task->state : "?");
	}
	return list.data;
}

/* Raise P0001 if a task has failed, or if there is no time left for it. */
static void
check_success(const QfPoll *poll, bool time_is_up)
{
	int			nfailed = count_tasks(poll, is_failed);

	if (nfailed > 0)
		ereport(ERROR,
				(errcode(ERRCODE_RAISE_EXCEPTION),
				 errmsg_plural("%d task did not succeed",
							   "%d tasks did not succeed", nfailed, nfailed),
				 errdetail("Tasks and their states: %s.",
						   describe_tasks(poll, is_failed))));
	if (time_is_up && poll->nleft > 0)
		ereport(ERROR,
				(errcode(ERRCODE_RAISE_EXCEPTION),
				 errmsg_plural("%d task has not ended in time",
							   "%d tasks have not ended in time",
							   poll->nleft, poll->nleft),
				 errdetail("Tasks and their states: %s.",
						   describe_tasks(poll, is_pending))));
}

/* Sleep so many milliseconds, or less; interrupts are served at once. */
static void
sleep_until(TimestampTz end)
{
	for (;;)
	{
		long		left = TimestampDifferenceMilliseconds(GetCurrentTimestamp(),
														   end);

		CHECK_FOR_INTERRUPTS();
		if (left <= 0)
			return;
		(void) WaitLatch(MyLatch,
						 WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
						 left, WAIT_EVENT_PG_SLEEP);
		ResetLatch(MyLatch);
	}
}

/* Look, pause, look again, until all have ended or the time is up. */
static void
wait_for_tasks(QfPoll *poll, TimestampTz deadline, bool must_succeed)
{
	double		longest = SHORTEST_PAUSE / (1 - JITTER);

	while (poll->nleft > 0)
	{
		TimestampTz now;
		TimestampTz next;
		bool		time_is_up;

		qf_poll_ask(poll);
		now = GetCurrentTimestamp();
		time_is_up = now >= deadline;
		if (must_succeed)
			check_success(poll, time_is_up);
		SPI_commit();
		if (poll->nleft == 0 || time_is_up)
			return;
		next = TimestampTzPlusMilliseconds(now, (int64)
										   (longest * (1 - JITTER * pg_prng_double(&pg_global_prng_state))));
		sleep_until(Min(next, deadline));
		longest = Min(longest * GROWTH, LONGEST_PAUSE);
	}
}

/* The time when it is to end; far away if that is beyond all times. */
static TimestampTz
read_deadline(Interval *timeout)
{
	Datum		now = TimestampTzGetDatum(GetCurrentTimestamp());

	return DatumGetTimestampTz(DirectFunctionCall2(timestamptz_pl_interval,
												   now,
												   IntervalPGetDatum(timeout)));
}

/* The row of INOUT arguments: pending, failed. */
static Datum
make_result(FunctionCallInfo fcinfo, const QfPoll *poll)
{
	TupleDesc	desc;
	Datum		values[2];
	bool		nulls[2] = {false};

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	values[0] = collect_ids(poll, is_pending);
	values[1] = collect_ids(poll, is_failed);
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values,
											 nulls));
}

/*
 * qianfan_fdw_wait
 *		Return when all these tasks have ended, or at the timeout.
 *
 * Raises 2D000 where it cannot commit, P0001 if tasks must succeed and do not,
 * and all that a scan raises.
 */
Datum
qianfan_fdw_wait(PG_FUNCTION_ARGS)
{
	static const char *const names[] = {
		"source", "ids", "timeout", "must_succeed"
	};
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "qianfan_fdw wait",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext oldcontext = MemoryContextSwitchTo(context);
	ArrayType  *ids;
	QfPoll	   *poll;
	TimestampTz deadline;
	Datum		result;

	qf_arguments_check(fcinfo, names, lengthof(names));
	ids = PG_GETARG_ARRAYTYPE_P_COPY(1);
	deadline = read_deadline(PG_GETARG_INTERVAL_P(2));
	qf_arguments_connect(fcinfo, true, "qianfan_fdw_wait");
	MemoryContextSwitchTo(context);
	poll = qf_poll_create(qf_source_read_tasks(PG_GETARG_OID(0)), ids);
	wait_for_tasks(poll, deadline, PG_GETARG_BOOL(3));
	SPI_finish();
	MemoryContextSwitchTo(oldcontext);
	result = make_result(fcinfo, poll);
	MemoryContextDelete(context);
	return result;
}
