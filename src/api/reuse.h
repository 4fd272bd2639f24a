/*
 * reuse.h
 *	  Whether an answer that is remembered stands for a call.
 *
 * src/api/reuse.h
 */
#ifndef QF_API_REUSE_H
#define QF_API_REUSE_H

#include "api/queue.h"
#include "data/json.h"

extern bool qf_reuse_by_age(QfCall *call);
extern bool qf_reuse_may_confirm(QfQueue *queue, const QfResource *resource,
								 const char *id, const QfJson *item);
extern bool qf_reuse_listed(QfCall *call, const QfJson *item);
extern bool qf_reuse_await(QfCall *call);
extern bool qf_reuse_claim(QfCall *call);
extern char *qf_reuse_copy_body(const QfCall *call);
extern void qf_reuse_keep(QfCall *call, const char *body, size_t length);
extern void qf_reuse_release(QfCall *call);
extern void qf_reuse_written(QfCall *call);

#endif							/* QF_API_REUSE_H */
