/*
 * order_scan.h
 *	  A scan that relies on the order of the list.
 *
 * src/fdw/order_scan.h
 */
#ifndef QF_FDW_ORDER_SCAN_H
#define QF_FDW_ORDER_SCAN_H

#include "fdw/scan_state.h"

typedef struct QfOrderScan QfOrderScan;

extern QfOrderScan *qf_order_scan_begin(QfScan *scan);
extern void qf_order_scan_end(QfOrderScan *order);
extern const QfListOrdering *qf_order_scan_ordering(QfOrderScan *order);
extern bool qf_order_scan_bounds_vary(const QfOrderScan *order);
extern bool qf_order_scan_is_beyond(QfOrderScan *order, TupleTableSlot *slot);
extern void qf_order_scan_set_time(const QfOrderScan *order, int64 time,
								   TupleTableSlot *slot);

#endif							/* QF_FDW_ORDER_SCAN_H */
