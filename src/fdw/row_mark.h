/*
 * row_mark.h
 *	  What a row mark asks of a row.
 *
 * src/fdw/row_mark.h
 */
#ifndef QF_FDW_ROW_MARK_H
#define QF_FDW_ROW_MARK_H

#include "nodes/pathnodes.h"

extern List *qf_row_mark_other_exprs(PlannerInfo *root,
									 const RelOptInfo *rel);

#endif							/* QF_FDW_ROW_MARK_H */
