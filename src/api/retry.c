/*
 * retry.c
 *	  The retry policy as a pure function.
 *
 * Repeating a call that reads is always safe.  One that writes is repeated only
 * if the answer proves that nothing was done; see also write.c.
 *
 * The base of 300 ms and the cap of 20 s are those of the vendor's SDKs; full
 * jitter keeps many sessions from coming back at the same moment.
 *
 * src/api/retry.c
 */
#ifdef FRONTEND
#include "postgres_fe.h"
#else
#include "postgres.h"
#endif

#include "api/retry.h"

/*
 * qf_retry_pause
 *		How long to wait before the next attempt, in milliseconds, if so many
 *		retries were made.  "random" is in [0, 1).
 */
int64
qf_retry_pause(int retries, int retry_delay, double random)
{
	double		limit = retry_delay;

	for (int i = 0; i < retries && limit < QF_RETRY_DELAY_MAX; i++)
		limit *= 2;
	if (limit > QF_RETRY_DELAY_MAX)
		limit = QF_RETRY_DELAY_MAX;
	return (int64) (limit * random);
}

/*
 * qf_retry_decide
 *		Try again or give up?
 *
 * An expired signature is repeated at once, and once, when the answer told
 * the right time; that does not use up a retry.  A server that asks for a
 * longer pause than our back-off gets it, unless it asks for more than
 * QF_RETRY_AFTER_MAX: then waiting would only look like a hang.
 *
 * A refusal for rate is the account's line to deal with, as long as it serves
 * somebody: the call goes back there, and that uses up no retry.  A write that
 * is denied is tried once more, as the vendor's own helper does.
 */
QfRetryVerdict
qf_retry_decide(const QfRetryInput *input)
{
	QfRetryVerdict verdict = {false, false, 0};

	if (input->outcome == QF_OUTCOME_EXPIRED)
	{
		verdict.again = input->clock_learned;
		return verdict;
	}
	if (input->outcome == QF_OUTCOME_FINAL ||
		input->outcome == QF_OUTCOME_LOST ||
		(input->outcome == QF_OUTCOME_DENIED && input->denied) ||
		input->retry_after > QF_RETRY_AFTER_MAX)
		return verdict;
	if (input->outcome == QF_OUTCOME_THROTTLED && input->in_line)
	{
		verdict.again = true;
		return verdict;
	}
	if (input->retries >= input->max_retries)
		return verdict;

	verdict.again = true;
	verdict.counts = true;
	verdict.delay = qf_retry_pause(input->retries, input->retry_delay,
								   input->random);
	if (verdict.delay < input->retry_after)
		verdict.delay = input->retry_after;
	return verdict;
}
