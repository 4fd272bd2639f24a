/*
 * plan.h
 *	  Size, paths and plan of a foreign table.
 *
 * src/fdw/plan.h
 */
#ifndef QF_FDW_PLAN_H
#define QF_FDW_PLAN_H

#include "nodes/pathnodes.h"
#include "nodes/plannodes.h"

extern bool qf_plan_can_look_up(const RelOptInfo *rel);
extern ForeignPath *qf_plan_lookup_path(PlannerInfo *root,
										RelOptInfo *baserel, double nkeys);
extern void qianfanGetForeignRelSize(PlannerInfo *root, RelOptInfo *baserel,
									 Oid foreigntableid);
extern void qianfanGetForeignPaths(PlannerInfo *root, RelOptInfo *baserel,
								   Oid foreigntableid);
extern ForeignScan *qianfanGetForeignPlan(PlannerInfo *root,
										  RelOptInfo *baserel,
										  Oid foreigntableid,
										  ForeignPath *best_path,
										  List *tlist, List *scan_clauses,
										  Plan *outer_plan);

#endif							/* QF_FDW_PLAN_H */
