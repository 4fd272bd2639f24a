/*
 * pushdown.h
 *	  Which conditions become API parameters.
 *
 * src/fdw/pushdown.h
 */
#ifndef QF_FDW_PUSHDOWN_H
#define QF_FDW_PUSHDOWN_H

#include "nodes/pathnodes.h"

#include "base/option.h"
#include "data/field.h"

/* A table as the planner's callbacks see it; in rel->fdw_private. */
typedef struct QfTable
{
	Index		varno;			/* of its Vars */
	QfOptions  *options;
	QfSource   *sources;		/* by attribute */
	int			natts;
	AttrNumber	order_column;	/* that the list's order is about; 0: none */
	int32		order_typmod;
} QfTable;

/*
 * A condition on the id as a tree of copyable lists; the first member is one
 * of these as an Integer.
 */
typedef enum QfKeyNode
{
	QF_KEY_NONE,				/* (): no id fits */
	QF_KEY_GIVEN,				/* (): what a lookup join hands in */
	QF_KEY_EQUAL,				/* (expression number): a text */
	QF_KEY_ANY,					/* (expression number): an array of texts */
	QF_KEY_AND,					/* (tree, ...) */
	QF_KEY_OR					/* (tree, ...) */
} QfKeyNode;

extern List *qf_pushdown_keys(const QfTable *table, Expr *clause,
							  List **exprs);
extern Expr *qf_pushdown_merge(const QfTable *table, Expr *clause);
extern bool qf_pushdown_is_key_set(const QfTable *table, Expr *clause);
extern Expr *qf_pushdown_filter(const QfTable *table, Expr *clause,
								const char **parameter);
extern AttrNumber qf_pushdown_column(const QfTable *table, Expr *expr);
extern bool qf_pushdown_in_list(const QfTable *table, Expr *clause);

#endif							/* QF_FDW_PUSHDOWN_H */
