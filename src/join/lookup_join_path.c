/*
 * lookup_join_path.c
 *	  When a lookup join is possible, what it costs, and its plan.
 *
 * Core asks a wrapper about joins of two tables of one server only, so the
 * path is added by the join hook.  No preload is needed: the planner loads this
 * library when it opens a foreign table, which is before it makes joins.
 *
 * The join has two children: any plan for the outer side, and a scan of the
 * foreign table that gets its keys handed in.  So filters, projection,
 * permissions and fetching are the scan's, as everywhere else.
 *
 * src/join/lookup_join_path.c
 */
#include "postgres.h"

#include "nodes/extensible.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/restrictinfo.h"
#include "utils/selfuncs.h"

#include "base/compat.h"
#include "base/guc.h"
#include "fdw/path.h"
#include "fdw/pushdown.h"
#include "join/lookup_join.h"

/* What a path tells its plan; CustomPath.custom_private is a list of one. */
typedef struct LookupJoin
{
	JoinType	jointype;
	List	   *restrict_clauses;	/* RestrictInfos, the key's among them */
	RestrictInfo *key_clause;
	Expr	   *key;			/* over the outer side */
} LookupJoin;

static set_join_pathlist_hook_type previous_hook = NULL;

static void add_lookup_join_paths(PlannerInfo *root, RelOptInfo *joinrel,
								  RelOptInfo *outerrel, RelOptInfo *innerrel,
								  JoinType jointype,
								  JoinPathExtraData *extra);
static RestrictInfo *find_key(PlannerInfo *root, RelOptInfo *joinrel,
							  RelOptInfo *outerrel, RelOptInfo *innerrel,
							  JoinType jointype, List *restrict_clauses,
							  Expr **key);
static Path *sorted_outer_path(PlannerInfo *root, RelOptInfo *outerrel);
static bool may_evaluate_first(RestrictInfo *clause, Expr *key,
							   List *restrict_clauses);
static void add_path_for_outer(PlannerInfo *root, RelOptInfo *joinrel,
							   RelOptInfo *innerrel, Path *outer,
							   const LookupJoin *join,
							   JoinPathExtraData *extra);
static Plan *plan_lookup_join(PlannerInfo *root, RelOptInfo *rel,
							  CustomPath *best_path, List *tlist,
							  List *clauses, List *custom_plans);
static bool all_rows_wanted(const PlannerInfo *root);
static List *scan_targetlist(List *custom_plans);
static Node *use_forms(Node *node, void *context);
static void split_clauses(PlannerInfo *root, const LookupJoin *join,
						  Relids joinrelids, List **join_quals,
						  List **other_quals);

static const CustomPathMethods path_methods = {
	.CustomName = QF_LOOKUP_JOIN_NAME,
	.PlanCustomPath = plan_lookup_join,
};

const CustomScanMethods qf_lookup_join_scan_methods = {
	.CustomName = QF_LOOKUP_JOIN_NAME,
	.CreateCustomScanState = qf_lookup_join_create_state,
};

/* Install the hook; called from _PG_init(). */
void
qf_lookup_join_init(void)
{
	RegisterCustomScanMethods(&qf_lookup_join_scan_methods);
	previous_hook = set_join_pathlist_hook;
	set_join_pathlist_hook = add_lookup_join_paths;
}

/* set_join_pathlist_hook: offer a lookup join if this is a case for one. */
static void
add_lookup_join_paths(PlannerInfo *root, RelOptInfo *joinrel,
					  RelOptInfo *outerrel, RelOptInfo *innerrel,
					  JoinType jointype, JoinPathExtraData *extra)
{
	LookupJoin	join;
	Path	   *sorted;
	ListCell   *lc;

	if (previous_hook != NULL)
		previous_hook(root, joinrel, outerrel, innerrel, jointype, extra);

	/*
	 * Rows of a grouped relation hold aggregates, and are no rows of a table.
	 * What identifies a row of an inherited target of UPDATE, DELETE or MERGE
	 * is a Var that setrefs.c does not expect in a custom scan's target list.
	 */
	if (!qf_guc_enable_lookup_join || qf_compat_is_grouped(joinrel) ||
		!qf_path_can_look_up(innerrel) ||
		(root->row_identity_vars != NIL &&
		 bms_is_member(root->parse->resultRelation, outerrel->relids)))
		return;
	if (jointype != JOIN_INNER && jointype != JOIN_LEFT &&
		jointype != JOIN_SEMI && jointype != JOIN_ANTI &&
		jointype != JOIN_UNIQUE_OUTER)
		return;

	join.jointype = jointype;
	join.restrict_clauses = extra->restrictlist;
	join.key_clause = find_key(root, joinrel, outerrel, innerrel, jointype,
							   extra->restrictlist, &join.key);
	if (join.key_clause == NULL)
		return;

	/* key IN (SELECT ...): make the keys unique, then join them. */
	if (jointype == JOIN_UNIQUE_OUTER)
	{
		Path	   *unique = qf_compat_unique_path(root, outerrel,
												   extra->sjinfo);

		join.jointype = JOIN_INNER;
		if (unique != NULL)
			add_path_for_outer(root, joinrel, innerrel, unique, &join, extra);
		return;
	}
	foreach(lc, outerrel->pathlist)
		add_path_for_outer(root, joinrel, innerrel, lfirst(lc), &join, extra);
	sorted = sorted_outer_path(root, outerrel);
	if (sorted != NULL)
		add_path_for_outer(root, joinrel, innerrel, sorted, &join, extra);
}

/*
 * The outer rows in the order that the query wants, so that a LIMIT looks up
 * no more than it returns; NULL if the order takes more than them, if nobody
 * stops early, or if they come in that order anyway.
 */
static Path *
sorted_outer_path(PlannerInfo *root, RelOptInfo *outerrel)
{
	Path	   *outer = outerrel->cheapest_total_path;
	List	   *pathkeys = NIL;
	ListCell   *lc;

	if (all_rows_wanted(root) || outer == NULL ||
		PATH_REQ_OUTER(outer) != NULL)
		return NULL;
	foreach(lc, root->query_pathkeys)
	{
		PathKey    *pathkey = lfirst_node(PathKey, lc);

		if (!relation_can_be_sorted_early(root, outerrel, pathkey->pk_eclass,
										  false))
			break;
		pathkeys = lappend(pathkeys, pathkey);
	}
	if (pathkeys == NIL || pathkeys_contained_in(pathkeys, outer->pathkeys))
		return NULL;
	return (Path *) create_sort_path(root, outerrel, outer, pathkeys, -1.0);
}

/*
 * The first join clause "id = key", and in *key its other side; NULL if there
 * is none.
 */
static RestrictInfo *
find_key(PlannerInfo *root, RelOptInfo *joinrel, RelOptInfo *outerrel,
		 RelOptInfo *innerrel, JoinType jointype, List *restrict_clauses,
		 Expr **key)
{
	ListCell   *lc;

	foreach(lc, restrict_clauses)
	{
		RestrictInfo *rinfo = lfirst_node(RestrictInfo, lc);
		List	   *exprs = NIL;
		Relids		relids;

		if (rinfo->pseudoconstant || !IsA(rinfo->clause, OpExpr) ||
			(IS_OUTER_JOIN(jointype) &&
			 RINFO_IS_PUSHED_DOWN(rinfo, joinrel->relids)) ||
			qf_pushdown_keys(innerrel->fdw_private, rinfo->clause,
							 &exprs) == NIL)
			continue;
		*key = linitial(exprs);
		relids = pull_varnos(root, (Node *) *key);
		if (!bms_is_empty(relids) &&
			bms_is_subset(relids, outerrel->relids) &&
			may_evaluate_first(rinfo, *key, restrict_clauses))
			return rinfo;
	}
	return NULL;
}

/*
 * The key is evaluated before the join's other clauses.  Where a security
 * barrier wants those first, the key must not be able to tell what it sees.
 */
static bool
may_evaluate_first(RestrictInfo *clause, Expr *key, List *restrict_clauses)
{
	ListCell   *lc;

	if (!contain_leaked_vars((Node *) key))
		return true;
	foreach(lc, restrict_clauses)
	{
		if (lfirst_node(RestrictInfo, lc)->security_level <
			clause->security_level)
			return false;
	}
	return true;
}

/* Add the join with one way to read the outer side. */
static void
add_path_for_outer(PlannerInfo *root, RelOptInfo *joinrel,
				   RelOptInfo *innerrel, Path *outer, const LookupJoin *join,
				   JoinPathExtraData *extra)
{
	CustomPath *path;
	LookupJoin *private;
	Path	   *inner;
	Relids		required_outer;
	QualCost	quals;
	double		nkeys;

	if (PATH_REQ_OUTER(outer) != NULL &&
		bms_overlap(PATH_REQ_OUTER(outer), innerrel->relids))
		return;
	nkeys = estimate_num_groups(root, list_make1(join->key), outer->rows,
								NULL, NULL);
	inner = (Path *) qf_path_lookup(root, innerrel, nkeys);
	required_outer = calc_non_nestloop_required_outer(outer, inner);
	if (required_outer != NULL &&
		!bms_overlap(required_outer, extra->param_source_rels))
		return;

	private = palloc_object(LookupJoin);
	*private = *join;
	private->restrict_clauses = list_copy(join->restrict_clauses);

	path = makeNode(CustomPath);
	path->path.pathtype = T_CustomScan;
	path->path.parent = joinrel;
	path->path.pathtarget = joinrel->reltarget;
	path->path.param_info =
		get_joinrel_parampathinfo(root, joinrel, outer, inner, extra->sjinfo,
								  required_outer,
								  &private->restrict_clauses);
	path->path.rows = path->path.param_info != NULL ?
		path->path.param_info->ppi_rows : joinrel->rows;
	path->path.pathkeys = build_join_pathkeys(root, joinrel, join->jointype,
											  outer->pathkeys);

	/* Round trips are the inner path's cost; see cost.c. */
	cost_qual_eval(&quals, private->restrict_clauses, root);
	path->path.startup_cost = outer->startup_cost + inner->startup_cost +
		quals.startup;
	path->path.total_cost = outer->total_cost + inner->total_cost +
		quals.startup +
		outer->rows * (cpu_tuple_cost + quals.per_tuple) +
		path->path.rows * joinrel->reltarget->cost.per_tuple;

	path->flags = CUSTOMPATH_SUPPORT_PROJECTION;
	path->custom_paths = list_make2(outer, inner);
	path->custom_private = list_make1(private);
	path->methods = &path_methods;
	qf_compat_set_restrictinfo(path, private->restrict_clauses);
	qf_compat_sum_disabled(&path->path, outer, inner);
	add_path(joinrel, &path->path);
}

/* PlanCustomPath */
static Plan *
plan_lookup_join(PlannerInfo *root, RelOptInfo *rel, CustomPath *best_path,
				 List *tlist, List *clauses, List *custom_plans)
{
	const LookupJoin *join = linitial(best_path->custom_private);
	const Plan *outer = linitial(custom_plans);
	CustomScan *scan = makeNode(CustomScan);
	List	   *join_quals;
	List	   *other_quals;
	List	   *returned;
	List	   *forms;

	split_clauses(root, join, rel->relids, &join_quals, &other_quals);
	scan->flags = best_path->flags;
	scan->scan.scanrelid = 0;
	scan->scan.plan.targetlist = tlist;
	scan->scan.plan.qual = other_quals;
	scan->custom_plans = custom_plans;

	/*
	 * Expressions are evaluated over the outer plan's columns followed by the
	 * inner plan's; being in custom_exprs, their Vars are made references to
	 * that row.
	 */
	scan->custom_scan_tlist = scan_targetlist(custom_plans);
	scan->custom_exprs = list_make3(join_quals, join->key,
									join->key_clause->clause);

	/*
	 * Not those of tlist: it is empty if a projection is put in later.  Vars
	 * inside PlaceHolderVars come last; they matter if we compute those.
	 */
	returned = list_make2(rel->reltarget->exprs, other_quals);
	forms = list_concat(pull_var_clause((Node *) returned,
										PVC_INCLUDE_PLACEHOLDERS),
						pull_var_clause((Node *) returned,
										PVC_RECURSE_PLACEHOLDERS));
	scan->custom_scan_tlist = (List *)
		use_forms((Node *) scan->custom_scan_tlist, forms);
	scan->custom_exprs = (List *)
		use_forms((Node *) scan->custom_exprs, forms);

	scan->custom_private =
		list_make3(makeInteger(join->jointype),
				   makeInteger(list_length(outer->targetlist)),
				   makeBoolean(all_rows_wanted(root)));
	scan->methods = &qf_lookup_join_scan_methods;
	return &scan->scan.plan;
}

/* Does no query around this one have a reason to stop early? */
static bool
all_rows_wanted(const PlannerInfo *root)
{
	for (; root != NULL; root = root->parent_root)
	{
		/* CTEs are planned before tuple_fraction of their query is known. */
		if (root->tuple_fraction > 0 || root->parse->limitCount != NULL)
			return false;
	}
	return true;
}

static List *
scan_targetlist(List *custom_plans)
{
	List	   *tlist = NIL;
	ListCell   *lc;
	ListCell   *lc2;

	foreach(lc, custom_plans)
	{
		foreach(lc2, ((Plan *) lfirst(lc))->targetlist)
		{
			TargetEntry *entry = lfirst_node(TargetEntry, lc2);

			tlist = lappend(tlist,
							makeTargetEntry(copyObject(entry->expr),
											list_length(tlist) + 1,
											NULL, false));
		}
	}
	return tlist;
}

/*
 * Give each Var and PlaceHolderVar the form it has in the list "forms".
 *
 * From PostgreSQL 16 on, a Var above an outer join says which outer joins may
 * have made it NULL, so it looks different in the children and in what this
 * node returns.  setrefs.c wants one form of each in a custom scan.
 */
static Node *
use_forms(Node *node, void *context)
{
	List	   *forms = context;
	ListCell   *lc;

	if (node == NULL)
		return NULL;
	if (IsA(node, Var) || IsA(node, PlaceHolderVar))
	{
		foreach(lc, forms)
		{
			Node	   *form = lfirst(lc);

			if (nodeTag(form) == nodeTag(node) &&
				(IsA(node, Var) ?
				 ((Var *) form)->varno == ((Var *) node)->varno &&
				 ((Var *) form)->varattno == ((Var *) node)->varattno :
				 ((PlaceHolderVar *) form)->phid ==
				 ((PlaceHolderVar *) node)->phid))
				return copyObject(form);
		}
	}
	return expression_tree_mutator(node, use_forms, context);
}

/*
 * Join quals decide what matches, other quals what is left of the result; the
 * two differ for outer joins.  Lower security levels come first.  Clauses core
 * would put into a gating Result are quals like others here.
 */
static void
split_clauses(PlannerInfo *root, const LookupJoin *join, Relids joinrelids,
			  List **join_quals, List **other_quals)
{
	*join_quals = NIL;
	*other_quals = NIL;
	for (Index level = 0; level <= root->qual_security_level; level++)
	{
		ListCell   *lc;

		foreach(lc, join->restrict_clauses)
		{
			RestrictInfo *rinfo = lfirst_node(RestrictInfo, lc);

			if (rinfo->security_level != level ||
				(rinfo->pseudoconstant && QF_COMPAT_GATES_JOINS))
				continue;
			if (IS_OUTER_JOIN(join->jointype) &&
				RINFO_IS_PUSHED_DOWN(rinfo, joinrelids))
				*other_quals = lappend(*other_quals, rinfo->clause);
			else
				*join_quals = lappend(*join_quals, rinfo->clause);
		}
	}
}
