/*
 * failure.c
 *	  Why there is no answer: libcurl's codes and our clocks in words.
 *
 * src/http/failure.c
 */
#include "postgres.h"

#include <curl/curl.h>

#include "base/nls.h"
#include "http/failure.h"

/* Is there memory for what a header line may take? */
static bool
has_memory(void)
{
	void	   *volatile probe = malloc(1024 * 1024);

	free(probe);
	return probe != NULL;
}

/* The other of http and https may be what the endpoint speaks. */
static const char *
advise(const QfTransfer *transfer, int curl_code)
{
	switch (curl_code)
	{
		case CURLE_SSL_CONNECT_ERROR:
			return gettext_noop("Check that the option \"endpoint\" of the server names a port that speaks TLS, and the network.");
		case CURLE_UNSUPPORTED_PROTOCOL:
		case CURLE_WEIRD_SERVER_REPLY:
		case CURLE_HTTP2:
			return transfer->shaking ? NULL :
				gettext_noop("Check that the option \"endpoint\" of the server names a port that speaks HTTP: perhaps it has to begin with https://.");
		default:
			return NULL;
	}
}

/*
 * qf_failure_by_code
 *		Say in the reply what a code of libcurl's means.  If that gives no
 *		reason, libcurl's own words will do.
 */
void
qf_failure_by_code(QfTransfer *transfer, int curl_code)
{
	QfReply    *reply = transfer->reply;

	reply->hint = advise(transfer, curl_code);
	switch (curl_code)
	{
		case CURLE_OUT_OF_MEMORY:
			reply->transport = QF_TRANSPORT_NO_MEMORY;
			/* It says so of a line that is too long for it, too. */
			if (transfer->sent && !reply->header.ended && has_memory())
			{
				reply->transport = QF_TRANSPORT_UNREADABLE;
				strlcpy(reply->reason, gettext_noop("too long a header line"),
						sizeof(reply->reason));
			}
			break;
		case CURLE_FILESIZE_EXCEEDED:
			reply->transport = QF_TRANSPORT_TOO_LARGE;
			break;
		case CURLE_BAD_CONTENT_ENCODING:
			reply->transport = QF_TRANSPORT_UNREADABLE;
			break;
		default:
			reply->transport = QF_TRANSPORT_FAILED;
	}
}

/*
 * qf_failure_by_time
 *		Say in the reply which time is over.
 */
void
qf_failure_by_time(QfTransfer *transfer, const QfOptions *options)
{
	QfReply    *reply = transfer->reply;
	bool		connecting = !transfer->sent &&
	options->connect_timeout <= options->request_timeout;
	bool		silent = !transfer->sent && transfer->shaking;
	int			limit = connecting ?
	options->connect_timeout : options->request_timeout;

	reply->transport = QF_TRANSPORT_FAILED;
	reply->worded = true;
	snprintf(reply->reason, sizeof(reply->reason),
			 transfer->sent ?
			 qf_translate("no complete answer within %d %s, the \"%s\" of the server") :
			 silent ?
			 qf_translate("no answer to a TLS handshake within %d %s, the \"%s\" of the server") :
			 qf_translate("no connection within %d %s, the \"%s\" of the server"),
			 limit % 1000 == 0 ? limit / 1000 : limit,
			 limit % 1000 == 0 ? "s" : "ms",
			 connecting ? "connect_timeout" : "request_timeout");
	if (silent)
		reply->hint = gettext_noop("Check that the option \"endpoint\" of the server names a port that speaks TLS: perhaps it has to begin with http://.");
}
