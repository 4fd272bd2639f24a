/*
 * sign.c
 *	  bce-auth-v1: canonical request and HMAC-SHA256.
 *
 * The vendor's page doc/Reference/s/njwvz1yfu describes the algorithm.  The
 * signer is general; which headers it covers is the caller's choice.  It is
 * also compiled into a test program, hence the two flavours of the first
 * include.
 *
 * src/http/sign.c
 */
#ifdef FRONTEND
#include "postgres_fe.h"
#else
#include "postgres.h"
#endif

#include <ctype.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "http/sign.h"

#define HASH_LENGTH 32
#define HEX_LENGTH (2 * HASH_LENGTH)

static void append_headers(StringInfo buf, const QfSignInput *input);
static void init_secret(StringInfo buf, int size);
static int	headers_size(const QfSignInput *input);
static bool is_signed(const QfSignInput *input, const char *name);
static void append_sorted(StringInfo buf, char **lines, int nlines,
						  char separator);
static int	compare_lines(const void *a, const void *b);
static void append_encoded(StringInfo buf, const char *text, int length,
						   const char *keep);
static bool hmac_hex(const char *key, size_t key_length, const char *message,
					 size_t message_length, char *hex);

/* Append the path, percent-encoded but for "/"; never empty. */
void
qf_sign_append_path(StringInfo buf, const char *path)
{
	if (path[0] != '/')
		appendStringInfoChar(buf, '/');
	append_encoded(buf, path, strlen(path), "/");
}

/*
 * Append the parameters, percent-encoded and in canonical order, joined with
 * "&".  A request whose URL has the same text is signed as it is sent.
 */
void
qf_sign_append_query(StringInfo buf, const QfPair *query, int nquery)
{
	char	  **parts = palloc(sizeof(char *) * Max(nquery, 1));
	int			nparts = 0;

	for (int i = 0; i < nquery; i++)
	{
		StringInfoData part;

		if (pg_strcasecmp(query[i].name, "authorization") == 0)
			continue;
		initStringInfo(&part);
		append_encoded(&part, query[i].name, strlen(query[i].name), "");
		appendStringInfoChar(&part, '=');
		append_encoded(&part, query[i].value, strlen(query[i].value), "");
		parts[nparts++] = part.data;
	}
	append_sorted(buf, parts, nparts, '&');
}

/* Append the canonical request, the text that is signed. */
void
qf_sign_append_canonical(StringInfo buf, const QfSignInput *input)
{
	appendStringInfo(buf, "%s\n", input->method);
	qf_sign_append_path(buf, input->path);
	appendStringInfoChar(buf, '\n');
	qf_sign_append_query(buf, input->query, input->nquery);
	appendStringInfoChar(buf, '\n');
	append_headers(buf, input);
}

/*
 * qf_sign_append_authorization
 *		Append the value of the Authorization header.
 *
 * Returns false if the cryptographic library failed.
 */
bool
qf_sign_append_authorization(StringInfo buf, const QfSignInput *input)
{
	StringInfoData canonical;
	char		key[HEX_LENGTH + 1];
	char		signature[HEX_LENGTH + 1];
	int			prefix = buf->len;
	bool		ok;

	appendStringInfo(buf, "bce-auth-v1/%s/%s/%d", input->access_key,
					 input->timestamp, input->expiration);
	init_secret(&canonical, headers_size(input));
	qf_sign_append_canonical(&canonical, input);

	/* The derived key is used as its hexadecimal text. */
	ok = hmac_hex(input->secret_key, strlen(input->secret_key),
				  buf->data + prefix, buf->len - prefix, key) &&
		hmac_hex(key, HEX_LENGTH, canonical.data, canonical.len, signature);
	OPENSSL_cleanse(key, sizeof(key));
	OPENSSL_cleanse(canonical.data, canonical.len);
	if (!ok)
		return false;

	appendStringInfoChar(buf, '/');
	for (int i = 0; i < input->nsigned; i++)
		appendStringInfo(buf, "%s%s", i > 0 ? ";" : "",
						 input->signed_headers[i]);
	appendStringInfo(buf, "/%s", signature);
	return true;
}

/* The canonical headers: one line for each signed header with a value. */
static void
append_headers(StringInfo buf, const QfSignInput *input)
{
	char	  **lines = palloc(sizeof(char *) * Max(input->nheaders, 1));
	int			nlines = 0;

	for (int i = 0; i < input->nheaders; i++)
	{
		const char *value = input->headers[i].value;
		int			length;
		char	   *name;
		StringInfoData line;

		while (isspace((unsigned char) *value))
			value++;
		length = strlen(value);
		while (length > 0 && isspace((unsigned char) value[length - 1]))
			length--;
		name = pstrdup(input->headers[i].name);
		for (char *p = name; *p != '\0'; p++)
			*p = pg_ascii_tolower((unsigned char) *p);
		if (length == 0 || !is_signed(input, name))
			continue;

		init_secret(&line, headers_size(input));
		append_encoded(&line, name, strlen(name), "");
		appendStringInfoChar(&line, ':');
		append_encoded(&line, value, length, "");
		lines[nlines++] = line.data;
	}
	append_sorted(buf, lines, nlines, '\n');
	for (int i = 0; i < nlines; i++)
		OPENSSL_cleanse(lines[i], strlen(lines[i]));
}

/*
 * A buffer that may take a session token, and has room enough not to leave
 * part of one behind when it grows.
 */
static void
init_secret(StringInfo buf, int size)
{
	initStringInfo(buf);
	enlargeStringInfo(buf, size);
}

/* Bytes that the canonical headers, with the rest of the request, take. */
static int
headers_size(const QfSignInput *input)
{
	int			size = 1024;

	for (int i = 0; i < input->nheaders; i++)
		size += 3 * (strlen(input->headers[i].name) +
					 strlen(input->headers[i].value)) + 2;
	return size;
}

static bool
is_signed(const QfSignInput *input, const char *name)
{
	if (input->nsigned == 0)
		return strcmp(name, "host") == 0 ||
			strcmp(name, "content-length") == 0 ||
			strcmp(name, "content-type") == 0 ||
			strcmp(name, "content-md5") == 0 ||
			strncmp(name, "x-bce-", 6) == 0;

	for (int i = 0; i < input->nsigned; i++)
	{
		if (strcmp(input->signed_headers[i], name) == 0)
			return true;
	}
	return false;
}

/* Whole lines are sorted, not names: "a-b=1" comes before "a=2". */
static void
append_sorted(StringInfo buf, char **lines, int nlines, char separator)
{
	qsort(lines, nlines, sizeof(char *), compare_lines);
	for (int i = 0; i < nlines; i++)
	{
		if (i > 0)
			appendStringInfoChar(buf, separator);
		appendStringInfoString(buf, lines[i]);
	}
}

static int
compare_lines(const void *a, const void *b)
{
	return strcmp(*(char *const *) a, *(char *const *) b);
}

/* Percent-encode all but the unreserved characters (RFC 3986) and "keep". */
static void
append_encoded(StringInfo buf, const char *text, int length, const char *keep)
{
	static const char digits[] = "0123456789ABCDEF";

	for (int i = 0; i < length; i++)
	{
		unsigned char c = text[i];

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			(c >= '0' && c <= '9') ||
			c == '-' || c == '_' || c == '.' || c == '~' ||
			(c != '\0' && strchr(keep, c) != NULL))
			appendStringInfoCharMacro(buf, c);
		else
		{
			appendStringInfoCharMacro(buf, '%');
			appendStringInfoCharMacro(buf, digits[c >> 4]);
			appendStringInfoCharMacro(buf, digits[c & 15]);
		}
	}
}

/* HMAC-SHA256 (RFC 2104) as lower-case hexadecimal text. */
static bool
hmac_hex(const char *key, size_t key_length, const char *message,
		 size_t message_length, char *hex)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char hash[EVP_MAX_MD_SIZE];
	unsigned int hash_length = 0;

	if (HMAC(EVP_sha256(), key, (int) key_length,
			 (const unsigned char *) message, message_length,
			 hash, &hash_length) == NULL || hash_length != HASH_LENGTH)
		return false;
	for (int i = 0; i < HASH_LENGTH; i++)
	{
		hex[2 * i] = digits[hash[i] >> 4];
		hex[2 * i + 1] = digits[hash[i] & 15];
	}
	hex[HEX_LENGTH] = '\0';
	OPENSSL_cleanse(hash, sizeof(hash));
	return true;
}
