/*
 * sync_lock.c
 *	  One synchronisation of a table at a time.
 *
 * An advisory lock, in a class of its own, so that it meets no lock of a user.
 * The transaction owns it, or, if transactions are to end within the
 * synchronisation, the session: then it is released at the end, or when the
 * transaction that is under way is aborted.  A lock of the transaction that is
 * taken anew after each COMMIT would let another synchronisation in between,
 * whose work ours, with its older list, would undo.
 *
 * src/copy/sync_lock.c
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "storage/lock.h"
#include "utils/lsyscache.h"

#include "base/nls.h"
#include "copy/sync_lock.h"

/* In the place where pg_advisory_lock(bigint) has 1 and (int, int) has 2. */
#define LOCK_CLASS 0x5146

static bool registered = false;
static bool held = false;		/* the session's lock */
static LOCKTAG held_tag;

/*
 * qf_sync_lock_release
 *		Release the lock of the session, if there is one.
 */
void
qf_sync_lock_release(void)
{
	if (!held)
		return;
	held = false;
	(void) LockRelease(&held_tag, ExclusiveLock, true);
}

static void
end_transaction(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_ABORT)
		qf_sync_lock_release();
}

/*
 * qf_sync_lock_take
 *		Wait for other synchronisations of the target, and keep them out until
 *		the transaction ends, or beyond commits until qf_sync_lock_release().
 *
 * Raises 55P03 instead of waiting if it shall not.
 */
void
qf_sync_lock_take(Oid target, bool beyond_commit, bool wait)
{
	LOCKTAG		tag;

	SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, 0, target, LOCK_CLASS);
	if (!registered)
	{
		RegisterXactCallback(end_transaction, NULL);
		registered = true;
	}
	if (LockAcquire(&tag, ExclusiveLock, beyond_commit,
					!wait) == LOCKACQUIRE_NOT_AVAIL)
		ereport(ERROR,
				(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
				 errmsg("another synchronization of table \"%s\" is running",
						get_rel_name(target))));
	if (beyond_commit)
	{
		held_tag = tag;
		held = true;
	}
}
