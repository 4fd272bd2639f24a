/*
 * account.h
 *	  Which account is this, and which question is asked of it?
 *
 * src/base/account.h
 */
#ifndef QF_BASE_ACCOUNT_H
#define QF_BASE_ACCOUNT_H

#include "base/credential.h"
#include "base/endpoint.h"

#define QF_SALT_LENGTH 32

/* 128 bits that stand for something; all zero: nothing. */
typedef struct QfDigest
{
	uint64		high;
	uint64		low;
} QfDigest;

static inline bool
qf_digest_equals(const QfDigest *a, const QfDigest *b)
{
	return a->high == b->high && a->low == b->low;
}

extern void qf_account_identify(const uint8 * salt, const QfEndpoint *endpoint,
								const QfCredential *credential,
								QfDigest *name, QfDigest *secret);
extern void qf_account_question(const QfDigest *secret,
								const char *const *parts, int nparts,
								QfDigest *question);

#endif							/* QF_BASE_ACCOUNT_H */
