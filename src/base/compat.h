/*
 * compat.h
 *	  The only file that looks at PG_VERSION_NUM and LIBCURL_VERSION_NUM.
 *
 * Each difference is hidden behind one function with one signature, so that
 * no other file needs an #if.
 *
 * src/base/compat.h
 */
#ifndef QF_BASE_COMPAT_H
#define QF_BASE_COMPAT_H

#include "access/htup_details.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/plannodes.h"
#include "optimizer/pathnode.h"
#include "parser/parse_relation.h"
#include "storage/latch.h"
#include "utils/memutils.h"
#include "utils/selfuncs.h"
#include "utils/wait_event.h"

#if PG_VERSION_NUM < 150000
#error "qianfan_fdw needs PostgreSQL 15 or later"
#endif

#if PG_VERSION_NUM >= 180000
#include "commands/explain_format.h"
#include "commands/explain_state.h"
#endif

/* PostgreSQL 18 can show name and version of a loaded module. */
#ifdef PG_MODULE_MAGIC_EXT
#define QF_MODULE_MAGIC(module_name, module_version) \
	PG_MODULE_MAGIC_EXT(.name = module_name, .version = module_version)
#else
#define QF_MODULE_MAGIC(module_name, module_version) PG_MODULE_MAGIC
#endif

/*
 * A path that scans the table "rel".  PostgreSQL 17 added the list of
 * clauses a pushed-down join has used up, 18 the count of disabled nodes.
 */
static inline ForeignPath *
qf_compat_foreign_path(PlannerInfo *root, RelOptInfo *rel, double rows,
					   Cost startup_cost, Cost total_cost,
					   Relids required_outer, List *fdw_private)
{
#if PG_VERSION_NUM >= 180000
	return create_foreignscan_path(root, rel, NULL, rows, 0,
								   startup_cost, total_cost, NIL,
								   required_outer, NULL, NIL, fdw_private);
#elif PG_VERSION_NUM >= 170000
	return create_foreignscan_path(root, rel, NULL, rows,
								   startup_cost, total_cost, NIL,
								   required_outer, NULL, NIL, fdw_private);
#else
	return create_foreignscan_path(root, rel, NULL, rows,
								   startup_cost, total_cost, NIL,
								   required_outer, NULL, fdw_private);
#endif
}

/*
 * The cheapest path that returns each row of "rel" that a semi-join may match
 * once, or NULL.  PostgreSQL 19 hands over a relation that is unique already.
 */
static inline Path *
qf_compat_unique_path(PlannerInfo *root, RelOptInfo *rel,
					  SpecialJoinInfo *sjinfo)
{
#if PG_VERSION_NUM >= 190000
	return rel->cheapest_total_path;
#else
	return (Path *) create_unique_path(root, rel, rel->cheapest_total_path,
									   sjinfo);
#endif
}

/* PostgreSQL 19 also joins relations that it has aggregated already. */
static inline bool
qf_compat_is_grouped(const RelOptInfo *rel)
{
#if PG_VERSION_NUM >= 190000
	return IS_GROUPED_REL(rel);
#else
	return false;
#endif
}

/* Elements an array expression is expected to have. */
static inline double
qf_compat_array_length(PlannerInfo *root, Node *array)
{
#if PG_VERSION_NUM >= 170000
	return estimate_array_length(root, array);
#else
	return estimate_array_length(array);
#endif
}

/*
 * The role whose privileges and user mapping a scan uses: the view's owner or
 * the caller.  PostgreSQL 16 moved it from the range table to the plan node.
 */
static inline Oid
qf_compat_checked_user(ForeignScan *plan, EState *estate)
{
#if PG_VERSION_NUM >= 160000
	return OidIsValid(plan->checkAsUser) ? plan->checkAsUser : GetUserId();
#else
	RangeTblEntry *rte = exec_rt_fetch(plan->scan.scanrelid, estate);

	return OidIsValid(rte->checkAsUser) ? rte->checkAsUser : GetUserId();
#endif
}

/* PostgreSQL 18 can leave room for its caller in front of the tuple. */
static inline MinimalTuple
qf_compat_minimal_tuple(TupleDesc desc, Datum *values, bool *nulls)
{
#if PG_VERSION_NUM >= 180000
	return heap_form_minimal_tuple(desc, values, nulls, 0);
#else
	return heap_form_minimal_tuple(desc, values, nulls);
#endif
}

/*
 * From PostgreSQL 17 on, core puts a one-time filter above a custom join if it
 * is told the clauses.  Earlier versions do not call the join hook then.
 */
#if PG_VERSION_NUM >= 170000
#define QF_COMPAT_GATES_JOINS true
#else
#define QF_COMPAT_GATES_JOINS false
#endif

static inline void
qf_compat_set_restrictinfo(CustomPath *path, List *clauses)
{
#if PG_VERSION_NUM >= 170000
	path->custom_restrictinfo = clauses;
#endif
}

/* PostgreSQL 18 counts the disabled nodes of a path and prefers fewer. */
static inline void
qf_compat_sum_disabled(Path *path, Path *outer, Path *inner)
{
#if PG_VERSION_NUM >= 180000
	path->disabled_nodes = outer->disabled_nodes + inner->disabled_nodes;
#endif
}

/* A wait event set that lives until it is freed or the backend ends. */
static inline WaitEventSet *
qf_compat_wait_event_set(int nevents)
{
#if PG_VERSION_NUM >= 170000
	return CreateWaitEventSet(NULL, nevents);
#else
	return CreateWaitEventSet(TopMemoryContext, nevents);
#endif
}

/* What pg_stat_activity shows while we wait: named from PostgreSQL 17 on. */
static inline uint32
qf_compat_wait_event(void)
{
#if PG_VERSION_NUM >= 170000
	static uint32 wait_event = 0;

	if (wait_event == 0)
		wait_event = WaitEventExtensionNew("QianfanApi");
	return wait_event;
#else
	return PG_WAIT_EXTENSION;
#endif
}

/* For who has included <curl/curl.h>. */
#ifdef LIBCURL_VERSION_NUM

/*
 * From libcurl 8.20 on, the threads that resolve names are a pool of the multi
 * handle's.  Have as many as there were before, and let nobody wait for them
 * when the handle goes away.
 */
static inline CURLMcode
qf_compat_set_resolver(CURLM *multi, long nthreads)
{
#if LIBCURL_VERSION_NUM >= 0x081400
	CURLMcode	code = curl_multi_setopt(multi, CURLMOPT_RESOLVE_THREADS_MAX,
										 nthreads);

	return code == CURLM_OK ?
		curl_multi_setopt(multi, CURLMOPT_QUICK_EXIT, 1L) : code;
#else
	return CURLM_OK;
#endif
}
#endif							/* LIBCURL_VERSION_NUM */

#endif							/* QF_BASE_COMPAT_H */
