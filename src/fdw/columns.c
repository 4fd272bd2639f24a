/*
 * columns.c
 *	  Which columns of a table an expression uses.
 *
 * src/fdw/columns.c
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "nodes/nodeFuncs.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "fdw/columns.h"

typedef struct PullContext
{
	Index		varno;
	Bitmapset **columns;
} PullContext;

static void
add_column(PullContext *context, AttrNumber attnum)
{
	*context->columns =
		bms_add_member(*context->columns,
					   attnum - FirstLowInvalidHeapAttributeNumber);
}

/*
 * The whole row of an inheritance child, turned into the type of its parent:
 * the columns that the parent has, which are told by name.
 */
static void
add_converted_row(PullContext *context, Oid parent_type, const Var *row)
{
	Oid			relid = get_typ_typrelid(row->vartype);
	TupleDesc	parent = lookup_rowtype_tupdesc(parent_type, -1);

	for (int i = 0; i < parent->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(parent, i);
		AttrNumber	attnum;

		if (attribute->attisdropped)
			continue;
		attnum = get_attnum(relid, NameStr(attribute->attname));
		if (attnum != InvalidAttrNumber)
			add_column(context, attnum);
	}
	ReleaseTupleDesc(parent);
}

static bool
pull_walker(Node *node, void *arg)
{
	PullContext *context = arg;

	if (node == NULL)
		return false;
	if (IsA(node, Var))
	{
		const Var  *var = (const Var *) node;

		if (var->varno == context->varno && var->varlevelsup == 0)
			add_column(context, var->varattno);
		return false;
	}
	if (IsA(node, ConvertRowtypeExpr))
	{
		Expr	   *row = ((ConvertRowtypeExpr *) node)->arg;

		/* A child of a child is converted more than once. */
		while (IsA(row, ConvertRowtypeExpr))
			row = ((ConvertRowtypeExpr *) row)->arg;
		if (IsA(row, Var) && ((Var *) row)->varno == context->varno &&
			((Var *) row)->varlevelsup == 0 &&
			((Var *) row)->varattno == InvalidAttrNumber)
		{
			add_converted_row(context,
							  ((ConvertRowtypeExpr *) node)->resulttype,
							  (const Var *) row);
			return false;
		}
	}
	return expression_tree_walker(node, pull_walker, context);
}

/*
 * qf_columns_pull
 *		Add the columns that an expression uses of the table "varno", numbered
 *		as by pull_varattnos().
 *
 * That function takes the row of an inheritance child that is turned into one
 * of its parent for the whole row, and so all columns of the child for used.
 */
void
qf_columns_pull(Node *node, Index varno, Bitmapset **columns)
{
	PullContext context = {varno, columns};

	(void) pull_walker(node, &context);
}
