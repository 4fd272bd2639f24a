/*
 * limit.c
 *	  The best libcurl can do: the same calls, nothing else.
 *
 * Usage: limit URL [CA_FILE]
 *
 * Reads commands from standard input, one a line, and answers each with a line
 * of its wall time and CPU time in nanoseconds, calls and body bytes.  PATH is
 * put between URL and the path of the API.  Keys come from QIANFAN_ACCESS_KEY
 * and QIANFAN_SECRET_KEY.
 *
 *	 lookup PATH FIRST COUNT CONCURRENCY	tasks by id, bodies thrown away
 *	 first PATH								one lookup; the times are those of
 *											the process since it was started
 *	 list PATH								all pages, one after another
 *	 parse PATH								the same, each parsed with cJSON and
 *											every member of a task looked at
 *	 details PATH CONCURRENCY				all pages, and each task by id
 *
 * Connections are kept from one command to the next.  It drives libcurl the
 * way that costs least: curl_multi_socket_action() and an epoll instance.
 *
 * bench/limit.c
 */
#include "postgres_fe.h"

#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include <cjson/cJSON.h>
#include <curl/curl.h>

#include "http/sign.h"

#define MAX_CONCURRENCY 256
#define PAGE_SIZE 100
#define ID_LENGTH 17

typedef struct Transfer
{
	CURL	   *easy;
	bool		page;
	char		request[128];
	char	   *body;			/* of a page; else bytes are just counted */
	size_t		length;
	size_t		capacity;
} Transfer;

typedef struct Action
{
	char	   *url;
	struct curl_slist *headers;
} Action;

static const char *base_url;
static const char *ca_file;
static CURLM *multi;
static CURLSH *share;
static int	epoll_fd;
static int64 timer = -1;		/* when libcurl wants to be called, ns */
static Transfer transfers[MAX_CONCURRENCY];
static Transfer *idle[MAX_CONCURRENCY];
static int	nidle;
static Action detail;
static Action list;

/* what the command asks for */
static char (*ids)[ID_LENGTH + 1];
static int	nids;
static int	ids_capacity;
static int	next_id;
static bool want_page;
static char marker[64];
static bool parse_pages;
static bool list_details;
static int	running;

static int64 ncalls;
static int64 nbytes;
static volatile size_t looked_at;

static void
die(const char *message)
{
	fprintf(stderr, "limit: %s\n", message);
	exit(1);
}

static int64
now_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * INT64CONST(1000000000) + now.tv_nsec;
}

static size_t
receive(char *data, size_t size, size_t nmemb, void *arg)
{
	Transfer   *transfer = arg;
	size_t		length = size * nmemb;

	nbytes += length;
	if (!transfer->page)
		return length;
	if (transfer->length + length + 1 > transfer->capacity)
	{
		transfer->capacity = (transfer->length + length + 1) * 2;
		transfer->body = realloc(transfer->body, transfer->capacity);
		if (transfer->body == NULL)
			die("out of memory");
	}
	memcpy(transfer->body + transfer->length, data, length);
	transfer->length += length;
	transfer->body[transfer->length] = '\0';
	return length;
}

static int
watch_socket(CURL *easy, curl_socket_t sock, int what, void *arg,
			 void *sock_arg)
{
	struct epoll_event event = {0};

	event.data.fd = sock;
	event.events = (what & CURL_POLL_IN ? EPOLLIN : 0) |
		(what & CURL_POLL_OUT ? EPOLLOUT : 0);
	if (what == CURL_POLL_REMOVE)
		(void) epoll_ctl(epoll_fd, EPOLL_CTL_DEL, sock, &event);
	else if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, sock, &event) != 0)
		(void) epoll_ctl(epoll_fd, EPOLL_CTL_MOD, sock, &event);
	return 0;
}

static int
set_timer(CURLM *arg, long timeout, void *unused)
{
	timer = timeout < 0 ? -1 :
		now_ns(CLOCK_MONOTONIC) + timeout * INT64CONST(1000000);
	return 0;
}


static void
set_up(void)
{
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		die("curl_global_init failed");
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	multi = curl_multi_init();
	share = curl_share_init();
	curl_share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
	curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
	curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, set_timer);
	curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long) MAX_CONCURRENCY);
	for (int i = MAX_CONCURRENCY - 1; i >= 0; i--)
		idle[nidle++] = &transfers[i];
}

static CURL *
make_handle(Transfer *transfer)
{
	CURL	   *easy = curl_easy_init();

	curl_easy_setopt(easy, CURLOPT_SHARE, share);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long) CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	if (ca_file != NULL)
	{
		curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file);
		curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	}
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, receive);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
	curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
	return easy;
}

/*
 * URL and headers of an action.  The body is not signed, so one signature
 * serves all requests of a command.
 */
static void
prepare_action(Action *action, const char *path, const char *name)
{
	static const char *const signed_headers[] = {"host", "x-bce-date"};
	const char *host = strstr(base_url, "://") + 3;
	char	   *full_path = psprintf("%s/v2/model", path);
	QfPair		query = {"Action", name};
	QfPair		headers[2] = {{"host", host}, {"x-bce-date", NULL}};
	QfSignInput input = {0};
	char		timestamp[32];
	time_t		now = time(NULL);
	StringInfoData line;

	curl_slist_free_all(action->headers);
	if (action->url != NULL)
		pfree(action->url);
	action->url = psprintf("%s%s?Action=%s", base_url, full_path, name);

	strftime(timestamp, sizeof(timestamp), "%Y-%m-%dT%H:%M:%SZ", gmtime(&now));
	headers[1].value = timestamp;
	input.method = "POST";
	input.path = full_path;
	input.query = &query;
	input.nquery = 1;
	input.headers = headers;
	input.nheaders = 2;
	input.signed_headers = signed_headers;
	input.nsigned = 2;
	input.access_key = getenv("QIANFAN_ACCESS_KEY");
	input.secret_key = getenv("QIANFAN_SECRET_KEY");
	input.timestamp = timestamp;
	input.expiration = 1800;
	if (input.access_key == NULL || input.secret_key == NULL)
		die("QIANFAN_ACCESS_KEY and QIANFAN_SECRET_KEY are not set");

	initStringInfo(&line);
	appendStringInfoString(&line, "Authorization: ");
	if (!qf_sign_append_authorization(&line, &input))
		die("could not sign");
	action->headers = curl_slist_append(NULL, line.data);
	resetStringInfo(&line);
	appendStringInfo(&line, "x-bce-date: %s", timestamp);
	action->headers = curl_slist_append(action->headers, line.data);
	action->headers = curl_slist_append(action->headers,
										"Content-Type: application/json");
	pfree(line.data);
	pfree(full_path);
}

static void
add_id(const char *id)
{
	if (nids == ids_capacity)
	{
		ids_capacity = Max(ids_capacity * 2, 1024);
		ids = realloc(ids, ids_capacity * sizeof(*ids));
		if (ids == NULL)
			die("out of memory");
	}
	strlcpy(ids[nids++], id, sizeof(*ids));
}

/* Start the next call, if there is one; the page that is due goes first. */
static bool
start_next(void)
{
	Transfer   *transfer = idle[nidle - 1];
	Action	   *action;

	if (want_page)
	{
		action = &list;
		snprintf(transfer->request, sizeof(transfer->request),
				 "{%s%s%s\"maxKeys\":%d}", marker[0] != '\0' ? "\"marker\":\"" : "",
				 marker, marker[0] != '\0' ? "\"," : "", PAGE_SIZE);
	}
	else if (next_id < nids)
	{
		action = &detail;
		snprintf(transfer->request, sizeof(transfer->request),
				 "{\"modelCompTaskId\":\"%s\"}", ids[next_id++]);
	}
	else
		return false;
	if (transfer->easy == NULL)
		transfer->easy = make_handle(transfer);
	transfer->page = want_page;
	transfer->length = 0;
	want_page = false;
	nidle--;
	running++;
	ncalls++;
	curl_easy_setopt(transfer->easy, CURLOPT_URL, action->url);
	curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, action->headers);
	curl_easy_setopt(transfer->easy, CURLOPT_POSTFIELDS, transfer->request);
	if (curl_multi_add_handle(multi, transfer->easy) != CURLM_OK)
		die("curl_multi_add_handle failed");
	return true;
}

/* Find the marker of the next page, and the ids if details are wanted. */
static void
scan_page(const Transfer *page)
{
	static const char next[] = "\"nextMarker\":\"";
	static const char id[] = "{\"id\":\"";
	const char *found = strstr(page->body, next);

	want_page = found != NULL;
	if (found != NULL)
	{
		found += strlen(next);
		strlcpy(marker, found, Min(strcspn(found, "\"") + 1, sizeof(marker)));
	}
	for (found = page->body; list_details; found += ID_LENGTH)
	{
		char		text[ID_LENGTH + 1];

		found = strstr(found, id);
		if (found == NULL)
			break;
		found += strlen(id);
		strlcpy(text, found, sizeof(text));
		add_id(text);
	}
}

/* What whoever uses the list at all must do. */
static void
parse_page(const Transfer *page)
{
	static const char *const members[] = {
		"id", "name", "status", "sourceModelId", "modelId", "createTime",
		"finishTime", "description",
	};
	cJSON	   *root = cJSON_ParseWithLength(page->body, page->length + 1);
	cJSON	   *result = cJSON_GetObjectItemCaseSensitive(root, "result");
	cJSON	   *tasks = cJSON_GetObjectItemCaseSensitive(result,
														 "modelCompTaskList");
	cJSON	   *task;

	if (!cJSON_IsArray(tasks))
		die("a page is not JSON");
	cJSON_ArrayForEach(task, tasks)
	{
		for (int i = 0; i < lengthof(members); i++)
		{
			cJSON	   *value = cJSON_GetObjectItemCaseSensitive(task,
																 members[i]);

			if (cJSON_IsString(value))
				looked_at += strlen(value->valuestring);
		}
	}
	cJSON_Delete(root);
}

static void
finish_transfers(int concurrency)
{
	CURLMsg    *message;
	int			left;

	while ((message = curl_multi_info_read(multi, &left)) != NULL)
	{
		CURLcode	code = message->data.result;
		CURL	   *easy = message->easy_handle;
		long		status = 0;
		Transfer   *transfer;

		curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
		curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **) &transfer);
		if (code != CURLE_OK || status != 200)
			die("a call failed");
		curl_multi_remove_handle(multi, easy);
		running--;
		idle[nidle++] = transfer;
		if (transfer->page)
		{
			/* The next page is on its way while this one is parsed. */
			scan_page(transfer);
			if (parse_pages)
			{
				Transfer	read = *transfer;

				transfer->body = NULL;
				transfer->capacity = 0;
				while (running < concurrency && start_next())
					;
				(void) curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0,
												&left);
				parse_page(&read);
				free(read.body);
			}
		}
		while (running < concurrency && start_next())
			;
	}
}

static void
run(int concurrency)
{
	while (running < concurrency && start_next())
		;
	while (running > 0)
	{
		struct epoll_event ready[64];
		int64		now = now_ns(CLOCK_MONOTONIC);
		int			timeout = -1;
		int			nready;
		int			unused;

		if (timer >= 0)
			timeout = timer <= now ? 0 : (int) ((timer - now + 999999) / 1000000);
		nready = epoll_wait(epoll_fd, ready, lengthof(ready), timeout);
		for (int i = 0; i < nready; i++)
		{
			uint32		events = ready[i].events;

			(void) curl_multi_socket_action(multi, ready[i].data.fd,
											(events & EPOLLIN ? CURL_CSELECT_IN : 0) |
											(events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
											(events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0),
											&unused);
		}
		if (timer >= 0 && timer <= now_ns(CLOCK_MONOTONIC))
		{
			timer = -1;
			(void) curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0,
											&unused);
		}
		finish_transfers(concurrency);
	}
}

int
main(int argc, char **argv)
{
	int64		process_start = now_ns(CLOCK_MONOTONIC);
	char		line[512];

	if (argc < 2 || argc > 3 || strstr(argv[1], "://") == NULL)
		die("usage: limit URL [CA_FILE]");
	base_url = argv[1];
	ca_file = argc > 2 ? argv[2] : NULL;
	set_up();
	while (fgets(line, sizeof(line), stdin) != NULL)
	{
		int64		start = now_ns(CLOCK_MONOTONIC);
		int64		cpu = now_ns(CLOCK_PROCESS_CPUTIME_ID);
		char		verb[16];
		char		path[256];
		int			first = 0;
		int			count = 0;
		int			concurrency = 1;

		if (sscanf(line, "%15s %255s %d %d %d", verb, path, &first, &count,
				   &concurrency) < 2)
			die("bad command");
		nids = next_id = 0;
		marker[0] = '\0';
		ncalls = nbytes = 0;
		parse_pages = strcmp(verb, "parse") == 0;
		list_details = strcmp(verb, "details") == 0;
		if (strcmp(verb, "first") == 0)
		{
			start = process_start;
			cpu = 0;
			count = 1;
		}
		else if (list_details)
			concurrency = first;
		want_page = count == 0;
		for (int i = 0; i < count; i++)
		{
			char		id[ID_LENGTH + 1];

			snprintf(id, sizeof(id), "amva-%012d", first + i);
			add_id(id);
		}
		prepare_action(&detail, path, "DescribeModelCompTask");
		prepare_action(&list, path, "DescribeModelCompTasks");
		run(Min(Max(concurrency, 1), MAX_CONCURRENCY));
		printf(INT64_FORMAT " " INT64_FORMAT " " INT64_FORMAT " " INT64_FORMAT "\n",
			   now_ns(CLOCK_MONOTONIC) - start,
			   now_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu, ncalls, nbytes);
		fflush(stdout);
	}
	return 0;
}
