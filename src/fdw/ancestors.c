/*
 * ancestors.c
 *	  The plan nodes above a scan.
 *
 * Core needs them to name what parameters stand for.  EXPLAIN has them, but
 * does not hand them to a foreign scan.
 *
 * src/fdw/ancestors.c
 */
#include "postgres.h"

#include "miscadmin.h"
#include "nodes/nodeFuncs.h"

#include "fdw/ancestors.h"

typedef struct Search
{
	const PlanState *target;
	const PlanState *parent;	/* of the nodes that are visited */
	List	   *ancestors;
} Search;

static bool is_above(PlanState *state, void *context);

/* Does one of the subqueries lead to the target? */
static bool
in_subqueries(Search *search, List *subplans)
{
	ListCell   *lc;

	foreach(lc, subplans)
	{
		SubPlanState *subplan = lfirst_node(SubPlanState, lc);

		if (is_above(subplan->planstate, search))
		{
			/* It has the arguments that its parameters stand for. */
			search->ancestors = lappend(search->ancestors, subplan->subplan);
			return true;
		}
	}
	return false;
}

static bool
has_subquery(List *subplans, const PlanState *state)
{
	ListCell   *lc;

	foreach(lc, subplans)
	{
		if (lfirst_node(SubPlanState, lc)->planstate == state)
			return true;
	}
	return false;
}

/* Walker: children, which core's walker takes subqueries for, too. */
static bool
child_is_above(PlanState *state, void *context)
{
	Search	   *search = context;

	if (has_subquery(search->parent->initPlan, state) ||
		has_subquery(search->parent->subPlan, state))
		return false;
	return is_above(state, context);
}

/* Is the target this node, or below it? */
static bool
is_above(PlanState *state, void *context)
{
	Search	   *search = context;
	const PlanState *parent = search->parent;
	bool		found;

	CHECK_FOR_INTERRUPTS();
	check_stack_depth();
	if (state == search->target)
		return true;
	if (state == NULL)
		return false;

	search->parent = state;
	found = in_subqueries(search, state->initPlan) ||
		planstate_tree_walker(state, child_is_above, search) ||
		in_subqueries(search, state->subPlan);
	search->parent = parent;
	if (found)
		search->ancestors = lappend(search->ancestors, state->plan);
	return found;
}

/*
 * qf_ancestors_find
 *		The nodes above "node" in the execution whose top is "root", nearest
 *		first: Plans and, where the way leads out of a subquery, its SubPlan.
 *		That is what set_deparse_context_plan() wants.
 */
List *
qf_ancestors_find(PlanState *root, const PlanState *node)
{
	Search		search = {node, NULL, NIL};

	(void) is_above(root, &search);
	return search.ancestors;
}
