/*
 * test_ring.c
 *	  src/shared/ring.c: what is found is what was put last, whatever else was;
 *	  in one process against a model, and in 8 at once.
 *
 * test/unit/test_ring.c
 */
#include "postgres.h"

#include <pthread.h>

#include "shared/ring.h"

#include "processes.h"
#include "tap.h"

#define NQUESTIONS 300
#define NPROCESSES 8
#define ROUNDS 30000
#define MOST_LENGTH 3000

static uint64 seed = 1;

static uint32
draw(uint32 below)
{
	seed = seed * UINT64CONST(6364136223846793005) + 1442695040888963407;
	return (uint32) (seed >> 33) % below;
}

static QfDigest
question_number(uint32 i)
{
	QfDigest	question = {i + 1, (i + 1) * UINT64CONST(0x9e3779b97f4a7c15)};

	return question;
}

/* A body that tells which question it answers, and which answer it is. */
static void
make_body(char *body, uint32 length, uint32 question, uint32 version)
{
	for (uint32 i = 0; i < length; i++)
		body[i] = (char) (question * 31 + version * 7 + i);
}

static QfRing *
new_ring(Size size)
{
	QfRing	   *ring = aligned_alloc(64, TYPEALIGN(64, size));

	if (ring == NULL || !qf_ring_init(ring, size))
		abort();
	return ring;
}

static bool
put(QfRing *ring, uint32 number, uint32 version, uint32 length, bool wanted)
{
	QfDigest	question = question_number(number);
	char		body[MOST_LENGTH];
	QfRingAnswer answer = {
		.body = body,
		.length = length,
		.status = 200,
		.final = version % 2,
		.wanted = wanted,
		.sent = version,
	};

	make_body(body, length, number, version);
	return qf_ring_put(ring, &question, &answer);
}

/* Is what was found a whole answer to this question? */
static bool
is_whole(const QfRingEntry *entry, uint32 number)
{
	char		body[MOST_LENGTH];

	if (entry->length > MOST_LENGTH || entry->final != entry->sent % 2)
		return false;
	make_body(body, entry->length, number, entry->sent);
	return memcmp(body, entry->body, entry->length) == 0;
}

static void
test_sizes(void)
{
	char		memory[1024] __attribute__((aligned(64)));

	tap_ok(!qf_ring_init((QfRing *) memory, sizeof(memory)),
		   "1 kB is too small");
	for (Size size = 8192; size <= (Size) 64 << 20; size *= 8)
	{
		QfRing	   *ring = new_ring(size);

		tap_ok(qf_ring_check(ring) == NULL, "%zu bytes are enough", size);
		tap_ok(put(ring, 1, 1, 100, true), "and take an answer");
		free(ring);
	}
}

static void
test_replacing(void)
{
	QfRing	   *ring = new_ring(65536);
	QfDigest	question = question_number(1);
	QfRingEntry entry;

	tap_ok(!qf_ring_find(ring, &question, &entry), "nothing is there");
	tap_ok(put(ring, 1, 5, 100, true) && put(ring, 1, 6, 90, true) &&
		   qf_ring_find(ring, &question, &entry) && entry.sent == 6 &&
		   is_whole(&entry, 1), "a shorter answer replaces");
	tap_ok(put(ring, 1, 7, 2000, true) &&
		   qf_ring_find(ring, &question, &entry) && entry.sent == 7 &&
		   is_whole(&entry, 1), "a longer one, too");
	tap_ok(!put(ring, 1, 3, 10, true) &&
		   qf_ring_find(ring, &question, &entry) && entry.sent == 7,
		   "but none that was asked for earlier");
	tap_ok(!put(ring, 2, 1, MOST_LENGTH, true) == false &&
		   qf_ring_check(ring) == NULL, "all in order");
	qf_ring_remove(ring, &question);
	tap_ok(!qf_ring_find(ring, &question, &entry), "what is removed is gone");
	tap_ok(put(ring, 1, 1, 10, true) &&
		   qf_ring_find(ring, &question, &entry) && entry.sent == 1,
		   "and can come again");
	free(ring);
}

static void
test_claims(void)
{
	QfRing	   *ring = new_ring(65536);
	QfDigest	question = question_number(1);
	QfRingEntry entry;

	tap_ok(qf_ring_claim(ring, &question, 3, 100) &&
		   qf_ring_find(ring, &question, &entry) && entry.body == NULL &&
		   entry.busy_until == 100 && entry.claimer == 3, "a claim");
	qf_ring_release(ring, &question, 4);
	tap_ok(qf_ring_find(ring, &question, &entry) && entry.busy_until == 100,
		   "another cannot release it");
	qf_ring_release(ring, &question, 3);
	tap_ok(qf_ring_find(ring, &question, &entry) && entry.busy_until == 0,
		   "its owner can");
	tap_ok(qf_ring_claim(ring, &question, 3, 100) &&
		   put(ring, 1, 9, 500, true) &&
		   qf_ring_find(ring, &question, &entry) && entry.busy_until == 0 &&
		   is_whole(&entry, 1), "an answer ends it");
	tap_ok(qf_ring_claim(ring, &question, 5, 200) &&
		   qf_ring_find(ring, &question, &entry) && entry.busy_until == 200 &&
		   is_whole(&entry, 1), "an old answer stays while it is asked anew");
	tap_ok(qf_ring_check(ring) == NULL, "all in order");
	free(ring);
}

/* What nobody asked to keep must not push out all there is. */
static void
test_unwanted(void)
{
	QfRing	   *ring = new_ring(65536);
	int			nkept = 0;
	int			nfound = 0;

	for (uint32 i = 0; i < 1000; i++)
		(void) put(ring, i, 1, 400, false);
	for (uint32 round = 0; round < 3; round++)
	{
		for (uint32 i = 0; i < 1000; i++)
		{
			QfDigest	question = question_number(i);
			QfRingEntry entry;

			nfound += qf_ring_find(ring, &question, &entry);
			nkept += put(ring, i, round + 2, 400, false);
		}
	}
	tap_ok(nfound > 100, "who reads more than there is room for finds some: %d",
		   nfound);
	tap_ok(nkept < 1000, "and not each answer displaces: %d", nkept);
	tap_ok(qf_ring_check(ring) == NULL, "all in order");
	free(ring);
}

/* Random operations against what they should come to. */
static void
test_model(void)
{
	QfRing	   *ring = new_ring(65536);
	uint32		newest[NQUESTIONS] = {0};
	int			nwrong = 0;
	int			nhits = 0;

	for (uint32 i = 1; i <= ROUNDS; i++)
	{
		uint32		number = draw(NQUESTIONS);
		QfDigest	question = question_number(number);
		QfRingEntry entry;

		switch (draw(8))
		{
			case 0:
				qf_ring_remove(ring, &question);
				newest[number] = 0;
				break;
			case 1:
				(void) qf_ring_claim(ring, &question, 1, i);
				break;
			case 2:
			case 3:
			case 4:
				if (put(ring, number, i, draw(MOST_LENGTH), draw(2)))
					newest[number] = i;
				break;
			default:
				if (!qf_ring_find(ring, &question, &entry) ||
					entry.body == NULL)
					break;
				nhits++;
				if (entry.sent > newest[number] || newest[number] == 0 ||
					!is_whole(&entry, number))
					nwrong++;
		}
		if (i % 97 == 0 && qf_ring_check(ring) != NULL)
			nwrong++;
	}
	tap_ok(nwrong == 0, "%d random operations", ROUNDS);
	tap_ok(nhits > ROUNDS / 100, "with hits: %d", nhits);
	free(ring);
}

typedef struct Shared
{
	pthread_rwlock_t lock;
	int			nwrong;
	char		ring[65536] __attribute__((aligned(64)));
}			Shared;

static void
work(void *memory, int process)
{
	Shared	   *shared = memory;
	QfRing	   *ring = (QfRing *) shared->ring;

	seed = process + 1;
	for (uint32 i = 1; i <= ROUNDS / 2; i++)
	{
		uint32		number = draw(NQUESTIONS);
		QfDigest	question = question_number(number);
		QfRingEntry entry;

		if (draw(2))
		{
			pthread_rwlock_rdlock(&shared->lock);
			if (qf_ring_find(ring, &question, &entry) && entry.body != NULL &&
				!is_whole(&entry, number))
				shared->nwrong++;
		}
		else
		{
			pthread_rwlock_wrlock(&shared->lock);
			if (draw(4) == 0)
				(void) qf_ring_claim(ring, &question, process, i);
			else
				(void) put(ring, number, i, draw(MOST_LENGTH), draw(2));
		}
		pthread_rwlock_unlock(&shared->lock);
	}
}

static void
test_processes(void)
{
	Shared	   *shared = processes_share(sizeof(Shared));
	pthread_rwlockattr_t attributes;
	int			nfailed;

	pthread_rwlockattr_init(&attributes);
	pthread_rwlockattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
	pthread_rwlock_init(&shared->lock, &attributes);
	if (!qf_ring_init((QfRing *) shared->ring, sizeof(shared->ring)))
		abort();
	nfailed = processes_run(NPROCESSES, work, shared);
	tap_ok(nfailed == 0 && shared->nwrong == 0, "%d processes at once",
		   NPROCESSES);
	tap_ok(qf_ring_check((QfRing *) shared->ring) == NULL,
		   "all in order then");
}

/* The check itself must notice. */
static void
test_check(void)
{
	QfRing	   *ring = new_ring(65536);

	for (uint32 i = 0; i < 20; i++)
		(void) put(ring, i, 1, 400, true);
	memset((char *) ring + 40000, 0x5a, 64);
	memset((char *) ring + 2048, 0x5a, 8192);
	tap_ok(qf_ring_check(ring) != NULL, "a broken ring is noticed");
	free(ring);
}

int
main(void)
{
	test_sizes();
	test_replacing();
	test_claims();
	test_unwanted();
	test_model();
	test_processes();
	test_check();
	return tap_done();
}
