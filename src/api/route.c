/*
 * route.c
 *	  Whether an address is known to be the API's.
 *
 * The service answers an unknown route with HTTP 404, before it looks at a
 * signature, and so does nearly every other HTTP server.  So a 404 says that an
 * object does not exist only where some other answer has come from the same
 * address: host, prefix of the endpoint, path of the resource.  That is
 * remembered for the session, until a server is altered, since the address may
 * lead elsewhere from then on.  All sessions with the account share it, as far as
 * they come by the same server in the same version.  The same is done with
 * what is known of turning lists round.
 *
 * src/api/route.c
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "common/hashfn.h"
#include "miscadmin.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "api/attempt.h"
#include "api/response.h"
#include "api/route.h"
#include "base/guc.h"
#include "http/loop.h"
#include "resource/resource.h"

typedef struct Route
{
	struct Route *next;
	bool		tls;
	char	   *host;
	char	   *prefix;
	const char *path;			/* the descriptor's */
} Route;

/* What is known of turning round the lists of a server. */
typedef struct Turn
{
	struct Turn *next;
	Oid			serverid;
	const char *action;			/* the descriptor's */
	QfTurn		turn;
} Turn;

static MemoryContext context = NULL;	/* of all this; NULL: nothing was ever
										 * learned */
static Route *routes = NULL;
static Turn *turns = NULL;
static bool stale = false;		/* forget them all */

/*
 * Syscache callback.  Which server has changed is not worth finding out: the
 * price is one call.  Nor is this the place to free anything, for it may be
 * called in the middle of whatever reads the catalog.
 */
static void
forget_routes(Datum arg, int cacheid, uint32 hashvalue)
{
	stale = true;
}

static bool
find_route(const QfOptions *options)
{
	const QfEndpoint *endpoint = &options->endpoint;

	for (const Route *route = routes; route != NULL; route = route->next)
	{
		if (route->tls == endpoint->tls &&
			strcmp(route->host, endpoint->host) == 0 &&
			strcmp(route->prefix, endpoint->prefix) == 0 &&
			strcmp(route->path, options->resource->path) == 0)
			return true;
	}
	return false;
}

/* Have a place for what is learned. */
static void
set_up(void)
{
	if (context != NULL)
		return;
	context = AllocSetContextCreate(TopMemoryContext, "qianfan_fdw routes",
									ALLOCSET_SMALL_SIZES);
	CacheRegisterSyscacheCallback(FOREIGNSERVEROID, forget_routes, 0);
}

/* Forget what no longer holds. */
static void
clean_up(void)
{
	if (!stale)
		return;
	MemoryContextReset(context);
	routes = NULL;
	turns = NULL;
	stale = false;
}

static void
add_route(const QfOptions *options)
{
	Route	   *route;

	set_up();
	route = MemoryContextAllocZero(context, sizeof(Route));
	route->tls = options->endpoint.tls;
	route->host = MemoryContextStrdup(context, options->endpoint.host);
	route->prefix = MemoryContextStrdup(context, options->endpoint.prefix);
	route->path = options->resource->path;
	route->next = routes;
	routes = route;
}

/*
 * What tells a server as it is defined now from all others, and from itself as it
 * was before it was altered.
 */
static uint64
server_version(Oid serverid)
{
	HeapTuple	tuple = SearchSysCache1(FOREIGNSERVEROID,
										ObjectIdGetDatum(serverid));
	uint64		version = hash_combine64(MyDatabaseId, serverid);

	if (!HeapTupleIsValid(tuple))
		return version;
	version = hash_combine64(version,
							 HeapTupleHeaderGetRawXmin(tuple->t_data));
	version = hash_combine64(version,
							 ItemPointerGetBlockNumberNoCheck(&tuple->t_self));
	version = hash_combine64(version,
							 ItemPointerGetOffsetNumberNoCheck(&tuple->t_self));
	ReleaseSysCache(tuple);
	return version | 1;
}

/* Has another session found this out? */
static bool
others_know(const QfCall *call, uint32 knowledge)
{
	QfQueue    *queue = call->queue;

	return qf_guc_enable_cache &&
		qf_place_knows(&queue->account,
					   server_version(queue->options->serverid), knowledge,
					   qf_loop_now());
}

static void
tell_others(const QfCall *call, uint32 knowledge)
{
	QfQueue    *queue = call->queue;

	qf_place_learn(&queue->account, server_version(queue->options->serverid),
				   knowledge, qf_loop_now());
}

/*
 * qf_route_is_known
 *		Is the address known to be the API's, if only by the answer to this
 *		call, should it have one?
 */
bool
qf_route_is_known(const QfOptions *options, const QfCall *call)
{
	clean_up();
	if (find_route(options))
		return true;
	if (call->state != QF_CALL_DONE)
		return false;
	if (!qf_response_shows_route(call))
	{
		if (!others_know(call, QF_KNOWS_ROUTE))
			return false;
	}
	else
		tell_others(call, QF_KNOWS_ROUTE);
	add_route(options);
	return true;
}

/*
 * qf_route_is_in_doubt
 *		Did this call end in a 404 that would mean absence, but for its address,
 *		which is not known to be right?
 */
bool
qf_route_is_in_doubt(const QfOptions *options, const QfCall *call)
{
	const QfAnswer *answer = call->answer;

	return call->state == QF_CALL_DONE && answer != NULL &&
		answer->kind == QF_ANSWER_NOT_FOUND && call->reply.status == 404 &&
		!qf_route_is_known(options, call);
}

static Turn *
find_turn(const QfOptions *options)
{
	Turn	   *turn = turns;

	while (turn != NULL &&
		   (turn->serverid != options->serverid ||
			strcmp(turn->action, options->resource->list_action) != 0))
		turn = turn->next;
	return turn;
}

/*
 * qf_route_turn
 *		What is known of turning round the list that the call asks for?
 */
QfTurn
qf_route_turn(const QfOptions *options, const QfCall *call)
{
	const Turn *turn;

	clean_up();
	turn = find_turn(options);
	if (turn != NULL && turn->turn == QF_TURN_WHOLE)
		return QF_TURN_WHOLE;
	if (others_know(call, QF_KNOWS_REVERSE))
		return QF_TURN_WHOLE;
	return turn != NULL ? turn->turn : QF_TURN_UNKNOWN;
}

/*
 * qf_route_set_turn
 *		Remember that, for the session or until a server is altered; tell other
 *		sessions what is known for sure.
 */
void
qf_route_set_turn(const QfOptions *options, const QfCall *call, QfTurn known)
{
	Turn	   *turn;

	clean_up();
	turn = find_turn(options);
	if (turn == NULL)
	{
		set_up();
		turn = MemoryContextAllocZero(context, sizeof(Turn));
		turn->serverid = options->serverid;
		turn->action = options->resource->list_action;
		turn->next = turns;
		turns = turn;
	}
	turn->turn = known;
	if (known == QF_TURN_WHOLE)
		tell_others(call, QF_KNOWS_REVERSE);
}
