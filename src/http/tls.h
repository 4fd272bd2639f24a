/*
 * tls.h
 *	  What an endpoint may do to us in a handshake.
 *
 * src/http/tls.h
 */
#ifndef QF_HTTP_TLS_H
#define QF_HTTP_TLS_H

/* For CURLOPT_SSL_CIPHER_LIST: see qf_tls_restrict(). */
#define QF_TLS_CIPHERS "DEFAULT:!kDHE"

extern bool qf_tls_restrict(void *context);
extern void qf_tls_describe(void *connection, char *version, size_t size,
							int64 *certificate_end);

#endif							/* QF_HTTP_TLS_H */
