/*
 * queue.h
 *	  Which calls run now, and how one waits for them.
 *
 * src/api/queue.h
 */
#ifndef QF_API_QUEUE_H
#define QF_API_QUEUE_H

#include "api/call.h"
#include "base/counters.h"
#include "data/json.h"

typedef struct QfQueue QfQueue;

extern QfQueue *qf_queue_create(MemoryContext owner, const QfOptions *options,
								const QfCredential *credential,
								QfCounters *counters);
extern void qf_queue_progress(QfQueue *queue);
extern int	qf_queue_descriptor(bool anew, bool at_once, bool will_wait);
extern QfCall *qf_call_create(QfQueue *queue);
extern void qf_call_submit(QfCall *call);
extern void qf_call_submit_listed(QfCall *call, const QfJson *item);
extern bool qf_call_ready(QfCall *call);
extern void qf_call_wait(QfCall *call);
extern QfCall *qf_call_wait_any(QfCall **calls, int ncalls);
extern void qf_queue_resume(QfQueue *queue);
extern void qf_call_release(QfCall *call);

#endif							/* QF_API_QUEUE_H */
