/*
 * sort_key.h
 *	  Which order can be told from the list.
 *
 * src/fdw/sort_key.h
 */
#ifndef QF_FDW_SORT_KEY_H
#define QF_FDW_SORT_KEY_H

#include "nodes/pathnodes.h"

#include "fdw/plan_private.h"

extern List *qf_sort_key_pathkeys(PlannerInfo *root, RelOptInfo *baserel);
extern void qf_sort_key_plan(RelOptInfo *baserel, List *pathkeys,
							 QfPlan *plan, List **exprs);

#endif							/* QF_FDW_SORT_KEY_H */
