/*
 * fuzz_endpoint.c
 *	  src/base/endpoint.c: endpoints and proxies from any text.
 *
 * libcurl's own parser is the judge.  Promises: what is taken as an endpoint
 * means the same to libcurl, has no credentials, query or fragment, and is
 * called loopback only if libcurl would not leave the machine for it.
 *
 * test/fuzz/fuzz_endpoint.c
 */
#include "postgres.h"

#include <curl/curl.h>

#include "base/endpoint.h"

#include "fuzz.h"
#include "../unit/stubs.h"

static void check_endpoint(const char *text, const QfEndpoint *endpoint);
static bool has(CURLU *url, CURLUPart part);
static void check_loopback(CURLU *url);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	QfEndpoint	endpoint;
	char	   *text;

	stub_enter();
	text = fuzz_text(data, size);
	if (qf_endpoint_parse(text, &endpoint) == NULL)
		check_endpoint(text, &endpoint);
	if (qf_endpoint_check_proxy(text) == NULL)
		PROMISE(strpbrk(text, "@?# \t\r\n\"'\\") == NULL);
	stub_leave();
	return 0;
}

/* Read it as libcurl will get it. */
static void
check_endpoint(const char *text, const QfEndpoint *endpoint)
{
	CURLU	   *url = curl_url();
	char	   *composed = psprintf("%s://%s%s",
									endpoint->tls ? "https" : "http",
									endpoint->host, endpoint->prefix);

	PROMISE(strpbrk(composed, "@?#% \t\r\n\"'\\") == NULL);
	if (curl_url_set(url, CURLUPART_URL, composed, 0) == CURLUE_OK)
	{
		PROMISE(!has(url, CURLUPART_USER) && !has(url, CURLUPART_PASSWORD));
		PROMISE(!has(url, CURLUPART_QUERY) && !has(url, CURLUPART_FRAGMENT));
		if (endpoint->loopback)
			check_loopback(url);
	}
	else
		PROMISE(!endpoint->loopback);
	curl_url_cleanup(url);
	(void) text;
}

static bool
has(CURLU *url, CURLUPart part)
{
	char	   *value = NULL;
	bool		found = curl_url_get(url, part, &value, 0) == CURLUE_OK;

	curl_free(value);
	return found;
}

static void
check_loopback(CURLU *url)
{
	char	   *host = NULL;

	PROMISE(curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK);
	PROMISE(pg_strcasecmp(host, "localhost") == 0 ||
			strcmp(host, "[::1]") == 0 || strncmp(host, "127.", 4) == 0);
	curl_free(host);
}
