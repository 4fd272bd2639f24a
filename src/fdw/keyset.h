/*
 * keyset.h
 *	  The ids a key tree stands for at run time.
 *
 * src/fdw/keyset.h
 */
#ifndef QF_FDW_KEYSET_H
#define QF_FDW_KEYSET_H

#include "nodes/execnodes.h"

/* Distinct ids in the order they were given, UTF-8. */
typedef struct QfKeySet
{
	char	  **keys;
	int			nkeys;
	struct names_hash *index;	/* to find one with; NULL: not made yet */
} QfKeySet;

/* Where the ids come from. */
typedef struct QfKeySource
{
	List	   *exprs;			/* ExprStates the tree's numbers refer to */
	ExprContext *econtext;
	QfKeySet	given;			/* by a lookup join */
	QfKeySet   *own;			/* what the tree comes to without those that
								 * are given; NULL: not known */
	MemoryContext own_context;	/* owns it */
} QfKeySource;

extern void qf_keyset_init(QfKeySource *source, List *exprs,
						   ExprContext *econtext, MemoryContext owner);
extern void qf_keyset_forget(QfKeySource *source);
extern QfKeySet *qf_keyset_evaluate(List *tree, QfKeySource *source);
extern QfKeySet *qf_keyset_evaluate_array(ExprState *expr,
										  ExprContext *econtext);
extern char *qf_keyset_key(Datum value);
extern char *qf_keyset_from_text(Datum value);

#endif							/* QF_FDW_KEYSET_H */
