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

/* A condition the list action takes as a parameter; UTF-8. */
typedef struct QfListFilter
{
	const char *parameter;
	const char *value;
} QfListFilter;

extern QfFetch *qf_fetch_create(MemoryContext owner, const QfOptions *options,
								const QfCredential *credential,
								QfCounters *counters);
extern void qf_fetch_add_key(QfFetch *fetch, const char *id);
extern void qf_fetch_start_list(QfFetch *fetch, const QfListFilter *filters,
								int nfilters, int64 first_page,
								QfFetchFilter filter, void *arg);
extern void qf_fetch_set_wanted(QfFetch *fetch, int64 wanted);
extern int	qf_fetch_room(const QfFetch *fetch);
extern bool qf_fetch_next(QfFetch *fetch, QfTask *task);
extern bool qf_fetch_poll(QfFetch *fetch);
extern int	qf_fetch_descriptor(QfFetch *fetch, bool will_wait);
extern void qf_fetch_woken(void);

#endif							/* QF_API_FETCH_H */
