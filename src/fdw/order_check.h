/*
 * order_check.h
 *	  In which order is a list that is read to its end?
 *
 * src/fdw/order_check.h
 */
#ifndef QF_FDW_ORDER_CHECK_H
#define QF_FDW_ORDER_CHECK_H

#include "utils/relcache.h"

#include "api/fetch.h"

typedef struct QfOrderCheck QfOrderCheck;

extern QfOrderCheck *qf_order_check_create(Relation rel,
										   const QfOptions *options,
										   const QfCredential *credential);
extern void qf_order_check_add(QfOrderCheck *check, const QfTask *task);
extern void qf_order_check_report(const QfOrderCheck *check, bool whole,
								  int elevel);

#endif							/* QF_FDW_ORDER_CHECK_H */
