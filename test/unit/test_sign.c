/*
 * test_sign.c
 *	  src/http/sign.c against the vendor's signing vectors.
 *
 * test/unit/test_sign.c
 */
#include "postgres_fe.h"

#include <cjson/cJSON.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "http/sign.h"

#include "stubs.h"
#include "tap.h"

#define VECTORS "signing_vectors.json"
#define NVECTORS 25
#define MAX_PAIRS 16

/* One vector as the signer wants it; strings belong to the cJSON document. */
struct vector
{
	QfSignInput input;
	QfPair		query[MAX_PAIRS];
	QfPair		headers[MAX_PAIRS];
	const char *signed_headers[MAX_PAIRS];
};

static char *read_file(const char *path);
static const char *text_member(const cJSON *object, const char *name);
static int	read_pairs(const cJSON *object, QfPair *pairs);
static void read_vector(const cJSON *item, struct vector *vector);
static int	compare_names(const void *a, const void *b);
static void reverse(QfPair *pairs, int npairs);
static void test_vector(const cJSON *item);
static void test_edges(void);

int
main(void)
{
	char	   *text = read_file(VECTORS);
	cJSON	   *vectors = cJSON_Parse(text);
	const cJSON *item;

	tap_ok(cJSON_GetArraySize(vectors) == NVECTORS, "%d vectors", NVECTORS);
	cJSON_ArrayForEach(item, vectors)
	{
		stub_enter();
		test_vector(item);
		stub_leave();
	}
	stub_enter();
	test_edges();
	stub_leave();

	cJSON_Delete(vectors);
	free(text);
	tap_ok(!stub_finds_leaks(), "no memory is lost");
	return tap_done();
}

static char *
read_file(const char *path)
{
	int			file = open(path, O_RDONLY);
	struct stat status;
	char	   *text;

	if (file < 0 || fstat(file, &status) != 0 ||
		(text = calloc(1, status.st_size + 1)) == NULL ||
		read(file, text, status.st_size) != status.st_size)
	{
		perror(path);
		exit(1);
	}
	close(file);
	return text;
}

/* A vector that lacks something is a mistake in the file, not a failure. */
static const char *
text_member(const cJSON *object, const char *name)
{
	const cJSON *member = cJSON_GetObjectItemCaseSensitive(object, name);

	if (!cJSON_IsString(member))
	{
		fprintf(stderr, "%s: no text \"%s\"\n", VECTORS, name);
		exit(1);
	}
	return member->valuestring;
}

static int
read_pairs(const cJSON *object, QfPair *pairs)
{
	const cJSON *item;
	int			npairs = 0;

	cJSON_ArrayForEach(item, object)
	{
		if (npairs >= MAX_PAIRS || !cJSON_IsString(item))
			exit(1);
		pairs[npairs].name = item->string;
		pairs[npairs++].value = item->valuestring;
	}
	return npairs;
}

static void
read_vector(const cJSON *item, struct vector *vector)
{
	QfSignInput *input = &vector->input;
	const cJSON *name;

	memset(vector, 0, sizeof(*vector));
	input->method = text_member(item, "method");
	input->path = text_member(item, "path");
	input->access_key = text_member(item, "access_key");
	input->secret_key = text_member(item, "secret_key");
	input->timestamp = text_member(item, "timestamp");
	input->expiration = (int) cJSON_GetNumberValue(cJSON_GetObjectItem(item, "expiration"));
	input->query = vector->query;
	input->nquery = read_pairs(cJSON_GetObjectItem(item, "query"),
							   vector->query);
	input->headers = vector->headers;
	input->nheaders = read_pairs(cJSON_GetObjectItem(item, "headers"),
								 vector->headers);

	/* Empty means the default set, and stays empty in the authorization. */
	input->signed_headers = vector->signed_headers;
	cJSON_ArrayForEach(name, cJSON_GetObjectItem(item, "signed_headers"))
	{
		if (input->nsigned >= MAX_PAIRS)
			exit(1);
		vector->signed_headers[input->nsigned++] = name->valuestring;
	}

	/* The signer wants them sorted by name, whatever the file has. */
	qsort(vector->signed_headers, input->nsigned, sizeof(char *),
		  compare_names);
}

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *) a, *(char *const *) b);
}

static void
reverse(QfPair *pairs, int npairs)
{
	for (int i = 0; i < npairs / 2; i++)
	{
		QfPair		pair = pairs[i];

		pairs[i] = pairs[npairs - 1 - i];
		pairs[npairs - 1 - i] = pair;
	}
}

static void
test_vector(const cJSON *item)
{
	const char *name = text_member(item, "name");
	struct vector vector;
	StringInfoData buf;

	read_vector(item, &vector);
	initStringInfo(&buf);
	qf_sign_append_path(&buf, vector.input.path);
	tap_is(buf.data, text_member(item, "canonical_uri"), "%s: path", name);

	resetStringInfo(&buf);
	qf_sign_append_query(&buf, vector.input.query, vector.input.nquery);
	tap_is(buf.data, text_member(item, "canonical_query_string"),
		   "%s: query", name);

	resetStringInfo(&buf);
	qf_sign_append_canonical(&buf, &vector.input);
	tap_is(buf.data, text_member(item, "canonical_request"),
		   "%s: canonical request", name);

	resetStringInfo(&buf);
	if (!qf_sign_append_authorization(&buf, &vector.input))
		resetStringInfo(&buf);
	tap_is(buf.data, text_member(item, "authorization"),
		   "%s: authorization", name);

	/* Parameters and headers come in any order, signatures do not care. */
	reverse(vector.query, vector.input.nquery);
	reverse(vector.headers, vector.input.nheaders);
	resetStringInfo(&buf);
	if (!qf_sign_append_authorization(&buf, &vector.input))
		resetStringInfo(&buf);
	tap_is(buf.data, text_member(item, "authorization"),
		   "%s: authorization, order reversed", name);
}

/* What no vector has. */
static void
test_edges(void)
{
	static const QfPair query[] = {
		{"x", "1"}, {"Authorization", "secret"}, {"authorization", "secret"},
	};
	static const QfPair headers[] = {
		{"HOST", "\t example.com \r\n"}, {"X-BCE-Date", "a  b"},
		{"x-bce-empty", " \t"}, {"Content-MD5", ""}, {"x-bceother", "1"},
	};
	static const char *const host[] = {"host"};
	QfSignInput input = {
		.method = "GET",
		.path = "",
		.query = query,
		.nquery = lengthof(query),
		.headers = headers,
		.nheaders = lengthof(headers),
		.access_key = "%s%n",
		.secret_key = "key",
		.timestamp = "2026-01-15T08:00:00Z",
		.expiration = 1800
	};
	StringInfoData buf;
	StringInfoData alone;

	initStringInfo(&buf);
	initStringInfo(&alone);
	qf_sign_append_path(&buf, "v2/a?b#c%2F");
	tap_is(buf.data, "/v2/a%3Fb%23c%252F", "a path gets its first slash");

	resetStringInfo(&buf);
	qf_sign_append_canonical(&buf, &input);
	tap_is(buf.data,
		   "GET\n/\nx=1\nhost:example.com\nx-bce-date:a%20%20b",
		   "names in any case, white space, empty headers, no authorization parameter");

	input.signed_headers = host;
	input.nsigned = 1;
	resetStringInfo(&buf);
	qf_sign_append_canonical(&buf, &input);
	tap_is(buf.data, "GET\n/\nx=1\nhost:example.com", "one header signed");

	input.nheaders = 0;
	resetStringInfo(&buf);
	qf_sign_append_canonical(&buf, &input);
	tap_is(buf.data, "GET\n/\nx=1\n", "a signed header that is not sent");

	tap_ok(qf_sign_append_authorization(&alone, &input) &&
		   strncmp(alone.data, "bce-auth-v1/%s%n/2026-01-15T08:00:00Z/1800/host/", 48) == 0 &&
		   alone.len == 48 + 64, "keys are not formats");
	resetStringInfo(&buf);
	appendStringInfoString(&buf, "Authorization: ");
	qf_sign_append_authorization(&buf, &input);
	tap_is(buf.data + 15, alone.data, "text before it is not signed");

	input.secret_key = "";
	resetStringInfo(&buf);
	tap_ok(qf_sign_append_authorization(&buf, &input) &&
		   strcmp(buf.data, alone.data) != 0, "an empty secret key signs");
}
