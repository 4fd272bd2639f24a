/*
 * limit.c
 *	  The best libcurl can do: N lookups, C in flight, nothing else.
 *
 * Usage: limit ENDPOINT CONCURRENCY < ids
 *
 * Reads ids from standard input, asks DescribeModelCompTask for each over
 * kept-alive connections and prints the wall time in milliseconds and the
 * number of body bytes.  Keys come from QIANFAN_ACCESS_KEY and
 * QIANFAN_SECRET_KEY.  Bodies are received and thrown away.
 *
 * bench/limit.c
 */
#include "postgres_fe.h"

#include <time.h>

#include <curl/curl.h>

#include "http/sign.h"

#define MAX_CONCURRENCY 256

typedef struct Slot
{
	CURL	   *easy;
	char		body[256];
} Slot;

static char **ids;
static int	nids;
static int	next_id;
static size_t nbytes;

static size_t
count_bytes(char *data, size_t size, size_t nmemb, void *arg)
{
	nbytes += size * nmemb;
	return size * nmemb;
}

static void
die(const char *message)
{
	fprintf(stderr, "limit: %s\n", message);
	exit(1);
}

static void
read_ids(void)
{
	char		line[256];
	int			capacity = 0;

	while (fgets(line, sizeof(line), stdin) != NULL)
	{
		line[strcspn(line, "\r\n")] = '\0';
		if (nids == capacity)
		{
			capacity = Max(capacity * 2, 1024);
			ids = realloc(ids, capacity * sizeof(char *));
			if (ids == NULL)
				die("out of memory");
		}
		ids[nids++] = strdup(line);
	}
}

/* The body is not signed, so one signature serves all requests. */
static struct curl_slist *
make_headers(const char *host)
{
	static const char *const signed_headers[] = {"host", "x-bce-date"};
	QfPair		query = {"Action", "DescribeModelCompTask"};
	QfPair		headers[2] = {{"host", host}};
	QfSignInput input = {0};
	char		timestamp[32];
	time_t		now = time(NULL);
	struct curl_slist *list = NULL;
	StringInfoData line;

	strftime(timestamp, sizeof(timestamp), "%Y-%m-%dT%H:%M:%SZ", gmtime(&now));
	headers[1].name = "x-bce-date";
	headers[1].value = timestamp;
	input.method = "POST";
	input.path = "/v2/model";
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
	list = curl_slist_append(list, line.data);
	list = curl_slist_append(list, psprintf("x-bce-date: %s", timestamp));
	return curl_slist_append(list, "Content-Type: application/json");
}

/* Start the next lookup in this slot, if there is one left. */
static bool
start(CURLM *multi, Slot *slot)
{
	if (next_id == nids)
		return false;
	snprintf(slot->body, sizeof(slot->body), "{\"modelCompTaskId\":\"%s\"}",
			 ids[next_id++]);
	curl_easy_setopt(slot->easy, CURLOPT_POSTFIELDS, slot->body);
	if (curl_multi_add_handle(multi, slot->easy) != CURLM_OK)
		die("curl_multi_add_handle failed");
	return true;
}

static int
run(CURLM *multi)
{
	int			running = 1;
	int			done = 0;

	while (done < nids)
	{
		CURLMsg    *message;
		int			left;

		if (curl_multi_perform(multi, &running) != CURLM_OK)
			die("curl_multi_perform failed");
		while ((message = curl_multi_info_read(multi, &left)) != NULL)
		{
			CURL	   *easy = message->easy_handle;
			long		status = 0;
			Slot	   *slot;

			curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
			curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **) &slot);
			if (message->data.result != CURLE_OK || status != 200)
				die("a lookup failed");
			curl_multi_remove_handle(multi, easy);
			done++;
			if (start(multi, slot))
				running++;
		}
		if (running > 0 && curl_multi_poll(multi, NULL, 0, 1000, NULL) != CURLM_OK)
			die("curl_multi_poll failed");
	}
	return done;
}

int
main(int argc, char **argv)
{
	static Slot slots[MAX_CONCURRENCY];
	struct timespec begin;
	struct timespec end;
	struct curl_slist *headers;
	CURLM	   *multi;
	char	   *url;
	int			concurrency;

	if (argc != 3 || strncmp(argv[1], "http", 4) != 0)
		die("usage: limit ENDPOINT CONCURRENCY < ids");
	concurrency = Min(Max(atoi(argv[2]), 1), MAX_CONCURRENCY);
	read_ids();
	headers = make_headers(strstr(argv[1], "://") + 3);
	url = psprintf("%s/v2/model?Action=DescribeModelCompTask", argv[1]);
	multi = curl_multi_init();
	curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long) MAX_CONCURRENCY);
	for (int i = 0; i < concurrency; i++)
	{
		slots[i].easy = curl_easy_init();
		curl_easy_setopt(slots[i].easy, CURLOPT_URL, url);
		curl_easy_setopt(slots[i].easy, CURLOPT_HTTPHEADER, headers);
		curl_easy_setopt(slots[i].easy, CURLOPT_WRITEFUNCTION, count_bytes);
		curl_easy_setopt(slots[i].easy, CURLOPT_PRIVATE, &slots[i]);
		curl_easy_setopt(slots[i].easy, CURLOPT_PROXY, "");
	}

	clock_gettime(CLOCK_MONOTONIC, &begin);
	for (int i = 0; i < concurrency; i++)
		(void) start(multi, &slots[i]);
	(void) run(multi);
	clock_gettime(CLOCK_MONOTONIC, &end);
	printf("%.3f ms, %zu bytes\n",
		   (end.tv_sec - begin.tv_sec) * 1e3 +
		   (end.tv_nsec - begin.tv_nsec) / 1e6, nbytes);
	return 0;
}
