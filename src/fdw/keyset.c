/*
 * keyset.c
 *	  Evaluate a key tree: constants, parameters and arrays -> distinct ids.
 *
 * src/fdw/keyset.c
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "fdw/keyset.h"
#include "fdw/pushdown.h"

typedef struct NameEntry
{
	const char *name;
	char		status;
} NameEntry;

#define SH_PREFIX names
#define SH_ELEMENT_TYPE NameEntry
#define SH_KEY_TYPE const char *
#define SH_KEY name
#define SH_HASH_KEY(tb, key) \
	hash_bytes((const unsigned char *) (key), strlen(key))
#define SH_EQUAL(tb, a, b) (strcmp(a, b) == 0)
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

static QfKeySet *evaluate_value(ExprState *expr, ExprContext *econtext);
static QfKeySet *evaluate_array(ExprState *expr, ExprContext *econtext);
static QfKeySet *unite(QfKeySet *a, QfKeySet *b);
static QfKeySet *intersect(QfKeySet *a, QfKeySet *b);

/*
 * qf_keyset_evaluate
 *		The ids that fit a key tree, in the current context.
 *
 * "exprs" are the ExprStates the tree's numbers refer to, "given" is what a
 * lookup join hands in.  NULL fits no id.
 */
QfKeySet *
qf_keyset_evaluate(List *tree, List *exprs, ExprContext *econtext,
				   QfKeySet *given)
{
	QfKeyNode	kind = intVal(linitial(tree));
	QfKeySet   *set = NULL;

	check_stack_depth();
	switch (kind)
	{
		case QF_KEY_NONE:
			return palloc0_object(QfKeySet);
		case QF_KEY_GIVEN:
			return given;
		case QF_KEY_EQUAL:
			return evaluate_value(list_nth(exprs, intVal(lsecond(tree))),
								  econtext);
		case QF_KEY_ANY:
			return evaluate_array(list_nth(exprs, intVal(lsecond(tree))),
								  econtext);
		case QF_KEY_AND:
		case QF_KEY_OR:
			for (int i = 1; i < list_length(tree); i++)
			{
				QfKeySet   *arm = qf_keyset_evaluate(list_nth(tree, i), exprs,
													 econtext, given);

				if (set == NULL)
					set = arm;
				else
					set = kind == QF_KEY_AND ?
						intersect(set, arm) : unite(set, arm);
			}
			return set;
	}
	elog(ERROR, "unexpected key node %d", (int) kind);
}

static QfKeySet *
evaluate_value(ExprState *expr, ExprContext *econtext)
{
	QfKeySet   *set = palloc0_object(QfKeySet);
	bool		isnull;
	Datum		value = ExecEvalExpr(expr, econtext, &isnull);

	if (!isnull)
	{
		set->keys = palloc_object(char *);
		set->keys[0] = qf_keyset_from_text(value);
		set->nkeys = 1;
	}
	return set;
}

static QfKeySet *
evaluate_array(ExprState *expr, ExprContext *econtext)
{
	QfKeySet   *set = palloc0_object(QfKeySet);
	QfKeySet   *empty = palloc0_object(QfKeySet);
	bool		isnull;
	Datum		value = ExecEvalExpr(expr, econtext, &isnull);
	ArrayType  *array;
	int16		typlen;
	bool		typbyval;
	char		typalign;
	Datum	   *elements;
	bool	   *nulls;
	int			nelements;

	if (isnull)
		return set;
	array = DatumGetArrayTypeP(value);
	get_typlenbyvalalign(ARR_ELEMTYPE(array), &typlen, &typbyval, &typalign);
	deconstruct_array(array, ARR_ELEMTYPE(array), typlen, typbyval, typalign,
					  &elements, &nulls, &nelements);
	set->keys = palloc_array(char *, Max(nelements, 1));
	for (int i = 0; i < nelements; i++)
	{
		if (!nulls[i])
			set->keys[set->nkeys++] = qf_keyset_from_text(elements[i]);
	}
	return unite(set, empty);	/* drops duplicates */
}

/* The keys of both, each once. */
static QfKeySet *
unite(QfKeySet *a, QfKeySet *b)
{
	QfKeySet   *set = palloc0_object(QfKeySet);
	names_hash *seen = names_create(CurrentMemoryContext,
									a->nkeys + b->nkeys, NULL);

	set->keys = palloc_array(char *, Max(a->nkeys + b->nkeys, 1));
	for (int i = 0; i < a->nkeys + b->nkeys; i++)
	{
		char	   *key = i < a->nkeys ? a->keys[i] : b->keys[i - a->nkeys];
		bool		found;

		(void) names_insert(seen, key, &found);
		if (!found)
			set->keys[set->nkeys++] = key;
	}
	names_destroy(seen);
	return set;
}

/* The keys of a that are in b too. */
static QfKeySet *
intersect(QfKeySet *a, QfKeySet *b)
{
	QfKeySet   *set = palloc0_object(QfKeySet);
	names_hash *other = names_create(CurrentMemoryContext, b->nkeys, NULL);

	set->keys = palloc_array(char *, Max(a->nkeys, 1));
	for (int i = 0; i < b->nkeys; i++)
	{
		bool		found;

		(void) names_insert(other, b->keys[i], &found);
	}
	for (int i = 0; i < a->nkeys; i++)
	{
		if (names_lookup(other, a->keys[i]) != NULL)
			set->keys[set->nkeys++] = a->keys[i];
	}
	names_destroy(other);
	return set;
}

/*
 * qf_keyset_from_text
 *		A text, or a value of a type stored alike, as an id in the API's
 *		encoding.
 */
char *
qf_keyset_from_text(Datum value)
{
	char	   *key = TextDatumGetCString(value);

	return pg_server_to_any(key, strlen(key), PG_UTF8);
}
