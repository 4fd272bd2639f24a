/*
 * test_line.c
 *	  src/shared/line.c: the rate that is found, fairness, and that nothing has to
 *	  be given back; by a clock of the test's own, and in 8 processes at once.
 *
 * test/unit/test_line.c
 */
#include "postgres.h"

#include <pthread.h>

#include "shared/line.h"

#include "processes.h"
#include "tap.h"

#define SECOND INT64CONST(1000000)
#define LATENCY 20000
#define NPROCESSES 8
#define MOST_SESSIONS 50

/* A service that takes so many calls per second, or so many at once. */
typedef struct Service
{
	double		rate;
	double		tokens;
	int64		since;
	int			most_in_flight;
	int			in_flight;
}			Service;

static bool
takes(Service * service, int64 now)
{
	if (service->most_in_flight > 0)
		return service->in_flight <= service->most_in_flight;
	service->tokens = Min(Max(service->rate, 1), service->tokens +
						  service->rate * (now - service->since) / SECOND);
	service->since = now;
	if (service->tokens < 1)
		return false;
	service->tokens -= 1;
	return true;
}

/* A session that has always another call to make. */
typedef struct Session
{
	QfTicket	ticket;
	int64		due;			/* asks then */
	int64		answered;		/* is answered then; 0: it has asked nothing */
	int64		started;
	bool		refused;
	int			nserved;
}			Session;

typedef struct Result
{
	int			nserved;
	int			nrefused;
	int			least;			/* of a session */
	int			most;
} Result;

static void
step(QfLine *line, Service * service, Session * session, int64 now,
	 Result *result)
{
	if (session->answered > 0 && now >= session->answered)
	{
		QfRefusal	refusal = {session->started, -1, 300000};

		session->answered = 0;
		service->in_flight--;
		if (session->refused)
		{
			result->nrefused++;
			(void) qf_line_refuse(line, &refusal, now);
		}
		else
		{
			result->nserved++;
			session->nserved++;
			qf_line_succeed(line, now);
		}
		session->due = now;
	}
	if (session->answered == 0 && now >= session->due)
	{
		session->due = qf_line_enter(line, &session->ticket, 0, 1, now);
		if (session->due > 0)
			return;
		session->started = now;
		service->in_flight++;
		session->refused = !takes(service, now);
		session->answered = now + (session->refused ? 1000 : LATENCY);
	}
}

static Result
simulate(Service service, int nsessions, int seconds)
{
	QfLine		line = {0};
	Session		sessions[MOST_SESSIONS] = {0};
	Result		result = {0};

	service.tokens = service.rate;
	for (int64 now = SECOND; now < (seconds + 1) * SECOND; now += 500)
	{
		for (int i = 0; i < nsessions; i++)
			step(&line, &service, &sessions[i], now, &result);
	}
	result.least = result.most = sessions[0].nserved;
	for (int i = 1; i < nsessions; i++)
	{
		result.least = Min(result.least, sessions[i].nserved);
		result.most = Max(result.most, sessions[i].nserved);
	}
	return result;
}

static void
test_rates(void)
{
	static const double rates[] = {5, 20, 100};
	static const int sessions[] = {1, 10, 50};

	for (int i = 0; i < (int) lengthof(rates); i++)
	{
		for (int j = 0; j < (int) lengthof(sessions); j++)
		{
			Service		service = {.rate = rates[i]};
			Result		result = simulate(service, sessions[j], 60);
			double		possible = Min(rates[i] * 60,
									   sessions[j] * (double) SECOND / LATENCY * 60);

			tap_ok(result.nserved >= possible * 0.85,
				   "%g per second, %d sessions: %.0f %% of it used", rates[i],
				   sessions[j], 100 * result.nserved / possible);
			tap_ok(result.nrefused <= result.nserved * 0.06 + sessions[j],
				   "%d refused of %d", result.nrefused, result.nserved);
			tap_ok(result.most <= result.least * 1.5 + 2,
				   "from %d to %d each", result.least, result.most);
		}
	}
}

static void
test_in_flight(void)
{
	static const int limits[] = {2, 8, 32};

	for (int i = 0; i < (int) lengthof(limits); i++)
	{
		Service		service = {.most_in_flight = limits[i]};
		Result		result = simulate(service, 50, 60);
		double		possible = limits[i] * (double) SECOND / LATENCY * 60;

		tap_ok(result.nserved >= possible * 0.4,
			   "%d in flight: %.0f %% of it used", limits[i],
			   100 * result.nserved / possible);
		tap_ok(result.nrefused <= result.nserved * 0.06 + 50,
			   "%d refused of %d", result.nrefused, result.nserved);
	}
}

/* Without a refusal there is no limit, and few of many do not make one. */
static void
test_free(void)
{
	QfLine		line = {0};
	QfTicket	ticket = {0};
	QfRefusal	refusal = {0, -1, 300000};
	bool		waited = false;

	for (int i = 1; i <= 10000; i++)
	{
		if (qf_line_enter(&line, &ticket, 0, 1, i) != 0)
			waited = true;
		qf_line_succeed(&line, i);
		refusal.started = i;
		if (i % 100 == 99 && qf_line_refuse(&line, &refusal, i))
			waited = true;
	}
	tap_ok(!waited && !line.limited, "one refusal in a hundred is a bad node's");
}

/* Tickets of those who have gone are served to nobody, and time goes on. */
static void
test_gone(void)
{
	QfLine		line = {0};
	QfTicket	gone;
	QfTicket	mine = {0};
	QfRefusal	refusal = {0, -1, 300000};
	int64		now = SECOND;
	int64		due;

	(void) qf_line_refuse(&line, &refusal, now);
	for (int i = 0; i < 20; i++)
	{
		memset(&gone, 0, sizeof(gone));
		(void) qf_line_enter(&line, &gone, 0, 1, now);
	}
	for (due = 1; due != 0 && now < 100 * SECOND; now = Max(due, now + 1))
		due = qf_line_enter(&line, &mine, 0, 1, now);
	tap_ok(due == 0 && now < 6 * SECOND, "20 that have gone cost %.1f s",
		   (now - SECOND) / 1e6);
}

static void
test_pauses(void)
{
	QfLine		line = {0};
	QfTicket	ticket = {0};
	QfRefusal	refusal = {SECOND, 5 * SECOND, 300000};
	int64		due;

	(void) qf_line_refuse(&line, &refusal, SECOND);
	tap_ok(line.state == QF_LINE_PAUSED, "a refusal pauses");
	due = qf_line_enter(&line, &ticket, 0, 1, SECOND + 1);
	tap_ok(due == 6 * SECOND, "as long as Retry-After says");
	due = qf_line_enter(&line, &ticket, 0, 1, 7 * SECOND);
	tap_ok(due == 0 && line.state == QF_LINE_SEARCHING, "and then searches");

	refusal.retry_after = -1;
	for (int i = 0; i < 12; i++)
	{
		memset(&line, 0, sizeof(line));
		refusal.retry_delay = INT64CONST(300000) << i;
		(void) qf_line_refuse(&line, &refusal, 2 * SECOND);
		tap_ok(line.pause_until - 2 * SECOND ==
			   Min(refusal.retry_delay, 20 * SECOND), "or for %.1f s",
			   (line.pause_until - 2 * SECOND) / 1e6);
	}
}

static int
count_started(QfLine *line, double configured, uint64 server, int64 from,
			  int64 to)
{
	QfTicket	ticket = {0};
	int			n = 0;

	for (int64 now = from; now < to;)
	{
		int64		due = qf_line_enter(line, &ticket, configured, server, now);

		n += due == 0;
		now = Max(due, now + 1);
	}
	return n;
}

static void
test_configured(void)
{
	QfLine		line = {0};
	int			n = count_started(&line, 50, 1, SECOND, 11 * SECOND);

	tap_ok(n >= 495 && n <= 506, "50 per second: %d in 10 s", n);
	n = count_started(&line, 10, 2, 11 * SECOND, 21 * SECOND);
	tap_ok(n >= 99 && n <= 111, "the lower of two holds: %d", n);
	n = count_started(&line, 50, 1, 21 * SECOND, 26 * SECOND);
	tap_ok(n >= 49 && n <= 51, "also for the other: %d", n);
	n = count_started(&line, 50, 1, 31 * SECOND, 41 * SECOND);
	tap_ok(n >= 490 && n <= 506, "until nobody states it: %d", n);
	n = count_started(&line, 0.5, 1, 41 * SECOND, 61 * SECOND);
	tap_ok(n >= 9 && n <= 15, "half a call per second: %d", n);
	tap_ok(count_started(&line, 0, 1, 61 * SECOND, 61 * SECOND + 1000) == 1000,
		   "and none when it is taken back");
}

typedef struct Shared
{
	pthread_mutex_t lock;
	QfLine		line;
	int64		now;
	int			nstarted[NPROCESSES];
}			Shared;

/* Each process draws as fast as it can; the clock goes on with each look. */
static void
work(void *memory, int process)
{
	Shared	   *shared = memory;
	QfTicket	ticket = {0};

	for (bool more = true; more;)
	{
		pthread_mutex_lock(&shared->lock);
		shared->now += 100;
		more = shared->now < 200 * SECOND;
		if (qf_line_enter(&shared->line, &ticket, 100, 1, shared->now) == 0)
		{
			qf_line_succeed(&shared->line, shared->now);
			shared->nstarted[process]++;
		}
		pthread_mutex_unlock(&shared->lock);
	}
}

static void
test_processes(void)
{
	Shared	   *shared = processes_share(sizeof(Shared));
	pthread_mutexattr_t attributes;
	int			nfailed;
	int			n = 0;

	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
	pthread_mutex_init(&shared->lock, &attributes);
	nfailed = processes_run(NPROCESSES, work, shared);
	for (int i = 0; i < NPROCESSES; i++)
		n += shared->nstarted[i];
	/* A ticket that nobody looks at for a second of this clock is lost. */
	tap_ok(nfailed == 0 && n >= 10000 && n <= 20011,
		   "%d processes at 100 per second, 200 s: %d", NPROCESSES, n);
}

int
main(void)
{
	test_free();
	test_rates();
	test_in_flight();
	test_gone();
	test_pauses();
	test_configured();
	test_processes();
	return tap_done();
}
