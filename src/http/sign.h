/*
 * sign.h
 *	  bce-auth-v1 request signatures.
 *
 * src/http/sign.h
 */
#ifndef QF_HTTP_SIGN_H
#define QF_HTTP_SIGN_H

#include "lib/stringinfo.h"

/* A query parameter or a header; names and values unencoded, UTF-8. */
typedef struct QfPair
{
	const char *name;
	const char *value;
} QfPair;

typedef struct QfSignInput
{
	const char *method;			/* upper case */
	const char *path;			/* unencoded */
	const QfPair *query;
	int			nquery;
	const QfPair *headers;		/* as they will be sent */
	int			nheaders;
	const char *const *signed_headers;	/* lower case, sorted */
	int			nsigned;		/* 0: the default set */
	const char *access_key;
	const char *secret_key;
	const char *timestamp;		/* YYYY-MM-DDThh:mm:ssZ */
	int			expiration;		/* seconds from timestamp */
} QfSignInput;

extern void qf_sign_append_path(StringInfo buf, const char *path);
extern void qf_sign_append_query(StringInfo buf, const QfPair *query,
								 int nquery);
extern void qf_sign_append_canonical(StringInfo buf, const QfSignInput *input);
extern bool qf_sign_append_authorization(StringInfo buf,
										 const QfSignInput *input);

#endif							/* QF_HTTP_SIGN_H */
