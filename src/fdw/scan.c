/*
 * scan.c
 *	  Begin, Iterate, ReScan, End: adapter over the ways to scan.
 *
 * Memory: everything hangs from the "scan" context, which lives as long as
 * the execution.  Rows are built in the executor's per-tuple context.
 *
 * src/fdw/scan.c
 */
#include "postgres.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "access/htup_details.h"
#include "executor/executor.h"
#include "foreign/fdwapi.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "fdw/modify.h"
#include "fdw/scan.h"
#include "fdw/scan_key.h"
#include "fdw/scan_list.h"
#include "fdw/start.h"

/* What a query holds at its end, in bytes, for the end to be felt. */
#define MUCH (4 * 1024 * 1024)

/* What fills the columns that the plan needs. */
static QfRow *
create_row(const QfScan *scan)
{
	Bitmapset  *needed = NULL;
	ListCell   *lc;

	foreach(lc, scan->plan.attributes)
		needed = bms_add_member(needed, lfirst_int(lc));
	return qf_row_create(scan->node->ss.ss_currentRelation,
						 scan->options->resource, needed);
}

/* Set up; makes no request. */
void
qianfanBeginForeignScan(ForeignScanState *node, int eflags)
{
	ForeignScan *plan = (ForeignScan *) node->ss.ps.plan;
	EState	   *estate = node->ss.ps.state;
	Oid			relid = RelationGetRelid(node->ss.ss_currentRelation);
	MemoryContext context;
	MemoryContext oldcontext;
	QfScan	   *scan;

	context = AllocSetContextCreate(estate->es_query_cxt, "qianfan_fdw scan",
									ALLOCSET_DEFAULT_SIZES);
	oldcontext = MemoryContextSwitchTo(context);
	scan = palloc0_object(QfScan);
	node->fdw_state = scan;
	scan->node = node;
	scan->context = context;
	qf_plan_unpack(plan->fdw_private, &scan->plan);
	qf_start_want_root(&scan->root);
	if (eflags & EXEC_FLAG_EXPLAIN_ONLY)
	{
		MemoryContextSwitchTo(oldcontext);
		return;
	}

	scan->options = qf_option_resolve(GetForeignServerIdByRelId(relid), relid);
	/* A cursor may be read by somebody else than who declared it. */
	scan->user = qf_compat_checked_user(plan, estate);
	scan->row = create_row(scan);
	scan->exprs = ExecInitExprList(plan->fdw_exprs, (PlanState *) node);
	scan->reader = qf_reader_find(&node->ss, scan->options->max_concurrency);
	scan->reads_first = scan->plan.keys == NIL && qf_modify_writes(estate);
	scan->keep_rows = scan->reads_first ||
		(eflags & EXEC_FLAG_REWIND) != 0 ||
		!qf_plan_never_rescans(estate->es_plannedstmt, (Plan *) plan);
	if (scan->plan.keys != NIL)
		qf_scan_key_begin(scan);
	else
		qf_scan_list_begin(scan);
	MemoryContextSwitchTo(oldcontext);
}

/*
 * A task has no place and no transaction in this server: as with postgres_fdw,
 * ctid is an invalid one, and xmin, xmax, cmin and cmax are zero.  Only the
 * header of a tuple has room for these, and a new one has other things there.
 */
static void
set_system_columns(TupleTableSlot *slot, Oid relid)
{
	HeapTuple	tuple = ExecFetchSlotHeapTuple(slot, true, NULL);

	Assert(TTS_IS_HEAPTUPLE(slot));
	ItemPointerSetInvalid(&tuple->t_self);
	HeapTupleHeaderSetXmin(tuple->t_data, InvalidTransactionId);
	HeapTupleHeaderSetXmax(tuple->t_data, InvalidTransactionId);
	HeapTupleHeaderSetCmin(tuple->t_data, FirstCommandId);
	slot->tts_tableOid = relid;
}

/*
 * Read the list of a statement that writes, before anything is written: where a
 * page begins may be said by a task that is gone by then, and what is created
 * would be read and written again.  Rows are kept, and returned afterwards.
 * Returns false if that takes waiting that the caller does not want.
 */
static bool
read_first(QfScan *scan, TupleTableSlot *slot)
{
	int64		wanted = qf_reader_left(scan->reader);

	while ((wanted < 0 || scan->nread < wanted) &&
		   qf_scan_list_next(scan, slot))
	{
		ExecClearTuple(slot);
		scan->nread++;
	}
	if (scan->would_wait)
		return false;
	ExecClearTuple(slot);
	qf_scan_list_start(scan);
	scan->has_read = true;
	return true;
}

/* The next row, or an empty slot.  The first call makes the first request. */
TupleTableSlot *
qianfanIterateForeignScan(ForeignScanState *node)
{
	QfScan	   *scan = node->fdw_state;
	TupleTableSlot *slot = node->ss.ss_ScanTupleSlot;
	bool		found;

	ExecClearTuple(slot);
	if (!scan->started)
	{
		scan->started = true;
		qf_reader_start(scan->reader);
		if (scan->by_key != NULL)
			qf_scan_key_start(scan);
		else
			qf_scan_list_start(scan);
		scan->has_read = false;
		scan->nread = 0;
	}
	if (scan->reads_first && !scan->has_read && !read_first(scan, slot))
		return ExecClearTuple(slot);
	found = scan->by_key != NULL ?
		qf_scan_key_next(scan, slot) : qf_scan_list_next(scan, slot);
	if (!found)
		return slot;
	if (((ForeignScan *) node->ss.ps.plan)->fsSystemCol)
		set_system_columns(slot, RelationGetRelid(node->ss.ss_currentRelation));
	qf_reader_count(scan->reader, slot);
	return slot;
}

/* Start over; parameters may have changed. */
void
qianfanReScanForeignScan(ForeignScanState *node)
{
	QfScan	   *scan = node->fdw_state;

	scan->started = false;
	if (node->ss.ps.chgParam != NULL && scan->by_key != NULL)
		qf_scan_key_forget(scan);
}

/* Reset callback of the query's context: all below that is gone by then. */
static void
give_back(void *arg)
{
#ifdef __GLIBC__
	(void) malloc_trim(0);
#endif
}

/* Free calls, connections in use and secrets at once. */
void
qianfanEndForeignScan(ForeignScanState *node)
{
	QfScan	   *scan = node->fdw_state;
	MemoryContext context = node->ss.ps.state->es_query_cxt;

	if (scan == NULL)
		return;
	/* Copies of our rows are freed after us, and rows may be large. */
	if (MemoryContextMemAllocated(context, true) >= MUCH)
	{
		MemoryContextCallback *callback =
		MemoryContextAllocZero(context, sizeof(MemoryContextCallback));

		callback->func = give_back;
		MemoryContextRegisterResetCallback(context, callback);
	}
	if (scan->by_list != NULL)
		qf_scan_list_end(scan);
	if (scan->by_key != NULL)
		qf_scan_key_end(scan);
	ExecClearTuple(node->ss.ss_ScanTupleSlot);
	node->fdw_state = NULL;
	MemoryContextDelete(scan->context);
}

/* What the scan has cost so far. */
const QfCounters *
qf_scan_counters(const ForeignScanState *node)
{
	return &((QfScan *) node->fdw_state)->counters;
}

/* Calls a scan can have in flight. */
int
qf_scan_concurrency(const ForeignScanState *node)
{
	return ((QfScan *) node->fdw_state)->options->max_concurrency;
}

/*
 * qf_scan_try
 *		Run the node without waiting.
 *
 * Returns false if it would have to wait; else *slot is its next tuple or, at
 * the end, NULL.  Bypasses instrumentation.
 */
bool
qf_scan_try(ForeignScanState *node, TupleTableSlot **slot)
{
	QfScan	   *scan = node->fdw_state;

	scan->would_wait = false;
	scan->must_not_wait = true;
	*slot = node->ss.ps.ExecProcNodeReal(&node->ss.ps);
	scan->must_not_wait = false;
	return !scan->would_wait;
}
