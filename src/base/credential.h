/*
 * credential.h
 *	  The keys a request is signed with.
 *
 * src/base/credential.h
 */
#ifndef QF_BASE_CREDENTIAL_H
#define QF_BASE_CREDENTIAL_H

#include "utils/palloc.h"

typedef struct QfCredential
{
	const char *access_key;
	const char *secret_key;
	const char *session_token;	/* NULL: none */
	bool		from_environment;	/* else of a user mapping */
	Oid			mapped_user;	/* whose mapping; InvalidOid: that of PUBLIC */
} QfCredential;

extern bool qf_credential_is_bearer(const char *value);
extern const char *qf_credential_check(const char *name, const char *value);

extern const QfCredential *qf_credential_find(Oid userid, Oid serverid,
											  MemoryContext owner);

#endif							/* QF_BASE_CREDENTIAL_H */
