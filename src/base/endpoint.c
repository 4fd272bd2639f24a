/*
 * endpoint.c
 *	  Parse the server option "endpoint" (RFC 3986, section 3, a strict
 *	  subset).
 *
 * The characters allowed are listed, not the forbidden ones: what passes here
 * is put into the request line, the Host header and the signed text as it is,
 * so nothing that could start a new header or another URL may pass.
 *
 * src/base/endpoint.c
 */
#include "postgres.h"

#include <arpa/inet.h>

#include "base/endpoint.h"

#define ALPHABETIC "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

static const char *parse_authority(const char *text, size_t length,
								   int default_port, QfEndpoint *endpoint);
static bool ends_with(const char *text, const char *end);
static bool is_ipv6(const char *text, size_t length);
static bool is_loopback(const char *host, size_t length);

/*
 * qf_endpoint_parse
 *		Fill *endpoint (strings palloc'd) from "scheme://host[:port][/prefix]".
 *
 * Returns NULL, or what is wrong as a sentence for a hint.
 */
const char *
qf_endpoint_parse(const char *text, QfEndpoint *endpoint)
{
	const char *authority;
	const char *path;
	const char *problem;
	size_t		path_length;

	memset(endpoint, 0, sizeof(*endpoint));
	if (pg_strncasecmp(text, "https://", 8) == 0)
	{
		endpoint->tls = true;
		authority = text + 8;
	}
	else if (pg_strncasecmp(text, "http://", 7) == 0)
		authority = text + 7;
	else
		return gettext_noop("An endpoint starts with \"https://\" or \"http://\".");

	path = authority + strcspn(authority, "/");
	problem = parse_authority(authority, path - authority,
							  endpoint->tls ? 443 : 80, endpoint);
	if (problem != NULL)
		return problem;

	path_length = strlen(path);
	if (strspn(path, ALPHABETIC DIGITS "-._~/") != path_length)
		return gettext_noop("The path prefix of an endpoint consists of letters, digits, \"-\", \".\", \"_\", \"~\" and \"/\".");
	if (strstr(path, "//") != NULL || strstr(path, "/./") != NULL ||
		strstr(path, "/../") != NULL)
		return gettext_noop("The path prefix of an endpoint has no empty, \".\" or \"..\" segment.");
	if (path_length > 0 && path[path_length - 1] == '/')
		path_length--;
	endpoint->prefix = pnstrdup(path, path_length);
	if (ends_with(endpoint->prefix, "/v2") ||
		ends_with(endpoint->prefix, "/v2/model"))
		return gettext_noop("The path of the API, \"/v2/model\", is added to the endpoint; leave it out.");
	if (ends_with(endpoint->prefix, "/.") ||
		ends_with(endpoint->prefix, "/.."))
		return gettext_noop("The path prefix of an endpoint has no empty, \".\" or \"..\" segment.");
	return NULL;
}

/*
 * qf_endpoint_check_proxy
 *		Check "scheme://host:port"; returns NULL or what is wrong.
 */
const char *
qf_endpoint_check_proxy(const char *text)
{
	static const char *const schemes[] = {
		"http://", "https://", "socks5://", "socks5h://",
	};
	QfEndpoint	ignored;

	for (int i = 0; i < lengthof(schemes); i++)
	{
		size_t		length = strlen(schemes[i]);

		if (pg_strncasecmp(text, schemes[i], length) == 0)
		{
			if (strchr(text + length, '/') != NULL)
				return gettext_noop("A proxy has no path, nor a \"/\" at the end.");
			if (strchr(text + length, ':') == NULL)
				return gettext_noop("The port of the proxy is missing.");
			return parse_authority(text + length, strlen(text + length), 0,
								   &ignored);
		}
	}
	return gettext_noop("A proxy is given as \"http://\", \"https://\", \"socks5://\" or \"socks5h://\", host and port.");
}

/*
 * Check "host[:port]" and keep it the way the Host header wants it: without
 * the port when it is the default one.
 */
static const char *
parse_authority(const char *text, size_t length, int default_port,
				QfEndpoint *endpoint)
{
	size_t		host_length;
	long		port = default_port;

	if (length == 0)
		return gettext_noop("The host is missing.");
	if (memchr(text, '@', length) != NULL)
		return gettext_noop("Credentials do not belong into a URL.");

	if (text[0] == '[')
	{
		host_length = strspn(text + 1, DIGITS "abcdefABCDEF:.") + 1;
		if (host_length < 3 || host_length >= length ||
			text[host_length] != ']')
			return gettext_noop("An IPv6 address is written in square brackets.");
		if (!is_ipv6(text + 1, host_length - 1))
			return gettext_noop("The host is not an IPv6 address.");
		host_length++;
	}
	else
	{
		host_length = strspn(text, ALPHABETIC DIGITS "-._");
		if (host_length == 0 && text[0] == ':')
			return gettext_noop("The host is missing.");
	}
	if (host_length > 255)
		return gettext_noop("The host name is too long.");

	if (host_length < length)
	{
		const char *digits = text + host_length + 1;
		size_t		ndigits = length - host_length - 1;

		if (text[host_length] != ':' || host_length == 0)
			return gettext_noop("The host consists of letters, digits, \"-\", \".\" and \"_\"; write other names in their \"xn--\" form.");
		if (ndigits < 1 || ndigits > 5 || strspn(digits, DIGITS) < ndigits)
			return gettext_noop("The port is a number from 1 to 65535.");
		port = strtol(digits, NULL, 10);
		if (port < 1 || port > 65535)
			return gettext_noop("The port is a number from 1 to 65535.");
	}

	endpoint->loopback = is_loopback(text, host_length);
	endpoint->host = port == default_port ?
		pnstrdup(text, host_length) :
		psprintf("%.*s:%ld", (int) host_length, text, port);
	return NULL;
}

static bool
ends_with(const char *text, const char *end)
{
	size_t		length = strlen(text);

	return length >= strlen(end) &&
		strcmp(text + length - strlen(end), end) == 0;
}

static bool
is_ipv6(const char *text, size_t length)
{
	char		copy[INET6_ADDRSTRLEN];
	struct in6_addr address;

	if (length >= sizeof(copy))
		return false;
	memcpy(copy, text, length);
	copy[length] = '\0';
	return inet_pton(AF_INET6, copy, &address) == 1;
}

/*
 * Does this host name stay on this machine?  libcurl itself maps "localhost"
 * to the loopback addresses without asking a name server.
 */
static bool
is_loopback(const char *host, size_t length)
{
	if (length == 9 && pg_strncasecmp(host, "localhost", 9) == 0)
		return true;
	if (length == 5 && strncmp(host, "[::1]", 5) == 0)
		return true;

	/*
	 * Four decimal numbers, none above 255 or with a leading zero: anything
	 * else, such as "127.0.0.1.", is looked up as a name.
	 */
	if (length < INET_ADDRSTRLEN && strncmp(host, "127.", 4) == 0)
	{
		char		copy[INET_ADDRSTRLEN];
		struct in_addr address;

		memcpy(copy, host, length);
		copy[length] = '\0';
		return inet_pton(AF_INET, copy, &address) == 1;
	}
	return false;
}
