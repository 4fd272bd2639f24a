/*
 * response.h
 *	  What an answer says.
 *
 * src/api/response.h
 */
#ifndef QF_API_RESPONSE_H
#define QF_API_RESPONSE_H

#include "data/json.h"
#include "http/call.h"
#include "http/retry.h"

typedef enum QfAnswerKind
{
	QF_ANSWER_UNREAD,			/* memory ran out over it */
	QF_ANSWER_RESULT,
	QF_ANSWER_NOT_FOUND,		/* the API does not know the object */
	QF_ANSWER_REFUSED,			/* an error of the API; see code */
	QF_ANSWER_MALFORMED,		/* not what the API's pages promise */
	QF_ANSWER_NONE				/* no answer: see the reply's transport */
} QfAnswerKind;

/* All strings UTF-8 as they came, in the answer's context. */
typedef struct QfAnswer
{
	QfAnswerKind kind;
	const QfJson *result;		/* object, or array of list items */
	const QfJson *page_info;	/* of a list; may be NULL */
	const char *code;			/* NULL: none */
	const char *message;		/* NULL: none */
	const char *request_id;		/* NULL: none */
	const char *problem;		/* MALFORMED: what is wrong, a sentence */
} QfAnswer;

extern QfOutcome qf_response_judge(QfCall *call);

#endif							/* QF_API_RESPONSE_H */
