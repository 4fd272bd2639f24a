/*
 * lists.h
 *	  Which lists are read, and where each goes on.
 *
 * src/api/lists.h
 */
#ifndef QF_API_LISTS_H
#define QF_API_LISTS_H

#include "api/call.h"
#include "api/fetch.h"
#include "api/queue.h"

typedef struct QfLists QfLists;

extern QfLists *qf_lists_create(const QfListFilter *filters, int nfilters);
extern int	qf_lists_current(const QfLists *lists);
extern QfCall *qf_lists_ask(const QfLists *lists, QfQueue *queue,
							const QfOptions *options, const char *marker,
							int max_items, bool turned);
extern bool qf_lists_are_left(const QfLists *lists, int list);
extern void qf_lists_advance(QfLists *lists);
extern void qf_lists_widen(QfLists *lists);
extern bool qf_lists_are_widened(const QfLists *lists);
extern bool qf_lists_is_utf8(const char *text);
extern char *qf_lists_read_marker(QfLists *lists, const QfCall *call,
								  const QfOptions *options);

#endif							/* QF_API_LISTS_H */
