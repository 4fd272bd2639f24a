/*
 * write_error.h
 *	  Errors of calls that write.
 *
 * src/api/write_error.h
 */
#ifndef QF_API_WRITE_ERROR_H
#define QF_API_WRITE_ERROR_H

#include "api/call.h"

/* Whose answers were lost, in words for a message. */
typedef struct QfLostCreates
{
	const QfCall *first;
	int			count;
	const char *objects;		/* of each, what it is called and made of, and
								 * the ids that could be it */
	const char *problem;		/* a sentence on the list that these are from;
								 * NULL: it was read to its end */
} QfLostCreates;

extern _Noreturn void qf_write_error_refused(const QfCall *call,
											 const QfOptions *options,
											 const char *done);
extern _Noreturn void qf_write_error_lost(const QfCall *call,
										  const char *reason,
										  const char *done);
extern _Noreturn void qf_write_error_lost_creates(const QfLostCreates *lost,
												  const char *done);

#endif							/* QF_API_WRITE_ERROR_H */
