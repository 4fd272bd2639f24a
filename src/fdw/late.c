/*
 * late.c
 *	  Items of a list sorted, and their details asked for in that order, as
 *	  rows are pulled.
 *
 * First the list is read to its end, and what it says of each item is sorted,
 * on disk beyond work_mem.  Then items are taken out in order into a short
 * line, in which they wait for their details.  How long that is depends on who
 * reads us (reader.c); so a LIMIT above costs as many detail calls as it has
 * rows.
 *
 * The columns that keys are made of keep in the row what the item said, even
 * if the detail says otherwise by then: whoever is above relies on the order.
 * So does the column by which the reading of the list ended.
 *
 * A task that has vanished since it was listed is no row; the next takes its
 * place.
 *
 * src/fdw/late.c
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "lib/ilist.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/tuplesort.h"

#include "api/reuse.h"
#include "base/compat.h"
#include "fdw/late.h"

/* Items in line per call in flight. */
#define LINE_FACTOR 4

/*
 * A sorted tuple has the columns of the table, then the keys that are none of
 * these, then the id, whether the item has all we need, and what the list said of
 * it if that may spare the call.
 */
struct QfSorter
{
	QfScan	   *scan;
	int			natts;			/* of the table */
	TupleDesc	desc;			/* of sorted tuples */
	int			nkeys;
	AttrNumber *key_columns;	/* for each key, in desc */
	ExprState **key_exprs;		/* NULL: the key is a column of the table */
	Oid		   *operators;
	Oid		   *collations;
	bool	   *nulls_first;
	Bitmapset  *kept;			/* columns of the table that keys are made of */
	QfRow	   *item_row;		/* what an item without details is kept with */
	TupleTableSlot *item_slot;	/* to make sorted tuples in */
	TupleTableSlot *sorted_slot;
	ExprContext *econtext;		/* reset with each item */
};

/* An item that has been taken out. */
typedef struct LateItem
{
	dlist_node	node;
	MinimalTuple tuple;
	bool		asked;			/* for its detail */
} LateItem;

struct QfLate
{
	QfSorter   *sorter;
	MemoryContext context;		/* of items, what is sorted, fetches */
	MemoryContext list_context; /* of the list */
	QfFetch    *list;			/* NULL: it has been read */
	QfFetch    *details;		/* NULL: none was asked for yet */
	Tuplesortstate *sort;		/* NULL: all is out */
	dlist_head	line;			/* of LateItem */
	int			nline;
	int64		ntaken;			/* items taken out so far */
	LateItem   *current;		/* in the slot */
};

/* A key that is nothing but a column of the table; else 0. */
static AttrNumber
key_column(Expr *expr)
{
	while (IsA(expr, RelabelType))
		expr = ((RelabelType *) expr)->arg;
	return IsA(expr, Var) ? ((Var *) expr)->varattno : 0;
}

/* Decide what sorted tuples look like. */
static void
set_up_keys(QfSorter *sorter)
{
	QfScan	   *scan = sorter->scan;
	ForeignScan *plan = (ForeignScan *) scan->node->ss.ps.plan;
	TupleDesc	table = scan->node->ss.ss_ScanTupleSlot->tts_tupleDescriptor;
	int			nkeys = list_length(scan->plan.sort_exprs);
	int			natts = table->natts;

	sorter->nkeys = nkeys;
	sorter->key_columns = palloc_array(AttrNumber, nkeys);
	sorter->key_exprs = palloc0(sizeof(ExprState *) * nkeys);
	sorter->operators = palloc_array(Oid, nkeys);
	sorter->collations = palloc_array(Oid, nkeys);
	sorter->nulls_first = palloc_array(bool, nkeys);
	sorter->desc = CreateTemplateTupleDesc(natts + nkeys + 3);
	for (int i = 1; i <= natts; i++)
		TupleDescCopyEntry(sorter->desc, i, table, i);

	for (int i = 0; i < nkeys; i++)
	{
		int			number = list_nth_int(scan->plan.sort_exprs, i);
		Expr	   *expr = list_nth(plan->fdw_exprs, number);
		AttrNumber	column = key_column(expr);

		/* A column of its own stays unused if the key has one already. */
		TupleDescInitEntry(sorter->desc, natts + i + 1, NULL,
						   exprType((Node *) expr),
						   exprTypmod((Node *) expr), 0);
		if (column == 0)
			sorter->key_exprs[i] = list_nth(scan->exprs, number);
		sorter->key_columns[i] = column != 0 ? column : natts + i + 1;
		sorter->operators[i] = list_nth_oid(scan->plan.sort_operators, i);
		sorter->collations[i] = list_nth_oid(scan->plan.sort_collations, i);
		sorter->nulls_first[i] =
			list_nth_int(scan->plan.sort_nulls_first, i) != 0;
	}
	TupleDescInitEntry(sorter->desc, natts + nkeys + 1, NULL, BYTEAOID, -1, 0);
	TupleDescInitEntry(sorter->desc, natts + nkeys + 2, NULL, BOOLOID, -1, 0);
	TupleDescInitEntry(sorter->desc, natts + nkeys + 3, NULL, BYTEAOID, -1, 0);
}

/*
 * What an item without details is kept with: what keys are made of and, if it
 * may become a row as it is, all that lists have of the columns needed.
 */
static QfRow *
create_item_row(QfSorter *sorter, bool keep_list_columns)
{
	QfScan	   *scan = sorter->scan;
	ForeignScan *plan = (ForeignScan *) scan->node->ss.ps.plan;
	Relation	rel = scan->node->ss.ss_currentRelation;
	QfSource   *sources = qf_field_sources(rel, scan->options->resource);
	Bitmapset  *used = NULL;
	Bitmapset  *columns;
	ListCell   *lc;
	int			i = -1;

	foreach(lc, scan->plan.sort_exprs)
		pull_varattnos((Node *) list_nth(plan->fdw_exprs, lfirst_int(lc)),
					   plan->scan.scanrelid, &used);
	if (scan->plan.order != QF_ORDER_NONE)
		pull_varattnos(list_nth(plan->fdw_exprs, scan->plan.order_expr),
					   plan->scan.scanrelid, &used);
	while ((i = bms_next_member(used, i)) >= 0)
		sorter->kept = bms_add_member(sorter->kept,
									  i + FirstLowInvalidHeapAttributeNumber);

	columns = bms_copy(sorter->kept);
	foreach(lc, scan->plan.attributes)
	{
		if (keep_list_columns && sources[lfirst_int(lc) - 1].in_list)
			columns = bms_add_member(columns, lfirst_int(lc));
	}
	return qf_row_create(rel, scan->options->resource, columns);
}

/*
 * qf_late_prepare
 *		Get ready for readings that are sorted as the plan says, in the current
 *		context, which is to be the scan's.
 *
 * keep_list_columns: some rows will be shown without their details.
 */
QfSorter *
qf_late_prepare(QfScan *scan, bool keep_list_columns)
{
	ScanState  *node = &scan->node->ss;
	QfSorter   *sorter = palloc0_object(QfSorter);

	sorter->scan = scan;
	sorter->natts = node->ss_ScanTupleSlot->tts_tupleDescriptor->natts;
	set_up_keys(sorter);
	sorter->item_row = create_item_row(sorter, keep_list_columns);
	sorter->econtext = CreateExprContext(node->ps.state);
	sorter->item_slot = MakeSingleTupleTableSlot(sorter->desc, &TTSOpsVirtual);
	sorter->sorted_slot = MakeSingleTupleTableSlot(sorter->desc,
												   &TTSOpsMinimalTuple);
	return sorter;
}

/* Free what does not go with the scan's context. */
void
qf_late_release(QfSorter *sorter)
{
	ExecDropSingleTupleTableSlot(sorter->item_slot);
	ExecDropSingleTupleTableSlot(sorter->sorted_slot);
}

/*
 * qf_late_create
 *		A reading, freed with "owner"; the caller starts the list of its fetch,
 *		with a filter that takes or skips items.  sort_mem is in kB.
 */
QfLate *
qf_late_create(QfSorter *sorter, MemoryContext owner, int sort_mem)
{
	QfLate	   *late = MemoryContextAllocZero(owner, sizeof(QfLate));
	MemoryContext oldcontext;

	late->sorter = sorter;
	late->context = AllocSetContextCreate(owner, "qianfan_fdw sorted items",
										  ALLOCSET_DEFAULT_SIZES);
	late->list_context = AllocSetContextCreate(late->context,
											   "qianfan_fdw sorted list",
											   ALLOCSET_DEFAULT_SIZES);
	dlist_init(&late->line);
	late->list = qf_scan_state_fetch(sorter->scan, late->list_context);
	qf_row_set_credential(sorter->item_row, sorter->scan->credential);
	oldcontext = MemoryContextSwitchTo(late->context);
	late->sort = tuplesort_begin_heap(sorter->desc, sorter->nkeys,
									  sorter->key_columns, sorter->operators,
									  sorter->collations, sorter->nulls_first,
									  sort_mem, NULL, TUPLESORT_NONE);
	MemoryContextSwitchTo(oldcontext);
	return late;
}

/* What the reading waits for; NULL: nothing. */
QfFetch *
qf_late_fetch(QfLate *late)
{
	return late->list != NULL ? late->list : late->details;
}

/* What the list says of an item, if that may spare the call for its detail. */
static char *
note_item(QfLate *late, const QfTask *task)
{
	return qf_reuse_may_confirm(qf_fetch_queue(late->list),
								late->sorter->scan->options->resource,
								task->id, task->object) ?
		qf_json_print(task->object) : NULL;
}

/* Ask for a detail; "noted" is what the list said, or NULL. */
static void
ask_detail(QfLate *late, const char *id, char *noted)
{
	MemoryContext context;
	const char *problem;

	if (noted == NULL)
	{
		qf_fetch_add_key(late->details, id, NULL);
		return;
	}
	context = AllocSetContextCreate(late->context, "qianfan_fdw noted item",
									ALLOCSET_DEFAULT_SIZES);
	qf_fetch_add_key(late->details, id,
					 qf_json_parse(context, noted, strlen(noted),
								   MaxAllocSize, &problem));
	MemoryContextDelete(context);
}

/* Add an item of the list to what is sorted. */
static void
sort_item(QfLate *late, const QfTask *task)
{
	QfSorter   *sorter = late->sorter;
	QfRow	   *row = sorter->scan->row;
	TupleTableSlot *slot = sorter->item_slot;
	bool		complete = !qf_row_lacks_member(row, task->object);
	int			place = sorter->natts;
	char	   *noted;
	MemoryContext oldcontext;

	ResetExprContext(sorter->econtext);
	oldcontext = MemoryContextSwitchTo(sorter->econtext->ecxt_per_tuple_memory);
	ExecClearTuple(slot);
	ExecStoreAllNullTuple(slot);
	qf_row_fill(complete ? row : sorter->item_row, task->object, task->id,
				slot->tts_values, slot->tts_isnull);
	sorter->econtext->ecxt_scantuple = slot;
	for (int i = 0; i < sorter->nkeys; i++, place++)
	{
		if (sorter->key_exprs[i] != NULL)
			slot->tts_values[place] =
				ExecEvalExpr(sorter->key_exprs[i], sorter->econtext,
							 &slot->tts_isnull[place]);
	}
	slot->tts_values[place] = PointerGetDatum(cstring_to_text(task->id));
	slot->tts_isnull[place++] = false;
	slot->tts_values[place] = BoolGetDatum(complete);
	slot->tts_isnull[place++] = false;
	noted = complete ? NULL : note_item(late, task);
	if (noted != NULL)
		slot->tts_values[place] = PointerGetDatum(cstring_to_text(noted));
	slot->tts_isnull[place] = noted == NULL;
	MemoryContextSwitchTo(oldcontext);
	tuplesort_puttupleslot(late->sort, slot);
}

/* Read the list to its end; returns false if that would mean to wait. */
static bool
read_list(QfLate *late)
{
	QfTask		task;

	for (;;)
	{
		/* Nobody can want less than all of it. */
		qf_fetch_set_wanted(late->list, PG_INT64_MAX);
		if (!qf_scan_state_may_fetch(late->sorter->scan, late->list))
			return false;
		if (!qf_fetch_next(late->list, &task))
			break;
		sort_item(late, &task);
	}
	late->list = NULL;
	MemoryContextDelete(late->list_context);
	tuplesort_performsort(late->sort);
	return true;
}

/* Take the next item out of what is sorted, to the end of the line. */
static void
take_item(QfLate *late)
{
	QfSorter   *sorter = late->sorter;
	QfScan	   *scan = sorter->scan;
	TupleTableSlot *slot = sorter->sorted_slot;
	int			width = sorter->desc->natts;
	MemoryContext oldcontext;
	LateItem   *item;
	bool		isnull;

	if (!tuplesort_gettupleslot(late->sort, true, false, slot, NULL))
	{
		tuplesort_end(late->sort);
		late->sort = NULL;
		return;
	}
	oldcontext = MemoryContextSwitchTo(late->context);
	item = palloc0_object(LateItem);
	item->tuple = ExecCopySlotMinimalTuple(slot);
	item->asked = late->ntaken++ >= scan->skip &&
		!DatumGetBool(slot_getattr(slot, width - 1, &isnull));
	if (item->asked)
	{
		Datum		id = slot_getattr(slot, width - 2, &isnull);
		Datum		noted = slot_getattr(slot, width, &isnull);

		if (late->details == NULL)
			late->details = qf_scan_state_fetch(scan, late->context);
		ask_detail(late, TextDatumGetCString(id),
				   isnull ? NULL : TextDatumGetCString(noted));
	}
	dlist_push_tail(&late->line, &item->node);
	late->nline++;
	MemoryContextSwitchTo(oldcontext);
	ExecClearTuple(slot);
}

/*
 * Take out as many items as the reader can want, and at least one.  More are
 * asked for than may be in flight, for the first may be slow while others are
 * answered.
 */
static void
fill_line(QfLate *late)
{
	QfScan	   *scan = late->sorter->scan;
	int			most = scan->options->max_concurrency * LINE_FACTOR;
	int64		wanted = qf_reader_wanted(scan->reader);

	if (wanted < 0 || wanted > most)
		wanted = most;
	while (late->sort != NULL && late->nline < Max(wanted, 1))
		take_item(late);
}

static void
free_item(LateItem *item)
{
	pfree(item->tuple);
	pfree(item);
}

/*
 * Make the row of an item: what the item said or, if that was not enough, what
 * its detail says, but for the columns that keys are made of.  The row lives
 * as long as the item.
 */
static void
show_item(QfLate *late, LateItem *item, const QfTask *task,
		  TupleTableSlot *slot)
{
	QfSorter   *sorter = late->sorter;
	TupleTableSlot *sorted = sorter->sorted_slot;
	int			i = -1;

	ExecStoreMinimalTuple(item->tuple, sorted, false);
	slot_getallattrs(sorted);
	if (task == NULL)
	{
		memcpy(slot->tts_values, sorted->tts_values,
			   sizeof(Datum) * sorter->natts);
		memcpy(slot->tts_isnull, sorted->tts_isnull,
			   sizeof(bool) * sorter->natts);
	}
	else
	{
		qf_row_fill(sorter->scan->row, task->object, task->id,
					slot->tts_values, slot->tts_isnull);
		while ((i = bms_next_member(sorter->kept, i)) >= 0)
		{
			slot->tts_values[i - 1] = sorted->tts_values[i - 1];
			slot->tts_isnull[i - 1] = sorted->tts_isnull[i - 1];
		}
	}
	ExecStoreVirtualTuple(slot);
	ExecClearTuple(sorted);
}

/*
 * qf_late_next
 *		The next row in order, valid until the next call.  False at the end, or
 *		if there is none without waiting and that must not be.
 */
bool
qf_late_next(QfLate *late, TupleTableSlot *slot)
{
	QfScan	   *scan = late->sorter->scan;

	if (late->current != NULL)
	{
		free_item(late->current);
		late->current = NULL;
	}
	if (late->list != NULL && !read_list(late))
		return false;

	for (;;)
	{
		LateItem   *item;
		QfTask		task;

		fill_line(late);
		if (dlist_is_empty(&late->line))
			return false;
		item = dlist_container(LateItem, node,
							   dlist_head_node(&late->line));
		if (item->asked)
		{
			/* Tasks come in the order they were asked for. */
			if (!qf_scan_state_may_fetch(scan, late->details))
				return false;
			if (!qf_fetch_next(late->details, &task))
				elog(ERROR, "task was not asked for");
		}
		(void) dlist_pop_head_node(&late->line);
		late->nline--;
		if (item->asked && task.object == NULL)
		{
			free_item(item);	/* vanished since it was listed */
			continue;
		}
		late->current = item;
		show_item(late, item, item->asked ? &task : NULL, slot);
		return true;
	}
}

/* Free what does not go with the owner; idempotent. */
void
qf_late_free(QfLate *late)
{
	if (late->sort != NULL)
		tuplesort_end(late->sort);
	late->sort = NULL;
}
