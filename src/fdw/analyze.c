/*
 * analyze.c
 *	  ANALYZE: count and sample the tasks through the list.
 *
 * src/fdw/analyze.c
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_attribute.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/sampling.h"
#include "utils/syscache.h"

#include "api/fetch.h"
#include "base/nls.h"
#include "data/row.h"
#include "fdw/analyze.h"
#include "fdw/order_check.h"
#include "resource/resource.h"

/* Most tasks of the list that are looked at. */
#define MAX_LISTED 100000

/*
 * Of the sample the server asks for, the share that may cost a detail call:
 * at the default statistics target of 100, that is 300 of 30,000 rows.
 */
#define DETAIL_SHARE 100
#define MIN_DETAILS 100

/* A task in the sample. */
typedef struct SampledTask
{
	char	   *id;				/* NULL: the tuple is complete */
	HeapTuple	tuple;
} SampledTask;

typedef struct Sampler
{
	Relation	relation;
	QfRow	   *row;
	MemoryContext row_context;	/* reset for each row */
	Datum	   *values;
	bool	   *nulls;
	bool		details;		/* may a task cost a detail call? */
	SampledTask *tasks;
	int			ntasks;
	int			size;			/* of the sample */
	double		nlisted;
	QfOrderCheck *order;		/* NULL: the table does not show one */
} Sampler;

static int	acquire_sample(Relation relation, int elevel, HeapTuple *rows,
						   int targrows, double *totalrows,
						   double *totaldeadrows);
static void set_up_sampler(Sampler *sampler, Relation relation,
						   const QfOptions *options, int targrows);
static bool has_statistics(Relation relation, AttrNumber attnum);
static void sample_list(Sampler *sampler, QfFetch *fetch);
static void keep_task(Sampler *sampler, SampledTask *place,
					  const QfTask *task);
static HeapTuple form_tuple(Sampler *sampler, const QfTask *task);
static int	complete_sample(Sampler *sampler, QfFetch *fetch, HeapTuple *rows);

/* The table can be analyzed.  Makes no request yet. */
bool
qianfanAnalyzeForeignTable(Relation relation, AcquireSampleRowsFunc *func,
						   BlockNumber *totalpages)
{
	*func = acquire_sample;
	*totalpages = 1;			/* means nothing here, but must not be none */
	return true;
}

/*
 * Read the list, with the rights of the table's owner, and keep a random
 * sample.  A task that vanishes meanwhile is left out.
 */
static int
acquire_sample(Relation relation, int elevel, HeapTuple *rows, int targrows,
			   double *totalrows, double *totaldeadrows)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext context = AllocSetContextCreate(caller,
												  "qianfan_fdw analyze",
												  ALLOCSET_DEFAULT_SIZES);
	Oid			relid = RelationGetRelid(relation);
	QfCounters	counters = {0};
	Sampler		sampler = {0};
	QfListing	listing = {0};
	const QfOptions *options;
	const QfCredential *credential;
	QfFetch    *fetch;
	int			nrows;

	MemoryContextSwitchTo(context);
	options = qf_option_resolve(GetForeignServerIdByRelId(relid), relid);
	credential = qf_credential_find(relation->rd_rel->relowner,
									options->serverid, context);
	set_up_sampler(&sampler, relation, options, targrows);
	qf_row_set_credential(sampler.row, credential);
	sampler.order = qf_order_check_create(relation, options, credential);
	fetch = qf_fetch_create(context, options, credential, &counters);
	qf_fetch_start_list(fetch, &listing);
	sample_list(&sampler, fetch);

	fetch = qf_fetch_create(context, options, credential, &counters);
	MemoryContextSwitchTo(caller);
	nrows = complete_sample(&sampler, fetch, rows);

	ereport(elevel,
			(sampler.nlisted >= MAX_LISTED ?
			 errmsg("\"%s\": the list has %.0f %s or more; %d rows in sample, %lld API calls",
					RelationGetRelationName(relation), sampler.nlisted,
					qf_translate(options->resource->nouns), nrows,
					(long long) counters.calls) :
			 errmsg("\"%s\": the list has %.0f %s; %d rows in sample, %lld API calls",
					RelationGetRelationName(relation), sampler.nlisted,
					qf_translate(options->resource->nouns), nrows,
					(long long) counters.calls)));
	if (sampler.order != NULL)
		qf_order_check_report(sampler.order, sampler.nlisted < MAX_LISTED,
							  elevel);
	*totalrows = sampler.nlisted;
	*totaldeadrows = 0;
	MemoryContextDelete(context);
	return nrows;
}

/* Columns without statistics (SET STATISTICS 0) are not read. */
static void
set_up_sampler(Sampler *sampler, Relation relation, const QfOptions *options,
			   int targrows)
{
	TupleDesc	desc = RelationGetDescr(relation);
	QfSource   *sources = qf_field_sources(relation, options->resource);
	Bitmapset  *needed = NULL;

	for (int i = 0; i < desc->natts; i++)
	{
		if (sources[i].paths[0] == NULL || !has_statistics(relation, i + 1))
			continue;
		needed = bms_add_member(needed, i + 1);
		sampler->details = sampler->details || !sources[i].in_list;
	}
	sampler->relation = relation;
	sampler->row = qf_row_create(relation, options->resource, needed);
	sampler->row_context = AllocSetContextCreate(CurrentMemoryContext,
												 "qianfan_fdw analyze row",
												 ALLOCSET_DEFAULT_SIZES);
	sampler->values = palloc_array(Datum, Max(desc->natts, 1));
	sampler->nulls = palloc_array(bool, Max(desc->natts, 1));
	sampler->size = sampler->details ?
		Min(targrows, Max(targrows / DETAIL_SHARE, MIN_DETAILS)) : targrows;
	sampler->tasks = palloc0(sizeof(SampledTask) * Max(sampler->size, 1));
}

/* Read from the catalog, for the tuple descriptor has it up to 16 only. */
static bool
has_statistics(Relation relation, AttrNumber attnum)
{
	HeapTuple	tuple = SearchSysCache2(ATTNUM,
										ObjectIdGetDatum(RelationGetRelid(relation)),
										Int16GetDatum(attnum));
	Datum		target;
	bool		isnull;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for attribute %d of relation %u",
			 attnum, RelationGetRelid(relation));
	target = SysCacheGetAttr(ATTNUM, tuple, Anum_pg_attribute_attstattarget,
							 &isnull);
	ReleaseSysCache(tuple);
	return isnull || target != (Datum) 0;
}

/* Algorithm Z (Vitter), as for local tables. */
static void
sample_list(Sampler *sampler, QfFetch *fetch)
{
	ReservoirStateData reservoir;
	double		skip = -1;
	QfTask		task;

	reservoir_init_selection_state(&reservoir, sampler->size);
	while (sampler->nlisted < MAX_LISTED && qf_fetch_next(fetch, &task))
	{
		if (sampler->ntasks < sampler->size)
			keep_task(sampler, &sampler->tasks[sampler->ntasks++], &task);
		else
		{
			if (skip < 0)
				skip = reservoir_get_next_S(&reservoir, sampler->nlisted,
											sampler->size);
			if (skip <= 0)
			{
				int			victim = (int) (sampler->size *
											sampler_random_fract(&reservoir.randstate));

				keep_task(sampler, &sampler->tasks[victim], &task);
			}
			skip -= 1;
		}
		if (sampler->order != NULL)
			qf_order_check_add(sampler->order, &task);
		sampler->nlisted += 1;
	}
}

/*
 * Put a task into the sample, in place of the one that is there, if any: its
 * row, or its id if the row takes a call.
 */
static void
keep_task(Sampler *sampler, SampledTask *place, const QfTask *task)
{
	if (place->id != NULL)
		pfree(place->id);
	if (place->tuple != NULL)
		heap_freetuple(place->tuple);

	if (sampler->details && qf_row_lacks_member(sampler->row, task->object))
	{
		place->id = pstrdup(task->id);
		place->tuple = NULL;
	}
	else
	{
		place->id = NULL;
		place->tuple = form_tuple(sampler, task);
	}
}

static HeapTuple
form_tuple(Sampler *sampler, const QfTask *task)
{
	MemoryContext oldcontext = MemoryContextSwitchTo(sampler->row_context);

	MemoryContextReset(sampler->row_context);
	qf_row_fill(sampler->row, task->object, task->id, sampler->values,
				sampler->nulls);
	MemoryContextSwitchTo(oldcontext);
	return heap_form_tuple(RelationGetDescr(sampler->relation),
						   sampler->values, sampler->nulls);
}

/* Fetch what is missing; returns the rows, in the current context. */
static int
complete_sample(Sampler *sampler, QfFetch *fetch, HeapTuple *rows)
{
	int			nrows = 0;
	int			next = 0;
	QfTask		task;

	for (int i = 0; i < sampler->ntasks; i++)
	{
		if (sampler->tasks[i].tuple != NULL)
		{
			rows[nrows++] = heap_copytuple(sampler->tasks[i].tuple);
			continue;
		}
		for (; next < sampler->ntasks && (next <= i || qf_fetch_room(fetch) > 0);
			 next++)
		{
			if (sampler->tasks[next].id != NULL)
				qf_fetch_add_key(fetch, sampler->tasks[next].id, NULL);
		}
		if (qf_fetch_next(fetch, &task) && task.object != NULL)
			rows[nrows++] = form_tuple(sampler, &task);
	}
	return nrows;
}
