/*
 * facts.c
 *	  What can be seen of a connection, for whoever checks a server.
 *
 * src/http/facts.c
 */
#include "postgres.h"

#include <curl/curl.h>

#include "http/facts.h"
#include "http/tls.h"

/* libcurl gives its connection away only as long as there is one. */
void
qf_facts_describe_tls(QfTransfer *transfer)
{
	QfConnectionFacts *facts = transfer->facts;
	struct curl_tlssessioninfo *session = NULL;

	if (curl_easy_getinfo(transfer->easy, CURLINFO_TLS_SSL_PTR,
						  &session) == CURLE_OK &&
		session != NULL && session->internals != NULL &&
		session->backend == CURLSSLBACKEND_OPENSSL)
		qf_tls_describe(session->internals, facts->tls_version,
						sizeof(facts->tls_version), &facts->certificate_end);
}

/* How far a connection has come: a time is 0 until it is over. */
void
qf_facts_read(QfTransfer *transfer)
{
	CURL	   *easy = transfer->easy;
	QfConnectionFacts *facts = transfer->facts;
	curl_off_t	resolved = 0;
	curl_off_t	connected = 0;
	curl_off_t	encrypted = 0;
	char	   *address = NULL;
	long		port = 0;

	(void) curl_easy_getinfo(easy, CURLINFO_NAMELOOKUP_TIME_T, &resolved);
	(void) curl_easy_getinfo(easy, CURLINFO_CONNECT_TIME_T, &connected);
	(void) curl_easy_getinfo(easy, CURLINFO_APPCONNECT_TIME_T, &encrypted);
	(void) curl_easy_getinfo(easy, CURLINFO_PRIMARY_IP, &address);
	(void) curl_easy_getinfo(easy, CURLINFO_PRIMARY_PORT, &port);
	facts->resolved = resolved > 0;
	facts->connected = connected > 0;
	facts->encrypted = encrypted > 0 && transfer->sent;
	facts->connect_time = (int) (Max(connected, encrypted) / 1000);
	strlcpy(facts->address, address != NULL ? address : "",
			sizeof(facts->address));
	facts->port = (int) port;
}
