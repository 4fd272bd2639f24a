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
} QfCounters;

#endif							/* QF_BASE_COUNTERS_H */
