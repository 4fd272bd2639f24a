/*
 * place.h
 *	  The place of an account in the memory that sessions share.
 *
 * src/shared/place.h
 */
#ifndef QF_SHARED_PLACE_H
#define QF_SHARED_PLACE_H

#include "base/account.h"
#include "base/option.h"
#include "shared/line.h"

/* What is known of an address, beside answers; bits. */
typedef enum QfKnowledge
{
	QF_KNOWS_ROUTE = 0x01,		/* it is the API's, so its 404 means absence */
	QF_KNOWS_REVERSE = 0x02		/* a list turned round begins at its other end */
} QfKnowledge;

/* An account as one session sees it. */
typedef struct QfAccount
{
	QfDigest	name;			/* what others may see of it */
	QfDigest	secret;			/* keys its questions */
	char		endpoint[128];	/* for who looks at qianfan_fdw_accounts */
	uint64		server;			/* tells the server from others */
	int			number;			/* of its place */
	uint32		generation;		/* of that, when it was looked for */
} QfAccount;

extern void qf_place_open(QfAccount *account, const QfOptions *options,
						  const QfCredential *credential, int64 now);
extern void qf_place_find(QfAccount *account, int64 now);
extern int64 qf_place_enter(QfAccount *account, QfTicket *ticket,
							double configured, int64 now);
extern void qf_place_succeed(QfAccount *account, int64 now);
extern bool qf_place_refuse(QfAccount *account, const QfRefusal *refusal,
							int64 now);
extern uint64 qf_place_successes(QfAccount *account, int64 now);
extern void qf_place_forget(QfAccount *account, int64 now);
extern void qf_place_write(QfAccount *account, int64 now);
extern void qf_place_forget_endpoint(const QfEndpoint *endpoint, int64 now);
extern bool qf_place_knows(QfAccount *account, uint64 server,
						   uint32 knowledge, int64 now);
extern void qf_place_learn(QfAccount *account, uint64 server,
						   uint32 knowledge, int64 now);

#endif							/* QF_SHARED_PLACE_H */
