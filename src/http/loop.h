/*
 * loop.h
 *	  The one place where this session waits for the network.
 *
 * src/http/loop.h
 */
#ifndef QF_HTTP_LOOP_H
#define QF_HTTP_LOOP_H

/* A socket that something has happened to. */
typedef struct QfLoopEvent
{
	int			socket;
	bool		readable;
	bool		writable;
	bool		failed;
} QfLoopEvent;

/* Times are microseconds of a clock that nobody sets; -1 is never. */
extern void qf_loop_open(void);
extern bool qf_loop_watch(int sock, bool readable, bool writable);
extern void qf_loop_forget(int sock);
extern int	qf_loop_poll(QfLoopEvent *events, int most);
extern int64 qf_loop_wait(int64 due, int event);
extern int	qf_loop_descriptor(int64 due, bool will_wait);
extern int64 qf_loop_now(void);
extern void qf_loop_enter(void);
extern void qf_loop_leave(void);
extern bool qf_loop_runs(void);
extern int64 qf_loop_attended(void);

#endif							/* QF_HTTP_LOOP_H */
