/*
 * activity.c
 *	  What this session is doing, for others to see.
 *
 * Each session has a slot that it alone writes, so nothing is locked.  A number
 * that is odd meanwhile tells a reader to look again.
 *
 * src/shared/activity.c
 */
#include "postgres.h"

#include "miscadmin.h"
#include "storage/ipc.h"
#include "utils/timestamp.h"

#include "shared/activity.h"
#include "shared/answers.h"
#include "shared/area.h"

/* Does the slot have to be given back at the end of the session? */
static bool registered = false;

static void
begin_change(QfSlot *slot)
{
	pg_atomic_write_u32(&slot->changes,
						pg_atomic_read_u32(&slot->changes) + 1);
	pg_write_barrier();
}

static void
end_change(QfSlot *slot)
{
	pg_write_barrier();
	pg_atomic_write_u32(&slot->changes,
						pg_atomic_read_u32(&slot->changes) + 1);
}

/* The session goes: nobody is to look for it, or to wake it, any more. */
static void
give_back(int code, Datum arg)
{
	qf_answers_stop_awaiting();
	qf_activity_end();
}

/* Calls of this account and action come next. */
void
qf_activity_begin(const QfDigest *account, const char *server_name,
				  const char *action)
{
	QfSlot	   *slot = qf_area_slot();

	if (slot == NULL)
		return;
	if (!registered)
		before_shmem_exit(give_back, (Datum) 0);
	registered = true;
	if (slot->pid == MyProcPid && qf_digest_equals(&slot->account, account) &&
		slot->user == GetUserId() &&
		strcmp(slot->server_name, server_name) == 0 &&
		strcmp(slot->action, action) == 0)
		return;
	begin_change(slot);
	if (slot->pid != MyProcPid)
	{
		slot->pid = MyProcPid;
		slot->database = MyDatabaseId;
		slot->wait = QF_WAIT_NOTHING;
		slot->in_flight = 0;
		slot->calls = 0;
	}
	slot->user = GetUserId();
	slot->account = *account;
	strlcpy(slot->server_name, server_name, NAMEDATALEN);
	strlcpy(slot->action, action, NAMEDATALEN);
	end_change(slot);
}

/* So many calls are on their way, and the statement has made so many. */
void
qf_activity_count(int in_flight, int64 calls)
{
	QfSlot	   *slot = qf_area_slot();

	if (slot == NULL || slot->pid != MyProcPid)
		return;
	slot->in_flight = in_flight;
	slot->calls = calls;
}

/* The session waits for this from now on. */
void
qf_activity_wait(QfWait wait)
{
	QfSlot	   *slot = qf_area_slot();

	if (slot == NULL || slot->pid != MyProcPid || slot->wait == wait)
		return;
	begin_change(slot);
	slot->wait = wait;
	slot->since = wait != QF_WAIT_NOTHING ? GetCurrentTimestamp() : 0;
	end_change(slot);
}

/* It has nothing to do with the service any more. */
void
qf_activity_end(void)
{
	QfSlot	   *slot = qf_area_slot();

	if (slot != NULL && slot->pid == MyProcPid)
		slot->pid = 0;
}
