/*
 * stubs.h
 *	  The few things of a server that the tested files need.
 *
 * Names no type of the server, so that frontend programs can use it too.
 *
 * test/unit/stubs.h
 */
#ifndef QF_TEST_STUBS_H
#define QF_TEST_STUBS_H

#include <stdbool.h>

/* What the last error said; "" and 0 when there was none. */
extern char stub_error_message[200];
extern int	stub_error_code;

extern void stub_enter(void);
extern void stub_leave(void);
extern void stub_fail_allocation(int number);
extern bool stub_raises(void (*function) (void *arg), void *arg);
extern bool stub_finds_leaks(void);

#endif							/* QF_TEST_STUBS_H */
