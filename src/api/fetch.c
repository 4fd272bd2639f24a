/*
 * fetch.c
 *	  The core: keys or a list -> requests -> replies -> one task at a time.
 *
 * A fetch is a line of items in the order their tasks are returned.  An item
 * waits for a detail call or was complete in the list already.  Keys are
 * added at the end by the caller, items of a list by ourselves; the window,
 * which is how many items may stand in line, bounds memory and how far calls
 * run ahead of the reader.
 *
 * src/api/fetch.c
 */
#include "postgres.h"

#include "lib/ilist.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "api/api_error.h"
#include "api/fetch.h"
#include "api/request.h"
#include "api/seen.h"
#include "http/pool.h"

/*
 * Items in line per call in flight.  More than one, for the head of the line
 * may be slow while the others finish.
 */
#define WINDOW_FACTOR 4

/* A page of the list; its items point into the call's document. */
typedef struct Page
{
	QfCall	   *call;
	int			nrefs;			/* items in line, and one while it is read */
	int			nleft;			/* items not read yet */
	const QfJson *next_item;
	char	   *next_marker;	/* NULL: this is the last page */
	bool		any_new;		/* did it have a task not seen before? */
} Page;

typedef struct Item
{
	dlist_node	node;
	char	   *id;
	Page	   *page;			/* NULL for a key */
	int			page_number;	/* of the page it came in; 0 for a key */
	const QfJson *object;		/* in the page, if that is all we need */
	QfCall	   *detail;			/* else the call that gets it */
} Item;

struct QfFetch
{
	MemoryContext context;
	const QfOptions *options;
	QfQueue    *queue;
	dlist_head	line;			/* of Item */
	int			nline;
	Item	   *current;		/* returned last */
	int64		wanted;			/* tasks the reader can still want; -1: any
								 * number */

	/* the list */
	bool		listing;
	QfPair	   *filters;
	int			nfilters;
	QfFetchFilter filter;
	void	   *filter_arg;
	Page	   *page;			/* being read */
	QfCall	   *next_call;		/* asks for the page after it */
	bool		ended;
	int			npages;
	QfSeen	   *ids;			/* of the items read */
	QfSeen	   *markers;
};

static int	window_size(const QfFetch *fetch);
static void add_item(QfFetch *fetch, const char *id, Page *page,
					 const QfJson *object);
static QfCall *submit_detail(QfFetch *fetch, const char *id);
static void release_item(QfFetch *fetch, Item *item);
static void release_page(Page *page);
static void submit_page(QfFetch *fetch, const char *marker, int64 limit);
static void fill_line(QfFetch *fetch, bool wait);
static bool may_open_page(QfFetch *fetch, bool wait);
static bool read_page_item(QfFetch *fetch);
static bool may_read_ahead(QfFetch *fetch);
static void consider_prefetch(QfFetch *fetch);
static void open_page(QfFetch *fetch);
static char *check_next_marker(QfFetch *fetch, const QfCall *call,
							   int nitems);
static bool is_utf8(const char *text);
static const QfAnswer *wait_for_answer(QfFetch *fetch, QfCall *call);

/*
 * qf_fetch_create
 *		A fetch that is freed with the context "owner", with its calls in
 *		whatever state they are.  options, credential and counters must live
 *		as long.  Makes no request.
 */
QfFetch *
qf_fetch_create(MemoryContext owner, const QfOptions *options,
				const QfCredential *credential, QfCounters *counters)
{
	MemoryContext context;
	QfFetch    *fetch;

	context = AllocSetContextCreate(owner, "qianfan_fdw fetch",
									ALLOCSET_DEFAULT_SIZES);
	fetch = MemoryContextAllocZero(context, sizeof(QfFetch));
	fetch->context = context;
	fetch->options = options;
	fetch->wanted = -1;
	dlist_init(&fetch->line);
	fetch->queue = qf_queue_create(context, options, credential,
								   qf_response_judge, counters);
	return fetch;
}

/* Ask for one task by id (UTF-8, copied). */
void
qf_fetch_add_key(QfFetch *fetch, const char *id)
{
	add_item(fetch, id, NULL, NULL);
}

/*
 * qf_fetch_start_list
 *		Read the list from its start; to be called first, and once.
 *
 * first_page is the number of items the first page needs at most (-1: any).
 * "filter" is asked about each item that was not seen before in this list;
 * NULL takes all as they are.
 */
void
qf_fetch_start_list(QfFetch *fetch, const QfListFilter *filters, int nfilters,
					int64 first_page, QfFetchFilter filter, void *arg)
{
	MemoryContext oldcontext = MemoryContextSwitchTo(fetch->context);

	fetch->listing = true;
	fetch->filter = filter;
	fetch->filter_arg = arg;
	fetch->nfilters = nfilters;
	fetch->filters = palloc_array(QfPair, Max(nfilters, 1));
	for (int i = 0; i < nfilters; i++)
	{
		fetch->filters[i].name = filters[i].parameter;
		fetch->filters[i].value = pstrdup(filters[i].value);
	}
	fetch->ids = qf_seen_create(fetch->context);
	fetch->markers = qf_seen_create(fetch->context);
	MemoryContextSwitchTo(oldcontext);

	submit_page(fetch, NULL, first_page);
}

/*
 * qf_fetch_set_wanted
 *		Say how many more tasks the reader can want at most (-1: no idea), so
 *		that no call is made for one more.
 */
void
qf_fetch_set_wanted(QfFetch *fetch, int64 wanted)
{
	fetch->wanted = wanted;
}

/* How many keys may be added now. */
int
qf_fetch_room(const QfFetch *fetch)
{
	return Max(window_size(fetch) - fetch->nline, 0);
}

/*
 * qf_fetch_next
 *		The next task in line; false when there is none left.
 *
 * Waits for it, serving interrupts.  Raises the error of its call, if that
 * failed.
 */
bool
qf_fetch_next(QfFetch *fetch, QfTask *task)
{
	Item	   *item;

	if (fetch->current != NULL)
	{
		release_item(fetch, fetch->current);
		fetch->current = NULL;
	}

	fill_line(fetch, true);
	if (dlist_is_empty(&fetch->line))
		return false;

	item = dlist_container(Item, node, dlist_pop_head_node(&fetch->line));
	fetch->nline--;
	fetch->current = item;
	task->id = item->id;
	task->object = item->object;
	if (item->detail != NULL)
	{
		const QfAnswer *answer = wait_for_answer(fetch, item->detail);

		task->object = answer->kind == QF_ANSWER_RESULT ?
			answer->result : NULL;
	}
	return true;
}

/*
 * qf_fetch_poll
 *		Do what can be done without waiting.  Returns whether qf_fetch_next()
 *		would return at once.
 */
bool
qf_fetch_poll(QfFetch *fetch)
{
	Item	   *head;

	fill_line(fetch, false);
	if (dlist_is_empty(&fetch->line))
		return !fetch->listing || fetch->ended;
	head = dlist_head_element(Item, node, &fetch->line);
	return head->detail == NULL || qf_call_ready(head->detail);
}

/*
 * qf_fetch_descriptor
 *		A descriptor to wait for, while qf_fetch_poll() says no; see
 *		qf_queue_descriptor().
 */
int
qf_fetch_descriptor(QfFetch *fetch, bool will_wait)
{
	return qf_queue_descriptor(fetch->queue, will_wait);
}

/* Somebody who had descriptors of fetches to wait for has been woken up. */
void
qf_fetch_woken(void)
{
	qf_queue_woken();
}

static int
window_size(const QfFetch *fetch)
{
	int			size = fetch->options->max_concurrency * WINDOW_FACTOR;

	return fetch->wanted >= 0 && fetch->wanted < size ?
		(int) fetch->wanted : size;
}

/* Put an item at the end of the line; without an object it costs a call. */
static void
add_item(QfFetch *fetch, const char *id, Page *page, const QfJson *object)
{
	Item	   *item = MemoryContextAllocZero(fetch->context, sizeof(Item));

	dlist_push_tail(&fetch->line, &item->node);
	fetch->nline++;
	item->id = MemoryContextStrdup(fetch->context, id);
	item->object = object;
	item->page_number = fetch->npages;
	if (object == NULL)
		item->detail = submit_detail(fetch, item->id);
	else
	{
		item->page = page;
		page->nrefs++;
	}
}

static QfCall *
submit_detail(QfFetch *fetch, const char *id)
{
	MemoryContext oldcontext = MemoryContextSwitchTo(fetch->context);
	QfRequest	request;
	QfCall	   *call;

	qf_request_detail(&request, fetch->options->resource, id);
	call = qf_queue_submit(fetch->queue, &request);
	MemoryContextSwitchTo(oldcontext);
	return call;
}

static void
release_item(QfFetch *fetch, Item *item)
{
	if (item->detail != NULL)
	{
		pfree(unconstify(char *, item->detail->request.body));
		pfree(unconstify(void *, item->detail->request.question));
		qf_call_release(item->detail);
	}
	if (item->page != NULL)
		release_page(item->page);
	pfree(item->id);
	pfree(item);
}

static void
release_page(Page *page)
{
	if (--page->nrefs > 0)
		return;
	pfree(unconstify(char *, page->call->request.body));
	pfree(unconstify(void *, page->call->request.question));
	qf_call_release(page->call);
	if (page->next_marker != NULL)
		pfree(page->next_marker);
	pfree(page);
}

/* Ask for the page from "marker" on; NULL is the first one. */
static void
submit_page(QfFetch *fetch, const char *marker, int64 limit)
{
	MemoryContext oldcontext = MemoryContextSwitchTo(fetch->context);
	int			max_keys = fetch->options->page_size;
	QfRequest	request;

	if (limit > 0 && limit < max_keys)
		max_keys = (int) limit;
	qf_request_page(&request, fetch->options->resource,
					fetch->filters, fetch->nfilters, marker, max_keys);
	fetch->next_call = qf_queue_submit(fetch->queue, &request);
	MemoryContextSwitchTo(oldcontext);
}

/*
 * Move items of the list into the line.  Only with nothing else to return is
 * the next page waited for, and only if the caller wants to wait.
 */
static void
fill_line(QfFetch *fetch, bool wait)
{
	qf_queue_progress(fetch->queue);
	if (fetch->page != NULL)
		consider_prefetch(fetch);
	while (fetch->listing && !fetch->ended &&
		   fetch->nline < Max(window_size(fetch), 1))
	{
		if (fetch->page == NULL)
		{
			if (!may_open_page(fetch, wait))
				break;
			open_page(fetch);
		}
		else if (!read_page_item(fetch))
		{
			Page	   *page = fetch->page;

			if (page->next_marker == NULL)
				fetch->ended = true;
			else
			{
				if (!page->any_new)
					qf_api_error_malformed(page->call, fetch->options,
										   "A page of the list has nothing new and claims that more follows.");
				if (fetch->next_call == NULL)
				{
					/* Rather return what is there than ask for more. */
					if (!dlist_is_empty(&fetch->line))
						break;
					submit_page(fetch, page->next_marker, -1);
				}
			}
			fetch->page = NULL;
			release_page(page);
		}
	}
	qf_queue_progress(fetch->queue);
}

/*
 * Is it time to look at the next page?  It is waited for, and an error it
 * ended in is raised, only when nothing is left to return before.
 */
static bool
may_open_page(QfFetch *fetch, bool wait)
{
	const QfCall *call = fetch->next_call;
	const QfAnswer *answer = call->answer;

	if (dlist_is_empty(&fetch->line))
		return wait || qf_call_ready(call);
	return call->state == QF_CALL_DONE &&
		(answer != NULL && answer->kind == QF_ANSWER_RESULT);
}

/* Look at the next item of the page; false if there is none. */
static bool
read_page_item(QfFetch *fetch)
{
	Page	   *page = fetch->page;
	const QfJson *item = page->next_item;
	const char *id;
	QfFetchVerdict verdict;

	if (item == NULL)
		return false;
	CHECK_FOR_INTERRUPTS();
	page->next_item = qf_json_next(item);
	page->nleft--;
	id = qf_json_text(qf_json_member(item, fetch->options->resource->id_field));
	if (qf_seen_add(fetch->ids, id))
		return true;
	page->any_new = true;

	verdict = fetch->filter == NULL ?
		QF_FETCH_TAKE : fetch->filter(id, item, fetch->filter_arg);
	if (verdict == QF_FETCH_TAKE)
		add_item(fetch, id, page, item);
	else if (verdict == QF_FETCH_DETAIL)
	{
		if (!is_utf8(id))
			qf_api_error_malformed(page->call, fetch->options,
								   "The list has a task whose id is not text in UTF-8.");
		add_item(fetch, id, NULL, NULL);
	}
	consider_prefetch(fetch);
	return true;
}

/* Has the reader come to the page that is being read? */
static bool
may_read_ahead(QfFetch *fetch)
{
	return dlist_is_empty(&fetch->line) ||
		dlist_head_element(Item, node,
						   &fetch->line)->page_number == fetch->npages;
}

/*
 * Ask for the next page while this one is being read.  Not before half of
 * the first one has been, for many readers stop early; and not if the rest of
 * this page may be all that is wanted.
 */
static void
consider_prefetch(QfFetch *fetch)
{
	Page	   *page = fetch->page;

	if (page->next_marker == NULL || fetch->next_call != NULL ||
		!may_read_ahead(fetch))
		return;
	if (fetch->wanted >= 0 ?
		fetch->wanted > page->nleft + fetch->nline :
		(fetch->npages > 1 ||
		 page->nleft + fetch->nline < fetch->options->page_size / 2))
	{
		submit_page(fetch, page->next_marker, -1);
		qf_queue_progress(fetch->queue);
	}
}

/* Wait for the next page and start reading it. */
static void
open_page(QfFetch *fetch)
{
	const QfAnswer *answer = wait_for_answer(fetch, fetch->next_call);
	Page	   *page = MemoryContextAllocZero(fetch->context, sizeof(Page));

	page->call = fetch->next_call;
	page->nrefs = 1;
	fetch->next_call = NULL;
	fetch->page = page;
	fetch->npages++;
	page->next_item = qf_json_first(answer->result);
	for (const QfJson *item = page->next_item; item != NULL;
		 item = qf_json_next(item))
		page->nleft++;
	page->next_marker = check_next_marker(fetch, page->call, page->nleft);
}

/*
 * The marker of the page after this one, palloc'd; NULL if this is the last.
 *
 * That the list goes on without saying where is an error, for the rows we
 * could not get would be missing silently; so is all that would not end.
 */
static char *
check_next_marker(QfFetch *fetch, const QfCall *call, int nitems)
{
	const QfAnswer *answer = call->answer;
	const QfJson *truncated = NULL;
	const QfJson *marker = NULL;
	const char *problem = NULL;

	if (answer->page_info != NULL)
	{
		truncated = qf_json_member(answer->page_info, "isTruncated");
		marker = qf_json_member(answer->page_info, "nextMarker");
	}
	if (marker != NULL && qf_json_is_empty(marker))
		marker = NULL;
	if (truncated != NULL ? !qf_json_is_true(truncated) : marker == NULL)
		return NULL;

	if (marker == NULL)
		problem = "The list claims that more follows but has no \"nextMarker\".";
	else if (!is_utf8(qf_json_text(marker)))
		problem = "The \"nextMarker\" of the list is not text in UTF-8.";
	else if (nitems == 0)
		problem = "An empty page of the list claims that more follows.";
	else if (qf_seen_add(fetch->markers, qf_json_text(marker)))
		problem = "The list comes back to a marker it has had before.";
	if (problem != NULL)
		qf_api_error_malformed(call, fetch->options, problem);
	return MemoryContextStrdup(fetch->context, qf_json_text(marker));
}

/* What is sent has to be, though what is received is not checked before use. */
static bool
is_utf8(const char *text)
{
	int			length = strlen(text);

	return pg_encoding_verifymbstr(PG_UTF8, text, length) == length;
}

/* Wait for a call and raise its error, if it has one. */
static const QfAnswer *
wait_for_answer(QfFetch *fetch, QfCall *call)
{
	const QfAnswer *answer;

	qf_call_wait(call);
	answer = call->answer;

	/* The error may have been another statement's, which drove the call. */
	if (answer == NULL || answer->kind == QF_ANSWER_UNREAD)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("out of memory"),
				 errdetail("Failed while reading an answer of server \"%s\" to %s.",
						   fetch->options->server_name,
						   call->request.action)));
	if (answer->kind != QF_ANSWER_RESULT &&
		answer->kind != QF_ANSWER_NOT_FOUND)
		qf_api_error_raise(call, fetch->options);
	return answer;
}
