/*
 * connection.h
 *	  The connections of this session.
 *
 * src/http/connection.h
 */
#ifndef QF_HTTP_CONNECTION_H
#define QF_HTTP_CONNECTION_H

#include "http/transfer.h"

extern void qf_connection_open(int ntransfers);
extern void qf_connection_close(void);
extern bool qf_connection_reserve(bool has_one);
extern bool qf_connection_start(QfTransfer *transfer,
								const QfRequest *request,
								const QfOptions *options,
								const QfCredential *credential, int64 now);
extern void qf_connection_stop(QfTransfer *transfer);
extern bool qf_connection_push(void);
extern void qf_connection_perform(void);
extern QfTransfer *qf_connection_next_ended(int *curl_code);
extern bool qf_connection_is_busy(void);
extern int64 qf_connection_due(void);

#endif							/* QF_HTTP_CONNECTION_H */
