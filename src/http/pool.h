/*
 * pool.h
 *	  Many calls at once, over connections kept for the session.
 *
 * src/http/pool.h
 */
#ifndef QF_HTTP_POOL_H
#define QF_HTTP_POOL_H

#include "base/counters.h"
#include "http/call.h"
#include "http/retry.h"

typedef struct QfQueue QfQueue;

/*
 * Says what a reply means for the retry policy, and may leave its findings
 * in call->answer.  Called outside libcurl each time an attempt has ended, or
 * could not begin, in a context that lives until the next one; must not wait.
 */
typedef QfOutcome (*QfJudge) (QfCall *call);

extern QfQueue *qf_queue_create(MemoryContext owner, const QfOptions *options,
								const QfCredential *credential,
								QfJudge judge, QfCounters *counters);
extern QfCall *qf_queue_submit(QfQueue *queue, const QfRequest *request);
extern void qf_queue_progress(QfQueue *queue);
extern int	qf_queue_descriptor(QfQueue *queue, bool will_wait);
extern void qf_queue_woken(void);
extern const QfCredential *qf_call_credential(const QfCall *call);
extern bool qf_call_ready(const QfCall *call);
extern void qf_call_wait(QfCall *call);
extern void qf_call_release(QfCall *call);

#endif							/* QF_HTTP_POOL_H */
