/*
 * sync_lock.h
 *	  One synchronisation of a table at a time.
 *
 * src/copy/sync_lock.h
 */
#ifndef QF_COPY_SYNC_LOCK_H
#define QF_COPY_SYNC_LOCK_H

extern void qf_sync_lock_take(Oid target, bool beyond_commit, bool wait);
extern void qf_sync_lock_release(void);

#endif							/* QF_COPY_SYNC_LOCK_H */
