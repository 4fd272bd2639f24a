/*
 * state_change.c
 *	  Trigger functions on a copy: what they do on each new task and each change
 *	  of state.
 *
 * src/copy/state_change.c
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/partition.h"
#include "catalog/pg_type.h"
#include "commands/async.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/hsearch.h"
#include "utils/json.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "base/nls.h"
#include "copy/source.h"

/* The channel that is told if no other is named. */
#define CHANNEL "qianfan_fdw"

/* Most columns a trigger function looks at: id, state, time of ending. */
#define MAX_COLUMNS 3

/* A change, while the trigger runs. */
typedef struct Change
{
	TriggerData *trigger;
	HeapTuple	row;			/* as it is now */
	HeapTuple	old_row;		/* NULL: it is new */
	int			columns[MAX_COLUMNS];	/* attribute numbers; 0: none */
} Change;

/* Plans that fill histories; kept for the session. */
typedef struct HistoryPlan
{
	Oid			trigger;		/* key */
	char	   *sql;			/* NULL: there is no plan yet */
	Oid			types[MAX_COLUMNS]; /* of its parameters */
	SPIPlanPtr	plan;
} HistoryPlan;

static HTAB *history_plans = NULL;

PG_FUNCTION_INFO_V1(qianfan_fdw_notify);
PG_FUNCTION_INFO_V1(qianfan_fdw_history);

/* The trigger's argument of that number, or what stands for it. */
static const char *
argument(const TriggerData *data, int number, const char *otherwise)
{
	return data->tg_trigger->tgnargs > number ?
		data->tg_trigger->tgargs[number] : otherwise;
}

/* The attribute number of a column, or 0 without a name. */
static int
find_column(const TriggerData *data, const char *name)
{
	int			attnum = 0;

	if (name == NULL)
		return 0;
	attnum = SPI_fnumber(RelationGetDescr(data->tg_relation), name);
	if (attnum <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("table \"%s\" has no column \"%s\"",
						RelationGetRelationName(data->tg_relation), name),
				 errhint("Name the columns in the arguments of the trigger.")));
	return attnum;
}

/*
 * Read what has happened; raises 39P01 if the function was not called by an
 * AFTER trigger for each row that was inserted or updated.
 */
static void
read_change(FunctionCallInfo fcinfo, const char *function, Change *change)
{
	TriggerData *data = (TriggerData *) fcinfo->context;
	bool		updated;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_AFTER(data->tg_event) ||
		!TRIGGER_FIRED_FOR_ROW(data->tg_event) ||
		TRIGGER_FIRED_BY_DELETE(data->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" was not called by a trigger that fires after INSERT or UPDATE for each row",
						function)));
	updated = TRIGGER_FIRED_BY_UPDATE(data->tg_event);
	change->trigger = data;
	change->row = updated ? data->tg_newtuple : data->tg_trigtuple;
	change->old_row = updated ? data->tg_trigtuple : NULL;
}

/* Is the row new, or has its state changed? */
static bool
has_changed(const Change *change)
{
	TupleDesc	desc = RelationGetDescr(change->trigger->tg_relation);
	int			attnum = change->columns[1];
	Form_pg_attribute attribute = TupleDescAttr(desc, attnum - 1);
	bool		isnull;
	bool		was_null;
	Datum		state;
	Datum		old_state;

	if (change->old_row == NULL)
		return true;
	state = heap_getattr(change->row, attnum, desc, &isnull);
	old_state = heap_getattr(change->old_row, attnum, desc, &was_null);
	if (isnull || was_null)
		return isnull != was_null;
	return !datum_image_eq(state, old_state, attribute->attbyval,
						   attribute->attlen);
}

/* Add "name": the value of a column, as JSON. */
static void
append_value(StringInfo payload, const Change *change, const char *name,
			 HeapTuple row, int attnum)
{
	TupleDesc	desc = RelationGetDescr(change->trigger->tg_relation);
	char	   *value = row == NULL ? NULL : SPI_getvalue(row, desc, attnum);

	appendStringInfo(payload, ", \"%s\": ", name);
	if (value == NULL)
		appendStringInfoString(payload, "null");
	else
		escape_json(payload, value);
}

/* The table that the user knows, of which this may be a partition. */
static char *
table_name(Relation relation)
{
	Oid			relid = RelationGetRelid(relation);

	if (relation->rd_rel->relispartition)
		relid = llast_oid(get_partition_ancestors(relid));
	return qf_source_sql_name(relid);
}

/*
 * qianfan_fdw_notify
 *		Trigger function: pg_notify() on each new task and change of state.
 *
 * Arguments of the trigger: channel, id column, state column.  The payload is
 * JSON, {"table", "id", "state", "old_state"}.
 */
Datum
qianfan_fdw_notify(PG_FUNCTION_ARGS)
{
	Change		change = {0};
	StringInfoData payload;

	read_change(fcinfo, "qianfan_fdw_notify", &change);
	change.columns[0] = find_column(change.trigger,
									argument(change.trigger, 1, "id"));
	change.columns[1] = find_column(change.trigger,
									argument(change.trigger, 2, "state"));
	if (has_changed(&change))
	{
		initStringInfo(&payload);
		appendStringInfoString(&payload, "{\"table\": ");
		escape_json(&payload, table_name(change.trigger->tg_relation));
		append_value(&payload, &change, "id", change.row, change.columns[0]);
		append_value(&payload, &change, "state", change.row,
					 change.columns[1]);
		append_value(&payload, &change, "old_state", change.old_row,
					 change.columns[1]);
		appendStringInfoChar(&payload, '}');
		Async_Notify(argument(change.trigger, 0, CHANNEL), payload.data);
	}
	return PointerGetDatum(NULL);
}

/* The INSERT into the history, which lies beside the table. */
static char *
history_sql(const Change *change)
{
	Oid			relid = RelationGetRelid(change->trigger->tg_relation);

	if (change->trigger->tg_relation->rd_rel->relispartition)
		relid = llast_oid(get_partition_ancestors(relid));
	return psprintf("INSERT INTO %s (id, state, finish_time) VALUES ($1, $2, $3)",
					quote_qualified_identifier(get_namespace_name(get_rel_namespace(relid)),
											   change->trigger->tg_trigger->tgargs[0]));
}

/*
 * The plan for it, made once in a session for each trigger, and anew if tables
 * were renamed or columns have another type.
 */
static SPIPlanPtr
history_plan(const Change *change)
{
	char	   *sql = history_sql(change);
	TupleDesc	desc = RelationGetDescr(change->trigger->tg_relation);
	Oid			types[MAX_COLUMNS];
	HistoryPlan *entry;
	bool		found;

	if (history_plans == NULL)
	{
		HASHCTL		control = {0};

		control.keysize = sizeof(Oid);
		control.entrysize = sizeof(HistoryPlan);
		history_plans = hash_create("qianfan_fdw_history", 8, &control,
									HASH_ELEM | HASH_BLOBS);
	}
	entry = hash_search(history_plans, &change->trigger->tg_trigger->tgoid,
						HASH_ENTER, &found);
	if (!found)
		entry->sql = NULL;
	for (int i = 0; i < MAX_COLUMNS; i++)
		types[i] = change->columns[i] == 0 ? TIMESTAMPTZOID :
			TupleDescAttr(desc, change->columns[i] - 1)->atttypid;
	if (entry->sql != NULL && strcmp(entry->sql, sql) == 0 &&
		memcmp(entry->types, types, sizeof(types)) == 0)
		return entry->plan;
	if (entry->sql != NULL)
	{
		SPI_freeplan(entry->plan);
		pfree(entry->sql);
		entry->sql = NULL;
	}
	entry->plan = SPI_prepare(sql, MAX_COLUMNS, types);
	if (entry->plan == NULL || SPI_keepplan(entry->plan) != 0)
		elog(ERROR, "could not prepare \"%s\"", sql);
	memcpy(entry->types, types, sizeof(types));
	entry->sql = MemoryContextStrdup(TopMemoryContext, sql);
	return entry->plan;
}

static void
write_history(const Change *change)
{
	TupleDesc	desc = RelationGetDescr(change->trigger->tg_relation);
	Datum		values[MAX_COLUMNS] = {0};
	char		nulls[MAX_COLUMNS];

	for (int i = 0; i < MAX_COLUMNS; i++)
	{
		bool		isnull = change->columns[i] == 0;

		if (!isnull)
			values[i] = heap_getattr(change->row, change->columns[i], desc,
									 &isnull);
		nulls[i] = isnull ? 'n' : ' ';
	}
	if (SPI_execute_plan(history_plan(change), values, nulls, false,
						 0) != SPI_OK_INSERT)
		elog(ERROR, "could not write the history");
}

/*
 * qianfan_fdw_history
 *		Trigger function of qianfan_fdw_mirror(): write each new task and change
 *		of state into a history.
 *
 * Arguments of the trigger: name of the history, which is in the schema of the
 * table; columns for id, state and, if there is one, time of ending.
 */
Datum
qianfan_fdw_history(PG_FUNCTION_ARGS)
{
	Change		change = {0};

	read_change(fcinfo, "qianfan_fdw_history", &change);
	if (change.trigger->tg_trigger->tgnargs < 1)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("the trigger does not name the table for the history"),
				 errhint("Have the trigger made by qianfan_fdw_mirror().")));
	change.columns[0] = find_column(change.trigger,
									argument(change.trigger, 1, "id"));
	change.columns[1] = find_column(change.trigger,
									argument(change.trigger, 2, "state"));
	change.columns[2] = find_column(change.trigger,
									argument(change.trigger, 3, NULL));
	if (!has_changed(&change))
		return PointerGetDatum(NULL);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "could not connect to SPI");
	write_history(&change);
	SPI_finish();
	return PointerGetDatum(NULL);
}
