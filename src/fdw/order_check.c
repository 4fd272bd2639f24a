/*
 * order_check.c
 *	  In which order is a list that is read to its end?  ANALYZE finds it out
 *	  for nothing.
 *
 * src/fdw/order_check.c
 */
#include "postgres.h"

#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "base/mask.h"
#include "base/nls.h"
#include "data/row.h"
#include "fdw/order_plan.h"
#include "fdw/order_check.h"

/* The first task that a list in some order would not have where it is. */
typedef struct Misfit
{
	char	   *id;				/* NULL: there is none */
	char	   *before;			/* the task before it */
} Misfit;

struct QfOrderCheck
{
	Relation	rel;
	const QfOptions *options;
	const QfCredential *credential;
	AttrNumber	column;
	QfRow	   *row;			/* that column only */
	MemoryContext context;		/* of this struct */
	MemoryContext row_context;	/* reset for each task */
	Datum	   *values;
	bool	   *nulls;
	char	   *last_id;		/* NULL: there was no task yet */
	TimestampTz last_time;
	char	   *timeless;		/* a task without a time; NULL: there is none */
	Misfit		rising;
	Misfit		falling;
};

/*
 * qf_order_check_create
 *		Get ready, in the current context; NULL if the table has no column that
 *		an order can be about.
 */
QfOrderCheck *
qf_order_check_create(Relation rel, const QfOptions *options,
					  const QfCredential *credential)
{
	TupleDesc	desc = RelationGetDescr(rel);
	QfSource   *sources = qf_field_sources(rel, options->resource);
	AttrNumber	column = qf_order_plan_column(rel, sources,
											  options->resource);
	QfOrderCheck *check;

	if (column == 0)
		return NULL;
	check = palloc0_object(QfOrderCheck);
	check->rel = rel;
	check->options = options;
	check->credential = credential;
	check->column = column;
	check->context = CurrentMemoryContext;
	check->row_context = AllocSetContextCreate(CurrentMemoryContext,
											   "qianfan_fdw analyze order",
											   ALLOCSET_SMALL_SIZES);
	check->row = qf_row_create(rel, options->resource,
							   bms_make_singleton(column));
	qf_row_set_credential(check->row, credential);
	check->values = palloc_array(Datum, desc->natts);
	check->nulls = palloc_array(bool, desc->natts);
	return check;
}

static void
note_misfit(QfOrderCheck *check, Misfit *misfit, const char *id)
{
	if (misfit->id != NULL)
		return;
	misfit->id = MemoryContextStrdup(check->context, id);
	misfit->before = MemoryContextStrdup(check->context, check->last_id);
}

/* The next task of the list. */
void
qf_order_check_add(QfOrderCheck *check, const QfTask *task)
{
	MemoryContext oldcontext;
	TimestampTz time;

	MemoryContextReset(check->row_context);
	oldcontext = MemoryContextSwitchTo(check->row_context);
	qf_row_fill(check->row, task->object, task->id, check->values,
				check->nulls);
	MemoryContextSwitchTo(oldcontext);
	if (check->nulls[check->column - 1])
	{
		if (check->timeless == NULL)
			check->timeless = MemoryContextStrdup(check->context, task->id);
		return;
	}

	time = DatumGetTimestampTz(check->values[check->column - 1]);
	if (check->last_id != NULL && time < check->last_time)
		note_misfit(check, &check->rising, task->id);
	if (check->last_id != NULL && time > check->last_time)
		note_misfit(check, &check->falling, task->id);
	if (check->last_id != NULL)
		pfree(check->last_id);
	check->last_id = MemoryContextStrdup(check->context, task->id);
	check->last_time = time;
}

/* Warn that the order is not the one that was declared. */
static void
warn(const QfOrderCheck *check, const Misfit *misfit)
{
	const char *noun = qf_translate(check->options->resource->noun);

	ereport(WARNING,
			(errcode(ERRCODE_FDW_UNABLE_TO_CREATE_REPLY),
			 errmsg("list of foreign table \"%s\" is not in the order that option \"%s\" declares",
					RelationGetRelationName(check->rel), "list_order"),
			 check->timeless != NULL ?
			 errdetail("The %s \"%s\" has no creation time.", noun,
					   qf_mask_text(check->credential, check->timeless,
									100)) :
			 check->options->list_order == QF_ORDER_FALLING ?
			 errdetail("The %s \"%s\" is listed after \"%s\", but is newer.",
					   noun,
					   qf_mask_text(check->credential, misfit->id, 100),
					   qf_mask_text(check->credential, misfit->before, 100)) :
			 errdetail("The %s \"%s\" is listed after \"%s\", but is older.",
					   noun,
					   qf_mask_text(check->credential, misfit->id, 100),
					   qf_mask_text(check->credential, misfit->before, 100)),
			 errhint("Set the option \"%s\" of the server or table to \"none\", or to the order that the list is really in.",
					 "list_order")));
}

/*
 * qf_order_check_report
 *		Warn if a declared order is wrong; where none is, say at this level
 *		which could be.
 *
 * whole: the list was read to its end.
 */
void
qf_order_check_report(const QfOrderCheck *check, bool whole, int elevel)
{
	const QfOptions *options = check->options;
	const Misfit *misfit = options->list_order == QF_ORDER_FALLING ?
	&check->falling : &check->rising;

	if (options->list_order != QF_ORDER_NONE)
	{
		if (check->timeless != NULL || misfit->id != NULL)
			warn(check, misfit);
		return;
	}

	/* Tasks of one time say nothing, nor do those that fit no order. */
	if (!whole || check->timeless != NULL ||
		(check->rising.id != NULL) == (check->falling.id != NULL))
		return;
	ereport(elevel,
			(errmsg("\"%s\": the list is in the order of \"%s\"; the option \"%s\" could be \"%s %s\"",
					RelationGetRelationName(check->rel),
					options->resource->order_column, "list_order",
					options->resource->order_column,
					check->rising.id == NULL ? "asc" : "desc")));
}
