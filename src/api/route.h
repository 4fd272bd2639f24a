/*
 * route.h
 *	  Whether an address is known to be the API's.
 *
 * src/api/route.h
 */
#ifndef QF_API_ROUTE_H
#define QF_API_ROUTE_H

#include "base/option.h"
#include "api/call.h"

/* What is known of turning round the lists of a server. */
typedef enum QfTurn
{
	QF_TURN_UNKNOWN,
	QF_TURN_UNDECIDED,			/* all there was fitted on one page */
	QF_TURN_WHOLE				/* such a list begins at its other end */
} QfTurn;

extern bool qf_route_is_known(const QfOptions *options, const QfCall *call);
extern bool qf_route_is_in_doubt(const QfOptions *options,
								 const QfCall *call);

extern QfTurn qf_route_turn(const QfOptions *options, const QfCall *call);
extern void qf_route_set_turn(const QfOptions *options, const QfCall *call,
							  QfTurn known);

#endif							/* QF_API_ROUTE_H */
