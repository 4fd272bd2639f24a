/*
 * scan_list.c
 *	  A scan of the list: what it is asked with, and which items cost a detail
 *	  call.
 *
 * A task is fetched at most once in a scan and shows one state, however often
 * the executor starts over.  So where it may, rows are kept, for each set of
 * parameters the list was asked with; what was kept is shown again without a
 * call.
 *
 * src/fdw/scan_list.c
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "executor/executor.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "optimizer/optimizer.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "fdw/keyset.h"
#include "fdw/late.h"
#include "fdw/order_scan.h"
#include "fdw/path.h"
#include "fdw/row_store.h"
#include "fdw/scan_list.h"

/*
 * One reading of the list with one set of parameters.  When all its rows have
 * been returned, neither fetch nor sorted items are left.
 */
typedef struct ListRun
{
	QfScan	   *scan;
	char	   *question;		/* what tells it from others */
	MemoryContext context;		/* of the fetch, and of what is sorted */
	QfFetch    *fetch;			/* NULL if sorted */
	QfLate	   *late;			/* NULL unless sorted */
	int64		nskipped;		/* items taken without their details ... */
	int64		nshown;			/* ... and of them, how many were returned */
	QfRowSequence *kept;		/* NULL: rows are not kept */
} ListRun;

typedef struct QfListScan
{
	ExprState  *qual;			/* what spares a detail call */
	QfRow	   *row;			/* the columns that takes */
	bool		may_skip;		/* may rows be shown without their details? */
	QfRow	   *bare_row;		/* what is then shown of them */
	QfSorter   *sorter;			/* NULL: rows come as they are listed */
	QfOrderScan *order;			/* NULL: the list's order is not relied on */
	bool		at_end;			/* of what is wanted this time */
	TupleTableSlot *slot;		/* to check items with */
	ExprContext *econtext;		/* likewise; reset with each item */
	MemoryContext value_context;	/* of parameters; reset with each rescan */
	List	   *runs;			/* of ListRun */
	ListRun    *run;			/* NULL: a parameter is NULL */
	QfRowStore *kept;			/* rows of all runs; NULL: they are not kept */
} QfListScan;

/* Prepare to fill some columns, given by pull_varattnos()'s numbers. */
static QfRow *
create_row(QfScan *scan, Bitmapset *used)
{
	Bitmapset  *needed = NULL;
	int			i = -1;

	while ((i = bms_next_member(used, i)) >= 0)
		needed = bms_add_member(needed,
								i + FirstLowInvalidHeapAttributeNumber);
	return qf_row_create(scan->node->ss.ss_currentRelation,
						 scan->options->resource, needed);
}

/*
 * What fills the columns that some quals look at.  Other columns stay out of
 * it: their types need not take what the list knows of them, which is NULL.
 */
static QfRow *
create_qual_row(QfScan *scan, List *quals)
{
	Scan	   *plan = (Scan *) scan->node->ss.ps.plan;
	Bitmapset  *used = NULL;

	pull_varattnos((Node *) quals, plan->scanrelid, &used);
	return create_row(scan, used);
}

/* Numbers of the needed columns, as pull_varattnos() has them. */
static Bitmapset *
needed_columns(const QfScan *scan, bool in_list)
{
	QfSource   *sources = qf_field_sources(scan->node->ss.ss_currentRelation,
										   scan->options->resource);
	Bitmapset  *columns = NULL;
	ListCell   *lc;

	foreach(lc, scan->plan.attributes)
	{
		int			number = lfirst_int(lc);

		if (sources[number - 1].in_list == in_list)
			columns = bms_add_member(columns,
									 number - FirstLowInvalidHeapAttributeNumber);
	}
	return columns;
}

/*
 * May rows that a Limit throws away be shown without their details?  Only if
 * that decides nothing and nothing is computed from it.
 */
static bool
may_skip(const QfScan *scan, List *quals)
{
	Plan	   *plan = scan->node->ss.ps.plan;
	Bitmapset  *details;
	ListCell   *lc;

	if (!scan->plan.details || !qf_reader_may_skip(scan->reader) ||
		list_length(quals) < list_length(plan->qual))
		return false;
	details = needed_columns(scan, false);
	foreach(lc, plan->targetlist)
	{
		Node	   *expr = (Node *) lfirst_node(TargetEntry, lc)->expr;
		Bitmapset  *used = NULL;

		if (IsA(expr, Var))
			continue;
		pull_varattnos(expr, ((Scan *) plan)->scanrelid, &used);
		if (bms_overlap(used, details) ||
			bms_is_member(0 - FirstLowInvalidHeapAttributeNumber, used))
			return false;
	}
	return true;
}

/*
 * The quals that items of the list are checked with before their detail.
 *
 * Rows that are kept must serve each parameter the scan is repeated with, so
 * no qual on one may choose them, but for those a run of the list is told by.
 */
static List *
item_quals(const QfScan *scan)
{
	List	   *all = scan->node->ss.ps.plan->qual;
	List	   *quals = NIL;
	ListCell   *lc;

	foreach(lc, scan->plan.list_quals)
	{
		if (!scan->keep_rows ||
			list_member_int(scan->plan.filter_quals, lfirst_int(lc)) ||
			!qf_scan_state_has_parameter(list_nth(all, lfirst_int(lc)), NULL))
			quals = lappend(quals, list_nth(all, lfirst_int(lc)));
	}
	return quals;
}

/* Set up, in the scan's context, which is the current one. */
void
qf_scan_list_begin(QfScan *scan)
{
	ScanState  *node = &scan->node->ss;
	QfListScan *by_list = palloc0_object(QfListScan);
	List	   *quals = item_quals(scan);

	scan->by_list = by_list;
	if (scan->keep_rows)
		by_list->kept = qf_row_store_create(scan->context);
	by_list->qual = ExecInitQual(quals, &node->ps);
	by_list->row = create_qual_row(scan, quals);
	by_list->may_skip = may_skip(scan, quals);
	if (by_list->may_skip)
		by_list->bare_row = create_row(scan, needed_columns(scan, true));
	if (scan->plan.sort_exprs != NIL)
		by_list->sorter = qf_late_prepare(scan, by_list->may_skip);
	by_list->order = qf_order_scan_begin(scan);
	by_list->econtext = CreateExprContext(node->ps.state);
	by_list->slot =
		MakeSingleTupleTableSlot(node->ss_ScanTupleSlot->tts_tupleDescriptor,
								 &TTSOpsVirtual);
	by_list->value_context = AllocSetContextCreate(scan->context,
												   "qianfan_fdw parameters",
												   ALLOCSET_SMALL_SIZES);
}

/* Does an item pass the quals that the list decides? */
static bool
passes(QfScan *scan, const char *id, const QfJson *item)
{
	QfListScan *by_list = scan->by_list;
	TupleTableSlot *slot = by_list->slot;
	ExprContext *econtext = by_list->econtext;
	MemoryContext oldcontext;

	if (by_list->qual == NULL)
		return true;
	ResetExprContext(econtext);
	oldcontext = MemoryContextSwitchTo(econtext->ecxt_per_tuple_memory);
	ExecClearTuple(slot);
	qf_row_fill(by_list->row, item, id, slot->tts_values, slot->tts_isnull);
	ExecStoreVirtualTuple(slot);
	MemoryContextSwitchTo(oldcontext);
	econtext->ecxt_scantuple = slot;
	return ExecQual(by_list->qual, econtext);
}

/* Is an item of the list wanted, and is it all we need? */
static QfFetchVerdict
judge_item(const char *id, const QfJson *item, void *arg)
{
	ListRun    *run = arg;
	QfScan	   *scan = run->scan;
	bool		bare = run->late != NULL || run->nskipped < scan->skip;

	if (!scan->plan.details ||
		(!bare && !qf_row_lacks_member(scan->row, item)))
		return QF_FETCH_TAKE;
	if (!passes(scan, id, item))
		return QF_FETCH_SKIP;
	if (!bare)
		return QF_FETCH_DETAIL;
	run->nskipped++;
	return QF_FETCH_TAKE;
}

/* What the list is asked with this time. */
typedef struct ListQuestion
{
	QfListFilter *filters;
	int			nfilters;
	bool		whole;			/* were values left out, being too many? */
	char	   *text;			/* the same for the same values only */
} ListQuestion;

/*
 * The values of a list parameter in the API's encoding; false if it has none,
 * so that its qual cannot be true.
 */
static bool
parameter_values(QfScan *scan, int number, QfListFilter *filter)
{
	ForeignScan *plan = (ForeignScan *) scan->node->ss.ps.plan;
	int			place = list_nth_int(scan->plan.filter_exprs, number);
	Expr	   *expr = list_nth(plan->fdw_exprs, place);
	ExprState  *state = list_nth(scan->exprs, place);
	ExprContext *econtext = scan->node->ss.ps.ps_ExprContext;
	bool		isnull;
	Datum		value;

	filter->parameter = strVal(list_nth(scan->plan.filters, number));
	if (qf_path_is_array(expr))
	{
		QfKeySet   *set = qf_keyset_evaluate_array(state, econtext);

		filter->values = set->keys;
		filter->nvalues = set->nkeys;
	}
	else
	{
		value = ExecEvalExprSwitchContext(state, econtext, &isnull);
		filter->values = palloc_object(char *);
		filter->values[0] = isnull ? NULL : qf_keyset_from_text(value);
		filter->nvalues = filter->values[0] != NULL ? 1 : 0;
	}
	return filter->nvalues > 0;
}

/*
 * Find out what the list is asked with this time, in the current context;
 * false if no row can be wanted.
 *
 * More values than the plan has thought of may be more lists than the list of
 * all has pages; then that is asked for.
 */
static bool
evaluate_filters(QfScan *scan, ListQuestion *question)
{
	int			nfilters = list_length(scan->plan.filters);
	StringInfoData text;

	initStringInfo(&text);
	question->filters = palloc_array(QfListFilter, Max(nfilters, 1));
	question->nfilters = 0;
	question->whole = false;
	for (int i = 0; i < nfilters; i++)
	{
		QfListFilter *filter = &question->filters[question->nfilters];

		if (!parameter_values(scan, i, filter))
			return false;
		appendStringInfo(&text, "%d:", filter->nvalues);
		for (int j = 0; j < filter->nvalues; j++)
		{
			CHECK_FOR_INTERRUPTS();
			appendStringInfo(&text, "%zu:%s", strlen(filter->values[j]),
							 filter->values[j]);
		}
		if (filter->nvalues > 1 && filter->nvalues > scan->plan.most_lists)
			question->whole = true;
		else
			question->nfilters++;
	}
	question->text = text.data;
	return true;
}

/* An earlier reading with the same parameters, if its rows were kept. */
static ListRun *
find_run(QfScan *scan, const ListQuestion *question)
{
	ListCell   *lc;

	foreach(lc, scan->by_list->runs)
	{
		ListRun    *run = lfirst(lc);

		CHECK_FOR_INTERRUPTS();
		if (run->kept != NULL && strcmp(run->question, question->text) == 0)
			return run;
	}
	return NULL;
}

/* Have a reading begin to read. */
static void
start_run(ListRun *run, const ListQuestion *question)
{
	QfScan	   *scan = run->scan;
	QfListScan *by_list = scan->by_list;
	int			share = list_length(by_list->runs) + 1;
	QfListing	listing = {
		.filters = question->filters,
		.nfilters = question->nfilters,
		.filter = judge_item,
		.filter_arg = run,
	};

	if (by_list->kept != NULL)
		run->kept = qf_row_sequence_create(by_list->kept);
	if (by_list->sorter != NULL)
	{
		/* The more there are, the less memory has each. */
		run->late = qf_late_create(by_list->sorter, run->context,
								   Max(work_mem / share, 64));
		run->fetch = qf_late_fetch(run->late);
	}
	else
	{
		run->fetch = qf_scan_state_fetch(scan, run->context);
		if (scan->plan.exact && !question->whole)
			listing.first_page = Max(qf_reader_limit(scan->reader), 0);
	}
	qf_row_set_credential(by_list->row, scan->credential);
	if (by_list->bare_row != NULL)
		qf_row_set_credential(by_list->bare_row, scan->credential);
	if (by_list->order != NULL)
		listing.ordering = qf_order_scan_ordering(by_list->order);
	qf_fetch_start_list(run->fetch, &listing);
}

/* A new reading. */
static ListRun *
create_run(QfScan *scan, const ListQuestion *question)
{
	MemoryContext oldcontext = MemoryContextSwitchTo(scan->context);
	ListRun    *run = palloc0_object(ListRun);

	run->scan = scan;
	run->question = pstrdup(question->text);
	run->context = AllocSetContextCreate(scan->context, "qianfan_fdw list",
										 ALLOCSET_DEFAULT_SIZES);
	start_run(run, question);
	scan->by_list->runs = lappend(scan->by_list->runs, run);
	MemoryContextSwitchTo(oldcontext);
	return run;
}

/*
 * Find out what the list is asked with this time.  A parameter that is NULL
 * makes its qual NULL, and the scan empty.
 */
void
qf_scan_list_start(QfScan *scan)
{
	QfListScan *by_list = scan->by_list;
	MemoryContext oldcontext;
	ListQuestion question;
	bool		wanted;

	by_list->run = NULL;
	by_list->at_end = false;
	scan->skip = by_list->may_skip ? qf_reader_skipped(scan->reader) : 0;
	MemoryContextReset(by_list->value_context);
	oldcontext = MemoryContextSwitchTo(by_list->value_context);
	wanted = evaluate_filters(scan, &question);
	MemoryContextSwitchTo(oldcontext);
	if (!wanted)
		return;

	by_list->run = find_run(scan, &question);
	if (by_list->run == NULL)
	{
		by_list->run = create_run(scan, &question);
		return;
	}
	qf_row_sequence_rewind(by_list->run->kept);
	if (by_list->run->fetch != NULL && by_list->order != NULL &&
		qf_order_scan_bounds_vary(by_list->order))
		qf_fetch_resume(by_list->run->fetch);
}

/* The next row that was kept, in the current context; false at the end. */
static bool
next_kept(ListRun *run, TupleTableSlot *slot)
{
	MinimalTuple tuple = qf_row_sequence_next(run->kept);

	if (tuple == NULL)
		return false;
	ExecForceStoreMinimalTuple(tuple, slot, false);
	return true;
}

/* All rows of a reading have been returned. */
static void
end_run(ListRun *run)
{
	if (run->late != NULL)
		qf_late_free(run->late);
	run->late = NULL;
	run->fetch = NULL;
	MemoryContextDelete(run->context);
	run->context = NULL;
}

/* The next row as it is listed; false if there is none, or none yet. */
static bool
next_listed(ListRun *run, TupleTableSlot *slot)
{
	QfScan	   *scan = run->scan;
	QfTask		task;

	for (;;)
	{
		QfRow	   *row = scan->row;

		/* A page is for many rows, so only a Limit keeps us from the next. */
		qf_fetch_set_wanted(run->fetch, scan->plan.details ?
							qf_reader_wanted(scan->reader) :
							qf_reader_left(scan->reader));
		if (!qf_scan_state_may_fetch(scan, run->fetch) ||
			!qf_fetch_next(run->fetch, &task))
			return false;
		if (task.object == NULL)
			continue;			/* vanished since it was listed */
		if (run->nshown < scan->skip)
		{
			run->nshown++;
			row = scan->by_list->bare_row;
		}
		qf_row_fill(row, task.object, task.id, slot->tts_values,
					slot->tts_isnull);
		if (scan->by_list->order != NULL)
			qf_order_scan_set_time(scan->by_list->order, task.time, slot);
		ExecStoreVirtualTuple(slot);
		return true;
	}
}

/* The next row that is not kept yet; false if there is none, or none yet. */
static bool
next_new(ListRun *run, TupleTableSlot *slot)
{
	QfScan	   *scan = run->scan;
	QfOrderScan *order = scan->by_list->order;

	if (run->context == NULL)
		return false;
	if (run->late != NULL ? qf_late_next(run->late, slot) :
		next_listed(run, slot))
	{
		if (run->kept != NULL)
			qf_row_sequence_add(run->kept,
								ExecCopySlotMinimalTuple(slot));
		return true;
	}

	/* What is paused may go on when the scan starts over. */
	if (!scan->would_wait &&
		!(run->kept != NULL && run->fetch != NULL && order != NULL &&
		  qf_order_scan_bounds_vary(order) &&
		  qf_fetch_is_paused(run->fetch)))
		end_run(run);
	return false;
}

/*
 * The next row of the list: one that was kept, or a new one.
 *
 * Kept rows, and those that stood in line when the scan started over, may be
 * beyond the end that is in force this time.
 */
bool
qf_scan_list_next(QfScan *scan, TupleTableSlot *slot)
{
	QfListScan *by_list = scan->by_list;
	ListRun    *run = by_list->run;

	if (run == NULL || by_list->at_end)
		return false;
	if (!(run->kept != NULL && next_kept(run, slot)) && !next_new(run, slot))
		return false;
	if (by_list->order != NULL && run->kept != NULL &&
		qf_order_scan_bounds_vary(by_list->order) &&
		qf_order_scan_is_beyond(by_list->order, slot))
	{
		ExecClearTuple(slot);
		by_list->at_end = true;
		return false;
	}
	return true;
}

/* Free what does not go with the scan's context. */
void
qf_scan_list_end(QfScan *scan)
{
	QfListScan *by_list = scan->by_list;
	ListCell   *lc;

	ExecDropSingleTupleTableSlot(by_list->slot);
	if (by_list->order != NULL)
		qf_order_scan_end(by_list->order);
	if (by_list->sorter != NULL)
		qf_late_release(by_list->sorter);
	foreach(lc, by_list->runs)
	{
		ListRun    *run = lfirst(lc);

		if (run->late != NULL)
			qf_late_free(run->late);
	}
	if (by_list->kept != NULL)
		qf_row_store_end(by_list->kept);
}
