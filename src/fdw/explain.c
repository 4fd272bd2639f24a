/*
 * explain.c
 *	  Every EXPLAIN line of the wrapper.
 *
 * src/fdw/explain.c
 */
#include "postgres.h"

#include "commands/explain.h"
#include "foreign/fdwapi.h"
#include "nodes/makefuncs.h"
#include "utils/rel.h"
#include "utils/ruleutils.h"

#include "base/compat.h"
#include "base/option.h"
#include "fdw/explain.h"
#include "fdw/plan_private.h"
#include "fdw/scan.h"
#include "resource/resource.h"

static void explain_quals(ForeignScanState *node, const char *label,
						  List *numbers, ExplainState *es);
static bool find_ancestors(Plan *plan, Plan *node, List **ancestors);

/* The labels of README.md, section EXPLAIN; figures only under ANALYZE. */
void
qianfanExplainForeignScan(ForeignScanState *node, ExplainState *es)
{
	ForeignScan *scan = (ForeignScan *) node->ss.ps.plan;
	QfPlan		plan;

	qf_plan_unpack(scan->fdw_private, &plan);
	qf_explain_action(node, es);
	explain_quals(node, "Lookup Key", plan.key_quals, es);
	explain_quals(node, "Remote Filter", plan.filter_quals, es);

	/* A lookup join shows them on its own node. */
	if (!plan.given)
		qf_explain_counters(node, es);
}

/* What the scan has cost, under ANALYZE. */
void
qf_explain_counters(const ForeignScanState *node, ExplainState *es)
{
	const QfCounters *counters;

	if (!es->analyze || node->fdw_state == NULL)
		return;
	counters = qf_scan_counters(node);
	ExplainPropertyInteger("API Calls", NULL, counters->calls, es);
	ExplainPropertyInteger("API Retries", NULL, counters->retries, es);
	ExplainPropertyInteger("API Bytes", "B", counters->bytes, es);
	if (es->timing)
		ExplainPropertyFloat("API Time", "ms",
							 counters->wait_time / 1000.0, 3, es);
}

/* Show conditions of a plan node, if there are any, under a label. */
void
qf_explain_exprs(const char *label, List *exprs, Plan *plan, List *ancestors,
				 ExplainState *es)
{
	List	   *context;

	if (exprs == NIL)
		return;
	context = set_deparse_context_plan(es->deparse_cxt, plan, ancestors);
	ExplainPropertyText(label,
						deparse_expression((Node *) make_ands_explicit(exprs),
										   context,
										   list_length(es->rtable) > 1 ||
										   es->verbose,
										   false), es);
}

/* Show which actions the scan calls. */
void
qf_explain_action(ForeignScanState *node, ExplainState *es)
{
	ForeignScan *scan = (ForeignScan *) node->ss.ps.plan;
	Oid			relid = RelationGetRelid(node->ss.ss_currentRelation);
	Oid			serverid = GetForeignServerIdByRelId(relid);
	const QfResource *resource = qf_option_resolve(serverid, relid)->resource;
	QfPlan		plan;

	qf_plan_unpack(scan->fdw_private, &plan);
	if (plan.keys != NIL)
		ExplainPropertyText("Action", resource->detail_action, es);
	else if (!plan.details)
		ExplainPropertyText("Action", resource->list_action, es);
	else
		ExplainPropertyText("Action",
							psprintf("%s, %s", resource->list_action,
									 resource->detail_action), es);
}

/* Show some of the node's quals under a label of their own. */
static void
explain_quals(ForeignScanState *node, const char *label, List *numbers,
			  ExplainState *es)
{
	Plan	   *plan = node->ss.ps.plan;
	List	   *quals = NIL;
	List	   *ancestors = NIL;
	ListCell   *lc;

	if (numbers == NIL)
		return;
	foreach(lc, numbers)
		quals = lappend(quals, list_nth(plan->qual, lfirst_int(lc)));
	(void) find_ancestors(es->pstmt->planTree, plan, &ancestors);
	qf_explain_exprs(label, quals, plan, ancestors, es);
}

/*
 * The plan nodes above "node", nearest first, which core needs to name the
 * outer columns that parameters stand for.  Core has them but does not hand
 * them to us.  Where we do not find the node, parameters show as numbers.
 */
static bool
find_ancestors(Plan *plan, Plan *node, List **ancestors)
{
	List	   *children = NIL;
	ListCell   *lc;

	if (plan == NULL)
		return false;
	if (plan == node)
		return true;

	if (IsA(plan, Append))
		children = ((Append *) plan)->appendplans;
	else if (IsA(plan, MergeAppend))
		children = ((MergeAppend *) plan)->mergeplans;
	else if (IsA(plan, SubqueryScan))
		children = list_make1(((SubqueryScan *) plan)->subplan);
	else if (IsA(plan, CustomScan))
		children = ((CustomScan *) plan)->custom_plans;
	children = lappend(list_copy(children), outerPlan(plan));
	children = lappend(children, innerPlan(plan));

	foreach(lc, children)
	{
		if (find_ancestors(lfirst(lc), node, ancestors))
		{
			*ancestors = lappend(*ancestors, plan);
			return true;
		}
	}
	return false;
}
