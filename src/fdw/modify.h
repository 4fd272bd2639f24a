/*
 * modify.h
 *	  Writing is refused.
 *
 * src/fdw/modify.h
 */
#ifndef QF_FDW_MODIFY_H
#define QF_FDW_MODIFY_H

#include "foreign/fdwapi.h"

extern int	qianfanIsForeignRelUpdatable(Relation rel);
extern TupleTableSlot *qianfanRefuseModify(EState *estate,
										   ResultRelInfo *result_rel,
										   TupleTableSlot *slot,
										   TupleTableSlot *plan_slot);
extern void qianfanExecForeignTruncate(List *rels, DropBehavior behavior,
									   bool restart_seqs);

#endif							/* QF_FDW_MODIFY_H */
