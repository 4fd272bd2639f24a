/*
 * body.h
 *	  Where the body of a reply is, while it arrives and until it is read.
 *
 * src/http/body.h
 */
#ifndef QF_HTTP_BODY_H
#define QF_HTTP_BODY_H

#include "http/transfer.h"

extern bool qf_body_append(QfTransfer *transfer, const char *data,
						   size_t length);
extern void qf_body_free(QfTransfer *transfer);

#endif							/* QF_HTTP_BODY_H */
