/*
 * scan.c
 *	  Begin, Iterate, ReScan, End: adapter over api/fetch.c.
 *
 * A task is fetched at most once in a scan and shows one state, however often
 * the executor starts over.  So rows found by key are kept by id, and rows of
 * a list in a tuplestore, one for each set of parameters the list was asked
 * with; what was kept is shown again without a call.
 *
 * Memory: everything hangs from the "scan" context, which lives as long as
 * the execution.  Rows are built in the executor's per-tuple context.
 *
 * src/fdw/scan.c
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "common/hashfn.h"
#include "executor/executor.h"
#include "foreign/fdwapi.h"
#include "foreign/foreign.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/tuplestore.h"

#include "api/fetch.h"
#include "base/compat.h"
#include "data/row.h"
#include "fdw/keyset.h"
#include "fdw/plan_private.h"
#include "fdw/scan.h"

/* A task by key. */
typedef struct KnownTask
{
	const char *id;				/* UTF-8 */
	char		status;			/* of the hash table's slot */
	bool		fetched;		/* or still asked for */
	MinimalTuple tuple;			/* NULL: the API does not know it */
} KnownTask;

#define SH_PREFIX tasks
#define SH_ELEMENT_TYPE KnownTask
#define SH_KEY_TYPE const char *
#define SH_KEY id
#define SH_HASH_KEY(tb, key) \
	hash_bytes((const unsigned char *) (key), strlen(key))
#define SH_EQUAL(tb, a, b) (strcmp(a, b) == 0)
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/* One reading of the list with one set of parameters. */
typedef struct ListRun
{
	char	  **values;			/* of the parameters */
	MemoryContext context;		/* of the fetch */
	QfFetch    *fetch;			/* NULL: all rows are in the store */
	Tuplestorestate *store;		/* NULL: rows are not kept */
} ListRun;

typedef struct QfScan
{
	ForeignScanState *node;
	MemoryContext context;		/* "scan" */
	QfPlan		plan;
	QfOptions  *options;
	Oid			user;			/* whose rights the scan has */
	const QfCredential *credential; /* NULL before the first call */
	QfCounters	counters;
	QfRow	   *row;
	Datum	   *values;
	bool	   *nulls;
	List	   *exprs;			/* ExprStates of fdw_exprs */
	MemoryContext key_context;	/* of keys or parameters; reset with each
								 * rescan */
	ExprState  *list_qual;		/* what spares a detail call */
	QfRow	   *list_row;		/* the columns that takes */
	bool		started;		/* since the last rescan */
	int64		passed;			/* rows that passed all quals, for the limit */
	bool		must_not_wait;	/* return no row rather than wait */
	bool		would_wait;		/* that is why no row was returned */

	/* by key */
	QfFetch    *fetch;
	tasks_hash *tasks;
	QfKeySource source;
	QfKeySet   *keys;
	int			next_key;		/* to be returned */
	int			next_request;	/* to be asked for */

	/* by list */
	List	   *runs;			/* of ListRun */
	ListRun    *run;
	bool		keep_rows;
	TupleTableSlot *stored;		/* to read the store with */
	TupleTableSlot *item_slot;	/* to check items of the list with */
	ExprContext *item_econtext; /* likewise; reset with each item */
} QfScan;

static void init_quals(QfScan *scan);
static QfRow *create_row(QfScan *scan, List *quals);
static bool has_executor_parameter(Node *node, void *context);
static void start_scan(QfScan *scan);
static void start_keys(QfScan *scan);
static void open_fetch(QfScan *scan);
static void start_list(QfScan *scan);
static char *parameter_value(QfScan *scan, int number);
static ListRun *find_run(QfScan *scan, const QfListFilter *filters);
static ListRun *create_run(QfScan *scan, const QfListFilter *filters,
						   int nfilters);
static void use_credential(QfScan *scan);
static bool next_by_key(QfScan *scan, TupleTableSlot *slot);
static void request_keys(QfScan *scan);
static bool ask_for(QfScan *scan, const char *key);
static void learn_task(QfScan *scan, const QfTask *task);
static bool next_by_list(QfScan *scan, TupleTableSlot *slot);
static bool may_fetch(QfScan *scan, QfFetch *fetch);
static bool next_stored(QfScan *scan, TupleTableSlot *slot);
static QfFetchVerdict judge_item(const char *id, const QfJson *item,
								 void *arg);
static int64 rows_wanted(const QfScan *scan);
static void count_passed(QfScan *scan, TupleTableSlot *slot);

/* Set up; makes no request. */
void
qianfanBeginForeignScan(ForeignScanState *node, int eflags)
{
	ForeignScan *plan = (ForeignScan *) node->ss.ps.plan;
	EState	   *estate = node->ss.ps.state;
	Relation	rel = node->ss.ss_currentRelation;
	TupleDesc	desc = RelationGetDescr(rel);
	MemoryContext context;
	MemoryContext oldcontext;
	Bitmapset  *needed = NULL;
	QfScan	   *scan;
	ListCell   *lc;

	context = AllocSetContextCreate(estate->es_query_cxt, "qianfan_fdw scan",
									ALLOCSET_DEFAULT_SIZES);
	oldcontext = MemoryContextSwitchTo(context);
	scan = palloc0_object(QfScan);
	node->fdw_state = scan;
	scan->node = node;
	scan->context = context;
	qf_plan_unpack(plan->fdw_private, &scan->plan);
	if (eflags & EXEC_FLAG_EXPLAIN_ONLY)
	{
		MemoryContextSwitchTo(oldcontext);
		return;
	}

	scan->options = qf_option_resolve(GetForeignServerIdByRelId(RelationGetRelid(rel)),
									  RelationGetRelid(rel));
	/* A cursor may be read by somebody else than who declared it. */
	scan->user = qf_compat_checked_user(plan, estate);
	foreach(lc, scan->plan.attributes)
		needed = bms_add_member(needed, lfirst_int(lc));
	scan->row = qf_row_create(RelationGetRelid(rel),
							  RelationGetRelationName(rel), desc,
							  scan->options->resource, needed);
	scan->values = palloc_array(Datum, Max(desc->natts, 1));
	scan->nulls = palloc_array(bool, Max(desc->natts, 1));
	scan->exprs = ExecInitExprList(plan->fdw_exprs, (PlanState *) node);
	scan->key_context = AllocSetContextCreate(context, "qianfan_fdw keys",
											  ALLOCSET_DEFAULT_SIZES);
	qf_keyset_init(&scan->source, scan->exprs, node->ss.ps.ps_ExprContext,
				   context);
	scan->keep_rows = (eflags & EXEC_FLAG_REWIND) != 0 ||
		!qf_plan_never_rescans(estate->es_plannedstmt, (Plan *) plan);
	init_quals(scan);
	MemoryContextSwitchTo(oldcontext);
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
		start_scan(scan);
	found = scan->plan.keys != NIL ?
		next_by_key(scan, slot) : next_by_list(scan, slot);
	if (found)
		count_passed(scan, slot);
	return slot;
}

/* Start over; parameters may have changed. */
void
qianfanReScanForeignScan(ForeignScanState *node)
{
	QfScan	   *scan = node->fdw_state;

	scan->started = false;
	scan->passed = 0;
	if (node->ss.ps.chgParam != NULL)
		qf_keyset_forget(&scan->source);
}

/* Free calls, connections in use and secrets at once. */
void
qianfanEndForeignScan(ForeignScanState *node)
{
	QfScan	   *scan = node->fdw_state;

	if (scan == NULL)
		return;
	if (scan->stored != NULL)
		ExecDropSingleTupleTableSlot(scan->stored);
	if (scan->item_slot != NULL)
		ExecDropSingleTupleTableSlot(scan->item_slot);
	ExecClearTuple(node->ss.ss_ScanTupleSlot);
	for (int i = 0; i < list_length(scan->runs); i++)
	{
		ListRun    *run = list_nth(scan->runs, i);

		if (run->store != NULL)
			tuplestore_end(run->store);
	}
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
 * qf_scan_ask
 *		Ask for a key (UTF-8) that a lookup join will want; does not wait.
 *		Returns whether that costs a call.
 */
bool
qf_scan_ask(ForeignScanState *node, char *key)
{
	QfScan	   *scan = node->fdw_state;

	/* The table's own quals may leave nothing of the key. */
	if (scan->plan.key_quals != NIL)
	{
		qf_scan_give(node, &key);
		start_keys(scan);
		if (scan->keys->nkeys == 0)
			return false;
	}
	open_fetch(scan);
	return ask_for(scan, key);
}

/*
 * qf_scan_forget
 *		Parameters have changed.  A lookup join asks for keys before it comes to
 *		a rescan of the node.
 */
void
qf_scan_forget(ForeignScanState *node)
{
	QfScan	   *scan = node->fdw_state;

	qf_keyset_forget(&scan->source);
}

/*
 * qf_scan_give
 *		Set the one key that the node looks up after its next rescan.  It must
 *		live until the node has been read.
 */
void
qf_scan_give(ForeignScanState *node, char **key)
{
	QfScan	   *scan = node->fdw_state;

	scan->source.given.keys = key;
	scan->source.given.nkeys = 1;
}

/*
 * qf_scan_try
 *		Run the node, without waiting unless the caller says so.
 *
 * Returns false if it has to wait, for qf_scan_descriptor(); else *slot is its
 * next tuple or, at the end, NULL.  Bypasses instrumentation.
 */
bool
qf_scan_try(ForeignScanState *node, bool may_wait, TupleTableSlot **slot)
{
	QfScan	   *scan = node->fdw_state;

	scan->would_wait = false;
	scan->must_not_wait = !may_wait;
	*slot = node->ss.ps.ExecProcNodeReal(&node->ss.ps);
	scan->must_not_wait = false;
	return !scan->would_wait;
}

/*
 * A descriptor to wait for after qf_scan_try() has returned false; -1: there
 * is none to be had.
 */
int
qf_scan_descriptor(ForeignScanState *node, bool will_wait)
{
	QfScan	   *scan = node->fdw_state;

	return qf_fetch_descriptor(scan->plan.keys != NIL ?
							   scan->fetch : scan->run->fetch, will_wait);
}

/*
 * The quals that items of the list are checked with before their detail.
 *
 * Rows that are kept must serve each parameter the scan is repeated with, so
 * no qual on one may choose them, but for those a run of the list is told by.
 */
static void
init_quals(QfScan *scan)
{
	List	   *all = scan->node->ss.ps.plan->qual;
	List	   *quals = NIL;
	ListCell   *lc;

	if (scan->plan.keys != NIL)
		return;
	foreach(lc, scan->plan.list_quals)
	{
		if (!scan->keep_rows ||
			list_member_int(scan->plan.filter_quals, lfirst_int(lc)) ||
			!has_executor_parameter(list_nth(all, lfirst_int(lc)), NULL))
			quals = lappend(quals, list_nth(all, lfirst_int(lc)));
	}
	scan->list_qual = ExecInitQual(quals, (PlanState *) scan->node);
	scan->list_row = create_row(scan, quals);
	scan->item_econtext = CreateExprContext(scan->node->ss.ps.state);
	scan->item_slot =
		MakeSingleTupleTableSlot(scan->node->ss.ss_ScanTupleSlot->tts_tupleDescriptor,
								 &TTSOpsVirtual);
}

/*
 * What fills the columns that some quals look at.  Other columns stay out of
 * it: their types need not take what the list knows of them, which is NULL.
 */
static QfRow *
create_row(QfScan *scan, List *quals)
{
	Relation	rel = scan->node->ss.ss_currentRelation;
	Scan	   *plan = (Scan *) scan->node->ss.ps.plan;
	Bitmapset  *used = NULL;
	Bitmapset  *needed = NULL;
	int			i = -1;

	pull_varattnos((Node *) quals, plan->scanrelid, &used);
	while ((i = bms_next_member(used, i)) >= 0)
		needed = bms_add_member(needed,
								i + FirstLowInvalidHeapAttributeNumber);
	return qf_row_create(RelationGetRelid(rel), RelationGetRelationName(rel),
						 RelationGetDescr(rel), scan->options->resource,
						 needed);
}

/* A parameter that the executor sets, and may set again? */
static bool
has_executor_parameter(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, Param))
		return ((Param *) node)->paramkind == PARAM_EXEC;
	return expression_tree_walker(node, has_executor_parameter, context);
}

static void
start_scan(QfScan *scan)
{
	scan->started = true;
	if (scan->plan.keys != NIL)
		start_keys(scan);
	else
		start_list(scan);
}

/* Find out which ids are asked for this time. */
static void
start_keys(QfScan *scan)
{
	MemoryContext oldcontext;

	MemoryContextReset(scan->key_context);
	oldcontext = MemoryContextSwitchTo(scan->key_context);
	scan->keys = qf_keyset_evaluate(scan->plan.keys, &scan->source);
	scan->next_key = 0;
	scan->next_request = 0;
	MemoryContextSwitchTo(oldcontext);

	if (scan->keys->nkeys > 0)
		open_fetch(scan);
}

/* Get ready to look up keys, once in a scan. */
static void
open_fetch(QfScan *scan)
{
	if (scan->fetch != NULL)
		return;
	use_credential(scan);
	scan->tasks = tasks_create(scan->context, 16, NULL);
	scan->fetch = qf_fetch_create(scan->context, scan->options,
								  scan->credential, &scan->counters);
}

/*
 * Find out what the list is asked with this time.  A parameter that is NULL
 * makes its qual NULL, and the scan empty.
 */
static void
start_list(QfScan *scan)
{
	int			nfilters = list_length(scan->plan.filters);
	MemoryContext oldcontext;
	QfListFilter *filters;

	scan->run = NULL;
	MemoryContextReset(scan->key_context);
	oldcontext = MemoryContextSwitchTo(scan->key_context);
	filters = palloc_array(QfListFilter, Max(nfilters, 1));
	for (int i = 0; i < nfilters; i++)
	{
		filters[i].parameter = strVal(list_nth(scan->plan.filters, i));
		filters[i].value = parameter_value(scan, i);
		if (filters[i].value == NULL)
		{
			MemoryContextSwitchTo(oldcontext);
			return;
		}
	}
	MemoryContextSwitchTo(oldcontext);

	scan->run = find_run(scan, filters);
	if (scan->run != NULL)
		tuplestore_rescan(scan->run->store);
	else
		scan->run = create_run(scan, filters, nfilters);
}

/* The value of a list parameter in the API's encoding; NULL if it has none. */
static char *
parameter_value(QfScan *scan, int number)
{
	ExprState  *expr = list_nth(scan->exprs,
								list_nth_int(scan->plan.filter_exprs, number));
	bool		isnull;
	Datum		value = ExecEvalExprSwitchContext(expr,
												  scan->node->ss.ps.ps_ExprContext,
												  &isnull);

	return isnull ? NULL : qf_keyset_from_text(value);
}

/* An earlier reading with the same parameters, if its rows were kept. */
static ListRun *
find_run(QfScan *scan, const QfListFilter *filters)
{
	ListCell   *lc;

	foreach(lc, scan->runs)
	{
		ListRun    *run = lfirst(lc);
		bool		same = run->store != NULL;

		for (int i = 0; i < list_length(scan->plan.filters); i++)
			same = same && strcmp(run->values[i], filters[i].value) == 0;
		if (same)
			return run;
	}
	return NULL;
}

/* A new reading.  The more there are, the less memory has each. */
static ListRun *
create_run(QfScan *scan, const QfListFilter *filters, int nfilters)
{
	MemoryContext oldcontext = MemoryContextSwitchTo(scan->context);
	ListRun    *run = palloc0_object(ListRun);

	use_credential(scan);
	run->values = palloc_array(char *, Max(nfilters, 1));
	for (int i = 0; i < nfilters; i++)
		run->values[i] = pstrdup(filters[i].value);
	run->context = AllocSetContextCreate(scan->context, "qianfan_fdw list",
										 ALLOCSET_DEFAULT_SIZES);
	if (scan->keep_rows)
		run->store = tuplestore_begin_heap(true, false,
										   Max(work_mem / (list_length(scan->runs) + 1), 64));
	scan->runs = lappend(scan->runs, run);
	run->fetch = qf_fetch_create(run->context, scan->options,
								 scan->credential, &scan->counters);
	qf_fetch_start_list(run->fetch, filters, nfilters,
						scan->plan.exact ? scan->plan.limit : -1,
						judge_item, scan);
	MemoryContextSwitchTo(oldcontext);
	return run;
}

/* Look for the credential of the user whose rights the scan has. */
static void
use_credential(QfScan *scan)
{
	if (scan->credential == NULL)
		scan->credential =
			qf_credential_find(scan->user, scan->options->serverid,
							   scan->options->server_name, scan->context);
	qf_row_set_credential(scan->row, scan->credential);
	if (scan->list_row != NULL)
		qf_row_set_credential(scan->list_row, scan->credential);
}

/* The next row in the order of the keys. */
static bool
next_by_key(QfScan *scan, TupleTableSlot *slot)
{
	while (scan->next_key < scan->keys->nkeys)
	{
		const char *key = scan->keys->keys[scan->next_key];
		KnownTask  *known = tasks_lookup(scan->tasks, key);

		if (known == NULL || !known->fetched)
		{
			QfTask		task;

			/* Not once it is here, before it is known whether it passes. */
			request_keys(scan);
			if (!may_fetch(scan, scan->fetch))
				return false;
			/* Tasks come in the order they were asked for. */
			if (!qf_fetch_next(scan->fetch, &task))
				elog(ERROR, "task was not asked for");
			learn_task(scan, &task);
			continue;
		}
		scan->next_key++;
		if (known->tuple != NULL)
		{
			ExecForceStoreMinimalTuple(known->tuple, slot, false);
			return true;
		}
	}
	return false;
}

/* Ask for the keys that are next, as far ahead as is useful. */
static void
request_keys(QfScan *scan)
{
	qf_fetch_set_wanted(scan->fetch, rows_wanted(scan));
	while (scan->next_request < scan->keys->nkeys &&
		   (scan->next_request == scan->next_key ||
			qf_fetch_room(scan->fetch) > 0))
		(void) ask_for(scan, scan->keys->keys[scan->next_request++]);
}

/* Ask for a key, unless it was asked for before; was it now? */
static bool
ask_for(QfScan *scan, const char *key)
{
	bool		found;
	KnownTask  *known;

	if (tasks_lookup(scan->tasks, key) != NULL)
		return false;
	key = MemoryContextStrdup(scan->context, key);
	known = tasks_insert(scan->tasks, key, &found);
	known->fetched = false;
	known->tuple = NULL;
	qf_fetch_add_key(scan->fetch, key);
	return true;
}

/* Keep what is now known of a task as a row. */
static void
learn_task(QfScan *scan, const QfTask *task)
{
	KnownTask  *known = tasks_lookup(scan->tasks, task->id);
	TupleDesc	desc = scan->node->ss.ss_ScanTupleSlot->tts_tupleDescriptor;

	if (task->object != NULL)
	{
		MemoryContext oldcontext;

		qf_row_fill(scan->row, task->object, task->id, scan->values,
					scan->nulls);
		oldcontext = MemoryContextSwitchTo(scan->context);
		known->tuple = qf_compat_minimal_tuple(desc, scan->values,
											   scan->nulls);
		MemoryContextSwitchTo(oldcontext);
	}
	known->fetched = true;
}

/* The next row of the list: one that was kept, or a new one. */
static bool
next_by_list(QfScan *scan, TupleTableSlot *slot)
{
	ListRun    *run = scan->run;
	QfTask		task;

	if (run == NULL)
		return false;
	if (run->store != NULL && next_stored(scan, slot))
		return true;

	while (run->fetch != NULL)
	{
		qf_fetch_set_wanted(run->fetch, rows_wanted(scan));
		if (!may_fetch(scan, run->fetch))
			return false;
		if (!qf_fetch_next(run->fetch, &task))
		{
			run->fetch = NULL;
			MemoryContextDelete(run->context);
			return false;
		}
		if (task.object == NULL)
			continue;			/* vanished since it was listed */

		qf_row_fill(scan->row, task.object, task.id, slot->tts_values,
					slot->tts_isnull);
		ExecStoreVirtualTuple(slot);
		if (run->store != NULL)
			tuplestore_puttupleslot(run->store, slot);
		return true;
	}
	return false;
}

static bool
next_stored(QfScan *scan, TupleTableSlot *slot)
{
	/* A tuple from disk is the slot's to free, with the next one. */
	MemoryContext oldcontext = MemoryContextSwitchTo(scan->context);
	bool		found;

	if (scan->stored == NULL)
		scan->stored = MakeSingleTupleTableSlot(slot->tts_tupleDescriptor,
												&TTSOpsMinimalTuple);
	found = tuplestore_gettupleslot(scan->run->store, true, false,
									scan->stored);
	MemoryContextSwitchTo(oldcontext);
	if (!found)
		return false;
	ExecCopySlot(slot, scan->stored);
	return true;
}

/* Is an item of the list wanted, and is it all we need? */
static QfFetchVerdict
judge_item(const char *id, const QfJson *item, void *arg)
{
	QfScan	   *scan = arg;
	TupleTableSlot *slot = scan->item_slot;
	ExprContext *econtext = scan->item_econtext;
	MemoryContext oldcontext;

	if (!scan->plan.details || !qf_row_lacks_member(scan->row, item))
		return QF_FETCH_TAKE;
	if (scan->list_qual == NULL)
		return QF_FETCH_DETAIL;

	ResetExprContext(econtext);
	oldcontext = MemoryContextSwitchTo(econtext->ecxt_per_tuple_memory);
	ExecClearTuple(slot);
	qf_row_fill(scan->list_row, item, id, slot->tts_values, slot->tts_isnull);
	ExecStoreVirtualTuple(slot);
	MemoryContextSwitchTo(oldcontext);
	econtext->ecxt_scantuple = slot;
	return ExecQual(scan->list_qual, econtext) ?
		QF_FETCH_DETAIL : QF_FETCH_SKIP;
}

/* Is the next task there, or may we wait for it? */
static bool
may_fetch(QfScan *scan, QfFetch *fetch)
{
	scan->would_wait = scan->must_not_wait && !qf_fetch_poll(fetch);
	return !scan->would_wait;
}

/* Rows that can still be wanted; -1: any number. */
static int64
rows_wanted(const QfScan *scan)
{
	return scan->plan.limit > scan->passed ?
		scan->plan.limit - scan->passed : -1;
}

/*
 * Under a limit, find out whether the row passes the quals, as the executor
 * will once more.  Only then do we know how many rows are still wanted.
 */
static void
count_passed(QfScan *scan, TupleTableSlot *slot)
{
	ExprContext *econtext = scan->node->ss.ps.ps_ExprContext;

	if (rows_wanted(scan) < 0)
		return;
	econtext->ecxt_scantuple = slot;
	if (ExecQual(scan->node->ss.ps.qual, econtext))
		scan->passed++;
}
