/*
 * sqlfuncs.c
 *	  SQL-callable functions.
 *
 * src/fdw/sqlfuncs.c
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(qianfan_fdw_version);

/* The version of this library, which may be newer than the SQL objects. */
Datum
qianfan_fdw_version(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(QIANFAN_FDW_VERSION));
}
