/*
 * order_scan.c
 *	  A scan that relies on the order of the list: when items are of, and
 *	  where the reading ends.
 *
 * It ends with the first item that a condition is not true of.  Where rows are
 * kept, that is a pause: conditions may have another value when the scan starts
 * over, and then more is read, or rows that are kept already are beyond the
 * end.
 *
 * src/fdw/order_scan.c
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "executor/executor.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "fdw/order_scan.h"

struct QfOrderScan
{
	QfScan	   *scan;
	QfListOrdering ordering;	/* what a fetch is told */
	AttrNumber	column;
	QfRow	   *row;			/* that column only */
	List	   *conditions;		/* ExprStates */
	bool		bounds_vary;	/* from one start of the scan to the next? */
	TupleTableSlot *slot;		/* to make items in */
	ExprContext *econtext;		/* reset with each item */
};

/* Callback of a fetch: when is an item of? */
static bool
time_of(const char *id, const QfJson *item, void *arg, int64 *time)
{
	QfOrderScan *order = arg;
	TupleTableSlot *slot = order->slot;
	MemoryContext oldcontext;
	int			place = order->column - 1;

	ResetExprContext(order->econtext);
	oldcontext = MemoryContextSwitchTo(order->econtext->ecxt_per_tuple_memory);
	ExecClearTuple(slot);
	qf_row_set_credential(order->row, order->scan->credential);
	qf_row_fill(order->row, item, id, slot->tts_values, slot->tts_isnull);
	MemoryContextSwitchTo(oldcontext);
	if (slot->tts_isnull[place])
		return false;
	*time = DatumGetTimestampTz(slot->tts_values[place]);
	return true;
}

/*
 * qf_order_scan_is_beyond
 *		Is a row, which has its item's time, beyond the end?
 */
bool
qf_order_scan_is_beyond(QfOrderScan *order, TupleTableSlot *slot)
{
	ExprContext *econtext = order->econtext;
	ListCell   *lc;

	econtext->ecxt_scantuple = slot;
	foreach(lc, order->conditions)
	{
		bool		isnull;
		Datum		value = ExecEvalExprSwitchContext(lfirst(lc), econtext,
													  &isnull);

		if (isnull || !DatumGetBool(value))
			return true;
	}
	return false;
}

/* Callback of a fetch: the same for an item. */
static bool
is_beyond(int64 time, void *arg)
{
	QfOrderScan *order = arg;
	TupleTableSlot *slot = order->slot;
	MemoryContext oldcontext;

	ResetExprContext(order->econtext);
	oldcontext = MemoryContextSwitchTo(order->econtext->ecxt_per_tuple_memory);
	ExecClearTuple(slot);
	ExecStoreAllNullTuple(slot);
	slot->tts_values[order->column - 1] = TimestampTzGetDatum(time);
	slot->tts_isnull[order->column - 1] = false;
	MemoryContextSwitchTo(oldcontext);
	return qf_order_scan_is_beyond(order, slot);
}

/*
 * The conditions that end the reading.  What was sorted cannot grow, so where
 * sorted rows are kept, no condition with a parameter may choose them.
 */
static void
set_up_conditions(QfOrderScan *order)
{
	QfScan	   *scan = order->scan;
	ForeignScan *plan = (ForeignScan *) scan->node->ss.ps.plan;
	ListCell   *lc;

	foreach(lc, scan->plan.run_exprs)
	{
		bool		varies = scan->keep_rows &&
		qf_scan_state_has_parameter(list_nth(plan->fdw_exprs,
											 lfirst_int(lc)), NULL);

		if (varies && scan->plan.sort_exprs != NIL)
			continue;
		order->bounds_vary = order->bounds_vary || varies;
		order->conditions = lappend(order->conditions,
									list_nth(scan->exprs, lfirst_int(lc)));
	}
}

/*
 * qf_order_scan_begin
 *		Get ready, in the scan's context, which is the current one; NULL if the
 *		plan relies on no order.
 */
QfOrderScan *
qf_order_scan_begin(QfScan *scan)
{
	ScanState  *node = &scan->node->ss;
	ForeignScan *plan = (ForeignScan *) node->ps.plan;
	Relation	rel = node->ss_currentRelation;
	QfOrderScan *order;

	if (scan->plan.order == QF_ORDER_NONE)
		return NULL;
	order = palloc0_object(QfOrderScan);
	order->scan = scan;
	order->column = ((Var *) list_nth(plan->fdw_exprs,
									  scan->plan.order_expr))->varattno;
	order->row = qf_row_create(rel, scan->options->resource,
							   bms_make_singleton(order->column));
	order->slot =
		MakeSingleTupleTableSlot(node->ss_ScanTupleSlot->tts_tupleDescriptor,
								 &TTSOpsVirtual);
	order->econtext = CreateExprContext(node->ps.state);
	set_up_conditions(order);
	order->ordering.turned = scan->plan.turned;
	order->ordering.falling = scan->plan.order == QF_ORDER_FALLING;
	order->ordering.time_of = time_of;
	order->ordering.is_beyond = order->conditions != NIL ? is_beyond : NULL;
	order->ordering.arg = order;
	return order;
}

/* Free what does not go with the scan's context. */
void
qf_order_scan_end(QfOrderScan *order)
{
	ExecDropSingleTupleTableSlot(order->slot);
}

/* What a fetch of the list is told; valid as long as the scan. */
const QfListOrdering *
qf_order_scan_ordering(QfOrderScan *order)
{
	return &order->ordering;
}

/* May the end be elsewhere when the scan starts over? */
bool
qf_order_scan_bounds_vary(const QfOrderScan *order)
{
	return order->bounds_vary;
}

/*
 * qf_order_scan_set_time
 *		Have a row show the item's time, even if the detail says otherwise by
 *		then: whoever is above relies on the order.
 */
void
qf_order_scan_set_time(const QfOrderScan *order, int64 time,
					   TupleTableSlot *slot)
{
	slot->tts_values[order->column - 1] = TimestampTzGetDatum(time);
	slot->tts_isnull[order->column - 1] = false;
}
