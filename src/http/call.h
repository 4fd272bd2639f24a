/*
 * call.h
 *	  One request and its reply.
 *
 * src/http/call.h
 */
#ifndef QF_HTTP_CALL_H
#define QF_HTTP_CALL_H

#include "lib/ilist.h"
#include "utils/palloc.h"

#include "base/credential.h"
#include "base/option.h"

struct QfQueue;
struct curl_slist;

/* How an attempt ended, below the level of HTTP status codes. */
typedef enum QfTransport
{
	QF_TRANSPORT_ANSWERED,		/* a whole HTTP response arrived */
	QF_TRANSPORT_FAILED,		/* resolve, connect, TLS, reset, timeout */
	QF_TRANSPORT_TOO_LARGE,		/* more than max_response_size */
	QF_TRANSPORT_UNREADABLE,	/* headers without end, or a content encoding
								 * that is broken */
	QF_TRANSPORT_UNSENT,		/* could not be built; reason says why */
	QF_TRANSPORT_NO_DESCRIPTOR, /* not sent: there is no socket to be had */
	QF_TRANSPORT_OVER_BUDGET	/* not sent: qianfan_fdw.max_requests */
} QfTransport;

/* What is sent: POST path?Action=action. */
typedef struct QfRequest
{
	const char *path;			/* unencoded, without the endpoint's prefix */
	const char *action;
	const char *body;			/* JSON, UTF-8 */
	const void *question;		/* what the judge has to know about it */
	bool		urgent;			/* goes before the calls that wait already */
} QfRequest;

typedef struct QfReply
{
	QfTransport transport;
	int			status;			/* HTTP status code; 0 before there is one */
	char	   *body;			/* malloc'd, NUL-terminated; the call's */
	size_t		length;
	char		reason[256];	/* of a failure, libcurl's words */
	char		request_id[128];	/* x-bce-request-id */
	char		error_code[128];	/* X-Bce-Error-Code */
	char		error_message[512]; /* X-Bce-Error-Message */
	int64		retry_after;	/* milliseconds, or -1 */
	int64		date;			/* seconds since 1970, or -1 */
	int64		wire_bytes;		/* body bytes as received */
	bool		timed_out;
} QfReply;

typedef enum QfCallState
{
	QF_CALL_WAITING,			/* for a free place or its time */
	QF_CALL_RUNNING,			/* in libcurl's hands */
	QF_CALL_DONE				/* reply and answer are there */
} QfCallState;

typedef struct QfCall
{
	dlist_node	node;			/* in its queue's waiting list */
	struct QfQueue *queue;
	MemoryContext context;		/* owns this struct and all it has */
	MemoryContextCallback cleanup;
	QfCallState state;
	QfRequest	request;
	QfReply		reply;
	void	   *answer;			/* what the queue's judge made of the reply;
								 * NULL: nothing yet */
	MemoryContext answer_context;	/* of the answer; NULL before the first */
	int			retries;
	bool		clock_learned;
	int64		not_before;		/* microseconds, monotonic clock */
	int64		started;		/* likewise; of the last attempt; 0: none */
	int64		absence;		/* of the pool when that was */

	/* owned by call.c while an attempt runs */
	void	   *easy;			/* libcurl handle, lent by the pool */
	int		   *nsockets;		/* likewise; how many the pool has */
	struct curl_slist *headers;
	size_t		capacity;		/* of reply.body */
	size_t		header_bytes;
	int64		received;		/* bytes of the body when they last grew */
	uint64		turn;			/* see check_progress() */
	int			nlooks;			/* in this turn, without a byte of the body */
	int			ncodings;		/* content and transfer codings */
	bool		through_proxy;
	bool		sent;			/* has this attempt sent its request? */
	bool		header_ended;	/* was the blank line behind it seen? */
	size_t		max_response_size;
	char	   *retry_after_text;
	char		error_buffer[256];	/* CURL_ERROR_SIZE */
} QfCall;

extern void qf_call_begin_turn(void);
extern void *qf_call_new_handle(const QfOptions *options, void *share);
extern bool qf_call_prepare(QfCall *call, const QfOptions *options,
							const QfCredential *credential, int64 now);
extern void qf_call_finish(QfCall *call, int curl_code, int64 now);
extern void qf_call_detach(QfCall *call);
extern void qf_call_free_reply(QfCall *call);
extern void qf_call_forget_sockets(void);
extern void qf_call_disown_sockets(const int *nsockets);

#endif							/* QF_HTTP_CALL_H */
