/*
 * stage.h
 *	  Rows on their way, which SQL can read by a name.
 *
 * src/copy/stage.h
 */
#ifndef QF_COPY_STAGE_H
#define QF_COPY_STAGE_H

#include "access/tupdesc.h"
#include "executor/tuptable.h"
#include "nodes/params.h"

typedef struct QfStage QfStage;

extern QfStage *qf_stage_create(const char *name, TupleDesc desc,
								bool beyond_commit);
extern int64 qf_stage_fill(QfStage *stage, const char *query,
						   ParamListInfo parameters);
extern TupleTableSlot *qf_stage_slot(const QfStage *stage);
extern bool qf_stage_next(QfStage *stage, TupleTableSlot *slot);
extern void qf_stage_put(QfStage *stage, TupleTableSlot *slot);
extern void qf_stage_empty(QfStage *stage);
extern void qf_stage_end(QfStage *stage);

#endif							/* QF_COPY_STAGE_H */
