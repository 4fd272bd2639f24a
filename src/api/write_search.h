/*
 * write_search.h
 *	  Which objects could be those whose creation got no answer.
 *
 * src/api/write_search.h
 */
#ifndef QF_API_WRITE_SEARCH_H
#define QF_API_WRITE_SEARCH_H

#include "nodes/pg_list.h"

#include "api/queue.h"
#include "api/write_error.h"

extern void qf_write_search(QfQueue *queue, const QfOptions *options,
							List *lost, QfLostCreates *found);

#endif							/* QF_API_WRITE_SEARCH_H */
