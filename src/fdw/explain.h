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

extern void qianfanExplainForeignScan(ForeignScanState *node,
									  struct ExplainState *es);

#endif							/* QF_FDW_EXPLAIN_H */
