/*
 * retry.c
 *	  The retry policy as a pure function.
 *
 * Every call this extension makes reads, so repeating one is always safe.
 * The base of 300 ms and the cap of 20 s are those of the vendor's SDKs; full
 * jitter keeps many sessions from coming back at the same moment.
 *
 * src/http/retry.c
 */
#ifdef FRONTEND
#include "postgres_fe.h"
#else
#include "postgres.h"
#endif

#include "http/retry.h"

/*
 * qf_retry_decide
 *		Try again or give up?
 *
 * An expired signature is repeated at once, and once, when the answer told
 * the right time; that does not use up a retry.  A server that asks for a
 * longer pause than our back-off gets it, unless it asks for more than
 * QF_RETRY_AFTER_MAX: then waiting would only look like a hang.  An attempt that
 * was left alone until its time was over says nothing about the server, so
 * repeating it does not use up a retry either.
 */
QfRetryVerdict
qf_retry_decide(const QfRetryInput *input)
{
	QfRetryVerdict verdict = {false, false, 0};
	double		limit = input->retry_delay;

	if (input->outcome == QF_OUTCOME_EXPIRED)
	{
		verdict.again = input->clock_learned;
		return verdict;
	}
	if (input->outcome == QF_OUTCOME_TRANSIENT && input->unattended)
	{
		verdict.again = true;
		return verdict;
	}
	if (input->outcome != QF_OUTCOME_TRANSIENT ||
		input->retries >= input->max_retries ||
		input->retry_after > QF_RETRY_AFTER_MAX)
		return verdict;

	for (int i = 0; i < input->retries && limit < QF_RETRY_DELAY_MAX; i++)
		limit *= 2;
	if (limit > QF_RETRY_DELAY_MAX)
		limit = QF_RETRY_DELAY_MAX;

	verdict.again = true;
	verdict.counts = true;
	verdict.delay = (int64) (limit * input->random);
	if (verdict.delay < input->retry_after)
		verdict.delay = input->retry_after;
	return verdict;
}
