/*
 * targets.h
 *	  Targets that need a server.
 *
 * test/fuzz/targets.h
 */
#ifndef QF_TEST_TARGETS_H
#define QF_TEST_TARGETS_H

#include <stddef.h>
#include <stdint.h>

typedef struct FuzzTarget
{
	const char *name;
	void		(*set_up) (void);
	void		(*run) (const uint8_t *data, size_t size);	/* may raise an
															 * error */
} FuzzTarget;

extern const FuzzTarget fuzz_row_target;
extern const FuzzTarget fuzz_option_target;

#endif							/* QF_TEST_TARGETS_H */
