/*
 * test_retry.c
 *	  src/api/retry.c: the retry policy as a table, and as properties.
 *
 * test/unit/test_retry.c
 */
#include "postgres_fe.h"

#include "api/retry.h"

#include "tap.h"

#define FINAL QF_OUTCOME_FINAL
#define TRANSIENT QF_OUTCOME_TRANSIENT
#define THROTTLED QF_OUTCOME_THROTTLED
#define EXPIRED QF_OUTCOME_EXPIRED
#define LOST QF_OUTCOME_LOST
#define DENIED QF_OUTCOME_DENIED

/* The largest double below 1, what random() may come close to. */
#define ALMOST_ONE 0.99999999999999988898
#define ROUNDS 200000

struct retry_case
{
	const char *title;
	QfRetryInput input;
	QfRetryVerdict verdict;
};

static const struct retry_case cases[] = {
	/* outcome, retries, max, first delay, Retry-After, clock, random */
	{"an answer stays", {FINAL, 0, 3, 300, -1, false, 0.5}, {false, false, 0}},
	{"an answer stays, whatever its Retry-After", {FINAL, 0, 3, 300, 5000, false, 0.5}, {false, false, 0}},
	{"an answer stays, though it told the time", {FINAL, 0, 3, 300, -1, true, 0.5}, {false, false, 0}},

	{"expired, clock learned: at once and free", {EXPIRED, 0, 3, 300, -1, true, 0.5}, {true, false, 0}},
	{"expired, clock not learned", {EXPIRED, 0, 3, 300, -1, false, 0.5}, {false, false, 0}},
	{"expired, clock learned, no retry left", {EXPIRED, 3, 3, 300, -1, true, 0.5}, {true, false, 0}},
	{"expired, clock learned, retries forbidden", {EXPIRED, 0, 0, 300, -1, true, 0.5}, {true, false, 0}},
	{"expired, clock not learned, retries left", {EXPIRED, 1, 10, 300, -1, false, 0.5}, {false, false, 0}},
	{"expired does not wait for Retry-After", {EXPIRED, 0, 3, 300, 5000, true, 0.5}, {true, false, 0}},

	{"first retry, no jitter", {TRANSIENT, 0, 3, 300, -1, false, 0}, {true, true, 0}},
	{"first retry, half", {TRANSIENT, 0, 3, 300, -1, false, 0.5}, {true, true, 150}},
	{"first retry, full jitter", {TRANSIENT, 0, 3, 300, -1, false, ALMOST_ONE}, {true, true, 299}},
	{"a learned clock changes nothing", {TRANSIENT, 0, 3, 300, -1, true, 0.5}, {true, true, 150}},
	{"second retry doubles", {TRANSIENT, 1, 3, 300, -1, false, 0.5}, {true, true, 300}},
	{"third retry doubles again", {TRANSIENT, 2, 3, 300, -1, false, 0.5}, {true, true, 600}},
	{"no fourth", {TRANSIENT, 3, 3, 300, -1, false, 0.5}, {false, false, 0}},
	{"nor a fifth", {TRANSIENT, 4, 3, 300, -1, false, 0.5}, {false, false, 0}},

	{"what a write came to was lost", {LOST, 0, 3, 300, -1, false, 0.5}, {false, false, 0}},
	{"lost, whatever its Retry-After", {LOST, 0, 3, 300, 1000, true, 0.5}, {false, false, 0}},
	{"a write was denied", {DENIED, 0, 3, 300, -1, false, 0.5}, {true, true, 150}},
	{"denied once more", {DENIED, 1, 3, 300, -1, false, 0.5, false, true}, {false, false, 0}},
	{"denied after a refusal", {DENIED, 1, 3, 300, -1, false, 0.5}, {true, true, 300}},
	{"denied, retries forbidden", {DENIED, 0, 0, 300, -1, false, 0.5}, {false, false, 0}},
	{"refused after it was denied", {TRANSIENT, 1, 3, 300, -1, false, 0.5, false, true}, {true, true, 300}},

	{"retries forbidden", {TRANSIENT, 0, 0, 300, -1, false, 0.5}, {false, false, 0}},
	{"retries forbidden, Retry-After", {TRANSIENT, 0, 0, 300, 1000, false, 0.5}, {false, false, 0}},
	{"the only one", {TRANSIENT, 0, 1, 300, -1, false, 0.5}, {true, true, 150}},
	{"none after the only one", {TRANSIENT, 1, 1, 300, -1, false, 0.5}, {false, false, 0}},
	{"the tenth of ten", {TRANSIENT, 9, 10, 300, -1, false, 0.5}, {true, true, 10000}},
	{"none after the tenth", {TRANSIENT, 10, 10, 300, -1, false, 0.5}, {false, false, 0}},

	{"the last one below the cap", {TRANSIENT, 6, 10, 300, -1, false, 0.5}, {true, true, 9600}},
	{"the first one above the cap", {TRANSIENT, 7, 10, 300, -1, false, 0.5}, {true, true, 10000}},
	{"cap, full jitter", {TRANSIENT, 8, 10, 300, -1, false, ALMOST_ONE}, {true, true, 19999}},
	{"cap, no jitter", {TRANSIENT, 8, 10, 300, -1, false, 0}, {true, true, 0}},
	{"exactly the cap", {TRANSIENT, 1, 10, 10000, -1, false, 0.5}, {true, true, 10000}},
	{"first delay above the cap", {TRANSIENT, 0, 3, 60000, -1, false, 0.5}, {true, true, 10000}},
	{"the largest first delay", {TRANSIENT, 9, 10, PG_INT32_MAX, -1, false, 0.5}, {true, true, 10000}},
	{"no first delay", {TRANSIENT, 9, 10, 0, -1, false, 0.5}, {true, true, 0}},
	{"a first delay of 1 ms rounds down", {TRANSIENT, 0, 3, 1, -1, false, 0.9}, {true, true, 0}},

	{"refused for rate, the line does not see to it", {THROTTLED, 0, 3, 300, -1, false, 0.5, false}, {true, true, 150}},
	{"refused for rate, it does", {THROTTLED, 0, 3, 300, -1, false, 0.5, true}, {true, false, 0}},
	{"that uses up no retry", {THROTTLED, 3, 3, 300, -1, false, 0.5, true}, {true, false, 0}},
	{"also if none is allowed", {THROTTLED, 0, 0, 300, 1000, false, 0.5, true}, {true, false, 0}},
	{"but a Retry-After may be too long", {THROTTLED, 0, 3, 300, QF_RETRY_AFTER_MAX + 1, false, 0.5, true}, {false, false, 0}},
	{"no other failure is the line's", {TRANSIENT, 3, 3, 300, -1, false, 0.5, true}, {false, false, 0}},

	{"Retry-After longer than the back-off", {TRANSIENT, 0, 3, 300, 5000, false, 0.5}, {true, true, 5000}},
	{"Retry-After shorter than the back-off", {TRANSIENT, 2, 3, 300, 100, false, 0.5}, {true, true, 600}},
	{"Retry-After as long as the back-off", {TRANSIENT, 0, 3, 300, 150, false, 0.5}, {true, true, 150}},
	{"Retry-After: 0", {TRANSIENT, 0, 3, 300, 0, false, 0.5}, {true, true, 150}},
	{"Retry-After: 0 without jitter", {TRANSIENT, 0, 3, 300, 0, false, 0}, {true, true, 0}},
	{"Retry-After longer than the cap", {TRANSIENT, 8, 10, 300, 20001, false, ALMOST_ONE}, {true, true, 20001}},
	{"the longest Retry-After", {TRANSIENT, 0, 3, 300, QF_RETRY_AFTER_MAX, false, 0.5}, {true, true, QF_RETRY_AFTER_MAX}},
	{"a Retry-After beyond it", {TRANSIENT, 0, 3, 300, QF_RETRY_AFTER_MAX + 1, false, 0.5}, {false, false, 0}},
	{"a Retry-After far beyond it", {TRANSIENT, 0, 3, 300, PG_INT64_MAX, false, 0.5}, {false, false, 0}},
	{"the last retry has a Retry-After", {TRANSIENT, 2, 3, 300, 5000, false, 0.5}, {true, true, 5000}},
	{"no retry left for a Retry-After", {TRANSIENT, 3, 3, 300, 5000, false, 0.5}, {false, false, 0}},
};

/* What must hold whatever comes in, and how often it did not. */
enum property
{
	NEVER_NEGATIVE,
	NEVER_TOO_LONG,
	NEVER_BEFORE_RETRY_AFTER,
	NEVER_AFTER_THE_LAST,
	NO_DELAY_WITHOUT_AGAIN,
	ONLY_TRANSIENT_COUNTS,
	ONLY_LEARNED_REPEATS,
	FINAL_STAYS,
	LONG_RETRY_AFTER_GIVES_UP,
	SAME_TWICE,
	MONOTONIC,
	NPROPERTIES
};

static const char *const properties[NPROPERTIES] = {
	[NEVER_NEGATIVE] = "a delay is never negative",
	[NEVER_TOO_LONG] = "a delay is never above the cap and Retry-After",
	[NEVER_BEFORE_RETRY_AFTER] = "a retry never comes before Retry-After",
	[NEVER_AFTER_THE_LAST] = "nothing counted comes after the last retry",
	[NO_DELAY_WITHOUT_AGAIN] = "who gives up does not wait",
	[ONLY_TRANSIENT_COUNTS] = "a transient failure counts, nothing else does",
	[ONLY_LEARNED_REPEATS] = "expired is repeated if the clock was learned",
	[FINAL_STAYS] = "an answer stays",
	[LONG_RETRY_AFTER_GIVES_UP] = "a long Retry-After gives up",
	[SAME_TWICE] = "the same input gives the same verdict",
	[MONOTONIC] = "more retries, no shorter delay",
};

static uint64 random_state = UINT64CONST(0x9E3779B97F4A7C15);

static void test_cases(void);
static void test_doubling(void);
static void test_jitter(void);
static void test_properties(void);
static bool same_verdict(QfRetryVerdict a, QfRetryVerdict b);
static uint64 next_random(uint64 limit);
static double next_fraction(void);

int
main(void)
{
	test_cases();
	test_doubling();
	test_jitter();
	test_properties();
	return tap_done();
}

static void
test_cases(void)
{
	tap_ok(QF_RETRY_DELAY_MAX == 20000, "the cap is 20 s");
	tap_ok(QF_RETRY_AFTER_MAX == 300000, "Retry-After is good for 5 minutes");

	for (size_t i = 0; i < lengthof(cases); i++)
	{
		QfRetryVerdict got = qf_retry_decide(&cases[i].input);

		if (!tap_ok(same_verdict(got, cases[i].verdict), "%s", cases[i].title))
			printf("#   got again %d, counts %d, delay %lld\n",
				   got.again, got.counts, (long long) got.delay);
	}
}

/* The limit the jitter is taken from: 300, 600, 1200 ... 20000. */
static void
test_doubling(void)
{
	int			limit = 300;

	for (int retries = 0; retries < 10; retries++)
	{
		QfRetryInput input = {TRANSIENT, retries, 10, 300, -1, false, 0.25};

		tap_ok(qf_retry_decide(&input).delay == limit / 4,
			   "retry %d waits up to %d ms", retries + 1, limit);
		limit = Min(limit * 2, QF_RETRY_DELAY_MAX);
	}
}

/* Full jitter: every part of 0 to limit is as likely as any other. */
static void
test_jitter(void)
{
	int			hits[10] = {0};
	bool		even = true;

	for (int i = 0; i < ROUNDS; i++)
	{
		QfRetryInput input = {TRANSIENT, 9, 10, 300, -1, false, 0, false, false};

		input.random = next_fraction();
		hits[qf_retry_decide(&input).delay * 10 / QF_RETRY_DELAY_MAX]++;
	}
	for (int i = 0; i < 10; i++)
		even = even && abs(hits[i] - ROUNDS / 10) < ROUNDS / 100;
	tap_ok(even, "delays are spread evenly from 0 to the cap");
}

static void
test_properties(void)
{
	int			broken[NPROPERTIES] = {0};

	for (int i = 0; i < ROUNDS; i++)
	{
		int64		after = (int64) next_random(2 * QF_RETRY_AFTER_MAX) - 1;
		QfRetryInput input = {
			next_random(4), next_random(12), next_random(11),
			next_random(next_random(2) ? 1000 : 100000),
			next_random(2) ? -1 : after, next_random(2), next_fraction(),
			next_random(2), false
		};
		QfRetryInput later = input;
		QfRetryVerdict got = qf_retry_decide(&input);
		bool		in_line = input.outcome == THROTTLED && input.in_line;
		bool		transient = input.outcome == TRANSIENT ||
		(input.outcome == THROTTLED && !in_line);

		later.retries++;
		broken[NEVER_NEGATIVE] += got.delay < 0;
		broken[NEVER_TOO_LONG] +=
			got.delay > Max(QF_RETRY_DELAY_MAX, input.retry_after);
		broken[NEVER_BEFORE_RETRY_AFTER] +=
			transient && got.again && got.delay < input.retry_after;
		broken[NEVER_AFTER_THE_LAST] += input.retries >= input.max_retries &&
			input.outcome != EXPIRED && !in_line && got.again;
		broken[NO_DELAY_WITHOUT_AGAIN] +=
			!got.again && (got.delay != 0 || got.counts);
		broken[ONLY_TRANSIENT_COUNTS] += got.counts != (transient && got.again);
		broken[ONLY_LEARNED_REPEATS] += input.outcome == EXPIRED &&
			(got.again != input.clock_learned || got.delay != 0);
		broken[FINAL_STAYS] += input.outcome == FINAL && got.again;
		broken[LONG_RETRY_AFTER_GIVES_UP] += (transient || in_line) && got.again &&
			input.retry_after > QF_RETRY_AFTER_MAX;
		broken[SAME_TWICE] += !same_verdict(got, qf_retry_decide(&input));
		broken[MONOTONIC] += qf_retry_decide(&later).again &&
			qf_retry_decide(&later).delay < got.delay;
	}
	for (int i = 0; i < NPROPERTIES; i++)
		tap_ok(broken[i] == 0, "%s (%d random inputs)", properties[i], ROUNDS);
}

static bool
same_verdict(QfRetryVerdict a, QfRetryVerdict b)
{
	return a.again == b.again && a.counts == b.counts && a.delay == b.delay;
}

/* xorshift64*: a failure comes back at the next run. */
static uint64
next_random(uint64 limit)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return ((random_state * UINT64CONST(0x2545F4914F6CDD1D)) >> 11) % limit;
}

static double
next_fraction(void)
{
	return next_random(UINT64CONST(1) << 53) / 9007199254740992.0;
}
