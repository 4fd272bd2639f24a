/*
 * ring.c
 *	  Answers in a piece of memory of fixed size.
 *
 * Records are added at the head and go at the tail, so there is nothing to
 * allocate or to free: making room is to move the tail on.  In front of the
 * records are hash buckets, the heads of chains through those that can be
 * found.  One that was replaced by a longer one, or forgotten, stays where it
 * is until the tail comes by.
 *
 *	kind	  can be found	  becomes
 *	EMPTY	  yes			  ANSWER, DEAD: a claim, with an end
 *	ANSWER	  yes			  ANSWER, DEAD; may be claimed as well
 *	DEAD	  no			  –
 *	FILLER	  no			  –, up to the end of the memory
 *
 * Whoever reads over and over what is longer than the ring would find nothing
 * of it, ever: so an answer that nobody asked to keep pushes others out only
 * one time in eight.
 *
 * Nothing here waits, locks, allocates or raises an error; the caller has the
 * ring to himself, and for qf_ring_find() no writer beside him.  Positions only
 * grow; where they are in memory is the remainder.
 *
 * src/shared/ring.c
 */
#include "postgres.h"

#include "port/pg_bitutils.h"
#include "utils/memutils.h"

#include "shared/ring.h"

/* What lengths are multiples of, so that a header never wraps. */
#define UNIT ((uint64) sizeof(Record))

/* Least number of units that a ring is good for anything with. */
#define LEAST_UNITS 64

/* Bytes per bucket: about what a short answer takes. */
#define BYTES_PER_BUCKET 512

/* Of what would push others out unasked, one in so many is kept. */
#define TURNS 8

typedef enum RecordKind
{
	RECORD_EMPTY = 1,
	RECORD_ANSWER,
	RECORD_DEAD,
	RECORD_FILLER
} RecordKind;

/* 64 bytes; what the answer said follows. */
typedef struct Record
{
	QfDigest	question;
	int64		sent;
	int64		busy_until;
	uint32		length;			/* units of the whole record */
	uint32		next;			/* of its chain: unit, counted from 1 */
	uint32		body_length;
	int32		claimer;
	int16		status;
	uint8		kind;
	uint8		final;
	uint8		reserved[12];
} Record;

struct QfRing
{
	uint64		capacity;		/* units of records */
	uint64		head;			/* position of the next one */
	uint64		tail;			/* of the oldest */
	uint32		nbuckets;		/* a power of two */
	uint32		turn;
	uint32		data;			/* offset of the records, bytes */
	uint32		buckets[FLEXIBLE_ARRAY_MEMBER]; /* unit, counted from 1 */
};

StaticAssertDecl(sizeof(Record) == 64, "a record's header is one unit");

static inline Record *
record_at(const QfRing *ring, uint64 position)
{
	return (Record *) ((char *) ring + ring->data +
					   position % ring->capacity * UNIT);
}

static inline uint32 *
bucket_of(QfRing *ring, const QfDigest *question)
{
	return &ring->buckets[question->low & (ring->nbuckets - 1)];
}

/*
 * qf_ring_init
 *		Make an empty ring of a piece of memory, which is aligned; false if it is
 *		too small for one.
 */
bool
qf_ring_init(QfRing *ring, Size size)
{
	Size		nbuckets = pg_nextpower2_64(Max(size / BYTES_PER_BUCKET, 8) / 2 +
											1);
	Size		data = TYPEALIGN(UNIT, offsetof(QfRing, buckets) +
								 nbuckets * sizeof(uint32));

	if (size < data + LEAST_UNITS * UNIT || size > (Size) 2 * MaxAllocSize)
		return false;
	memset(ring, 0, data);
	ring->nbuckets = nbuckets;
	ring->data = data;
	ring->capacity = (size - data) / UNIT;
	return true;
}

static Record *
find_record(QfRing *ring, const QfDigest *question)
{
	uint32		unit = *bucket_of(ring, question);

	while (unit != 0)
	{
		Record	   *record = record_at(ring, unit - 1);

		if (qf_digest_equals(&record->question, question))
			return record;
		unit = record->next;
	}
	return NULL;
}

/* Take a record out of its chain, so that it cannot be found. */
static void
unlink_record(QfRing *ring, Record *record)
{
	uint32	   *link = bucket_of(ring, &record->question);

	while (record_at(ring, *link - 1) != record)
		link = &record_at(ring, *link - 1)->next;
	*link = record->next;
	record->kind = RECORD_DEAD;
}

static bool
can_be_found(const Record *record)
{
	return record->kind == RECORD_EMPTY || record->kind == RECORD_ANSWER;
}

/*
 * Make room for so many units at the head.  "gently": not if an answer would
 * have to go, but for one time in eight.
 */
static bool
make_room(QfRing *ring, uint64 units, bool gently)
{
	while (ring->head + units - ring->tail > ring->capacity)
	{
		Record	   *oldest = record_at(ring, ring->tail);

		if (oldest->kind == RECORD_ANSWER && gently)
		{
			if (ring->turn++ % TURNS != 0)
				return false;
			gently = false;
		}
		if (can_be_found(oldest))
			unlink_record(ring, oldest);
		ring->tail += oldest->length;
	}
	return true;
}

/* A new record at the head, without an answer; NULL: there is no room. */
static Record *
add_record(QfRing *ring, const QfDigest *question, uint64 units, bool gently)
{
	uint64		rest = ring->capacity - ring->head % ring->capacity;
	uint32	   *bucket = bucket_of(ring, question);
	Record	   *record;

	if (units > ring->capacity / 4)
		return NULL;
	if (rest < units)
	{
		if (!make_room(ring, rest + units, gently))
			return NULL;
		record = record_at(ring, ring->head);
		memset(record, 0, sizeof(Record));
		record->kind = RECORD_FILLER;
		record->length = rest;
		ring->head += rest;
	}
	else if (!make_room(ring, units, gently))
		return NULL;

	record = record_at(ring, ring->head);
	memset(record, 0, sizeof(Record));
	record->question = *question;
	record->length = units;
	record->kind = RECORD_EMPTY;
	record->next = *bucket;
	*bucket = ring->head % ring->capacity + 1;
	ring->head += units;
	return record;
}

/*
 * qf_ring_find
 *		Look a question up; false if nothing is known of it.  What entry->body
 *		points to is there as long as nobody writes.
 */
bool
qf_ring_find(QfRing *ring, const QfDigest *question, QfRingEntry *entry)
{
	const Record *record = find_record(ring, question);

	if (record == NULL)
		return false;
	entry->body = record->kind == RECORD_ANSWER ?
		(const char *) (record + 1) : NULL;
	entry->length = record->body_length;
	entry->status = record->status;
	entry->final = record->final;
	entry->sent = record->sent;
	entry->busy_until = record->busy_until;
	entry->claimer = record->claimer;
	return true;
}

/*
 * qf_ring_put
 *		Keep an answer, in place of an older one to the same question, and end
 *		the claim; false if it is not kept.
 */
bool
qf_ring_put(QfRing *ring, const QfDigest *question, const QfRingAnswer *answer)
{
	uint64		units = 1 + (answer->length + UNIT - 1) / UNIT;
	Record	   *record = find_record(ring, question);

	if (record != NULL)
	{
		record->busy_until = 0;
		if (record->kind == RECORD_ANSWER && record->sent > answer->sent)
			return false;
		if (record->length < units)
		{
			unlink_record(ring, record);
			record = NULL;
		}
	}
	if (record == NULL)
		record = add_record(ring, question, units, !answer->wanted);
	if (record == NULL)
		return false;
	record->kind = RECORD_ANSWER;
	record->sent = answer->sent;
	record->status = answer->status;
	record->final = answer->final;
	record->body_length = answer->length;
	memcpy(record + 1, answer->body, answer->length);
	return true;
}

/*
 * qf_ring_claim
 *		Say that somebody asks this question now; false if that cannot be noted.
 */
bool
qf_ring_claim(QfRing *ring, const QfDigest *question, int claimer,
			  int64 busy_until)
{
	Record	   *record = find_record(ring, question);

	if (record == NULL)
		record = add_record(ring, question, 1, false);
	if (record == NULL)
		return false;
	record->claimer = claimer;
	record->busy_until = busy_until;
	return true;
}

/* End a claim, if it still is this one's. */
void
qf_ring_release(QfRing *ring, const QfDigest *question, int claimer)
{
	Record	   *record = find_record(ring, question);

	if (record != NULL && record->claimer == claimer)
		record->busy_until = 0;
}

/* Forget the answer to a question. */
void
qf_ring_remove(QfRing *ring, const QfDigest *question)
{
	Record	   *record = find_record(ring, question);

	if (record != NULL)
		unlink_record(ring, record);
}

/* Walk over all records; returns NULL, or what is wrong. */
static const char *
check_records(const QfRing *ring, uint64 *nfound)
{
	uint64		position = ring->tail;

	while (position < ring->head)
	{
		const Record *record = record_at(ring, position);

		if (record->kind < RECORD_EMPTY || record->kind > RECORD_FILLER)
			return "record:kind";
		if (record->length == 0 ||
			position % ring->capacity + record->length > ring->capacity)
			return "record:length";
		if (record->kind == RECORD_ANSWER &&
			record->body_length > (record->length - 1) * UNIT)
			return "answer:length";
		if (can_be_found(record))
			(*nfound)++;
		position += record->length;
	}
	return position == ring->head ? NULL : "records:end";
}

/*
 * qf_ring_check
 *		Is all in order?  Returns NULL, or what is wrong; for tests.
 */
const char *
qf_ring_check(const QfRing *ring)
{
	uint64		nfound = 0;
	const char *problem;

	if (ring->tail > ring->head || ring->head - ring->tail > ring->capacity)
		return "ring:ends";
	problem = check_records(ring, &nfound);
	for (uint32 i = 0; problem == NULL && i < ring->nbuckets; i++)
	{
		for (uint32 unit = ring->buckets[i]; unit != 0;)
		{
			const Record *record;

			if (unit > ring->capacity || nfound-- == 0)
				return "chain:no-record";
			record = record_at(ring, unit - 1);
			if (!can_be_found(record) ||
				(record->question.low & (ring->nbuckets - 1)) != i)
				return "chain:wrong-record";
			unit = record->next;
		}
	}
	return problem != NULL || nfound == 0 ? problem :
		"record:no-chain";
}
