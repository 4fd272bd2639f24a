/*
 * scan_state.h
 *	  An execution of a foreign scan, and what all ways to scan do alike.
 *
 * What belongs to one way is in a struct of its own, which only the file of
 * that way sees into.
 *
 * src/fdw/scan_state.h
 */
#ifndef QF_FDW_SCAN_STATE_H
#define QF_FDW_SCAN_STATE_H

#include "nodes/execnodes.h"

#include "api/fetch.h"
#include "data/row.h"
#include "fdw/plan_private.h"
#include "fdw/reader.h"

typedef struct QfScan
{
	ForeignScanState *node;
	MemoryContext context;		/* "scan" */
	QfPlan		plan;
	PlanState  *root;			/* top of the plan, for EXPLAIN; or NULL */
	QfOptions  *options;
	Oid			user;			/* whose rights the scan has */
	const QfCredential *credential; /* NULL before the first call */
	QfCounters	counters;
	QfRow	   *row;
	List	   *exprs;			/* ExprStates of fdw_exprs */
	bool		keep_rows;		/* may the executor start over? */
	bool		reads_first;	/* the list to its end, before the statement
								 * writes? */
	bool		has_read;		/* has it done so since the last rescan? */
	int64		nread;			/* rows read so far for that */
	bool		started;		/* since the last rescan */
	QfReader   *reader;
	int64		skip;			/* rows shown first without their details */
	bool		must_not_wait;	/* return no row rather than wait */
	bool		would_wait;		/* that is why no row was returned */

	/* one of these */
	struct QfKeyScan *by_key;
	struct QfListScan *by_list;
} QfScan;

extern QfFetch *qf_scan_state_fetch(QfScan *scan, MemoryContext owner);
extern bool qf_scan_state_may_fetch(QfScan *scan, QfFetch *fetch);
extern bool qf_scan_state_has_parameter(Node *node, void *context);

#endif							/* QF_FDW_SCAN_STATE_H */
