/*
 * transfer.h
 *	  One HTTP exchange: a request and its reply.
 *
 * src/http/transfer.h
 */
#ifndef QF_HTTP_TRANSFER_H
#define QF_HTTP_TRANSFER_H

#include "base/credential.h"
#include "base/option.h"
#include "http/header.h"

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
	QF_TRANSPORT_NO_MEMORY,
	QF_TRANSPORT_OVER_BUDGET	/* not sent: qianfan_fdw.max_requests */
} QfTransport;

/* What is sent: POST path?Action=action. */
typedef struct QfRequest
{
	const char *path;			/* unencoded, without the endpoint's prefix */
	const char *action;
	const char *body;			/* JSON, UTF-8 */
	bool		fresh;			/* over a connection of its own? */
} QfRequest;

typedef struct QfReply
{
	QfTransport transport;
	int			status;			/* HTTP status code; 0 before there is one */
	QfHeader	header;
	char	   *body;			/* malloc'd, NUL-terminated; the transfer's */
	size_t		length;
	char		reason[256];	/* of a failure, a phrase */
	bool		worded;			/* is it in the language of the session? */
	const char *hint;			/* what to do about it; NULL: nothing special */
	int64		retry_after;	/* milliseconds, or -1 */
	int64		wire_bytes;		/* body bytes as received */
} QfReply;

/* What can be seen of a connection on the way; see qf_check(). */
typedef struct QfConnectionFacts
{
	bool		resolved;		/* is the host's address known? */
	bool		connected;
	bool		encrypted;		/* has a TLS handshake come to a good end? */
	char		address[64];	/* of the endpoint, or of the proxy; "":
								 * unknown */
	int			port;
	int			connect_time;	/* milliseconds, with resolving and TLS */
	char		tls_version[16];	/* "": unknown */
	int64		certificate_end;	/* seconds since 1970; 0: unknown */
} QfConnectionFacts;

typedef struct QfTransfer
{
	QfReply    *reply;			/* what comes is put there; the caller's */
	bool		running;		/* in libcurl's hands? connection.c's */
	bool		sent;			/* has this attempt sent its request? */
	QfConnectionFacts *facts;	/* NULL: nobody wants them; the caller's */

	/* transfer.c's while an attempt runs */
	void	   *easy;			/* libcurl handle, lent by connection.c */
	struct curl_slist *headers;
	const char *unsent;			/* of the request's body; see read_body() */
	size_t		capacity;		/* of reply->body; body.c's, as the next */
	bool		mapped;			/* is it pages of its own? */
	int64		received;		/* bytes of the body when they last grew */
	uint64		turn;			/* see check_progress() */
	int			nlooks;			/* in this turn, without a byte of the body */
	bool		shaking;		/* has a TLS handshake with the endpoint
								 * begun? */
	size_t		max_response_size;
	char		error_buffer[256];	/* CURL_ERROR_SIZE */
} QfTransfer;

extern void qf_transfer_begin_turn(void);
extern void *qf_transfer_new_handle(void *share);
extern bool qf_transfer_prepare(QfTransfer *transfer,
								const QfRequest *request,
								const QfOptions *options,
								const QfCredential *credential, int64 now);
extern void qf_transfer_finish(QfTransfer *transfer, int curl_code, int64 now);
extern bool qf_transfer_is_timeout(int curl_code);
extern void qf_transfer_expire(QfTransfer *transfer, const QfOptions *options);
extern void qf_transfer_detach(QfTransfer *transfer);

#endif							/* QF_HTTP_TRANSFER_H */
