/*
 * limit.h
 *	  May another call be sent, and by which clock?
 *
 * src/api/limit.h
 */
#ifndef QF_API_LIMIT_H
#define QF_API_LIMIT_H

#include "utils/timestamp.h"

#include "base/option.h"

/* What is known of a server for the rest of the session. */
typedef struct QfLimit QfLimit;

extern QfLimit *qf_limit_find(const QfOptions *options);
extern bool qf_limit_has_budget(void);
extern void qf_limit_spend(void);
extern int64 qf_limit_spent(void);
extern void qf_limit_refund(TimestampTz statement);
extern int64 qf_limit_time(const QfLimit *limit);
extern bool qf_limit_learn_time(QfLimit *limit, int64 date);

#endif							/* QF_API_LIMIT_H */
