/*
 * connection.c
 *	  The connections of this session: one multi handle of libcurl.
 *
 * All servers share it.  libcurl knows which request may use which connection
 * (host, port, TLS, authorities, proxy), closes the one that was idle for
 * longest when there would be too many, and never sees a secret that outlives
 * its request.  Connections are kept until the backend ends, or until a server
 * or a user mapping has changed and nobody uses any.
 *
 * There are as many connections as there are descriptors for, one each; and
 * no more transfers run at once.
 *
 * Nothing here raises an error below a frame of libcurl.
 *
 * src/http/connection.c
 */
#include "postgres.h"

#include <locale.h>
#include <signal.h>

#include <curl/curl.h>

#include "access/xact.h"
#include "miscadmin.h"
#include "storage/ipc.h"
#include "utils/inval.h"
#include "utils/syscache.h"

#include "base/compat.h"
#include "base/nls.h"
#include "http/connection.h"
#include "http/descriptor.h"
#include "http/loop.h"

/* Handles kept for reuse; more than a scan can use at once is waste. */
#define MAX_IDLE_HANDLES 256

/* Threads that resolve names: as many as max_concurrency can be. */
#define MAX_RESOLVERS 256

/*
 * Connections kept beside those a scan can use at once, so that a session that
 * takes turns with some servers need not connect each time.
 */
#define KEPT_FOR_OTHERS 16

static struct
{
	CURLM	   *multi;			/* NULL: none now */
	CURLSH	   *share;			/* TLS sessions; NULL: none now */
	CURL	   *idle[MAX_IDLE_HANDLES];
	int			nidle;
	int			nusers;
	int			nrunning;		/* transfers */
	int			nallowed;		/* connections there is a descriptor for */
	bool		stale;			/* close all when nobody uses any */
	int64		timer;			/* when libcurl wants to be called, or -1 */
}			connections;

/* CURLMOPT_SOCKETFUNCTION. */
static int
watch_socket(CURL *easy, curl_socket_t sock, int what, void *arg,
			 void *sock_arg)
{
	if (what == CURL_POLL_REMOVE)
	{
		qf_loop_forget(sock);
		return 0;
	}
	return qf_loop_watch(sock, (what & CURL_POLL_IN) != 0,
						 (what & CURL_POLL_OUT) != 0) ? 0 : -1;
}

/* CURLMOPT_TIMERFUNCTION: milliseconds from now, or -1 for none. */
static int
set_timer(CURLM *multi, long timeout, void *arg)
{
	connections.timer = timeout < 0 ? -1 :
		qf_loop_now() + (int64) timeout * 1000;
	return 0;
}

/* Close all connections and give back their descriptors.  Idempotent. */
static void
close_multi(void)
{
	while (connections.nidle > 0)
		curl_easy_cleanup(connections.idle[--connections.nidle]);
	if (connections.multi != NULL)
		(void) curl_multi_cleanup(connections.multi);
	connections.multi = NULL;
	if (connections.share != NULL)
		(void) curl_share_cleanup(connections.share);
	connections.share = NULL;
	connections.timer = -1;
	for (; connections.nallowed > 0; connections.nallowed--)
		qf_descriptor_release();
	connections.stale = false;
}

/* Returns false if libcurl is out of memory. */
static bool
open_multi(void)
{
	CURLM	   *multi = curl_multi_init();
	CURLSH	   *share = curl_share_init();

	connections.multi = multi;
	connections.share = share;
	connections.timer = -1;
	return multi != NULL && share != NULL &&
		curl_share_setopt(share, CURLSHOPT_SHARE,
						  CURL_LOCK_DATA_SSL_SESSION) == CURLSHE_OK &&
		qf_compat_set_resolver(multi, MAX_RESOLVERS) == CURLM_OK &&
		curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION,
						  watch_socket) == CURLM_OK &&
		curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION,
						  set_timer) == CURLM_OK;
}

/*
 * A server or user mapping has changed.  Which one is not worth finding out:
 * DDL on them is rare, and the price is some new connections.
 */
static void
mark_stale(Datum arg, int cacheid, uint32 hashvalue)
{
	connections.stale = connections.multi != NULL;
}

static void
close_stale(void)
{
	if (connections.stale && connections.nusers == 0)
		close_multi();
}

static void
end_transaction(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT ||
		event == XACT_EVENT_PREPARE)
		close_stale();
}

static void
end_process(int code, Datum arg)
{
	close_multi();
}

/*
 * Once per backend: start libcurl, and have us told of changes of servers and
 * user mappings and of the end of transactions and of the backend.
 */
static void
initialize(void)
{
	static bool initialized = false;
	CURLcode	code;

	if (initialized)
		return;
	code = curl_global_init(CURL_GLOBAL_DEFAULT);
	if (code != CURLE_OK)
		ereport(ERROR,
				(errcode(code == CURLE_OUT_OF_MEMORY ?
						 ERRCODE_OUT_OF_MEMORY :
						 ERRCODE_FDW_UNABLE_TO_ESTABLISH_CONNECTION),
				 errmsg("could not initialize libcurl: %s",
						curl_easy_strerror(code))));
	initialized = true;
	CacheRegisterSyscacheCallback(FOREIGNSERVEROID, mark_stale, 0);
	CacheRegisterSyscacheCallback(USERMAPPINGOID, mark_stale, 0);
	RegisterXactCallback(end_transaction, NULL);
	on_proc_exit(end_process, 0);
}

/* Allow one more connection, if there is a descriptor for it. */
static bool
allow_one_more(void)
{
	if (!qf_descriptor_acquire())
		return false;
	connections.nallowed++;
	(void) curl_multi_setopt(connections.multi,
							 CURLMOPT_MAX_TOTAL_CONNECTIONS,
							 (long) connections.nallowed);
	(void) curl_multi_setopt(connections.multi, CURLMOPT_MAXCONNECTS,
							 (long) connections.nallowed);
	return true;
}

/*
 * qf_connection_open
 *		One user more, of whose transfers so many can run at once.
 *
 * Raises 53200 if libcurl is out of memory, and 53000 if there is no descriptor
 * for a single connection; then there is no user more.
 */
void
qf_connection_open(int ntransfers)
{
	initialize();
	close_stale();
	qf_loop_open();
	if (connections.multi == NULL && !open_multi())
	{
		close_multi();
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("out of memory"),
				 errdetail("Failed while setting up libcurl.")));
	}

	/*
	 * If there were only as many as ever run at once, two servers that are
	 * used in turn would take each other's.
	 */
	while (connections.nallowed < ntransfers + KEPT_FOR_OTHERS &&
		   !qf_descriptor_few_left() && allow_one_more())
		;
	if (connections.nallowed == 0 && !allow_one_more())
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_RESOURCES),
				 errmsg("out of file descriptors"),
				 errdetail("There is none for a connection."),
				 errhint("Raise \"max_files_per_process\".")));
	connections.nusers++;
}

/* One user less; connections stay. */
void
qf_connection_close(void)
{
	connections.nusers--;
}

/*
 * qf_connection_reserve
 *		May another transfer start?  Claims a descriptor for its connection if
 *		need be.
 *
 * "has_one": the caller has a transfer that runs.  When few descriptors are
 * left, they go to who has none.
 */
bool
qf_connection_reserve(bool has_one)
{
	return connections.nrunning < connections.nallowed ||
		(!(has_one && qf_descriptor_few_left()) && allow_one_more());
}

/*
 * qf_connection_start
 *		Begin an exchange, signed at time "now" (seconds since 1970, by the
 *		server's clock); false, and the reply says why, if that cannot be.
 *
 * Allocates scratch in the current context.  The strings of the request must
 * live until qf_connection_stop(), which is due in any case, also after an
 * error that comes from here.
 */
bool
qf_connection_start(QfTransfer *transfer, const QfRequest *request,
					const QfOptions *options, const QfCredential *credential,
					int64 now)
{
	qf_connection_stop(transfer);
	transfer->easy = connections.nidle > 0 ?
		connections.idle[--connections.nidle] :
		qf_transfer_new_handle(connections.share);
	if (!qf_transfer_prepare(transfer, request, options, credential, now))
		return false;
	if (curl_multi_add_handle(connections.multi, transfer->easy) != CURLM_OK)
	{
		transfer->reply->transport = QF_TRANSPORT_NO_MEMORY;
		return false;
	}
	transfer->running = true;
	connections.nrunning++;
	return true;
}

/*
 * qf_connection_stop
 *		Take a transfer out of libcurl's hands, in whatever state it is.
 *		Idempotent.
 */
void
qf_connection_stop(QfTransfer *transfer)
{
	if (transfer->running)
	{
		(void) curl_multi_remove_handle(connections.multi, transfer->easy);
		connections.nrunning--;
		transfer->running = false;
	}
	qf_transfer_detach(transfer);
	if (transfer->easy != NULL)
	{
		if (connections.nidle < MAX_IDLE_HANDLES)
			connections.idle[connections.nidle++] = transfer->easy;
		else
			curl_easy_cleanup(transfer->easy);
	}
	transfer->easy = NULL;
}

/*
 * Let libcurl work.  All signals are blocked meanwhile: libcurl starts a
 * thread to resolve a name, and a thread inherits the mask it is started
 * under; a signal handler of the server must never run in one.
 *
 * And it speaks English, also where it repeats the C library's words, which
 * would come in the language of the session but in an encoding that depends on
 * LC_CTYPE, and may be mere question marks.
 */
static void
run_multi(curl_socket_t sock, int events)
{
	static locale_t english = (locale_t) 0;
	locale_t	language = (locale_t) 0;
	sigset_t	all;
	sigset_t	saved;
	int			running;

	if (english == (locale_t) 0)
		english = newlocale(LC_ALL_MASK, "C", (locale_t) 0);
	if (english != (locale_t) 0)
		language = uselocale(english);
	qf_transfer_begin_turn();
	sigfillset(&all);
	(void) pthread_sigmask(SIG_SETMASK, &all, &saved);
	(void) curl_multi_socket_action(connections.multi, sock, events, &running);
	(void) pthread_sigmask(SIG_SETMASK, &saved, NULL);
	if (language != (locale_t) 0)
		(void) uselocale(language);
}

/*
 * qf_connection_push
 *		Have libcurl do what is due, such as to send what was started; false if
 *		nothing is.  Else transfers may have ended: an answer that comes at once
 *		is taken in with the sending, and no event of a socket tells of it.
 */
bool
qf_connection_push(void)
{
	if (connections.multi == NULL || connections.timer < 0 ||
		connections.timer > qf_loop_now())
		return false;
	connections.timer = -1;
	run_multi(CURL_SOCKET_TIMEOUT, 0);
	return true;
}

/*
 * qf_connection_perform
 *		Have libcurl do all that needs no waiting.
 */
void
qf_connection_perform(void)
{
	QfLoopEvent events[64];
	int			nevents;

	if (connections.multi == NULL)
		return;
	nevents = qf_loop_poll(events, lengthof(events));

	/* After a cancel, what is left will be ready another time. */
	for (int i = 0; i < nevents && (i == 0 || !InterruptPending); i++)
		run_multi(events[i].socket,
				  (events[i].readable ? CURL_CSELECT_IN : 0) |
				  (events[i].writable ? CURL_CSELECT_OUT : 0) |
				  (events[i].failed ? CURL_CSELECT_ERR : 0));
	(void) qf_connection_push();
}

/*
 * qf_connection_next_ended
 *		A transfer that has ended, with libcurl's verdict, or NULL.  The caller
 *		has to stop it.
 */
QfTransfer *
qf_connection_next_ended(int *curl_code)
{
	CURLMsg    *message;
	void	   *private = NULL;
	int			left;

	if (connections.multi == NULL)
		return NULL;
	do
	{
		message = curl_multi_info_read(connections.multi, &left);
		if (message == NULL)
			return NULL;
	} while (message->msg != CURLMSG_DONE);
	*curl_code = message->data.result;
	(void) curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE,
							 (char **) &private);
	return private;
}

/* Are there transfers that run? */
bool
qf_connection_is_busy(void)
{
	return connections.nrunning > 0;
}

/* When libcurl has something to do without an event of a socket; -1: never. */
int64
qf_connection_due(void)
{
	return connections.timer;
}
