/*
 * retry.h
 *	  Whether a call is tried again, and when.
 *
 * src/api/retry.h
 */
#ifndef QF_API_RETRY_H
#define QF_API_RETRY_H

/* Longest back-off we choose ourselves, milliseconds. */
#define QF_RETRY_DELAY_MAX 20000

/* Longest Retry-After that is waited for, milliseconds. */
#define QF_RETRY_AFTER_MAX (5 * 60 * 1000)

/* What an attempt came to. */
typedef enum QfOutcome
{
	QF_OUTCOME_FINAL,			/* an answer, good or bad, that stays */
	QF_OUTCOME_TRANSIENT,		/* may go away: transport, 5xx */
	QF_OUTCOME_THROTTLED,		/* refused for rate; goes away */
	QF_OUTCOME_EXPIRED,			/* refused because of our clock */
	QF_OUTCOME_LOST,			/* of a write: it may have been done, or not */
	QF_OUTCOME_DENIED			/* of a write: refused, which is not always
								 * for good */
} QfOutcome;

typedef struct QfRetryInput
{
	QfOutcome	outcome;
	int			retries;		/* retries made so far, clock ones not counted */
	int			max_retries;
	int			retry_delay;	/* milliseconds, first back-off */
	int64		retry_after;	/* milliseconds the server asked for, or -1 */
	bool		clock_learned;	/* did the answer correct our clock, the first
								 * time in this call? */
	double		random;			/* [0, 1) */
	bool		in_line;		/* THROTTLED: does the account's line see to
								 * the pause, and is the account served? */
	bool		denied;			/* had the call been denied before? */
} QfRetryInput;

typedef struct QfRetryVerdict
{
	bool		again;
	bool		counts;			/* against max_retries? */
	int64		delay;			/* milliseconds */
} QfRetryVerdict;

extern QfRetryVerdict qf_retry_decide(const QfRetryInput *input);
extern int64 qf_retry_pause(int retries, int retry_delay, double random);

#endif							/* QF_API_RETRY_H */
