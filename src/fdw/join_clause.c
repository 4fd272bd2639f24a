/*
 * join_clause.c
 *	  Which join clauses would restrict what the API is asked for, in a nested
 *	  loop that knows the other side.
 *
 * src/fdw/join_clause.c
 */
#include "postgres.h"

#include "catalog/pg_opfamily.h"
#include "optimizer/paths.h"
#include "optimizer/restrictinfo.h"

#include "fdw/join_clause.h"
#include "fdw/order_plan.h"
#include "fdw/pushdown.h"

static bool
is_usable(PlannerInfo *root, RelOptInfo *baserel, RestrictInfo *rinfo)
{
	const QfTable *table = baserel->fdw_private;
	List	   *exprs = NIL;
	const char *parameter;

	return qf_pushdown_keys(table, rinfo->clause, &exprs) != NIL ||
		qf_pushdown_filter(table, rinfo->clause, &parameter) != NULL ||
		qf_order_plan_bounds(root, baserel, rinfo);
}

/* Callback: is this member of an equivalence class our column *arg? */
static bool
matches_column(PlannerInfo *root, RelOptInfo *rel, EquivalenceClass *ec,
			   EquivalenceMember *em, void *arg)
{
	AttrNumber	attnum = *(AttrNumber *) arg;

	if (attnum == ((const QfTable *) rel->fdw_private)->order_column)
		return IsA(em->em_expr, Var) &&
			((Var *) em->em_expr)->varno == rel->relid &&
			((Var *) em->em_expr)->varattno == attnum;
	return list_member_oid(ec->ec_opfamilies, TEXT_BTREE_FAM_OID) &&
		qf_pushdown_column(rel->fdw_private, em->em_expr) == attnum;
}

/*
 * qf_join_clauses_usable
 *		Join clauses, as RestrictInfos, that would restrict what is asked for.
 */
List *
qf_join_clauses_usable(PlannerInfo *root, RelOptInfo *baserel)
{
	QfTable    *table = baserel->fdw_private;
	List	   *usable = NIL;
	ListCell   *lc;

	foreach(lc, baserel->joininfo)
	{
		RestrictInfo *rinfo = lfirst_node(RestrictInfo, lc);

		if (join_clause_is_movable_to(rinfo, baserel) &&
			is_usable(root, baserel, rinfo))
			usable = lappend(usable, rinfo);
	}
	if (!baserel->has_eclass_joins)
		return usable;

	for (AttrNumber i = 1; i <= table->natts; i++)
	{
		if (table->sources[i - 1].filter == NULL && i != table->order_column &&
			!qf_field_is_id(&table->sources[i - 1], table->options->resource))
			continue;
		foreach(lc, generate_implied_equalities_for_column(root, baserel,
														   matches_column, &i,
														   baserel->lateral_referencers))
		{
			RestrictInfo *rinfo = lfirst_node(RestrictInfo, lc);

			if (join_clause_is_movable_to(rinfo, baserel) &&
				is_usable(root, baserel, rinfo))
				usable = lappend(usable, rinfo);
		}
	}
	return usable;
}
