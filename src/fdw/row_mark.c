/*
 * row_mark.c
 *	  Which columns does only a row mark want?
 *
 * UPDATE ... FROM, DELETE ... USING, MERGE and FOR UPDATE of another table
 * have core carry a copy of each of our rows along, in a hidden column
 * "wholerowN".  If a row of the other table turns out to have been changed
 * meanwhile, EvalPlanQual reads the copy in place of our table, to see whether
 * the two still belong together.  It looks at no column that the statement
 * does not name, and what a statement names is fetched in any case.  So the
 * copy is no reason to fetch anything; columns not fetched are NULL in it.
 *
 * src/fdw/row_mark.c
 */
#include "postgres.h"

#include "nodes/nodeFuncs.h"
#include "nodes/plannodes.h"

#include "base/compat.h"
#include "fdw/modify_plan.h"
#include "fdw/row_mark.h"

/* A row as a whole, and what it is called where it is carried along. */
typedef struct WholeRow
{
	Index		rti;
	const char *name;			/* of the hidden column with its copy */
	int			levels_up;		/* of the query that is being walked */
} WholeRow;

static bool
is_whole_row(const Node *node, const WholeRow *row)
{
	const Var  *var = (const Var *) node;

	return IsA(node, Var) && var->varno == row->rti &&
		var->varattno == InvalidAttrNumber &&
		var->varlevelsup == row->levels_up;
}

/* Is this the hidden column of the row mark?  See preprocess_targetlist(). */
static bool
is_hidden_copy(const TargetEntry *entry, const WholeRow *row)
{
	return entry->resjunk && entry->resname != NULL &&
		row->levels_up == 0 && is_whole_row((Node *) entry->expr, row) &&
		strcmp(entry->resname, row->name) == 0;
}

/* Does the statement name the row as a whole? */
static bool
names_whole_row(Node *node, void *context)
{
	WholeRow   *row = context;

	if (node == NULL)
		return false;
	if (IsA(node, Var))
		return is_whole_row(node, row);
	if (IsA(node, TargetEntry) && is_hidden_copy((TargetEntry *) node, row))
		return false;
	if (IsA(node, Query))
	{
		bool		result;

		row->levels_up++;
		result = query_tree_walker((Query *) node, names_whole_row, context,
								   QTW_IGNORE_JOINALIASES);
		row->levels_up--;
		return result;
	}
	return expression_tree_walker(node, names_whole_row, context);
}

/* The row mark that has rows of a table copied, or NULL. */
static const PlanRowMark *
find_copying_mark(const PlannerInfo *root, Index relid)
{
	ListCell   *lc;

	foreach(lc, root->rowMarks)
	{
		const PlanRowMark *mark = lfirst_node(PlanRowMark, lc);

		if (mark->rti == relid &&
			(mark->allMarkTypes & (1 << ROW_MARK_COPY)) != 0)
			return mark;
	}
	return NULL;
}

/* Nothing but a column, whatever type it is taken for? */
static bool
is_column(Node *node)
{
	while (IsA(node, RelabelType))
		node = (Node *) ((RelabelType *) node)->arg;
	return IsA(node, Var) || IsA(node, Const);
}

/*
 * What has to be computed for a copy.  The row of a subquery that is one arm of
 * a UNION ALL is put together from the expressions of that arm, whether or not
 * the statement names them; one could fail on a NULL that is none.
 */
static List *
computed_parts(Node *copy)
{
	List	   *parts = NIL;
	ListCell   *lc;

	while (IsA(copy, ConvertRowtypeExpr))
		copy = (Node *) ((ConvertRowtypeExpr *) copy)->arg;
	if (IsA(copy, Var))
		return NIL;
	if (!IsA(copy, RowExpr))
		return list_make1(copy);
	foreach(lc, ((RowExpr *) copy)->args)
	{
		if (!is_column(lfirst(lc)))
			parts = list_concat(parts, computed_parts(lfirst(lc)));
	}
	return parts;
}

/*
 * Is this the row of a partition, or other child, that is updated or deleted
 * from?  Such a row stands in the place of a variable that is none of the table
 * that the statement names.
 */
static bool
is_target_row(const Node *of_named, const Node *of_child,
			  const RelOptInfo *child)
{
	return IsA(of_named, Var) && ((const Var *) of_named)->varno == ROWID_VAR &&
		IsA(of_child, Var) &&
		((const Var *) of_child)->varno == child->relid &&
		((const Var *) of_child)->varattno == InvalidAttrNumber;
}

/*
 * What the rows of a table are carried along for, if nobody looks at all of
 * their columns: a row mark, or an UPDATE or DELETE of the table itself.  NULL
 * if they are not.
 */
static const char *
copy_name(const PlannerInfo *root, const RelOptInfo *rel,
		  const RelOptInfo *named)
{
	const PlanRowMark *mark = find_copying_mark(root, named->relid);
	CmdType		command = root->parse->commandType;

	if (mark != NULL)
		return psprintf("wholerow%u", mark->rowmarkId);
	if ((command == CMD_UPDATE || command == CMD_DELETE) &&
		named->relid == root->parse->resultRelation &&
		!qf_modify_plan_uses_row(root, rel))
		return QF_MODIFY_ROW;
	return NULL;
}

/*
 * qf_row_mark_other_exprs
 *		What is wanted of a table above its scan, but for what only a row mark
 *		wants, or an UPDATE or DELETE of the table itself.
 *
 * A row mark is for the table that the statement names.  Tables under it are
 * asked for the same things in the same order, so the place tells.
 *
 * What a DELETE returns is taken from the row as a whole, and so is what policies
 * see of the rows that an UPDATE makes.
 */
List *
qf_row_mark_other_exprs(PlannerInfo *root, const RelOptInfo *rel)
{
	List	   *exprs = rel->reltarget->exprs;
	List	   *others = NIL;
	List	   *parts = NIL;
	const RelOptInfo *named = rel;
	WholeRow	row = {0};
	ListCell   *lc;
	ListCell   *lc2;

	if (root->rowMarks == NIL && root->parse->resultRelation == 0)
		return exprs;
	while (root->append_rel_array != NULL &&
		   root->append_rel_array[named->relid] != NULL)
		named = root->simple_rel_array[root->append_rel_array[named->relid]->parent_relid];

	row.rti = named->relid;
	row.name = copy_name(root, rel, named);
	if (row.name == NULL ||
		list_length(named->reltarget->exprs) != list_length(exprs) ||
		query_tree_walker(root->parse, names_whole_row, &row,
						  QTW_IGNORE_JOINALIASES))
		return exprs;
	forboth(lc, named->reltarget->exprs, lc2, exprs)
	{
		if (is_target_row(lfirst(lc), lfirst(lc2), rel))
			continue;
		if (!is_whole_row(lfirst(lc), &row))
			others = lappend(others, lfirst(lc2));
		else
			others = list_concat(others, computed_parts(lfirst(lc2)));
	}
	if (named->relid != root->parse->resultRelation)
		return others;
	if (root->parse->commandType == CMD_DELETE)
		parts = root->parse->returningList;
	else if (root->parse->commandType == CMD_UPDATE)
		parts = qf_modify_plan_policies(root->parse);
	if (parts != NIL)
		others = lappend(others, rel == named ? (Node *) parts :
						 qf_compat_translate(root, (Node *) parts, rel, named));
	return others;
}
