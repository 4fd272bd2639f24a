/*
 * scan_key.h
 *	  A scan by key.
 *
 * src/fdw/scan_key.h
 */
#ifndef QF_FDW_SCAN_KEY_H
#define QF_FDW_SCAN_KEY_H

#include "fdw/scan_state.h"

extern void qf_scan_key_begin(QfScan *scan);
extern void qf_scan_key_start(QfScan *scan);
extern bool qf_scan_key_next(QfScan *scan, TupleTableSlot *slot);
extern void qf_scan_key_end(QfScan *scan);
extern void qf_scan_key_forget(QfScan *scan);

/* for a lookup join */
extern bool qf_scan_ask(ForeignScanState *node, char *key);
extern void qf_scan_forget(ForeignScanState *node);
extern void qf_scan_give(ForeignScanState *node, char **key);

#endif							/* QF_FDW_SCAN_KEY_H */
