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

#include "base/option.h"

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
	List	   *key_quals;		/* for EXPLAIN: qual numbers or, below zero,
								 * places in fdw_recheck_quals from the first
								 * (-1) on */
	List	   *filter_quals;	/* qual numbers, for EXPLAIN */
	List	   *list_quals;		/* quals that spare a detail call */
	List	   *sort_exprs;		/* expression numbers of keys; NIL: as listed */
	List	   *sort_operators; /* for each: operator, ... */
	List	   *sort_collations;	/* ... collation ... */
	List	   *sort_nulls_first;	/* ... and where NULLs go */
	List	   *run_exprs;		/* expression numbers of conditions; where one
								 * is not true, the reading ends */
	QfListOrder order;			/* that is relied on */
	int			order_expr;		/* expression number of its column */
	bool		turned;			/* is it the API's own, turned round? */
	int			most_lists;		/* that are worth being asked for in place of
								 * one without filters; 0: no filter has
								 * several values */
	bool		given;			/* does a lookup join hand in the keys? */
	bool		details;		/* may list items need detail calls? */
	bool		exact;			/* does the list send no other rows, up to
								 * where its reading ends? */
} QfPlan;

extern List *qf_plan_pack(const QfPlan *plan);
extern void qf_plan_unpack(List *fdw_private, QfPlan *plan);
extern bool qf_plan_never_rescans(const PlannedStmt *statement,
								  const Plan *node);

#endif							/* QF_FDW_PLAN_PRIVATE_H */
