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
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "base/text.h"
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

static QfKeySet *evaluate_value(QfKeySource *source, int number);
static QfKeySet *evaluate_array(QfKeySource *source, int number);
static QfKeySet *read_array(ExprState *expr, ExprContext *econtext);
static QfKeySet *unite(QfKeySet *a, QfKeySet *b);
static names_hash *make_index(QfKeySet *set);
static QfKeySet *intersect(QfKeySet *a, QfKeySet *b);

/* Set up; what arrays come to is kept in a child of "owner". */
void
qf_keyset_init(QfKeySource *source, List *exprs, ExprContext *econtext,
			   MemoryContext owner)
{
	source->exprs = exprs;
	source->econtext = econtext;
	source->array_context = AllocSetContextCreate(owner, "qianfan_fdw arrays",
												  ALLOCSET_SMALL_SIZES);
	qf_keyset_forget(source);
}

/* A parameter has changed, so arrays may come to something else. */
void
qf_keyset_forget(QfKeySource *source)
{
	MemoryContextReset(source->array_context);
	source->arrays = MemoryContextAllocZero(source->array_context,
											sizeof(QfKeySet *) *
											(list_length(source->exprs) + 1));
}

/*
 * qf_keyset_evaluate
 *		The ids that fit a key tree, in the current context or the source's.
 *
 * NULL fits no id.
 */
QfKeySet *
qf_keyset_evaluate(List *tree, QfKeySource *source)
{
	QfKeyNode	kind = intVal(linitial(tree));
	QfKeySet   *set = NULL;

	check_stack_depth();
	switch (kind)
	{
		case QF_KEY_NONE:
			return palloc0_object(QfKeySet);
		case QF_KEY_GIVEN:
			return &source->given;
		case QF_KEY_EQUAL:
			return evaluate_value(source, intVal(lsecond(tree)));
		case QF_KEY_ANY:
			return evaluate_array(source, intVal(lsecond(tree)));
		case QF_KEY_AND:
		case QF_KEY_OR:
			for (int i = 1; i < list_length(tree); i++)
			{
				QfKeySet   *arm = qf_keyset_evaluate(list_nth(tree, i),
													 source);

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
evaluate_value(QfKeySource *source, int number)
{
	QfKeySet   *set = palloc0_object(QfKeySet);
	bool		isnull;
	Datum		value = ExecEvalExpr((ExprState *) list_nth(source->exprs, number),
									 source->econtext, &isnull);

	if (!isnull)
	{
		set->keys = palloc_object(char *);
		set->keys[0] = qf_keyset_from_text(value);
		set->nkeys = set->keys[0] != NULL ? 1 : 0;
	}
	return set;
}

/* Once for as long as the parameters stay: a lookup join asks for each row. */
static QfKeySet *
evaluate_array(QfKeySource *source, int number)
{
	MemoryContext oldcontext;

	if (source->arrays[number] == NULL)
	{
		oldcontext = MemoryContextSwitchTo(source->array_context);
		source->arrays[number] = read_array(list_nth(source->exprs, number),
											source->econtext);
		MemoryContextSwitchTo(oldcontext);
	}
	return source->arrays[number];
}

static QfKeySet *
read_array(ExprState *expr, ExprContext *econtext)
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
		CHECK_FOR_INTERRUPTS();
		if (!nulls[i])
			set->keys[set->nkeys] = qf_keyset_from_text(elements[i]);
		if (!nulls[i] && set->keys[set->nkeys] != NULL)
			set->nkeys++;
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

/* In the set's own context. */
static names_hash *
make_index(QfKeySet *set)
{
	names_hash *index = names_create(GetMemoryChunkContext(set), set->nkeys,
									 NULL);
	bool		found;

	for (int i = 0; i < set->nkeys; i++)
		(void) names_insert(index, set->keys[i], &found);
	return index;
}

/* The keys of a that are in b too, which is not what was given. */
static QfKeySet *
intersect(QfKeySet *a, QfKeySet *b)
{
	QfKeySet   *set = palloc0_object(QfKeySet);

	set->keys = palloc_array(char *, Max(a->nkeys, 1));
	if (b->index == NULL)
		b->index = make_index(b);
	for (int i = 0; i < a->nkeys; i++)
	{
		if (names_lookup(b->index, a->keys[i]) != NULL)
			set->keys[set->nkeys++] = a->keys[i];
	}
	return set;
}

/*
 * qf_keyset_from_text
 *		A text, or a value of a type stored alike, as an id in the API's
 *		encoding; NULL if it cannot be one.
 */
char *
qf_keyset_from_text(Datum value)
{
	return qf_text_to_utf8(TextDatumGetCString(value));
}
