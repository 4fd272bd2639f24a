/*
 * async.c
 *	  Scans that an Append reads at the same time (PostgreSQL manual, "FDW
 *	  Routines for Asynchronous Execution"): one partition per account, say.
 *
 * src/fdw/async.c
 */
#include "postgres.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include "executor/execAsync.h"
#include "executor/executor.h"
#include "executor/instrument.h"
#include "executor/nodeAppend.h"
#include "storage/latch.h"

#include "api/fetch.h"
#include "fdw/async.h"
#include "fdw/scan.h"

static int	ready_descriptor(void);
static void produce(AsyncRequest *areq, bool may_wait);

/* Every scan can be driven without waiting. */
bool
qianfanIsForeignPathAsyncCapable(ForeignPath *path)
{
	return true;
}

/* The Append wants a tuple; the first request also sends the first call. */
void
qianfanForeignAsyncRequest(AsyncRequest *areq)
{
	produce(areq, false);
}

/*
 * Add what this request waits for to the Append's wait set.
 *
 * Scans of one server share their connections, so driving another one may
 * have brought in our answer; then no event is coming, and the request is
 * completed here, with all that core does around a notification.  Core would
 * wait for the others nevertheless, so it gets an event that has happened.
 */
void
qianfanForeignAsyncConfigureWait(AsyncRequest *areq)
{
	AppendState *requestor = (AppendState *) areq->requestor;
	int			descriptor = -1;

	areq->callback_pending = false;
	produce(areq, false);
	if (!areq->request_complete)
	{
		/* While there are other rows to be had, core only looks. */
		descriptor = qf_scan_descriptor((ForeignScanState *) areq->requestee,
										requestor->as_syncdone &&
										requestor->as_nasyncresults == 0);
		if (descriptor < 0)
		{
			/* Core takes who is complete and pending for ended twice. */
			areq->callback_pending = false;
			produce(areq, true);
		}
	}
	if (areq->request_complete)
	{
		ExecAsyncResponse(areq);
		if (areq->requestee->instrument)
			InstrUpdateTupleCount(areq->requestee->instrument,
								  TupIsNull(areq->result) ? 0.0 : 1.0);
		if (TupIsNull(areq->result))
			return;
		qf_fetch_woken();
		/* Once in a set, or it could not be waited for. */
		if (requestor->as_nasyncresults != 1)
			return;
		descriptor = ready_descriptor();
		if (descriptor < 0)
			return;
	}
	AddWaitEventToSet(requestor->as_eventset, WL_SOCKET_READABLE,
					  descriptor, NULL, areq);
}

/*
 * A descriptor that is always readable, for the rest of the session; -1: there
 * is none to be had.
 */
static int
ready_descriptor(void)
{
	static int	descriptor = -1;

	if (descriptor < 0 && AcquireExternalFD())
	{
		descriptor = eventfd(1, EFD_CLOEXEC);
		if (descriptor < 0)
			ReleaseExternalFD();
	}
	return descriptor;
}

/* The descriptor is readable. */
void
qianfanForeignAsyncNotify(AsyncRequest *areq)
{
	qf_fetch_woken();
	produce(areq, false);
}

/*
 * Answer the request with a tuple, with the end or, unless we may wait, with
 * "pending".
 */
static void
produce(AsyncRequest *areq, bool may_wait)
{
	TupleTableSlot *slot;

	if (!qf_scan_try((ForeignScanState *) areq->requestee, may_wait, &slot))
		ExecAsyncRequestPending(areq);
	else
		ExecAsyncRequestDone(areq, TupIsNull(slot) ? NULL : slot);
}
