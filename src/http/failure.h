/*
 * failure.h
 *	  Why there is no answer.
 *
 * src/http/failure.h
 */
#ifndef QF_HTTP_FAILURE_H
#define QF_HTTP_FAILURE_H

#include "http/transfer.h"

extern void qf_failure_by_code(QfTransfer *transfer, int curl_code);
extern void qf_failure_by_time(QfTransfer *transfer,
							   const QfOptions *options);

#endif							/* QF_HTTP_FAILURE_H */
