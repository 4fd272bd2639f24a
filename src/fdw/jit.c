/*
 * jit.c
 *	  Whether a plan is worth compiling: what it costs without our scans.
 *
 * Core turns JIT on for plans that cost more than jit_above_cost, taking cost
 * for CPU work.  What our scans cost is round trips, of which a hundred are
 * enough, and no expression of theirs is evaluated any faster for it.
 *
 * The costs of plan nodes include those of the nodes below, and no node says
 * how often it counted them.  So what is ours is worked out the way core adds
 * up costs, and where that cannot be known, is rather taken for ours: then a
 * statement runs without JIT, as most do.
 *
 * src/fdw/jit.c
 */
#include "postgres.h"

#include "foreign/fdwapi.h"
#include "jit/jit.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"

#include "fdw/jit.h"
#include "fdw/plan.h"

/* A look at the plans of a statement. */
typedef struct PlanCosts
{
	const PlannedStmt *statement;
	bool	   *placed;			/* for each subplan: is it known where it is
								 * called? */
	Cost	   *remote;			/* its remote_cost(); -1: not known */
} PlanCosts;

static Cost remote_cost(PlanCosts *costs, const Plan *plan);

static bool
is_ours(const ForeignScan *scan)
{
	return OidIsValid(scan->fs_server) &&
		GetFdwRoutineByServerId(scan->fs_server)->GetForeignPlan ==
		qianfanGetForeignPlan;
}

/* Of the cost of one run of a subplan, what is ours; 0 if it was removed. */
static Cost
subplan_cost(PlanCosts *costs, int plan_id)
{
	const Plan *plan = list_nth(costs->statement->subplans, plan_id - 1);

	if (costs->remote[plan_id - 1] < 0)
		costs->remote[plan_id - 1] = plan != NULL ?
			remote_cost(costs, plan) : 0;
	return costs->remote[plan_id - 1];
}

/* Walker: collect the SubPlans in expressions. */
static bool
find_subplans(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, SubPlan))
		*(List **) context = lappend(*(List **) context, node);
	return expression_tree_walker(node, find_subplans, context);
}

/*
 * What subqueries add to a node that by itself, without its children, costs
 * "own".  How often one is called is known to that cost only.
 */
static Cost
subqueries_cost(PlanCosts *costs, const Plan *plan, Cost own)
{
	List	   *subplans = NIL;
	Cost		remote = 0;
	ListCell   *lc;

	foreach(lc, plan->initPlan)
	{
		int			plan_id = lfirst_node(SubPlan, lc)->plan_id;

		costs->placed[plan_id - 1] = true;
		remote += subplan_cost(costs, plan_id);
	}

	(void) find_subplans((Node *) plan->targetlist, &subplans);
	(void) find_subplans((Node *) plan->qual, &subplans);
	if (IsA(plan, NestLoop) || IsA(plan, MergeJoin) || IsA(plan, HashJoin))
		(void) find_subplans((Node *) ((const Join *) plan)->joinqual,
							 &subplans);
	if (IsA(plan, Result))
		(void) find_subplans(((const Result *) plan)->resconstantqual,
							 &subplans);
	foreach(lc, subplans)
	{
		SubPlan    *subplan = lfirst(lc);
		const Plan *called = list_nth(costs->statement->subplans,
									  subplan->plan_id - 1);
		Cost		once = subplan_cost(costs, subplan->plan_id);

		costs->placed[subplan->plan_id - 1] = true;
		if (once > 0)
			remote += subplan->useHashTable ? once :
				own * once / called->total_cost;
	}
	return remote;
}

/* Children other than the outer and the inner one. */
static List *
other_children(const Plan *plan)
{
	switch (nodeTag(plan))
	{
		case T_Append:
			return ((const Append *) plan)->appendplans;
		case T_MergeAppend:
			return ((const MergeAppend *) plan)->mergeplans;
		case T_SubqueryScan:
			return list_make1(((const SubqueryScan *) plan)->subplan);
		case T_CustomScan:
			return ((const CustomScan *) plan)->custom_plans;
		default:
			return NIL;
	}
}

/* Of the cost of a plan node with all that is below it, what is ours. */
static Cost
remote_cost(PlanCosts *costs, const Plan *plan)
{
	const Plan *outer = outerPlan(plan);
	const Plan *inner = innerPlan(plan);
	Cost		below = 0;
	Cost		remote = 0;
	ListCell   *lc;

	CHECK_FOR_INTERRUPTS();
	check_stack_depth();
	if (IsA(plan, ForeignScan) && is_ours((const ForeignScan *) plan))
		return Max(plan->total_cost - plan->plan_rows * cpu_tuple_cost, 0);

	foreach(lc, other_children(plan))
	{
		const Plan *child = lfirst(lc);

		below += child->total_cost;
		remote += remote_cost(costs, child);
	}
	if (outer != NULL)
	{
		Cost		share = remote_cost(costs, outer);

		/* Not all of it is read. */
		if (IsA(plan, Limit) && outer->total_cost > 0)
			share *= Min(plan->total_cost / outer->total_cost, 1);
		below += outer->total_cost;
		remote += share;
	}
	if (inner != NULL)
	{
		Cost		share = remote_cost(costs, inner);

		/* It may be read for each outer row. */
		if (IsA(plan, NestLoop) && !IsA(inner, Material))
			share *= Max(outer->plan_rows, 1);
		below += inner->total_cost;
		remote += share;
	}
	remote += subqueries_cost(costs, plan, Max(plan->total_cost - below, 0));
	return Min(remote, plan->total_cost);
}

/*
 * qf_jit_flags
 *		What statement->jitFlags would be if our scans cost nothing.
 */
int
qf_jit_flags(const PlannedStmt *statement)
{
	int			flags = statement->jitFlags;
	int			nsubplans = list_length(statement->subplans);
	PlanCosts	costs;
	Cost		cost = statement->planTree->total_cost;

	if ((flags & PGJIT_PERFORM) == 0)
		return flags;

	costs.statement = statement;
	costs.placed = palloc0(sizeof(bool) * (nsubplans + 1));
	costs.remote = palloc(sizeof(Cost) * (nsubplans + 1));
	for (int i = 0; i < nsubplans; i++)
		costs.remote[i] = -1;

	cost -= remote_cost(&costs, statement->planTree);
	if (cost == statement->planTree->total_cost && nsubplans == 0)
		return flags;			/* nothing is ours */
	for (int i = 0; i < nsubplans; i++)
	{
		if (!costs.placed[i] && subplan_cost(&costs, i + 1) > 0)
			cost = 0;
	}

	if (cost <= jit_above_cost)
		return PGJIT_NONE;
	if (cost <= jit_optimize_above_cost)
		flags &= ~PGJIT_OPT3;
	if (cost <= jit_inline_above_cost)
		flags &= ~PGJIT_INLINE;
	return flags;
}
