/*
 * transfer.c
 *	  One HTTP exchange: libcurl handle and headers.
 *
 * libcurl's callbacks run below libcurl's frames, which an error must not
 * jump over.  So they use malloc, never a function of the server that can
 * raise an error, and note why they stopped; whoever waits for the answer turns
 * that into an error later.
 *
 * src/http/transfer.c
 */
#include "postgres.h"

#include <fcntl.h>
#include <time.h>

#include <curl/curl.h>

#include "lib/stringinfo.h"

#include "base/compat.h"
#include "http/body.h"
#include "http/facts.h"
#include "http/failure.h"
#include "http/sign.h"
#include "http/tls.h"
#include "http/transfer.h"

StaticAssertDecl(CURL_ERROR_SIZE <= sizeof(((QfTransfer *) NULL)->error_buffer),
				 "error_buffer is too small");

/*
 * Looks at a transfer within one turn of libcurl that bring nothing of the body.
 * Few are usual; while there is something to read, each stands for a megabyte.
 */
#define MAX_LOOKS 32

/* Seconds a signature is good for; the vendor's SDKs use the same. */
#define SIGNATURE_LIFETIME 1800

#define SET(easy, option, value) \
	(curl_easy_setopt(easy, option, value) == CURLE_OK)

/* How often libcurl was given the processor. */
static uint64 turns = 0;

/* Note why a transfer ended, unless that is known already. */
static void
give_reason(QfReply *reply, const char *reason)
{
	if (reply->reason[0] == '\0')
		strlcpy(reply->reason, reason, sizeof(reply->reason));
}

/* CURLOPT_SSL_CTX_FUNCTION: connected, a handshake is about to begin. */
static CURLcode
restrict_tls(CURL *easy, void *context, void *arg)
{
	((QfTransfer *) arg)->shaking = true;
	return qf_tls_restrict(context) ? CURLE_OK : CURLE_SSL_CONNECT_ERROR;
}

/* CURLOPT_SOCKOPTFUNCTION: programs the server starts have no use for it. */
static int
close_on_exec(void *arg, curl_socket_t sock, curlsocktype purpose)
{
	return fcntl(sock, F_SETFD, FD_CLOEXEC) < 0 ?
		CURL_SOCKOPT_ERROR : CURL_SOCKOPT_OK;
}

/*
 * CURLOPT_PREREQFUNCTION: a request is about to be sent.
 *
 * libcurl sends it once more by itself when a connection it used before is
 * closed without an answer.  An attempt nobody counts, limits or signs is not
 * wanted; the caller decides.
 */
static int
before_request(void *arg, char *remote_address, char *local_address,
			   int remote_port, int local_port)
{
	QfTransfer *transfer = arg;

	if (transfer->sent)
		return CURL_PREREQFUNC_ABORT;
	transfer->sent = true;
	return CURL_PREREQFUNC_OK;
}

/*
 * CURLOPT_READFUNCTION, where there is no CURLOPT_PREREQFUNCTION: the header is
 * on its way, and a part of the body comes behind it.
 */
static size_t
read_body(char *buffer, size_t size, size_t nmemb, void *arg)
{
	QfTransfer *transfer = arg;
	size_t		length = Min(strlen(transfer->unsent), size * nmemb);

	transfer->sent = true;
	memcpy(buffer, transfer->unsent, length);
	transfer->unsent += length;
	return length;
}

/*
 * CURLOPT_SEEKFUNCTION, likewise: the request is to be sent once more.  Without
 * its body it would be none, and so it does not even begin.
 */
static int
refuse_to_repeat(void *arg, curl_off_t offset, int origin)
{
	return CURL_SEEKFUNC_FAIL;
}

/*
 * CURLOPT_XFERINFOFUNCTION: bytes of the body as they came over the wire, of
 * which compression may make nothing.
 *
 * What stands between chunks of the body is not counted there, nor seen by
 * another callback, and libcurl, as of 7.88, does not come back while there is
 * more of it to read.
 */
static int
check_progress(void *arg, curl_off_t to_receive, curl_off_t received,
			   curl_off_t to_send, curl_off_t sent)
{
	QfTransfer *transfer = arg;
	QfReply    *reply = transfer->reply;

	if (received > transfer->max_response_size)
	{
		reply->transport = QF_TRANSPORT_TOO_LARGE;
		return 1;
	}
	if (received != transfer->received || transfer->turn != turns)
		transfer->nlooks = 0;
	transfer->received = received;
	transfer->turn = turns;
	if (++transfer->nlooks <= MAX_LOOKS)
		return 0;
	reply->transport = QF_TRANSPORT_FAILED;
	give_reason(reply, gettext_noop("too much besides the body"));
	return 1;
}

/* CURLOPT_WRITEFUNCTION: data arrive decompressed. */
static size_t
receive_body(char *data, size_t size, size_t nmemb, void *arg)
{
	QfTransfer *transfer = arg;
	QfReply    *reply = transfer->reply;
	size_t		length = size * nmemb;

	if (length > transfer->max_response_size - reply->length)
	{
		reply->transport = QF_TRANSPORT_TOO_LARGE;
		return 0;
	}
	if (!qf_body_append(transfer, data, length))
	{
		reply->transport = QF_TRANSPORT_NO_MEMORY;
		return 0;
	}
	return length;
}

/*
 * CURLOPT_HEADERFUNCTION: one line each.
 *
 * Recent versions of libcurl, content with a header that was cut off, would
 * give the dead connection to the next request.
 */
static size_t
receive_header(char *data, size_t size, size_t nmemb, void *arg)
{
	QfTransfer *transfer = arg;
	QfReply    *reply = transfer->reply;
	size_t		length = size * nmemb;
	bool		ended = reply->header.ended;
	const char *problem = qf_header_add(&reply->header, data, length);

	if (problem != NULL)
	{
		if (!reply->header.through_proxy || reply->header.status != 407)
			reply->transport = QF_TRANSPORT_UNREADABLE;
		give_reason(reply, problem);
		return 0;
	}
	if (reply->header.ended != ended)
	{
		(void) SET(transfer->easy, CURLOPT_FORBID_REUSE, 0L);
		if (transfer->facts != NULL)
			qf_facts_describe_tls(transfer);
	}
	return length;
}

/*
 * What all requests have in common.
 *
 * Not HTTP/2: libcurl, as of 7.88, goes on reading frames as long as there are
 * any, so an endpoint that floods a connection with them could hold a backend
 * for minutes, deaf to cancel and to its own timeouts.  Under 1.1 it comes back
 * after a bounded number of reads.
 *
 * How long a request may take is not libcurl's to watch, for its clock goes on
 * while nobody looks.
 */
static bool
set_common(CURL *easy, CURLSH *share)
{
	return qf_compat_set_easy(easy) &&
		SET(easy, CURLOPT_SHARE, share) &&
		SET(easy, CURLOPT_NOSIGNAL, 1L) &&
		SET(easy, CURLOPT_POST, 1L) &&
		SET(easy, CURLOPT_USERAGENT, "qianfan_fdw/" QIANFAN_FDW_VERSION) &&
		SET(easy, CURLOPT_ACCEPT_ENCODING, "gzip") &&
		SET(easy, CURLOPT_FOLLOWLOCATION, 0L) &&
		SET(easy, CURLOPT_NETRC, (long) CURL_NETRC_IGNORED) &&
		SET(easy, CURLOPT_HTTP_VERSION, (long) CURL_HTTP_VERSION_1_1) &&
		SET(easy, CURLOPT_SSL_CTX_FUNCTION, restrict_tls) &&
		SET(easy, CURLOPT_SSL_CIPHER_LIST, QF_TLS_CIPHERS) &&
		SET(easy, CURLOPT_SSL_VERIFYPEER, 1L) &&
		SET(easy, CURLOPT_SSL_VERIFYHOST, 2L) &&
		SET(easy, CURLOPT_SSLVERSION, (long) CURL_SSLVERSION_TLSv1_2) &&
		SET(easy, CURLOPT_NOPROXY, "") &&
		SET(easy, CURLOPT_SOCKOPTFUNCTION, close_on_exec) &&
		qf_compat_set_sending(easy, before_request, read_body,
							  refuse_to_repeat) &&
		SET(easy, CURLOPT_NOPROGRESS, 0L) &&
		SET(easy, CURLOPT_XFERINFOFUNCTION, check_progress) &&
		SET(easy, CURLOPT_WRITEFUNCTION, receive_body) &&
		SET(easy, CURLOPT_HEADERFUNCTION, receive_header);
}

/*
 * What the requests to a server have in common.
 *
 * The time to connect is libcurl's to watch, too, since it shares it out among
 * the addresses of a host.  An empty proxy keeps it from looking into the
 * environment.  Authorities are taken from a file, the system's if none is
 * given, and not from a directory besides: libcurl reads a file once, but a
 * directory once for each connection, which takes longer than the rest of the
 * handshake.
 */
static bool
set_server(CURL *easy, const QfOptions *options)
{
	const		curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
	const char *file = options->ca_file != NULL ?
	options->ca_file : info->cainfo;

	return SET(easy, CURLOPT_CONNECTTIMEOUT_MS,
			   (long) options->connect_timeout) &&
		SET(easy, CURLOPT_MAXFILESIZE_LARGE,
			(curl_off_t) options->max_response_size) &&
		SET(easy, CURLOPT_CAINFO, file) &&
		SET(easy, CURLOPT_CAPATH, file != NULL ? NULL : info->capath) &&
		SET(easy, CURLOPT_PROXY,
			options->proxy != NULL ? options->proxy : "");
}

/* Have libcurl's callbacks work for this transfer, or (NULL) for none. */
static bool
set_owner(CURL *easy, QfTransfer *transfer)
{
	return SET(easy, CURLOPT_ERRORBUFFER,
			   transfer != NULL ? transfer->error_buffer : NULL) &&
		SET(easy, CURLOPT_SSL_CTX_DATA, transfer) &&
		qf_compat_set_sender(easy, transfer) &&
		SET(easy, CURLOPT_XFERINFODATA, transfer) &&
		SET(easy, CURLOPT_WRITEDATA, transfer) &&
		SET(easy, CURLOPT_HEADERDATA, transfer) &&
		SET(easy, CURLOPT_PRIVATE, transfer);
}

static bool
add_header(QfTransfer *transfer, const char *name, const char *value)
{
	char	   *line = psprintf("%s: %s", name, value);
	struct curl_slist *longer = curl_slist_append(transfer->headers, line);

	explicit_bzero(line, strlen(line));
	if (longer == NULL)
		return false;
	transfer->headers = longer;
	return true;
}

/*
 * Build the header list.  host, x-bce-date and, if there is one, the session
 * token are signed; one time serves both timestamps.
 */
static bool
add_headers(QfTransfer *transfer, const QfRequest *request,
			const QfOptions *options,
			const QfCredential *credential, int64 now)
{
	static const char *const signed_headers[] = {
		"host", "x-bce-date", "x-bce-security-token",
	};
	QfPair		query = {"Action", request->action};
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
						  request->path);
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
		add_header(transfer, "Host", options->endpoint.host) &&
		add_header(transfer, "Content-Type", "application/json") &&
		add_header(transfer, "x-bce-date", timestamp) &&
		(credential->session_token == NULL ||
		 add_header(transfer, "x-bce-security-token",
					credential->session_token)) &&
		add_header(transfer, "Authorization", authorization.data);
	explicit_bzero(authorization.data, authorization.len);
	return ok;
}

/* Begin anew: nothing of an earlier attempt counts. */
static void
reset(QfTransfer *transfer, const QfOptions *options)
{
	QfReply    *reply = transfer->reply;

	qf_body_free(transfer);
	memset(reply, 0, sizeof(*reply));
	reply->retry_after = -1;
	reply->transport = QF_TRANSPORT_UNSENT;
	qf_header_init(&reply->header, options->proxy != NULL,
				   options->proxy != NULL && options->endpoint.tls);
	transfer->received = 0;
	transfer->turn = 0;
	transfer->nlooks = 0;
	transfer->sent = false;
	transfer->shaking = false;
	transfer->error_buffer[0] = '\0';
	transfer->max_response_size = options->max_response_size;
}

/* What libcurl knows of an exchange, ended or not. */
static void
read_info(QfTransfer *transfer)
{
	long		status = 0;
	curl_off_t	wire_bytes = 0;

	(void) curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
	(void) curl_easy_getinfo(transfer->easy, CURLINFO_SIZE_DOWNLOAD_T,
							 &wire_bytes);
	transfer->reply->status = (int) status;
	transfer->reply->wire_bytes = wire_bytes;
	if (transfer->facts != NULL)
		qf_facts_read(transfer);
}

/* libcurl is about to get the processor. */
void
qf_transfer_begin_turn(void)
{
	turns++;
}

/*
 * qf_transfer_new_handle
 *		A libcurl handle with everything set that all requests have in common;
 *		NULL if there is no memory for it.
 *
 * The caller owns it.  Transfers borrow it one after another.
 */
void *
qf_transfer_new_handle(void *share)
{
	CURL	   *easy = curl_easy_init();

	if (easy != NULL && !set_common(easy, share))
	{
		curl_easy_cleanup(easy);
		easy = NULL;
	}
	return easy;
}

/*
 * qf_transfer_prepare
 *		Sign the request at time "now" (seconds since 1970, by the server's
 *		clock) and load it into transfer->easy.
 *
 * Over a connection that was used before, libcurl sends a request once more if
 * the connection is closed without an answer.  before_request() keeps it from
 * doing so; what must not be done twice does not even rely on that, and gets a
 * fresh connection.
 *
 * Allocates scratch in the current context.  Returns false, with the reason
 * in the reply, if that failed; qf_transfer_detach() is due in both cases.
 */
bool
qf_transfer_prepare(QfTransfer *transfer, const QfRequest *request,
					const QfOptions *options, const QfCredential *credential,
					int64 now)
{
	CURL	   *easy = transfer->easy;
	QfPair		query = {"Action", request->action};
	StringInfoData url;

	reset(transfer, options);
	transfer->unsent = request->body;
	initStringInfo(&url);
	appendStringInfo(&url, "%s://%s%s",
					 options->endpoint.tls ? "https" : "http",
					 options->endpoint.host, options->endpoint.prefix);
	qf_sign_append_path(&url, request->path);
	appendStringInfoChar(&url, '?');
	qf_sign_append_query(&url, &query, 1);

	if (easy == NULL ||
		!add_headers(transfer, request, options, credential, now) ||
		!set_server(easy, options) ||
		!set_owner(easy, transfer) ||
		!SET(easy, CURLOPT_URL, url.data) ||
		!SET(easy, CURLOPT_HTTPHEADER, transfer->headers) ||
		!qf_compat_set_body(easy, request->body) ||
		!SET(easy, CURLOPT_POSTFIELDSIZE, (long) strlen(request->body)) ||
		!SET(easy, CURLOPT_FRESH_CONNECT, request->fresh ? 1L : 0L) ||
		!SET(easy, CURLOPT_FORBID_REUSE, 1L))
	{
		/* What could be wrong with a value was found by the validators. */
		transfer->reply->transport = QF_TRANSPORT_NO_MEMORY;
		return false;
	}
	return true;
}

/*
 * qf_transfer_finish
 *		Complete the reply after libcurl reported the end of the transfer.
 *
 * "now" as in qf_transfer_prepare.
 */
void
qf_transfer_finish(QfTransfer *transfer, int curl_code, int64 now)
{
	QfReply    *reply = transfer->reply;

	read_info(transfer);
	reply->retry_after = qf_header_retry_after(&reply->header, now);
	if (curl_code == CURLE_OK && reply->header.ended)
	{
		reply->transport = QF_TRANSPORT_ANSWERED;
		return;
	}

	/* Unless a callback stopped the transfer and left its own verdict. */
	if (reply->transport == QF_TRANSPORT_UNSENT)
		qf_failure_by_code(transfer, curl_code);
	/* libcurl is content with a header that was cut off. */
	if (curl_code == CURLE_OK)
		give_reason(reply, gettext_noop("connection closed within the header"));
	/* See before_request(). */
	if (qf_compat_is_repetition(curl_code))
		give_reason(reply, gettext_noop("connection closed before the answer"));
	give_reason(reply, transfer->error_buffer[0] != '\0' ?
				transfer->error_buffer : curl_easy_strerror(curl_code));
}

/* Did libcurl give up because of the time? */
bool
qf_transfer_is_timeout(int curl_code)
{
	return curl_code == CURLE_OPERATION_TIMEDOUT;
}

/*
 * qf_transfer_expire
 *		Complete the reply of a transfer that took too long: to connect, if it
 *		has not sent its request, else to get the whole answer.
 */
void
qf_transfer_expire(QfTransfer *transfer, const QfOptions *options)
{
	read_info(transfer);
	qf_failure_by_time(transfer, options);
}

/*
 * qf_transfer_detach
 *		Take this transfer's data out of the libcurl handle and free it, so that
 *		the handle can serve another.  Idempotent; transfer->easy stays.
 */
void
qf_transfer_detach(QfTransfer *transfer)
{
	CURL	   *easy = transfer->easy;

	if (easy != NULL)
	{
		(void) set_owner(easy, NULL);
		(void) SET(easy, CURLOPT_HTTPHEADER, NULL);
		(void) qf_compat_set_body(easy, NULL);
	}

	/* Signature and session token are in there. */
	for (struct curl_slist *item = transfer->headers; item != NULL;
		 item = item->next)
		explicit_bzero(item->data, strlen(item->data));
	curl_slist_free_all(transfer->headers);
	transfer->headers = NULL;
}
