/*
 * guc.c
 *	  The configuration parameters qianfan_fdw.*.
 *
 * src/base/guc.c
 */
#include "postgres.h"

#include <limits.h>

#include "utils/guc.h"

#include "base/guc.h"

bool		qf_guc_enable_lookup_join = true;
int			qf_guc_max_requests = 0;

/* Define the parameters and reserve their prefix; called from _PG_init(). */
void
qf_guc_init(void)
{
	DefineCustomBoolVariable("qianfan_fdw.enable_lookup_join",
							 "Allows the planner to use the batched lookup join.",
							 NULL,
							 &qf_guc_enable_lookup_join,
							 true,
							 PGC_USERSET,
							 GUC_EXPLAIN,
							 NULL, NULL, NULL);
	DefineCustomIntVariable("qianfan_fdw.max_requests",
							"Sets the number of API calls one statement may make.",
							"Retries count. Zero is no limit.",
							&qf_guc_max_requests,
							0, 0, INT_MAX,
							PGC_SUSET,
							0,
							NULL, NULL, NULL);
	MarkGUCPrefixReserved("qianfan_fdw");
}
