/*
 * header.c
 *	  What the header of an HTTP response says.
 *
 * Lines come as an endpoint sent them: interim responses (1xx) and a proxy's
 * before the one that counts, and trailers behind its body, of which nothing is
 * kept.  Nothing is allocated, and nothing here can raise an error: these
 * functions run below frames of libcurl.
 *
 * src/http/header.c
 */
#ifdef FRONTEND
#include "postgres_fe.h"
#else
#include "postgres.h"
#endif

#include <curl/curl.h>

#include "http/header.h"

/* Bytes of one exchange, interim responses and trailers included. */
#define MAX_BYTES (64 * 1024)

/* If this is the header of that (lower-case) name, where its value is. */
static const char *
find_value(const char *line, size_t length, const char *name,
		   const char **end)
{
	size_t		name_length = strlen(name);
	const char *start = line + name_length + 1;

	*end = line + length;
	if (length <= name_length || line[name_length] != ':' ||
		pg_strncasecmp(line, name, name_length) != 0)
		return NULL;
	while (start < *end && (*start == ' ' || *start == '\t'))
		start++;
	while (*end > start && strchr("\r\n \t", (*end)[-1]) != NULL)
		(*end)--;
	return start;
}

/* If this is the header of that (lower-case) name, copy its value. */
static bool
copy_value(const char *line, size_t length, const char *name,
		   char *value, size_t value_size)
{
	const char *end;
	const char *start = find_value(line, length, name, &end);

	if (start == NULL)
		return false;
	if (end - start >= value_size)
		end = start + value_size - 1;
	memcpy(value, start, end - start);
	value[end - start] = '\0';
	return true;
}

/* How many compressions a header speaks of. */
static int
count_codings(const char *line, size_t length)
{
	const char *end;
	const char *word = find_value(line, length, "content-encoding", &end);
	int			count = 0;

	if (word == NULL)
		word = find_value(line, length, "transfer-encoding", &end);
	while (word != NULL && word < end)
	{
		size_t		word_length = 0;

		while (word + word_length < end &&
			   strchr(", \t", word[word_length]) == NULL)
			word_length++;
		if (word_length > 0 &&
			!(word_length == 7 && pg_strncasecmp(word, "chunked", 7) == 0) &&
			!(word_length == 8 && pg_strncasecmp(word, "identity", 8) == 0))
			count++;
		word += word_length + 1;
	}
	return count;
}

/* The three digits of a status line; 0 if there are none. */
static int
read_status(const char *line, size_t length)
{
	const char *space = memchr(line, ' ', length);
	int			status = 0;

	if (space == NULL || line + length - space < 4)
		return 0;
	for (int i = 1; i <= 3; i++)
	{
		if (space[i] < '0' || space[i] > '9')
			return 0;
		status = status * 10 + (space[i] - '0');
	}
	return status;
}

/* A status line: forget what headers before it said. */
static void
begin_response(QfHeader *header, const char *line, size_t length)
{
	header->status = read_status(line, length);
	header->inside = true;
	header->interim = header->status >= 100 && header->status < 200 &&
		header->status != 101;	/* switches to what is no HTTP any more */
	header->ncodings = 0;
	header->request_id[0] = '\0';
	header->error_code[0] = '\0';
	header->error_message[0] = '\0';
	header->retry_after[0] = '\0';
	header->date = -1;

	/* The proxy has opened its tunnel; the endpoint speaks next. */
	if (!header->interim && !header->tunnelled)
	{
		header->interim = header->status >= 200 && header->status < 300;
		header->tunnelled = true;
	}
}

static void
keep_value(QfHeader *header, const char *line, size_t length)
{
	char		date[64];

	if (copy_value(line, length, "x-bce-request-id", header->request_id,
				   sizeof(header->request_id)) ||
		copy_value(line, length, "x-bce-error-code", header->error_code,
				   sizeof(header->error_code)) ||
		copy_value(line, length, "x-bce-error-message",
				   header->error_message, sizeof(header->error_message)) ||
		copy_value(line, length, "retry-after", header->retry_after,
				   sizeof(header->retry_after)))
		return;
	if (copy_value(line, length, "date", date, sizeof(date)))
		header->date = curl_getdate(date, NULL);
}

/*
 * qf_header_init
 *		Get ready for the lines of one exchange.
 *
 * "through_tunnel": a proxy answers a CONNECT before the endpoint is asked.
 */
void
qf_header_init(QfHeader *header, bool through_proxy, bool through_tunnel)
{
	memset(header, 0, sizeof(*header));
	header->date = -1;
	header->through_proxy = through_proxy;
	header->tunnelled = !through_tunnel;
}

/*
 * qf_header_add
 *		Take in one line, with its end; it need not be NUL-terminated.
 *
 * Returns NULL, or why the exchange is to be stopped, in a few words.
 */
const char *
qf_header_add(QfHeader *header, const char *line, size_t length)
{
	header->nbytes += length;
	if (header->nbytes > MAX_BYTES)
		return gettext_noop("more than 65536 bytes of headers");
	if (header->ended)
		return NULL;			/* a trailer */

	if (length > 5 && strncmp(line, "HTTP/", 5) == 0)
	{
		begin_response(header, line, length);

		/* It has a body for libcurl to read first, however long. */
		if (header->through_proxy && header->status == 407)
			return gettext_noop("the proxy asks for credentials");
		return NULL;
	}
	if (!header->inside)
		return NULL;
	if (length <= 2 && (line[0] == '\r' || line[0] == '\n'))
	{
		header->inside = false;
		header->ended = !header->interim;
		return NULL;
	}

	/* libcurl would undo five, and 17 kB can be minutes of work. */
	header->ncodings += count_codings(line, length);
	if (header->ncodings > 1)
		return gettext_noop("more than one content coding");
	keep_value(header, line, length);
	return NULL;
}

/*
 * qf_header_retry_after
 *		Milliseconds that the endpoint asked us to stay away, or -1 (RFC 9110,
 *		section 10.2.3: seconds or a date).
 *
 * "now" is the time, in seconds since 1970, if the endpoint does not say it.
 */
int64
qf_header_retry_after(const QfHeader *header, int64 now)
{
	const char *text = header->retry_after;
	size_t		digits = strspn(text, "0123456789");
	int64		date;

	if (text[0] == '\0')
		return -1;
	if (text[digits] == '\0')
		return digits > 9 ? PG_INT32_MAX : (int64) strtol(text, NULL, 10) * 1000;
	date = curl_getdate(text, NULL);
	if (date == -1)
		return -1;
	if (header->date >= 0)
		now = header->date;
	return date > now ? Min(date - now, PG_INT32_MAX / 1000) * 1000 : 0;
}
