/*
 * header.h
 *	  What the header of an HTTP response says.
 *
 * src/http/header.h
 */
#ifndef QF_HTTP_HEADER_H
#define QF_HTTP_HEADER_H

typedef struct QfHeader
{
	int			status;			/* of the last response that began; 0: none */
	char		request_id[128];	/* x-bce-request-id */
	char		error_code[128];	/* X-Bce-Error-Code */
	char		error_message[512]; /* X-Bce-Error-Message */
	char		retry_after[64];	/* as it came; "": none */
	int64		date;			/* seconds since 1970, or -1 */
	bool		ended;			/* was the blank line behind it seen? */

	/* header.c's own */
	bool		inside;			/* between a status line and a blank one? */
	bool		interim;		/* will another response follow this one? */
	bool		through_proxy;
	bool		tunnelled;		/* has the proxy nothing more to say? */
	size_t		nbytes;			/* of all responses and trailers */
	int			ncodings;		/* content and transfer codings */
} QfHeader;

extern void qf_header_init(QfHeader *header, bool through_proxy,
						   bool through_tunnel);
extern const char *qf_header_add(QfHeader *header, const char *line,
								 size_t length);
extern int64 qf_header_retry_after(const QfHeader *header, int64 now);

#endif							/* QF_HTTP_HEADER_H */
