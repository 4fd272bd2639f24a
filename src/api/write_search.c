/*
 * write_search.c
 *	  Which objects could be those whose creation got no answer.
 *
 * The list of what is made of the same origin tells, as far as it is read: an
 * object of that name that was created since could be the one.  Nothing here
 * raises an error but interrupts: whoever searches has an error to raise
 * already, and adds what was found.
 *
 * src/api/write_search.c
 */
#include "postgres.h"

#include "lib/stringinfo.h"

#include "api/api_error.h"
#include "api/limit.h"
#include "api/request.h"
#include "api/route.h"
#include "api/write_search.h"
#include "base/instant.h"
#include "base/nls.h"
#include "http/loop.h"

/* Pages that are read at most. */
#define MAX_PAGES 10

/* Ids that a message names. */
#define MAX_NAMED 20

/* One whose answer was lost. */
typedef struct Lost
{
	const QfCall *call;
	int			count;
	List	   *ids;			/* of char *, UTF-8: the first ones */
	bool		searched;
} Lost;

typedef struct Search
{
	QfQueue    *queue;
	const QfOptions *options;
	const QfWrites *writes;
	Lost	   *lost;
	int			nlost;
	int			npages;			/* read so far */
	const char *problem;
} Search;

/*
 * When an object must have been created, if it is this one: not before the
 * second before the request was sent, in seconds since 1970.  By the clock of the server, which the
 * answer that lists the object has shown.
 */
static int64
earliest(const Search *search, const QfCall *sent, const QfCall *page)
{
	int64		now = page->reply.header.date;
	int64		elapsed = (qf_loop_now() - sent->started) / 1000000;

	if (now < 0)
		now = qf_limit_time(qf_limit_find(search->options));
	return now - elapsed - 2;
}

/* Does a member of an object say this? */
static bool
says(const QfJson *object, const char *member, const char *text)
{
	const QfJson *value = qf_json_member(object, member);

	return value != NULL && text != NULL &&
		qf_json_type(value) != QF_JSON_NULL &&
		strcmp(qf_json_text(value), text) == 0;
}

/* Could this item of the list be what was asked for? */
static bool
could_be(const Search *search, const Lost *lost, const QfJson *item,
		 const QfCall *page)
{
	const QfQuestion *question = &lost->call->question;
	const QfJson *created = qf_json_member(item,
										   search->writes->created_member);
	int64		seconds;

	return says(item, search->writes->name_member, question->name) &&
		says(item, search->writes->origin_member, question->origin) &&
		(created == NULL || qf_json_type(created) != QF_JSON_STRING ||
		 !qf_instant_read(qf_json_text(created), &seconds) ||
		 seconds >= earliest(search, lost->call, page));
}

/* Is the id among those found?  A list may repeat an item. */
static bool
is_known(const Lost *lost, const char *id)
{
	ListCell   *lc;

	foreach(lc, lost->ids)
	{
		if (strcmp(lfirst(lc), id) == 0)
			return true;
	}
	return false;
}

/* Look at the items of a page. */
static void
look_at_page(Search *search, const QfCall *page)
{
	for (const QfJson *item = qf_json_first(page->answer->result);
		 item != NULL; item = qf_json_next(item))
	{
		const char *id = qf_json_text(qf_json_member(item,
													 search->options->resource->id_field));

		for (int i = 0; i < search->nlost; i++)
		{
			Lost	   *lost = &search->lost[i];

			if (!could_be(search, lost, item, page) || is_known(lost, id))
				continue;
			lost->count++;
			if (list_length(lost->ids) < MAX_NAMED)
				lost->ids = lappend(lost->ids, pstrdup(id));
		}
	}
}

/* Read the list of what is made of the same as this one. */
static void
read_list(Search *search, const QfCall *sent)
{
	QfPair		filter = {search->writes->origin_member, sent->question.origin};
	QfPageQuestion question = {
		.filters = &filter,
		.nfilters = filter.value != NULL ? 1 : 0,
		.max_items = search->options->page_size,
	};

	do
	{
		QfCall	   *page = qf_call_create(search->queue);

		if (search->npages++ >= MAX_PAGES)
		{
			search->problem = psprintf(qf_translate("No more than %d pages of the list were read."),
									   MAX_PAGES);
			return;
		}
		qf_request_page(page, search->options->resource, &question);
		qf_call_submit(page);
		qf_call_wait(page);
		(void) qf_route_is_known(search->options, page);
		if (page->answer->kind != QF_ANSWER_RESULT)
		{
			search->problem = psprintf(qf_translate("The list could not be read: %s."),
									   qf_api_error_reason(page));
			return;
		}
		look_at_page(search, page);
		question.marker = page->answer->next_marker != NULL ?
			pstrdup(page->answer->next_marker) : NULL;
		qf_call_release(page);
	} while (question.marker != NULL && search->problem == NULL);
}

/* One lost object in words: what it is called and made of, and what it could be. */
static void
append_lost(const Search *search, const Lost *lost, StringInfo text)
{
	const QfQuestion *question = &lost->call->question;
	ListCell   *lc;

	appendStringInfo(text, "%s%s \"%s\", %s \"%s\": %d",
					 text->len > 0 ? "; " : "",
					 search->writes->name_member,
					 qf_api_error_text(lost->call, question->name, 200),
					 search->writes->origin_member,
					 qf_api_error_text(lost->call, question->origin, 200),
					 lost->count);
	foreach(lc, lost->ids)
		appendStringInfo(text, "%s%s",
						 foreach_current_index(lc) == 0 ? " (" : ", ",
						 qf_api_error_text(lost->call, lfirst(lc), 200));
	if (lost->count > MAX_NAMED)
		appendStringInfo(text, ", +%d", lost->count - MAX_NAMED);
	if (lost->count > 0)
		appendStringInfoChar(text, ')');
}

/*
 * qf_write_search
 *		Find out which objects could be those whose creation ("lost", a list of
 *		QfCall) got no answer, in words for a message.  Serves interrupts; other
 *		errors become part of what is found.
 */
void
qf_write_search(QfQueue *queue, const QfOptions *options, List *lost,
				QfLostCreates *found)
{
	Search		search = {queue, options, options->resource->writes};
	StringInfoData text;

	search.nlost = list_length(lost);
	search.lost = palloc0(sizeof(Lost) * search.nlost);
	for (int i = 0; i < search.nlost; i++)
		search.lost[i].call = list_nth(lost, i);

	/* Those of one origin are in one list. */
	for (int i = 0; i < search.nlost && search.problem == NULL; i++)
	{
		const char *origin = search.lost[i].call->question.origin;

		if (search.lost[i].searched)
			continue;
		for (int j = i; j < search.nlost; j++)
		{
			if (strcmp(search.lost[j].call->question.origin, origin) == 0)
				search.lost[j].searched = true;
		}
		read_list(&search, search.lost[i].call);
	}

	initStringInfo(&text);
	for (int i = 0; i < search.nlost; i++)
		append_lost(&search, &search.lost[i], &text);
	found->first = linitial(lost);
	found->count = search.nlost;
	found->objects = text.data;
	found->problem = search.problem;
}
