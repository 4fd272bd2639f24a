/*
 * request.h
 *	  What is asked: action, parameters, body.
 *
 * src/api/request.h
 */
#ifndef QF_API_REQUEST_H
#define QF_API_REQUEST_H

#include "http/call.h"
#include "http/sign.h"
#include "resource/resource.h"

/* The meaning of a request; what its answer is checked against. */
typedef struct QfQuestion
{
	const QfResource *resource;
	const char *id;				/* UTF-8; NULL: a page of the list */
} QfQuestion;

extern void qf_request_detail(QfRequest *request, const QfResource *resource,
							  const char *id);
extern void qf_request_page(QfRequest *request, const QfResource *resource,
							const QfPair *filters, int nfilters,
							const char *marker, int max_keys);

#endif							/* QF_API_REQUEST_H */
