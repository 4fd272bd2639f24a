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
#include "nodes/nodeFuncs.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/ruleutils.h"
#include "utils/typcache.h"

#include "base/compat.h"
#include "base/option.h"
#include "fdw/ancestors.h"
#include "fdw/explain.h"
#include "fdw/modify.h"
#include "fdw/plan_private.h"
#include "fdw/scan.h"
#include "fdw/scan_state.h"
#include "resource/resource.h"

static void explain_quals(ForeignScanState *node, const char *label,
						  List *numbers, ExplainState *es);
static void explain_sort_key(ForeignScanState *node, const QfPlan *plan,
							 ExplainState *es);
static void explain_order(ForeignScanState *node, const QfPlan *plan,
						  ExplainState *es);
static char *describe_order(Oid type, Oid operator, Oid collation,
							bool nulls_first);

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
	explain_sort_key(node, &plan, es);
	explain_order(node, &plan, es);

	/* A lookup join shows them on its own node. */
	if (!plan.given)
		qf_explain_counters(node, es);
}

/* What calls have cost. */
static void
show_counters(const QfCounters *counters, ExplainState *es)
{
	ExplainPropertyInteger("API Calls", NULL, counters->calls, es);
	ExplainPropertyInteger("API Retries", NULL, counters->retries, es);
	if (counters->reused > 0)
		ExplainPropertyInteger("API Answers Reused", NULL, counters->reused,
							   es);
	ExplainPropertyInteger("API Bytes", "B", counters->bytes, es);
	if (!es->timing)
		return;
	ExplainPropertyFloat("API Time", "ms", counters->wait_time / 1000.0, 3,
						 es);
	if (counters->line_time > 0)
		ExplainPropertyFloat("API Time in Line", "ms",
							 counters->line_time / 1000.0, 3, es);
}

/* What the scan has cost, under ANALYZE. */
void
qf_explain_counters(const ForeignScanState *node, ExplainState *es)
{
	if (es->analyze && node->fdw_state != NULL)
		show_counters(qf_scan_counters(node), es);
}

/* The same of what is written to a table. */
void
qianfanExplainForeignModify(ModifyTableState *mtstate, ResultRelInfo *relation,
							List *fdw_private, int subplan_index,
							ExplainState *es)
{
	ExplainPropertyText("Action", qf_modify_action(relation), es);
	if (es->analyze)
		show_counters(qf_modify_counters(relation), es);
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
	QfScan	   *scan = node->fdw_state;
	List	   *quals = NIL;
	ListCell   *lc;

	if (numbers == NIL)
		return;
	foreach(lc, numbers)
	{
		int			number = lfirst_int(lc);

		quals = lappend(quals, number >= 0 ? list_nth(plan->qual, number) :
						list_nth(((ForeignScan *) plan)->fdw_recheck_quals,
								 -number - 1));
	}
	qf_explain_exprs(label, quals, plan,
					 qf_ancestors_find(scan->root, &node->ss.ps), es);
}

/*
 * Show what the scan sorts by, as core does on a Sort: there, keys are columns
 * of the input, so no cast that the operator asked for is in them, and what is
 * no column is in parentheses.
 */
static void
explain_sort_key(ForeignScanState *node, const QfPlan *plan, ExplainState *es)
{
	ForeignScan *scan = (ForeignScan *) node->ss.ps.plan;
	bool		prefix = list_length(es->rtable) > 1 || es->verbose;
	List	   *context;
	List	   *keys = NIL;
	List	   *ancestors;

	if (plan->sort_exprs == NIL)
		return;
	ancestors = qf_ancestors_find(((QfScan *) node->fdw_state)->root,
								  &node->ss.ps);
	context = set_deparse_context_plan(es->deparse_cxt, &scan->scan.plan,
									   ancestors);
	for (int i = 0; i < list_length(plan->sort_exprs); i++)
	{
		Node	   *expr = list_nth(scan->fdw_exprs,
									list_nth_int(plan->sort_exprs, i));
		const char *order;

		while (IsA(expr, RelabelType) &&
			   ((RelabelType *) expr)->relabelformat == COERCE_IMPLICIT_CAST)
			expr = (Node *) ((RelabelType *) expr)->arg;
		order = describe_order(exprType(expr),
							   list_nth_oid(plan->sort_operators, i),
							   list_nth_oid(plan->sort_collations, i),
							   list_nth_int(plan->sort_nulls_first, i) != 0);
		keys = lappend(keys,
					   psprintf(IsA(expr, Var) ? "%s%s" : "(%s)%s",
								deparse_expression(expr, context, prefix, true),
								order));
	}
	ExplainPropertyList("Sort Key", keys, es);
}

/* Show which order of the list is relied on, and how long it is read. */
static void
explain_order(ForeignScanState *node, const QfPlan *plan, ExplainState *es)
{
	ForeignScan *scan = (ForeignScan *) node->ss.ps.plan;
	List	   *ancestors;
	List	   *context;
	List	   *conditions = NIL;
	ListCell   *lc;

	if (plan->order == QF_ORDER_NONE)
		return;
	ancestors = qf_ancestors_find(((QfScan *) node->fdw_state)->root,
								  &node->ss.ps);
	context = set_deparse_context_plan(es->deparse_cxt, &scan->scan.plan,
									   ancestors);
	ExplainPropertyText("Remote Order",
						psprintf("%s%s",
								 deparse_expression(list_nth(scan->fdw_exprs,
															 plan->order_expr),
													context,
													list_length(es->rtable) > 1 ||
													es->verbose, true),
								 plan->order == QF_ORDER_FALLING ? " DESC" : ""),
						es);
	foreach(lc, plan->run_exprs)
		conditions = lappend(conditions,
							 list_nth(scan->fdw_exprs, lfirst_int(lc)));
	qf_explain_exprs("Run Condition", conditions, &scan->scan.plan, ancestors,
					 es);
}

/* How a sort key differs from the usual order of its type. */
static char *
describe_order(Oid type, Oid operator, Oid collation, bool nulls_first)
{
	TypeCacheEntry *usual = lookup_type_cache(type, TYPECACHE_LT_OPR |
											  TYPECACHE_GT_OPR);
	StringInfoData order;
	bool		descending = operator == usual->gt_opr;

	initStringInfo(&order);
	if (OidIsValid(collation) && collation != get_typcollation(type))
		appendStringInfo(&order, " COLLATE %s",
						 quote_identifier(get_collation_name(collation)));
	if (descending)
		appendStringInfoString(&order, " DESC");
	else if (operator != usual->lt_opr)
	{
		appendStringInfo(&order, " USING %s", get_opname(operator));
		(void) get_equality_op_for_ordering_op(operator, &descending);
	}
	if (nulls_first != descending)
		appendStringInfo(&order, " NULLS %s", nulls_first ? "FIRST" : "LAST");
	return order.data;
}
