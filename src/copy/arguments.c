/*
 * arguments.c
 *	  How a procedure of ours begins.
 *
 * src/copy/arguments.c
 */
#include "postgres.h"

#include "executor/spi.h"
#include "nodes/parsenodes.h"
#include "tcop/pquery.h"

#include "base/nls.h"
#include "copy/arguments.h"

/*
 * qf_arguments_check
 *		Raise 22004 if one of the first "count" arguments is NULL: a procedure
 *		cannot be STRICT.
 */
void
qf_arguments_check(FunctionCallInfo fcinfo, const char *const *names,
				   int count)
{
	for (int i = 0; i < count; i++)
	{
		if (PG_ARGISNULL(i))
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("argument \"%s\" must not be null", names[i])));
	}
}

/*
 * qf_arguments_connect
 *		Connect to SPI, and if the procedure commits, do so for the first time,
 *		so that it fails at once where that is not possible.
 *
 * "what" is what commits, for the message.  Raises 2D000.
 */
void
qf_arguments_connect(FunctionCallInfo fcinfo, bool commits, const char *what)
{
	bool		atomic = fcinfo->context == NULL ||
	!IsA(fcinfo->context, CallContext) ||
	castNode(CallContext, fcinfo->context)->atomic;

	if (commits && atomic)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TRANSACTION_TERMINATION),
				 errmsg("\"%s\" cannot commit here", what),
				 errhint("CALL it outside of transaction blocks and functions.")));
	if (SPI_connect_ext(commits ? SPI_OPT_NONATOMIC : 0) != SPI_OK_CONNECT)
		elog(ERROR, "could not connect to SPI");
	if (commits)
	{
		SPI_commit();
		EnsurePortalSnapshotExists();
	}
}
