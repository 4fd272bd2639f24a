/*
 * request.h
 *	  What is asked: action, parameters, body.
 *
 * src/api/request.h
 */
#ifndef QF_API_REQUEST_H
#define QF_API_REQUEST_H

#include "api/call.h"
#include "http/sign.h"

/* Which page of a list is asked for. */
typedef struct QfPageQuestion
{
	const QfPair *filters;		/* what its items are to fit */
	int			nfilters;
	const char *marker;			/* where it begins; NULL: with the first item */
	int			max_items;
	bool		turned;			/* is the first item the last of the list? */
} QfPageQuestion;

/* A member of a new object. */
typedef struct QfMember
{
	const char *path;			/* the descriptor's: dotted */
	const char *text;			/* UTF-8; NULL: it is not given */
	bool		is_json;		/* is the text JSON, or a string? */
} QfMember;

extern void qf_request_create(QfCall *call, const QfResource *resource,
							  const QfMember *members, int nmembers);
extern void qf_request_change(QfCall *call, const QfResource *resource,
							  QfWriteKind kind, const char *id);
extern void qf_request_detail(QfCall *call, const QfResource *resource,
							  const char *id);
extern void qf_request_page(QfCall *call, const QfResource *resource,
							const QfPageQuestion *page);

#endif							/* QF_API_REQUEST_H */
