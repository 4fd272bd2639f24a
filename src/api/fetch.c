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
#include "miscadmin.h"
#include "utils/memutils.h"

#include "api/api_error.h"
#include "api/fetch.h"
#include "api/lists.h"
#include "api/order.h"
#include "api/queue.h"
#include "api/request.h"
#include "api/route.h"
#include "api/seen.h"
#include "base/nls.h"
#include "resource/resource.h"

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
	char	   *next_marker;	/* NULL: this is the last page of its list */
	int			list;			/* which of the lists it is of, from 0 on */
	bool		starts_other;	/* is it the first of a list after the first? */
	bool		any_new;		/* did it have a task not seen before? */
} Page;

typedef struct Item
{
	dlist_node	node;
	char	   *id;
	Page	   *page;			/* NULL for a key */
	int			page_number;	/* of the page it came in; 0 for a key */
	int64		time;			/* see QfTask */
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
	QfCall	   *probe;			/* see settle_absence(); NULL: none yet */

	/* the list */
	bool		listing;
	QfLists    *lists;
	QfFetchFilter filter;
	void	   *filter_arg;
	Page	   *page;			/* being read */
	QfCall	   *next_call;		/* asks for the page after it ... */
	bool		next_starts_other;	/* ... and is the first of another list */
	bool		ended;
	QfOrder    *order;			/* NULL: not relied on */
	bool		turned;			/* is it read from its other end? */
	bool		paused;			/* what is behind is not wanted for now */
	int			npages;
	QfSeen	   *ids;			/* of the items read */
};

static void fill_line(QfFetch *fetch, bool wait);
static bool may_open_page(QfFetch *fetch, bool wait);
static bool read_page_item(QfFetch *fetch);
static void consider_prefetch(QfFetch *fetch);
static void open_page(QfFetch *fetch);
static const QfAnswer *wait_for_answer(QfFetch *fetch, QfCall *call);
static bool settle_absence(QfFetch *fetch, const QfCall *call, bool wait);

static int
window_size(const QfFetch *fetch)
{
	int			size = fetch->options->max_concurrency * WINDOW_FACTOR;

	return fetch->wanted >= 0 && fetch->wanted < size ?
		(int) fetch->wanted : size;
}

static QfCall *
submit_detail(QfFetch *fetch, const char *id, const QfJson *item)
{
	QfCall	   *call = qf_call_create(fetch->queue);

	qf_request_detail(call, fetch->options->resource, id);
	if (item != NULL)
		qf_call_submit_listed(call, item);
	else
		qf_call_submit(call);
	return call;
}

/*
 * Put an item at the end of the line.  Without a page it costs a call, and the
 * object is what a list has just said of it, if one has.
 */
static Item *
add_item(QfFetch *fetch, const char *id, Page *page, const QfJson *object)
{
	Item	   *item = MemoryContextAllocZero(fetch->context, sizeof(Item));

	dlist_push_tail(&fetch->line, &item->node);
	fetch->nline++;
	item->id = MemoryContextStrdup(fetch->context, id);
	item->page_number = fetch->npages;
	if (page == NULL)
		item->detail = submit_detail(fetch, item->id, object);
	else
	{
		item->object = object;
		item->page = page;
		page->nrefs++;
	}
	return item;
}

static void
release_page(Page *page)
{
	if (--page->nrefs > 0)
		return;
	qf_call_release(page->call);
	if (page->next_marker != NULL)
		pfree(page->next_marker);
	pfree(page);
}

static void
release_item(QfFetch *fetch, Item *item)
{
	if (item->detail != NULL)
		qf_call_release(item->detail);
	if (item->page != NULL)
		release_page(item->page);
	pfree(item->id);
	pfree(item);
}

/* Ask for the page from "marker" on; NULL is the first one. */
static void
submit_page(QfFetch *fetch, const char *marker, int64 limit)
{
	int			max_items = fetch->options->page_size;

	if (limit > 0 && limit < max_items)
		max_items = (int) limit;
	if (fetch->order != NULL && marker == NULL)
		max_items = Max(max_items, QF_ORDER_FEWEST);
	fetch->next_call = qf_lists_ask(fetch->lists, fetch->queue,
									fetch->options, marker, max_items,
									fetch->turned);
}

/* Is there anything behind a page, of its list or of another? */
static bool
is_followed(const QfFetch *fetch, const Page *page)
{
	return page->next_marker != NULL ||
		qf_lists_are_left(fetch->lists, page->list);
}

/* Ask for what is behind a page. */
static void
submit_following(QfFetch *fetch, const Page *page)
{
	fetch->next_starts_other = page->next_marker == NULL;
	if (fetch->next_starts_other)
		qf_lists_advance(fetch->lists);
	submit_page(fetch, page->next_marker, 0);
}

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
	fetch->queue = qf_queue_create(context, options, credential, counters);
	return fetch;
}

/* The queue of its calls. */
QfQueue *
qf_fetch_queue(QfFetch *fetch)
{
	return fetch->queue;
}

/* Ask for one task by id (UTF-8, copied).  "item": what a list just said of it. */
void
qf_fetch_add_key(QfFetch *fetch, const char *id, const QfJson *item)
{
	(void) add_item(fetch, id, NULL, item);
}

/*
 * qf_fetch_start_list
 *		Read the list from its start; to be called first, and once.
 *
 * What the listing points to is copied, but for what its functions get.
 */
void
qf_fetch_start_list(QfFetch *fetch, const QfListing *listing)
{
	MemoryContext oldcontext = MemoryContextSwitchTo(fetch->context);

	fetch->listing = true;
	fetch->filter = listing->filter;
	fetch->filter_arg = listing->filter_arg;
	fetch->lists = qf_lists_create(listing->filters, listing->nfilters);
	fetch->ids = qf_seen_create(fetch->context);
	if (listing->ordering != NULL)
	{
		fetch->order = qf_order_create(listing->ordering, fetch->options);
		fetch->turned = listing->ordering->turned;
	}
	MemoryContextSwitchTo(oldcontext);

	submit_page(fetch, NULL, listing->first_page);
	if (fetch->turned)
		qf_order_start_turned(fetch->order, fetch->next_call, fetch->lists);
}

/* Does the list go on with an item that is beyond the end, for now? */
bool
qf_fetch_is_paused(const QfFetch *fetch)
{
	return fetch->paused;
}

/* The end may be elsewhere from now on; go on, if it is. */
void
qf_fetch_resume(QfFetch *fetch)
{
	fetch->paused = false;
	qf_order_forget_end(fetch->order);
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
	task->time = item->time;
	task->object = item->object;
	if (item->detail != NULL)
	{
		const QfAnswer *answer = wait_for_answer(fetch, item->detail);

		(void) settle_absence(fetch, item->detail, true);
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
		return !fetch->listing || fetch->ended || fetch->paused;
	head = dlist_head_element(Item, node, &fetch->line);
	return head->detail == NULL ||
		(qf_call_ready(head->detail) &&
		 settle_absence(fetch, head->detail, false));
}

/*
 * qf_fetch_descriptor
 *		A descriptor to wait for, while qf_fetch_poll() says no of any fetch;
 *		see qf_queue_descriptor().
 */
int
qf_fetch_descriptor(bool anew, bool at_once, bool will_wait)
{
	return qf_queue_descriptor(anew, at_once, will_wait);
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
	while (fetch->listing && !fetch->ended && !fetch->paused &&
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

			if (!is_followed(fetch, page))
				fetch->ended = true;
			else
			{
				if (!page->any_new && page->next_marker != NULL &&
					!qf_lists_are_widened(fetch->lists))
					qf_api_error_malformed(page->call, fetch->options,
										   qf_translate("A page of the list has nothing new and claims that more follows."));
				if (fetch->next_call == NULL)
				{
					/* Rather return what is there than ask for more. */
					if (!dlist_is_empty(&fetch->line))
						break;
					submit_following(fetch, page);
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
	QfCall	   *call = fetch->next_call;
	const QfAnswer *answer = call->answer;

	if (dlist_is_empty(&fetch->line))
		return wait || (qf_call_ready(call) &&
						qf_order_may_open_page(fetch->order, call));
	return call->state == QF_CALL_DONE &&
		(answer != NULL && answer->kind == QF_ANSWER_RESULT);
}

/*
 * Lists for different values of a filter have nothing in common, unless the
 * service does not look at the filter, or takes values for alike that we do
 * not.  What else it does is not known, so ask for the list of all.
 */
static void
widen_list(QfFetch *fetch, Page *page)
{
	if (fetch->next_call != NULL)
		qf_call_release(fetch->next_call);
	fetch->next_call = NULL;
	page->next_marker = NULL;
	page->starts_other = false;
	qf_lists_widen(fetch->lists);
}

/* Look at the next item of the page; false if there is none. */
static bool
read_page_item(QfFetch *fetch)
{
	Page	   *page = fetch->page;
	const QfJson *item = page->next_item;
	const char *id;
	QfFetchVerdict verdict;
	bool		repeated;
	int64		time = 0;

	if (item == NULL)
		return false;
	CHECK_FOR_INTERRUPTS();
	if (fetch->order != NULL &&
		!qf_order_next_item(fetch->order, &repeated, &time))
	{
		fetch->paused = true;
		return true;
	}
	page->next_item = qf_json_next(item);
	page->nleft--;
	id = qf_json_text(qf_json_member(item, fetch->options->resource->id_field));
	if (fetch->order != NULL ? repeated : qf_seen_add(fetch->ids, id))
	{
		if (page->starts_other && !qf_lists_are_widened(fetch->lists))
			widen_list(fetch, page);
		return true;
	}
	page->any_new = true;

	verdict = fetch->filter == NULL ?
		QF_FETCH_TAKE : fetch->filter(id, item, fetch->filter_arg);
	if (verdict == QF_FETCH_TAKE)
		add_item(fetch, id, page, item)->time = time;
	else if (verdict == QF_FETCH_DETAIL)
	{
		if (!qf_lists_is_utf8(id))
			qf_api_error_malformed(page->call, fetch->options,
								   psprintf(qf_translate("The list has a %s whose id is not text in UTF-8."),
											qf_translate(fetch->options->resource->noun)));
		add_item(fetch, id, NULL, item)->time = time;
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

	if (!is_followed(fetch, page) || fetch->next_call != NULL ||
		!may_read_ahead(fetch) ||
		(fetch->order != NULL && qf_order_has_end(fetch->order)))
		return;
	if (fetch->wanted >= 0 ?
		fetch->wanted > page->nleft + fetch->nline :
		(fetch->npages > 1 ||
		 page->nleft + fetch->nline < fetch->options->page_size / 2))
	{
		submit_following(fetch, page);
		qf_queue_progress(fetch->queue);
	}
}

/* Wait for the next page. */
static void
open_page(QfFetch *fetch)
{
	const QfAnswer *answer = wait_for_answer(fetch, fetch->next_call);
	Page	   *page;
	MemoryContext oldcontext;

	if (fetch->order != NULL)
		qf_order_open_page(fetch->order, fetch->next_call, fetch->ids);
	page = MemoryContextAllocZero(fetch->context, sizeof(Page));
	page->call = fetch->next_call;
	page->nrefs = 1;
	fetch->next_call = NULL;
	fetch->page = page;
	fetch->npages++;
	page->next_item = qf_json_first(answer->result);
	page->nleft = answer->nitems;
	oldcontext = MemoryContextSwitchTo(fetch->context);
	page->next_marker = qf_lists_read_marker(fetch->lists, page->call,
											 fetch->options);
	MemoryContextSwitchTo(oldcontext);
	page->list = qf_lists_current(fetch->lists);
	page->starts_other = fetch->next_starts_other;
}

/* Wait for a call and raise its error, if it has one. */
static const QfAnswer *
wait_for_answer(QfFetch *fetch, QfCall *call)
{
	const QfAnswer *answer;

	qf_call_wait(call);
	answer = call->answer;
	(void) qf_route_is_known(fetch->options, call);
	if (answer->kind != QF_ANSWER_RESULT &&
		answer->kind != QF_ANSWER_NOT_FOUND)
		qf_api_error_raise(call, fetch->options);
	return answer;
}

/*
 * A task is said not to exist by a 404.  Make sure that this comes from the
 * API, and not from an address where nothing is found at all.
 *
 * The calls that are under way may tell it for nothing; else one call of the
 * list does, for all items in line.  Returns false if that takes waiting that
 * the caller does not want.  Raises HV000 where the list is not found, either.
 */
static bool
settle_absence(QfFetch *fetch, const QfCall *call, bool wait)
{
	int			nlooks = 0;
	dlist_iter	iter;

	if (!qf_route_is_in_doubt(fetch->options, call))
		return true;

	dlist_foreach(iter, &fetch->line)
	{
		QfCall	   *other = dlist_container(Item, node, iter.cur)->detail;

		if (++nlooks > fetch->options->max_concurrency)
			break;
		if (other == NULL)
			continue;
		if (other->state == QF_CALL_RUNNING ||
			other->state == QF_CALL_ARRIVED)
		{
			if (!wait)
				return false;
			qf_call_wait(other);
		}
		if (qf_route_is_known(fetch->options, other))
			return true;
	}

	if (fetch->probe == NULL)
	{
		fetch->probe = qf_lists_ask(fetch->lists, fetch->queue,
									fetch->options, NULL, 1, false);
		qf_queue_progress(fetch->queue);
	}
	if (!wait)
		return qf_call_ready(fetch->probe);
	qf_call_wait(fetch->probe);
	if (!qf_route_is_known(fetch->options, fetch->probe))
	{
		if (fetch->probe->reply.transport == QF_TRANSPORT_ANSWERED &&
			fetch->probe->reply.status == 404)
			qf_api_error_no_route(call, fetch->options);
		qf_api_error_raise(fetch->probe, fetch->options);
	}
	return true;
}
