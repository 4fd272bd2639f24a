/*
 * call.c
 *	  One request and its reply: handle, headers, buffer.
 *
 * libcurl's callbacks run below libcurl's frames, which an error must not
 * jump over.  So they use malloc, never a function of the server that can
 * raise an error, and note why they stopped; whoever waits for the call turns
 * that into an error later.
 *
 * src/http/call.c
 */
#include "postgres.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <curl/curl.h>
#include <openssl/ssl.h>

#include "lib/stringinfo.h"
#include "utils/memutils.h"

#include "http/call.h"
#include "http/descriptor.h"
#include "http/sign.h"

/* CURLOPT_QUICK_EXIT and CURLOPT_PROTOCOLS_STR are needed. */
#if !CURL_AT_LEAST_VERSION(7, 87, 0)
#error "qianfan_fdw needs libcurl 7.87 or later"
#endif

StaticAssertDecl(CURL_ERROR_SIZE <= sizeof(((QfCall *) NULL)->error_buffer),
				 "error_buffer is too small");

/* Header bytes of one response, informational responses included. */
#define MAX_HEADER_BYTES (64 * 1024)

/*
 * Looks at a transfer within one turn of libcurl that bring nothing of the body.
 * Few are usual; while there is something to read, each stands for a megabyte.
 */
#define MAX_LOOKS 32

/* Handshake messages of one connection; a dozen are usual. */
#define MAX_TLS_MESSAGES 1000

/* Seconds a signature is good for; the vendor's SDKs use the same. */
#define SIGNATURE_LIFETIME 1800

static bool set_common(CURL *easy, const QfOptions *options, CURLSH *share);
static bool set_tls_and_proxy(CURL *easy, const QfOptions *options);
static CURLcode watch_tls(CURL *easy, void *context, void *arg);
static void count_tls_message(int sent, int version, int content_type,
							  const void *data, size_t length, SSL * ssl,
							  void *arg);
static bool add_headers(QfCall *call, const QfOptions *options,
						const QfCredential *credential, int64 now);
static bool add_header(QfCall *call, const char *name, const char *value);
static int	before_request(void *arg, char *remote_address,
						   char *local_address, int remote_port,
						   int local_port);
static int	check_progress(void *arg, curl_off_t to_receive,
						   curl_off_t received, curl_off_t to_send,
						   curl_off_t sent);
static size_t receive_body(char *data, size_t size, size_t nmemb, void *arg);
static size_t receive_header(char *data, size_t size, size_t nmemb, void *arg);
static bool begin_response(QfCall *call, const char *line, size_t length);
static void set_header_ended(QfCall *call, bool ended);
static const char *find_value(const char *line, size_t length,
							  const char *name, const char **end);
static bool copy_header(const char *line, size_t length, const char *name,
						char *value, size_t value_size);
static int	count_codings(const char *line, size_t length);
static curl_socket_t open_socket(void *arg, curlsocktype purpose,
								 struct curl_sockaddr *address);
static int	close_socket(void *arg, curl_socket_t sock);
static bool count_socket(curl_socket_t sock, int *nsockets);
static void uncount_socket(curl_socket_t sock);
static int64 parse_retry_after(const char *text, int64 now);

/* How often libcurl was given the processor. */
static uint64 turns = 0;

/*
 * Of the socket of that number: its pool's count of them, if it is counted.
 * malloc'd.
 */
static int **counted_sockets = NULL;
static int	ncounted_sockets = 0;	/* length of the array */
static bool sockets_opened = false; /* since they were last looked at */

#define SET(easy, option, value) \
	(curl_easy_setopt(easy, option, value) == CURLE_OK)

/* libcurl is about to get the processor. */
void
qf_call_begin_turn(void)
{
	turns++;
}

/*
 * qf_call_new_handle
 *		A libcurl handle with everything set that all requests to a server
 *		have in common; NULL if libcurl could not.
 *
 * The caller owns it.  Requests borrow it one after another.
 */
void *
qf_call_new_handle(const QfOptions *options, void *share)
{
	CURL	   *easy = curl_easy_init();

	if (easy == NULL)
		return NULL;
	if (!set_common(easy, options, share) || !set_tls_and_proxy(easy, options))
	{
		curl_easy_cleanup(easy);
		return NULL;
	}
	return easy;
}

/*
 * qf_call_prepare
 *		Sign the request at time "now" (seconds since 1970, by the server's
 *		clock) and load it into call->easy.
 *
 * Allocates scratch in the current context.  Returns false, with the reason
 * in the reply, if that failed; qf_call_detach() is due in both cases.
 */
bool
qf_call_prepare(QfCall *call, const QfOptions *options,
				const QfCredential *credential, int64 now)
{
	CURL	   *easy = call->easy;
	QfPair		query = {"Action", call->request.action};
	StringInfoData url;

	qf_call_free_reply(call);
	memset(&call->reply, 0, sizeof(call->reply));
	call->reply.retry_after = -1;
	call->reply.date = -1;
	call->reply.transport = QF_TRANSPORT_UNSENT;
	call->header_bytes = 0;
	call->received = 0;
	call->turn = 0;
	call->nlooks = 0;
	call->ncodings = 0;
	call->through_proxy = options->proxy != NULL;
	call->sent = false;
	call->header_ended = false;
	call->error_buffer[0] = '\0';
	call->max_response_size = options->max_response_size;

	initStringInfo(&url);
	appendStringInfo(&url, "%s://%s%s",
					 options->endpoint.tls ? "https" : "http",
					 options->endpoint.host, options->endpoint.prefix);
	qf_sign_append_path(&url, call->request.path);
	appendStringInfoChar(&url, '?');
	qf_sign_append_query(&url, &query, 1);

	if (!add_headers(call, options, credential, now) ||
		!SET(easy, CURLOPT_URL, url.data) ||
		!SET(easy, CURLOPT_HTTPHEADER, call->headers) ||
		!SET(easy, CURLOPT_POSTFIELDS, call->request.body) ||
		!SET(easy, CURLOPT_POSTFIELDSIZE, (long) strlen(call->request.body)) ||
		!SET(easy, CURLOPT_ERRORBUFFER, call->error_buffer) ||
		!SET(easy, CURLOPT_PREREQDATA, call) ||
		!SET(easy, CURLOPT_XFERINFODATA, call) ||
		!SET(easy, CURLOPT_OPENSOCKETDATA, call) ||
		!SET(easy, CURLOPT_WRITEDATA, call) ||
		!SET(easy, CURLOPT_HEADERDATA, call) ||
		!SET(easy, CURLOPT_PRIVATE, call) ||
		!SET(easy, CURLOPT_FORBID_REUSE, 1L))
	{
		strlcpy(call->reply.reason, "The request could not be built.",
				sizeof(call->reply.reason));
		return false;
	}
	return true;
}

/*
 * qf_call_finish
 *		Complete the reply after libcurl reported the end of the transfer.
 *
 * "now" as in qf_call_prepare.
 */
void
qf_call_finish(QfCall *call, int curl_code, int64 now)
{
	QfReply    *reply = &call->reply;
	long		status = 0;
	curl_off_t	wire_bytes = 0;

	(void) curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
	(void) curl_easy_getinfo(call->easy, CURLINFO_SIZE_DOWNLOAD_T, &wire_bytes);
	reply->status = (int) status;
	reply->timed_out = curl_code == CURLE_OPERATION_TIMEDOUT;
	reply->wire_bytes = wire_bytes;
	if (call->retry_after_text != NULL)
		reply->retry_after = parse_retry_after(call->retry_after_text,
											   reply->date >= 0 ?
											   reply->date : now);

	if (curl_code == CURLE_OK && call->header_ended)
	{
		reply->transport = QF_TRANSPORT_ANSWERED;
		return;
	}
	/* See before_request(). */
	if (curl_code == CURLE_ABORTED_BY_CALLBACK && reply->reason[0] == '\0')
		strlcpy(reply->reason, "connection closed before the answer",
				sizeof(reply->reason));

	/* libcurl is content with a header that was cut off. */
	if (curl_code == CURLE_OK)
		strlcpy(reply->reason, "connection closed within the header",
				sizeof(reply->reason));

	/* Unless a callback stopped the transfer and left its own verdict. */
	if (reply->transport == QF_TRANSPORT_UNSENT)
	{
		if (curl_code == CURLE_FILESIZE_EXCEEDED)
			reply->transport = QF_TRANSPORT_TOO_LARGE;
		else if (curl_code == CURLE_BAD_CONTENT_ENCODING)
			reply->transport = QF_TRANSPORT_UNREADABLE;
		else
			reply->transport = QF_TRANSPORT_FAILED;
	}
	if (reply->reason[0] == '\0')
		strlcpy(reply->reason,
				call->error_buffer[0] != '\0' ?
				call->error_buffer : curl_easy_strerror(curl_code),
				sizeof(reply->reason));
}

/*
 * qf_call_detach
 *		Take this call's data out of the libcurl handle and free it, so that
 *		the handle can serve another call.  Idempotent; call->easy stays.
 */
void
qf_call_detach(QfCall *call)
{
	CURL	   *easy = call->easy;

	if (easy != NULL)
	{
		(void) SET(easy, CURLOPT_HTTPHEADER, NULL);
		(void) SET(easy, CURLOPT_POSTFIELDS, NULL);
		(void) SET(easy, CURLOPT_ERRORBUFFER, NULL);
		(void) SET(easy, CURLOPT_PREREQDATA, NULL);
		(void) SET(easy, CURLOPT_XFERINFODATA, NULL);
		(void) SET(easy, CURLOPT_OPENSOCKETDATA, NULL);
		(void) SET(easy, CURLOPT_WRITEDATA, NULL);
		(void) SET(easy, CURLOPT_HEADERDATA, NULL);
		(void) SET(easy, CURLOPT_PRIVATE, NULL);
	}

	/* Signature and session token are in there. */
	for (struct curl_slist *item = call->headers; item != NULL; item = item->next)
		explicit_bzero(item->data, strlen(item->data));
	curl_slist_free_all(call->headers);
	call->headers = NULL;
	free(call->retry_after_text);
	call->retry_after_text = NULL;
}

/* Free the body of the reply.  Idempotent. */
void
qf_call_free_reply(QfCall *call)
{
	free(call->reply.body);
	call->reply.body = NULL;
	call->reply.length = 0;
	call->capacity = 0;
}

static bool
set_common(CURL *easy, const QfOptions *options, CURLSH *share)
{
	return SET(easy, CURLOPT_SHARE, share) &&
		SET(easy, CURLOPT_NOSIGNAL, 1L) &&
		SET(easy, CURLOPT_POST, 1L) &&
		SET(easy, CURLOPT_USERAGENT, "qianfan_fdw/" QIANFAN_FDW_VERSION) &&
		SET(easy, CURLOPT_ACCEPT_ENCODING, "gzip") &&
		SET(easy, CURLOPT_FOLLOWLOCATION, 0L) &&
		SET(easy, CURLOPT_NETRC, (long) CURL_NETRC_IGNORED) &&
		SET(easy, CURLOPT_PROTOCOLS_STR, "http,https") &&

	/*
	 * Not 2: libcurl, as of 7.88, goes on reading frames as long as there are
	 * any, so an endpoint that floods a connection with them could hold a
	 * backend for minutes, deaf to cancel and to its own timeouts.  Under 1.1
	 * it comes back after a bounded number of reads.
	 */
		SET(easy, CURLOPT_HTTP_VERSION, (long) CURL_HTTP_VERSION_1_1) &&
		SET(easy, CURLOPT_CONNECTTIMEOUT_MS, (long) options->connect_timeout) &&
		SET(easy, CURLOPT_TIMEOUT_MS, (long) options->request_timeout) &&
		SET(easy, CURLOPT_MAXFILESIZE_LARGE,
			(curl_off_t) options->max_response_size) &&
	/* Do not wait for a name server when a statement is cancelled. */
		SET(easy, CURLOPT_QUICK_EXIT, 1L) &&
		SET(easy, CURLOPT_PREREQFUNCTION, before_request) &&
		SET(easy, CURLOPT_NOPROGRESS, 0L) &&
		SET(easy, CURLOPT_XFERINFOFUNCTION, check_progress) &&
		SET(easy, CURLOPT_WRITEFUNCTION, receive_body) &&
		SET(easy, CURLOPT_HEADERFUNCTION, receive_header) &&
		SET(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket) &&
		SET(easy, CURLOPT_CLOSESOCKETFUNCTION, close_socket);
}

/*
 * An empty proxy keeps libcurl from looking into the environment.
 *
 * Authorities are taken from a file, the system's if none is given, and not
 * from a directory besides: libcurl reads a file once for all connections of a
 * pool, but with a directory once for each, which takes longer than the rest
 * of the handshake.
 */
static bool
set_tls_and_proxy(CURL *easy, const QfOptions *options)
{
	bool		have_file = options->ca_file != NULL ||
	curl_version_info(CURLVERSION_NOW)->cainfo != NULL;

	return SET(easy, CURLOPT_SSL_CTX_FUNCTION, watch_tls) &&
	/* A handshake with a group of 10,000 bits takes a second. */
		SET(easy, CURLOPT_SSL_CIPHER_LIST, "DEFAULT:!kDHE") &&
		SET(easy, CURLOPT_SSL_VERIFYPEER, 1L) &&
		SET(easy, CURLOPT_SSL_VERIFYHOST, 2L) &&
		SET(easy, CURLOPT_SSLVERSION, (long) CURL_SSLVERSION_TLSv1_2) &&
		(options->ca_file == NULL ||
		 SET(easy, CURLOPT_CAINFO, options->ca_file)) &&
		(!have_file || SET(easy, CURLOPT_CAPATH, NULL)) &&
		SET(easy, CURLOPT_PROXY,
			options->proxy != NULL ? options->proxy : "") &&
		SET(easy, CURLOPT_NOPROXY, "");
}

/*
 * CURLOPT_SSL_CTX_FUNCTION.  OpenSSL skips some handshake messages in a loop of
 * its own, before a certificate has been checked as well as after, and would
 * not come back while an endpoint floods it with them.
 */
static CURLcode
watch_tls(CURL *easy, void *context, void *arg)
{
	SSL_CTX_set_msg_callback(context, count_tls_message);
	return CURLE_OK;
}

/* After too many of them the connection counts as closed by the other side. */
static void
count_tls_message(int sent, int version, int content_type, const void *data,
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
		count > MAX_TLS_MESSAGES)
		SSL_set_shutdown(ssl, SSL_RECEIVED_SHUTDOWN);
}

/*
 * Build the header list.  host, x-bce-date and, if there is one, the session
 * token are signed; one time serves both timestamps.
 */
static bool
add_headers(QfCall *call, const QfOptions *options,
			const QfCredential *credential, int64 now)
{
	static const char *const signed_headers[] = {
		"host", "x-bce-date", "x-bce-security-token",
	};
	QfPair		query = {"Action", call->request.action};
	QfPair		headers[3];
	QfSignInput input = {0};
	time_t		seconds = (time_t) now;
	struct tm	tm;
	char		timestamp[32];
	StringInfoData authorization;
	bool		ok;

	if (gmtime_r(&seconds, &tm) == NULL ||
		strftime(timestamp, sizeof(timestamp), "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		return false;

	headers[0].name = "host";
	headers[0].value = options->endpoint.host;
	headers[1].name = "x-bce-date";
	headers[1].value = timestamp;
	headers[2].name = "x-bce-security-token";
	headers[2].value = credential->session_token;

	input.method = "POST";
	input.path = psprintf("%s%s", options->endpoint.prefix,
						  call->request.path);
	input.query = &query;
	input.nquery = 1;
	input.headers = headers;
	input.nheaders = credential->session_token != NULL ? 3 : 2;
	input.signed_headers = signed_headers;
	input.nsigned = input.nheaders;
	input.access_key = credential->access_key;
	input.secret_key = credential->secret_key;
	input.timestamp = timestamp;
	input.expiration = SIGNATURE_LIFETIME;

	initStringInfo(&authorization);
	ok = qf_sign_append_authorization(&authorization, &input) &&
		add_header(call, "Host", options->endpoint.host) &&
		add_header(call, "Content-Type", "application/json") &&
		add_header(call, "x-bce-date", timestamp) &&
		(credential->session_token == NULL ||
		 add_header(call, "x-bce-security-token",
					credential->session_token)) &&
		add_header(call, "Authorization", authorization.data);
	explicit_bzero(authorization.data, authorization.len);
	return ok;
}

static bool
add_header(QfCall *call, const char *name, const char *value)
{
	char	   *line = psprintf("%s: %s", name, value);
	struct curl_slist *longer = curl_slist_append(call->headers, line);

	explicit_bzero(line, strlen(line));
	if (longer == NULL)
		return false;
	call->headers = longer;
	return true;
}

/*
 * CURLOPT_PREREQFUNCTION: a request is about to be sent.
 *
 * libcurl sends it once more by itself when a connection it used before is
 * closed without an answer.  An attempt nobody counts, limits or signs is not
 * wanted; retry.c decides.
 */
static int
before_request(void *arg, char *remote_address, char *local_address,
			   int remote_port, int local_port)
{
	QfCall	   *call = arg;

	if (call->sent)
		return CURL_PREREQFUNC_ABORT;
	call->sent = true;
	/* There may have been no socket for another address. */
	call->reply.transport = QF_TRANSPORT_UNSENT;
	return CURL_PREREQFUNC_OK;
}

/*
 * CURLOPT_XFERINFOFUNCTION: bytes of the body as they came over the wire, of
 * which compression may make nothing.
 *
 * What stands between chunks of the body is not counted there, nor seen by
 * another callback, and libcurl, as of 7.88, does not come back, even to look
 * at its clock, while there is more of it to read.
 */
static int
check_progress(void *arg, curl_off_t to_receive, curl_off_t received,
			   curl_off_t to_send, curl_off_t sent)
{
	QfCall	   *call = arg;

	if (received > call->max_response_size)
	{
		call->reply.transport = QF_TRANSPORT_TOO_LARGE;
		return 1;
	}
	if (received != call->received || call->turn != turns)
		call->nlooks = 0;
	call->received = received;
	call->turn = turns;
	if (++call->nlooks <= MAX_LOOKS)
		return 0;
	call->reply.transport = QF_TRANSPORT_FAILED;
	strlcpy(call->reply.reason, "too much besides the body",
			sizeof(call->reply.reason));
	return 1;
}

/* CURLOPT_WRITEFUNCTION: data arrive decompressed. */
static size_t
receive_body(char *data, size_t size, size_t nmemb, void *arg)
{
	QfCall	   *call = arg;
	QfReply    *reply = &call->reply;
	size_t		length = size * nmemb;

	if (length > call->max_response_size - reply->length)
	{
		reply->transport = QF_TRANSPORT_TOO_LARGE;
		return 0;
	}
	if (reply->length + length + 1 > call->capacity)
	{
		size_t		capacity = Max(call->capacity * 2, 4096);
		char	   *body;

		while (capacity < reply->length + length + 1)
			capacity *= 2;
		body = realloc(reply->body, capacity);
		if (body == NULL)
		{
			reply->transport = QF_TRANSPORT_FAILED;
			strlcpy(reply->reason, "out of memory", sizeof(reply->reason));
			return 0;
		}
		reply->body = body;
		call->capacity = capacity;
	}
	memcpy(reply->body + reply->length, data, length);
	reply->length += length;
	reply->body[reply->length] = '\0';
	return length;
}

/* CURLOPT_HEADERFUNCTION: one line each, of informational responses too. */
static size_t
receive_header(char *data, size_t size, size_t nmemb, void *arg)
{
	QfCall	   *call = arg;
	QfReply    *reply = &call->reply;
	size_t		length = size * nmemb;
	char		value[64];

	call->header_bytes += length;
	if (call->header_bytes > MAX_HEADER_BYTES)
	{
		reply->transport = QF_TRANSPORT_UNREADABLE;
		snprintf(reply->reason, sizeof(reply->reason),
				 "more than %d bytes of headers", MAX_HEADER_BYTES);
		return 0;
	}

	/* Of an interim response, or a proxy's, nothing is kept. */
	if (length > 5 && strncmp(data, "HTTP/", 5) == 0)
		return begin_response(call, data, length) ? length : 0;
	if (length <= 2 && (data[0] == '\r' || data[0] == '\n'))
		set_header_ended(call, true);
	call->ncodings += count_codings(data, length);
	if (call->ncodings > 1)
	{
		/* libcurl would undo five, and 17 kB can be minutes of work. */
		reply->transport = QF_TRANSPORT_UNREADABLE;
		strlcpy(reply->reason, "more than one content coding",
				sizeof(reply->reason));
		return 0;
	}
	if (copy_header(data, length, "x-bce-request-id", reply->request_id,
					sizeof(reply->request_id)) ||
		copy_header(data, length, "x-bce-error-code", reply->error_code,
					sizeof(reply->error_code)) ||
		copy_header(data, length, "x-bce-error-message", reply->error_message,
					sizeof(reply->error_message)))
		return length;
	if (copy_header(data, length, "date", value, sizeof(value)))
		reply->date = curl_getdate(value, NULL);
	else if (copy_header(data, length, "retry-after", value, sizeof(value)))
	{
		free(call->retry_after_text);
		call->retry_after_text = strdup(value);
	}
	return length;
}

/*
 * A status line: forget what headers before it said.
 *
 * Returns false if a proxy wants credentials.  It has an answer for libcurl to
 * read before that tells, however long.
 */
static bool
begin_response(QfCall *call, const char *line, size_t length)
{
	QfReply    *reply = &call->reply;
	const char *space = memchr(line, ' ', length);

	set_header_ended(call, false);
	call->ncodings = 0;
	reply->request_id[0] = '\0';
	reply->error_code[0] = '\0';
	reply->error_message[0] = '\0';
	reply->date = -1;
	free(call->retry_after_text);
	call->retry_after_text = NULL;

	if (!call->through_proxy || space == NULL ||
		line + length - space < 4 || strncmp(space, " 407", 4) != 0)
		return true;
	strlcpy(reply->reason, "the proxy asks for credentials",
			sizeof(reply->reason));
	return false;
}

/*
 * Recent versions of libcurl, content with a header that was cut off, would
 * give the dead connection to the next request.
 */
static void
set_header_ended(QfCall *call, bool ended)
{
	call->header_ended = ended;
	(void) SET(call->easy, CURLOPT_FORBID_REUSE, ended ? 0L : 1L);
}

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
copy_header(const char *line, size_t length, const char *name,
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

/*
 * qf_call_forget_sockets
 *		Take back the count of sockets that libcurl closed without telling.
 *
 * libcurl 7.88 to 8.1 does that to a socket whose connection did not come
 * about (curl issue 11439).  If its number has become another file's since,
 * one too many stays counted until that is closed.
 */
void
qf_call_forget_sockets(void)
{
	if (!sockets_opened)
		return;
	sockets_opened = false;
	for (int sock = 0; sock < ncounted_sockets; sock++)
	{
		if (counted_sockets[sock] != NULL && fcntl(sock, F_GETFD) < 0)
			uncount_socket(sock);
	}
}

/* A pool is about to go.  Sockets that are counted still are nobody's. */
void
qf_call_disown_sockets(const int *nsockets)
{
	static int	nobodys;

	for (int sock = 0; sock < ncounted_sockets; sock++)
	{
		if (counted_sockets[sock] == nsockets)
			counted_sockets[sock] = &nobodys;
	}
}

/*
 * Sockets count against max_files_per_process, so that the server closes
 * some of its own files instead of running out.
 */
static curl_socket_t
open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	QfCall	   *call = arg;
	int			sock = socket(address->family,
							  address->socktype | SOCK_CLOEXEC,
							  address->protocol);

	if (sock >= 0 && count_socket(sock, call->nsockets))
		return sock;
	if (sock >= 0 || errno == EMFILE || errno == ENFILE)
		call->reply.transport = QF_TRANSPORT_NO_DESCRIPTOR;
	if (sock >= 0)
		(void) close(sock);
	return CURL_SOCKET_BAD;
}

static int
close_socket(void *arg, curl_socket_t sock)
{
	uncount_socket(sock);
	return close(sock);
}

/* Count a socket, unless there may be no more. */
static bool
count_socket(curl_socket_t sock, int *nsockets)
{
	if (sock >= ncounted_sockets)
	{
		int			length = Max(sock + 1, ncounted_sockets * 2);
		int		  **longer = realloc(counted_sockets, length * sizeof(int *));

		if (longer == NULL)
			return false;
		memset(longer + ncounted_sockets, 0,
			   (length - ncounted_sockets) * sizeof(int *));
		counted_sockets = longer;
		ncounted_sockets = length;
	}
	/* One of its number was closed without telling. */
	uncount_socket(sock);
	if (!qf_descriptor_acquire())
		return false;
	counted_sockets[sock] = nsockets;
	sockets_opened = true;
	(*nsockets)++;
	return true;
}

static void
uncount_socket(curl_socket_t sock)
{
	if (sock >= ncounted_sockets || counted_sockets[sock] == NULL)
		return;
	(*counted_sockets[sock])--;
	counted_sockets[sock] = NULL;
	qf_descriptor_release();
}

/*
 * RFC 9110, section 10.2.3: seconds or a date.  Returns milliseconds, or -1.
 */
static int64
parse_retry_after(const char *text, int64 now)
{
	time_t		date;
	size_t		digits = strspn(text, "0123456789");

	if (digits > 0 && text[digits] == '\0')
		return digits > 9 ? PG_INT32_MAX : (int64) strtol(text, NULL, 10) * 1000;
	date = curl_getdate(text, NULL);
	if (date == -1)
		return -1;
	return date > now ?
		Min((int64) date - now, PG_INT32_MAX / 1000) * 1000 : 0;
}
