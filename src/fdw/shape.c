/*
 * shape.c
 *	  What a set of clauses makes of a scan, and what that costs.
 *
 * src/fdw/shape.c
 */
#include "postgres.h"

#include "miscadmin.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "utils/lsyscache.h"

#include "base/compat.h"
#include "fdw/cost.h"
#include "fdw/path.h"
#include "fdw/shape.h"

/* Ids a key tree is expected to stand for. */
static double
count_keys(PlannerInfo *root, List *tree, List *exprs)
{
	QfKeyNode	kind = intVal(linitial(tree));
	double		count = 0;

	switch (kind)
	{
		case QF_KEY_NONE:
		case QF_KEY_GIVEN:
			return 0;
		case QF_KEY_EQUAL:
			return 1;
		case QF_KEY_ANY:
			return qf_compat_array_length(root,
										  list_nth(exprs,
												   intVal(lsecond(tree))));
		case QF_KEY_AND:
		case QF_KEY_OR:
			for (int i = 1; i < list_length(tree); i++)
			{
				double		arm;

				CHECK_FOR_INTERRUPTS();
				arm = count_keys(root, list_nth(tree, i), exprs);
				if (kind == QF_KEY_OR)
					count += arm;
				else
					count = i == 1 ? arm : Min(count, arm);
			}
			return count;
	}
	return 1;
}

/*
 * qf_shape_scan
 *		What a scan with these clauses (RestrictInfos) is expected to do, if it
 *		relies on the list to be in this order, or in none.
 */
void
qf_shape_scan(PlannerInfo *root, RelOptInfo *baserel, List *clauses,
			  QfListOrder order, QfShape *shape)
{
	QfTable    *table = baserel->fdw_private;
	List	   *others = NIL;
	List	   *sent = NIL;
	List	   *early = NIL;
	ListCell   *lc;

	memset(shape, 0, sizeof(*shape));
	shape->order = order;
	foreach(lc, clauses)
	{
		RestrictInfo *rinfo = lfirst_node(RestrictInfo, lc);
		List	   *exprs = NIL;
		List	   *tree = qf_pushdown_keys(table, rinfo->clause, &exprs);
		const char *parameter;
		Expr	   *value;

		if (tree != NIL)
		{
			double		nkeys = count_keys(root, tree, exprs);

			shape->nkeys = shape->keyed ? Min(shape->nkeys, nkeys) : nkeys;
			shape->keyed = true;
		}
		else
			others = lappend(others, rinfo);
		value = qf_path_filter(root, baserel, rinfo->clause, &parameter);
		if (value != NULL &&
			(order == QF_ORDER_NONE || !qf_path_is_array(value)))
		{
			shape->lists = qf_path_is_array(value) ?
				qf_compat_array_length(root, (Node *) value) : 1;
			sent = lappend(sent, rinfo);
		}
		if (qf_pushdown_in_list(table, rinfo->clause))
			early = lappend(early, rinfo);
	}

	if (shape->keyed)
		shape->rows = shape->nkeys *
			clauselist_selectivity(root, others, baserel->relid,
								   JOIN_INNER, NULL);
	else
	{
		shape->list_tuples = baserel->tuples *
			clauselist_selectivity(root, sent, baserel->relid,
								   JOIN_INNER, NULL);
		if (order != QF_ORDER_NONE)
		{
			qf_order_plan_reach(root, baserel, clauses, order, &shape->reach);
			shape->skipped = shape->list_tuples * shape->reach.skipped;
			shape->list_tuples *= shape->reach.read;
		}
		shape->rows = baserel->tuples *
			clauselist_selectivity(root, clauses, baserel->relid,
								   JOIN_INNER, NULL);
		shape->late = qf_path_needs_detail(table,
										   qf_path_needed_attributes(root, baserel, clauses));
		if (shape->late)
			shape->details = Max(1, baserel->tuples *
								 clauselist_selectivity(root, early,
														baserel->relid,
														JOIN_INNER, NULL));
	}
	shape->rows = clamp_row_est(shape->rows);
}

/* The costs of those clauses that are evaluated for each row; see take_keys(). */
void
qf_shape_row_quals(QualCost *cost, const QfTable *table, List *clauses,
				   PlannerInfo *root)
{
	List	   *checked = NIL;
	ListCell   *lc;

	foreach(lc, clauses)
	{
		RestrictInfo *rinfo = lfirst_node(RestrictInfo, lc);

		if (!qf_pushdown_is_key_set(table, rinfo->clause))
			checked = lappend(checked, rinfo);
	}
	cost_qual_eval(cost, checked, root);
}

/* The costs of a scan of this shape. */
void
qf_shape_cost(PlannerInfo *root, RelOptInfo *baserel, List *clauses,
			  const QfShape *shape, Cost *startup, Cost *total)
{
	QfTable    *table = baserel->fdw_private;
	QfCostInput input = {0};
	QualCost	quals;

	qf_shape_row_quals(&quals, table, clauses, root);
	input.lookups = shape->nkeys;
	input.list_tuples = shape->list_tuples;
	input.lists = shape->lists;
	input.skipped = shape->skipped;
	input.details = shape->details;
	input.tuples = shape->keyed ? shape->nkeys : shape->list_tuples;
	input.quals = &quals;
	qf_cost_scan(table->options, &input, startup, total);
}

/*
 * qf_shape_choose
 *		The cheapest shape without regard to the order of rows: the list in
 *		no order, or in one in which conditions end it early.
 */
void
qf_shape_choose(PlannerInfo *root, RelOptInfo *baserel, List *clauses,
				QfShape *shape, Cost *startup, Cost *total)
{
	const QfTable *table = baserel->fdw_private;

	qf_shape_scan(root, baserel, clauses, QF_ORDER_NONE, shape);
	qf_shape_cost(root, baserel, clauses, shape, startup, total);
	if (table->order_column == 0 || shape->keyed)
		return;
	for (QfListOrder order = QF_ORDER_RISING; order <= QF_ORDER_FALLING;
		 order++)
	{
		QfShape		other;
		Cost		other_startup;
		Cost		other_total;

		qf_shape_scan(root, baserel, clauses, order, &other);
		if (!other.reach.bounded)
			continue;
		qf_shape_cost(root, baserel, clauses, &other, &other_startup,
					  &other_total);

		/* Of equals, one that may end early. */
		if (shape->order == QF_ORDER_NONE ? other_total <= *total :
			other_total < *total)
		{
			*shape = other;
			*startup = other_startup;
			*total = other_total;
		}
	}
}
