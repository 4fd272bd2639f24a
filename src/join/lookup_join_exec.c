/*
 * lookup_join_exec.c
 *	  Collects outer keys, has them fetched together, returns joined rows.
 *
 * Outer rows wait in a queue, in their order, while the tasks of their keys
 * are on the way.  They are read in batches of as many new keys as may be in
 * flight, ahead of the one that is being returned.  If the reader may stop
 * early, no more rows wait than it can still want or, if that is not known,
 * than it has taken, so that a query for one row costs one call.  For each row
 * that was looked up in vain, one more may wait.
 *
 * There is at most one task for a key, so each outer row is returned at most
 * once.
 *
 * When EvalPlanQual runs the join again for rows that were changed, it hands
 * in the scan's row as well.  Then nothing is asked for, and the join is a
 * nested loop.
 *
 * src/join/lookup_join_exec.c
 */
#include "postgres.h"

#include "executor/executor.h"
#include "lib/ilist.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "base/compat.h"
#include "fdw/explain.h"
#include "fdw/keyset.h"
#include "fdw/reader.h"
#include "fdw/scan.h"
#include "fdw/scan_key.h"
#include "join/lookup_join.h"

/* Outer rows read for a batch at most, per key it has room for. */
#define ROWS_PER_KEY 64

/* An outer row that waits for its turn. */
typedef struct WaitingRow
{
	dlist_node	node;
	MinimalTuple tuple;
	char	   *key;			/* UTF-8; NULL: matches nothing */
	bool		asked;			/* did it cost a call? */
} WaitingRow;

typedef struct LookupJoinState
{
	CustomScanState css;		/* must be first */
	JoinType	jointype;
	int			nouter;			/* columns of the outer plan */
	bool		all_rows;		/* will the reader want all rows? */
	PlanState  *outer;
	PlanState  *inner;
	ForeignScanState *scan;		/* in inner */
	ExprState  *join_qual;
	ExprState  *key;
	TupleTableSlot *outer_slot; /* owns the row that is being joined */
	MemoryContext context;		/* of waiting rows */

	dlist_head	rows;			/* of WaitingRow */
	int			nrows;			/* in it */
	int			nasked;			/* of them, those that cost a call */
	QfReader   *reader;
	bool		started;		/* has a row been wanted since the start? */
	int64		nvain;			/* asked for in vain, since the start */
	bool		outer_done;
	int64		nbatches;		/* with at least one new key */
	int64		nkeys;			/* distinct */
} LookupJoinState;

static void begin_lookup_join(CustomScanState *node, EState *estate,
							  int eflags);
static TupleTableSlot *exec_lookup_join(CustomScanState *node);
static void end_lookup_join(CustomScanState *node);
static void rescan_lookup_join(CustomScanState *node);
static void explain_lookup_join(CustomScanState *node, List *ancestors,
								ExplainState *es);
static bool is_row_given(const LookupJoinState *join);
static int	max_batch_size(const LookupJoinState *join);
static int64 max_waiting(LookupJoinState *join);
static WaitingRow *next_row(LookupJoinState *join);
static void read_batch(LookupJoinState *join, int64 max_rows);
static bool add_row(LookupJoinState *join, TupleTableSlot *slot);
static char *evaluate_key(LookupJoinState *join, TupleTableSlot *slot);
static bool join_row(LookupJoinState *join, WaitingRow *row);
static void fill_slot(LookupJoinState *join, TupleTableSlot *outer,
					  TupleTableSlot *inner);

static const CustomExecMethods exec_methods = {
	.CustomName = QF_LOOKUP_JOIN_NAME,
	.BeginCustomScan = begin_lookup_join,
	.ExecCustomScan = exec_lookup_join,
	.EndCustomScan = end_lookup_join,
	.ReScanCustomScan = rescan_lookup_join,
	.ExplainCustomScan = explain_lookup_join,
};

/* CreateCustomScanState */
Node *
qf_lookup_join_create_state(CustomScan *scan)
{
	LookupJoinState *join = palloc0_object(LookupJoinState);

	NodeSetTag(join, T_CustomScanState);
	join->css.methods = &exec_methods;
	join->jointype = intVal(list_nth(scan->custom_private,
									 QF_LOOKUP_JOIN_TYPE));
	join->nouter = intVal(list_nth(scan->custom_private,
								   QF_LOOKUP_JOIN_NOUTER));
	join->all_rows = boolVal(list_nth(scan->custom_private,
									  QF_LOOKUP_JOIN_ALL_ROWS));
	dlist_init(&join->rows);
	return (Node *) join;
}

static void
begin_lookup_join(CustomScanState *node, EState *estate, int eflags)
{
	LookupJoinState *join = (LookupJoinState *) node;
	CustomScan *scan = (CustomScan *) node->ss.ps.plan;

	/* The children are read forward only; the scan keeps its rows anyway. */
	eflags &= ~(EXEC_FLAG_REWIND | EXEC_FLAG_BACKWARD | EXEC_FLAG_MARK);
	join->outer = ExecInitNode(linitial(scan->custom_plans), estate, eflags);
	join->inner = ExecInitNode(lsecond(scan->custom_plans), estate, eflags);
	node->custom_ps = list_make2(join->outer, join->inner);

	/* A Result may stand above the scan, for a one-time filter. */
	for (PlanState *state = join->inner; join->scan == NULL;
		 state = outerPlanState(state))
	{
		if (state == NULL)
			elog(ERROR, "lookup join has no foreign scan");
		if (IsA(state, ForeignScanState))
			join->scan = (ForeignScanState *) state;
	}

	join->join_qual = ExecInitQual(linitial(scan->custom_exprs),
								   &node->ss.ps);
	join->key = ExecInitExpr(lsecond(scan->custom_exprs), &node->ss.ps);
	join->outer_slot = ExecInitExtraTupleSlot(estate,
											  ExecGetResultType(join->outer),
											  &TTSOpsMinimalTuple);
	if ((eflags & EXEC_FLAG_EXPLAIN_ONLY) == 0)
		join->reader = qf_reader_find(&node->ss, 2 * max_batch_size(join));
	join->context = AllocSetContextCreate(estate->es_query_cxt,
										  "qianfan_fdw lookup join",
										  ALLOCSET_DEFAULT_SIZES);
}

static TupleTableSlot *
exec_lookup_join(CustomScanState *node)
{
	LookupJoinState *join = (LookupJoinState *) node;
	ExprContext *econtext = node->ss.ps.ps_ExprContext;
	WaitingRow *row;

	if (!join->started)
		qf_reader_start(join->reader);
	join->started = true;
	while ((row = next_row(join)) != NULL)
	{
		bool		asked = row->asked;
		bool		joined;
		bool		wanted;

		CHECK_FOR_INTERRUPTS();
		ResetExprContext(econtext);
		joined = join_row(join, row);
		if (row->key != NULL)
			pfree(row->key);
		pfree(row);
		wanted = joined && ExecQual(node->ss.ps.qual, econtext);
		if (!wanted)
		{
			if (joined)
				InstrCountFiltered1(node, 1);
			if (asked)
				join->nvain++;
			continue;
		}
		qf_reader_count_passed(join->reader);
		if (node->ss.ps.ps_ProjInfo != NULL)
			return ExecProject(node->ss.ps.ps_ProjInfo);
		return node->ss.ss_ScanTupleSlot;
	}
	return NULL;
}

static void
end_lookup_join(CustomScanState *node)
{
	LookupJoinState *join = (LookupJoinState *) node;

	ExecClearTuple(node->ss.ss_ScanTupleSlot);
	ExecClearTuple(join->outer_slot);
	MemoryContextDelete(join->context);
	ExecEndNode(join->outer);
	ExecEndNode(join->inner);
}

/* Start over; what the scan has fetched it keeps. */
static void
rescan_lookup_join(CustomScanState *node)
{
	LookupJoinState *join = (LookupJoinState *) node;

	ExecClearTuple(node->ss.ss_ScanTupleSlot);
	ExecClearTuple(join->outer_slot);
	dlist_init(&join->rows);
	MemoryContextReset(join->context);
	join->nrows = 0;
	join->nasked = 0;
	join->started = false;
	join->nvain = 0;
	join->outer_done = false;

	/* Core passes changed parameters to children it knows, not to these. */
	if (node->ss.ps.chgParam != NULL)
	{
		UpdateChangedParamSet(join->outer, node->ss.ps.chgParam);
		UpdateChangedParamSet(join->inner, node->ss.ps.chgParam);
		qf_scan_forget(join->scan);
	}
	if (join->outer->chgParam == NULL)
		ExecReScan(join->outer);
}

static void
explain_lookup_join(CustomScanState *node, List *ancestors, ExplainState *es)
{
	LookupJoinState *join = (LookupJoinState *) node;
	CustomScan *scan = (CustomScan *) node->ss.ps.plan;
	List	   *key = list_make1(lthird(scan->custom_exprs));

	ExplainPropertyText("Join Type",
						join->jointype == JOIN_LEFT ? "Left" :
						join->jointype == JOIN_SEMI ? "Semi" :
						join->jointype == JOIN_ANTI ? "Anti" : "Inner", es);
	qf_explain_action(join->scan, es);
	qf_explain_exprs("Lookup Key", key, &scan->scan.plan, ancestors, es);
	qf_explain_exprs("Join Filter",
					 list_difference(linitial(scan->custom_exprs), key),
					 &scan->scan.plan, ancestors, es);
	if (es->analyze)
	{
		ExplainPropertyInteger("Batches", NULL, join->nbatches, es);
		ExplainPropertyInteger("Distinct Keys", NULL, join->nkeys, es);
	}
	qf_explain_counters(join->scan, es);
}

/* Is the scan's row handed in by EvalPlanQual?  See ExecScanFetch(). */
static bool
is_row_given(const LookupJoinState *join)
{
	const EPQState *epqstate = join->css.ss.ps.state->es_epq_active;
	Index		relid = ((Scan *) join->scan->ss.ps.plan)->scanrelid;

	return epqstate != NULL &&
		(epqstate->relsubs_slot[relid - 1] != NULL ||
		 epqstate->relsubs_rowmark[relid - 1] != NULL);
}

/* New keys of a full batch. */
static int
max_batch_size(const LookupJoinState *join)
{
	return qf_scan_concurrency(join->scan);
}

/*
 * How many rows may wait; -1: any number, and new keys alone count.  At least
 * one, or nothing would ever be read.
 */
static int64
max_waiting(LookupJoinState *join)
{
	int64		wanted;

	if (join->all_rows)
		return -1;
	wanted = qf_reader_wanted(join->reader);
	return wanted < 0 ? -1 :
		Max(Max(wanted, Min(join->nvain, max_batch_size(join))), 1);
}

/* The next outer row in order; NULL at the end. */
static WaitingRow *
next_row(LookupJoinState *join)
{
	int64		max_rows = max_waiting(join);
	WaitingRow *row;

	/* Keep more calls waiting than can be in flight. */
	while (!join->outer_done && dlist_is_empty(&join->rows))
		read_batch(join, max_rows);
	if (!join->outer_done &&
		(max_rows < 0 || join->nrows < max_rows) &&
		join->nasked <= 2 * max_batch_size(join) &&
		join->nrows <= ROWS_PER_KEY * max_batch_size(join))
		read_batch(join, max_rows);
	if (dlist_is_empty(&join->rows))
		return NULL;

	row = dlist_container(WaitingRow, node, dlist_pop_head_node(&join->rows));
	join->nrows--;
	if (row->asked)
		join->nasked--;
	return row;
}

/*
 * Read outer rows until there are as many new keys as a batch has, or as many
 * rows wait as may.
 */
static void
read_batch(LookupJoinState *join, int64 max_rows)
{
	int			nnew = 0;
	int			nrows = 0;

	while (nnew < max_batch_size(join) &&
		   nrows < max_batch_size(join) * ROWS_PER_KEY &&
		   (max_rows < 0 || join->nrows < max_rows))
	{
		TupleTableSlot *slot;

		CHECK_FOR_INTERRUPTS();
		slot = ExecProcNode(join->outer);
		if (TupIsNull(slot))
		{
			join->outer_done = true;
			break;
		}
		nrows++;
		if (add_row(join, slot))
			nnew++;
	}
	if (nnew > 0)
		join->nbatches++;
	join->nkeys += nnew;
}

/* Put an outer row into the queue; returns whether its key is a new one. */
static bool
add_row(LookupJoinState *join, TupleTableSlot *slot)
{
	char	   *key = evaluate_key(join, slot);
	MemoryContext oldcontext;
	WaitingRow *row;

	if (key == NULL &&
		(join->jointype == JOIN_INNER || join->jointype == JOIN_SEMI))
		return false;

	oldcontext = MemoryContextSwitchTo(join->context);
	row = palloc0_object(WaitingRow);
	row->tuple = ExecCopySlotMinimalTuple(slot);
	if (key != NULL)
		row->key = pstrdup(key);
	MemoryContextSwitchTo(oldcontext);

	if (row->key != NULL && !is_row_given(join))
		row->asked = qf_scan_ask(join->scan, row->key);
	if (row->asked)
		join->nasked++;
	dlist_push_tail(&join->rows, &row->node);
	join->nrows++;
	return row->asked;
}

/* The key of an outer row, in per-tuple memory; NULL if no id equals it. */
static char *
evaluate_key(LookupJoinState *join, TupleTableSlot *slot)
{
	ExprContext *econtext = join->css.ss.ps.ps_ExprContext;
	MemoryContext oldcontext;
	bool		isnull;
	Datum		value;
	char	   *key = NULL;

	ResetExprContext(econtext);
	fill_slot(join, slot, NULL);
	econtext->ecxt_scantuple = join->css.ss.ss_ScanTupleSlot;
	oldcontext = MemoryContextSwitchTo(econtext->ecxt_per_tuple_memory);
	value = ExecEvalExpr(join->key, econtext, &isnull);
	if (!isnull)
		key = qf_keyset_key(value);
	MemoryContextSwitchTo(oldcontext);
	return key;
}

/*
 * Find the row's match and form the joined row in the scan slot; returns
 * whether there is one to return.
 */
static bool
join_row(LookupJoinState *join, WaitingRow *row)
{
	ExprContext *econtext = join->css.ss.ps.ps_ExprContext;
	TupleTableSlot *inner = NULL;
	bool		matched = false;

	ExecStoreMinimalTuple(row->tuple, join->outer_slot, true);
	if (row->key != NULL)
	{
		qf_scan_give(join->scan, &row->key);
		ExecReScan(join->inner);
		inner = ExecProcNode(join->inner);
	}

	econtext->ecxt_scantuple = join->css.ss.ss_ScanTupleSlot;
	if (!TupIsNull(inner))
	{
		fill_slot(join, join->outer_slot, inner);
		matched = ExecQual(join->join_qual, econtext);
		if (!matched)
			InstrCountFiltered2(&join->css, 1);
	}
	if (!matched)
		fill_slot(join, join->outer_slot, NULL);

	switch (join->jointype)
	{
		case JOIN_LEFT:
			return true;
		case JOIN_ANTI:
			return !matched;
		default:
			return matched;
	}
}

/*
 * Form the row expressions are evaluated over: the outer columns, and the
 * inner ones or, without "inner", NULLs.
 */
static void
fill_slot(LookupJoinState *join, TupleTableSlot *outer, TupleTableSlot *inner)
{
	TupleTableSlot *slot = join->css.ss.ss_ScanTupleSlot;
	int			ninner = slot->tts_tupleDescriptor->natts - join->nouter;
	Datum	   *values = slot->tts_values + join->nouter;
	bool	   *nulls = slot->tts_isnull + join->nouter;

	ExecClearTuple(slot);
	slot_getallattrs(outer);
	memcpy(slot->tts_values, outer->tts_values,
		   sizeof(Datum) * join->nouter);
	memcpy(slot->tts_isnull, outer->tts_isnull, sizeof(bool) * join->nouter);
	if (inner != NULL)
	{
		slot_getallattrs(inner);
		memcpy(values, inner->tts_values, sizeof(Datum) * ninner);
		memcpy(nulls, inner->tts_isnull, sizeof(bool) * ninner);
	}
	else
	{
		memset(values, 0, sizeof(Datum) * ninner);
		memset(nulls, true, sizeof(bool) * ninner);
	}
	ExecStoreVirtualTuple(slot);
}
