/*
 * response.h
 *	  What an answer says.
 *
 * src/api/response.h
 */
#ifndef QF_API_RESPONSE_H
#define QF_API_RESPONSE_H

#include "api/call.h"
#include "api/retry.h"
#include "data/json.h"

typedef enum QfAnswerKind
{
	QF_ANSWER_UNREAD,			/* an error or a cancel came over it */
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
	int			nitems;			/* of the page */
	const char *next_marker;	/* of the page; NULL: it is the last one */
	const char *code;			/* NULL: none */
	const char *message;		/* NULL: none */
	const char *request_id;		/* NULL: none */
	bool		enveloped;		/* is the body of the API's documented form, a
								 * JSON object with a code or a request id? */
	const char *new_id;			/* of the object that was created */
	const char *problem;		/* MALFORMED: what is wrong, a sentence */
} QfAnswer;

extern QfOutcome qf_response_judge(QfCall *call);
extern bool qf_response_has_state(const QfJson *object,
								  const QfResource *resource,
								  const char *const *states);
extern bool qf_response_is_lost(const QfCall *call);
extern bool qf_response_shows_route(const QfCall *call);

#endif							/* QF_API_RESPONSE_H */
