/*
 * facts.h
 *	  What can be seen of a connection, for whoever checks a server.
 *
 * src/http/facts.h
 */
#ifndef QF_HTTP_FACTS_H
#define QF_HTTP_FACTS_H

#include "http/transfer.h"

extern void qf_facts_describe_tls(QfTransfer *transfer);
extern void qf_facts_read(QfTransfer *transfer);

#endif							/* QF_HTTP_FACTS_H */
