/*
 * activity.h
 *	  What this session is doing, for others to see.
 *
 * src/shared/activity.h
 */
#ifndef QF_SHARED_ACTIVITY_H
#define QF_SHARED_ACTIVITY_H

#include "base/account.h"

/* What a session waits for. */
typedef enum QfWait
{
	QF_WAIT_NOTHING,
	QF_WAIT_ANSWER,
	QF_WAIT_LINE,
	QF_WAIT_SESSION,
	QF_WAIT_RETRY
} QfWait;

extern void qf_activity_begin(const QfDigest *account, const char *server_name,
							  const char *action);
extern void qf_activity_count(int in_flight, int64 calls);
extern void qf_activity_wait(QfWait wait);
extern void qf_activity_end(void);

#endif							/* QF_SHARED_ACTIVITY_H */
