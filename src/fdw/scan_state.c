/*
 * scan_state.c
 *	  What all ways to scan do alike: begin a fetch, wait or not.
 *
 * src/fdw/scan_state.c
 */
#include "postgres.h"

#include "nodes/nodeFuncs.h"

#include "fdw/scan_state.h"

/*
 * qf_scan_state_fetch
 *		A fetch that is freed with "owner", with the credential of the user
 *		whose rights the scan has; no message will tell what belongs to it.
 *		Raises 28000 if there is none.
 */
QfFetch *
qf_scan_state_fetch(QfScan *scan, MemoryContext owner)
{
	if (scan->credential == NULL)
		scan->credential =
			qf_credential_find(scan->user, scan->options->serverid,
							   scan->context);
	qf_row_set_credential(scan->row, scan->credential);
	return qf_fetch_create(owner, scan->options, scan->credential,
						   &scan->counters);
}

/* Is the next task there, or may we wait for it? */
bool
qf_scan_state_may_fetch(QfScan *scan, QfFetch *fetch)
{
	scan->would_wait = scan->must_not_wait && !qf_fetch_poll(fetch);
	return !scan->would_wait;
}

/*
 * qf_scan_state_has_parameter
 *		Walker: is there a parameter in it that the executor sets, and may set
 *		again?
 */
bool
qf_scan_state_has_parameter(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, Param))
		return ((Param *) node)->paramkind == PARAM_EXEC;
	return expression_tree_walker(node, qf_scan_state_has_parameter, context);
}
