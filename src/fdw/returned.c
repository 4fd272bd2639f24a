/*
 * returned.c
 *	  What is shown of a row after it was written: to RETURNING, to triggers, to
 *	  the check option of a view.
 *
 * What was sent is known, and the id is in the answer.  If anything else is
 * asked for, the object is read.
 *
 * src/fdw/returned.c
 */
#include "postgres.h"

#include "executor/executor.h"
#include "mb/pg_wchar.h"
#include "nodes/nodeFuncs.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "fdw/modify_state.h"

/* Add the columns of the table that an expression looks at. */
static bool
add_columns(Node *node, void *context)
{
	Bitmapset **columns = context;

	if (node == NULL)
		return false;
	if (IsA(node, Var))
	{
		const Var  *var = (const Var *) node;

		/* The plan has those of other tables. */
		if (!IS_SPECIAL_VARNO(var->varno) && var->varattno >= 0 &&
			!qf_compat_is_old(var))
			*columns = bms_add_member(*columns, var->varattno);
		return false;
	}
	return expression_tree_walker(node, add_columns, context);
}

/* Does a trigger see the row after it was written? */
static bool
has_after_trigger(const ResultRelInfo *relation, QfWriteKind kind)
{
	const TriggerDesc *triggers = relation->ri_TrigDesc;

	return triggers != NULL &&
		(kind == QF_WRITE_CREATE ? triggers->trig_insert_after_row :
		 triggers->trig_update_after_row);
}

/* Will the check option of a view look at the row? */
static bool
has_view_checks(const ResultRelInfo *relation)
{
	ListCell   *lc;

	foreach(lc, relation->ri_WithCheckOptions)
	{
		if (lfirst_node(WithCheckOption, lc)->kind == WCO_VIEW_CHECK)
			return true;
	}
	return false;
}

/*
 * qf_returned_columns
 *		Which columns somebody looks at after an INSERT or UPDATE, as attribute
 *		numbers; prepares to read them.
 *
 * To be asked before anything is written, for it raises HV005 if one of them
 * cannot be read.
 */
Bitmapset *
qf_returned_columns(QfModify *modify, const ResultRelInfo *relation)
{
	Bitmapset  *columns = NULL;
	MemoryContext oldcontext;

	if (modify->returns_known)
		return modify->returned;
	oldcontext = MemoryContextSwitchTo(modify->context);
	if (relation->ri_projectReturning != NULL)
		(void) add_columns((Node *) relation->ri_returningList, &columns);
	if (bms_is_member(InvalidAttrNumber, columns) ||
		has_view_checks(relation) ||
		has_after_trigger(relation, modify->kind))
		columns = bms_add_range(columns, 1,
								RelationGetNumberOfAttributes(modify->rel));
	columns = bms_del_member(columns, InvalidAttrNumber);
	for (int i = 0; i < RelationGetNumberOfAttributes(modify->rel); i++)
	{
		Form_pg_attribute attribute =
		TupleDescAttr(RelationGetDescr(modify->rel), i);

		/* What is computed here is in the row already. */
		if (attribute->attisdropped || attribute->attgenerated != '\0')
			columns = bms_del_member(columns, i + 1);
	}
	modify->returned = columns;
	modify->returns_known = true;
	if (!bms_is_empty(modify->returned))
		modify->row = qf_row_create(modify->rel, modify->options->resource,
									modify->returned);
	MemoryContextSwitchTo(oldcontext);
	return modify->returned;
}

/* Does a new object's own row tell all that is returned but for its id? */
bool
qf_returned_is_known(const QfModify *modify, TupleTableSlot *slot)
{
	int			i = -1;

	while ((i = bms_next_member(modify->returned, i)) >= 0)
	{
		if (i != modify->id_attnum &&
			!(qf_insert_sets(modify->insert, i) && !slot->tts_isnull[i - 1]))
			return false;
	}
	return true;
}

/* The id as a value of its column. */
static Datum
id_value(const QfModify *modify, const char *id)
{
	Form_pg_attribute attribute =
	TupleDescAttr(RelationGetDescr(modify->rel), modify->id_attnum - 1);
	Oid			function;
	Oid			typioparam;

	getTypeInputInfo(attribute->atttypid, &function, &typioparam);
	return OidInputFunctionCall(function,
								pg_any_to_server(id, strlen(id), PG_UTF8),
								typioparam, attribute->atttypmod);
}

/*
 * Put an object that was read into the slot.  What no answer has, such as what
 * only INSERT uses, stays as it is.
 */
void
qf_returned_show(QfModify *modify, TupleTableSlot *slot, const QfJson *object,
				 const char *id)
{
	TupleDesc	desc = slot->tts_tupleDescriptor;
	Datum	   *values = palloc(sizeof(Datum) * desc->natts);
	bool	   *nulls = palloc(sizeof(bool) * desc->natts);

	slot_getallattrs(slot);
	if (object != NULL)
		qf_row_fill(modify->row, object, id, values, nulls);
	for (int i = 0; i < desc->natts; i++)
	{
		if (object == NULL || nulls[i])
		{
			values[i] = slot->tts_values[i];
			nulls[i] = slot->tts_isnull[i];
		}
	}
	if (modify->id_attnum > 0)
	{
		values[modify->id_attnum - 1] = id_value(modify, id);
		nulls[modify->id_attnum - 1] = false;
	}
	ExecForceStoreHeapTuple(heap_form_tuple(desc, values, nulls), slot, false);
}
