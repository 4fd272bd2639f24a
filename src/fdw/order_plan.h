/*
 * order_plan.h
 *	  What a plan may make of the order of the list.
 *
 * src/fdw/order_plan.h
 */
#ifndef QF_FDW_ORDER_PLAN_H
#define QF_FDW_ORDER_PLAN_H

#include "nodes/pathnodes.h"
#include "utils/relcache.h"

#include "fdw/plan_private.h"
#include "fdw/pushdown.h"

/* What conditions do to the reading of a list in one direction. */
typedef struct QfOrderReach
{
	bool		bounded;		/* may it end early? */
	bool		shared;			/* is it where a value of another table says? */
	bool		outer;			/* where the query around this one says? */
	double		read;			/* share of the items that are read ... */
	double		skipped;		/* ... of them, those before the first row */
} QfOrderReach;

extern AttrNumber qf_order_plan_column(Relation rel, const QfSource *sources,
									   const QfResource *resource);
extern void qf_order_plan_reach(PlannerInfo *root, RelOptInfo *baserel,
								List *clauses, QfListOrder direction,
								QfOrderReach *reach);
extern bool qf_order_plan_bounds(PlannerInfo *root, RelOptInfo *baserel,
								 RestrictInfo *rinfo);
extern List *qf_order_plan_pathkeys(PlannerInfo *root, RelOptInfo *baserel,
									QfListOrder direction);
extern PathKey *qf_order_plan_outer_pathkey(PlannerInfo *root, RelOptInfo *baserel,
											QfListOrder direction);
extern List *qf_order_plan_tell(PlannerInfo *root, RelOptInfo *baserel,
								List *clauses, QfListOrder direction, QfPlan *plan,
								List **exprs);

#endif							/* QF_FDW_ORDER_PLAN_H */
