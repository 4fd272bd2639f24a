/*
 * merge.c
 *	  What the list and the details say goes into the copy.
 *
 * The list is read to its end first, into a stage.  A query compares it with
 * the target and tells what has to be looked at; that is taken in batches, each
 * of which is one query for the details, one UPDATE and one INSERT.  Nothing
 * is read from the source while these write, so a transaction may end after
 * each batch.
 *
 * src/copy/merge.c
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "copy/merge.h"
#include "copy/merge_sql.h"
#include "copy/stage.h"

struct QfMerge
{
	MemoryContext context;		/* owns all this */
	MemoryContext batch;		/* reset with each batch */
	const QfCopySource *source;
	const QfCopyTarget *target;
	List	   *list_columns;	/* attribute numbers of the source */
	List	   *row_columns;
	QfStage    *list;			/* what the list has said */
	QfStage    *todo;			/* rows of it that are to be written */
	QfStage    *ids;			/* tasks that are to be asked for */
	QfStage    *rows;			/* a batch */
	QfMergeCounts counts;
};

/*
 * The list's columns: those of the target that it carries, and the state, by
 * which one tells whether a task has ended.
 */
static void
choose_columns(QfMerge *merge)
{
	const QfCopyTarget *target = merge->target;

	for (int i = 0; i < target->ncolumns; i++)
	{
		merge->row_columns = lappend_int(merge->row_columns,
										 target->columns[i].source);
		if (target->columns[i].in_list)
			merge->list_columns = lappend_int(merge->list_columns,
											  target->columns[i].source);
	}
	merge->list_columns = list_append_unique_int(merge->list_columns,
												 merge->source->state);
	if (!target->needs_details)
		merge->row_columns = merge->list_columns;
}

/* These columns of the source, the id under the collation of the target. */
static TupleDesc
make_desc(const QfMerge *merge, const List *attnums)
{
	TupleDesc	desc = CreateTemplateTupleDesc(list_length(attnums));
	AttrNumber	i = 0;
	const ListCell *lc;

	foreach(lc, attnums)
	{
		TupleDescCopyEntry(desc, ++i, merge->source->desc, lfirst_int(lc));
		if (lfirst_int(lc) == merge->source->id)
			TupleDescAttr(desc, i - 1)->attcollation =
				merge->target->columns[0].collation;
	}
	return desc;
}

static TupleDesc
make_id_desc(void)
{
	TupleDesc	desc = CreateTemplateTupleDesc(1);

	TupleDescInitEntry(desc, 1, "id", TEXTOID, -1, 0);
	return desc;
}

/* Raise what is wrong with a statement before anything is asked for. */
static void
check_statement(const char *sql)
{
	Oid			type = TIMESTAMPTZOID;

	if (sql != NULL && SPI_prepare(sql, 1, &type) == NULL)
		elog(ERROR, "could not prepare \"%s\": %s", sql,
			 SPI_result_code_string(SPI_result));
}

/*
 * qf_merge_create
 *		Get ready to bring a target up to date, in the current context; to be
 *		called within an SPI connection.
 *
 * Raises what is wrong with the types of the columns.
 */
QfMerge *
qf_merge_create(const QfCopySource *source, const QfCopyTarget *target,
				bool beyond_commit)
{
	QfMerge    *merge = palloc0_object(QfMerge);

	merge->context = CurrentMemoryContext;
	merge->batch = AllocSetContextCreate(merge->context, "qianfan_fdw batch",
										 ALLOCSET_DEFAULT_SIZES);
	merge->source = source;
	merge->target = target;
	choose_columns(merge);
	merge->list = qf_stage_create(QF_MERGE_LIST,
								  make_desc(merge, merge->list_columns),
								  beyond_commit);
	merge->todo = qf_stage_create(QF_MERGE_TODO,
								  make_desc(merge, merge->list_columns),
								  beyond_commit);
	merge->ids = qf_stage_create(QF_MERGE_IDS, make_id_desc(), beyond_commit);
	merge->rows = qf_stage_create(QF_MERGE_ROWS,
								  make_desc(merge, merge->row_columns),
								  beyond_commit);
	check_statement(qf_merge_sql_insert(source, target));
	check_statement(qf_merge_sql_update(source, target));
	return merge;
}

/* One parameter of a query. */
static ParamListInfo
make_parameter(Oid type, Datum value)
{
	ParamListInfo parameters = makeParamList(1);

	parameters->params[0].ptype = type;
	parameters->params[0].value = value;
	parameters->params[0].isnull = false;
	parameters->params[0].pflags = PARAM_FLAG_CONST;
	return parameters;
}

/* Write something at the present time, and return how many rows it were. */
static int64
write_rows(const char *sql)
{
	Oid			type = TIMESTAMPTZOID;
	Datum		now = TimestampTzGetDatum(GetCurrentTimestamp());
	int			result = SPI_execute_with_args(sql, 1, &type, &now, NULL,
											   false, 0);

	if (result < 0)
		elog(ERROR, "could not execute \"%s\": %s", sql,
			 SPI_result_code_string(result));
	return SPI_processed;
}

/* The value of a query that returns one. */
static Datum
read_value(const char *sql, bool *isnull)
{
	if (SPI_execute(sql, false, 0) != SPI_OK_SELECT || SPI_processed != 1)
		elog(ERROR, "could not execute \"%s\"", sql);
	return SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1,
						 isnull);
}

/* The part of the list that begins with the newest task of the target. */
static void
read_new_list(QfMerge *merge)
{
	bool		none;
	Datum		newest = read_value(qf_merge_sql_newest(merge->target), &none);

	merge->counts.listed =
		qf_stage_fill(merge->list,
					  qf_merge_sql_list(merge->source, merge->list_columns,
										!none),
					  none ? NULL : make_parameter(TIMESTAMPTZOID, newest));
}

/*
 * qf_merge_read_list
 *		Read the list, or with "only_new" the part that is new, and find out what
 *		has to be done for it.
 */
void
qf_merge_read_list(QfMerge *merge, bool only_new)
{
	const char *work = qf_merge_sql_work(merge->source, merge->target,
										 merge->list_columns);

	if (only_new)
		read_new_list(merge);
	else
		merge->counts.listed =
			qf_stage_fill(merge->list,
						  qf_merge_sql_list(merge->source,
											merge->list_columns, false),
						  NULL);
	(void) qf_stage_fill(merge->target->needs_details ? merge->ids :
						 merge->todo, work, NULL);
	if (only_new)
		merge->counts.unlisted =
			qf_stage_fill(merge->ids,
						  qf_merge_sql_unfinished(merge->source,
												  merge->target), NULL);
}

/* Move rows of the list into the batch; returns how many. */
static int64
take_rows(QfMerge *merge, int64 size)
{
	TupleTableSlot *slot = qf_stage_slot(merge->todo);
	int64		nrows = 0;

	while (nrows < size && qf_stage_next(merge->todo, slot))
	{
		CHECK_FOR_INTERRUPTS();
		qf_stage_put(merge->rows, slot);
		nrows++;
	}
	ExecDropSingleTupleTableSlot(slot);
	return nrows;
}

/* Ask for the next tasks; returns for how many. */
static int64
take_details(QfMerge *merge, int64 size)
{
	TupleTableSlot *slot = qf_stage_slot(merge->ids);
	ArrayBuildState *ids = initArrayResult(TEXTOID, CurrentMemoryContext, false);
	int64		nids = 0;

	while (nids < size && qf_stage_next(merge->ids, slot))
	{
		bool		isnull;
		Datum		id = slot_getattr(slot, 1, &isnull);

		CHECK_FOR_INTERRUPTS();
		ids = accumArrayResult(ids, id, isnull, TEXTOID, CurrentMemoryContext);
		nids++;
	}
	ExecDropSingleTupleTableSlot(slot);
	if (nids > 0)
		merge->counts.vanished += nids -
			qf_stage_fill(merge->rows,
						  qf_merge_sql_details(merge->source,
											   merge->row_columns),
						  make_parameter(TEXTARRAYOID,
										 makeArrayResult(ids,
														 CurrentMemoryContext)));
	return nids;
}

/*
 * qf_merge_write_batch
 *		Bring up to date what that has to be done for, "size" tasks at most;
 *		false if none was left.
 */
bool
qf_merge_write_batch(QfMerge *merge, int64 size)
{
	MemoryContext oldcontext = MemoryContextSwitchTo(merge->batch);
	bool		found;

	qf_stage_empty(merge->rows);
	found = take_rows(merge, size) > 0 || take_details(merge, size) > 0;
	if (found)
	{
		char	   *update = qf_merge_sql_update(merge->source, merge->target);

		if (update != NULL)
			merge->counts.updated += write_rows(update);
		merge->counts.inserted +=
			write_rows(qf_merge_sql_insert(merge->source, merge->target));
	}
	MemoryContextSwitchTo(oldcontext);
	MemoryContextReset(merge->batch);
	return found;
}

/* Unmark what the list has again; to be called after the last batch. */
void
qf_merge_write_returned(QfMerge *merge)
{
	if (merge->target->has_missing_since)
		merge->counts.updated +=
			write_rows(qf_merge_sql_returned(merge->target));
}

/* Rows whose task is not in the list; "unmarked": those without a mark. */
int64
qf_merge_count_missing(QfMerge *merge, bool unmarked)
{
	bool		isnull;

	return DatumGetInt64(read_value(qf_merge_sql_count_missing(merge->target,
															   unmarked),
									&isnull));
}

/* Mark them, if the target has a column for that. */
void
qf_merge_mark_missing(QfMerge *merge)
{
	if (merge->target->has_missing_since)
		(void) write_rows(qf_merge_sql_mark_missing(merge->target));
}

/* Delete them. */
void
qf_merge_delete_missing(QfMerge *merge)
{
	(void) write_rows(qf_merge_sql_delete_missing(merge->target));
}

/* What has been done so far. */
const QfMergeCounts *
qf_merge_counts(const QfMerge *merge)
{
	return &merge->counts;
}

/* Give back disk space that no transaction owns. */
void
qf_merge_end(QfMerge *merge)
{
	qf_stage_end(merge->list);
	qf_stage_end(merge->todo);
	qf_stage_end(merge->ids);
	qf_stage_end(merge->rows);
}
