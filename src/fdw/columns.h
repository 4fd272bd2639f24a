/*
 * columns.h
 *	  Which columns of a table an expression uses.
 *
 * src/fdw/columns.h
 */
#ifndef QF_FDW_COLUMNS_H
#define QF_FDW_COLUMNS_H

#include "nodes/bitmapset.h"
#include "nodes/primnodes.h"

extern void qf_columns_pull(Node *node, Index varno, Bitmapset **columns);

#endif							/* QF_FDW_COLUMNS_H */
