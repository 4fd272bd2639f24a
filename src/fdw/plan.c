/*
 * plan.c
 *	  Size, paths, plan (PostgreSQL manual, "Foreign Data Wrapper Callback
 *	  Routines").
 *
 * Planning makes no request.  There are two ways to scan: by key, when the
 * quals say which ids can match, and through the list.  Both exist
 * parameterised by other tables as well.
 *
 * src/fdw/plan.c
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "access/table.h"
#include "catalog/pg_opfamily.h"
#include "foreign/fdwapi.h"
#include "foreign/foreign.h"
#include "nodes/makefuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/paths.h"
#include "optimizer/planmain.h"
#include "optimizer/restrictinfo.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/selfuncs.h"

#include "base/compat.h"
#include "fdw/cost.h"
#include "fdw/plan.h"
#include "fdw/plan_private.h"
#include "fdw/pushdown.h"

/* What a set of clauses makes of a scan. */
typedef struct ScanShape
{
	bool		keyed;
	double		nkeys;			/* expected */
	double		list_tuples;	/* expected items of the list */
	double		details;		/* expected detail calls for them */
	double		rows;			/* expected result */
} ScanShape;

static QfTable *open_table(RelOptInfo *baserel, Oid relid);
static void shape_scan(PlannerInfo *root, RelOptInfo *baserel,
					   List *clauses, ScanShape *shape);
static double count_keys(PlannerInfo *root, List *tree, List *exprs);
static Bitmapset *needed_attributes(RelOptInfo *baserel, List *clauses);
static bool needs_detail(const QfTable *table, Bitmapset *needed);
static void add_scan_path(PlannerInfo *root, RelOptInfo *baserel,
						  Relids required_outer);
static List *usable_join_clauses(PlannerInfo *root, RelOptInfo *baserel);
static bool is_usable(const QfTable *table, Expr *clause);
static bool matches_column(PlannerInfo *root, RelOptInfo *rel,
						   EquivalenceClass *ec, EquivalenceMember *em,
						   void *arg);
static void classify_quals(const QfTable *table, List *scan_clauses,
						   QfPlan *plan, List **exprs);
static List *early_quals(const QfTable *table, List *scan_clauses);
static int64 limit_hint(PlannerInfo *root, RelOptInfo *baserel,
						List *scan_clauses);

/* Estimate how many rows the table will give. */
void
qianfanGetForeignRelSize(PlannerInfo *root, RelOptInfo *baserel,
						 Oid foreigntableid)
{
	QfTable    *table = open_table(baserel, foreigntableid);
	ScanShape	shape;

	baserel->fdw_private = table;
	if (baserel->tuples < 0)
		baserel->tuples = QF_COST_DEFAULT_TUPLES;
	set_baserel_size_estimates(root, baserel);

	shape_scan(root, baserel, baserel->baserestrictinfo, &shape);
	baserel->rows = shape.rows;
}

/* Offer one scan by itself, and one for each useful set of outer tables. */
void
qianfanGetForeignPaths(PlannerInfo *root, RelOptInfo *baserel,
					   Oid foreigntableid)
{
	List	   *outers = NIL;
	ListCell   *lc;

	add_scan_path(root, baserel, baserel->lateral_relids);

	foreach(lc, usable_join_clauses(root, baserel))
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
		add_scan_path(root, baserel, required_outer);
	}
}

/* Turn the chosen path into a plan node. */
ForeignScan *
qianfanGetForeignPlan(PlannerInfo *root, RelOptInfo *baserel,
					  Oid foreigntableid, ForeignPath *best_path,
					  List *tlist, List *scan_clauses, Plan *outer_plan)
{
	QfTable    *table = baserel->fdw_private;
	QfPlan		plan = {0};
	Bitmapset  *needed;
	List	   *clauses = NIL;
	List	   *exprs = NIL;
	ListCell   *lc;
	int			i = -1;

	/* Gating quals are evaluated above us; the rest all of them by us. */
	foreach(lc, scan_clauses)
	{
		RestrictInfo *rinfo = lfirst_node(RestrictInfo, lc);

		if (!rinfo->pseudoconstant)
			clauses = lappend(clauses, rinfo);
	}

	/* See qf_plan_lookup_path(). */
	plan.given = best_path->fdw_private != NIL;
	if (plan.given)
		plan.keys = list_make1(list_make1(makeInteger(QF_KEY_GIVEN)));
	classify_quals(table, clauses, &plan, &exprs);
	needed = needed_attributes(baserel, clauses);
	while ((i = bms_next_member(needed, i)) >= 0)
		plan.attributes = lappend_int(plan.attributes, i);
	if (plan.keys == NIL)
	{
		plan.details = needs_detail(table, needed);
		plan.list_quals = early_quals(table, clauses);
	}
	plan.limit = limit_hint(root, baserel, clauses);
	plan.exact = list_length(plan.filter_quals) == list_length(clauses);

	return make_foreignscan(tlist, extract_actual_clauses(clauses, false),
							baserel->relid, exprs, qf_plan_pack(&plan),
							NIL, NIL, outer_plan);
}

/* Is this one of our tables, whose keys a lookup join can hand in? */
bool
qf_plan_can_look_up(const RelOptInfo *rel)
{
	return rel->reloptkind == RELOPT_BASEREL &&
		rel->fdwroutine != NULL &&
		rel->fdwroutine->GetForeignPlan == qianfanGetForeignPlan &&
		rel->fdw_private != NULL &&
		bms_is_empty(rel->lateral_relids);
}

/*
 * qf_plan_lookup_path
 *		A scan whose keys a lookup join hands in, "nkeys" in all; not for
 *		add_path().
 *
 * The mark in fdw_private is all that tells it from a scan of the whole table.
 */
ForeignPath *
qf_plan_lookup_path(PlannerInfo *root, RelOptInfo *baserel, double nkeys)
{
	QfTable    *table = baserel->fdw_private;
	QfCostInput input = {0};
	QualCost	quals;
	Cost		startup;
	Cost		total;

	cost_qual_eval(&quals, baserel->baserestrictinfo, root);
	input.lookups = nkeys;
	input.tuples = nkeys;
	input.quals = &quals;
	qf_cost_scan(table->options, &input, &startup, &total);
	return qf_compat_foreign_path(root, baserel, Min(nkeys, baserel->rows),
								  startup, total, NULL,
								  list_make1(makeBoolean(true)));
}

/* Options and columns of a table, for the time of planning. */
static QfTable *
open_table(RelOptInfo *baserel, Oid relid)
{
	QfTable    *table = palloc0_object(QfTable);
	Relation	rel = table_open(relid, NoLock);

	table->varno = baserel->relid;
	table->options = qf_option_resolve(GetForeignServerIdByRelId(relid), relid);
	table->natts = RelationGetDescr(rel)->natts;
	table->sources = qf_row_sources(relid, RelationGetDescr(rel),
									table->options->resource);
	table_close(rel, NoLock);
	return table;
}

/* What a scan with these clauses (RestrictInfos) is expected to do. */
static void
shape_scan(PlannerInfo *root, RelOptInfo *baserel, List *clauses,
		   ScanShape *shape)
{
	QfTable    *table = baserel->fdw_private;
	List	   *others = NIL;
	List	   *sent = NIL;
	List	   *early = NIL;
	ListCell   *lc;

	memset(shape, 0, sizeof(*shape));
	foreach(lc, clauses)
	{
		RestrictInfo *rinfo = lfirst_node(RestrictInfo, lc);
		List	   *exprs = NIL;
		List	   *tree = qf_pushdown_keys(table, rinfo->clause, &exprs);
		const char *parameter;

		if (tree != NIL)
		{
			double		nkeys = count_keys(root, tree, exprs);

			shape->nkeys = shape->keyed ? Min(shape->nkeys, nkeys) : nkeys;
			shape->keyed = true;
		}
		else
			others = lappend(others, rinfo);
		if (qf_pushdown_filter(table, rinfo->clause, &parameter) != NULL)
			sent = lappend(sent, rinfo);
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
		shape->rows = baserel->tuples *
			clauselist_selectivity(root, clauses, baserel->relid,
								   JOIN_INNER, NULL);
		if (needs_detail(table, needed_attributes(baserel, clauses)))
			shape->details = baserel->tuples *
				clauselist_selectivity(root, early, baserel->relid,
									   JOIN_INNER, NULL);
	}
	shape->rows = clamp_row_est(shape->rows);
}

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
				double		arm = count_keys(root, list_nth(tree, i), exprs);

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
 * Numbers of the attributes that are used above the scan or by its clauses,
 * all of them if the whole row is.
 */
static Bitmapset *
needed_attributes(RelOptInfo *baserel, List *clauses)
{
	QfTable    *table = baserel->fdw_private;
	Bitmapset  *used = NULL;
	Bitmapset  *needed = NULL;
	ListCell   *lc;
	bool		whole_row;

	pull_varattnos((Node *) baserel->reltarget->exprs, baserel->relid, &used);
	foreach(lc, clauses)
		pull_varattnos((Node *) lfirst_node(RestrictInfo, lc)->clause,
					   baserel->relid, &used);

	whole_row = bms_is_member(InvalidAttrNumber -
							  FirstLowInvalidHeapAttributeNumber, used);
	for (int i = 1; i <= table->natts; i++)
	{
		if (table->sources[i - 1].paths[0] != NULL &&
			(whole_row ||
			 bms_is_member(i - FirstLowInvalidHeapAttributeNumber, used)))
			needed = bms_add_member(needed, i);
	}
	return needed;
}

/* Is there a column among them that the list is not known to carry? */
static bool
needs_detail(const QfTable *table, Bitmapset *needed)
{
	int			i = -1;

	while ((i = bms_next_member(needed, i)) >= 0)
	{
		if (!table->sources[i - 1].in_list)
			return true;
	}
	return false;
}

/* Add the scan that gets its parameters from these tables, if from any. */
static void
add_scan_path(PlannerInfo *root, RelOptInfo *baserel, Relids required_outer)
{
	QfTable    *table = baserel->fdw_private;
	List	   *clauses = baserel->baserestrictinfo;
	ParamPathInfo *param_info = get_baserel_parampathinfo(root, baserel,
														  required_outer);
	ScanShape	shape;
	QfCostInput input = {0};
	QualCost	quals;
	Cost		startup;
	Cost		total;

	if (param_info != NULL)
		clauses = list_concat_copy(clauses, param_info->ppi_clauses);
	shape_scan(root, baserel, clauses, &shape);
	cost_qual_eval(&quals, clauses, root);

	/* An id is unique, whatever statistics say. */
	if (param_info != NULL)
		param_info->ppi_rows = Min(param_info->ppi_rows, shape.rows);

	input.lookups = shape.nkeys;
	input.list_tuples = shape.list_tuples;
	input.details = shape.details;
	input.tuples = shape.keyed ? shape.nkeys : shape.list_tuples;
	input.quals = &quals;
	qf_cost_scan(table->options, &input, &startup, &total);

	add_path(baserel, (Path *)
			 qf_compat_foreign_path(root, baserel,
									param_info != NULL ?
									param_info->ppi_rows : baserel->rows,
									startup, total, required_outer, NIL));
}

/* Join clauses, as RestrictInfos, that would restrict what is asked for. */
static List *
usable_join_clauses(PlannerInfo *root, RelOptInfo *baserel)
{
	QfTable    *table = baserel->fdw_private;
	List	   *usable = NIL;
	ListCell   *lc;

	foreach(lc, baserel->joininfo)
	{
		RestrictInfo *rinfo = lfirst_node(RestrictInfo, lc);

		if (join_clause_is_movable_to(rinfo, baserel) &&
			is_usable(table, rinfo->clause))
			usable = lappend(usable, rinfo);
	}
	if (!baserel->has_eclass_joins)
		return usable;

	for (AttrNumber i = 1; i <= table->natts; i++)
	{
		if (table->sources[i - 1].filter == NULL &&
			!qf_row_is_id(&table->sources[i - 1], table->options->resource))
			continue;
		foreach(lc, generate_implied_equalities_for_column(root, baserel,
														   matches_column, &i,
														   baserel->lateral_referencers))
		{
			RestrictInfo *rinfo = lfirst_node(RestrictInfo, lc);

			if (join_clause_is_movable_to(rinfo, baserel) &&
				is_usable(table, rinfo->clause))
				usable = lappend(usable, rinfo);
		}
	}
	return usable;
}

static bool
is_usable(const QfTable *table, Expr *clause)
{
	List	   *exprs = NIL;
	const char *parameter;

	return qf_pushdown_keys(table, clause, &exprs) != NIL ||
		qf_pushdown_filter(table, clause, &parameter) != NULL;
}

/* Callback: is this member of an equivalence class our column *arg? */
static bool
matches_column(PlannerInfo *root, RelOptInfo *rel, EquivalenceClass *ec,
			   EquivalenceMember *em, void *arg)
{
	return list_member_oid(ec->ec_opfamilies, TEXT_BTREE_FAM_OID) &&
		qf_pushdown_column(rel->fdw_private, em->em_expr) ==
		*(AttrNumber *) arg;
}

/* Find the quals that restrict what is asked for; all stay quals. */
static void
classify_quals(const QfTable *table, List *scan_clauses, QfPlan *plan,
			   List **exprs)
{
	ListCell   *lc;

	foreach(lc, scan_clauses)
	{
		RestrictInfo *rinfo = lfirst_node(RestrictInfo, lc);
		List	   *tree = qf_pushdown_keys(table, rinfo->clause, exprs);

		if (tree != NIL)
		{
			plan->keys = lappend(plan->keys, tree);
			plan->key_quals = lappend_int(plan->key_quals,
										  foreach_current_index(lc));
		}
	}
	if (plan->keys != NIL)
	{
		plan->keys = lcons(makeInteger(QF_KEY_AND), plan->keys);
		return;
	}

	foreach(lc, scan_clauses)
	{
		RestrictInfo *rinfo = lfirst_node(RestrictInfo, lc);
		const char *parameter;
		Expr	   *value = qf_pushdown_filter(table, rinfo->clause,
											   &parameter);
		bool		sent = false;
		ListCell   *lc2;

		if (value == NULL)
			continue;
		foreach(lc2, plan->filters)
		{
			if (strcmp(strVal(lfirst(lc2)), parameter) == 0)
				sent = true;	/* one value is enough */
		}
		if (sent)
			continue;
		plan->filters = lappend(plan->filters,
								makeString(pstrdup(parameter)));
		plan->filter_exprs = lappend_int(plan->filter_exprs,
										 list_length(*exprs));
		*exprs = lappend(*exprs, value);
		plan->filter_quals = lappend_int(plan->filter_quals,
										 foreach_current_index(lc));
	}
}

/*
 * Numbers of the quals that can be checked before a detail call is spent on a
 * row of the list.
 *
 * Checking some quals before others must not show a row to a function that a
 * security barrier would hide it from, so a leaky qual is left out when one of
 * a lower security level has to wait for the detail.
 */
static List *
early_quals(const QfTable *table, List *scan_clauses)
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

/*
 * Rows the whole query can want of this scan, or -1.
 *
 * The Limit node stays and decides; this only keeps us from running ahead of
 * it.  It is known where the table is the only one and its order is not
 * asked for; limit_tuples is the planner's own verdict on the rest.
 */
static int64
limit_hint(PlannerInfo *root, RelOptInfo *baserel, List *scan_clauses)
{
	ListCell   *lc;

	if (root->limit_tuples <= 0 || root->limit_tuples > 1e15 ||
		root->query_pathkeys != NIL ||
		!bms_equal(root->all_baserels, baserel->relids))
		return -1;
	foreach(lc, scan_clauses)
	{
		if (contain_volatile_functions((Node *) lfirst_node(RestrictInfo,
															lc)->clause))
			return -1;
	}
	return (int64) root->limit_tuples;
}
