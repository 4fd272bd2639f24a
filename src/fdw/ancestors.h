/*
 * ancestors.h
 *	  The plan nodes above a scan.
 *
 * src/fdw/ancestors.h
 */
#ifndef QF_FDW_ANCESTORS_H
#define QF_FDW_ANCESTORS_H

#include "nodes/execnodes.h"

extern List *qf_ancestors_find(PlanState *root, const PlanState *node);

#endif							/* QF_FDW_ANCESTORS_H */
