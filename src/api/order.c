/*
 * order.c
 *	  A list whose order is relied on: is it in that order, and where does
 *	  reading end.
 *
 * No page of the service's documentation promises an order, so whoever relies
 * on one has it from the user, and each page is checked as a whole before an
 * item of it is shown or ends the reading.  Item by item would be too late: of
 * a list that runs the other way, the first item ends the reading, and a wrong
 * result, an empty one, would be returned in silence.
 *
 * An item that was seen before says nothing about the order.  A list moves
 * while it is read, and where a marker is a number of items, those at the end
 * of a page come again on the next.
 *
 * src/api/order.c
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "api/api_error.h"
#include "api/order.h"
#include "api/queue.h"
#include "api/response.h"
#include "api/route.h"
#include "base/nls.h"
#include "resource/resource.h"

/* An item of the page that is being read. */
typedef struct OrderedItem
{
	int64		time;
	bool		repeated;		/* was it seen before? */
} OrderedItem;

struct QfOrder
{
	MemoryContext context;
	QfListOrdering ordering;
	const QfOptions *options;
	OrderedItem *items;
	int			nitems;
	int			room;			/* in that array */
	int			next;			/* item to be read */
	char	   *last_id;		/* of the newest item looked at; NULL: none */
	int64		last_time;		/* likewise */

	/* of a list that is turned round */
	QfLists    *lists;
	bool		turn_in_doubt;	/* is it, really? */
	QfCall	   *probe;			/* asks for the other end; NULL: nothing does */

	bool		end_known;		/* has it been found out ... */
	bool		has_end;		/* ... whether the page goes beyond the end? */
};

/* What is known of an order, in the current context; makes no request. */
QfOrder *
qf_order_create(const QfListOrdering *ordering, const QfOptions *options)
{
	QfOrder    *order = palloc0_object(QfOrder);

	order->context = CurrentMemoryContext;
	order->ordering = *ordering;
	order->options = options;
	return order;
}

/* Within ereport(): what all errors of ours have in common. */
static int
errdisorder(const QfOrder *order)
{
	errcode(ERRCODE_FDW_UNABLE_TO_CREATE_REPLY);
	errmsg("list of %s is not in the order that option \"%s\" declares",
		   qf_translate(order->options->resource->nouns), "list_order");
	errhint("Set the option \"%s\" of the server or table to \"none\", or to the order that the list is really in.",
			"list_order");
	return 0;
}

/* Check an item that was not seen before against the one before it. */
static void
check_item(QfOrder *order, const QfCall *call, const char *id,
		   const QfJson *object, int64 *time)
{
	const QfListOrdering *ordering = &order->ordering;
	const char *noun = qf_translate(order->options->resource->noun);

	if (!ordering->time_of(id, object, ordering->arg, time))
		ereport(ERROR,
				(errdisorder(order),
				 errdetail("The %s \"%s\" has no creation time.",
						   noun, qf_api_error_text(call, id, 100))));
	if (order->last_id != NULL &&
		(ordering->falling ? *time > order->last_time :
		 *time < order->last_time))
		ereport(ERROR,
				(errdisorder(order),
				 ordering->falling ?
				 errdetail("The %s \"%s\" is listed after \"%s\", but is newer.",
						   noun, qf_api_error_text(call, id, 100),
						   qf_api_error_text(call, order->last_id, 100)) :
				 errdetail("The %s \"%s\" is listed after \"%s\", but is older.",
						   noun, qf_api_error_text(call, id, 100),
						   qf_api_error_text(call, order->last_id, 100))));
	if (order->last_id != NULL)
		pfree(order->last_id);
	order->last_id = MemoryContextStrdup(order->context, id);
	order->last_time = *time;
}

/*
 * Is a list that was to be turned round read from its other end?  "page" is
 * its first page, of several; the probe has asked for the first item of the
 * list as it is.
 *
 * A service that turns each page, but not the list, shows pages that are in
 * order by themselves.
 */
static void
compare_ends(const QfOrder *order, const QfCall *page)
{
	const QfResource *resource = order->options->resource;
	const QfJson *first = qf_json_first(order->probe->answer->result);
	const char *first_id;

	if (first == NULL)
		return;
	first_id = qf_json_text(qf_json_member(first, resource->id_field));
	for (const QfJson *item = qf_json_first(page->answer->result);
		 item != NULL; item = qf_json_next(item))
	{
		const char *id = qf_json_text(qf_json_member(item,
													 resource->id_field));

		if (strcmp(id, first_id) == 0)
			ereport(ERROR,
					(errdisorder(order),
					 errdetail("\"%s\" does not turn the list round: with it and without it, the first page has the %s \"%s\".",
							   resource->paging->reverse,
							   qf_translate(resource->noun),
							   qf_api_error_text(page, id, 100))));
	}
}

/*
 * qf_order_start_turned
 *		A list is read from its other end, if it is; to be called after its
 *		first page was asked for.
 *
 * Whether it is takes a call to find out, once per session and server, or once
 * per account where sessions share what they know.
 */
void
qf_order_start_turned(QfOrder *order, const QfCall *page, QfLists *lists)
{
	QfTurn		known = qf_route_turn(order->options, page);

	order->lists = lists;
	order->turn_in_doubt = known != QF_TURN_WHOLE;
	if (known == QF_TURN_UNKNOWN)
		order->probe = qf_lists_ask(lists, page->queue, order->options, NULL,
									1, false);
}

/*
 * qf_order_may_open_page
 *		Would qf_order_open_page() look at this page without waiting?  NULL: no
 *		order is relied on.
 *
 * Where the call was in vain before, for all there was fitted on a page, it is
 * made only when there turns out to be more.
 */
bool
qf_order_may_open_page(QfOrder *order, const QfCall *page)
{
	if (order == NULL || !order->turn_in_doubt)
		return true;
	if (order->probe == NULL && page->answer != NULL &&
		page->answer->next_marker != NULL)
	{
		order->probe = qf_lists_ask(order->lists, page->queue,
									order->options, NULL, 1, false);
		qf_queue_progress(page->queue);
	}
	return order->probe == NULL || qf_call_ready(order->probe);
}

/* Find it out, if that is necessary, now that "page", the first one, is there. */
static void
check_turn(QfOrder *order, const QfCall *page)
{
	bool		decided = page->answer->next_marker != NULL;

	(void) qf_order_may_open_page(order, page);
	order->turn_in_doubt = false;
	if (order->probe == NULL)
		return;
	qf_call_wait(order->probe);
	if (order->probe->answer->kind != QF_ANSWER_RESULT)
		qf_api_error_raise(order->probe, order->options);
	if (decided)
		compare_ends(order, page);
	qf_route_set_turn(order->options, page,
					  decided ? QF_TURN_WHOLE : QF_TURN_UNDECIDED);
	qf_call_release(order->probe);
	order->probe = NULL;
}

/*
 * qf_order_open_page
 *		Look at all items of the page that is read next, and add their ids to
 *		those that were seen.
 *
 * Raises HV00M if they are not in order, or have no time, or if a list that was
 * to be turned round begins where it begins without that.
 */
void
qf_order_open_page(QfOrder *order, const QfCall *call, QfSeen *seen)
{
	const char *id_field = order->options->resource->id_field;
	const QfJson *object = qf_json_first(call->answer->result);

	if (order->turn_in_doubt)
		check_turn(order, call);
	if (call->answer->nitems > order->room)
	{
		if (order->items != NULL)
			pfree(order->items);
		order->items = NULL;
		order->room = call->answer->nitems;
		order->items = MemoryContextAllocHuge(order->context,
											  sizeof(OrderedItem) *
											  (Size) order->room);
	}
	order->nitems = 0;
	order->next = 0;
	order->end_known = false;
	for (; object != NULL; object = qf_json_next(object))
	{
		const char *id = qf_json_text(qf_json_member(object, id_field));
		OrderedItem *item = &order->items[order->nitems++];

		CHECK_FOR_INTERRUPTS();
		item->time = 0;
		item->repeated = qf_seen_add(seen, id);
		if (!item->repeated)
			check_item(order, call, id, object, &item->time);
	}
}

static bool
is_beyond(const QfOrder *order, int64 time)
{
	const QfListOrdering *ordering = &order->ordering;

	return ordering->is_beyond != NULL &&
		ordering->is_beyond(time, ordering->arg);
}

/*
 * qf_order_next_item
 *		Go on to the next item of the page: was it seen before, and when is it
 *		of?  False if it is beyond the end; then it stays the next.
 */
bool
qf_order_next_item(QfOrder *order, bool *repeated, int64 *time)
{
	const OrderedItem *item = &order->items[order->next];

	if (!item->repeated && is_beyond(order, item->time))
		return false;
	*repeated = item->repeated;
	*time = item->time;
	order->next++;
	return true;
}

/* The end may be elsewhere from now on. */
void
qf_order_forget_end(QfOrder *order)
{
	order->end_known = false;
}

/*
 * qf_order_has_end
 *		Does reading end in this page, so that none is needed after it?
 */
bool
qf_order_has_end(QfOrder *order)
{
	if (!order->end_known)
	{
		order->has_end = order->last_id != NULL &&
			is_beyond(order, order->last_time);
		order->end_known = true;
	}
	return order->has_end;
}
