/*
 * plan_private.h
 *	  What a plan tells its execution.
 *
 * src/fdw/plan_private.h
 */
#ifndef QF_FDW_PLAN_PRIVATE_H
#define QF_FDW_PLAN_PRIVATE_H

#include "nodes/pg_list.h"
#include "nodes/plannodes.h"

/*
 * Members of ForeignScan.fdw_private, all of them nodes that can be copied.
 * Expression numbers count into ForeignScan.fdw_exprs, qual numbers into
 * Plan.qual.
 */
typedef struct QfPlan
{
	List	   *attributes;		/* numbers of the attributes needed */
	List	   *keys;			/* key tree; see pushdown.h */
	List	   *filters;		/* names of list parameters */
	List	   *filter_exprs;	/* expression numbers of their values */
	List	   *key_quals;		/* qual numbers, for EXPLAIN */
	List	   *filter_quals;	/* qual numbers, for EXPLAIN */
	List	   *list_quals;		/* quals that spare a detail call */
	bool		given;			/* does a lookup join hand in the keys? */
	bool		details;		/* may list items need detail calls? */
	bool		exact;			/* does every row fetched reach the limit? */
	int64		limit;			/* rows the query can want; -1: unknown */
} QfPlan;

extern List *qf_plan_pack(const QfPlan *plan);
extern void qf_plan_unpack(List *fdw_private, QfPlan *plan);
extern bool qf_plan_never_rescans(const PlannedStmt *statement,
								  const Plan *node);

#endif							/* QF_FDW_PLAN_PRIVATE_H */
