/*
 * stat.h
 *	  What calls have cost, counted by all sessions.
 *
 * src/shared/stat.h
 */
#ifndef QF_SHARED_STAT_H
#define QF_SHARED_STAT_H

/* Where one session counts what it does with one action of one server. */
typedef struct QfStat QfStat;

/* Counters; see qianfan_fdw_stat. */
typedef enum QfStatCounter
{
	QF_STAT_CALLS,
	QF_STAT_RETRIES,
	QF_STAT_FAILED_TRANSPORT,
	QF_STAT_FAILED_THROTTLED,
	QF_STAT_FAILED_SERVER,
	QF_STAT_FAILED_OTHER,
	QF_STAT_BYTES,
	QF_STAT_TIME,				/* microseconds */
	QF_STAT_MAX_TIME,			/* the longest, not a sum */
	QF_STAT_REUSED_BY_AGE,
	QF_STAT_REUSED_VALIDATED,
	QF_STAT_DISAGREED,
	QF_STAT_SHARED,				/* answers that another session was asking for */
	QF_STAT_LINE_TIME,			/* microseconds */
	QF_STAT_NCOUNTERS
} QfStatCounter;

extern QfStat *qf_stat_find(Oid server, const char *server_name,
							const char *action);
extern void qf_stat_add(QfStat *stat, QfStatCounter counter, int64 value);
extern void qf_stat_reset(void);
extern void qf_stat_call_ended(QfStat *stat, int64 bytes, int64 time);

#endif							/* QF_SHARED_STAT_H */
