/*
 * sync.c
 *	  CALL qianfan_fdw_sync(): bring a local copy up to date.
 *
 * src/copy/sync.c
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "tcop/utility.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "api/limit.h"
#include "base/nls.h"
#include "copy/arguments.h"
#include "copy/merge.h"
#include "copy/source.h"
#include "copy/sync_lock.h"
#include "copy/target.h"

/* Tasks that are asked for by one query, where no number is given. */
#define BATCH_SIZE 10000

/* What becomes of rows whose task has vanished from the list. */
typedef enum Missing
{
	MISSING_KEEP,
	MISSING_MARK,
	MISSING_DELETE
} Missing;

typedef struct Sync
{
	Oid			source;
	Oid			target;
	Missing		missing;
	bool		only_new;
	int			commit_every;	/* tasks; 0: one transaction */
	bool		wait;
	int64		gone;			/* rows whose task is not in the list */
} Sync;

PG_FUNCTION_INFO_V1(qianfan_fdw_sync);

static Missing
read_missing(const char *text)
{
	if (strcmp(text, "keep") == 0)
		return MISSING_KEEP;
	if (strcmp(text, "mark") == 0)
		return MISSING_MARK;
	if (strcmp(text, "delete") == 0)
		return MISSING_DELETE;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid value for argument \"%s\": \"%s\"", "missing",
					text),
			 errhint("Valid values are: keep, mark, delete.")));
}

static void
read_arguments(FunctionCallInfo fcinfo, Sync *sync)
{
	static const char *const names[] = {
		"source", "target", "missing", "only_new", "commit_every", "wait"
	};

	qf_arguments_check(fcinfo, names, lengthof(names));
	sync->source = PG_GETARG_OID(0);
	sync->target = PG_GETARG_OID(1);
	sync->missing = read_missing(text_to_cstring(PG_GETARG_TEXT_PP(2)));
	sync->only_new = PG_GETARG_BOOL(3);
	sync->commit_every = PG_GETARG_INT32(4);
	sync->wait = PG_GETARG_BOOL(5);
	sync->gone = 0;
	if (sync->commit_every < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid value for argument \"%s\": %d",
						"commit_every", sync->commit_every),
				 errhint("Give a number of tasks, or 0 for one transaction.")));
}

/* Can the target tell what is new and what is unfinished? */
static void
check_only_new(const QfCopySource *source, const QfCopyTarget *target)
{
	const char *lacking = NULL;

	if (source->created == 0 ||
		TupleDescAttr(source->desc, source->created - 1)->atttypid != TIMESTAMPTZOID)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_COLUMN_NAME_NOT_FOUND),
				 errmsg("foreign table \"%s\" has no column of type timestamptz for the time of creation",
						source->relation),
				 errdetail("Without it one cannot tell which tasks are new.")));
	if (target->created == NULL)
		lacking = qf_source_column(source, source->created);
	else if (target->state == NULL)
		lacking = qf_source_column(source, source->state);
	if (lacking != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("table \"%s\" has no column \"%s\"",
						target->relation, lacking),
				 errdetail("Without it one cannot tell which tasks are new or unfinished."),
				 errhint("Add the column, or read the whole list.")));
}

/*
 * An empty list is what one gets with the keys of another account, so it is no
 * reason to throw a copy away.
 */
static void
check_empty_list(QfMerge *merge, const QfCopySource *source,
				 const QfCopyTarget *target, const Sync *sync)
{
	if (qf_merge_counts(merge)->listed > 0 || sync->missing == MISSING_KEEP ||
		(sync->missing == MISSING_MARK && !target->has_missing_since) ||
		qf_merge_count_missing(merge, sync->missing == MISSING_MARK) == 0)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("foreign table \"%s\" lists no tasks, but table \"%s\" has some",
					source->relation, target->relation),
			 errdetail("No row has been marked or deleted."),
			 errhint("Make sure that the keys are those of the right account. If all tasks are gone, delete the rows yourself, or call with missing => 'keep'.")));
}

static void
treat_missing(QfMerge *merge, Sync *sync)
{
	sync->gone = qf_merge_count_missing(merge, false);
	if (sync->gone == 0)
		return;
	if (sync->missing == MISSING_MARK)
		qf_merge_mark_missing(merge);
	else if (sync->missing == MISSING_DELETE)
		qf_merge_delete_missing(merge);
}

/* One after the other: what is in the list, the batches, what is not. */
static void
run(QfMerge *merge, const QfCopySource *source, const QfCopyTarget *target,
	Sync *sync)
{
	bool		commits = sync->commit_every > 0;

	qf_merge_read_list(merge, sync->only_new);
	if (!sync->only_new)
		check_empty_list(merge, source, target, sync);
	while (qf_merge_write_batch(merge, commits ? sync->commit_every :
								BATCH_SIZE))
	{
		CHECK_FOR_INTERRUPTS();
		if (commits)
			SPI_commit();
	}
	qf_merge_write_returned(merge);
	if (!sync->only_new)
		treat_missing(merge, sync);
	if (commits)
	{
		SPI_commit();
		qf_sync_lock_release();
	}
}

/*
 * Read the tables once nobody else changes the copy, and have it brought up to
 * date.  Files that outlive transactions belong to nobody but us, hence the
 * PG_TRY.
 */
static QfMergeCounts
synchronize(Sync *sync)
{
	const QfCopySource *source;
	const QfCopyTarget *target;
	QfMerge    *merge;
	QfMergeCounts counts;

	qf_target_check_privilege(sync->target);
	qf_sync_lock_take(sync->target, sync->commit_every > 0, sync->wait);
	source = qf_source_read_tasks(sync->source);
	target = qf_target_read(sync->target, source);
	if (sync->only_new)
		check_only_new(source, target);
	merge = qf_merge_create(source, target, sync->commit_every > 0);
	if (sync->commit_every == 0)
	{
		run(merge, source, target, sync);
		counts = *qf_merge_counts(merge);
		qf_merge_end(merge);
		return counts;
	}
	PG_TRY();
	{
		run(merge, source, target, sync);
		counts = *qf_merge_counts(merge);
	}
	PG_FINALLY();
	{
		qf_merge_end(merge);
	}
	PG_END_TRY();
	return counts;
}

/* The row of INOUT arguments: inserted, updated, unchanged, gone, calls. */
static Datum
make_result(FunctionCallInfo fcinfo, const QfMergeCounts *counts, int64 gone,
			int64 calls)
{
	TupleDesc	desc;
	Datum		values[5];
	bool		nulls[5] = {false};

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	values[0] = Int64GetDatum(counts->inserted);
	values[1] = Int64GetDatum(counts->updated);
	values[2] = Int64GetDatum(counts->listed + counts->unlisted -
							  counts->vanished - counts->inserted -
							  counts->updated);
	values[3] = Int64GetDatum(gone);
	values[4] = Int64GetDatum(calls);
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values,
											 nulls));
}

/*
 * qianfan_fdw_sync
 *		Bring a local table up to date with a foreign one: the list, then the
 *		details of what is new, has changed or has not ended.
 *
 * Raises, before any call, what is wrong with the arguments and the tables,
 * 55P03, 25006 and 2D000; then all that a scan raises; 55000 if the list is
 * empty and rows would go.
 */
Datum
qianfan_fdw_sync(PG_FUNCTION_ARGS)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "qianfan_fdw sync",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext oldcontext;
	Sync		sync;
	QfMergeCounts counts;
	int64		calls = qf_limit_spent();

	read_arguments(fcinfo, &sync);
	PreventCommandIfReadOnly("CALL qianfan_fdw_sync()");
	qf_arguments_connect(fcinfo, sync.commit_every > 0, "commit_every");
	oldcontext = MemoryContextSwitchTo(context);
	counts = synchronize(&sync);
	MemoryContextSwitchTo(oldcontext);
	SPI_finish();
	MemoryContextDelete(context);
	return make_result(fcinfo, &counts, sync.gone, qf_limit_spent() - calls);
}
