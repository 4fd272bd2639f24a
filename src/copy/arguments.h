/*
 * arguments.h
 *	  How a procedure of ours begins.
 *
 * src/copy/arguments.h
 */
#ifndef QF_COPY_ARGUMENTS_H
#define QF_COPY_ARGUMENTS_H

#include "fmgr.h"

extern void qf_arguments_check(FunctionCallInfo fcinfo,
							   const char *const *names, int count);
extern void qf_arguments_connect(FunctionCallInfo fcinfo, bool commits,
								 const char *what);

#endif							/* QF_COPY_ARGUMENTS_H */
