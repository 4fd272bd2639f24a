/*
 * request.c
 *	  Build the requests of all actions (API pages DescribeModelCompTask,
 *	  DescribeModelCompTasks, CreateModelCompTask, CancelModelCompTask and
 *	  DeleteModelCompTask).
 *
 * src/api/request.c
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/json.h"

#include "api/request.h"

static void
append_name(StringInfo body, const char *name)
{
	appendStringInfoChar(body, body->len > 0 ? ',' : '{');
	escape_json(body, name);
	appendStringInfoChar(body, ':');
}

static void
append_member(StringInfo body, const char *name, const char *value)
{
	append_name(body, name);
	escape_json(body, value);
}

static void
set_request(QfCall *call, const QfResource *resource, const char *action,
			const char *body)
{
	call->question.resource = resource;
	call->request.path = resource->path;
	call->request.action = action;
	call->request.body = body;
}

/* Likewise, with what must not be sent twice. */
static void
set_write(QfCall *call, const QfResource *resource, QfWriteKind kind,
		  const char *body)
{
	const QfWrites *writes = resource->writes;

	set_request(call, resource,
				kind == QF_WRITE_CREATE ? writes->create_action :
				kind == QF_WRITE_CANCEL ? writes->cancel_action :
				writes->delete_action, body);
	call->request.fresh = true;
	call->question.write = kind;
}

/*
 * qf_request_create
 *		Ask for a new object with these members, which are in the descriptor's
 *		order: parts of a member stand together.  Their texts are kept, not
 *		copied, as far as they say what the object is called and made of.
 */
void
qf_request_create(QfCall *call, const QfResource *resource,
				  const QfMember *members, int nmembers)
{
	MemoryContext oldcontext = MemoryContextSwitchTo(call->context);
	const char *open = NULL;	/* the object that parts are being put into */
	size_t		open_length = 0;
	StringInfoData body;

	initStringInfo(&body);
	for (int i = 0; i < nmembers; i++)
	{
		const char *path = members[i].path;
		const char *dot = strchr(path, '.');

		if (members[i].text == NULL)
			continue;
		if (strcmp(path, resource->writes->name_member) == 0)
			call->question.name = members[i].text;
		if (strcmp(path, resource->writes->origin_member) == 0)
			call->question.origin = members[i].text;

		if (open != NULL &&
			(dot == NULL || dot - path != open_length ||
			 strncmp(path, open, open_length) != 0))
		{
			appendStringInfoChar(&body, '}');
			open = NULL;
		}
		if (dot != NULL && open == NULL)
		{
			open = path;
			open_length = dot - path;
			append_name(&body, pnstrdup(path, open_length));
			appendStringInfoChar(&body, '{');
			escape_json(&body, dot + 1);
			appendStringInfoChar(&body, ':');
		}
		else
			append_name(&body, dot != NULL ? dot + 1 : path);
		if (members[i].is_json)
			appendStringInfoString(&body, members[i].text);
		else
			escape_json(&body, members[i].text);
	}
	appendStringInfoString(&body, open != NULL ? "}}" :
						   body.len > 0 ? "}" : "{}");
	set_write(call, resource, QF_WRITE_CREATE, body.data);
	MemoryContextSwitchTo(oldcontext);
}

/*
 * qf_request_change
 *		Ask for an object to be cancelled or deleted; its id (UTF-8) is kept, not
 *		copied.
 */
void
qf_request_change(QfCall *call, const QfResource *resource, QfWriteKind kind,
				  const char *id)
{
	MemoryContext oldcontext = MemoryContextSwitchTo(call->context);
	StringInfoData body;

	initStringInfo(&body);
	append_member(&body, resource->detail_key, id);
	appendStringInfoChar(&body, '}');
	set_write(call, resource, kind, body.data);
	call->question.id = id;
	MemoryContextSwitchTo(oldcontext);
}

/*
 * qf_request_detail
 *		Ask for one object by id (UTF-8), which is kept, not copied.
 */
void
qf_request_detail(QfCall *call, const QfResource *resource, const char *id)
{
	MemoryContext oldcontext = MemoryContextSwitchTo(call->context);
	StringInfoData body;

	initStringInfo(&body);
	append_member(&body, resource->detail_key, id);
	appendStringInfoChar(&body, '}');
	set_request(call, resource, resource->detail_action, body.data);
	call->question.id = id;
	MemoryContextSwitchTo(oldcontext);
}

/* Ask for a page of the list. */
void
qf_request_page(QfCall *call, const QfResource *resource,
				const QfPageQuestion *page)
{
	MemoryContext oldcontext = MemoryContextSwitchTo(call->context);
	StringInfoData body;

	initStringInfo(&body);
	if (page->marker != NULL)
		append_member(&body, resource->paging->marker, page->marker);
	for (int i = 0; i < page->nfilters; i++)
		append_member(&body, page->filters[i].name, page->filters[i].value);
	append_name(&body, resource->paging->max_items);
	appendStringInfo(&body, "%d", page->max_items);
	if (page->turned)
	{
		append_name(&body, resource->paging->reverse);
		appendStringInfoString(&body, "true");
	}
	appendStringInfoChar(&body, '}');
	set_request(call, resource, resource->list_action, body.data);
	call->question.max_items = page->max_items;
	MemoryContextSwitchTo(oldcontext);
}
