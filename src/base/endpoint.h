/*
 * endpoint.h
 *	  Where requests go: scheme, host, port and path prefix.
 *
 * src/base/endpoint.h
 */
#ifndef QF_BASE_ENDPOINT_H
#define QF_BASE_ENDPOINT_H

typedef struct QfEndpoint
{
	bool		tls;			/* https? */
	bool		loopback;		/* cannot leave this machine? */
	char	   *host;			/* value of the Host header: port included
								 * unless it is the scheme's default */
	char	   *prefix;			/* path before the API's own; "" or "/a/b" */
} QfEndpoint;

extern const char *qf_endpoint_parse(const char *text, QfEndpoint *endpoint);
extern const char *qf_endpoint_check_proxy(const char *text);

#endif							/* QF_BASE_ENDPOINT_H */
