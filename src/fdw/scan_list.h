/*
 * scan_list.h
 *	  A scan of the list.
 *
 * src/fdw/scan_list.h
 */
#ifndef QF_FDW_SCAN_LIST_H
#define QF_FDW_SCAN_LIST_H

#include "fdw/scan_state.h"

extern void qf_scan_list_begin(QfScan *scan);
extern void qf_scan_list_start(QfScan *scan);
extern bool qf_scan_list_next(QfScan *scan, TupleTableSlot *slot);
extern void qf_scan_list_end(QfScan *scan);

#endif							/* QF_FDW_SCAN_LIST_H */
