/*
 * api_error.h
 *	  From what the API or the network says to a PostgreSQL error.
 *
 * src/api/api_error.h
 */
#ifndef QF_API_API_ERROR_H
#define QF_API_API_ERROR_H

#include "api/response.h"

extern QfOutcome qf_api_error_classify(QfAnswer *answer, int status,
									   bool detail);
extern char *qf_api_error_text(const QfCall *call, const char *text,
							   int limit);
extern _Noreturn void qf_api_error_raise(const QfCall *call,
										 const QfOptions *options);
extern _Noreturn void qf_api_error_malformed(const QfCall *call,
											 const QfOptions *options,
											 const char *problem);

#endif							/* QF_API_API_ERROR_H */
