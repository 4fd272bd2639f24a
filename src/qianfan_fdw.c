/*
 * qianfan_fdw.c
 *	  Module magic, _PG_init, and the handler: the table of callbacks.
 *
 * src/qianfan_fdw.c
 */
#include "postgres.h"

#include "fmgr.h"
#include "foreign/fdwapi.h"

#include "base/compat.h"
#include "base/guc.h"
#include "fdw/analyze.h"
#include "fdw/async.h"
#include "fdw/explain.h"
#include "fdw/import.h"
#include "fdw/modify.h"
#include "fdw/modify_plan.h"
#include "fdw/path.h"
#include "fdw/plan.h"
#include "fdw/reader.h"
#include "fdw/scan.h"
#include "fdw/start.h"
#include "join/lookup_join.h"
#include "shared/area.h"

QF_MODULE_MAGIC("qianfan_fdw", QIANFAN_FDW_VERSION);

PG_FUNCTION_INFO_V1(qianfan_fdw_handler);

void		_PG_init(void);

/* Cheap, for parallel workers and whoever preloads us come here too. */
void
_PG_init(void)
{
	qf_guc_init();
	qf_reader_init();
	qf_lookup_join_init();
	qf_start_init();
	qf_area_init();
}

Datum
qianfan_fdw_handler(PG_FUNCTION_ARGS)
{
	FdwRoutine *routine = makeNode(FdwRoutine);

	routine->GetForeignRelSize = qianfanGetForeignRelSize;
	routine->GetForeignPaths = qianfanGetForeignPaths;
	routine->GetForeignPlan = qianfanGetForeignPlan;

	routine->BeginForeignScan = qianfanBeginForeignScan;
	routine->IterateForeignScan = qianfanIterateForeignScan;
	routine->ReScanForeignScan = qianfanReScanForeignScan;
	routine->EndForeignScan = qianfanEndForeignScan;
	routine->ExplainForeignScan = qianfanExplainForeignScan;

	routine->IsForeignPathAsyncCapable = qianfanIsForeignPathAsyncCapable;
	routine->ForeignAsyncRequest = qianfanForeignAsyncRequest;
	routine->ForeignAsyncConfigureWait = qianfanForeignAsyncConfigureWait;
	routine->ForeignAsyncNotify = qianfanForeignAsyncNotify;

	routine->AnalyzeForeignTable = qianfanAnalyzeForeignTable;

	routine->IsForeignRelUpdatable = qianfanIsForeignRelUpdatable;
	routine->AddForeignUpdateTargets = qianfanAddForeignUpdateTargets;
	routine->PlanForeignModify = qianfanPlanForeignModify;
	routine->BeginForeignModify = qianfanBeginForeignModify;
	routine->ExecForeignInsert = qianfanExecForeignInsert;
	routine->ExecForeignBatchInsert = qianfanExecForeignBatchInsert;
	routine->GetForeignModifyBatchSize = qianfanGetForeignModifyBatchSize;
	routine->ExecForeignUpdate = qianfanExecForeignUpdate;
	routine->ExecForeignDelete = qianfanExecForeignDelete;
	routine->EndForeignModify = qianfanEndForeignModify;
	routine->BeginForeignInsert = qianfanBeginForeignInsert;
	routine->EndForeignInsert = qianfanEndForeignModify;
	routine->ExplainForeignModify = qianfanExplainForeignModify;
	routine->ExecForeignTruncate = qianfanExecForeignTruncate;

	routine->ImportForeignSchema = qianfanImportForeignSchema;

	PG_RETURN_POINTER(routine);
}
