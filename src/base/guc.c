/*
 * guc.c
 *	  The configuration parameters qianfan_fdw.*.
 *
 * src/base/guc.c
 */
#include "postgres.h"

#include <limits.h>

#include "access/parallel.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_db_role_setting.h"
#include "miscadmin.h"
#include "utils/guc.h"
#include "utils/snapmgr.h"

#include "base/guc.h"

bool		qf_guc_enable_lookup_join = true;
int			qf_guc_max_requests = 0;

static void apply_role_settings(void);

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
	apply_role_settings();
}

/*
 * Apply what ALTER ROLE and ALTER DATABASE say once more.
 *
 * A connection may ask for any value of a parameter nobody has defined yet,
 * and that took the place of the role's.  Defining the parameter has just
 * taken back what the user may not set, but core has forgotten by then what
 * was there before; without this, anybody could connect without a limit.
 */
static void
apply_role_settings(void)
{
	Oid			database = MyDatabaseId;
	Oid			role;
	Relation	relation;
	Snapshot	snapshot;

	if (!IsTransactionState() || IsParallelWorker() || !OidIsValid(database))
		return;
	role = GetSessionUserId();
	relation = table_open(DbRoleSettingRelationId, AccessShareLock);
	snapshot = RegisterSnapshot(GetCatalogSnapshot(DbRoleSettingRelationId));
	ApplySetting(snapshot, database, role, relation, PGC_S_DATABASE_USER);
	ApplySetting(snapshot, InvalidOid, role, relation, PGC_S_USER);
	ApplySetting(snapshot, database, InvalidOid, relation, PGC_S_DATABASE);
	ApplySetting(snapshot, InvalidOid, InvalidOid, relation, PGC_S_GLOBAL);
	UnregisterSnapshot(snapshot);
	table_close(relation, AccessShareLock);
}
