/*
 * sqlfuncs.c
 *	  SQL-callable functions.
 *
 * src/fdw/sqlfuncs.c
 */
#include "postgres.h"

#include "fmgr.h"
#include "foreign/fdwapi.h"
#include "foreign/foreign.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

#include "api/check.h"
#include "base/compat.h"
#include "base/nls.h"
#include "fdw/scan.h"

PG_FUNCTION_INFO_V1(qianfan_fdw_version);
PG_FUNCTION_INFO_V1(qianfan_fdw_check);

/* The version of this library, which may be newer than the SQL objects. */
Datum
qianfan_fdw_version(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(QIANFAN_FDW_VERSION));
}

/* The server of that name, if it is one of ours and the caller may use it. */
static Oid
find_server(const char *name)
{
	const ForeignServer *server = GetForeignServerByName(name, false);
	Oid			handler = GetForeignDataWrapper(server->fdwid)->fdwhandler;

	if (!qf_compat_may_use_server(server->serverid, GetUserId()))
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_FOREIGN_SERVER, name);
	if (!OidIsValid(handler) ||
		GetFdwRoutine(handler)->BeginForeignScan != qianfanBeginForeignScan)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("server \"%s\" is not one of qianfan_fdw", name),
				 errhint("Give the name of a server that was made with FOREIGN DATA WRAPPER qianfan_fdw.")));
	return server->serverid;
}

static Datum
text_or_null(const char *text, bool *isnull)
{
	*isnull = text == NULL;
	return text == NULL ? (Datum) 0 : CStringGetTextDatum(text);
}

/* A QfCheckSink: one row of qianfan_fdw_check(). */
static void
put_step(void *arg, const char *step, QfCheckVerdict verdict,
		 const char *detail, const char *hint)
{
	ReturnSetInfo *result = arg;
	Datum		values[4];
	bool		nulls[4] = {false};

	values[0] = CStringGetTextDatum(step);
	values[1] = BoolGetDatum(verdict == QF_CHECK_GOOD);
	nulls[1] = verdict == QF_CHECK_NOT_MADE;
	values[2] = text_or_null(detail, &nulls[2]);
	values[3] = text_or_null(hint, &nulls[3]);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/*
 * qianfan_fdw_check
 *		What works of a server for the caller, step by step; see qf_check_run().
 */
Datum
qianfan_fdw_check(PG_FUNCTION_ARGS)
{
	Oid			serverid = find_server(NameStr(*PG_GETARG_NAME(0)));

	InitMaterializedSRF(fcinfo, 0);
	qf_check_run(serverid, put_step, fcinfo->resultinfo);
	return (Datum) 0;
}
