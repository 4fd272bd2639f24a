/*
 * order.h
 *	  A list whose order is relied on: is it in that order, and where does
 *	  reading end.
 *
 * src/api/order.h
 */
#ifndef QF_API_ORDER_H
#define QF_API_ORDER_H

#include "api/call.h"
#include "api/fetch.h"
#include "api/lists.h"
#include "api/seen.h"

/* Items of a first page at least: one alone has no order to be wrong. */
#define QF_ORDER_FEWEST 10

typedef struct QfOrder QfOrder;

extern QfOrder *qf_order_create(const QfListOrdering *ordering,
								const QfOptions *options);
extern bool qf_order_may_open_page(QfOrder *order, const QfCall *page);
extern void qf_order_open_page(QfOrder *order, const QfCall *call,
							   QfSeen *seen);
extern bool qf_order_next_item(QfOrder *order, bool *repeated, int64 *time);
extern void qf_order_forget_end(QfOrder *order);
extern bool qf_order_has_end(QfOrder *order);
extern void qf_order_start_turned(QfOrder *order, const QfCall *page,
								  QfLists *lists);

#endif							/* QF_API_ORDER_H */
