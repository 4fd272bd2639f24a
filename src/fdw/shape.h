/*
 * shape.h
 *	  What a set of clauses makes of a scan, and what that costs.
 *
 * src/fdw/shape.h
 */
#ifndef QF_FDW_SHAPE_H
#define QF_FDW_SHAPE_H

#include "nodes/pathnodes.h"

#include "fdw/order_plan.h"
#include "fdw/pushdown.h"

/* What a set of clauses makes of a scan that relies on an order, or on none. */
typedef struct QfShape
{
	bool		keyed;
	double		nkeys;			/* expected */
	QfListOrder order;			/* of the list, that is relied on */
	QfOrderReach reach;			/* what conditions do to it */
	double		list_tuples;	/* expected items that are read of the list */
	double		skipped;		/* of them, those before the first row */
	double		lists;			/* that these come in; 0: one */
	bool		late;			/* can details be left for later? */
	double		details;		/* expected detail calls for items */
	double		rows;			/* expected result */
} QfShape;

extern void qf_shape_scan(PlannerInfo *root, RelOptInfo *baserel,
						  List *clauses, QfListOrder order, QfShape *shape);
extern void qf_shape_row_quals(QualCost *cost, const QfTable *table,
							   List *clauses, PlannerInfo *root);
extern void qf_shape_cost(PlannerInfo *root, RelOptInfo *baserel,
						  List *clauses, const QfShape *shape, Cost *startup,
						  Cost *total);
extern void qf_shape_choose(PlannerInfo *root, RelOptInfo *baserel,
							List *clauses, QfShape *shape, Cost *startup,
							Cost *total);

#endif							/* QF_FDW_SHAPE_H */
