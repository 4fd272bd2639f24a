/*
 * area.c
 *	  The memory that all sessions of the cluster share, and the only file that
 *	  knows where it comes from.
 *
 * It is one struct of fixed size, and the ring of answers, a dynamic segment
 * that is made when it is first used.  From PostgreSQL 17 on the struct is a
 * named segment, made by who comes first.  Before, it is a part of the main
 * shared memory, which takes shared_preload_libraries.  Otherwise, and whenever
 * it cannot be had, the session has the same struct for itself alone: everything
 * works, and nothing is shared.  No failure to get memory is ever an error.
 *
 * Locks: area->lock, then nothing; area->ring_lock, then nothing; a place's
 * mutex, then nothing.  What is done under them neither waits, but for making
 * the ring, nor allocates, nor raises an error.
 *
 * src/shared/area.c
 */
#include "postgres.h"

#include "base/compat.h"

#include "miscadmin.h"
#include "storage/dsm.h"
#if QF_COMPAT_HAS_REGISTRY
#include "storage/dsm_registry.h"
#endif
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/proc.h"
#include "storage/shmem.h"
#include "utils/memutils.h"
#include "utils/resowner.h"

#include "base/guc.h"
#include "base/nls.h"
#include "shared/area.h"

/* Class 57 of SQLSTATEs: cancelled, terminated. */
#define CLASS_MASK ((1 << 12) - 1)
#define OPERATOR_INTERVENTION MAKE_SQLSTATE('5', '7', '0', '0', '0')

/* What answers may take where they are not shared. */
#define MOST_PRIVATE_RING (2 * 1024 * 1024)

/* The struct of the main shared memory; NULL: there is none. */
static QfArea *preloaded = NULL;

static QfArea *area = NULL;		/* NULL: not looked for yet */
static QfSlot *slot = NULL;		/* this session's; NULL: not yet, or none */
static QfRing *ring = NULL;
static bool ring_failed = false;
static bool told = false;		/* has this session said that it is alone? */

static shmem_request_hook_type previous_request_hook = NULL;
static shmem_startup_hook_type previous_startup_hook = NULL;

static Size
area_size(int nslots)
{
	return MAXALIGN(offsetof(QfArea, slots) + nslots * sizeof(QfSlot));
}

static void
init_place(QfPlace *place)
{
	SpinLockInit(&place->mutex);
	pg_atomic_init_u32(&place->generation, 0);
	pg_atomic_init_u64(&place->used, 0);
	pg_atomic_init_u64(&place->forgotten, 0);
	pg_atomic_init_u64(&place->written, 0);
}

static void
init_slot(QfSlot *new_slot)
{
	pg_atomic_init_u32(&new_slot->changes, 0);
	pg_atomic_init_u64(&new_slot->awaited, 0);
	pg_atomic_init_u32(&new_slot->signals, 0);
}

/* Fill a new struct.  May be called with locks held: raises nothing. */
static void
init_area(QfArea *new_area, int nslots, bool shared)
{
	memset(new_area, 0, area_size(nslots));
	new_area->shared = shared;
	new_area->nslots = nslots;
	new_area->ring = DSM_HANDLE_INVALID;
	new_area->stat_reset = GetCurrentTimestamp();
	pg_atomic_init_u32(&new_area->stat_generation, 0);
	pg_atomic_init_u32(&new_area->nawaiting, 0);
	if (shared)
	{
		new_area->tranche = QF_COMPAT_NEW_TRANCHE(QF_AREA_NAME);
		LWLockInitialize(&new_area->lock, new_area->tranche);
		LWLockInitialize(&new_area->ring_lock, new_area->tranche);
	}
	for (int i = 0; i < QF_MAX_PLACES; i++)
		init_place(&new_area->places[i]);
	for (int i = 0; i < QF_MAX_STATS; i++)
		for (int j = 0; j < QF_STAT_NCOUNTERS; j++)
			pg_atomic_init_u64(&new_area->stats[i].counters[j], 0);
	for (int i = 0; i < nslots; i++)
		init_slot(&new_area->slots[i]);
	if (pg_strong_random(new_area->salt, QF_SALT_LENGTH))
		new_area->layout = QF_AREA_LAYOUT;
}

/* Say, once, why this session shares nothing or less than it should. */
static void
tell(bool answers, const char *why)
{
	int			level = QF_COMPAT_HAS_REGISTRY || preloaded != NULL ?
	LOG : DEBUG1;

	if (told)
		return;
	told = true;
	ereport(level,
			(answers ?
			 errmsg("qianfan_fdw shares no answers with other sessions") :
			 errmsg("qianfan_fdw shares no memory with other sessions"),
			 why != NULL ? errdetail_internal("%s", why) : 0));
}

/*
 * Run a function that may raise an error, which becomes a line in the log; false
 * then.
 *
 * It may leave locks of the registry held, and our callers hold none.  A cancel
 * is not swallowed.
 */
static bool
attempt(void (*function) (void), bool answers)
{
	MemoryContext oldcontext = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	volatile bool done = true;

	/* What is mapped stays so until the backend ends. */
	CurrentResourceOwner = NULL;
	PG_TRY();
	{
		function();
	}
	PG_CATCH();
	{
		ErrorData  *error;

		LWLockReleaseAll();
		CurrentResourceOwner = owner;
		MemoryContextSwitchTo(oldcontext);
		error = CopyErrorData();
		if ((error->sqlerrcode & CLASS_MASK) == OPERATOR_INTERVENTION)
			PG_RE_THROW();
		FlushErrorState();
		tell(answers, error->message);
		FreeErrorData(error);
		done = false;
	}
	PG_END_TRY();
	CurrentResourceOwner = owner;
	return done;
}

#if QF_COMPAT_HAS_REGISTRY

static void
init_segment(QF_COMPAT_REGISTRY_PARAMETERS)
{
	init_area(ptr, MaxBackends, true);
}

static void
attach_area(void)
{
	char		name[NAMEDATALEN];
	bool		found;

	snprintf(name, sizeof(name), "%s %d", QF_AREA_NAME, QF_AREA_LAYOUT);
	area = QF_COMPAT_NAMED_SEGMENT(name, area_size(MaxBackends), init_segment,
								   &found);
}

#else

static void
attach_area(void)
{
	area = preloaded;
}

#endif

static void
request_memory(void)
{
	if (previous_request_hook != NULL)
		previous_request_hook();
	RequestAddinShmemSpace(area_size(MaxBackends));
}

static void
start_memory(void)
{
	bool		found;

	if (previous_startup_hook != NULL)
		previous_startup_hook();
	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	preloaded = ShmemInitStruct(QF_AREA_NAME, area_size(MaxBackends), &found);
	if (!found)
		init_area(preloaded, MaxBackends, true);
	LWLockRelease(AddinShmemInitLock);
}

/*
 * qf_area_init
 *		Ask for shared memory, where that has to be done when the server starts;
 *		called from _PG_init().
 */
void
qf_area_init(void)
{
	if (QF_COMPAT_HAS_REGISTRY || !process_shared_preload_libraries_in_progress)
		return;
	previous_request_hook = shmem_request_hook;
	shmem_request_hook = request_memory;
	previous_startup_hook = shmem_startup_hook;
	shmem_startup_hook = start_memory;
}

/* The struct for this session alone. */
static void
create_private_area(void)
{
	area = MemoryContextAlloc(TopMemoryContext, area_size(1));
	init_area(area, 1, false);
	/* Nothing else can read it, so nobody can guess anything from it. */
	area->layout = QF_AREA_LAYOUT;
	slot = &area->slots[0];
}

/*
 * qf_area_get
 *		The struct, shared or not, of which nothing is ever freed.  Raises 53200,
 *		and what a cancel raises; to be called without a lock.
 */
QfArea *
qf_area_get(void)
{
	if (area != NULL)
		return area;
	if (IsUnderPostmaster && attempt(attach_area, false) && area != NULL &&
		area->layout == QF_AREA_LAYOUT)
	{
		int			number = MyProc - ProcGlobal->allProcs;

		QF_COMPAT_REGISTER_TRANCHE(area->tranche, QF_AREA_NAME);
		if (number >= 0 && number < area->nslots)
			slot = &area->slots[number];
		return area;
	}
	tell(false, NULL);
	area = NULL;
	create_private_area();
	return area;
}

/* This session's slot, or NULL; after qf_area_get(). */
QfSlot *
qf_area_slot(void)
{
	return slot;
}

/* Let a session look whether something has come. */
void
qf_area_wake(int number)
{
	if (area->shared)
		SetLatch(&ProcGlobal->allProcs[number].procLatch);
}

void
qf_area_lock(LWLock *lock, bool exclusive)
{
	if (area->shared)
		LWLockAcquire(lock, exclusive ? LW_EXCLUSIVE : LW_SHARED);
}

void
qf_area_unlock(LWLock *lock)
{
	if (area->shared)
		LWLockRelease(lock);
}

/* Make the segment of the ring, or find the one that another made. */
static void
attach_ring(void)
{
	dsm_segment *segment;

	LWLockAcquire(&area->lock, LW_EXCLUSIVE);
	if (area->ring != DSM_HANDLE_INVALID)
		segment = dsm_attach(area->ring);
	else
	{
		Size		size = (Size) qf_guc_cache_size() * 1024;

		segment = dsm_create(size, DSM_CREATE_NULL_IF_MAXSEGMENTS);
		if (segment != NULL)
		{
			if (!qf_ring_init(dsm_segment_address(segment), size))
				elog(ERROR, "memory for answers is too small");
			dsm_pin_segment(segment);
			area->ring = dsm_segment_handle(segment);
			area->ring_size = size;
		}
	}
	LWLockRelease(&area->lock);
	if (segment != NULL)
		ring = dsm_segment_address(segment);
}

/* Memory for the answers of this session alone, taken as it is used. */
static void
create_private_ring(void)
{
	Size		size = Min((Size) qf_guc_cache_size() * 1024,
						   MOST_PRIVATE_RING);

	ring = MemoryContextAllocExtended(TopMemoryContext, size, MCXT_ALLOC_NO_OOM);
	if (ring != NULL && !qf_ring_init(ring, size))
	{
		pfree(ring);
		ring = NULL;
	}
	ring_failed = ring == NULL;
}

/*
 * qf_area_ring
 *		The ring of answers, or NULL if nothing is to be remembered; to be called
 *		without a lock, after qf_area_get().
 *
 * A ring that this session has for itself is not locked by anybody else, so it
 * does no harm to lock it.
 */
QfRing *
qf_area_ring(void)
{
	if (qf_guc_cache_size() == 0)
		return NULL;
	if (ring != NULL || ring_failed)
		return ring;
	if (area->shared &&
		(!attempt(attach_ring, true) || ring == NULL))
		tell(true, NULL);
	if (ring == NULL)
		create_private_ring();
	return ring;
}
