/*
 * path.c
 *	  Size and paths (PostgreSQL manual, "Foreign Data Wrapper Callback
 *	  Routines").
 *
 * Planning makes no request.  There are two ways to scan: by key, when the
 * quals say which ids can match, and through the list.  Both exist
 * parameterised by other tables as well.  A third sorts what the list says and
 * asks for details in that order, as rows are pulled, so that a LIMIT above
 * spares the other calls.
 *
 * src/fdw/path.c
 */
#include "postgres.h"

#include <limits.h>
#include <math.h>

#include "access/sysattr.h"
#include "access/table.h"
#include "foreign/fdwapi.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/paths.h"
#include "optimizer/restrictinfo.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "base/guc.h"
#include "fdw/columns.h"
#include "fdw/cost.h"
#include "fdw/join_clause.h"
#include "fdw/order_plan.h"
#include "fdw/path.h"
#include "fdw/plan.h"
#include "fdw/row_mark.h"
#include "fdw/shape.h"
#include "fdw/sort_key.h"

/*
 * Of the details that a scan which sorts may spare, the share that is taken to
 * be lost if there is a join above.
 */
#define JOIN_RISK 0.5

/* Options and columns of a table, for the time of planning. */
static QfTable *
open_table(RelOptInfo *baserel, Oid relid)
{
	QfTable    *table = palloc0_object(QfTable);
	Relation	rel = table_open(relid, NoLock);

	table->varno = baserel->relid;
	table->options = qf_option_resolve(GetForeignServerIdByRelId(relid), relid);
	table->natts = RelationGetDescr(rel)->natts;
	table->sources = qf_field_sources(rel, table->options->resource);
	if (table->options->list_order != QF_ORDER_NONE)
		table->order_column = qf_order_plan_column(rel, table->sources,
												   table->options->resource);
	if (table->order_column != 0)
		table->order_typmod =
			TupleDescAttr(RelationGetDescr(rel),
						  table->order_column - 1)->atttypmod;
	table_close(rel, NoLock);
	return table;
}

/*
 * Numbers of the attributes that are used above the scan or by its clauses,
 * all of them if the whole row is.
 */
Bitmapset *
qf_path_needed_attributes(PlannerInfo *root, RelOptInfo *baserel,
						  List *clauses)
{
	QfTable    *table = baserel->fdw_private;
	Bitmapset  *used = NULL;
	Bitmapset  *needed = NULL;
	ListCell   *lc;
	bool		whole_row;

	qf_columns_pull((Node *) qf_row_mark_other_exprs(root, baserel),
					baserel->relid, &used);
	foreach(lc, clauses)
		qf_columns_pull((Node *) lfirst_node(RestrictInfo, lc)->clause,
						baserel->relid, &used);

	whole_row = bms_is_member(InvalidAttrNumber -
							  FirstLowInvalidHeapAttributeNumber, used);
	for (int i = 1; i <= table->natts; i++)
	{
		if (!table->sources[i - 1].absent &&
			(whole_row ||
			 bms_is_member(i - FirstLowInvalidHeapAttributeNumber, used)))
			needed = bms_add_member(needed, i);
	}
	return needed;
}

/* Is there a column among them that the list is not known to carry? */
bool
qf_path_needs_detail(const QfTable *table, Bitmapset *needed)
{
	int			i = -1;

	while ((i = bms_next_member(needed, i)) >= 0)
	{
		if (!table->sources[i - 1].in_list)
			return true;
	}
	return false;
}

/* Is this value of a filter an array of values? */
bool
qf_path_is_array(const Expr *value)
{
	return OidIsValid(get_element_type(exprType((Node *) value)));
}

/*
 * qf_path_most_lists
 *		How many elements of an array may be worth a list each, together fewer
 *		pages than the list of all.
 */
int
qf_path_most_lists(PlannerInfo *root, RelOptInfo *baserel, Expr *clause,
				   Expr *array)
{
	const QfTable *table = baserel->fdw_private;
	double		pages = ceil(baserel->tuples / table->options->page_size);
	double		items = baserel->tuples *
	clause_selectivity(root, (Node *) clause, baserel->relid, JOIN_INNER,
					   NULL) /
	Max(qf_compat_array_length(root, (Node *) array), 1);
	double		most = (pages - 1) /
	Max(ceil(items / table->options->page_size), 1);

	return (int) Min(most, INT_MAX);
}

/*
 * qf_path_filter
 *		What qf_pushdown_filter() says, but for an array that is known to be too
 *		long to be worth a list for each element.  Others are counted when they
 *		are known.
 */
Expr *
qf_path_filter(PlannerInfo *root, RelOptInfo *baserel, Expr *clause,
			   const char **parameter)
{
	Expr	   *value = qf_pushdown_filter(baserel->fdw_private, clause,
										   parameter);
	double		most;

	if (value == NULL || !qf_path_is_array(value))
		return value;
	most = qf_path_most_lists(root, baserel, clause, value);
	if ((IsA(value, Const) || IsA(value, ArrayExpr)) &&
		qf_compat_array_length(root, (Node *) value) > most)
		return NULL;
	return most >= 1 ? value : NULL;
}

static List *
path_private(QfPathKind kind, QfListOrder order)
{
	if (kind == QF_PATH_PLAIN && order == QF_ORDER_NONE)
		return NIL;
	return list_make2(makeInteger(kind), makeInteger(order));
}

/*
 * Add the scan that sorts what the list says and asks for details in that
 * order.  "total" is what the plain scan costs.
 *
 * It costs as much as that and a Sort, but the first row comes before all
 * details are there: under a LIMIT, core counts a part of them only, and
 * without one, it prefers who can start earlier.
 */
static void
add_sorted_path(PlannerInfo *root, RelOptInfo *baserel,
				const QfShape *shape, Cost startup, Cost total)
{
	List	   *pathkeys = qf_sort_key_pathkeys(root, baserel);
	List	   *clauses = baserel->baserestrictinfo;
	QfShape		list = *shape;
	Cost		list_startup;
	Cost		list_total;
	Cost		sort_startup;
	Cost		sort_total;
	Cost		details;

	if (pathkeys == NIL)
		return;
	list.details = 0;
	qf_shape_cost(root, baserel, clauses, &list, &list_startup, &list_total);
	qf_compat_cost_sort(root, pathkeys, list_total,
						clamp_row_est(shape->details),
						baserel->reltarget->width,
						&sort_startup, &sort_total);
	details = total - list_total;
	total = sort_total + details;

	/*
	 * Above a join, core takes the rows that a LIMIT wants to be spread
	 * evenly over ours.  If they are not, each row in between costs a call.
	 */
	if (bms_membership(root->all_baserels) == BMS_MULTIPLE)
		sort_startup += JOIN_RISK * details;

	/*
	 * A list of one page starts as early sorted as not; be late by more than
	 * add_path() overlooks, or the plain scan would be lost to queries that
	 * are better off without an order.
	 */
	startup = Max(sort_startup, startup * 1.02);
	add_path(baserel, (Path *)
			 qf_compat_foreign_path(root, baserel, baserel->rows, startup,
									Max(total, startup), pathkeys, NULL,
									path_private(QF_PATH_SORTED,
												 shape->order)));
}

/*
 * How often a parameterised scan is expected to start over: as often as the
 * smallest of the tables that its parameters come from has rows, as core takes
 * it for indexes.
 */
static double
count_starts(PlannerInfo *root, Relids required_outer)
{
	double		starts = 0;
	int			i = -1;

	while ((i = bms_next_member(required_outer, i)) >= 0)
	{
		const RelOptInfo *outer = i < root->simple_rel_array_size ?
		root->simple_rel_array[i] : NULL;

		if (outer != NULL && outer->rows > 0 &&
			(starts == 0 || outer->rows < starts))
			starts = outer->rows;
	}
	return Max(starts, 1);
}

/*
 * Add the scans of a list that is in order by itself.  "plain" is the cheapest
 * scan that has no order to show.
 */
static void
add_ordered_paths(PlannerInfo *root, RelOptInfo *baserel, Cost plain)
{
	for (QfListOrder order = QF_ORDER_RISING; order <= QF_ORDER_FALLING;
		 order++)
	{
		List	   *pathkeys = qf_order_plan_pathkeys(root, baserel, order);
		PathKey    *outer = qf_order_plan_outer_pathkey(root, baserel, order);
		QfShape		shape;
		Cost		startup;
		Cost		total;
		ListCell   *lc;

		if (pathkeys == NIL && outer == NULL)
			continue;
		qf_shape_scan(root, baserel, baserel->baserestrictinfo, order, &shape);
		qf_shape_cost(root, baserel, baserel->baserestrictinfo, &shape, &startup,
					  &total);
		foreach(lc, pathkeys)
			add_path(baserel, (Path *)
					 qf_compat_foreign_path(root, baserel, baserel->rows,
											startup, total,
											list_make1(lfirst(lc)), NULL,
											path_private(QF_PATH_PLAIN,
														 order)));

		/*
		 * Whether anybody above this subquery wants an order is not known. Be
		 * dearer by more than add_path() overlooks than a plain scan, which
		 * relies on nothing.
		 */
		if (pathkeys == NIL)
			add_path(baserel, (Path *)
					 qf_compat_foreign_path(root, baserel, baserel->rows,
											startup * 1.02,
											Max(total, plain) * 1.02,
											list_make1(outer), NULL,
											path_private(QF_PATH_PLAIN,
														 order)));
	}
}

/* Add the scans that get their parameters from these tables, if from any. */
static void
add_scan_paths(PlannerInfo *root, RelOptInfo *baserel, Relids required_outer)
{
	QfTable    *table = baserel->fdw_private;
	List	   *clauses = baserel->baserestrictinfo;
	ParamPathInfo *param_info = get_baserel_parampathinfo(root, baserel,
														  required_outer);
	QfShape		shape;
	Cost		startup;
	Cost		total;

	if (param_info != NULL)
		clauses = list_concat_copy(clauses, param_info->ppi_clauses);
	qf_shape_choose(root, baserel, clauses, &shape, &startup, &total);

	/* An id is unique, whatever statistics say. */
	if (param_info != NULL)
		param_info->ppi_rows = Min(param_info->ppi_rows, shape.rows);

	/* One reading of the list serves all values of a parameter. */
	if (param_info != NULL && shape.reach.shared && shape.lists == 0)
	{
		double		starts = count_starts(root, required_outer);

		startup /= starts;
		total /= starts;
	}
	add_path(baserel, (Path *)
			 qf_compat_foreign_path(root, baserel,
									param_info != NULL ?
									param_info->ppi_rows : baserel->rows,
									startup, total, NIL, required_outer,
									path_private(QF_PATH_PLAIN,
												 shape.order)));

	/* Core takes the order of a parameterised path for none. */
	if (param_info != NULL)
		return;
	if (table->order_column != 0 && !shape.keyed)
		add_ordered_paths(root, baserel, total);
	if (!qf_guc_enable_late_details || !shape.late)
		return;

	/* What was sorted for one value cannot serve the next. */
	if (shape.reach.outer)
	{
		qf_shape_scan(root, baserel, clauses, QF_ORDER_NONE, &shape);
		qf_shape_cost(root, baserel, clauses, &shape, &startup, &total);
	}
	add_sorted_path(root, baserel, &shape, startup, total);
}

/*
 * Numbers of the quals that can be checked before a detail call is spent on a
 * row of the list.
 *
 * Checking some quals before others must not show a row to a function that a
 * security barrier would hide it from, so a leaky qual is left out when one of
 * a lower security level has to wait for the detail.
 */
List *
qf_path_early_quals(const QfTable *table, List *scan_clauses)
{
	List	   *numbers = NIL;
	Index		waiting_level = PG_UINT32_MAX;
	ListCell   *lc;

	foreach(lc, scan_clauses)
	{
		RestrictInfo *rinfo = lfirst_node(RestrictInfo, lc);

		if (!qf_pushdown_in_list(table, rinfo->clause))
			waiting_level = Min(waiting_level, rinfo->security_level);
	}
	foreach(lc, scan_clauses)
	{
		RestrictInfo *rinfo = lfirst_node(RestrictInfo, lc);

		if (qf_pushdown_in_list(table, rinfo->clause) &&
			(rinfo->leakproof || rinfo->security_level <= waiting_level))
			numbers = lappend_int(numbers, foreach_current_index(lc));
	}
	return numbers;
}

/* Estimate how many rows the table will give. */
void
qianfanGetForeignRelSize(PlannerInfo *root, RelOptInfo *baserel,
						 Oid foreigntableid)
{
	QfTable    *table = open_table(baserel, foreigntableid);
	QfShape		shape;

	baserel->fdw_private = table;
	if (baserel->tuples < 0)
		baserel->tuples = QF_COST_DEFAULT_TUPLES;
	set_baserel_size_estimates(root, baserel);

	qf_shape_scan(root, baserel, baserel->baserestrictinfo, QF_ORDER_NONE,
				  &shape);
	baserel->rows = shape.rows;
}

/* Offer one scan by itself, and one for each useful set of outer tables. */
void
qianfanGetForeignPaths(PlannerInfo *root, RelOptInfo *baserel,
					   Oid foreigntableid)
{
	List	   *outers = NIL;
	ListCell   *lc;

	add_scan_paths(root, baserel, baserel->lateral_relids);

	foreach(lc, qf_join_clauses_usable(root, baserel))
	{
		RestrictInfo *rinfo = lfirst_node(RestrictInfo, lc);
		Relids		required_outer;
		bool		known = false;
		ListCell   *lc2;

		required_outer = bms_union(rinfo->clause_relids,
								   baserel->lateral_relids);
		required_outer = bms_del_member(required_outer, baserel->relid);
		if (bms_is_empty(required_outer))
			continue;
		foreach(lc2, outers)
		{
			if (bms_equal(lfirst(lc2), required_outer))
				known = true;
		}
		if (known)
			continue;
		outers = lappend(outers, required_outer);
		add_scan_paths(root, baserel, required_outer);
	}
}

/* Is this one of our tables, whose keys a lookup join can hand in? */
bool
qf_path_can_look_up(const RelOptInfo *rel)
{
	return rel->reloptkind == RELOPT_BASEREL &&
		rel->fdwroutine != NULL &&
		rel->fdwroutine->GetForeignPlan == qianfanGetForeignPlan &&
		rel->fdw_private != NULL &&
		bms_is_empty(rel->lateral_relids);
}

/*
 * qf_path_lookup
 *		A scan whose keys a lookup join hands in, "nkeys" in all; not for
 *		add_path().
 *
 * The mark in fdw_private is all that tells it from a scan of the whole table.
 */
ForeignPath *
qf_path_lookup(PlannerInfo *root, RelOptInfo *baserel, double nkeys)
{
	QfTable    *table = baserel->fdw_private;
	QfCostInput input = {0};
	QualCost	quals;
	Cost		startup;
	Cost		total;

	qf_shape_row_quals(&quals, table, baserel->baserestrictinfo, root);
	input.lookups = nkeys;
	input.tuples = nkeys;
	input.quals = &quals;
	qf_cost_scan(table->options, &input, &startup, &total);
	return qf_compat_foreign_path(root, baserel, Min(nkeys, baserel->rows),
								  startup, total, NIL, NULL,
								  path_private(QF_PATH_GIVEN, QF_ORDER_NONE));
}

/* The order that the path relies on. */
QfListOrder
qf_path_order(const ForeignPath *path)
{
	return path->fdw_private != NIL ?
		intVal(lsecond(path->fdw_private)) : QF_ORDER_NONE;
}

/* Is the path of this kind? */
bool
qf_path_is(const ForeignPath *path, QfPathKind kind)
{
	return path->fdw_private != NIL &&
		intVal(linitial(path->fdw_private)) == (int) kind;
}
