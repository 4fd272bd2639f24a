/*
 * views.c
 *	  SQL functions about what all sessions know: statistics, activity, accounts.
 *
 * Who may see what is decided here: rows about others, about other databases, and
 * accounts are for members of pg_read_all_stats.
 *
 * src/shared/views.c
 */
#include "postgres.h"

#include "catalog/pg_authid.h"
#include "commands/dbcommands.h"
#include "foreign/foreign.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "portability/instr_time.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "base/compat.h"
#include "base/nls.h"
#include "base/option.h"
#include "shared/area.h"
#include "shared/place.h"

#define NSTAT_COLUMNS 18
#define NACTIVITY_COLUMNS 10
#define NACCOUNT_COLUMNS 7

/* How often a slot is read that is being written. */
#define MOST_LOOKS 1000

extern Datum qianfan_fdw_handler(PG_FUNCTION_ARGS);

PG_FUNCTION_INFO_V1(qianfan_fdw_stat);
PG_FUNCTION_INFO_V1(qianfan_fdw_stat_reset);
PG_FUNCTION_INFO_V1(qianfan_fdw_activity);
PG_FUNCTION_INFO_V1(qianfan_fdw_accounts);
PG_FUNCTION_INFO_V1(qianfan_fdw_forget);
PG_FUNCTION_INFO_V1(qianfan_fdw_ring_check);

/* Microseconds by the clock that nobody sets; that of http/loop.c. */
static int64
now_by_loop(void)
{
	instr_time	now;

	INSTR_TIME_SET_CURRENT(now);
	return (int64) INSTR_TIME_GET_MICROSEC(now);
}

static bool
sees_all(void)
{
	return has_privs_of_role(GetUserId(), ROLE_PG_READ_ALL_STATS);
}

/* May the caller use this server of this database, if it still is there? */
static bool
may_use(Oid database, Oid server)
{
	return database == MyDatabaseId &&
		SearchSysCacheExists1(FOREIGNSERVEROID, ObjectIdGetDatum(server)) &&
		qf_compat_may_use_server(server, GetUserId());
}

/* A row of a set that is being returned. */
typedef struct Row
{
	ReturnSetInfo *result;
	int			ncolumns;
	Datum		values[NSTAT_COLUMNS];
	bool		nulls[NSTAT_COLUMNS];
}			Row;

static void
begin_rows(FunctionCallInfo fcinfo, Row * row)
{
	InitMaterializedSRF(fcinfo, 0);
	row->result = (ReturnSetInfo *) fcinfo->resultinfo;
	row->ncolumns = 0;
}

/* The next value of the row; NULL as well. */
static void
add_value(Row * row, Datum value, bool isnull)
{
	row->values[row->ncolumns] = value;
	row->nulls[row->ncolumns++] = isnull;
}

static void
add_text(Row * row, const char *text)
{
	add_value(row, text != NULL ? CStringGetTextDatum(text) : (Datum) 0,
			  text == NULL);
}

static void
add_name(Row * row, const char *name)
{
	add_value(row, name != NULL ?
			  DirectFunctionCall1(namein, CStringGetDatum(name)) : (Datum) 0,
			  name == NULL);
}

static void
end_row(Row * row)
{
	tuplestore_putvalues(row->result->setResult, row->result->setDesc,
						 row->values, row->nulls);
	row->ncolumns = 0;
}

static void
add_counters(Row * row, QfStatEntry *entry)
{
	for (int i = 0; i < QF_STAT_NCOUNTERS; i++)
	{
		int64		value = pg_atomic_read_u64(&entry->counters[i]);

		if (i == QF_STAT_TIME || i == QF_STAT_MAX_TIME ||
			i == QF_STAT_LINE_TIME)
			add_value(row, Float8GetDatum(value / 1000.0), false);
		else
			add_value(row, Int64GetDatum(value), false);
	}
}

/*
 * qianfan_fdw_stat() -> SETOF record
 *		What calls have cost; see the manual.  The first entry is for what found
 *		no other, and shown only if there was such.
 */
Datum
qianfan_fdw_stat(PG_FUNCTION_ARGS)
{
	QfArea	   *area = qf_area_get();
	bool		all = sees_all();
	Row			row;

	begin_rows(fcinfo, &row);
	for (int i = 0; i < QF_MAX_STATS; i++)
	{
		QfStatEntry *entry = &area->stats[i];
		bool		named = i > 0;

		if (named ? !OidIsValid(entry->database) :
			pg_atomic_read_u64(&entry->counters[QF_STAT_CALLS]) == 0)
			continue;
		if (!all && !(named && may_use(entry->database, entry->server)))
			continue;
		add_name(&row, named ? entry->database_name : NULL);
		add_name(&row, named ? entry->server_name : NULL);
		add_text(&row, named ? entry->action : NULL);
		add_counters(&row, entry);
		add_value(&row, TimestampTzGetDatum(area->stat_reset), false);
		end_row(&row);
	}
	return (Datum) 0;
}

/* qianfan_fdw_stat_reset() -> void; who may call it is a matter of GRANT. */
Datum
qianfan_fdw_stat_reset(PG_FUNCTION_ARGS)
{
	qf_stat_reset();
	PG_RETURN_VOID();
}

/* Copy a slot that its session does not change meanwhile; false: it is free. */
static bool
read_slot(QfSlot *slot, QfSlot *copy)
{
	for (int i = 0; i < MOST_LOOKS; i++)
	{
		uint32		before = pg_atomic_read_u32(&slot->changes);

		pg_read_barrier();
		memcpy(copy, slot, sizeof(QfSlot));
		pg_read_barrier();
		if (before % 2 == 0 && pg_atomic_read_u32(&slot->changes) == before)
			break;
	}
	copy->server_name[NAMEDATALEN - 1] = '\0';
	copy->action[NAMEDATALEN - 1] = '\0';
	return copy->pid != 0;
}

/* What others may see of an account's name. */
static char *
short_name(const QfDigest *name)
{
	return psprintf("%08x", (uint32) (name->high >> 32));
}

/* qianfan_fdw_activity() -> SETOF record: sessions that have to do with the API. */
Datum
qianfan_fdw_activity(PG_FUNCTION_ARGS)
{
	static const char *const waits[] = {
		NULL, "answer", "line", "other session", "retry"
	};
	QfArea	   *area = qf_area_get();
	bool		all = sees_all();
	Row			row;

	begin_rows(fcinfo, &row);
	for (int i = 0; i < area->nslots; i++)
	{
		QfSlot		slot;

		if (!read_slot(&area->slots[i], &slot) ||
			(!all && (slot.database != MyDatabaseId ||
					  !has_privs_of_role(GetUserId(), slot.user))))
			continue;
		add_value(&row, Int32GetDatum(slot.pid), false);
		add_name(&row, get_database_name(slot.database));
		add_name(&row, GetUserNameFromId(slot.user, true));
		add_name(&row, slot.server_name);
		add_text(&row, short_name(&slot.account));
		add_text(&row, slot.action);
		add_text(&row, waits[slot.wait]);
		add_value(&row, TimestampTzGetDatum(slot.since),
				  slot.wait == QF_WAIT_NOTHING);
		add_value(&row, Int32GetDatum(slot.in_flight), false);
		add_value(&row, Int64GetDatum(slot.calls), false);
		end_row(&row);
	}
	return (Datum) 0;
}

/* The state of a line in a word. */
static const char *
state_of(const QfLine *line, int64 now)
{
	static const char *const states[] = {
		"free", "paused", "searching", "known"
	};

	if (line->state != QF_LINE_FREE && now < line->pause_until)
		return states[QF_LINE_PAUSED];
	/* It goes on when the next call asks. */
	return line->state == QF_LINE_PAUSED ? states[QF_LINE_SEARCHING] :
		states[line->state];
}

/* qianfan_fdw_accounts() -> SETOF record: what the service allows each. */
Datum
qianfan_fdw_accounts(PG_FUNCTION_ARGS)
{
	QfArea	   *area = qf_area_get();
	int64		now = now_by_loop();
	Row			row;

	begin_rows(fcinfo, &row);
	for (int i = 0; i < QF_MAX_PLACES && sees_all(); i++)
	{
		QfPlace    *place = &area->places[i];
		QfDigest	name;
		QfLine		line;
		char		endpoint[sizeof(place->endpoint)];

		qf_area_lock(&area->lock, false);
		name = area->accounts[i];
		memcpy(endpoint, place->endpoint, sizeof(endpoint));
		qf_area_unlock(&area->lock);
		if (name.high == 0 && name.low == 0)
			continue;
		SpinLockAcquire(&place->mutex);
		line = place->line;
		SpinLockRelease(&place->mutex);
		add_text(&row, short_name(&name));
		add_text(&row, endpoint);
		add_text(&row, state_of(&line, now));
		add_value(&row, Float8GetDatum(qf_line_rate(&line)),
				  qf_line_rate(&line) == 0);
		add_value(&row, Int64GetDatum(qf_line_waiting(&line)), false);
		add_value(&row, Int64GetDatum(line.refused), false);
		add_value(&row,
				  TimestampTzGetDatum(GetCurrentTimestamp() -
									  (now - line.last_refused)),
				  line.refused == 0);
		end_row(&row);
	}
	return (Datum) 0;
}

/* Does a server belong to a wrapper with our handler? */
static bool
is_ours(const ForeignServer *server)
{
	Oid			handler = GetForeignDataWrapper(server->fdwid)->fdwhandler;
	FmgrInfo	info;

	if (!OidIsValid(handler))
		return false;
	fmgr_info(handler, &info);
	return info.fn_addr == qianfan_fdw_handler;
}

/*
 * qianfan_fdw_forget(server name) -> void
 *		Forget all answers that came by the endpoint of a server, for its owner;
 *		without one, all there are, for a superuser.
 */
Datum
qianfan_fdw_forget(PG_FUNCTION_ARGS)
{
	ForeignServer *server;

	if (PG_ARGISNULL(0))
	{
		if (!superuser())
			ereport(ERROR,
					(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
					 errmsg("permission denied to forget the answers of all servers"),
					 errhint("Name a server that you own.")));
		qf_place_forget_endpoint(NULL, now_by_loop());
		PG_RETURN_VOID();
	}
	server = GetForeignServerByName(NameStr(*PG_GETARG_NAME(0)), false);
	if (!qf_compat_owns_server(server->serverid, GetUserId()))
		aclcheck_error(ACLCHECK_NOT_OWNER, OBJECT_FOREIGN_SERVER,
					   server->servername);
	if (!is_ours(server))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("server \"%s\" is not of qianfan_fdw",
						server->servername)));
	qf_place_forget_endpoint(&qf_option_resolve(server->serverid,
												InvalidOid)->endpoint,
							 now_by_loop());
	PG_RETURN_VOID();
}

/* For tests, which make the SQL function: what is wrong with the ring, or NULL. */
Datum
qianfan_fdw_ring_check(PG_FUNCTION_ARGS)
{
	QfArea	   *area = qf_area_get();
	QfRing	   *ring = qf_area_ring();
	const char *problem = NULL;

	if (ring != NULL)
	{
		qf_area_lock(&area->ring_lock, false);
		problem = qf_ring_check(ring);
		qf_area_unlock(&area->ring_lock);
	}
	if (problem == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(problem));
}
