/*
 * pushdown.c
 *	  Which quals become API parameters, which stay local.
 *
 * All quals are checked again locally, so what is decided here can only save
 * calls; but it must never ask for less than the quals let through.  The API
 * compares bytes.  So only an operator that runs the built-in equality of
 * text is taken, whatever its name, and only under a deterministic collation:
 * there, equal means equal bytes.
 *
 * src/fdw/pushdown.c
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"

#include "fdw/pushdown.h"

static List *equality_keys(const QfTable *table, OpExpr *op, List **exprs);
static List *array_keys(const QfTable *table, ScalarArrayOpExpr *op,
						List **exprs);
static List *boolean_keys(const QfTable *table, BoolExpr *expr, List **exprs);
static List *key_leaf(QfKeyNode kind, Expr *expr, List **exprs);
static Expr *compared_value(const QfTable *table, OpExpr *op,
							AttrNumber *attnum);
static bool is_text_equality(Oid opno, Oid collation);
static bool is_value(const QfTable *table, Expr *expr);
static bool is_id(const QfTable *table, Expr *expr);

/*
 * qf_pushdown_keys
 *		The ids a clause restricts the table to, as a key tree; NIL if it does
 *		not.
 *
 * Expressions to be evaluated at run time are added to *exprs.  They may have
 * Vars of other tables, for paths that are parameterised by them.
 */
List *
qf_pushdown_keys(const QfTable *table, Expr *clause, List **exprs)
{
	switch (nodeTag(clause))
	{
		case T_OpExpr:
			return equality_keys(table, (OpExpr *) clause, exprs);
		case T_ScalarArrayOpExpr:
			return array_keys(table, (ScalarArrayOpExpr *) clause, exprs);
		case T_BoolExpr:
			return boolean_keys(table, (BoolExpr *) clause, exprs);
		case T_NullTest:
			/* No task is without an id. */
			if (((NullTest *) clause)->nulltesttype == IS_NULL &&
				is_id(table, ((NullTest *) clause)->arg))
				return list_make1(makeInteger(QF_KEY_NONE));
			return NIL;
		default:
			return NIL;
	}
}

/*
 * qf_pushdown_filter
 *		If the list action takes this clause as a parameter, the value to send
 *		and, in *parameter, its name; else NULL.
 */
Expr *
qf_pushdown_filter(const QfTable *table, Expr *clause, const char **parameter)
{
	AttrNumber	attnum;
	Expr	   *value;

	if (!IsA(clause, OpExpr))
		return NULL;
	value = compared_value(table, (OpExpr *) clause, &attnum);
	if (value == NULL)
		return NULL;
	*parameter = table->sources[attnum - 1].filter;
	return *parameter != NULL ? value : NULL;
}

/*
 * qf_pushdown_column
 *		The attribute number, if the expression is nothing but a column of the
 *		table, perhaps under another type name or collation; else 0.
 */
AttrNumber
qf_pushdown_column(const QfTable *table, Expr *expr)
{
	while (expr != NULL && IsA(expr, RelabelType))
		expr = ((RelabelType *) expr)->arg;
	if (expr != NULL && IsA(expr, Var) &&
		((Var *) expr)->varno == table->varno &&
		((Var *) expr)->varlevelsup == 0 &&
		((Var *) expr)->varattno > 0)
		return ((Var *) expr)->varattno;
	return 0;
}

/*
 * qf_pushdown_in_list
 *		Can the clause be decided by what the list tells about a task?
 */
bool
qf_pushdown_in_list(const QfTable *table, Expr *clause)
{
	Bitmapset  *attributes = NULL;
	int			i = -1;

	if (contain_volatile_functions((Node *) clause) ||
		contain_subplans((Node *) clause))
		return false;
	pull_varattnos((Node *) clause, table->varno, &attributes);
	while ((i = bms_next_member(attributes, i)) >= 0)
	{
		AttrNumber	attnum = i + FirstLowInvalidHeapAttributeNumber;

		if (attnum <= 0 || !table->sources[attnum - 1].in_list)
			return false;
	}
	return true;
}

/* id = value, value = id */
static List *
equality_keys(const QfTable *table, OpExpr *op, List **exprs)
{
	AttrNumber	attnum;
	Expr	   *value = compared_value(table, op, &attnum);

	if (value == NULL ||
		!qf_row_is_id(&table->sources[attnum - 1], table->options->resource))
		return NIL;
	return key_leaf(QF_KEY_EQUAL, value, exprs);
}

/* id = ANY (array); never id = ALL (array), which has useOr false. */
static List *
array_keys(const QfTable *table, ScalarArrayOpExpr *op, List **exprs)
{
	if (!op->useOr || !is_text_equality(op->opno, op->inputcollid) ||
		!is_id(table, linitial(op->args)) ||
		!is_value(table, lsecond(op->args)))
		return NIL;
	return key_leaf(QF_KEY_ANY, lsecond(op->args), exprs);
}

/*
 * AND is restricted as soon as one arm is, OR only if all arms are.  NOT is
 * not looked into: the planner has pushed it down where that is possible.
 */
static List *
boolean_keys(const QfTable *table, BoolExpr *expr, List **exprs)
{
	List	   *saved = list_copy(*exprs);
	List	   *tree;
	ListCell   *lc;

	if (expr->boolop == NOT_EXPR)
		return NIL;
	tree = list_make1(makeInteger(expr->boolop == AND_EXPR ?
								  QF_KEY_AND : QF_KEY_OR));
	foreach(lc, expr->args)
	{
		List	   *arm = qf_pushdown_keys(table, lfirst(lc), exprs);

		if (arm != NIL)
			tree = lappend(tree, arm);
		else if (expr->boolop == OR_EXPR)
		{
			*exprs = saved;
			return NIL;
		}
	}
	return list_length(tree) > 1 ? tree : NIL;
}

static List *
key_leaf(QfKeyNode kind, Expr *expr, List **exprs)
{
	*exprs = lappend(*exprs, expr);
	return list_make2(makeInteger(kind),
					  makeInteger(list_length(*exprs) - 1));
}

/* The other side of an equality with one of our columns, or NULL. */
static Expr *
compared_value(const QfTable *table, OpExpr *op, AttrNumber *attnum)
{
	if (list_length(op->args) != 2 ||
		!is_text_equality(op->opno, op->inputcollid))
		return NULL;
	for (int i = 0; i < 2; i++)
	{
		*attnum = qf_pushdown_column(table, list_nth(op->args, i));
		if (*attnum != 0 && is_value(table, list_nth(op->args, 1 - i)))
			return list_nth(op->args, 1 - i);
	}
	return NULL;
}

static bool
is_text_equality(Oid opno, Oid collation)
{
	return get_opcode(opno) == F_TEXTEQ && OidIsValid(collation) &&
		get_collation_isdeterministic(collation);
}

/* Something that is fixed while the table is scanned once? */
static bool
is_value(const QfTable *table, Expr *expr)
{
	List	   *vars = pull_var_clause((Node *) expr,
									   PVC_RECURSE_AGGREGATES |
									   PVC_RECURSE_WINDOWFUNCS |
									   PVC_RECURSE_PLACEHOLDERS);
	ListCell   *lc;

	foreach(lc, vars)
	{
		if (((Var *) lfirst(lc))->varno == table->varno)
			return false;
	}
	return !contain_volatile_functions((Node *) expr);
}

static bool
is_id(const QfTable *table, Expr *expr)
{
	AttrNumber	attnum = qf_pushdown_column(table, expr);

	return attnum != 0 &&
		qf_row_is_id(&table->sources[attnum - 1], table->options->resource);
}
