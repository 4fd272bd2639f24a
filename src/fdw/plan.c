/*
 * plan.c
 *	  From the chosen path to a plan node (PostgreSQL manual, "Foreign Data
 *	  Wrapper Callback Routines").
 *
 * src/fdw/plan.c
 */
#include "postgres.h"

#include "foreign/fdwapi.h"
#include "nodes/makefuncs.h"
#include "optimizer/optimizer.h"
#include "optimizer/planmain.h"
#include "optimizer/restrictinfo.h"

#include "fdw/order_plan.h"
#include "fdw/path.h"
#include "fdw/plan.h"
#include "fdw/plan_private.h"
#include "fdw/pushdown.h"
#include "fdw/sort_key.h"

/*
 * Find the quals that say which ids are asked for.  Returns what has to be
 * evaluated for each row.
 *
 * A qual that is true for exactly the ids it stands for is not among that:
 * rows come by looking these ids up, and an answer about another id is an
 * error.  It goes to *key_sets, to be evaluated when EvalPlanQual looks at a
 * row again.  For a row, core walks an OR arm by arm and an array that is no
 * constant element by element, so n keys would take n * n comparisons.
 */
static List *
take_keys(const QfTable *table, List *scan_clauses, QfPlan *plan,
		  List **exprs, List **key_sets)
{
	List	   *quals = NIL;
	ListCell   *lc;

	foreach(lc, scan_clauses)
	{
		RestrictInfo *rinfo = lfirst_node(RestrictInfo, lc);
		Expr	   *clause = qf_pushdown_merge(table, rinfo->clause);
		List	   *tree = qf_pushdown_keys(table, clause, exprs);

		if (tree != NIL && qf_pushdown_is_key_set(table, clause))
		{
			*key_sets = lappend(*key_sets, clause);
			plan->key_quals = lappend_int(plan->key_quals,
										  -list_length(*key_sets));
		}
		else
		{
			if (tree != NIL)
				plan->key_quals = lappend_int(plan->key_quals,
											  list_length(quals));
			quals = lappend(quals, rinfo->clause);
		}
		if (tree != NIL)
			plan->keys = lappend(plan->keys, tree);
	}
	if (plan->keys != NIL)
		plan->keys = lcons(makeInteger(QF_KEY_AND), plan->keys);
	return quals;
}

static bool
has_filter(const QfPlan *plan, const char *parameter)
{
	ListCell   *lc;

	foreach(lc, plan->filters)
	{
		if (strcmp(strVal(lfirst(lc)), parameter) == 0)
			return true;
	}
	return false;
}

/*
 * Find the quals the list can be asked with, those with one value or those
 * with an array of them; they stay quals.  One qual for a parameter is enough,
 * and one array.
 */
static void
take_filters(PlannerInfo *root, RelOptInfo *baserel, List *scan_clauses,
			 bool arrays, QfPlan *plan, List **exprs)
{
	ListCell   *lc;

	foreach(lc, scan_clauses)
	{
		RestrictInfo *rinfo = lfirst_node(RestrictInfo, lc);
		const char *parameter;
		Expr	   *value = qf_path_filter(root, baserel, rinfo->clause,
										   &parameter);

		if (value == NULL || qf_path_is_array(value) != arrays ||
			has_filter(plan, parameter) || plan->most_lists > 0)
			continue;
		if (arrays)
			plan->most_lists = qf_path_most_lists(root, baserel,
												  rinfo->clause, value);
		plan->filters = lappend(plan->filters,
								makeString(pstrdup(parameter)));
		plan->filter_exprs = lappend_int(plan->filter_exprs,
										 list_length(*exprs));
		*exprs = lappend(*exprs, value);
		plan->filter_quals = lappend_int(plan->filter_quals,
										 foreach_current_index(lc));
	}
}

/* Turn the chosen path into a plan node. */
ForeignScan *
qianfanGetForeignPlan(PlannerInfo *root, RelOptInfo *baserel,
					  Oid foreigntableid, ForeignPath *best_path,
					  List *tlist, List *scan_clauses, Plan *outer_plan)
{
	QfTable    *table = baserel->fdw_private;
	QfPlan		plan = {0};
	Bitmapset  *needed;
	List	   *clauses = NIL;
	List	   *exprs = NIL;
	List	   *quals;
	List	   *key_sets = NIL;
	List	   *covered = NIL;
	QfListOrder order = qf_path_order(best_path);
	ListCell   *lc;
	int			i = -1;

	/* Gating quals are evaluated above us; the rest all of them by us. */
	foreach(lc, scan_clauses)
	{
		RestrictInfo *rinfo = lfirst_node(RestrictInfo, lc);

		if (!rinfo->pseudoconstant)
			clauses = lappend(clauses, rinfo);
	}

	plan.given = qf_path_is(best_path, QF_PATH_GIVEN);
	if (plan.given)
		plan.keys = list_make1(list_make1(makeInteger(QF_KEY_GIVEN)));
	quals = take_keys(table, clauses, &plan, &exprs, &key_sets);
	if (plan.keys == NIL)
	{
		take_filters(root, baserel, clauses, false, &plan, &exprs);
		/* Several lists, one after the other, have no order. */
		if (order == QF_ORDER_NONE)
			take_filters(root, baserel, clauses, true, &plan, &exprs);
	}
	needed = qf_path_needed_attributes(root, baserel, clauses);
	while ((i = bms_next_member(needed, i)) >= 0)
		plan.attributes = lappend_int(plan.attributes, i);
	if (qf_path_is(best_path, QF_PATH_SORTED))
		qf_sort_key_plan(baserel, best_path->path.pathkeys, &plan, &exprs);
	if (order != QF_ORDER_NONE)
		covered = qf_order_plan_tell(root, baserel, clauses, order, &plan, &exprs);
	if (plan.keys == NIL)
	{
		plan.details = qf_path_needs_detail(table, needed);
		plan.list_quals = qf_path_early_quals(table, clauses);
	}
	plan.exact = list_length(list_union_int(plan.filter_quals, covered)) ==
		list_length(clauses);

	return make_foreignscan(tlist, quals, baserel->relid, exprs,
							qf_plan_pack(&plan), NIL, key_sets, outer_plan);
}
