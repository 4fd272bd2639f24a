/*
 * ring.h
 *	  Answers in a piece of memory of fixed size.
 *
 * src/shared/ring.h
 */
#ifndef QF_SHARED_RING_H
#define QF_SHARED_RING_H

#include "base/account.h"

typedef struct QfRing QfRing;

/* An answer in the ring, a claim to ask for one, or both. */
typedef struct QfRingEntry
{
	const char *body;			/* in the ring; NULL: there is no answer */
	uint32		length;
	int			status;			/* of HTTP */
	bool		final;			/* nothing but deletion can change it */
	int64		sent;			/* microseconds; when it was asked for */
	int64		busy_until;		/* somebody asks, until then at most */
	int			claimer;		/* who that is */
} QfRingEntry;

/* What to keep. */
typedef struct QfRingAnswer
{
	const char *body;
	uint32		length;
	int			status;
	bool		final;
	bool		wanted;			/* did somebody ask to keep it? */
	int64		sent;
} QfRingAnswer;

extern bool qf_ring_init(QfRing *ring, Size size);
extern bool qf_ring_find(QfRing *ring, const QfDigest *question,
						 QfRingEntry *entry);
extern bool qf_ring_put(QfRing *ring, const QfDigest *question,
						const QfRingAnswer *answer);
extern bool qf_ring_claim(QfRing *ring, const QfDigest *question, int claimer,
						  int64 busy_until);
extern void qf_ring_release(QfRing *ring, const QfDigest *question,
							int claimer);
extern void qf_ring_remove(QfRing *ring, const QfDigest *question);
extern const char *qf_ring_check(const QfRing *ring);

#endif							/* QF_SHARED_RING_H */
