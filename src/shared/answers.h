/*
 * answers.h
 *	  Answers that sessions remember for each other.
 *
 * src/shared/answers.h
 */
#ifndef QF_SHARED_ANSWERS_H
#define QF_SHARED_ANSWERS_H

#include "shared/place.h"
#include "shared/ring.h"

/* Which answers will do; times are microseconds of the loop's clock. */
typedef struct QfTerms
{
	bool		list;			/* is a page of a list asked for? */
	bool		any_final;		/* of a final object, however old */
	int64		since;			/* or asked for after this ... */
	int64		final_since;	/* ... and of a final object, after this */
} QfTerms;

/* An answer that was found, copied. */
typedef struct QfFound
{
	char	   *body;			/* malloc'd, NUL-terminated */
	size_t		length;
	int			status;
} QfFound;

extern bool qf_answers_are_kept(void);
extern bool qf_answers_know(QfAccount *account, const QfDigest *question,
							const QfTerms *terms, int64 now);
extern bool qf_answers_take(QfAccount *account, const QfDigest *question,
							const QfTerms *terms, int64 now, QfFound *found);
extern int64 qf_answers_busy_until(const QfDigest *question, int64 now);
extern int64 qf_answers_claim(QfAccount *account, const QfDigest *question,
							  const QfTerms *terms, int64 now,
							  int64 busy_until);
extern void qf_answers_release(const QfDigest *question);
extern void qf_answers_keep(QfAccount *account, const QfDigest *question,
							const QfRingAnswer *answer, int64 now);
extern void qf_answers_forget(QfAccount *account, const QfDigest *question,
							  int64 now);
extern void qf_answers_stop_awaiting(void);
extern bool qf_answers_are_awaited(void);
extern bool qf_answers_signalled(void);

#endif							/* QF_SHARED_ANSWERS_H */
