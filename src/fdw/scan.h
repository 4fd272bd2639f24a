/*
 * scan.h
 *	  Execution of a foreign scan.
 *
 * src/fdw/scan.h
 */
#ifndef QF_FDW_SCAN_H
#define QF_FDW_SCAN_H

#include "nodes/execnodes.h"

#include "base/counters.h"

extern void qianfanBeginForeignScan(ForeignScanState *node, int eflags);
extern TupleTableSlot *qianfanIterateForeignScan(ForeignScanState *node);
extern void qianfanReScanForeignScan(ForeignScanState *node);
extern void qianfanEndForeignScan(ForeignScanState *node);
extern int	qf_scan_concurrency(const ForeignScanState *node);
extern bool qf_scan_try(ForeignScanState *node, TupleTableSlot **slot);
extern const QfCounters *qf_scan_counters(const ForeignScanState *node);

#endif							/* QF_FDW_SCAN_H */
