/*
 * start.h
 *	  What has to be done around the start of an execution.
 *
 * src/fdw/start.h
 */
#ifndef QF_FDW_START_H
#define QF_FDW_START_H

#include "nodes/execnodes.h"

extern void qf_start_init(void);
extern void qf_start_want_root(PlanState **root);

#endif							/* QF_FDW_START_H */
