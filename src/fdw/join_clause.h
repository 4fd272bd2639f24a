/*
 * join_clause.h
 *	  Which join clauses would restrict what the API is asked for.
 *
 * src/fdw/join_clause.h
 */
#ifndef QF_FDW_JOIN_CLAUSE_H
#define QF_FDW_JOIN_CLAUSE_H

#include "nodes/pathnodes.h"

extern List *qf_join_clauses_usable(PlannerInfo *root, RelOptInfo *baserel);

#endif							/* QF_FDW_JOIN_CLAUSE_H */
