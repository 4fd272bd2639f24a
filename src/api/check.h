/*
 * check.h
 *	  What works of a server, and what it is like, step by step.
 *
 * src/api/check.h
 */
#ifndef QF_API_CHECK_H
#define QF_API_CHECK_H

/* What came of a step. */
typedef enum QfCheckVerdict
{
	QF_CHECK_GOOD,
	QF_CHECK_BAD,
	QF_CHECK_NOT_MADE			/* could not be made, or does not apply */
} QfCheckVerdict;

/* Takes in a step; the texts are translated, NULL: none. */
typedef void (*QfCheckSink) (void *arg, const char *step,
							 QfCheckVerdict verdict, const char *detail,
							 const char *hint);

extern void qf_check_run(Oid serverid, QfCheckSink sink, void *arg);

#endif							/* QF_API_CHECK_H */
