/*
 * stage.c
 *	  Rows on their way, which SQL can read by a name.
 *
 * What a trigger sees as transition table: a tuplestore, in memory up to
 * work_mem and then on disk, that a query finds by its name before it looks for
 * relations.  So sets are compared by the executor, no temporary table bloats
 * the catalogs, and no search_path can put another table in its place.
 *
 * src/copy/stage.c
 */
#include "postgres.h"

#include "executor/executor.h"
#include "executor/spi.h"
#include "executor/tstoreReceiver.h"
#include "miscadmin.h"
#include "utils/queryenvironment.h"
#include "utils/tuplestore.h"

#include "base/nls.h"
#include "copy/stage.h"

struct QfStage
{
	EphemeralNamedRelationData relation;	/* reldata: the tuplestore */
	MemoryContext context;		/* owns all this */
	bool		beyond_commit;	/* is it to outlive the transaction? */
	int64		nrows;
};

static void
begin_store(QfStage *stage)
{
	MemoryContext oldcontext = MemoryContextSwitchTo(stage->context);

	stage->relation.reldata = tuplestore_begin_heap(true, stage->beyond_commit,
													work_mem);
	MemoryContextSwitchTo(oldcontext);
	stage->nrows = 0;
}

/*
 * qf_stage_create
 *		An empty stage in the current context, known to the SQL of the current
 *		SPI connection by "name".
 *
 * If it is to outlive the transaction, it has to be filled within one, and only
 * qf_stage_end() gives back its disk space.
 */
QfStage *
qf_stage_create(const char *name, TupleDesc desc, bool beyond_commit)
{
	QfStage    *stage = palloc0_object(QfStage);

	stage->context = CurrentMemoryContext;
	stage->beyond_commit = beyond_commit;
	stage->relation.md.name = pstrdup(name);
	stage->relation.md.tupdesc = desc;
	stage->relation.md.enrtype = ENR_NAMED_TUPLESTORE;
	begin_store(stage);
	if (SPI_register_relation(&stage->relation) != SPI_OK_REL_REGISTER)
		elog(ERROR, "could not register relation \"%s\"", name);
	return stage;
}

/*
 * qf_stage_fill
 *		Add the rows of a query, and return how many there are.
 *
 * Its columns have to be those of the stage.
 */
int64
qf_stage_fill(QfStage *stage, const char *query, ParamListInfo parameters)
{
	SPIExecuteOptions options = {0};
	int			result;

	options.params = parameters;
	options.dest = CreateDestReceiver(DestTuplestore);
	SetTuplestoreDestReceiverParams(options.dest, stage->relation.reldata,
									stage->context, false,
									stage->relation.md.tupdesc,
									qf_translate("columns have changed meanwhile"));
	result = SPI_execute_extended(query, &options);
	options.dest->rDestroy(options.dest);
	if (result != SPI_OK_SELECT)
		elog(ERROR, "could not execute \"%s\": %s", query,
			 SPI_result_code_string(result));
	stage->nrows += SPI_processed;
	stage->relation.md.enrtuples = stage->nrows;
	return SPI_processed;
}

/* A slot for its rows. */
TupleTableSlot *
qf_stage_slot(const QfStage *stage)
{
	return MakeSingleTupleTableSlot(stage->relation.md.tupdesc,
									&TTSOpsMinimalTuple);
}

/*
 * qf_stage_next
 *		The next row; false after the last one.  It is in the slot until the
 *		next call.
 */
bool
qf_stage_next(QfStage *stage, TupleTableSlot *slot)
{
	tuplestore_select_read_pointer(stage->relation.reldata, 0);
	return tuplestore_gettupleslot(stage->relation.reldata, true, false, slot);
}

/* Add a row of another stage with the same columns. */
void
qf_stage_put(QfStage *stage, TupleTableSlot *slot)
{
	tuplestore_puttupleslot(stage->relation.reldata, slot);
	stage->nrows++;
	stage->relation.md.enrtuples = stage->nrows;
}

/*
 * qf_stage_empty
 *		Throw all rows away.
 *
 * Each query that has read the stage has left a read pointer, which only a new
 * store is rid of.
 */
void
qf_stage_empty(QfStage *stage)
{
	qf_stage_end(stage);
	begin_store(stage);
	stage->relation.md.enrtuples = 0;
}

/* Free the rows, in memory and on disk.  Can be called again. */
void
qf_stage_end(QfStage *stage)
{
	Tuplestorestate *store = stage->relation.reldata;

	stage->relation.reldata = NULL;
	if (store != NULL)
		tuplestore_end(store);
}
