/*
 * counters.h
 *	  What a scan has cost so far; shown by EXPLAIN ANALYZE.
 *
 * src/base/counters.h
 */
#ifndef QF_BASE_COUNTERS_H
#define QF_BASE_COUNTERS_H

typedef struct QfCounters
{
	int64		calls;			/* sent, retries included */
	int64		retries;
	int64		bytes;			/* body bytes received */
	int64		wait_time;		/* microseconds spent waiting */
	int64		reused;			/* answers that stood for a call */
	int64		line_time;		/* microseconds calls waited for their
								 * account's rate */
} QfCounters;

#endif							/* QF_BASE_COUNTERS_H */
