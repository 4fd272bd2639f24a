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
#include "catalog/pg_collation.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"

#include "fdw/pushdown.h"

/* Arms of an OR that become one condition "column = ANY (array)". */
typedef struct MergedArms
{
	Expr	   *column;			/* that all of them compare */
	Oid			collation;
	List	   *elements;		/* what it is compared with */
} MergedArms;

static List *equality_keys(const QfTable *table, OpExpr *op, List **exprs);
static List *array_keys(const QfTable *table, ScalarArrayOpExpr *op,
						List **exprs);
static List *boolean_keys(const QfTable *table, BoolExpr *expr, List **exprs);
static Expr *merge_arms(const QfTable *table, List *arms);
static bool merge_arm(const QfTable *table, Expr *arm, MergedArms *merged);
static List *array_elements(Expr *array);
static Expr *make_any(const MergedArms *merged);
static List *key_leaf(QfKeyNode kind, Expr *expr, List **exprs);
static Expr *compared_array(const QfTable *table, ScalarArrayOpExpr *op,
							AttrNumber *attnum);
static Expr *compared_value(const QfTable *table, OpExpr *op,
							AttrNumber *attnum);
static Expr *plain_pattern(Expr *pattern);
static bool is_text_comparison(Oid opno, Oid collation);
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
 * qf_pushdown_merge
 *		The clause with each chain of "id = value OR id IN (...)" in it made into
 *		one "id = ANY (array)", which says the same.
 *
 * A chain has an expression for each arm, and looking at one row walks all of
 * them; an array is one expression, and what it comes to is hashed.
 */
Expr *
qf_pushdown_merge(const QfTable *table, Expr *clause)
{
	List	   *arms = NIL;
	ListCell   *lc;

	if (!IsA(clause, BoolExpr) || ((BoolExpr *) clause)->boolop == NOT_EXPR)
		return clause;

	check_stack_depth();
	foreach(lc, ((BoolExpr *) clause)->args)
	{
		CHECK_FOR_INTERRUPTS();
		arms = lappend(arms, qf_pushdown_merge(table, lfirst(lc)));
	}
	if (((BoolExpr *) clause)->boolop == OR_EXPR)
		return merge_arms(table, arms);
	return makeBoolExpr(AND_EXPR, arms, -1);
}

/*
 * qf_pushdown_is_key_set
 *		Is the clause true for exactly the ids of its key tree, so that it need
 *		not be evaluated for what was looked up by one of them?
 */
bool
qf_pushdown_is_key_set(const QfTable *table, Expr *clause)
{
	List	   *exprs = NIL;
	ListCell   *lc;

	if (!IsA(clause, BoolExpr))
		return qf_pushdown_keys(table, clause, &exprs) != NIL;

	check_stack_depth();
	if (((BoolExpr *) clause)->boolop == NOT_EXPR)
		return false;
	foreach(lc, ((BoolExpr *) clause)->args)
	{
		CHECK_FOR_INTERRUPTS();
		if (!qf_pushdown_is_key_set(table, lfirst(lc)))
			return false;
	}
	return true;
}

/*
 * qf_pushdown_filter
 *		If the list action takes this clause as a parameter, the value to send
 *		and, in *parameter, its name; else NULL.
 *
 * An array stands for a list for each element.
 */
Expr *
qf_pushdown_filter(const QfTable *table, Expr *clause, const char **parameter)
{
	AttrNumber	attnum;
	Expr	   *value;

	if (IsA(clause, OpExpr))
		value = compared_value(table, (OpExpr *) clause, &attnum);
	else if (IsA(clause, ScalarArrayOpExpr))
		value = compared_array(table, (ScalarArrayOpExpr *) clause, &attnum);
	else
		return NULL;
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
		!qf_field_is_id(&table->sources[attnum - 1], table->options->resource))
		return NIL;
	return key_leaf(QF_KEY_EQUAL, value, exprs);
}

/* id = ANY (array); never id = ALL (array), which has useOr false. */
static List *
array_keys(const QfTable *table, ScalarArrayOpExpr *op, List **exprs)
{
	AttrNumber	attnum;
	Expr	   *array = compared_array(table, op, &attnum);

	if (array == NULL || !is_id(table, linitial(op->args)))
		return NIL;
	return key_leaf(QF_KEY_ANY, array, exprs);
}

/*
 * AND is restricted as soon as one arm is, OR only if all arms are.  NOT is
 * looked into only for "id IS NOT DISTINCT FROM value", which no task without
 * an id can fit: the planner has pushed it down where that is possible.
 */
static List *
boolean_keys(const QfTable *table, BoolExpr *expr, List **exprs)
{
	int			nsaved = list_length(*exprs);
	List	   *tree;
	ListCell   *lc;

	if (expr->boolop == NOT_EXPR)
		return IsA(linitial(expr->args), DistinctExpr) ?
			equality_keys(table, linitial(expr->args), exprs) : NIL;
	check_stack_depth();
	tree = list_make1(makeInteger(expr->boolop == AND_EXPR ?
								  QF_KEY_AND : QF_KEY_OR));
	foreach(lc, expr->args)
	{
		List	   *arm;

		CHECK_FOR_INTERRUPTS();
		arm = qf_pushdown_keys(table, lfirst(lc), exprs);
		if (arm != NIL)
			tree = lappend(tree, arm);
		else if (expr->boolop == OR_EXPR)
		{
			*exprs = list_truncate(*exprs, nsaved);
			return NIL;
		}
	}
	return list_length(tree) > 1 ? tree : NIL;
}

/* An OR of these arms, or the one it comes down to. */
static Expr *
merge_arms(const QfTable *table, List *arms)
{
	MergedArms	merged = {0};
	List	   *result = NIL;
	int			place = -1;		/* of the first merged arm in the result */
	int			nmerged = 0;
	ListCell   *lc;

	foreach(lc, arms)
	{
		CHECK_FOR_INTERRUPTS();
		if (merge_arm(table, lfirst(lc), &merged))
		{
			if (nmerged++ > 0)
				continue;
			place = list_length(result);
		}
		result = lappend(result, lfirst(lc));
	}
	if (nmerged > 1)
		lfirst(list_nth_cell(result, place)) = make_any(&merged);
	return list_length(result) == 1 ? linitial(result) :
		makeBoolExpr(OR_EXPR, result, -1);
}

/*
 * Add what an arm compares the id with; false if it is another kind of arm.
 * Of several columns that show the id, those that compare the first count.
 */
static bool
merge_arm(const QfTable *table, Expr *arm, MergedArms *merged)
{
	Expr	   *column;
	Oid			collation;
	List	   *elements;

	if (IsA(arm, OpExpr))
	{
		OpExpr	   *op = (OpExpr *) arm;
		AttrNumber	attnum;
		Expr	   *value = compared_value(table, op, &attnum);

		if (value == NULL || exprType((Node *) value) != TEXTOID)
			return false;
		column = value == linitial(op->args) ?
			lsecond(op->args) : linitial(op->args);
		collation = op->inputcollid;
		elements = list_make1(value);
	}
	else if (IsA(arm, ScalarArrayOpExpr))
	{
		ScalarArrayOpExpr *op = (ScalarArrayOpExpr *) arm;
		List	   *exprs = NIL;

		if (array_keys(table, op, &exprs) == NIL)
			return false;
		column = linitial(op->args);
		collation = op->inputcollid;
		elements = array_elements(lsecond(op->args));
	}
	else
		return false;

	if (elements == NIL || !is_id(table, column) ||
		exprType((Node *) column) != TEXTOID ||
		(merged->column != NULL &&
		 qf_pushdown_column(table, merged->column) !=
		 qf_pushdown_column(table, column)))
		return false;
	if (merged->column == NULL)
	{
		merged->column = column;
		merged->collation = collation;
	}
	merged->elements = list_concat(merged->elements, elements);
	return true;
}

/* The elements of an array, if each is known by itself and a text; or NIL. */
static List *
array_elements(Expr *array)
{
	List	   *elements = NIL;
	ArrayType  *constant;
	ArrayIterator iterator;
	Datum		value;
	bool		isnull;

	if (IsA(array, ArrayExpr))
	{
		ArrayExpr  *list = (ArrayExpr *) array;

		return list->multidims || list->element_typeid != TEXTOID ?
			NIL : list->elements;
	}
	if (!IsA(array, Const) || ((Const *) array)->constisnull ||
		((Const *) array)->consttype != TEXTARRAYOID)
		return NIL;

	constant = DatumGetArrayTypeP(((Const *) array)->constvalue);
	iterator = array_create_iterator(constant, 0, NULL);
	while (array_iterate(iterator, &value, &isnull))
	{
		CHECK_FOR_INTERRUPTS();
		elements = lappend(elements,
						   makeConst(TEXTOID, -1, DEFAULT_COLLATION_OID, -1,
									 value, isnull, false));
	}
	array_free_iterator(iterator);
	return elements;
}

/* column = ANY (array) */
static Expr *
make_any(const MergedArms *merged)
{
	ArrayExpr  *array = makeNode(ArrayExpr);
	ScalarArrayOpExpr *op = makeNode(ScalarArrayOpExpr);

	array->array_typeid = TEXTARRAYOID;
	array->array_collid = merged->collation;
	array->element_typeid = TEXTOID;
	array->elements = merged->elements;
	array->location = -1;

	op->opno = TextEqualOperator;
	op->useOr = true;
	op->inputcollid = merged->collation;
	op->args = list_make2(merged->column,
						  eval_const_expressions(NULL, (Node *) array));
	op->location = -1;
	return (Expr *) op;
}

static List *
key_leaf(QfKeyNode kind, Expr *expr, List **exprs)
{
	*exprs = lappend(*exprs, expr);
	return list_make2(makeInteger(kind),
					  makeInteger(list_length(*exprs) - 1));
}

/* The array that one of our columns is to be in, or NULL. */
static Expr *
compared_array(const QfTable *table, ScalarArrayOpExpr *op, AttrNumber *attnum)
{
	*attnum = qf_pushdown_column(table, linitial(op->args));
	if (*attnum == 0 || !op->useOr ||
		!is_text_equality(op->opno, op->inputcollid) ||
		!is_value(table, lsecond(op->args)))
		return NULL;
	return lsecond(op->args);
}

/* The other side of an equality with one of our columns, or NULL. */
static Expr *
compared_value(const QfTable *table, OpExpr *op, AttrNumber *attnum)
{
	if (list_length(op->args) != 2 ||
		!is_text_comparison(op->opno, op->inputcollid))
		return NULL;
	if (get_opcode(op->opno) == F_TEXTLIKE)
	{
		*attnum = qf_pushdown_column(table, linitial(op->args));
		return *attnum != 0 ? plain_pattern(lsecond(op->args)) : NULL;
	}
	for (int i = 0; i < 2; i++)
	{
		*attnum = qf_pushdown_column(table, list_nth(op->args, i));
		if (*attnum != 0 && is_value(table, list_nth(op->args, 1 - i)))
			return list_nth(op->args, 1 - i);
	}
	return NULL;
}

/*
 * The only text that a constant pattern of LIKE matches, or NULL.  One that
 * ends in an escape character is left for LIKE to complain about.
 */
static Expr *
plain_pattern(Expr *pattern)
{
	Const	   *constant = (Const *) pattern;
	StringInfoData plain;

	if (!IsA(pattern, Const) || constant->constisnull ||
		constant->consttype != TEXTOID)
		return NULL;
	initStringInfo(&plain);
	for (const char *c = TextDatumGetCString(constant->constvalue); *c != '\0';
		 c++)
	{
		CHECK_FOR_INTERRUPTS();
		if (*c == '%' || *c == '_')
			return NULL;
		if (*c == '\\' && *++c == '\0')
			return NULL;
		appendStringInfoChar(&plain, *c);
	}
	return (Expr *) makeConst(TEXTOID, -1, constant->constcollid, -1,
							  CStringGetTextDatum(plain.data), false, false);
}

/* Is the operator = or LIKE, and does equal mean equal bytes? */
static bool
is_text_comparison(Oid opno, Oid collation)
{
	return (get_opcode(opno) == F_TEXTEQ || get_opcode(opno) == F_TEXTLIKE) &&
		OidIsValid(collation) && get_collation_isdeterministic(collation);
}

static bool
is_text_equality(Oid opno, Oid collation)
{
	return get_opcode(opno) == F_TEXTEQ && is_text_comparison(opno, collation);
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
		qf_field_is_id(&table->sources[attnum - 1], table->options->resource);
}
