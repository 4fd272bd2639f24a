/*
 * tls.c
 *	  What an endpoint may do to us in a handshake.
 *
 * src/http/tls.c
 */
#include "postgres.h"

#include <time.h>

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "http/tls.h"

/* Handshake messages of one connection; a dozen are usual. */
#define MAX_MESSAGES 1000

/*
 * After too many handshake messages the connection counts as closed by the
 * other side.  OpenSSL skips some in a loop of its own, before a certificate has
 * been checked as well as after, and would not come back while an endpoint
 * floods it with them.
 */
static void
count_message(int sent, int version, int content_type, const void *data,
			  size_t length, SSL * ssl, void *arg)
{
	static int	index = -1;
	intptr_t	count;

	if (sent || content_type != SSL3_RT_HANDSHAKE)
		return;
	if (index < 0)
		index = SSL_get_ex_new_index(0, NULL, NULL, NULL, NULL);
	count = (intptr_t) SSL_get_ex_data(ssl, index) + 1;
	if (!SSL_set_ex_data(ssl, index, (void *) count) ||
		count > MAX_MESSAGES)
		SSL_set_shutdown(ssl, SSL_RECEIVED_SHUTDOWN);
}

/*
 * qf_tls_restrict
 *		Prepare an SSL_CTX for endpoints that nobody vouches for; false if that
 *		could not be done.
 *
 * No finite-field Diffie-Hellman: a handshake with a group of 10,000 bits takes
 * a second.  Up to TLS 1.2 it is a matter of ciphers, from 1.3 on of groups.
 * Which groups there are depends on the version and the configuration of
 * OpenSSL, so the first list that it takes will do.
 */
bool
qf_tls_restrict(void *context)
{
	static const char *const groups[] = {
		"X25519MLKEM768:X25519:P-256:X448:P-384:P-521",
		"X25519:P-256:X448:P-384:P-521",
		"P-256:P-384:P-521",
	};

	SSL_CTX_set_msg_callback(context, count_message);
	for (int i = 0; i < lengthof(groups); i++)
	{
		if (SSL_CTX_set1_groups_list(context, groups[i]))
			return true;
	}
	return false;
}

/*
 * qf_tls_describe
 *		Of a connection (an SSL *) that stands: the version of TLS, and the end of
 *		the endpoint's certificate in seconds since 1970.
 *
 * What cannot be told stays as it is.  Raises no error; may be called from
 * libcurl's callbacks.
 */
void
qf_tls_describe(void *connection, char *version, size_t size,
				int64 *certificate_end)
{
	X509	   *certificate = SSL_get_peer_certificate(connection);
	struct tm	tm;

	strlcpy(version, SSL_get_version(connection), size);
	if (certificate == NULL)
		return;
	if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &tm))
		*certificate_end = (int64) timegm(&tm);
	X509_free(certificate);
}
