/*
 * cost.h
 *	  What calls cost.
 *
 * src/fdw/cost.h
 */
#ifndef QF_FDW_COST_H
#define QF_FDW_COST_H

#include "nodes/pathnodes.h"

#include "base/option.h"

/* Rows a table is taken to have before ANALYZE. */
#define QF_COST_DEFAULT_TUPLES 1000

/* What a scan is expected to do. */
typedef struct QfCostInput
{
	double		lookups;		/* detail calls by key */
	double		list_tuples;	/* items the list returns; 0: no list */
	double		lists;			/* that these come in; 0: one */
	double		skipped;		/* items before the first row */
	double		details;		/* detail calls for items of the list */
	double		tuples;			/* rows the local quals see */
	const QualCost *quals;
} QfCostInput;

extern void qf_cost_scan(const QfOptions *options, const QfCostInput *input,
						 Cost *startup, Cost *total);

#endif							/* QF_FDW_COST_H */
