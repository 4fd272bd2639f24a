/*
 * fetch.h
 *	  The core: keys or a list -> requests -> replies -> one task at a time.
 *
 * src/api/fetch.h
 */
#ifndef QF_API_FETCH_H
#define QF_API_FETCH_H

#include "base/counters.h"
#include "base/credential.h"
#include "base/option.h"
#include "data/json.h"

typedef struct QfFetch QfFetch;

/* A task; everything in it is valid until the next call of the fetch. */
typedef struct QfTask
{
	const char *id;				/* UTF-8 */
	const QfJson *object;		/* NULL: the API does not know it */
	int64		time;			/* what the list says, if its order is relied
								 * on */
} QfTask;

typedef enum QfFetchVerdict
{
	QF_FETCH_SKIP,				/* the item of the list is not wanted */
	QF_FETCH_TAKE,				/* take it as it is */
	QF_FETCH_DETAIL				/* take what the detail action says of it */
} QfFetchVerdict;

/* Asked about each item of a list, before a detail call is spent on it. */
typedef QfFetchVerdict (*QfFetchFilter) (const char *id, const QfJson *item,
										 void *arg);

/*
 * A condition the list action takes as a parameter; UTF-8.  One of them may
 * have several values: the lists for each, one after the other.
 */
typedef struct QfListFilter
{
	const char *parameter;
	char	  **values;
	int			nvalues;		/* at least one */
} QfListFilter;

/*
 * What is relied on of the order of a list: it is that of numbers that tell
 * when items were created.
 */
typedef struct QfListOrdering
{
	bool		turned;			/* is it the list from its other end? */
	bool		falling;		/* greatest first? */

	/* The number of an item; false if it has none. */
	bool		(*time_of) (const char *id, const QfJson *item, void *arg,
							int64 *time);

	/* Is no item of that number wanted, nor any behind it?  NULL: all are. */
	bool		(*is_beyond) (int64 time, void *arg);
	void	   *arg;
} QfListOrdering;

/* Which list is read, and how. */
typedef struct QfListing
{
	const QfListFilter *filters;
	int			nfilters;
	int64		first_page;		/* items the first page needs at most; 0: any
								 * number */
	QfFetchFilter filter;		/* asked about each item that was not seen
								 * before; NULL takes all as they are */
	void	   *filter_arg;
	const QfListOrdering *ordering; /* NULL: no order is relied on */
} QfListing;

extern QfFetch *qf_fetch_create(MemoryContext owner, const QfOptions *options,
								const QfCredential *credential,
								QfCounters *counters);
extern struct QfQueue *qf_fetch_queue(QfFetch *fetch);
extern void qf_fetch_add_key(QfFetch *fetch, const char *id,
							 const QfJson *item);
extern void qf_fetch_start_list(QfFetch *fetch, const QfListing *listing);
extern bool qf_fetch_is_paused(const QfFetch *fetch);
extern void qf_fetch_resume(QfFetch *fetch);
extern void qf_fetch_set_wanted(QfFetch *fetch, int64 wanted);
extern int	qf_fetch_room(const QfFetch *fetch);
extern bool qf_fetch_next(QfFetch *fetch, QfTask *task);
extern bool qf_fetch_poll(QfFetch *fetch);
extern int	qf_fetch_descriptor(bool anew, bool at_once, bool will_wait);

#endif							/* QF_API_FETCH_H */
