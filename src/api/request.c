/*
 * request.c
 *	  Build the requests of the two reading actions (API pages
 *	  DescribeModelCompTask and DescribeModelCompTasks).
 *
 * src/api/request.c
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/json.h"

#include "api/request.h"

static void start_request(QfRequest *request, const QfResource *resource,
						  const char *action, const char *id);
static void append_member(StringInfo body, const char *name,
						  const char *value);

/*
 * qf_request_detail
 *		Ask for one object by id (UTF-8).  Allocates in the current context;
 *		the id is kept, not copied.
 */
void
qf_request_detail(QfRequest *request, const QfResource *resource,
				  const char *id)
{
	StringInfoData body;

	start_request(request, resource, resource->detail_action, id);
	initStringInfo(&body);
	append_member(&body, resource->detail_key, id);
	appendStringInfoChar(&body, '}');
	request->body = body.data;
}

/*
 * qf_request_page
 *		Ask for up to max_keys objects that fit the filters, from "marker" on
 *		(NULL: from the first).  Allocates in the current context.
 */
void
qf_request_page(QfRequest *request, const QfResource *resource,
				const QfPair *filters, int nfilters,
				const char *marker, int max_keys)
{
	StringInfoData body;

	start_request(request, resource, resource->list_action, NULL);

	/* Details of the tasks in it will follow; they cannot be asked for yet. */
	request->urgent = true;
	initStringInfo(&body);
	if (marker != NULL)
		append_member(&body, "marker", marker);
	for (int i = 0; i < nfilters; i++)
		append_member(&body, filters[i].name, filters[i].value);
	appendStringInfo(&body, "%c\"maxKeys\":%d}", body.len > 0 ? ',' : '{',
					 max_keys);
	request->body = body.data;
}

static void
start_request(QfRequest *request, const QfResource *resource,
			  const char *action, const char *id)
{
	QfQuestion *question = palloc0_object(QfQuestion);

	question->resource = resource;
	question->id = id;
	request->path = resource->path;
	request->urgent = false;
	request->action = action;
	request->question = question;
}

static void
append_member(StringInfo body, const char *name, const char *value)
{
	appendStringInfoChar(body, body->len > 0 ? ',' : '{');
	escape_json(body, name);
	appendStringInfoChar(body, ':');
	escape_json(body, value);
}
