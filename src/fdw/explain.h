/*
 * explain.h
 *	  What EXPLAIN shows of a scan.
 *
 * src/fdw/explain.h
 */
#ifndef QF_FDW_EXPLAIN_H
#define QF_FDW_EXPLAIN_H

#include "commands/explain.h"
#include "nodes/execnodes.h"

extern void qf_explain_action(ForeignScanState *node,
							  struct ExplainState *es);
extern void qf_explain_exprs(const char *label, List *exprs, Plan *plan,
							 List *ancestors, struct ExplainState *es);
extern void qianfanExplainForeignModify(ModifyTableState *mtstate,
										ResultRelInfo *relation,
										List *fdw_private, int subplan_index,
										struct ExplainState *es);
extern void qf_explain_counters(const ForeignScanState *node,
								struct ExplainState *es);
extern void qianfanExplainForeignScan(ForeignScanState *node,
									  struct ExplainState *es);

#endif							/* QF_FDW_EXPLAIN_H */
