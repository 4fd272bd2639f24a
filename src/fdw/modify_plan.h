/*
 * modify_plan.h
 *	  What a plan that writes carries along.
 *
 * src/fdw/modify_plan.h
 */
#ifndef QF_FDW_MODIFY_PLAN_H
#define QF_FDW_MODIFY_PLAN_H

#include "foreign/fdwapi.h"

#include "base/option.h"

/* Hidden column with the row as it was read; core's own name for it. */
#define QF_MODIFY_ROW "wholerow"

extern int	qf_modify_plan_id(Relation rel, const QfOptions *options);
extern char *qf_modify_plan_id_name(Relation rel, int attnum);
extern void qf_modify_plan_refuse_conflicts(Relation rel,
											const ModifyTable *plan);
extern bool qf_modify_plan_uses_row(const PlannerInfo *root,
									const RelOptInfo *rel);
extern List *qf_modify_plan_policies(const Query *query);
extern void qianfanAddForeignUpdateTargets(PlannerInfo *root, Index rtindex,
										   RangeTblEntry *target_rte,
										   Relation target_relation);
extern List *qianfanPlanForeignModify(PlannerInfo *root, ModifyTable *plan,
									  Index result_relation,
									  int subplan_index);

#endif							/* QF_FDW_MODIFY_PLAN_H */
