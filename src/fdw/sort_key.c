/*
 * sort_key.c
 *	  Which order can be told from the list, so that rows need not have their
 *	  details before they are sorted.
 *
 * src/fdw/sort_key.c
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "optimizer/restrictinfo.h"

#include "base/compat.h"
#include "fdw/path.h"
#include "fdw/sort_key.h"

/* What a key has to be. */
typedef struct KeyRule
{
	const QfTable *table;
	bool		any_row;		/* may it see rows that a qual will refuse? */
} KeyRule;

/* Something that is not known, or not for good, while the table is scanned? */
static bool
has_later_value(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, PlaceHolderVar))
		return true;
	if (IsA(node, Param))
		return ((Param *) node)->paramkind != PARAM_EXTERN;
	return expression_tree_walker(node, has_later_value, context);
}

/* Callback: can this member of an equivalence class be told from an item? */
static bool
is_sort_key(const EquivalenceMember *em, void *arg)
{
	const KeyRule *rule = arg;
	Node	   *expr = (Node *) em->em_expr;

	if (!qf_pushdown_in_list(rule->table, em->em_expr))
		return false;
	if (qf_pushdown_column(rule->table, em->em_expr) != 0)
		return true;
	if (has_later_value(expr, NULL) || contain_agg_clause(expr) ||
		contain_window_function(expr) || expression_returns_set(expr))
		return false;
	return !rule->any_row ||
		(!contain_mutable_functions(expr) && !contain_leaked_vars(expr));
}

/*
 * Keys are evaluated on items that have passed the quals which the list
 * decides.  If there are others, or some that may not choose among rows that
 * are kept, a key sees rows that are no result, and must neither fail on one
 * nor tell of it.
 */
static void
set_rule(KeyRule *rule, RelOptInfo *baserel)
{
	List	   *clauses = baserel->baserestrictinfo;
	ListCell   *lc;

	rule->table = baserel->fdw_private;
	rule->any_row = list_length(qf_path_early_quals(rule->table, clauses)) <
		list_length(clauses);
	foreach(lc, clauses)
	{
		if (has_later_value((Node *) lfirst_node(RestrictInfo, lc)->clause,
							NULL))
			rule->any_row = true;
	}
}

/*
 * qf_sort_key_pathkeys
 *		The leading keys of the order the query wants that can be told from the
 *		list; NIL if there are none.
 */
List *
qf_sort_key_pathkeys(PlannerInfo *root, RelOptInfo *baserel)
{
	KeyRule		rule;
	List	   *pathkeys = NIL;
	ListCell   *lc;

	set_rule(&rule, baserel);
	foreach(lc, root->query_pathkeys)
	{
		PathKey    *pathkey = lfirst_node(PathKey, lc);
		EquivalenceClass *ec = pathkey->pk_eclass;
		EquivalenceMember *em;

		if (ec->ec_has_volatile)
			break;
		em = qf_compat_find_member(ec, baserel->relids, is_sort_key, &rule);
		if (em == NULL ||
			!OidIsValid(qf_compat_sort_operator(pathkey, em->em_datatype)))
			break;
		pathkeys = lappend(pathkeys, pathkey);
	}
	return pathkeys;
}

/* Have a plan fill the columns of an expression. */
static void
add_attributes(QfPlan *plan, Expr *expr, Index varno)
{
	Bitmapset  *used = NULL;
	int			i = -1;

	pull_varattnos((Node *) expr, varno, &used);
	while ((i = bms_next_member(used, i)) >= 0)
		plan->attributes =
			list_append_unique_int(plan->attributes,
								   i + FirstLowInvalidHeapAttributeNumber);
}

/*
 * qf_sort_key_plan
 *		Tell the plan to sort by pathkeys that qf_sort_key_pathkeys() has found;
 *		adds their expressions to *exprs, and their columns to the attributes.
 */
void
qf_sort_key_plan(RelOptInfo *baserel, List *pathkeys, QfPlan *plan,
				 List **exprs)
{
	KeyRule		rule;
	ListCell   *lc;

	set_rule(&rule, baserel);
	foreach(lc, pathkeys)
	{
		PathKey    *pathkey = lfirst_node(PathKey, lc);
		EquivalenceMember *em;

		em = qf_compat_find_member(pathkey->pk_eclass, baserel->relids,
								   is_sort_key, &rule);
		if (em == NULL)
			elog(ERROR, "sort key is gone");
		plan->sort_exprs = lappend_int(plan->sort_exprs, list_length(*exprs));
		*exprs = lappend(*exprs, em->em_expr);
		add_attributes(plan, em->em_expr, baserel->relid);
		/* Not the expression's own type: a varchar is sorted as text. */
		plan->sort_operators =
			lappend_oid(plan->sort_operators,
						qf_compat_sort_operator(pathkey, em->em_datatype));
		plan->sort_collations = lappend_oid(plan->sort_collations,
											pathkey->pk_eclass->ec_collation);
		plan->sort_nulls_first = lappend_int(plan->sort_nulls_first,
											 pathkey->pk_nulls_first);
	}
}
