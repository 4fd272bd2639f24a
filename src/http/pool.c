/*
 * pool.c
 *	  The event loop: connections, concurrency, rate, retries, cancel.
 *
 * A pool belongs to one server of this session and lives until the server or
 * one of its user mappings changes, or the backend ends.  It owns a libcurl
 * multi handle, hence the connections, and never a secret.  A queue belongs
 * to one scan, lives in the scan's memory context, and limits how many of the
 * scan's calls run at once.  Whoever waits for one call drives them all, also
 * those of other scans on the same server.
 *
 * The sockets of libcurl are kept in an epoll instance of our own.  It is one
 * more descriptor for the server's WaitEventSet, next to the latch, so that
 * set is built once: a WaitEventSet cannot drop a socket, and building one for
 * each wait costs more system calls than the request.
 *
 * Nothing here raises an error below a frame of libcurl.  While there are
 * calls to wait for, interrupts are served in qf_call_wait(), between calls of
 * libcurl; a statement that ends by one leaves its calls to the reset
 * callbacks of their contexts.
 *
 * src/http/pool.c
 */
#include "postgres.h"

#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include <curl/curl.h>

#include "access/parallel.h"
#include "access/xact.h"
#include "common/pg_prng.h"
#include "miscadmin.h"
#include "portability/instr_time.h"
#include "storage/ipc.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "base/guc.h"
#include "http/descriptor.h"
#include "http/pool.h"

/* Handles kept for reuse; more than a scan can use at once is waste. */
#define MAX_IDLE_HANDLES 256

/* Connections kept open: as many as max_concurrency can be. */
#define MAX_CONNECTIONS 256

/* Largest correction of our clock that an answer can make, seconds. */
#define MAX_CLOCK_OFFSET (24 * 60 * 60)

/*
 * Who has rows to return looks at the sockets this often, in microseconds:
 * doing it for each row costs more than the row.
 */
#define LOOK_INTERVAL 50

/* When a call that got no socket tries again, microseconds. */
#define LOOK_AGAIN 10000

/* The largest buffer kept for the next body. */
#define MAX_SPARE (256 * 1024)

/*
 * Queues of one pool that can be waited for elsewhere.  The kernel refuses the
 * 101st where epoll instances are nested as deep as here.
 */
#define MAX_DESCRIPTORS 90

/* Longest wait that is asked for at once, microseconds. */
#define MAX_PAUSE ((int64) 60 * 60 * 1000000)

/* Calls the rate limit lets through at once, as a share of a second. */
#define RATE_BURST 0.1

/*
 * What is known of a server for the rest of the session, whatever becomes of
 * its pools.
 */
typedef struct ServerState
{
	Oid			serverid;
	double		tokens;			/* of the rate limit */
	int64		tokens_time;	/* when they were last counted */
	int64		clock_offset;	/* seconds to add to our clock */
	struct ServerState *next;
} ServerState;

typedef struct QfPool
{
	dlist_node	node;			/* in pools */
	MemoryContext context;		/* owns this struct */
	MemoryContextCallback cleanup;
	QfOptions	options;		/* as of creation; strings in context */
	bool		stale;			/* options have changed; take no new queue */
	bool		listed;			/* in pools? */
	int			nqueues;
	dlist_head	queues;
	int			nrunning;		/* calls of all queues */
	int			nsockets;		/* of them and of idle connections */

	CURLM	   *multi;
	CURLSH	   *share;			/* TLS sessions */
	CURL	   *idle[MAX_IDLE_HANDLES];
	int			nidle;
	char	   *spare;			/* buffer for a body, malloc'd, or NULL */
	size_t		spare_capacity;
	int			epoll;			/* -1: none */
	int			timer_fd;		/* in epoll, for qf_queue_descriptor(); -1:
								 * none */
	WaitEventSet *wait_set;
	int64		looked;			/* when sockets were last looked at */
	int64		timer;			/* when libcurl wants to be called, or -1 */
	bool		unfinished;		/* has libcurl ended transfers left to take? */
	int			ndescriptors;	/* queues that have one */
	int64		left;			/* since when nobody drives it; 0: somebody
								 * does */
	TimestampTz awaiting;		/* statement that waits for it elsewhere, or 0 */
	int64		awaited;		/* since when */
	int64		absence;		/* microseconds that nobody drove it, in all */
	ServerState *server;
} QfPool;

struct QfQueue
{
	dlist_node	node;			/* in its pool's queues */
	QfPool	   *pool;
	MemoryContext context;		/* owns this struct and the calls */
	MemoryContext scratch;		/* reset after each attempt is prepared */
	MemoryContextCallback cleanup;
	const QfOptions *options;
	const QfCredential *credential;
	QfJudge		judge;
	QfCounters *counters;
	dlist_head	waiting;		/* of QfCall */
	int			nrunning;
	TimestampTz statement;		/* the last one that asked for its calls */
	int			descriptor;		/* epoll of the pool's and of bell; -1: none */
	int			bell;			/* eventfd: one of its attempts has ended */
	bool		rung;			/* is the bell readable? */
};

static dlist_head pools = DLIST_STATIC_INIT(pools);
static ServerState *servers = NULL;

/* The statement whose calls are counted, and how many it has made. */
static TimestampTz budget_statement = 0;
static int64 budget_calls = 0;

static void put_in_line(QfCall *call);
static void join_statement(QfQueue *queue);
static bool open_descriptor(QfQueue *queue);
static void claim_descriptor(void);
static bool may_open_descriptor(void);
static int	check_descriptor(int descriptor);
static void ring_bell(QfQueue *queue);
static void silence_bell(QfQueue *queue);
static void arm_timer(QfPool *pool);
static void invalidate_pools(Datum arg, int cacheid, uint32 hashvalue);
static void close_stale_pools(XactEvent event, void *arg);
static void close_all_pools(int code, Datum arg);
static bool close_idle_pools(bool only_stale);
static QfPool *find_pool(const QfOptions *options);
static bool same_connection(const QfOptions *a, const QfOptions *b);
static QfPool *create_pool(const QfOptions *options);
static ServerState *find_server(Oid serverid);
static void copy_options(QfPool *pool, const QfOptions *options);
static void initialize(void);
static void open_pool(QfPool *pool);
static void close_pool(void *arg);
static void close_descriptor(int *descriptor);
static void cleanup_queue(void *arg);
static void cleanup_call(void *arg);
static void come_back(QfPool *pool);
static void leave_pools(void);
static void advance(QfPool *pool);
static void start_due_calls(QfPool *pool);
static void start_call(QfCall *call);
static void ring_waiting(void);
static CURL *borrow_handle(QfPool *pool);
static void return_handle(QfCall *call);
static void lend_buffer(QfCall *call);
static void take_buffer(QfCall *call);
static void deny_call(QfCall *call);
static bool may_start(const QfQueue *queue);
static bool has_connection(const QfPool *pool);
static bool has_budget(void);
static bool take_token(const QfPool *pool, int64 now);
static int64 next_token(const QfPool *pool);
static void run_multi(QfPool *pool, curl_socket_t sock, int events);
static void finish_transfers(QfPool *pool);
static void finish_attempt(QfCall *call);
static void take_back(QfCall *call);
static bool was_unattended(const QfCall *call, int64 absence);
static QfOutcome judge_call(QfCall *call);
static bool learn_clock(QfCall *call);
static void handle_sockets(QfPool *pool);
static void wait_for_events(QfPool *pool, QfCounters *counters);
static long wait_timeout(QfPool *pool);
static int	watch_socket(CURL *easy, curl_socket_t sock, int what, void *arg,
						 void *sock_arg);
static int	set_timer(CURLM *multi, long timeout, void *arg);
static int64 now_usec(void);
static int64 server_time(const QfPool *pool);

/*
 * qf_queue_create
 *		A queue for one scan's calls, freed with the context "owner" together
 *		with all calls it still has.
 *
 * options, credential and counters must live as long.  Makes no request.
 * Raises HV00N if libcurl or the system is out of resources, and 25000 in a
 * parallel worker, whose calls nobody would count.
 */
QfQueue *
qf_queue_create(MemoryContext owner, const QfOptions *options,
				const QfCredential *credential, QfJudge judge,
				QfCounters *counters)
{
	QfPool	   *pool;
	MemoryContext context;
	QfQueue    *queue;

	if (IsParallelWorker())
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TRANSACTION_STATE),
				 errmsg("cannot read server \"%s\" in a parallel worker",
						options->server_name),
				 errhint("Declare functions that read foreign tables as PARALLEL RESTRICTED or PARALLEL UNSAFE.")));
	pool = find_pool(options);
	context = AllocSetContextCreate(owner, "qianfan_fdw queue",
									ALLOCSET_SMALL_SIZES);
	queue = MemoryContextAllocZero(context, sizeof(QfQueue));
	queue->context = context;
	queue->scratch = AllocSetContextCreate(context, "qianfan_fdw attempt",
										   ALLOCSET_DEFAULT_SIZES);
	queue->pool = pool;
	queue->options = options;
	queue->credential = credential;
	queue->judge = judge;
	queue->counters = counters;
	queue->descriptor = -1;
	queue->bell = -1;
	dlist_init(&queue->waiting);

	dlist_push_tail(&pool->queues, &queue->node);
	pool->nqueues++;
	queue->cleanup.func = cleanup_queue;
	queue->cleanup.arg = queue;
	MemoryContextRegisterResetCallback(context, &queue->cleanup);
	return queue;
}

/*
 * qf_queue_submit
 *		Add a call.  It is sent when the queue is next driven and has room.
 *
 * The strings of the request must live until the call is released.
 */
QfCall *
qf_queue_submit(QfQueue *queue, const QfRequest *request)
{
	MemoryContext context;
	QfCall	   *call;

	context = AllocSetContextCreate(queue->context, "qianfan_fdw call",
									ALLOCSET_SMALL_SIZES);
	call = MemoryContextAllocZero(context, sizeof(QfCall));
	call->context = context;
	call->queue = queue;
	call->request = *request;
	call->cleanup.func = cleanup_call;
	call->cleanup.arg = call;
	MemoryContextRegisterResetCallback(context, &call->cleanup);
	put_in_line(call);
	return call;
}

/* Have a call wait for a free place; one that has had its turn goes first. */
static void
put_in_line(QfCall *call)
{
	call->state = QF_CALL_WAITING;
	if (call->request.urgent || call->started > 0)
		dlist_push_head(&call->queue->waiting, &call->node);
	else
		dlist_push_tail(&call->queue->waiting, &call->node);
}

/* Start what can be started and take in what has arrived; does not wait. */
void
qf_queue_progress(QfQueue *queue)
{
	QfPool	   *pool = queue->pool;
	bool		look = pool->unfinished ||
	((queue->nrunning > 0 || queue->descriptor >= 0) &&
	 now_usec() - pool->looked >= LOOK_INTERVAL);

	join_statement(queue);
	if (queue->rung)
		silence_bell(queue);
	if (look)
		handle_sockets(pool);
	if (look || !dlist_is_empty(&queue->waiting))
	{
		advance(pool);
		if (pool->ndescriptors > 0)
			arm_timer(pool);
	}
}

/*
 * The current statement asks for the queue's calls.  If an earlier one waited
 * for them where we could not see it, that has come to an end since.
 */
static void
join_statement(QfQueue *queue)
{
	QfPool	   *pool = queue->pool;
	TimestampTz statement = GetCurrentStatementStartTimestamp();

	if (pool->awaiting != 0 && pool->awaiting != statement)
	{
		pool->awaiting = 0;
		pool->left = pool->awaited;
	}
	queue->statement = statement;
}

/*
 * qf_queue_descriptor
 *		A descriptor that becomes readable when qf_queue_progress() may have
 *		something to do, for a caller that waits for several queues.
 *
 * Belongs to the queue.  Whoever drives the pool may take in what this queue
 * waits for, and with it the event of the socket, so the queue has a bell of
 * its own.  Ask anew before each wait: if the caller "will_wait", he is taken to
 * wait for us, until qf_queue_woken().  -1: there is none to be had, and the
 * caller has to wait for the call.
 */
int
qf_queue_descriptor(QfQueue *queue, bool will_wait)
{
	QfPool	   *pool = queue->pool;

	if (queue->descriptor < 0)
	{
		if (pool->ndescriptors >= MAX_DESCRIPTORS ||
			qf_descriptor_few_left(0) || !open_descriptor(queue))
			return -1;
	}
	arm_timer(pool);
	if (will_wait)
	{
		come_back(pool);
		pool->awaiting = GetCurrentStatementStartTimestamp();
		pool->awaited = now_usec();
	}
	return queue->descriptor;
}

/* Who had descriptors of queues to wait for has been woken up. */
void
qf_queue_woken(void)
{
	dlist_iter	iter;

	dlist_foreach(iter, &pools)
		dlist_container(QfPool, node, iter.cur)->awaiting = 0;
	leave_pools();
}

/* Returns false if there may be no more. */
static bool
open_descriptor(QfQueue *queue)
{
	QfPool	   *pool = queue->pool;
	struct epoll_event event = {0};

	/* What is opened here is closed with the queue, whatever comes between. */
	if (queue->bell < 0)
	{
		if (!may_open_descriptor())
			return false;
		queue->bell = check_descriptor(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
	}
	if (!may_open_descriptor())
		return false;
	queue->descriptor = check_descriptor(epoll_create1(EPOLL_CLOEXEC));
	pool->ndescriptors++;
	event.events = EPOLLIN;
	if (epoll_ctl(queue->descriptor, EPOLL_CTL_ADD, queue->bell, &event) < 0 ||
		epoll_ctl(queue->descriptor, EPOLL_CTL_ADD, pool->epoll, &event) < 0)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not add to epoll instance: %m")));

	/* What has been taken in up to now had no bell to ring. */
	ring_bell(queue);
	return true;
}

/* Count one more; connections nobody needs make room for it. */
static bool
may_open_descriptor(void)
{
	return qf_descriptor_acquire() ||
		(close_idle_pools(false) && qf_descriptor_acquire());
}

static void
claim_descriptor(void)
{
	if (!may_open_descriptor())
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_RESOURCES),
				 errmsg("out of file descriptors"),
				 errhint("Raise \"max_files_per_process\" or read fewer tables at once.")));
}

/* The same descriptor, if it is one. */
static int
check_descriptor(int descriptor)
{
	if (descriptor < 0)
	{
		qf_descriptor_release();
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not open file descriptor: %m")));
	}
	return descriptor;
}

static void
ring_bell(QfQueue *queue)
{
	const uint64 one = 1;

	queue->rung = write(queue->bell, &one, sizeof(one)) == sizeof(one);
}

static void
silence_bell(QfQueue *queue)
{
	uint64		count;

	(void) !read(queue->bell, &count, sizeof(count));
	queue->rung = false;
}

/* Set the clock that stands for our timeouts where somebody else waits. */
static void
arm_timer(QfPool *pool)
{
	long		timeout = wait_timeout(pool);
	struct itimerspec due = {0};

	if (timeout >= 0)
	{
		due.it_value.tv_sec = timeout / 1000;
		due.it_value.tv_nsec = timeout % 1000 * 1000000;
		/* All zero would mean never. */
		if (timeout == 0)
			due.it_value.tv_nsec = 1;
	}
	(void) timerfd_settime(pool->timer_fd, 0, &due, NULL);
}

/* What the call is signed with. */
const QfCredential *
qf_call_credential(const QfCall *call)
{
	return call->queue->credential;
}

/*
 * qf_call_ready
 *		Would qf_call_wait() return at once?
 *
 * Also if the statement may make no more calls: then there is nothing to wait
 * for.
 */
bool
qf_call_ready(const QfCall *call)
{
	return call->state == QF_CALL_DONE ||
		(call->state == QF_CALL_WAITING && !has_budget());
}

/*
 * qf_call_wait
 *		Drive the pool until this call is done.  Serves interrupts.
 */
void
qf_call_wait(QfCall *call)
{
	QfPool	   *pool = call->queue->pool;

	join_statement(call->queue);
	while (!qf_call_ready(call))
	{
		/* This may be where the statement ends. */
		if (InterruptPending)
			pool->left = now_usec();
		CHECK_FOR_INTERRUPTS();
		advance(pool);
		if (!qf_call_ready(call))
			wait_for_events(pool, call->queue->counters);
	}
	if (call->state == QF_CALL_WAITING)
		deny_call(call);
	if (pool->ndescriptors > 0)
		arm_timer(pool);
}

/* Free a call in whatever state it is. */
void
qf_call_release(QfCall *call)
{
	MemoryContextDelete(call->context);
}

/*
 * A server or user mapping has changed.  Which one is not worth finding out:
 * DDL on them is rare, and the price is one new connection.
 */
static void
invalidate_pools(Datum arg, int cacheid, uint32 hashvalue)
{
	dlist_iter	iter;

	dlist_foreach(iter, &pools)
		dlist_container(QfPool, node, iter.cur)->stale = true;
}

/* Close the pools nobody uses any more once a transaction is over. */
static void
close_stale_pools(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT ||
		event == XACT_EVENT_PREPARE)
		(void) close_idle_pools(true);
}

static void
close_all_pools(int code, Datum arg)
{
	dlist_mutable_iter iter;

	dlist_foreach_modify(iter, &pools)
		close_pool(dlist_container(QfPool, node, iter.cur));
}

/* Close the pools nobody reads from at the moment; were there any? */
static bool
close_idle_pools(bool only_stale)
{
	bool		closed = false;
	dlist_mutable_iter iter;

	dlist_foreach_modify(iter, &pools)
	{
		QfPool	   *pool = dlist_container(QfPool, node, iter.cur);

		if (pool->nqueues > 0 || (only_stale && !pool->stale))
			continue;
		MemoryContextDelete(pool->context);
		closed = true;
	}
	return closed;
}

/* The pool of a server with these options, made if there is none. */
static QfPool *
find_pool(const QfOptions *options)
{
	dlist_mutable_iter iter;

	dlist_foreach_modify(iter, &pools)
	{
		QfPool	   *pool = dlist_container(QfPool, node, iter.cur);

		if (pool->options.serverid == options->serverid &&
			!same_connection(&pool->options, options))
			pool->stale = true;
		if (pool->stale && pool->nqueues == 0)
			MemoryContextDelete(pool->context);
		else if (!pool->stale &&
				 pool->options.serverid == options->serverid)
			return pool;
	}
	return create_pool(options);
}

static bool
same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* Are two sets of options alike in all that a pool depends on? */
static bool
same_connection(const QfOptions *a, const QfOptions *b)
{
	return a->endpoint.tls == b->endpoint.tls &&
		same_text(a->endpoint.host, b->endpoint.host) &&
		same_text(a->endpoint.prefix, b->endpoint.prefix) &&
		a->connect_timeout == b->connect_timeout &&
		a->request_timeout == b->request_timeout &&
		a->max_response_size == b->max_response_size &&
		a->rate_limit == b->rate_limit &&
		same_text(a->proxy, b->proxy) &&
		same_text(a->ca_file, b->ca_file);
}

/*
 * A pool is built in a temporary context, which takes everything back if an
 * error comes, and promoted to the session when it is complete.
 */
static QfPool *
create_pool(const QfOptions *options)
{
	MemoryContext context;
	QfPool	   *pool;

	initialize();
	context = AllocSetContextCreate(CurrentMemoryContext, "qianfan_fdw pool",
									ALLOCSET_DEFAULT_SIZES);
	pool = MemoryContextAllocZero(context, sizeof(QfPool));
	pool->context = context;
	pool->epoll = -1;
	pool->timer_fd = -1;
	pool->timer = -1;
	dlist_init(&pool->queues);
	copy_options(pool, options);
	pool->server = find_server(options->serverid);
	pool->cleanup.func = close_pool;
	pool->cleanup.arg = pool;
	MemoryContextRegisterResetCallback(context, &pool->cleanup);

	open_pool(pool);

	MemoryContextSetParent(context, TopMemoryContext);
	dlist_push_tail(&pools, &pool->node);
	pool->listed = true;
	return pool;
}

static ServerState *
find_server(Oid serverid)
{
	ServerState *server;

	for (server = servers; server != NULL; server = server->next)
	{
		if (server->serverid == serverid)
			return server;
	}
	server = MemoryContextAllocZero(TopMemoryContext, sizeof(ServerState));
	server->serverid = serverid;
	server->next = servers;
	servers = server;
	return server;
}

static void
copy_options(QfPool *pool, const QfOptions *options)
{
	MemoryContext oldcontext = MemoryContextSwitchTo(pool->context);
	QfOptions  *copy = &pool->options;

	*copy = *options;
	copy->server_name = pstrdup(options->server_name);
	copy->endpoint.host = pstrdup(options->endpoint.host);
	copy->endpoint.prefix = pstrdup(options->endpoint.prefix);
	if (options->proxy != NULL)
		copy->proxy = pstrdup(options->proxy);
	if (options->ca_file != NULL)
		copy->ca_file = pstrdup(options->ca_file);
	MemoryContextSwitchTo(oldcontext);
}

/*
 * Once per backend: start libcurl, and have us told of changes of servers and
 * user mappings and of the end of transactions and of the backend.
 */
static void
initialize(void)
{
	static bool initialized = false;

	if (initialized)
		return;
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_UNABLE_TO_ESTABLISH_CONNECTION),
				 errmsg("could not initialize libcurl")));
	initialized = true;
	CacheRegisterSyscacheCallback(FOREIGNSERVEROID, invalidate_pools, 0);
	CacheRegisterSyscacheCallback(USERMAPPINGOID, invalidate_pools, 0);
	RegisterXactCallback(close_stale_pools, NULL);
	on_proc_exit(close_all_pools, 0);
}

static void
open_pool(QfPool *pool)
{
	struct epoll_event event = {0};

	claim_descriptor();
	pool->epoll = check_descriptor(epoll_create1(EPOLL_CLOEXEC));
	claim_descriptor();
	pool->timer_fd = check_descriptor(timerfd_create(CLOCK_MONOTONIC,
													 TFD_CLOEXEC | TFD_NONBLOCK));
	event.data.fd = pool->timer_fd;
	event.events = EPOLLIN;
	if (epoll_ctl(pool->epoll, EPOLL_CTL_ADD, pool->timer_fd, &event) < 0)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not add to epoll instance: %m")));

	pool->wait_set = qf_compat_wait_event_set(3);
	qf_descriptor_adopt(1);
	AddWaitEventToSet(pool->wait_set, WL_LATCH_SET, PGINVALID_SOCKET,
					  MyLatch, NULL);
	AddWaitEventToSet(pool->wait_set, WL_EXIT_ON_PM_DEATH, PGINVALID_SOCKET,
					  NULL, NULL);
	AddWaitEventToSet(pool->wait_set, WL_SOCKET_READABLE, pool->epoll,
					  NULL, NULL);

	pool->multi = curl_multi_init();
	pool->share = curl_share_init();
	if (pool->multi == NULL || pool->share == NULL ||
		curl_share_setopt(pool->share, CURLSHOPT_SHARE,
						  CURL_LOCK_DATA_SSL_SESSION) != CURLSHE_OK ||
		qf_compat_set_resolver(pool->multi, MAX_CONNECTIONS) != CURLM_OK ||
		curl_multi_setopt(pool->multi, CURLMOPT_SOCKETFUNCTION,
						  watch_socket) != CURLM_OK ||
		curl_multi_setopt(pool->multi, CURLMOPT_SOCKETDATA, pool) != CURLM_OK ||
		curl_multi_setopt(pool->multi, CURLMOPT_TIMERFUNCTION,
						  set_timer) != CURLM_OK ||
		curl_multi_setopt(pool->multi, CURLMOPT_TIMERDATA, pool) != CURLM_OK ||
		curl_multi_setopt(pool->multi, CURLMOPT_MAXCONNECTS,
						  (long) MAX_CONNECTIONS) != CURLM_OK)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_UNABLE_TO_ESTABLISH_CONNECTION),
				 errmsg("could not set up libcurl for server \"%s\"",
						pool->options.server_name)));
}

/* Reset callback of a pool's context.  Idempotent. */
static void
close_pool(void *arg)
{
	QfPool	   *pool = arg;

	if (pool->listed)
		dlist_delete(&pool->node);
	pool->listed = false;

	free(pool->spare);
	pool->spare = NULL;
	while (pool->nidle > 0)
		curl_easy_cleanup(pool->idle[--pool->nidle]);
	if (pool->multi != NULL)
		(void) curl_multi_cleanup(pool->multi);
	pool->multi = NULL;
	if (pool->share != NULL)
		(void) curl_share_cleanup(pool->share);
	pool->share = NULL;
	if (pool->wait_set != NULL)
	{
		FreeWaitEventSet(pool->wait_set);
		qf_descriptor_adopt(-1);
	}
	pool->wait_set = NULL;
	close_descriptor(&pool->timer_fd);
	close_descriptor(&pool->epoll);
	qf_call_disown_sockets(&pool->nsockets);
}

static void
close_descriptor(int *descriptor)
{
	if (*descriptor < 0)
		return;
	(void) close(*descriptor);
	qf_descriptor_release();
	*descriptor = -1;
}

/* Reset callback of a queue's context; its calls are gone by then. */
static void
cleanup_queue(void *arg)
{
	QfQueue    *queue = arg;

	if (queue->descriptor >= 0)
		queue->pool->ndescriptors--;
	close_descriptor(&queue->descriptor);
	close_descriptor(&queue->bell);
	dlist_delete(&queue->node);
	queue->pool->nqueues--;

	/* Its calls are gone, and connections they waited for. */
	qf_call_forget_sockets();
}

/* Reset callback of a call's context. */
static void
cleanup_call(void *arg)
{
	QfCall	   *call = arg;

	if (call->state == QF_CALL_WAITING)
		dlist_delete(&call->node);
	return_handle(call);
	qf_call_free_reply(call);
	call->state = QF_CALL_DONE;
}

/* Somebody drives the pool again. */
static void
come_back(QfPool *pool)
{
	if (pool->left > 0)
		pool->absence += now_usec() - pool->left;
	pool->left = 0;
}

/* Nobody drives a pool from now on, unless somebody waits for it elsewhere. */
static void
leave_pools(void)
{
	int64		now = now_usec();
	dlist_iter	iter;

	dlist_foreach(iter, &pools)
	{
		QfPool	   *pool = dlist_container(QfPool, node, iter.cur);

		if (pool->left == 0 && pool->awaiting == 0)
			pool->left = now;
	}
}

/* Do all that can be done without waiting. */
static void
advance(QfPool *pool)
{
	come_back(pool);
	start_due_calls(pool);
	if (pool->timer >= 0 && pool->timer <= now_usec())
	{
		pool->timer = -1;
		run_multi(pool, CURL_SOCKET_TIMEOUT, 0);
	}
	finish_transfers(pool);
	start_due_calls(pool);
	leave_pools();
}

/* Hand waiting calls to libcurl, as far as we may. */
static void
start_due_calls(QfPool *pool)
{
	dlist_iter	queue_iter;

	if (!has_connection(pool))
		(void) close_idle_pools(false);
	dlist_foreach(queue_iter, &pool->queues)
	{
		QfQueue    *queue = dlist_container(QfQueue, node, queue_iter.cur);
		dlist_mutable_iter iter;

		dlist_foreach_modify(iter, &queue->waiting)
		{
			QfCall	   *call = dlist_container(QfCall, node, iter.cur);
			int64		now;

			if (!may_start(queue))
				break;
			now = now_usec();
			if (call->not_before > now)
				continue;
			if (!take_token(pool, now))
				return;
			dlist_delete(&call->node);
			start_call(call);
		}
	}
}

/* Start one attempt; one that cannot even start is done. */
static void
start_call(QfCall *call)
{
	QfQueue    *queue = call->queue;
	QfPool	   *pool = queue->pool;
	MemoryContext oldcontext;
	bool		ready;

	call->state = QF_CALL_DONE;
	call->easy = borrow_handle(pool);
	call->nsockets = &pool->nsockets;
	oldcontext = MemoryContextSwitchTo(queue->scratch);
	ready = call->easy != NULL &&
		qf_call_prepare(call, &pool->options, queue->credential,
						server_time(pool));
	MemoryContextSwitchTo(oldcontext);
	MemoryContextReset(queue->scratch);

	if (!ready || curl_multi_add_handle(pool->multi, call->easy) != CURLM_OK)
	{
		call->reply.transport = QF_TRANSPORT_UNSENT;
		if (call->reply.reason[0] == '\0')
			strlcpy(call->reply.reason, "libcurl is out of resources",
					sizeof(call->reply.reason));
		return_handle(call);
		(void) judge_call(call);
		return;
	}
	lend_buffer(call);
	call->state = QF_CALL_RUNNING;
	call->started = now_usec();
	call->absence = pool->absence;
	queue->nrunning++;
	pool->nrunning++;
	queue->counters->calls++;
	budget_calls++;
	if (!has_budget())
		ring_waiting();
}

/* No call can be made any more: whoever waits for one has to be told. */
static void
ring_waiting(void)
{
	dlist_iter	pool_iter;
	dlist_iter	iter;

	dlist_foreach(pool_iter, &pools)
	{
		dlist_foreach(iter, &dlist_container(QfPool, node, pool_iter.cur)->queues)
		{
			QfQueue    *queue = dlist_container(QfQueue, node, iter.cur);

			if (queue->bell >= 0 && !queue->rung &&
				!dlist_is_empty(&queue->waiting))
				ring_bell(queue);
		}
	}
}

/*
 * Bodies take turns in one buffer.  malloc() sweeps up whatever small pieces
 * were freed, such as those of the last JSON document, before it gives out a
 * large one; and growing a buffer copies it.
 */
static void
lend_buffer(QfCall *call)
{
	QfPool	   *pool = call->queue->pool;

	if (pool->spare == NULL)
		return;
	call->reply.body = pool->spare;
	call->reply.body[0] = '\0';
	call->capacity = pool->spare_capacity;
	pool->spare = NULL;
}

/* The judge has read the body, and nobody else will. */
static void
take_buffer(QfCall *call)
{
	QfPool	   *pool = call->queue->pool;

	if (pool->spare == NULL && call->capacity <= MAX_SPARE)
	{
		pool->spare = call->reply.body;
		pool->spare_capacity = call->capacity;
		call->reply.body = NULL;
	}
	qf_call_free_reply(call);
}

/* End a call that waits, for the statement has no call left to make. */
static void
deny_call(QfCall *call)
{
	dlist_delete(&call->node);
	call->state = QF_CALL_DONE;
	qf_call_free_reply(call);
	memset(&call->reply, 0, sizeof(call->reply));
	call->reply.transport = QF_TRANSPORT_OVER_BUDGET;
	(void) judge_call(call);
}

static CURL *
borrow_handle(QfPool *pool)
{
	if (pool->nidle > 0)
		return pool->idle[--pool->nidle];
	return qf_call_new_handle(&pool->options, pool->share);
}

/*
 * Take a call's handle back, out of libcurl's hands first if need be.
 * Idempotent.
 */
static void
return_handle(QfCall *call)
{
	QfPool	   *pool = call->queue->pool;

	if (call->state == QF_CALL_RUNNING)
	{
		(void) curl_multi_remove_handle(pool->multi, call->easy);
		call->queue->nrunning--;
		pool->nrunning--;
		call->state = QF_CALL_DONE;
	}
	qf_call_detach(call);
	if (call->easy != NULL)
	{
		if (pool->nidle < MAX_IDLE_HANDLES)
			pool->idle[pool->nidle++] = call->easy;
		else
			curl_easy_cleanup(call->easy);
	}
	call->easy = NULL;
}

/*
 * Is there room for another call of the queue?  The rest of what a cursor has
 * read ahead waits for its next FETCH, and not at the expense of whatever the
 * session does in between.  When descriptors run out, calls take turns.
 */
static bool
may_start(const QfQueue *queue)
{
	return queue->nrunning < queue->options->max_concurrency &&
		queue->statement == GetCurrentStatementStartTimestamp() &&
		has_connection(queue->pool) && has_budget();
}

/* Is there a connection for another call, or may there be a new one? */
static bool
has_connection(const QfPool *pool)
{
	return pool->nrunning == 0 || pool->nrunning < pool->nsockets ||
		!qf_descriptor_few_left(pool->nrunning - pool->nsockets);
}

/*
 * May the current statement make another call?  The time the client's message
 * arrived identifies the statement, so functions and scans of all servers
 * count together.
 *
 * Without budget a call stays where it is until somebody needs it.  Most are
 * read ahead, and one that a statement did not need must not fail the next
 * FETCH of a cursor.
 */
static bool
has_budget(void)
{
	TimestampTz statement = GetCurrentStatementStartTimestamp();

	if (statement != budget_statement)
	{
		budget_statement = statement;
		budget_calls = 0;
	}
	return qf_guc_max_requests <= 0 || budget_calls < qf_guc_max_requests;
}

/*
 * The rate limit is a token bucket.  It holds a tenth of a second's calls, at
 * least one, so that what a busy moment could not send is not lost, and no
 * second sees much more than the limit.
 */
static bool
take_token(const QfPool *pool, int64 now)
{
	ServerState *server = pool->server;
	double		rate = pool->options.rate_limit;

	if (rate <= 0)
		return true;
	if (server->tokens_time == 0)
		server->tokens = 1;
	else
		server->tokens += rate * (now - server->tokens_time) / 1000000.0;
	server->tokens_time = now;
	server->tokens = Min(server->tokens, Max(1, rate * RATE_BURST));
	if (server->tokens < 1)
		return false;
	server->tokens -= 1;
	return true;
}

/* When the bucket will hold a token, by the monotonic clock. */
static int64
next_token(const QfPool *pool)
{
	const ServerState *server = pool->server;
	double		pause;

	if (pool->options.rate_limit <= 0 || server->tokens >= 1)
		return 0;
	pause = (1 - server->tokens) * 1000000.0 / pool->options.rate_limit;
	return server->tokens_time + 1 + (int64) Min(pause, MAX_PAUSE);
}

/*
 * Let libcurl work.  All signals are blocked meanwhile: libcurl starts a
 * thread to resolve a name, and a thread inherits the mask it is started
 * under; a signal handler of the server must never run in one.
 */
static void
run_multi(QfPool *pool, curl_socket_t sock, int events)
{
	sigset_t	all;
	sigset_t	saved;
	int			running;

	qf_call_begin_turn();
	sigfillset(&all);
	(void) pthread_sigmask(SIG_SETMASK, &all, &saved);
	(void) curl_multi_socket_action(pool->multi, sock, events, &running);
	(void) pthread_sigmask(SIG_SETMASK, &saved, NULL);
}

/*
 * Take the transfers that have ended from libcurl.  Large answers take their
 * time, so a cancel stops here after one; libcurl keeps the others.
 */
static void
finish_transfers(QfPool *pool)
{
	CURLMsg    *message;
	int			left;

	pool->unfinished = false;
	while ((message = curl_multi_info_read(pool->multi, &left)) != NULL)
	{
		CURLcode	code = message->data.result;
		void	   *private = NULL;
		QfCall	   *call;

		if (message->msg != CURLMSG_DONE)
			continue;
		(void) curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE,
								 (char **) &private);
		call = private;
		qf_call_finish(call, code, server_time(pool));
		return_handle(call);	/* message is gone from here on */
		finish_attempt(call);
		if (InterruptPending)
		{
			pool->unfinished = true;
			break;
		}
	}
}

/* An attempt has ended: done, or once more? */
static void
finish_attempt(QfCall *call)
{
	QfQueue    *queue = call->queue;
	QfPool	   *pool = queue->pool;
	QfRetryInput input = {0};
	QfRetryVerdict verdict;

	queue->counters->bytes += call->reply.wire_bytes;
	/* The log may serve a cancel, but not before the answer is judged. */
	HOLD_INTERRUPTS();
	elog(DEBUG1, "qianfan_fdw: %s on server \"%s\": status %d, %zu bytes, %.3f ms, retry %d",
		 call->request.action, queue->options->server_name,
		 call->reply.status, call->reply.length,
		 (now_usec() - call->started) / 1000.0, call->retries);
	RESUME_INTERRUPTS();

	if (call->reply.transport == QF_TRANSPORT_NO_DESCRIPTOR &&
		(close_idle_pools(false) || pool->nrunning > 0))
	{
		take_back(call);
		return;
	}

	input.outcome = judge_call(call);
	take_buffer(call);
	input.retries = call->retries;
	input.max_retries = queue->options->max_retries;
	input.retry_delay = queue->options->retry_delay;
	input.retry_after = call->reply.retry_after;
	input.unattended = call->reply.timed_out &&
		was_unattended(call, pool->absence - call->absence);
	input.clock_learned = input.outcome == QF_OUTCOME_EXPIRED &&
		learn_clock(call);
	input.random = pg_prng_double(&pg_global_prng_state);
	verdict = qf_retry_decide(&input);
	if (!verdict.again)
		return;

	if (verdict.counts)
		call->retries++;
	queue->counters->retries++;
	call->not_before = now_usec() + verdict.delay * 1000;
	put_in_line(call);
}

/* There was no socket for the call: it has to wait for another's. */
static void
take_back(QfCall *call)
{
	QfQueue    *queue = call->queue;

	queue->counters->calls--;
	if (queue->statement == budget_statement)
		budget_calls--;
	qf_call_free_reply(call);
	call->not_before = now_usec() + LOOK_AGAIN;
	put_in_line(call);
}

/*
 * Did the attempt that timed out lose a good part of its time?  libcurl's clocks
 * go on while nobody drives it, as between two FETCHes of a cursor.
 */
static bool
was_unattended(const QfCall *call, int64 absence)
{
	const QfOptions *options = call->queue->options;
	int64		limit = options->request_timeout;

	if (!call->sent)
		limit = Min(limit, options->connect_timeout);
	return absence > limit * 100 &&
		now_usec() - call->started - absence < limit * 900;
}

/*
 * However an attempt has ended, it comes here.  What the judge made of the one
 * before is freed.
 */
static QfOutcome
judge_call(QfCall *call)
{
	QfQueue    *queue = call->queue;
	MemoryContext oldcontext;
	QfOutcome	outcome;

	if (queue->bell >= 0 && !queue->rung)
		ring_bell(queue);
	call->answer = NULL;
	if (call->answer_context == NULL)
		call->answer_context = AllocSetContextCreate(call->context,
													 "qianfan_fdw answer",
													 ALLOCSET_SMALL_SIZES);
	else
		MemoryContextReset(call->answer_context);
	oldcontext = MemoryContextSwitchTo(call->answer_context);
	outcome = queue->judge(call);
	MemoryContextSwitchTo(oldcontext);
	return outcome;
}

/*
 * The server refused a signature because of its time.  Take the time from its
 * Date header, once per call, if nobody on the way can have forged it and if
 * it is believable.
 */
static bool
learn_clock(QfCall *call)
{
	QfPool	   *pool = call->queue->pool;
	int64		offset;

	if (call->clock_learned || call->reply.date < 0 ||
		!qf_option_is_private(&pool->options))
		return false;
	offset = call->reply.date - (int64) time(NULL);
	if (offset > MAX_CLOCK_OFFSET || offset < -MAX_CLOCK_OFFSET)
		return false;
	pool->server->clock_offset = offset;
	call->clock_learned = true;
	return true;
}

/* Sleep until a socket, the latch or the time calls for work. */
static void
wait_for_events(QfPool *pool, QfCounters *counters)
{
	WaitEvent	occurred[3];
	int64		start = now_usec();
	int64		elapsed;
	int			noccurred;
	dlist_iter	iter;

	pool->left = 0;
	noccurred = WaitEventSetWait(pool->wait_set, wait_timeout(pool),
								 occurred, lengthof(occurred),
								 qf_compat_wait_event());
	elapsed = now_usec() - start;
	counters->wait_time += elapsed;
	dlist_foreach(iter, &pools)
	{
		QfPool	   *other = dlist_container(QfPool, node, iter.cur);

		/* Who is waited for elsewhere was not, meanwhile. */
		if (other != pool && other->awaiting != 0)
			other->absence += elapsed;
	}

	for (int i = 0; i < noccurred; i++)
	{
		if (occurred[i].events & WL_LATCH_SET)
			ResetLatch(MyLatch);
		if (occurred[i].events & WL_SOCKET_READABLE)
			handle_sockets(pool);
	}
}

/* Tell libcurl about sockets that are ready; does not wait. */
static void
handle_sockets(QfPool *pool)
{
	struct epoll_event ready[64];
	int			nready = epoll_wait(pool->epoll, ready, lengthof(ready), 0);

	come_back(pool);
	pool->looked = now_usec();

	/* After a cancel, what is left will be ready another time. */
	for (int i = 0; i < nready && (i == 0 || !InterruptPending); i++)
	{
		int			events = 0;

		if (ready[i].data.fd == pool->timer_fd)
		{
			uint64		expirations;

			(void) !read(pool->timer_fd, &expirations, sizeof(expirations));
			continue;
		}
		if (ready[i].events & EPOLLIN)
			events |= CURL_CSELECT_IN;
		if (ready[i].events & EPOLLOUT)
			events |= CURL_CSELECT_OUT;
		if (ready[i].events & (EPOLLERR | EPOLLHUP))
			events |= CURL_CSELECT_ERR;
		run_multi(pool, ready[i].data.fd, events);
	}
}

/* Milliseconds until something falls due by itself; -1 for never. */
static long
wait_timeout(QfPool *pool)
{
	int64		due = pool->timer;
	int64		token = next_token(pool);
	int64		now = now_usec();
	dlist_iter	queue_iter;

	if (pool->unfinished)
		return 0;
	dlist_foreach(queue_iter, &pool->queues)
	{
		QfQueue    *queue = dlist_container(QfQueue, node, queue_iter.cur);
		dlist_iter	iter;

		if (!may_start(queue))
			continue;
		dlist_foreach(iter, &queue->waiting)
		{
			QfCall	   *call = dlist_container(QfCall, node, iter.cur);
			int64		start = Max(call->not_before, token);

			if (due < 0 || start < due)
				due = start;
		}
	}
	if (due < 0)
		return -1;
	if (due <= now)
		return 0;
	return (long) (Min(due - now, MAX_PAUSE) + 999) / 1000;
}

/*
 * CURLMOPT_SOCKETFUNCTION.  Whether a socket is new is left to the kernel to
 * know: it forgets one that was closed, and numbers are used again.
 */
static int
watch_socket(CURL *easy, curl_socket_t sock, int what, void *arg,
			 void *sock_arg)
{
	QfPool	   *pool = arg;
	struct epoll_event event = {0};

	if (what == CURL_POLL_REMOVE)
	{
		(void) epoll_ctl(pool->epoll, EPOLL_CTL_DEL, sock, &event);
		return 0;
	}
	event.data.fd = sock;
	if (what & CURL_POLL_IN)
		event.events |= EPOLLIN;
	if (what & CURL_POLL_OUT)
		event.events |= EPOLLOUT;
	/* Mostly it is new, as a connection is taken out between requests. */
	if (epoll_ctl(pool->epoll, EPOLL_CTL_ADD, sock, &event) == 0 ||
		(errno == EEXIST &&
		 epoll_ctl(pool->epoll, EPOLL_CTL_MOD, sock, &event) == 0))
		return 0;
	return -1;
}

/* CURLMOPT_TIMERFUNCTION: milliseconds from now, or -1 for none. */
static int
set_timer(CURLM *multi, long timeout, void *arg)
{
	QfPool	   *pool = arg;

	pool->timer = timeout < 0 ? -1 : now_usec() + (int64) timeout * 1000;
	return 0;
}

/* Microseconds by a clock that nobody sets. */
static int64
now_usec(void)
{
	instr_time	now;

	INSTR_TIME_SET_CURRENT(now);
	return (int64) INSTR_TIME_GET_MICROSEC(now);
}

/* What the server's clock shows, as far as we know; seconds since 1970. */
static int64
server_time(const QfPool *pool)
{
	return (int64) time(NULL) + pool->server->clock_offset;
}
