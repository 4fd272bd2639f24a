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

static QfKeySet *evaluate_tree(List *tree, QfKeySource *source);
static QfKeySet *evaluate_value(ExprState *expr, ExprContext *econtext);
static QfKeySet *evaluate_any_of(List *trees, QfKeySource *source);
static QfKeySet *evaluate_all_of(List *trees, QfKeySource *source);
static QfKeySet *unite(List *sets);
static names_hash *make_index(QfKeySet *set);
static QfKeySet *intersect(QfKeySet *a, QfKeySet *b);

/* Set up; what the tree comes to is kept in a child of "owner". */
void
qf_keyset_init(QfKeySource *source, List *exprs, ExprContext *econtext,
			   MemoryContext owner)
{
	source->exprs = exprs;
	source->econtext = econtext;
	source->own = NULL;
	source->own_context = AllocSetContextCreate(owner, "qianfan_fdw own keys",
												ALLOCSET_DEFAULT_SIZES);
}

/* A parameter has changed, so the tree may come to something else. */
void
qf_keyset_forget(QfKeySource *source)
{
	source->own = NULL;
	MemoryContextReset(source->own_context);
}

/*
 * qf_keyset_evaluate
 *		The ids that fit a key tree, in the current context or the source's.
 *
 * NULL fits no id, and neither does an empty text.  What the tree comes to
 * without the keys that are given is worked out once for as long as the
 * parameters stay: a lookup join asks for each row.
 */
QfKeySet *
qf_keyset_evaluate(List *tree, QfKeySource *source)
{
	List	   *arms = list_copy_tail(tree, 1);
	bool		given = intVal(linitial((List *) linitial(arms))) == QF_KEY_GIVEN;

	Assert(intVal(linitial(tree)) == QF_KEY_AND);
	if (given)
		arms = list_delete_first(arms);
	if (arms == NIL)
		return &source->given;

	if (source->own == NULL)
	{
		MemoryContext oldcontext = MemoryContextSwitchTo(source->own_context);

		source->own = evaluate_all_of(arms, source);
		MemoryContextSwitchTo(oldcontext);
	}
	return given ? intersect(&source->given, source->own) : source->own;
}

static QfKeySet *
evaluate_tree(List *tree, QfKeySource *source)
{
	QfKeyNode	kind = intVal(linitial(tree));

	CHECK_FOR_INTERRUPTS();
	check_stack_depth();
	switch (kind)
	{
		case QF_KEY_NONE:
			return palloc0_object(QfKeySet);
		case QF_KEY_GIVEN:
			break;				/* only at the top */
		case QF_KEY_EQUAL:
			return evaluate_value(list_nth(source->exprs,
										   intVal(lsecond(tree))),
								  source->econtext);
		case QF_KEY_ANY:
			return qf_keyset_evaluate_array(list_nth(source->exprs,
													 intVal(lsecond(tree))),
											source->econtext);
		case QF_KEY_AND:
			return evaluate_all_of(list_copy_tail(tree, 1), source);
		case QF_KEY_OR:
			return evaluate_any_of(list_copy_tail(tree, 1), source);
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
		set->keys[0] = qf_keyset_key(value);
		set->nkeys = set->keys[0] != NULL ? 1 : 0;
	}
	return set;
}

/* The distinct elements of an array that can be keys, as qf_keyset_key() has them. */
QfKeySet *
qf_keyset_evaluate_array(ExprState *expr, ExprContext *econtext)
{
	QfKeySet   *set = palloc0_object(QfKeySet);
	bool		isnull;
	Datum		value = ExecEvalExpr(expr, econtext, &isnull);
	ArrayType  *array;
	ArrayIterator iterator;
	int			nelements;

	if (isnull)
		return set;
	array = DatumGetArrayTypeP(value);
	nelements = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	set->keys = MemoryContextAllocHuge(CurrentMemoryContext,
									   sizeof(char *) * Max(nelements, 1));
	iterator = array_create_iterator(array, 0, NULL);
	while (array_iterate(iterator, &value, &isnull))
	{
		CHECK_FOR_INTERRUPTS();
		if (!isnull)
			set->keys[set->nkeys] = qf_keyset_key(value);
		if (!isnull && set->keys[set->nkeys] != NULL)
			set->nkeys++;
	}
	array_free_iterator(iterator);
	return unite(list_make1(set));	/* drops duplicates */
}

static QfKeySet *
evaluate_any_of(List *trees, QfKeySource *source)
{
	List	   *sets = NIL;
	ListCell   *lc;

	foreach(lc, trees)
		sets = lappend(sets, evaluate_tree(lfirst(lc), source));
	return unite(sets);
}

static QfKeySet *
evaluate_all_of(List *trees, QfKeySource *source)
{
	QfKeySet   *set = NULL;
	ListCell   *lc;

	foreach(lc, trees)
	{
		QfKeySet   *arm = evaluate_tree(lfirst(lc), source);

		set = set == NULL ? arm : intersect(set, arm);
	}
	return set;
}

/* The keys of all, each once. */
static QfKeySet *
unite(List *sets)
{
	QfKeySet   *united = palloc0_object(QfKeySet);
	Size		nkeys = 0;
	names_hash *seen;
	ListCell   *lc;

	foreach(lc, sets)
		nkeys += ((QfKeySet *) lfirst(lc))->nkeys;
	seen = names_create(CurrentMemoryContext, nkeys, NULL);
	united->keys = MemoryContextAllocHuge(CurrentMemoryContext,
										  sizeof(char *) * Max(nkeys, 1));
	foreach(lc, sets)
	{
		QfKeySet   *set = lfirst(lc);

		for (int i = 0; i < set->nkeys; i++)
		{
			bool		found;

			CHECK_FOR_INTERRUPTS();
			(void) names_insert(seen, set->keys[i], &found);
			if (!found)
				united->keys[united->nkeys++] = set->keys[i];
		}
	}
	names_destroy(seen);
	return united;
}

/* In the set's own context. */
static names_hash *
make_index(QfKeySet *set)
{
	names_hash *index = names_create(GetMemoryChunkContext(set), set->nkeys,
									 NULL);
	bool		found;

	for (int i = 0; i < set->nkeys; i++)
	{
		CHECK_FOR_INTERRUPTS();
		(void) names_insert(index, set->keys[i], &found);
	}
	return index;
}

/* The keys of a that are in b too, which is not what was given. */
static QfKeySet *
intersect(QfKeySet *a, QfKeySet *b)
{
	QfKeySet   *set = palloc0_object(QfKeySet);

	set->keys = MemoryContextAllocHuge(CurrentMemoryContext,
									   sizeof(char *) * Max(a->nkeys, 1));
	if (b->index == NULL)
		b->index = make_index(b);
	for (int i = 0; i < a->nkeys; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (names_lookup(b->index, a->keys[i]) != NULL)
			set->keys[set->nkeys++] = a->keys[i];
	}
	return set;
}

/*
 * qf_keyset_key
 *		A text, or a value of a type stored alike, as an id; NULL if it cannot be
 *		one.  No task has an empty id, and to ask for it is an error.
 */
char *
qf_keyset_key(Datum value)
{
	char	   *key = qf_keyset_from_text(value);

	return key != NULL && key[0] != '\0' ? key : NULL;
}

/*
 * qf_keyset_from_text
 *		A text, or a value of a type stored alike, in the API's encoding; NULL if
 *		it cannot be written in that.
 */
char *
qf_keyset_from_text(Datum value)
{
	return qf_text_to_utf8(TextDatumGetCString(value));
}
