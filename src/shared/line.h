/*
 * line.h
 *	  The line of an account: when may the next call start?
 *
 * src/shared/line.h
 */
#ifndef QF_SHARED_LINE_H
#define QF_SHARED_LINE_H

/* See the table at the head of line.c. */
typedef enum QfLineState
{
	QF_LINE_FREE,				/* no refusal yet */
	QF_LINE_PAUSED,				/* refused for the first time; nobody starts */
	QF_LINE_SEARCHING,			/* the rate doubles until there is a refusal */
	QF_LINE_KNOWN				/* the rate is about what the service allows */
} QfLineState;

#define QF_LINE_BUCKETS 8		/* of successes, for the last second */

/* All times are microseconds of a clock that nobody sets, 0 is never. */
typedef struct QfLine
{
	QfLineState state;
	bool		limited;		/* has a call to ask? may be read at any time */

	/* the rate that was found, calls per second */
	double		rate;
	double		top;			/* where the last refusal was, about */
	double		age;			/* seconds somebody waited since then */
	int64		pause_until;	/* nobody starts before */
	int64		last_cut;		/* refusals of older calls say nothing new */

	/* the rate that was configured */
	double		configured;		/* 0: none */
	uint64		configured_by;	/* a server */
	int64		configured_seen;	/* when one last said so */

	/* tickets */
	uint64		issued;			/* the last one's number */
	double		served;			/* how many may have started */
	int64		served_at;		/* when that was counted */

	/* what became of calls */
	uint64		outcomes;		/* of the last ones, a bit for each: refused? */
	int			noutcomes;
	uint64		successes;
	uint64		cut_successes;	/* how many there were at the last cut */
	uint64		refused;
	int64		last_refused;
	uint32		recent[QF_LINE_BUCKETS];	/* successes */
	int64		recent_bucket;	/* the number of the latest */
} QfLine;

/* What a call that waits in line has; all zero: nothing yet. */
typedef struct QfTicket
{
	uint64		number;
	uint32		generation;		/* of the account's place; place.c's */
} QfTicket;

/* A refusal for rate. */
typedef struct QfRefusal
{
	int64		started;		/* when the call was sent */
	int64		retry_after;	/* microseconds the service asked for, or -1 */
	int64		retry_delay;	/* else for so long, microseconds */
} QfRefusal;

extern int64 qf_line_enter(QfLine *line, QfTicket *ticket, double configured,
						   uint64 server, int64 now);
extern void qf_line_succeed(QfLine *line, int64 now);
extern bool qf_line_refuse(QfLine *line, const QfRefusal *refusal, int64 now);
extern double qf_line_rate(const QfLine *line);
extern int64 qf_line_waiting(const QfLine *line);

#endif							/* QF_SHARED_LINE_H */
