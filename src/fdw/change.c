/*
 * change.c
 *	  UPDATE, which cancels, and DELETE.
 *
 * The row says by its id which object is meant, and each id is written once in a
 * statement.
 *
 * src/fdw/change.c
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "executor/executor.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "api/written.h"
#include "base/nls.h"
#include "base/text.h"
#include "fdw/modify.h"
#include "fdw/modify_state.h"
#include "resource/resource.h"

/* The id of the row that the plan has found; UTF-8, in the current context. */
static char *
read_id(const QfModify *modify, TupleTableSlot *plan_slot)
{
	Form_pg_attribute attribute =
	TupleDescAttr(RelationGetDescr(modify->rel), modify->id_attnum - 1);
	bool		isnull;
	Datum		value = slot_getattr(plan_slot, modify->id_junk, &isnull);
	Oid			function;
	bool		is_varlena;
	char	   *id;

	if (isnull)
		elog(ERROR, "id is null");
	getTypeOutputInfo(attribute->atttypid, &function, &is_varlena);
	id = qf_text_to_utf8(OidOutputFunctionCall(function, value));
	if (id == NULL)
		elog(ERROR, "id is not text");
	return id;
}

/* The row as the plan has found it; NULL if it does not carry that along. */
static HeapTuple
read_row(const QfModify *modify, TupleTableSlot *plan_slot)
{
	HeapTuple	tuple;
	HeapTupleHeader header;
	bool		isnull = true;
	Datum		value = 0;

	if (AttributeNumberIsValid(modify->row_junk))
		value = slot_getattr(plan_slot, modify->row_junk, &isnull);
	if (isnull)
		return NULL;
	header = DatumGetHeapTupleHeader(value);
	tuple = palloc0_object(HeapTupleData);
	tuple->t_len = HeapTupleHeaderGetDatumLength(header);
	ItemPointerSetInvalid(&tuple->t_self);
	tuple->t_tableOid = RelationGetRelid(modify->rel);
	tuple->t_data = header;
	return tuple;
}

/* For an error: what the statement has done before, as its detail. */
static int
detail_done(const QfModify *modify)
{
	char	   *done = qf_written_tell(modify->kind, modify->statement);

	return done == NULL ? 0 :
		errdetail("Rows of this statement done before: %s.", done);
}

static _Noreturn void
refuse_change(const QfModify *modify, int attnum)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("column \"%s\" of foreign table \"%s\" cannot be changed in this way",
					NameStr(TupleDescAttr(RelationGetDescr(modify->rel),
										  attnum - 1)->attname),
					RelationGetRelationName(modify->rel)),
			 detail_done(modify),
			 errhint("UPDATE can only set the state to \"%s\" or \"%s\", which cancels.",
					 modify->options->resource->writes->cancelled_states[0],
					 modify->options->resource->writes->cancelled_states[1])));
}

/* What a column of the new row is set to has to mean that it is cancelled. */
static void
check_state(const QfModify *modify, TupleTableSlot *slot, int attnum)
{
	const char *const *states =
	modify->options->resource->writes->cancelled_states;
	bool		isnull;
	Datum		value = slot_getattr(slot, attnum, &isnull);
	Oid			function;
	bool		is_varlena;
	const char *text;

	if (isnull)
		refuse_change(modify, attnum);
	getTypeOutputInfo(TupleDescAttr(slot->tts_tupleDescriptor,
									attnum - 1)->atttypid,
					  &function, &is_varlena);
	text = OidOutputFunctionCall(function, value);
	for (; *states != NULL; states++)
	{
		if (strcmp(text, *states) == 0)
			return;
	}
	refuse_change(modify, attnum);
}

/* A trigger may have changed columns that the statement does not name. */
static void
check_triggers_changes(const QfModify *modify, const ResultRelInfo *relation,
					   TupleTableSlot *slot, TupleTableSlot *plan_slot)
{
	TupleDesc	desc = RelationGetDescr(modify->rel);
	HeapTuple	tuple;

	if (relation->ri_TrigDesc == NULL ||
		!relation->ri_TrigDesc->trig_update_before_row)
		return;
	tuple = read_row(modify, plan_slot);
	for (int i = 1; tuple != NULL && i <= desc->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, i - 1);
		bool		was_null;
		bool		is_null;
		Datum		was;
		Datum		is;

		if (attribute->attisdropped || attribute->attgenerated != '\0' ||
			list_member_int(modify->updated, i))
			continue;
		was = heap_getattr(tuple, i, desc, &was_null);
		is = slot_getattr(slot, i, &is_null);
		if (was_null != is_null ||
			(!is_null && !datum_image_eq(was, is, attribute->attbyval,
										 attribute->attlen)))
			refuse_change(modify, i);
	}
}

/* Cancel an object; an empty result if there is none, or it was done before. */
TupleTableSlot *
qianfanExecForeignUpdate(EState *estate, ResultRelInfo *relation,
						 TupleTableSlot *slot, TupleTableSlot *plan_slot)
{
	QfModify   *modify = relation->ri_FdwState;
	MemoryContext oldcontext = qf_modify_begin_rows(modify);
	QfWriteRow	row = {0};
	Bitmapset  *returned = qf_returned_columns(modify, relation);
	ListCell   *lc;

	foreach(lc, modify->updated)
		check_state(modify, slot, lfirst_int(lc));
	check_triggers_changes(modify, relation, slot, plan_slot);
	qf_modify_check_policies(estate, relation, WCO_RLS_UPDATE_CHECK, slot);
	row.id = read_id(modify, plan_slot);
	row.gone = qf_seen_add(modify->seen, row.id);
	if (!row.gone)
	{
		qf_modify_open(modify);
		qf_writer_run(modify->writer, &row, 1);
	}

	if (!row.gone && bms_num_members(returned) >
		(bms_is_member(modify->id_attnum, returned) ? 1 : 0))
	{
		const QfJson *object = qf_writer_read(modify->writer, row.id);

		row.gone = object == NULL;
		if (object != NULL)
		{
			ExecStoreAllNullTuple(slot);
			qf_returned_show(modify, slot, object, row.id);
		}
	}
	else if (!row.gone && returned != NULL)
		qf_returned_show(modify, slot, NULL, row.id);
	MemoryContextSwitchTo(oldcontext);
	return row.gone ? NULL : slot;
}

/* Delete an object; likewise.  The slot gets it as it was read. */
TupleTableSlot *
qianfanExecForeignDelete(EState *estate, ResultRelInfo *relation,
						 TupleTableSlot *slot, TupleTableSlot *plan_slot)
{
	QfModify   *modify = relation->ri_FdwState;
	MemoryContext oldcontext = qf_modify_begin_rows(modify);
	QfWriteRow	row = {0};

	row.id = read_id(modify, plan_slot);
	row.gone = qf_seen_add(modify->seen, row.id);
	if (!row.gone)
	{
		qf_modify_open(modify);
		qf_writer_run(modify->writer, &row, 1);
	}
	if (!row.gone && relation->ri_projectReturning != NULL)
	{
		HeapTuple	tuple = read_row(modify, plan_slot);

		if (tuple != NULL)
			ExecForceStoreHeapTuple(heap_copytuple(tuple), slot, false);
	}
	MemoryContextSwitchTo(oldcontext);
	return row.gone ? NULL : slot;
}
