/*
 * lists.c
 *	  Which lists are read, and where each goes on.
 *
 * There is one list for each value of a filter, read one after the other.
 * Where no filter has several values, that is one.
 *
 * src/api/lists.c
 */
#include "postgres.h"

#include "mb/pg_wchar.h"

#include "api/api_error.h"
#include "api/lists.h"
#include "api/request.h"
#include "api/seen.h"
#include "base/nls.h"
#include "resource/resource.h"

struct QfLists
{
	QfPair	   *filters;		/* of the list that is asked for */
	int			nfilters;
	QfPair	   *varying;		/* one of them, or NULL: all are fixed */
	char	  **values;			/* of that, for each list */
	int			nlists;			/* to be read */
	int			current;		/* asked for last, from 0 on */
	bool		widening;		/* is the next one the list of all ... */
	bool		whole;			/* ... or the current one? */
	QfSeen	   *markers;
};

/*
 * qf_lists_create
 *		Lists with these filters, which are copied, in the current context; the
 *		first is the current one.
 */
QfLists *
qf_lists_create(const QfListFilter *filters, int nfilters)
{
	QfLists    *lists = palloc0_object(QfLists);

	lists->filters = palloc_array(QfPair, Max(nfilters, 1));
	lists->nfilters = nfilters;
	lists->nlists = 1;
	lists->markers = qf_seen_create(CurrentMemoryContext);
	for (int i = 0; i < nfilters; i++)
	{
		int			nvalues = filters[i].nvalues;
		char	  **values = palloc_array(char *, nvalues);

		for (int j = 0; j < nvalues; j++)
			values[j] = pstrdup(filters[i].values[j]);
		lists->filters[i].name = filters[i].parameter;
		lists->filters[i].value = values[0];
		if (nvalues > 1)
		{
			Assert(lists->varying == NULL);
			lists->varying = &lists->filters[i];
			lists->values = values;
			lists->nlists = nvalues;
		}
	}
	return lists;
}

/*
 * qf_lists_ask
 *		A call, handed in, for a page of the current list (NULL: of the list of
 *		all), from "marker" on (NULL: from the first item).
 *
 * turned: the list is read from its other end.
 */
QfCall *
qf_lists_ask(const QfLists *lists, QfQueue *queue, const QfOptions *options,
			 const char *marker, int max_items, bool turned)
{
	QfCall	   *call = qf_call_create(queue);
	QfPageQuestion page = {
		.marker = marker,
		.max_items = max_items,
		.turned = turned,
	};

	if (lists != NULL)
	{
		page.filters = lists->filters;
		page.nfilters = lists->nfilters;
	}
	qf_request_page(call, options->resource, &page);
	qf_call_submit(call);
	return call;
}

/* The number of the current list, from 0 on. */
int
qf_lists_current(const QfLists *lists)
{
	return lists->current;
}

/* Are there lists behind this one? */
bool
qf_lists_are_left(const QfLists *lists, int list)
{
	return list + 1 < lists->nlists;
}

/* Go on to the list behind the current one. */
void
qf_lists_advance(QfLists *lists)
{
	lists->current++;
	if (lists->widening)
	{
		lists->nfilters--;
		memmove(lists->varying, lists->varying + 1,
				sizeof(QfPair) * (lists->filters + lists->nfilters -
								  lists->varying));
		lists->whole = true;
	}
	else
		lists->varying->value = lists->values[lists->current];
}

/*
 * qf_lists_widen
 *		Read one more list only, without the filter that has several values.
 */
void
qf_lists_widen(QfLists *lists)
{
	lists->nlists = lists->current + 2;
	lists->widening = true;
}

/* Is the current list that one, most of which may be known? */
bool
qf_lists_are_widened(const QfLists *lists)
{
	return lists->whole;
}

/* What is sent has to be, though what is received is not checked before use. */
bool
qf_lists_is_utf8(const char *text)
{
	int			length = strlen(text);

	return pg_encoding_verifymbstr(PG_UTF8, text, length) == length;
}

/*
 * qf_lists_read_marker
 *		The marker of the page behind this one of the current list, palloc'd;
 *		NULL if this is the last.  A list that would not end is an error.
 */
char *
qf_lists_read_marker(QfLists *lists, const QfCall *call,
					 const QfOptions *options)
{
	const QfAnswer *answer = call->answer;
	const char *marker = answer->next_marker;
	const char *name = options->resource->paging->next_marker;
	char	   *known_as;

	if (marker == NULL)
		return NULL;
	if (!qf_lists_is_utf8(marker))
		qf_api_error_malformed(call, options,
							   psprintf(qf_translate("The \"%s\" of the list is not text in UTF-8."),
										name));
	if (answer->nitems == 0)
		qf_api_error_malformed(call, options,
							   qf_translate("An empty page of the list claims that more follows."));

	/* Markers of one list say nothing about another. */
	known_as = psprintf("%d %s", lists->current, marker);
	if (qf_seen_add(lists->markers, known_as))
		qf_api_error_malformed(call, options,
							   qf_translate("The list comes back to a marker it has had before."));
	pfree(known_as);
	return pstrdup(marker);
}
