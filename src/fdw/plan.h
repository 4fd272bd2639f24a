/*
 * plan.h
 *	  Plan of a foreign scan.
 *
 * src/fdw/plan.h
 */
#ifndef QF_FDW_PLAN_H
#define QF_FDW_PLAN_H

#include "nodes/pathnodes.h"
#include "nodes/plannodes.h"

extern ForeignScan *qianfanGetForeignPlan(PlannerInfo *root,
										  RelOptInfo *baserel,
										  Oid foreigntableid,
										  ForeignPath *best_path,
										  List *tlist, List *scan_clauses,
										  Plan *outer_plan);

#endif							/* QF_FDW_PLAN_H */
