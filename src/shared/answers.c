/*
 * answers.c
 *	  Answers that sessions remember for each other, and questions that one asks
 *	  for all.
 *
 * What lies in the ring counts only if it was asked for after the last time that
 * something was forgotten or written by the account; see place.c.  So to forget
 * is to write down a time, and an answer that comes late does no harm.
 *
 * A claim is a hint with an end: whoever asks says so, and others who have the
 * same question wait for a second at most, while they go on with all else they
 * have to do.  Nothing is held, so there is nothing that can hang, and a claimer
 * that dies, idles or fails costs others that second.  Whoever waits leaves a
 * Bloom filter of its questions in its slot, before it looks, and who publishes
 * an answer sets the latches of those that may wait for it.
 *
 * src/shared/answers.c
 */
#include "postgres.h"

#include "shared/answers.h"
#include "shared/area.h"

/* Signals that were noticed. */
static uint32 noticed = 0;

/* Is the filter in our slot in use? */
static bool awaiting = false;

/*
 * qf_answers_are_kept
 *		Is there memory for answers?
 */
bool
qf_answers_are_kept(void)
{
	QfArea	   *area = qf_area_get();

	return area != NULL && qf_area_ring() != NULL;
}

/* Since when an account's answers count. */
static int64
valid_since(const QfAccount *account, bool list)
{
	QfPlace    *place = &qf_area_get()->places[account->number];
	int64		since = pg_atomic_read_u64(&place->forgotten);

	if (list)
		since = Max(since, (int64) pg_atomic_read_u64(&place->written));
	return since;
}

/* Will this answer do? */
static bool
fits(const QfAccount *account, const QfRingEntry *entry, const QfTerms *terms)
{
	if (entry->body == NULL ||
		entry->sent <= valid_since(account, terms->list))
		return false;
	return entry->sent > terms->since ||
		(entry->final && (terms->any_final ||
						  entry->sent > terms->final_since));
}

/* Is there an answer that will do? */
bool
qf_answers_know(QfAccount *account, const QfDigest *question,
				const QfTerms *terms, int64 now)
{
	QfRing	   *ring = qf_area_ring();
	QfArea	   *area = qf_area_get();
	QfRingEntry entry;
	bool		known;

	if (ring == NULL)
		return false;
	qf_place_find(account, now);
	qf_area_lock(&area->ring_lock, false);
	known = qf_ring_find(ring, question, &entry) &&
		fits(account, &entry, terms);
	qf_area_unlock(&area->ring_lock);
	return known;
}

/*
 * qf_answers_take
 *		Copy the answer to a question, if there is one that will do.
 */
bool
qf_answers_take(QfAccount *account, const QfDigest *question,
				const QfTerms *terms, int64 now, QfFound *found)
{
	QfRing	   *ring = qf_area_ring();
	QfArea	   *area = qf_area_get();
	QfRingEntry entry;
	bool		taken = false;

	if (ring == NULL)
		return false;
	qf_place_find(account, now);
	qf_area_lock(&area->ring_lock, false);
	if (qf_ring_find(ring, question, &entry) && fits(account, &entry, terms))
	{
		found->body = malloc(entry.length + 1);
		if (found->body != NULL)
		{
			memcpy(found->body, entry.body, entry.length);
			found->body[entry.length] = '\0';
			found->length = entry.length;
			found->status = entry.status;
			taken = true;
		}
	}
	qf_area_unlock(&area->ring_lock);
	return taken;
}

/* The bits of a filter that stand for a question. */
static uint64
filter_bits(const QfDigest *question)
{
	return UINT64CONST(1) << (question->high & 63) |
		UINT64CONST(1) << (question->high >> 6 & 63);
}

/* Have answers to this question signalled. */
static void
await(QfArea *area, const QfDigest *question)
{
	QfSlot	   *slot = qf_area_slot();

	if (slot == NULL)
		return;
	if (!awaiting)
		pg_atomic_fetch_add_u32(&area->nawaiting, 1);
	awaiting = true;
	pg_atomic_fetch_or_u64(&slot->awaited, filter_bits(question));
}

/* Is any question awaited? */
bool
qf_answers_are_awaited(void)
{
	return awaiting;
}

/* No question is awaited any more. */
void
qf_answers_stop_awaiting(void)
{
	QfSlot	   *slot = qf_area_slot();

	if (!awaiting || slot == NULL)
		return;
	pg_atomic_write_u64(&slot->awaited, 0);
	pg_atomic_fetch_sub_u32(&qf_area_get()->nawaiting, 1);
	awaiting = false;
}

/* May something that we await have come since the last time we asked? */
bool
qf_answers_signalled(void)
{
	QfSlot	   *slot = qf_area_slot();
	uint32		signals;

	if (!awaiting || slot == NULL)
		return false;
	signals = pg_atomic_read_u32(&slot->signals);
	if (signals == noticed)
		return false;
	noticed = signals;
	return true;
}

/* What a claimer is called in the ring; never 0. */
static int
claimer_number(const QfArea *area)
{
	QfSlot	   *slot = qf_area_slot();

	return slot != NULL ? slot - area->slots + 1 : -1;
}

/*
 * qf_answers_busy_until
 *		The end of another session's claim to a question, which is awaited then; 0
 *		if there is none.
 */
int64
qf_answers_busy_until(const QfDigest *question, int64 now)
{
	QfRing	   *ring = qf_area_ring();
	QfArea	   *area = qf_area_get();
	QfRingEntry entry;
	int64		busy_until = 0;

	if (ring == NULL)
		return 0;
	await(area, question);
	qf_area_lock(&area->ring_lock, false);
	if (qf_ring_find(ring, question, &entry) && entry.busy_until > now &&
		entry.claimer != claimer_number(area))
		busy_until = entry.busy_until;
	qf_area_unlock(&area->ring_lock);
	return busy_until;
}

/*
 * qf_answers_claim
 *		Claim a question up to "busy_until".  Returns 0 if it is ours to ask, the
 *		end of the claim if somebody else asks it, and is awaited then, or -1 if
 *		an answer that will do has come.
 */
int64
qf_answers_claim(QfAccount *account, const QfDigest *question,
				 const QfTerms *terms, int64 now, int64 busy_until)
{
	QfRing	   *ring = qf_area_ring();
	QfArea	   *area = qf_area_get();
	int			claimer = claimer_number(area);
	QfRingEntry entry;
	int64		result = 0;

	if (ring == NULL)
		return 0;
	qf_place_find(account, now);
	/* Before looking, so that no signal can be missed. */
	await(area, question);
	qf_area_lock(&area->ring_lock, true);
	if (qf_ring_find(ring, question, &entry))
	{
		if (fits(account, &entry, terms))
			result = -1;
		else if (entry.busy_until > now && entry.claimer != claimer)
			result = entry.busy_until;
	}
	if (result == 0)
		(void) qf_ring_claim(ring, question, claimer, busy_until);
	qf_area_unlock(&area->ring_lock);
	return result;
}

/* Let those look that may wait for a question. */
static void
signal_awaiting(QfArea *area, const QfDigest *question)
{
	uint64		bits = filter_bits(question);
	QfSlot	   *own = qf_area_slot();

	if (pg_atomic_read_u32(&area->nawaiting) == 0)
		return;
	for (int i = 0; i < area->nslots; i++)
	{
		QfSlot	   *slot = &area->slots[i];

		if (slot != own &&
			(pg_atomic_read_u64(&slot->awaited) & bits) == bits)
		{
			pg_atomic_fetch_add_u32(&slot->signals, 1);
			qf_area_wake(i);
		}
	}
}

/* The question that was claimed was not answered in a way that can be kept. */
void
qf_answers_release(const QfDigest *question)
{
	QfRing	   *ring = qf_area_ring();
	QfArea	   *area = qf_area_get();

	if (ring == NULL)
		return;
	qf_area_lock(&area->ring_lock, true);
	qf_ring_release(ring, question, claimer_number(area));
	qf_area_unlock(&area->ring_lock);
	signal_awaiting(area, question);
}

/*
 * qf_answers_keep
 *		Remember an answer, unless something was forgotten or written since it
 *		was asked for.
 *
 * The latter is looked at under the lock, under which qf_answers_forget()
 * removes an answer after it has written down the time.
 */
void
qf_answers_keep(QfAccount *account, const QfDigest *question,
				const QfRingAnswer *answer, int64 now)
{
	QfRing	   *ring = qf_area_ring();
	QfArea	   *area = qf_area_get();

	if (ring == NULL)
		return;
	qf_place_find(account, now);
	qf_area_lock(&area->ring_lock, true);
	if (answer->sent > valid_since(account, true))
		(void) qf_ring_put(ring, question, answer);
	else
		qf_ring_release(ring, question, claimer_number(area));
	qf_area_unlock(&area->ring_lock);
	if (answer->wanted)
		signal_awaiting(area, question);
}

/* Something was written: forget the answer to this, and the account's lists. */
void
qf_answers_forget(QfAccount *account, const QfDigest *question, int64 now)
{
	QfRing	   *ring = qf_area_ring();
	QfArea	   *area = qf_area_get();

	qf_place_write(account, now);
	if (ring == NULL)
		return;
	qf_area_lock(&area->ring_lock, true);
	qf_ring_remove(ring, question);
	qf_area_unlock(&area->ring_lock);
}
