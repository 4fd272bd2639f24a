/*
 * area.h
 *	  The memory that all sessions of the cluster share.
 *
 * For the files of this layer only.
 *
 * src/shared/area.h
 */
#ifndef QF_SHARED_AREA_H
#define QF_SHARED_AREA_H

#include "port/atomics.h"
#include "storage/dsm_impl.h"
#include "storage/lwlock.h"
#include "storage/spin.h"

#include "shared/activity.h"
#include "shared/line.h"
#include "shared/ring.h"
#include "shared/stat.h"

#define QF_AREA_NAME "qianfan_fdw"

/* To be raised whenever anything in QfArea or a ring changes. */
#define QF_AREA_LAYOUT 1

#define QF_MAX_PLACES 64
#define QF_MAX_STATS 128
#define QF_MAX_KNOWN 4

typedef struct QfKnown
{
	uint64		server;			/* as it is defined; 0: none */
	uint32		knowledge;
} QfKnown;

/* An account.  Its digest is in area->accounts, for that is searched. */
typedef struct QfPlace
{
	slock_t		mutex;			/* for the line and what is known */
	pg_atomic_uint32 generation;	/* one more for each account here */
	pg_atomic_uint64 used;		/* microseconds; when it last was */
	pg_atomic_uint64 forgotten; /* answers asked for before are none */
	pg_atomic_uint64 written;	/* the same for lists, and what is on its way */
	QfLine		line;
	QfKnown		known[QF_MAX_KNOWN];
	int			next_known;
	char		endpoint[128];	/* cut off, if it is longer */
} QfPlace;

/* Counters of one action on one server. */
typedef struct QfStatEntry
{
	Oid			database;		/* InvalidOid: free, but for the first one */
	Oid			server;
	char		database_name[NAMEDATALEN];
	char		server_name[NAMEDATALEN];
	char		action[NAMEDATALEN];
	pg_atomic_uint64 counters[QF_STAT_NCOUNTERS];
} QfStatEntry;

/* A session that makes calls; written by itself alone, but for "signals". */
typedef struct QfSlot
{
	pg_atomic_uint32 changes;	/* odd while it is being written */
	int			pid;			/* 0: the slot is free */
	Oid			database;
	Oid			user;
	QfDigest	account;
	char		server_name[NAMEDATALEN];
	char		action[NAMEDATALEN];
	QfWait		wait;
	int64		since;			/* TimestampTz */
	int			in_flight;
	int64		calls;			/* of the statement */

	/* answers that others ask for, and we wait for */
	pg_atomic_uint64 awaited;	/* a Bloom filter of questions; 0: none */
	pg_atomic_uint32 signals;	/* how often one of them may have come */
} QfSlot;

typedef struct QfArea
{
	uint32		layout;			/* 0: it could not be made */
	bool		shared;			/* with other sessions? */
	int			tranche;		/* of the locks, if so */
	LWLock		lock;			/* for what follows, where nothing else is
								 * said */
	LWLock		ring_lock;		/* for what is in the ring */
	uint8		salt[QF_SALT_LENGTH];
	dsm_handle	ring;			/* DSM_HANDLE_INVALID: not made yet */
	Size		ring_size;
	int64		stat_reset;		/* TimestampTz */
	pg_atomic_uint32 stat_generation;	/* one more with each reset */
	QfDigest	accounts[QF_MAX_PLACES];	/* all zero: free */
	QfPlace		places[QF_MAX_PLACES];
	QfStatEntry stats[QF_MAX_STATS];	/* the first: whatever has none */
	pg_atomic_uint32 nawaiting; /* slots that wait for others' answers */
	int			nslots;
	QfSlot		slots[FLEXIBLE_ARRAY_MEMBER];
} QfArea;

extern void qf_area_init(void);
extern QfArea *qf_area_get(void);
extern QfRing *qf_area_ring(void);
extern QfSlot *qf_area_slot(void);
extern void qf_area_wake(int slot);
extern void qf_area_lock(LWLock *lock, bool exclusive);
extern void qf_area_unlock(LWLock *lock);

#endif							/* QF_SHARED_AREA_H */
