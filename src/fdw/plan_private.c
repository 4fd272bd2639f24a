/*
 * plan_private.c
 *	  Plan-to-executor list, and what an execution asks about its plan.
 *
 * src/fdw/plan_private.c
 */
#include "postgres.h"

#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"

#include "fdw/plan_private.h"

/* Positions in ForeignScan.fdw_private; the members of QfPlan. */
enum Position
{
	ATTRIBUTES,					/* IntList */
	KEYS,						/* a key tree */
	FILTERS,					/* List of String */
	FILTER_EXPRS,				/* IntList */
	KEY_QUALS,					/* IntList */
	FILTER_QUALS,				/* IntList */
	LIST_QUALS,					/* IntList */
	SORT_EXPRS,					/* IntList */
	SORT_OPERATORS,				/* OidList */
	SORT_COLLATIONS,			/* OidList */
	SORT_NULLS_FIRST,			/* IntList */
	RUN_EXPRS,					/* IntList */
	ORDER,						/* Integer, a QfListOrder */
	ORDER_EXPR,					/* Integer */
	TURNED,						/* Boolean */
	MOST_LISTS,					/* Integer */
	GIVEN,						/* Boolean */
	DETAILS,					/* Boolean */
	EXACT						/* Boolean */
};

List *
qf_plan_pack(const QfPlan *plan)
{
	List	   *list = NIL;

	list = lappend(list, plan->attributes);
	list = lappend(list, plan->keys);
	list = lappend(list, plan->filters);
	list = lappend(list, plan->filter_exprs);
	list = lappend(list, plan->key_quals);
	list = lappend(list, plan->filter_quals);
	list = lappend(list, plan->list_quals);
	list = lappend(list, plan->sort_exprs);
	list = lappend(list, plan->sort_operators);
	list = lappend(list, plan->sort_collations);
	list = lappend(list, plan->sort_nulls_first);
	list = lappend(list, plan->run_exprs);
	list = lappend(list, makeInteger(plan->order));
	list = lappend(list, makeInteger(plan->order_expr));
	list = lappend(list, makeBoolean(plan->turned));
	list = lappend(list, makeInteger(plan->most_lists));
	list = lappend(list, makeBoolean(plan->given));
	list = lappend(list, makeBoolean(plan->details));
	list = lappend(list, makeBoolean(plan->exact));
	return list;
}

/* The inverse; shares the lists with fdw_private. */
void
qf_plan_unpack(List *fdw_private, QfPlan *plan)
{
	plan->attributes = list_nth(fdw_private, ATTRIBUTES);
	plan->keys = list_nth(fdw_private, KEYS);
	plan->filters = list_nth(fdw_private, FILTERS);
	plan->filter_exprs = list_nth(fdw_private, FILTER_EXPRS);
	plan->key_quals = list_nth(fdw_private, KEY_QUALS);
	plan->filter_quals = list_nth(fdw_private, FILTER_QUALS);
	plan->list_quals = list_nth(fdw_private, LIST_QUALS);
	plan->sort_exprs = list_nth(fdw_private, SORT_EXPRS);
	plan->sort_operators = list_nth(fdw_private, SORT_OPERATORS);
	plan->sort_collations = list_nth(fdw_private, SORT_COLLATIONS);
	plan->sort_nulls_first = list_nth(fdw_private, SORT_NULLS_FIRST);
	plan->run_exprs = list_nth(fdw_private, RUN_EXPRS);
	plan->order = intVal(list_nth(fdw_private, ORDER));
	plan->order_expr = intVal(list_nth(fdw_private, ORDER_EXPR));
	plan->turned = boolVal(list_nth(fdw_private, TURNED));
	plan->most_lists = intVal(list_nth(fdw_private, MOST_LISTS));
	plan->given = boolVal(list_nth(fdw_private, GIVEN));
	plan->details = boolVal(list_nth(fdw_private, DETAILS));
	plan->exact = boolVal(list_nth(fdw_private, EXACT));
}

/* Is "node" under "plan" where nothing rescans it? */
static bool
never_rescans_below(const Plan *plan, const Plan *node)
{
	ListCell   *lc;

	if (plan == NULL)
		return false;
	if (plan == node)
		return true;

	switch (nodeTag(plan))
	{
		case T_Append:
			foreach(lc, ((const Append *) plan)->appendplans)
			{
				if (never_rescans_below(lfirst(lc), node))
					return true;
			}
			return false;
		case T_MergeAppend:
			foreach(lc, ((const MergeAppend *) plan)->mergeplans)
			{
				if (never_rescans_below(lfirst(lc), node))
					return true;
			}
			return false;
		case T_SubqueryScan:
			return never_rescans_below(((const SubqueryScan *) plan)->subplan,
									   node);
		case T_HashJoin:
			return never_rescans_below(outerPlan(plan), node) ||
				never_rescans_below(innerPlan(plan), node);
		case T_NestLoop:
		case T_MergeJoin:
		case T_Limit:
		case T_Sort:
		case T_IncrementalSort:
		case T_Agg:
		case T_Group:
		case T_Unique:
		case T_WindowAgg:
		case T_Result:
		case T_ProjectSet:
		case T_Hash:
		case T_Material:
		case T_LockRows:
		case T_ModifyTable:
			return never_rescans_below(outerPlan(plan), node);
		default:
			return false;
	}
}

/*
 * qf_plan_never_rescans
 *		Is it certain that the executor reads this node once, from start to
 *		end, so that rows need not be kept for a second time?
 *
 * True only on a path of nodes known to read their input once.
 */
bool
qf_plan_never_rescans(const PlannedStmt *statement, const Plan *node)
{
	return never_rescans_below(statement->planTree, node);
}
