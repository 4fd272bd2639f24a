/*
 * async.c
 *	  Scans that an Append reads at the same time (PostgreSQL manual, "FDW
 *	  Routines for Asynchronous Execution"): one partition per account, say.
 *
 * src/fdw/async.c
 */
#include "postgres.h"

#include "executor/execAsync.h"
#include "executor/executor.h"
#include "executor/instrument.h"
#include "executor/nodeAppend.h"
#include "foreign/fdwapi.h"
#include "storage/latch.h"

#include "api/fetch.h"
#include "fdw/async.h"
#include "fdw/scan.h"

/*
 * Answer the request with a tuple, with the end or, if we would have to wait,
 * with "pending".
 */
static void
produce(AsyncRequest *areq)
{
	TupleTableSlot *slot;

	if (!qf_scan_try((ForeignScanState *) areq->requestee, &slot))
		ExecAsyncRequestPending(areq);
	else
		ExecAsyncRequestDone(areq, TupIsNull(slot) ? NULL : slot);
}

/* One of ours? */
static bool
is_ours(const AsyncRequest *areq)
{
	return IsA(areq->requestee, ForeignScanState) &&
		((ForeignScanState *) areq->requestee)->fdwroutine->ForeignAsyncConfigureWait ==
		qianfanForeignAsyncConfigureWait;
}

/*
 * Has a request of ours been configured in this round already?
 *
 * A round begins with no request that needs to be made anew, and goes through
 * those that are pending in their order.  So it has if one before this is
 * pending still, or was answered with a tuple meanwhile.  (One that came to its
 * end leaves no trace, see below.)  Comparing wait sets would not do: the
 * address of one is used again for the next.
 */
static bool
is_configured(const AsyncRequest *areq)
{
	const AppendState *requestor = (AppendState *) areq->requestor;

	for (int i = 0; i < areq->request_index; i++)
	{
		const AsyncRequest *other = requestor->as_asyncrequests[i];

		if (other != NULL && is_ours(other) &&
			(other->callback_pending ||
			 bms_is_member(i, requestor->as_needrequest)))
			return true;
	}
	return false;
}

/* Will another request of ours be configured in this round? */
static bool
has_successor(const AsyncRequest *areq)
{
	const AppendState *requestor = (AppendState *) areq->requestor;

	for (int i = areq->request_index + 1; i < requestor->as_nplans; i++)
	{
		const AsyncRequest *other = requestor->as_asyncrequests[i];

		if (other != NULL && is_ours(other) && other->callback_pending)
			return true;
	}
	return false;
}

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
	produce(areq);
}

/*
 * Add what this request waits for to the Append's wait set.
 *
 * All requests of the session wait for the same descriptor, and a set takes it
 * once.  Driving one request may have brought in what another waits for; then
 * no event is coming, and the request is completed here, with all that core does
 * around a notification.
 *
 * Core wants to be told of each request that it asked, and some versions crash
 * over a set without any event (16.2).  So in each round in which a request of
 * ours is asked, the set holds exactly one event of ours: the first one's, or,
 * if that has come to its end, that of one after it.  The event has happened if
 * there is nothing left to wait for.
 */
void
qianfanForeignAsyncConfigureWait(AsyncRequest *areq)
{
	AppendState *requestor = (AppendState *) areq->requestor;
	bool		configured = is_configured(areq);
	bool		ended = false;
	int			descriptor;

	areq->callback_pending = false;
	produce(areq);
	if (areq->request_complete)
	{
		ExecAsyncResponse(areq);
		ended = TupIsNull(areq->result);
		if (areq->requestee->instrument)
			InstrUpdateTupleCount(areq->requestee->instrument,
								  ended ? 0.0 : 1.0);
	}
	/* While there are other rows to be had, core only looks. */
	descriptor = qf_fetch_descriptor(!configured, areq->request_complete,
									 requestor->as_syncdone &&
									 requestor->as_nasyncresults == 0);
	if (!configured && !(ended && has_successor(areq)))
		AddWaitEventToSet(requestor->as_eventset, WL_SOCKET_READABLE,
						  descriptor, NULL, areq);
}

/* The descriptor is readable. */
void
qianfanForeignAsyncNotify(AsyncRequest *areq)
{
	produce(areq);
}
