/*
 * poll.c
 *	  Ask how tasks are that are waited for.
 *
 * All that have not ended are asked for at once, by their ids, or through the
 * list where that takes fewer calls.  How many the list takes is told by
 * statistics at first, and then by the last time that it was read.  It is given
 * up when it has taken as many calls as there are ids.
 *
 * src/copy/poll.c
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "api/limit.h"
#include "base/compat.h"
#include "base/nls.h"
#include "copy/poll.h"
#include "fdw/cost.h"

/* The parameter that lets answers be taken from memory. */
#define ENABLE_CACHE "qianfan_fdw.enable_cache"

static int
compare_tasks(const void *a, const void *b)
{
	return strcmp((*(QfPollTask *const *) a)->id,
				  (*(QfPollTask *const *) b)->id);
}

/* Calls that the list takes, as far as statistics tell. */
static int64
estimate_list(const QfCopySource *source)
{
	HeapTuple	tuple = SearchSysCache1(RELOID,
										ObjectIdGetDatum(source->relid));
	double		tasks;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for relation %u", source->relid);
	tasks = ((Form_pg_class) GETSTRUCT(tuple))->reltuples;
	ReleaseSysCache(tuple);
	if (tasks < 0)
		tasks = QF_COST_DEFAULT_TUPLES;
	return Max(1, (int64) ceil(tasks / source->options->page_size));
}

/* Keep each id once. */
static void
add_tasks(QfPoll *poll, Datum *ids, int nids)
{
	QfPollTask *all = palloc0_array(QfPollTask, Max(nids, 1));
	QfPollTask **sorted = palloc_array(QfPollTask *, Max(nids, 1));

	for (int i = 0; i < nids; i++)
	{
		CHECK_FOR_INTERRUPTS();
		all[i].id = TextDatumGetCString(ids[i]);
		sorted[i] = &all[i];
	}
	qsort(sorted, nids, sizeof(QfPollTask *), compare_tasks);
	for (int i = 1; i < nids; i++)
		sorted[i]->ended = strcmp(sorted[i]->id, sorted[i - 1]->id) == 0;

	poll->tasks = palloc0_array(QfPollTask, Max(nids, 1));
	poll->sorted = palloc_array(QfPollTask *, Max(nids, 1));
	for (int i = 0; i < nids; i++)
	{
		if (all[i].ended)
			continue;
		poll->tasks[poll->ntasks] = all[i];
		poll->sorted[poll->ntasks] = &poll->tasks[poll->ntasks];
		poll->ntasks++;
	}
	qsort(poll->sorted, poll->ntasks, sizeof(QfPollTask *), compare_tasks);
	poll->nleft = poll->ntasks;
}

/*
 * qf_poll_create
 *		Get ready to ask for tasks, in the current context.
 *
 * Raises 22004 if one of the ids is NULL.
 */
QfPoll *
qf_poll_create(const QfCopySource *source, ArrayType *ids)
{
	QfPoll	   *poll = palloc0_object(QfPoll);
	Datum	   *values;
	int			nvalues;

	if (array_contains_nulls(ids))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("argument \"%s\" must not contain nulls", "ids")));
	deconstruct_array(ids, TEXTOID, -1, false, TYPALIGN_INT, &values, NULL,
					  &nvalues);
	poll->context = CurrentMemoryContext;
	poll->source = source;
	poll->list_calls = estimate_list(source);
	add_tasks(poll, values, nvalues);
	return poll;
}

/* "SELECT id, state FROM source" */
static char *
make_query(const QfCopySource *source)
{
	return psprintf("SELECT CAST(s.%s AS pg_catalog.text), CAST(s.%s AS pg_catalog.text) FROM %s AS s",
					quote_identifier(qf_source_column(source, source->id)),
					quote_identifier(qf_source_column(source, source->state)),
					source->sql_name);
}

/* Remember the states in the rows that SPI has; returns how many count. */
static int
note_states(QfPoll *poll)
{
	int			nfound = 0;

	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple	row = SPI_tuptable->vals[i];
		QfPollTask	wanted = {SPI_getvalue(row, SPI_tuptable->tupdesc, 1)};
		QfPollTask *key = &wanted;
		char	   *state = SPI_getvalue(row, SPI_tuptable->tupdesc, 2);
		QfPollTask **found;

		CHECK_FOR_INTERRUPTS();
		if (wanted.id == NULL)
			continue;
		found = bsearch(&key, poll->sorted, poll->ntasks,
						sizeof(QfPollTask *), compare_tasks);
		if (found == NULL || (*found)->ended)
			continue;
		nfound++;
		(*found)->state = state == NULL ? NULL :
			MemoryContextStrdup(poll->context, state);
		if (qf_source_is_final(poll->source->resource, state))
		{
			(*found)->ended = true;
			poll->nleft--;
		}
	}
	return nfound;
}

static void
ask_by_id(QfPoll *poll)
{
	ArrayBuildState *ids = initArrayResult(TEXTOID, CurrentMemoryContext, false);
	Oid			type = TEXTARRAYOID;
	Datum		value;
	char	   *sql;

	for (int i = 0; i < poll->ntasks; i++)
	{
		if (!poll->tasks[i].ended)
			ids = accumArrayResult(ids, CStringGetTextDatum(poll->tasks[i].id),
								   false, TEXTOID, CurrentMemoryContext);
	}
	value = makeArrayResult(ids, CurrentMemoryContext);
	sql = psprintf("%s WHERE s.%s OPERATOR(pg_catalog.=) ANY ($1)",
				   make_query(poll->source),
				   quote_identifier(qf_source_column(poll->source,
													 poll->source->id)));
	if (SPI_execute_with_args(sql, 1, &type, &value, NULL, false,
							  0) != SPI_OK_SELECT)
		elog(ERROR, "could not execute \"%s\"", sql);
	(void) note_states(poll);
	SPI_freetuptable(SPI_tuptable);
}

/*
 * Read the list until all tasks have been seen; false if it was given up,
 * because it has become clear that it takes more calls than ids do.
 */
static bool
ask_list(QfPoll *poll)
{
	char	   *sql = make_query(poll->source);
	int64		before = qf_limit_spent();
	int			nwanted = poll->nleft;
	int			nseen = 0;
	bool		at_end = false;
	SPIPlanPtr	plan = SPI_prepare(sql, 0, NULL);
	Portal		portal;

	if (plan == NULL)
		elog(ERROR, "could not prepare \"%s\"", sql);
	portal = SPI_cursor_open(NULL, plan, NULL, NULL, false);
	while (!at_end && nseen < nwanted)
	{
		if (qf_limit_spent() - before >= nwanted)
			break;
		SPI_cursor_fetch(portal, true, poll->source->options->page_size);
		at_end = SPI_processed < poll->source->options->page_size;
		nseen += note_states(poll);
		SPI_freetuptable(SPI_tuptable);
	}
	SPI_cursor_close(portal);
	poll->list_calls = qf_limit_spent() - before;
	if (at_end || nseen >= nwanted)
		return true;
	poll->list_calls++;
	return false;
}

/*
 * qf_poll_ask
 *		Find out the states of all tasks that had not ended; to be called within
 *		an SPI connection.
 *
 * What is kept in memory of earlier answers does not count.
 */
void
qf_poll_ask(QfPoll *poll)
{
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext,
												  "qianfan_fdw poll",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext oldcontext = MemoryContextSwitchTo(scratch);
	int			level = NewGUCNestLevel();

	if (qf_compat_find_parameter(ENABLE_CACHE) != NULL)
		(void) set_config_option(ENABLE_CACHE, "off", PGC_USERSET,
								 PGC_S_SESSION, GUC_ACTION_SAVE, true, 0,
								 false);
	if (poll->list_calls >= poll->nleft || !ask_list(poll))
		ask_by_id(poll);
	AtEOXact_GUC(true, level);
	MemoryContextSwitchTo(oldcontext);
	MemoryContextDelete(scratch);
}
