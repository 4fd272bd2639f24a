/*
 * order_plan.c
 *	  What a plan may make of the order of the list: rows in that order, and
 *	  an end of the reading where a condition on the order's column is no
 *	  longer true.
 *
 * The order is the user's promise, option "list_order".  A list is read in
 * either direction, rising or falling.  A condition "column >= x" ends one that
 * falls, "column <= x" one that rises; = and row comparisons imply such
 * conditions.
 *
 * src/fdw/order_plan.c
 */
#include "postgres.h"

#include "access/stratnum.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "optimizer/paths.h"
#include "optimizer/restrictinfo.h"
#include "utils/date.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/selfuncs.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

#include "base/compat.h"
#include "fdw/order_plan.h"
#include "resource/registry.h"

/*
 * What is assumed where nothing is known: tasks were created evenly in the last
 * so many days, and at most so many of them are within a bound, for a bound
 * that seems to save nothing may still save something.
 */
#define ASSUMED_DAYS 365
#define MOST_WITHIN 0.9

/* Of a value that is not known: it is that far from the oldest task. */
#define UNKNOWN_PLACE (2.0 / 3.0)

/* A condition that ends a list which is read in one direction. */
typedef struct QfOrderBound
{
	Expr	   *condition;
	Expr	   *value;			/* what the column is compared with */
	bool		whole;			/* is the clause nothing but this? */
} QfOrderBound;

/*
 * qf_order_plan_column
 *		The column that the order of a list can be about, the first one of its
 *		field that is a timestamptz; 0 if there is none.
 */
AttrNumber
qf_order_plan_column(Relation rel, const QfSource *sources,
					 const QfResource *resource)
{
	TupleDesc	desc = RelationGetDescr(rel);
	const QfColumn *column;

	if (resource->order_column == NULL)
		return 0;
	column = qf_registry_column(resource, resource->order_column);
	for (int i = 0; i < desc->natts; i++)
	{
		if (!sources[i].absent && sources[i].paths[0] != NULL &&
			strcmp(sources[i].paths[0], column->fields[0]) == 0 &&
			TupleDescAttr(desc, i)->atttypid == TIMESTAMPTZOID)
			return i + 1;
	}
	return 0;
}

/* The column as the clauses have it. */
static Var *
make_column(const RelOptInfo *baserel)
{
	const QfTable *table = baserel->fdw_private;

	return makeVar(baserel->relid, table->order_column, TIMESTAMPTZOID,
				   table->order_typmod, InvalidOid, 0);
}

static bool
is_column(const RelOptInfo *baserel, const Node *node)
{
	const QfTable *table = baserel->fdw_private;
	const Var  *var = (const Var *) node;

	return IsA(node, Var) && var->varno == baserel->relid &&
		var->varattno == table->order_column && var->varlevelsup == 0;
}

/* Is the value the same for all items of a list? */
static bool
is_fixed(PlannerInfo *root, const RelOptInfo *baserel, Node *node)
{
	return !bms_is_member(baserel->relid, pull_varnos(root, node)) &&
		!contain_volatile_functions(node) && !contain_subplans(node);
}

/* The operators that compare timestamptz with itself, date and timestamp. */
static Oid
operator_family(void)
{
	return lookup_type_cache(TIMESTAMPTZOID,
							 TYPECACHE_BTREE_OPFAMILY)->btree_opf;
}

/*
 * Turn "column operator value" into the bound that it is, or implies, for this
 * direction; false if there is none.  commuted: the value is on the left.
 */
static bool
compare_column(Expr *clause, Oid operator, Node *column, Node *value,
			   bool commuted, QfListOrder direction, QfOrderBound *bound)
{
	Oid			family = operator_family();
	int			strategy;
	int			wanted;
	Oid			lefttype;
	Oid			righttype;

	if (!op_in_opfamily(operator, family))
		return false;
	get_op_opfamily_properties(operator, family, false, &strategy, &lefttype,
							   &righttype);
	if (commuted)
	{
		Oid			type = lefttype;

		lefttype = righttype;
		righttype = type;
		strategy = BTMaxStrategyNumber + 1 - strategy;
	}
	wanted = direction == QF_ORDER_FALLING ?
		BTGreaterEqualStrategyNumber : BTLessEqualStrategyNumber;
	if (strategy != wanted && strategy != BTEqualStrategyNumber &&
		strategy != (direction == QF_ORDER_FALLING ?
					 BTGreaterStrategyNumber : BTLessStrategyNumber))
		return false;

	bound->value = (Expr *) value;
	bound->whole = clause != NULL && strategy != BTEqualStrategyNumber;
	if (bound->whole)
		bound->condition = clause;
	else
	{
		operator = get_opfamily_member(family, lefttype, righttype, wanted);
		if (!OidIsValid(operator))
			return false;
		bound->condition = make_opclause(operator, BOOLOID, false,
										 (Expr *) column, (Expr *) value,
										 InvalidOid, InvalidOid);
		set_opfuncid((OpExpr *) bound->condition);
	}
	return true;
}

/* The bound of a clause without regard to what else there is; or false. */
static bool
match_clause(PlannerInfo *root, const RelOptInfo *baserel, Expr *clause,
			 QfListOrder direction, QfOrderBound *bound)
{
	Node	   *sides[2];
	Oid			operator;
	bool		is_row = IsA(clause, RowCompareExpr);

	if (is_row)
	{
		const RowCompareExpr *row = (const RowCompareExpr *) clause;

		sides[0] = linitial(row->largs);
		sides[1] = linitial(row->rargs);
		operator = linitial_oid(row->opnos);
	}
	else if (IsA(clause, OpExpr) && list_length(((OpExpr *) clause)->args) == 2)
	{
		sides[0] = linitial(((OpExpr *) clause)->args);
		sides[1] = lsecond(((OpExpr *) clause)->args);
		operator = ((OpExpr *) clause)->opno;
	}
	else
		return false;

	for (int i = 0; i < 2; i++)
	{
		/* A row is beyond only if its first column is not even equal. */
		if (is_column(baserel, sides[i]) &&
			is_fixed(root, baserel, sides[1 - i]))
			return compare_column(is_row ? NULL : clause, operator, sides[i],
								  sides[1 - i], i == 1, direction, bound);
	}
	return false;
}

/* The lowest security level of some clauses. */
static Index
lowest_level(List *clauses)
{
	Index		lowest = PG_UINT32_MAX;
	ListCell   *lc;

	foreach(lc, clauses)
		lowest = Min(lowest, lfirst_node(RestrictInfo, lc)->security_level);
	return lowest;
}

/*
 * The bound of one of the clauses.  It is looked at before all quals are, and
 * must not show a row to a function that a security barrier would hide it from.
 */
static bool
find_bound(PlannerInfo *root, const RelOptInfo *baserel, RestrictInfo *rinfo,
		   Index lowest, QfListOrder direction, QfOrderBound *bound)
{
	return !rinfo->pseudoconstant &&
		match_clause(root, baserel, rinfo->clause, direction, bound) &&
		(rinfo->security_level <= lowest ||
		 !contain_leaked_vars((Node *) bound->condition));
}

/* Does a clause end the reading in either direction? */
bool
qf_order_plan_bounds(PlannerInfo *root, RelOptInfo *baserel, RestrictInfo *rinfo)
{
	const QfTable *table = baserel->fdw_private;
	QfOrderBound bound;

	return table->order_column != 0 &&
		(match_clause(root, baserel, rinfo->clause, QF_ORDER_FALLING,
					  &bound) ||
		 match_clause(root, baserel, rinfo->clause, QF_ORDER_RISING,
					  &bound));
}

/* Walker: a parameter that is none of the query's own subqueries? */
static bool
has_outer_parameter(Node *node, void *context)
{
	const PlannerInfo *root = context;
	ListCell   *lc;

	if (node == NULL)
		return false;
	if (!IsA(node, Param))
		return expression_tree_walker(node, has_outer_parameter, context);
	if (((Param *) node)->paramkind != PARAM_EXEC)
		return false;
	foreach(lc, root->init_plans)
	{
		if (list_member_int(lfirst_node(SubPlan, lc)->setParam,
							((Param *) node)->paramid))
			return false;
	}
	return true;
}

static bool
has_statistics(PlannerInfo *root, RelOptInfo *baserel)
{
	VariableStatData data;
	bool		found;

	examine_variable(root, (Node *) make_column(baserel), baserel->relid,
					 &data);
	found = HeapTupleIsValid(data.statsTuple);
	ReleaseVariableStats(data);
	return found;
}

/* A constant of one of the types that the operators take. */
static TimestampTz
constant_time(const Const * constant)
{
	switch (constant->consttype)
	{
		case TIMESTAMPOID:
		case DATEOID:
			return qf_compat_instant(constant->consttype,
									 constant->constvalue);
		default:
			return DatumGetTimestampTz(constant->constvalue);
	}
}

/* The share of the tasks that is within a bound, about. */
static double
share_within(PlannerInfo *root, RelOptInfo *baserel, const QfOrderBound *bound,
			 QfListOrder direction)
{
	const		Const *value = (const Const *)
	estimate_expression_value(root, (Node *) bound->value);
	double		place = UNKNOWN_PLACE;

	if (IsA(value, Const) && value->constisnull)
		return 0;
	if (IsA(value, Const) && has_statistics(root, baserel))
		return clause_selectivity(root, (Node *) bound->condition,
								  baserel->relid, JOIN_INNER, NULL);
	if (IsA(value, Const))
	{
		double		age = (double) GetCurrentTimestamp() -
		(double) constant_time(value);

		place = 1 - age / ((double) ASSUMED_DAYS * USECS_PER_DAY);
	}
	if (direction == QF_ORDER_FALLING)
		place = 1 - place;
	return Max(Min(place, MOST_WITHIN), 0);
}

/*
 * What of the list lies within the bounds that end a reading in this
 * direction.
 */
static double
share_of_direction(PlannerInfo *root, RelOptInfo *baserel, List *clauses,
				   QfListOrder direction, QfOrderReach *reach)
{
	Index		lowest = lowest_level(clauses);
	double		share = 1;
	ListCell   *lc;

	foreach(lc, clauses)
	{
		RestrictInfo *rinfo = lfirst_node(RestrictInfo, lc);
		QfOrderBound bound;

		CHECK_FOR_INTERRUPTS();
		if (!find_bound(root, baserel, rinfo, lowest, direction, &bound))
			continue;
		share = Min(share, share_within(root, baserel, &bound, direction));
		if (reach == NULL)
			continue;
		reach->bounded = true;
		if (!bms_is_subset(pull_varnos(root, (Node *) bound.value),
						   baserel->relids))
			reach->shared = true;
		if (has_outer_parameter((Node *) bound.value, root))
			reach->outer = true;
	}
	return share;
}

/*
 * qf_order_plan_reach
 *		What conditions (RestrictInfos) do to a reading in this direction.
 */
void
qf_order_plan_reach(PlannerInfo *root, RelOptInfo *baserel, List *clauses,
					QfListOrder direction, QfOrderReach *reach)
{
	QfListOrder other = direction == QF_ORDER_FALLING ?
	QF_ORDER_RISING : QF_ORDER_FALLING;

	memset(reach, 0, sizeof(*reach));
	reach->read = share_of_direction(root, baserel, clauses, direction,
									 reach);
	reach->skipped = 1 - share_of_direction(root, baserel, clauses, other,
											NULL);
	reach->read = Max(reach->read, reach->skipped);
}

/* Is that a pathkey of the column, if it is one, in this direction? */
static bool
is_in_direction(const PathKey *pathkey, QfListOrder direction)
{
	return qf_compat_pathkey_falls(pathkey) == (direction == QF_ORDER_FALLING);
}

static bool
has_column(EquivalenceClass *ec, RelOptInfo *baserel)
{
	return !ec->ec_has_volatile && !EC_MUST_BE_REDUNDANT(ec) &&
		list_member_oid(ec->ec_opfamilies, operator_family()) &&
		find_ec_member_matching_expr(ec, (Expr *) make_column(baserel),
									 baserel->relids) != NULL;
}

/*
 * qf_order_plan_pathkeys
 *		The pathkeys that a list read in this direction has and that are of use.
 *
 * There is one for each equivalence class that has the column, and the one
 * that the query itself sorts by first: there are no NULLs, so they may be
 * anywhere.
 */
List *
qf_order_plan_pathkeys(PlannerInfo *root, RelOptInfo *baserel,
					   QfListOrder direction)
{
	List	   *pathkeys = NIL;
	int			i = -1;

	if (root->query_pathkeys != NIL)
	{
		PathKey    *first = linitial_node(PathKey, root->query_pathkeys);

		if (first->pk_opfamily == operator_family() &&
			is_in_direction(first, direction) &&
			has_column(first->pk_eclass, baserel))
			pathkeys = lappend(pathkeys, first);
	}
	while ((i = bms_next_member(baserel->eclass_indexes, i)) >= 0)
	{
		EquivalenceClass *ec = list_nth(root->eq_classes, i);
		PathKey    *pathkey;

		if (!has_column(ec, baserel))
			continue;
		pathkey = qf_compat_pathkey(root, ec, operator_family(),
									direction == QF_ORDER_FALLING);
		if (truncate_useless_pathkeys(root, baserel,
									  list_make1(pathkey)) != NIL)
			pathkeys = list_append_unique_ptr(pathkeys, pathkey);
	}
	return pathkeys;
}

/*
 * qf_order_plan_outer_pathkey
 *		The pathkey that a list read in this direction has in a subquery that
 *		asks for no order itself, but hands rows on in the order in which they
 *		come; NULL if this is none, or does not show the column.
 *
 * Not for one of several tables under a parent: to sort the others by this
 * pathkey, core would look for the column among theirs.
 */
PathKey *
qf_order_plan_outer_pathkey(PlannerInfo *root, RelOptInfo *baserel,
							QfListOrder direction)
{
	const QfTable *table = baserel->fdw_private;
	List	   *pathkeys;
	Oid			operator;

	if (root->parent_root == NULL || root->query_pathkeys != NIL ||
		root->parse->hasAggs || root->parse->setOperations != NULL ||
		bms_membership(root->all_baserels) != BMS_SINGLETON ||
		baserel->reloptkind != RELOPT_BASEREL ||
		bms_is_empty(baserel->attr_needed[table->order_column -
										  baserel->min_attr]))
		return NULL;
	operator = get_opfamily_member(operator_family(), TIMESTAMPTZOID,
								   TIMESTAMPTZOID,
								   direction == QF_ORDER_FALLING ?
								   BTGreaterStrategyNumber :
								   BTLessStrategyNumber);
	pathkeys = qf_compat_expression_pathkey(root,
											(Expr *) make_column(baserel),
											operator, baserel->relids);
	return pathkeys != NIL ? linitial_node(PathKey, pathkeys) : NULL;
}

/* Is the clause true of each item of a list in order? */
static bool
is_always_true(const RelOptInfo *baserel, const Expr *clause)
{
	const NullTest *test = (const NullTest *) clause;

	return IsA(clause, NullTest) && test->nulltesttype == IS_NOT_NULL &&
		is_column(baserel, (Node *) test->arg);
}

/*
 * qf_order_plan_tell
 *		Tell the plan to rely on the order, in this direction; adds the column
 *		and the conditions that end the reading to *exprs.
 *
 * Returns the numbers of the clauses which are true of all items up to there.
 */
List *
qf_order_plan_tell(PlannerInfo *root, RelOptInfo *baserel, List *clauses,
				   QfListOrder direction, QfPlan *plan, List **exprs)
{
	const QfTable *table = baserel->fdw_private;
	Index		lowest = lowest_level(clauses);
	List	   *covered = NIL;
	ListCell   *lc;

	plan->order = direction;
	plan->turned = direction != table->options->list_order;
	plan->order_expr = list_length(*exprs);
	*exprs = lappend(*exprs, make_column(baserel));
	plan->attributes = list_append_unique_int(plan->attributes,
											  table->order_column);
	foreach(lc, clauses)
	{
		RestrictInfo *rinfo = lfirst_node(RestrictInfo, lc);
		QfOrderBound bound;

		if (find_bound(root, baserel, rinfo, lowest, direction, &bound))
		{
			plan->run_exprs = lappend_int(plan->run_exprs,
										  list_length(*exprs));
			*exprs = lappend(*exprs, bound.condition);
			if (bound.whole)
				covered = lappend_int(covered, foreach_current_index(lc));
		}
		else if (is_always_true(baserel, rinfo->clause))
			covered = lappend_int(covered, foreach_current_index(lc));
	}
	return covered;
}
