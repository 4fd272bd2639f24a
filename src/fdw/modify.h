/*
 * modify.h
 *	  INSERT, UPDATE and DELETE.
 *
 * src/fdw/modify.h
 */
#ifndef QF_FDW_MODIFY_H
#define QF_FDW_MODIFY_H

#include "foreign/fdwapi.h"

#include "base/counters.h"

extern int	qianfanIsForeignRelUpdatable(Relation rel);
extern void qianfanBeginForeignModify(ModifyTableState *mtstate,
									  ResultRelInfo *relation,
									  List *fdw_private, int subplan_index,
									  int eflags);
extern void qianfanBeginForeignInsert(ModifyTableState *mtstate,
									  ResultRelInfo *relation);
extern int	qianfanGetForeignModifyBatchSize(ResultRelInfo *relation);
extern TupleTableSlot *qianfanExecForeignInsert(EState *estate,
												ResultRelInfo *relation,
												TupleTableSlot *slot,
												TupleTableSlot *plan_slot);
extern TupleTableSlot **qianfanExecForeignBatchInsert(EState *estate,
													  ResultRelInfo *relation,
													  TupleTableSlot **slots,
													  TupleTableSlot **plan_slots,
													  int *nslots);
extern TupleTableSlot *qianfanExecForeignUpdate(EState *estate,
												ResultRelInfo *relation,
												TupleTableSlot *slot,
												TupleTableSlot *plan_slot);
extern TupleTableSlot *qianfanExecForeignDelete(EState *estate,
												ResultRelInfo *relation,
												TupleTableSlot *slot,
												TupleTableSlot *plan_slot);
extern void qianfanEndForeignModify(EState *estate, ResultRelInfo *relation);
extern void qianfanExecForeignTruncate(List *rels, DropBehavior behavior,
									   bool restart_seqs);
extern const QfCounters *qf_modify_counters(const ResultRelInfo *relation);
extern const char *qf_modify_action(const ResultRelInfo *relation);
extern bool qf_modify_writes(const EState *estate);

#endif							/* QF_FDW_MODIFY_H */
