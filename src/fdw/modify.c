/*
 * modify.c
 *	  INSERT, and what it has in common with UPDATE and DELETE: adapter over the
 *	  writer.
 *
 * src/fdw/modify.c
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_inherits.h"
#include "executor/executor.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "api/written.h"
#include "base/compat.h"
#include "base/credential.h"
#include "base/mask.h"
#include "base/nls.h"
#include "base/text.h"
#include "fdw/modify.h"
#include "fdw/modify_plan.h"
#include "fdw/modify_state.h"
#include "resource/resource.h"

/*
 * Rows that core hands in at once, for each call in flight.  More than one, so
 * that a slow call does not hold up others often.
 */
#define BATCH_FACTOR 8

/* Which of INSERT, UPDATE and DELETE the table allows. */
int
qianfanIsForeignRelUpdatable(Relation rel)
{
	Oid			relid = RelationGetRelid(rel);
	const QfOptions *options =
	qf_option_resolve(GetForeignServerIdByRelId(relid), relid);

	return options->updatable && options->resource->writes != NULL ?
		(1 << CMD_INSERT) | (1 << CMD_UPDATE) | (1 << CMD_DELETE) : 0;
}

/* Core does not ask qianfanIsForeignRelUpdatable about TRUNCATE. */
void
qianfanExecForeignTruncate(List *rels, DropBehavior behavior,
						   bool restart_seqs)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("cannot truncate foreign table \"%s\"",
					RelationGetRelationName((Relation) linitial(rels)))));
}

static QfModify *
create_modify(EState *estate, ResultRelInfo *relation, QfWriteKind kind)
{
	Relation	rel = relation->ri_RelationDesc;
	Oid			relid = RelationGetRelid(rel);
	MemoryContext context = AllocSetContextCreate(estate->es_query_cxt,
												  "qianfan_fdw modify",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext oldcontext = MemoryContextSwitchTo(context);
	QfModify   *modify = palloc0_object(QfModify);

	modify->context = context;
	modify->row_context = AllocSetContextCreate(context,
												"qianfan_fdw rows written",
												ALLOCSET_DEFAULT_SIZES);
	modify->rel = rel;
	modify->options = qf_option_resolve(GetForeignServerIdByRelId(relid),
										relid);
	modify->user = qf_compat_writing_user(relation, estate);
	modify->kind = kind;
	modify->id_attnum = qf_modify_plan_id(rel, modify->options);
	MemoryContextSwitchTo(oldcontext);
	relation->ri_FdwState = modify;
	return modify;
}

static void
prepare_insert(QfModify *modify)
{
	MemoryContext oldcontext = MemoryContextSwitchTo(modify->context);

	modify->insert = qf_insert_create(modify->rel, modify->options,
									  modify->statement);
	MemoryContextSwitchTo(oldcontext);
}

/* Set up; makes no request. */
void
qianfanBeginForeignModify(ModifyTableState *mtstate, ResultRelInfo *relation,
						  List *fdw_private, int subplan_index, int eflags)
{
	EState	   *estate = mtstate->ps.state;
	CmdType		operation = mtstate->operation;
	List	   *targets = outerPlanState(mtstate)->plan->targetlist;
	QfModify   *modify;

	modify = create_modify(estate, relation,
						   operation == CMD_INSERT ? QF_WRITE_CREATE :
						   operation == CMD_UPDATE ? QF_WRITE_CANCEL :
						   QF_WRITE_DELETE);
	if (eflags & EXEC_FLAG_EXPLAIN_ONLY)
		return;
	modify->statement = estate->es_output_cid;
	if (operation == CMD_INSERT)
	{
		prepare_insert(modify);
		return;
	}
	modify->updated = linitial(fdw_private);
	modify->id_junk =
		ExecFindJunkAttributeInTlist(targets,
									 qf_modify_plan_id_name(modify->rel,
															modify->id_attnum));
	if (!AttributeNumberIsValid(modify->id_junk))
		elog(ERROR, "could not find hidden column with the id");
	modify->row_junk = ExecFindJunkAttributeInTlist(targets, QF_MODIFY_ROW);
	modify->seen = qf_seen_create(modify->context);
}

/* The same for COPY, and for rows that are routed to a partition. */
void
qianfanBeginForeignInsert(ModifyTableState *mtstate, ResultRelInfo *relation)
{
	ModifyTable *plan = (ModifyTable *) mtstate->ps.plan;
	EState	   *estate = mtstate->ps.state;
	QfModify   *modify;

	/* The UPDATE would come to the new objects, too. */
	if (relation->ri_FdwState != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot route tuples into foreign table to be updated \"%s\"",
						RelationGetRelationName(relation->ri_RelationDesc))));
	if (plan != NULL)
		qf_modify_plan_refuse_conflicts(relation->ri_RelationDesc, plan);
	modify = create_modify(estate, relation, QF_WRITE_CREATE);
	modify->statement = plan != NULL ?
		estate->es_output_cid : GetCurrentCommandId(false);
	prepare_insert(modify);
}

/*
 * How many rows of an INSERT may be handed in at once.
 *
 * Core returns no rows of a batch, and nobody must be able to look at one
 * before it is written.
 */
int
qianfanGetForeignModifyBatchSize(ResultRelInfo *relation)
{
	const QfModify *modify = relation->ri_FdwState;
	const TriggerDesc *triggers = relation->ri_TrigDesc;

	if (modify == NULL || modify->options->max_concurrency == 1 ||
		relation->ri_projectReturning != NULL ||
		relation->ri_WithCheckOptions != NIL ||
		(triggers != NULL &&
		 (triggers->trig_insert_before_row ||
		  triggers->trig_insert_after_row)))
		return 1;
	return modify->options->max_concurrency * BATCH_FACTOR;
}

/* Get ready for the first row. */
void
qf_modify_open(QfModify *modify)
{
	if (modify->writer != NULL)
		return;
	modify->credential = qf_credential_find(modify->user,
											modify->options->serverid,
											modify->context);
	if (modify->row != NULL)
		qf_row_set_credential(modify->row, modify->credential);
	modify->writer = qf_writer_create(modify->context, modify->options,
									  modify->credential, &modify->counters,
									  modify->kind, modify->statement);
}

/* Rows are about to be written; what the last ones took is not needed now. */
MemoryContext
qf_modify_begin_rows(QfModify *modify)
{
	MemoryContextReset(modify->row_context);
	return MemoryContextSwitchTo(modify->row_context);
}

/*
 * qf_modify_check_policies
 *		Is a new row as the policies of a partitioned table above want it?  To be
 *		asked before it is sent.  Raises 42501.
 *
 * Core checks rows that it stores itself, and leaves foreign ones alone, for a
 * foreign table has no policies of its own.
 */
void
qf_modify_check_policies(EState *estate, ResultRelInfo *relation, WCOKind kind,
						 TupleTableSlot *slot)
{
	if (relation->ri_WithCheckOptions != NIL)
		ExecWithCheckOptions(kind, relation, slot, estate);
}

/* Create an object. */
TupleTableSlot *
qianfanExecForeignInsert(EState *estate, ResultRelInfo *relation,
						 TupleTableSlot *slot, TupleTableSlot *plan_slot)
{
	QfModify   *modify = relation->ri_FdwState;
	MemoryContext oldcontext = qf_modify_begin_rows(modify);
	Bitmapset  *returned = qf_returned_columns(modify, relation);
	QfWriteRow	row = {0};

	qf_modify_check_policies(estate, relation, WCO_RLS_INSERT_CHECK, slot);
	row.nmembers = qf_insert_members(modify->insert, slot,
									 unconstify(QfMember **, &row.members));
	qf_modify_open(modify);
	qf_writer_run(modify->writer, &row, 1);
	if (!bms_is_empty(returned))
	{
		const QfJson *object = NULL;

		if (!qf_returned_is_known(modify, slot))
		{
			object = qf_writer_read(modify->writer, row.id);
			if (object == NULL)
				ereport(ERROR,
						(errcode(ERRCODE_FDW_ERROR),
						 errmsg("%s \"%s\" was created, but does not exist when it is read",
								qf_translate(modify->options->resource->noun),
								qf_mask_text(modify->credential, row.id,
											 QF_TEXT_LIMIT))));
		}
		qf_returned_show(modify, slot, object, row.id);
	}
	MemoryContextSwitchTo(oldcontext);
	return slot;
}

/* Create objects of which nothing is returned. */
TupleTableSlot **
qianfanExecForeignBatchInsert(EState *estate, ResultRelInfo *relation,
							  TupleTableSlot **slots,
							  TupleTableSlot **plan_slots, int *nslots)
{
	QfModify   *modify = relation->ri_FdwState;
	MemoryContext oldcontext = qf_modify_begin_rows(modify);
	QfWriteRow *rows = palloc0(sizeof(QfWriteRow) * *nslots);

	for (int i = 0; i < *nslots; i++)
		rows[i].nmembers =
			qf_insert_members(modify->insert, slots[i],
							  unconstify(QfMember **, &rows[i].members));
	qf_modify_open(modify);
	qf_writer_run(modify->writer, rows, *nslots);
	MemoryContextSwitchTo(oldcontext);
	return slots;
}

/* The statement has ended well. */
void
qianfanEndForeignModify(EState *estate, ResultRelInfo *relation)
{
	QfModify   *modify = relation->ri_FdwState;

	if (modify == NULL)
		return;
	relation->ri_FdwState = NULL;
	if (modify->writer != NULL)
		qf_written_fold(modify->statement);
	MemoryContextDelete(modify->context);
}

/* What the writes have cost so far; for EXPLAIN. */
const QfCounters *
qf_modify_counters(const ResultRelInfo *relation)
{
	return &((QfModify *) relation->ri_FdwState)->counters;
}

/* Which action writes. */
const char *
qf_modify_action(const ResultRelInfo *relation)
{
	const QfModify *modify = relation->ri_FdwState;
	const QfWrites *writes = modify->options->resource->writes;

	return modify->kind == QF_WRITE_CREATE ? writes->create_action :
		modify->kind == QF_WRITE_CANCEL ? writes->cancel_action :
		writes->delete_action;
}

/* Is it a foreign table of ours? */
static bool
is_ours(Oid relid)
{
	return get_rel_relkind(relid) == RELKIND_FOREIGN_TABLE &&
		GetFdwRoutineByRelId(relid)->ExecForeignInsert ==
		qianfanExecForeignInsert;
}

/*
 * qf_modify_writes
 *		Does the statement write to a foreign table of ours, if only through a
 *		partitioned one?
 */
bool
qf_modify_writes(const EState *estate)
{
	ListCell   *lc;
	ListCell   *lc2;

	foreach(lc, qf_compat_result_relations(estate->es_plannedstmt))
	{
		Oid			relid = exec_rt_fetch(lfirst_int(lc),
										  unconstify(EState *, estate))->relid;

		if (is_ours(relid))
			return true;
		if (get_rel_relkind(relid) != RELKIND_PARTITIONED_TABLE)
			continue;
		foreach(lc2, find_all_inheritors(relid, NoLock, NULL))
		{
			if (is_ours(lfirst_oid(lc2)))
				return true;
		}
	}
	return false;
}
