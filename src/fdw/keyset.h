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
} QfKeySet;

extern QfKeySet *qf_keyset_evaluate(List *tree, List *exprs,
									ExprContext *econtext, QfKeySet *given);
extern char *qf_keyset_from_text(Datum value);

#endif							/* QF_FDW_KEYSET_H */
