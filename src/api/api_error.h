/*
 * api_error.h
 *	  From what the API or the network says to a PostgreSQL error.
 *
 * src/api/api_error.h
 */
#ifndef QF_API_API_ERROR_H
#define QF_API_API_ERROR_H

#include "api/response.h"

/* What there is to say of an answer that is an error; all but the first in the
 * language of the session, palloc'd. */
typedef struct QfApiError
{
	int			sqlstate;
	const char *status;			/* of HTTP, and the API's code */
	const char *detail;			/* the API's own words, a sentence */
	const char *hint;
} QfApiError;

extern QfOutcome qf_api_error_classify(QfAnswer *answer, int status,
									   bool detail);
extern bool qf_api_error_is_lost(const QfAnswer *answer, int status);
extern bool qf_api_error_is_denied(const QfAnswer *answer);
extern char *qf_api_error_text(const QfCall *call, const char *text,
							   int limit);
extern void qf_api_error_describe(const QfCall *call,
								  const QfOptions *options,
								  QfApiError *error);
extern char *qf_api_error_object(const QfCall *call);
extern char *qf_api_error_reason(const QfCall *call);
extern _Noreturn void qf_api_error_raise(const QfCall *call,
										 const QfOptions *options);
extern _Noreturn void qf_api_error_no_route(const QfCall *call,
											const QfOptions *options);
extern _Noreturn void qf_api_error_malformed(const QfCall *call,
											 const QfOptions *options,
											 const char *problem);

#endif							/* QF_API_API_ERROR_H */
