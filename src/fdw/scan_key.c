/*
 * scan_key.c
 *	  A scan by key: which ids are asked for, and the rows they come to.
 *
 * A task is fetched at most once in a scan and shows one state, however often
 * the executor starts over.  So where it may start over, or a lookup join may
 * ask for an id again, the rows found are kept by id.
 *
 * src/fdw/scan_key.c
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "base/compat.h"
#include "fdw/keyset.h"
#include "fdw/row_store.h"
#include "fdw/scan_key.h"

/* A task by key. */
typedef struct KnownTask
{
	const char *id;				/* UTF-8 */
	char		status;			/* of the hash table's slot */
	bool		fetched;		/* or still asked for */
	bool		exists;			/* does the API know it? */
	QfRowPlace	place;			/* of its row, if that is kept */
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

typedef struct QfKeyScan
{
	QfFetch    *fetch;			/* NULL: no key was asked for yet */
	tasks_hash *tasks;
	MemoryContext task_context; /* owns both */
	QfKeySource source;
	QfKeySet   *keys;			/* asked for this time */
	MemoryContext key_context;	/* owns them; reset with each rescan */
	int			next_key;		/* to be returned */
	int			next_request;	/* to be asked for */
	QfRowStore *kept;			/* rows found; NULL: not kept */
	MemoryContext row_context;	/* of the row that was returned last */
} QfKeyScan;

/* Set up, in the scan's context, which is the current one. */
void
qf_scan_key_begin(QfScan *scan)
{
	QfKeyScan  *by_key = palloc0_object(QfKeyScan);

	scan->by_key = by_key;
	if (scan->keep_rows)
		by_key->kept = qf_row_store_create(scan->context);
	by_key->task_context = AllocSetContextCreate(scan->context,
												 "qianfan_fdw tasks",
												 ALLOCSET_DEFAULT_SIZES);
	by_key->row_context = AllocSetContextCreate(scan->context,
												"qianfan_fdw row",
												ALLOCSET_DEFAULT_SIZES);
	by_key->key_context = AllocSetContextCreate(scan->context,
												"qianfan_fdw keys",
												ALLOCSET_DEFAULT_SIZES);
	qf_keyset_init(&by_key->source, scan->exprs,
				   scan->node->ss.ps.ps_ExprContext, scan->context);
}

/* Get ready to look up keys, once in a scan. */
static void
open_fetch(QfScan *scan)
{
	QfKeyScan  *by_key = scan->by_key;

	if (by_key->fetch != NULL)
		return;
	by_key->tasks = tasks_create(by_key->task_context, 16, NULL);
	by_key->fetch = qf_scan_state_fetch(scan, by_key->task_context);
}

/* Find out which ids are asked for this time. */
void
qf_scan_key_start(QfScan *scan)
{
	QfKeyScan  *by_key = scan->by_key;
	MemoryContext oldcontext;

	/* Should we be repeated unexpectedly, rather ask again than fail. */
	if (by_key->kept == NULL && by_key->fetch != NULL)
	{
		by_key->fetch = NULL;
		MemoryContextReset(by_key->task_context);
	}
	MemoryContextReset(by_key->key_context);
	oldcontext = MemoryContextSwitchTo(by_key->key_context);
	by_key->keys = qf_keyset_evaluate(scan->plan.keys, &by_key->source);
	by_key->next_key = 0;
	by_key->next_request = 0;
	MemoryContextSwitchTo(oldcontext);

	if (by_key->keys->nkeys > 0)
		open_fetch(scan);
}

/* Ask for a key, unless it was asked for before; was it now? */
static bool
ask_for(QfScan *scan, const char *key)
{
	QfKeyScan  *by_key = scan->by_key;
	bool		found;
	KnownTask  *known;

	if (tasks_lookup(by_key->tasks, key) != NULL)
		return false;
	key = MemoryContextStrdup(by_key->task_context, key);
	known = tasks_insert(by_key->tasks, key, &found);
	known->fetched = false;
	known->exists = false;
	qf_fetch_add_key(by_key->fetch, key, NULL);
	return true;
}

/* Ask for the keys that are next, as far ahead as is useful. */
static void
request_keys(QfScan *scan)
{
	QfKeyScan  *by_key = scan->by_key;

	qf_fetch_set_wanted(by_key->fetch, qf_reader_wanted(scan->reader));
	while (by_key->next_request < by_key->keys->nkeys &&
		   (by_key->next_request == by_key->next_key ||
			qf_fetch_room(by_key->fetch) > 0))
		(void) ask_for(scan, by_key->keys->keys[by_key->next_request++]);
}

/* Put what is now known of a task into the slot, and keep it if need be. */
static void
learn_task(QfScan *scan, const QfTask *task, TupleTableSlot *slot)
{
	QfKeyScan  *by_key = scan->by_key;
	KnownTask  *known = tasks_lookup(by_key->tasks, task->id);
	MemoryContext oldcontext;

	ExecClearTuple(slot);
	MemoryContextReset(by_key->row_context);
	known->fetched = true;
	if (task->object == NULL)
		return;

	known->exists = true;
	oldcontext = MemoryContextSwitchTo(by_key->row_context);
	qf_row_fill(scan->row, task->object, task->id, slot->tts_values,
				slot->tts_isnull);
	ExecStoreVirtualTuple(slot);
	if (by_key->kept != NULL)
		known->place =
			qf_row_store_put(by_key->kept,
							 qf_compat_minimal_tuple(slot->tts_tupleDescriptor,
													 slot->tts_values,
													 slot->tts_isnull));
	MemoryContextSwitchTo(oldcontext);
}

/* Put a row that was kept into the slot. */
static void
show_kept(QfKeyScan *by_key, const KnownTask *known, TupleTableSlot *slot)
{
	QfRowPlace	place = known->place;
	MemoryContext oldcontext;

	ExecClearTuple(slot);
	MemoryContextReset(by_key->row_context);
	oldcontext = MemoryContextSwitchTo(by_key->row_context);
	ExecForceStoreMinimalTuple(qf_row_store_get(by_key->kept, &place), slot,
							   false);
	MemoryContextSwitchTo(oldcontext);
}

/* The next row in the order of the keys. */
bool
qf_scan_key_next(QfScan *scan, TupleTableSlot *slot)
{
	QfKeyScan  *by_key = scan->by_key;

	while (by_key->next_key < by_key->keys->nkeys)
	{
		const char *key = by_key->keys->keys[by_key->next_key];
		KnownTask  *known = tasks_lookup(by_key->tasks, key);
		bool		is_new = known == NULL || !known->fetched;

		CHECK_FOR_INTERRUPTS();
		if (is_new)
		{
			QfTask		task;

			/* Not once it is here, before it is known whether it passes. */
			request_keys(scan);
			if (!qf_scan_state_may_fetch(scan, by_key->fetch))
				return false;
			/* Tasks come in the order they were asked for. */
			if (!qf_fetch_next(by_key->fetch, &task))
				elog(ERROR, "task was not asked for");
			learn_task(scan, &task, slot);
			known = tasks_lookup(by_key->tasks, key);
			if (!known->fetched)
			{
				/* It was asked for at an earlier time, and not come to. */
				ExecClearTuple(slot);
				continue;
			}
		}
		by_key->next_key++;
		if (!known->exists)
			continue;
		if (!is_new)
			show_kept(by_key, known, slot);
		return true;
	}
	ExecClearTuple(slot);
	return false;
}

/* Free what does not go with the scan's context. */
void
qf_scan_key_end(QfScan *scan)
{
	if (scan->by_key->kept != NULL)
		qf_row_store_end(scan->by_key->kept);
}

/* Parameters have changed, so keys may come to something else. */
void
qf_scan_key_forget(QfScan *scan)
{
	qf_keyset_forget(&scan->by_key->source);
}

/*
 * qf_scan_forget
 *		Parameters have changed.  A lookup join asks for keys before it comes to
 *		a rescan of the node.
 */
void
qf_scan_forget(ForeignScanState *node)
{
	qf_scan_key_forget(node->fdw_state);
}

/*
 * qf_scan_give
 *		Set the one key that the node looks up after its next rescan.  It must
 *		live until the node has been read.
 */
void
qf_scan_give(ForeignScanState *node, char **key)
{
	QfKeyScan  *by_key = ((QfScan *) node->fdw_state)->by_key;

	by_key->source.given.keys = key;
	by_key->source.given.nkeys = 1;
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
		qf_scan_key_start(scan);
		if (scan->by_key->keys->nkeys == 0)
			return false;
	}
	open_fetch(scan);
	return ask_for(scan, key);
}
