/*
 * retry.h
 *	  Whether a call is tried again, and when.
 *
 * src/http/retry.h
 */
#ifndef QF_HTTP_RETRY_H
#define QF_HTTP_RETRY_H

/* Longest back-off we choose ourselves, milliseconds. */
#define QF_RETRY_DELAY_MAX 20000

/* Longest Retry-After that is waited for, milliseconds. */
#define QF_RETRY_AFTER_MAX (5 * 60 * 1000)

/* What an attempt came to. */
typedef enum QfOutcome
{
	QF_OUTCOME_FINAL,			/* an answer, good or bad, that stays */
	QF_OUTCOME_TRANSIENT,		/* may go away: transport, overload, 5xx */
	QF_OUTCOME_EXPIRED			/* refused because of our clock */
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
	bool		unattended;		/* did it time out while nobody could take the
								 * answer? */
} QfRetryInput;

typedef struct QfRetryVerdict
{
	bool		again;
	bool		counts;			/* against max_retries? */
	int64		delay;			/* milliseconds */
} QfRetryVerdict;

extern QfRetryVerdict qf_retry_decide(const QfRetryInput *input);

#endif							/* QF_HTTP_RETRY_H */
