/*
 * line.c
 *	  The line of an account: when may the next call start?
 *
 * All sessions draw tickets, and a ticket may start when that many have been
 * served.  They are served at a rate: what is configured or, if that is less,
 * what was found.  Who goes away leaves a ticket that is served to nobody, so
 * there is nothing to give back and nothing to leak.
 *
 *	state		rate								what comes next
 *	FREE		none								a refusal: PAUSED
 *	PAUSED		nobody starts						the end of the pause:
 *													SEARCHING, with the
 *													successes of the last second
 *	SEARCHING	doubles with each second that		a refusal: KNOWN, that rate
 *				somebody waits						is its top
 *	KNOWN		top * (1 + 0.15 x^3), where x =		a refusal: a new top, that
 *				(age - 10 s) / 10 s, and age is		rate or, if it was below the
 *				how long somebody has waited		old one, 7.5 % less.  20 s
 *				since the last refusal				without one: SEARCHING
 *
 * So after a refusal the rate falls by 15 %, comes back to its top within ten
 * seconds, slower the nearer it gets, and then goes on beyond.  A limit on how
 * many calls may be in flight is found in the same way, less exactly.  Tried in
 * a simulation, and worse: concurrency that grows by one and is halved, which
 * was unfair, and a back-off of each call by itself, which wasted a quarter.
 *
 * Some refusals do not slow the line.  Those of calls that started before the
 * last cut say nothing new.  If nothing has succeeded since that, the rate is not
 * what is wrong, and there is only a pause.  If there are very few, they are a bad node's, and
 * such a call is tried again like any other that failed.
 *
 * Pure functions; the caller has the line to himself.
 *
 * src/shared/line.c
 */
#include "postgres.h"

#include "port/pg_bitutils.h"

#include "shared/line.h"

#define SECOND 1000000.0

/* Of so many calls, a refusal less than these does not slow the line. */
#define OUTCOMES 50
#define FEW_REFUSED 0.04

/* How the rate is looked for. */
#define GROWTH 0.15
#define RECOVERY 10.0			/* seconds to be back at the top */
#define NEAR_TOP 0.98
#define CUT (1.85 / 2)
#define LEAST_RATE 0.2
#define MOST_RATE 1e6
#define FIRST_RATE 10.0			/* at least, to begin with */

/* What may start at once, as a share of a second's calls; at least one. */
#define BURST_FOUND 0.02
#define BURST_CONFIGURED 0.1

/* Longest pause of our own. */
#define MOST_PAUSE ((int64) 20 * 1000000)

/* A rate that nobody has stated for so long is not in use any more. */
#define CONFIGURED_AGE ((int64) 10 * 1000000)

/* A ticket that could have started so long ago is drawn anew, seconds. */
#define TICKET_AGE 1.0

/* While the rate may rise, whoever waits looks again after this. */
#define LOOK_AGAIN 50000

#define BUCKET_LENGTH (1000000 / QF_LINE_BUCKETS)

/* What was found, whether or not it holds now; 0: nothing. */
static double
found_rate(const QfLine *line)
{
	return line->state >= QF_LINE_SEARCHING ? line->rate : 0;
}

/* Calls per second that may start; 0: any number. */
double
qf_line_rate(const QfLine *line)
{
	double		found = found_rate(line);

	if (found > 0 && line->configured > 0)
		return Min(found, line->configured);
	return Max(found, line->configured);
}

/* How many wait, those that went away included. */
int64
qf_line_waiting(const QfLine *line)
{
	double		waiting = (double) line->issued - line->served;

	return line->limited && waiting > 0 ? (int64) (waiting + 0.5) : 0;
}

static void
set_state(QfLine *line, QfLineState state)
{
	line->state = state;
	line->limited = state != QF_LINE_FREE || line->configured > 0;
}

/* How many may start at once. */
static double
burst(const QfLine *line, double rate)
{
	return Max(1, rate * (rate < line->configured || line->configured == 0 ?
						  BURST_FOUND : BURST_CONFIGURED));
}

/* Let the rate that was found grow, for somebody has waited so long. */
static void
grow(QfLine *line, double seconds)
{
	double		x;

	if (line->state == QF_LINE_SEARCHING)
		line->rate *= 1 + Min(seconds, 1);
	else if (line->state == QF_LINE_KNOWN)
	{
		line->age += seconds;
		x = (line->age - RECOVERY) / RECOVERY;
		line->rate = line->top * (1 + GROWTH * x * x * x);
		if (line->age >= 2 * RECOVERY)
			set_state(line, QF_LINE_SEARCHING);
	}
	line->rate = Min(Max(line->rate, LEAST_RATE), MOST_RATE);
}

/* Serve tickets up to now. */
static void
advance(QfLine *line, int64 now)
{
	int64		since = Max(line->served_at, line->pause_until);
	double		rate;
	double		seconds;
	double		waited;

	if (line->state == QF_LINE_PAUSED && now >= line->pause_until)
		set_state(line, QF_LINE_SEARCHING);
	rate = qf_line_rate(line);
	if (now <= since || rate <= 0)
	{
		line->served_at = now;
		return;
	}
	seconds = (now - since) / SECOND;
	waited = Min(seconds, Max((double) line->issued - line->served, 0) / rate);
	line->served = Min(line->served + rate * seconds,
					   (double) line->issued + burst(line, rate));
	line->served_at = now;
	if (waited > 0 && rate == found_rate(line))
		grow(line, waited);
}

/* A server says what may be made of the account in a second; 0: nothing. */
static void
note_configured(QfLine *line, double rate, uint64 server, int64 now)
{
	bool		in_use = line->configured > 0 &&
	server != line->configured_by &&
	now - line->configured_seen < CONFIGURED_AGE;

	if (rate == line->configured && (rate == 0 ||
									 server == line->configured_by))
	{
		line->configured_seen = now;
		return;
	}
	if (in_use && (rate == 0 || rate > line->configured))
		return;
	if (!line->limited)
	{
		/* As many as may start at once, but for the first. */
		line->served = (double) line->issued + 1;
		line->served_at = now;
	}
	line->configured = rate;
	line->configured_by = server;
	line->configured_seen = now;
	set_state(line, line->state);
}

/*
 * qf_line_enter
 *		May a call start now?  Returns 0, and the ticket is used up, or when to
 *		ask again.
 *
 * "configured" is what the call's server states, "server" what tells that from
 * others.
 */
int64
qf_line_enter(QfLine *line, QfTicket *ticket, double configured, uint64 server,
			  int64 now)
{
	double		rate;
	int64		due;

	note_configured(line, configured, server, now);
	if (!line->limited)
	{
		ticket->number = 0;
		return 0;
	}
	advance(line, now);
	rate = qf_line_rate(line);
	if (ticket->number == 0 || ticket->number > line->issued ||
		line->served - ticket->number > Max(rate * TICKET_AGE, 1))
		ticket->number = ++line->issued;
	if (now < line->pause_until)
		return line->pause_until;
	if (line->served >= ticket->number)
	{
		ticket->number = 0;
		return 0;
	}
	due = now + 1 +
		(int64) Min((ticket->number - line->served) / rate * SECOND, 1e15);
	return rate == found_rate(line) ? Min(due, now + LOOK_AGAIN) : due;
}

static void
note_outcome(QfLine *line, bool refused)
{
	line->outcomes = (line->outcomes << 1 | (refused ? 1 : 0)) &
		((UINT64CONST(1) << OUTCOMES) - 1);
	line->noutcomes = Min(line->noutcomes + 1, OUTCOMES);
}

/* Forget the successes that are older than a second. */
static void
age_recent(QfLine *line, int64 now)
{
	int64		bucket = now / BUCKET_LENGTH;

	if (bucket - line->recent_bucket >= QF_LINE_BUCKETS)
		memset(line->recent, 0, sizeof(line->recent));
	else
	{
		for (int64 i = line->recent_bucket + 1; i <= bucket; i++)
			line->recent[i % QF_LINE_BUCKETS] = 0;
	}
	line->recent_bucket = Max(bucket, line->recent_bucket);
}

/* A call was answered, well or not, but not refused for rate. */
void
qf_line_succeed(QfLine *line, int64 now)
{
	note_outcome(line, false);
	line->successes++;
	age_recent(line, now);
	line->recent[line->recent_bucket % QF_LINE_BUCKETS]++;
}

/* Let nobody start for as long as was asked for, or for a time of our own. */
static void
pause(QfLine *line, const QfRefusal *refusal, bool of_our_own, int64 now)
{
	int64		length = refusal->retry_after;

	if (of_our_own)
	{
		length = Max(length, Min(refusal->retry_delay, MOST_PAUSE));
	}
	if (length > 0)
		line->pause_until = Max(line->pause_until, now + length);
}

/* Begin to search: at what has succeeded within the last second. */
static void
begin_search(QfLine *line, int64 now)
{
	uint32		successes = 0;

	age_recent(line, now);
	for (int i = 0; i < QF_LINE_BUCKETS; i++)
		successes += line->recent[i];
	line->rate = Max(successes, FIRST_RATE);
	line->served = (double) line->issued;
	line->served_at = now;
	set_state(line, QF_LINE_PAUSED);
}

/*
 * qf_line_refuse
 *		A call was refused for rate.  Returns whether that slows the line, or has
 *		done so already.
 */
bool
qf_line_refuse(QfLine *line, const QfRefusal *refusal, int64 now)
{
	bool		nothing_new = line->last_cut > 0 &&
	refusal->started <= line->last_cut;
	bool		in_vain = line->successes == line->cut_successes;

	advance(line, now);
	note_outcome(line, true);
	line->refused++;
	line->last_refused = now;
	if (nothing_new)
	{
		pause(line, refusal, false, now);
		return true;
	}
	if (refusal->retry_after < 0 &&
		pg_popcount64(line->outcomes) < FEW_REFUSED * line->noutcomes)
		return false;

	if (line->state == QF_LINE_FREE)
	{
		begin_search(line, now);
		pause(line, refusal, true, now);
	}
	else if (in_vain)
		pause(line, refusal, true, now);
	else
	{
		if (line->state == QF_LINE_KNOWN && line->rate < line->top * NEAR_TOP)
			line->top = line->rate * CUT;
		else
			line->top = line->rate;
		line->age = 0;
		if (line->state != QF_LINE_PAUSED)
			set_state(line, QF_LINE_KNOWN);
		grow(line, 0);
		pause(line, refusal, false, now);
	}
	line->last_cut = now;
	line->cut_successes = line->successes;
	return true;
}
