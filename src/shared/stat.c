/*
 * stat.c
 *	  What calls have cost, counted by all sessions.
 *
 * A counter costs one atomic addition.  Which entry it is in is found once per
 * session, server and action, under the lock; a reset empties all entries, and
 * whoever counts looks for his again.  What finds no free entry is counted in the
 * first, which has no name.
 *
 * src/shared/stat.c
 */
#include "postgres.h"

#include "commands/dbcommands.h"
#include "miscadmin.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "shared/area.h"
#include "shared/stat.h"

/* Lives until the backend ends. */
struct QfStat
{
	struct QfStat *next;
	Oid			server;
	const char *action;			/* the descriptor's */
	QfStatEntry *entry;
	uint32		generation;		/* of entries */
};

static QfStat *stats = NULL;

/* The entry of this action, or a free one, or the one without a name. */
static QfStatEntry *
choose_entry(QfArea *area, Oid server, const char *action)
{
	QfStatEntry *free_entry = NULL;

	for (int i = 1; i < QF_MAX_STATS; i++)
	{
		QfStatEntry *entry = &area->stats[i];

		if (entry->database == MyDatabaseId && entry->server == server &&
			strcmp(entry->action, action) == 0)
			return entry;
		if (!OidIsValid(entry->database) && free_entry == NULL)
			free_entry = entry;
	}
	return free_entry != NULL ? free_entry : &area->stats[0];
}

/* Look for the entry, or have a new one. */
static void
find_entry(QfStat *stat, const char *server_name)
{
	QfArea	   *area = qf_area_get();
	char	   *database_name = get_database_name(MyDatabaseId);
	QfStatEntry *entry;

	qf_area_lock(&area->lock, true);
	entry = choose_entry(area, stat->server, stat->action);
	if (entry != &area->stats[0] && !OidIsValid(entry->database))
	{
		entry->server = stat->server;
		strlcpy(entry->database_name,
				database_name != NULL ? database_name : "", NAMEDATALEN);
		strlcpy(entry->server_name, server_name, NAMEDATALEN);
		strlcpy(entry->action, stat->action, NAMEDATALEN);
		entry->database = MyDatabaseId;
	}
	stat->generation = pg_atomic_read_u32(&area->stat_generation);
	qf_area_unlock(&area->lock);
	stat->entry = entry;
}

/*
 * qf_stat_find
 *		Where to count what is done with an action (whose name is constant data)
 *		of a server.  Reads a catalog the first time.
 */
QfStat *
qf_stat_find(Oid server, const char *server_name, const char *action)
{
	QfArea	   *area = qf_area_get();
	QfStat	   *stat = stats;

	while (stat != NULL && (stat->server != server || stat->action != action))
		stat = stat->next;
	if (stat == NULL)
	{
		stat = MemoryContextAllocZero(TopMemoryContext, sizeof(QfStat));
		stat->server = server;
		stat->action = action;
		stat->next = stats;
		stats = stat;
	}
	if (stat->entry == NULL ||
		stat->generation != pg_atomic_read_u32(&area->stat_generation))
		find_entry(stat, server_name);
	return stat;
}

/* Reset: every entry is free, and nothing is counted any more. */
void
qf_stat_reset(void)
{
	QfArea	   *area = qf_area_get();

	qf_area_lock(&area->lock, true);
	for (int i = 0; i < QF_MAX_STATS; i++)
	{
		area->stats[i].database = InvalidOid;
		for (int j = 0; j < QF_STAT_NCOUNTERS; j++)
			pg_atomic_write_u64(&area->stats[i].counters[j], 0);
	}
	area->stat_reset = GetCurrentTimestamp();
	pg_atomic_fetch_add_u32(&area->stat_generation, 1);
	qf_area_unlock(&area->lock);
}

/* Count. */
void
qf_stat_add(QfStat *stat, QfStatCounter counter, int64 value)
{
	if (value != 0)
		pg_atomic_fetch_add_u64(&stat->entry->counters[counter], value);
}

/* An attempt has ended, after so many microseconds. */
void
qf_stat_call_ended(QfStat *stat, int64 bytes, int64 time)
{
	pg_atomic_uint64 *longest;
	uint64		old;

	qf_stat_add(stat, QF_STAT_BYTES, bytes);
	qf_stat_add(stat, QF_STAT_TIME, time);
	longest = &stat->entry->counters[QF_STAT_MAX_TIME];
	old = pg_atomic_read_u64(longest);
	while ((uint64) time > old &&
		   !pg_atomic_compare_exchange_u64(longest, &old, time))
		 /* somebody else has raised it */ ;
}
