/*
 * loop.c
 *	  The one place where this session waits for the network.
 *
 * A session is one thread and waits in one place at a time, so it has one loop:
 * whoever waits for one call serves the sockets of all.
 *
 * The sockets are kept in an epoll instance of our own.  It is one more
 * descriptor for the server's WaitEventSet, next to the latch, so that set is
 * built once: a WaitEventSet cannot drop a socket, and building one for each
 * wait costs more system calls than the request.  An Append that waits for us
 * gets the same descriptor, with a timer in it that stands for our timeouts.
 *
 * src/http/loop.c
 */
#include "postgres.h"

#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "access/xact.h"
#include "miscadmin.h"
#include "portability/instr_time.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "base/nls.h"
#include "http/descriptor.h"
#include "http/loop.h"

/* Longest wait that is asked for at once, microseconds. */
#define MAX_PAUSE ((int64) 60 * 60 * 1000000)

/* Lives until the backend ends. */
static struct
{
	int			epoll;			/* of sockets and timer; -1: none yet */
	int			timer;			/* timerfd; -1: none yet */
	WaitEventSet *wait_set;		/* of epoll and latch; NULL: none yet */

	/* the stopwatch: time that somebody attended to the network */
	int64		attended;		/* up to "since" */
	int64		since;			/* it runs since then; 0: it stands */
	TimestampTz elsewhere;		/* the statement that waits for us in an
								 * Append, or 0 */
}			loop = {-1, -1};

/* The same descriptor, counted, if it is one. */
static int
check_descriptor(int descriptor)
{
	if (descriptor < 0)
	{
		qf_descriptor_release();
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not open file descriptor: %m")));
	}
	return descriptor;
}

static void
claim_descriptor(void)
{
	if (!qf_descriptor_acquire())
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_RESOURCES),
				 errmsg("out of file descriptors"),
				 errhint("Raise \"max_files_per_process\".")));
}

/* What the server waits for on our behalf. */
static void
create_wait_set(void)
{
	WaitEventSet *set = qf_compat_wait_event_set(3);

	qf_descriptor_adopt(1);
	loop.wait_set = set;
	AddWaitEventToSet(set, WL_LATCH_SET, PGINVALID_SOCKET, MyLatch, NULL);
	/* In single-user mode there is no postmaster. */
	if (IsUnderPostmaster)
		AddWaitEventToSet(set, WL_EXIT_ON_PM_DEATH, PGINVALID_SOCKET, NULL,
						  NULL);
	AddWaitEventToSet(set, WL_SOCKET_READABLE, loop.epoll, NULL, NULL);
}

/*
 * qf_loop_open
 *		Have a loop, for the rest of the session.  Raises 53000 if there are no
 *		descriptors for it; what it has then is there for the next attempt.
 */
void
qf_loop_open(void)
{
	struct epoll_event event = {0};

	if (loop.wait_set != NULL)
		return;
	if (loop.epoll < 0)
	{
		claim_descriptor();
		loop.epoll = check_descriptor(epoll_create1(EPOLL_CLOEXEC));
	}
	if (loop.timer < 0)
	{
		claim_descriptor();
		loop.timer = check_descriptor(timerfd_create(CLOCK_MONOTONIC,
													 TFD_CLOEXEC | TFD_NONBLOCK));
	}
	event.data.fd = loop.timer;
	event.events = EPOLLIN;
	if (epoll_ctl(loop.epoll, EPOLL_CTL_ADD, loop.timer, &event) < 0 &&
		errno != EEXIST)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not add to epoll instance: %m")));
	create_wait_set();
}

/*
 * qf_loop_watch
 *		Wait for this of a socket from now on; false if that cannot be.
 *
 * Whether a socket is new is left to the kernel to know: it forgets one that
 * was closed, and numbers are used again.
 */
bool
qf_loop_watch(int sock, bool readable, bool writable)
{
	struct epoll_event event = {0};

	event.data.fd = sock;
	event.events = (readable ? EPOLLIN : 0) | (writable ? EPOLLOUT : 0);

	/* Mostly it is new, as a connection is taken out between requests. */
	return epoll_ctl(loop.epoll, EPOLL_CTL_ADD, sock, &event) == 0 ||
		(errno == EEXIST &&
		 epoll_ctl(loop.epoll, EPOLL_CTL_MOD, sock, &event) == 0);
}

/* Do not wait for a socket any more. */
void
qf_loop_forget(int sock)
{
	struct epoll_event event = {0};

	(void) epoll_ctl(loop.epoll, EPOLL_CTL_DEL, sock, &event);
}

/*
 * qf_loop_poll
 *		Find out what has happened to sockets; does not wait.  Returns how many
 *		events there are, "most" at most; others come another time.
 */
int
qf_loop_poll(QfLoopEvent *events, int most)
{
	struct epoll_event ready[64];
	int			nready = epoll_wait(loop.epoll, ready,
									Min(most, lengthof(ready)), 0);
	int			n = 0;

	for (int i = 0; i < nready; i++)
	{
		uint64		expirations;

		if (ready[i].data.fd == loop.timer)
		{
			(void) !read(loop.timer, &expirations, sizeof(expirations));
			continue;
		}
		events[n].socket = ready[i].data.fd;
		events[n].readable = (ready[i].events & EPOLLIN) != 0;
		events[n].writable = (ready[i].events & EPOLLOUT) != 0;
		events[n].failed = (ready[i].events & (EPOLLERR | EPOLLHUP)) != 0;
		n++;
	}
	return n;
}

/*
 * qf_loop_wait
 *		Sleep until something happens to a socket, the latch is set or it is
 *		"due".  Returns the microseconds that took.  "event" is a QfWaitEvent,
 *		for others to see.
 */
int64
qf_loop_wait(int64 due, int event)
{
	WaitEvent	occurred[3];
	int64		start = qf_loop_now();
	long		timeout = -1;
	int			noccurred;

	if (due >= 0)
		timeout = due <= start ? 0 :
			(long) ((Min(due - start, MAX_PAUSE) + 999) / 1000);
	noccurred = WaitEventSetWait(loop.wait_set, timeout, occurred,
								 lengthof(occurred), qf_compat_wait_event(event));
	for (int i = 0; i < noccurred; i++)
	{
		if (occurred[i].events & WL_LATCH_SET)
			ResetLatch(MyLatch);
	}
	return qf_loop_now() - start;
}

/*
 * qf_loop_descriptor
 *		A descriptor that is readable when qf_loop_poll() has events, or when
 *		it is "due".  It is always the same; set the time before each wait.
 *
 * "will_wait": the caller is about to do nothing but wait for it, so that time
 * counts as attended if he comes back in the same statement.  What he does
 * between the end of his wait and that is counted with it.
 */
int
qf_loop_descriptor(int64 due, bool will_wait)
{
	int64		now = qf_loop_now();
	int64		pause = due > now ? Min(due - now, MAX_PAUSE) : 0;
	struct itimerspec timer = {0};

	if (due >= 0)
	{
		timer.it_value.tv_sec = pause / 1000000;
		timer.it_value.tv_nsec = pause % 1000000 * 1000;
		/* All zero would mean never. */
		if (pause == 0)
			timer.it_value.tv_nsec = 1;
	}
	(void) timerfd_settime(loop.timer, 0, &timer, NULL);
	if (will_wait)
	{
		loop.since = now;
		loop.elsewhere = GetCurrentStatementStartTimestamp();
	}
	return loop.epoll;
}

/* Microseconds by a clock that nobody sets. */
int64
qf_loop_now(void)
{
	instr_time	now;

	INSTR_TIME_SET_CURRENT(now);
	return (int64) INSTR_TIME_GET_MICROSEC(now);
}

/*
 * qf_loop_enter
 *		Somebody attends to the network from now on.
 *
 * If the stopwatch runs, either he has waited in an Append or an error kept
 * whoever set it going from stopping it.  Only the former counts.
 */
void
qf_loop_enter(void)
{
	int64		now = qf_loop_now();

	if (loop.since > 0 &&
		loop.elsewhere == GetCurrentStatementStartTimestamp())
		loop.attended += now - loop.since;
	loop.since = now;
	loop.elsewhere = 0;
}

/* Nobody attends to the network any more. */
void
qf_loop_leave(void)
{
	loop.attended += qf_loop_now() - loop.since;
	loop.since = 0;
}

/*
 * qf_loop_runs
 *		Does the stopwatch run?  Outside of enter and leave that means that
 *		somebody has waited in an Append.
 */
bool
qf_loop_runs(void)
{
	return loop.since > 0;
}

/*
 * qf_loop_attended
 *		Microseconds that somebody has attended to the network in this session;
 *		to be asked between qf_loop_enter() and qf_loop_leave().
 *
 * Timeouts are measured by it, for an answer that nobody is there to take in,
 * as between two FETCHes of a cursor, is not late.
 */
int64
qf_loop_attended(void)
{
	return loop.attended + qf_loop_now() - loop.since;
}
