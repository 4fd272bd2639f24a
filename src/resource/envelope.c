/*
 * envelope.c
 *	  What requests and answers of all actions have in common.
 *
 * The API has several envelopes for errors (facts: API pages "error codes",
 * and what the vendor's SDKs look for):
 *
 *	 {"requestId", "code": "Word", "message"}		the /v2 actions
 *	 {"log_id", "error_code": 18, "error_msg"}		older routes, HTTP 200
 *	 {"error": {"code", "message"}, "id"}			inference, same host
 *
 * A fourth one, of IAM, is in headers.
 *
 * src/resource/envelope.c
 */
#include "postgres.h"

#include "resource/resource.h"

static const QfErrorForm errors[] = {
	{"code", "message", "requestId"},
	{"error_code", "error_msg", "log_id"},
	{"error.code", "error.message", "id"},
	{"error.type", "error.message", "id"},
	{"error", "message", "id"},
};

const QfEnvelope qf_envelope = {
	.result = "result",
	.errors = errors,
	.nerrors = lengthof(errors),
};

const QfPaging qf_paging = {
	.marker = "marker",
	.max_items = "maxKeys",
	.reverse = "pageReverse",
	.info = "pageInfo",
	.truncated = "isTruncated",
	.next_marker = "nextMarker",
};
