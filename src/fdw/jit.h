/*
 * jit.h
 *	  Whether a plan is worth compiling.
 *
 * src/fdw/jit.h
 */
#ifndef QF_FDW_JIT_H
#define QF_FDW_JIT_H

#include "nodes/plannodes.h"

extern int	qf_jit_flags(const PlannedStmt *statement);

#endif							/* QF_FDW_JIT_H */
