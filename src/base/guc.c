/*
 * guc.c
 *	  The configuration parameters qianfan_fdw.*.
 *
 * qianfan_fdw.max_requests is a limit set upon a user, and so it has to fail
 * closed.  What core does when the parameter is defined does not: a value that
 * was given before, when nobody knew the parameter, is tried, and if it is no
 * number, or the parameter may not be set just now, a warning is all there is,
 * and the default, no limit, stands.  So what core is about to try is looked at
 * beforehand, and what became of it afterwards, by comparing sources: a value
 * from where core had one goes before it, or it was lost.
 *
 * Nothing is refused while the library is loaded.  An error there would make
 * every later use fail, for parameters can be defined only once, and
 * session_preload_libraries would lock everybody out.
 *
 * src/base/guc.c
 */
#include "postgres.h"

#include <limits.h>

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/parallel.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_db_role_setting.h"
#include "catalog/pg_parameter_acl.h"
#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "base/guc.h"
#include "base/nls.h"

#define CACHE_SIZE "qianfan_fdw.cache_size"
#define MAX_REQUESTS "qianfan_fdw.max_requests"

/* kB; less would hold nothing that is worth it. */
#define LEAST_CACHE_SIZE 64
#define MOST_CACHE_SIZE (1024 * 1024)

/* Most bytes of a bad value that a message repeats. */
#define TEXT_LIMIT 60

/* A value that the parameter had before it was one. */
typedef struct Setting
{
	GucSource	source;			/* PGC_S_DEFAULT: there was none */
	GucContext	context;
	Oid			role;			/* who set it, where that matters */
	bool		forbidden;		/* by somebody who may not set it? */
	int			limit;			/* -1: not a number, or out of range */
	char		text[TEXT_LIMIT + 1];
} Setting;

bool		qf_guc_enable_cache = true;
bool		qf_guc_enable_late_details = true;
bool		qf_guc_enable_lookup_join = true;

static int	cache_size = 16 * 1024; /* kB */
static int	max_requests = 0;

/*
 * Has the connection, or who may set something for a role, hidden what is
 * configured about memory that is not this session's?
 */
static bool cache_size_hidden = false;

/* The record of max_requests, which says where its value is from. */
static const struct config_generic *parameter = NULL;

static bool preloaded = false;	/* was the parameter there before the login? */
static bool settled = false;	/* have the catalogs been asked? */

/* What RESET goes back to, as far as it was set before the library came. */
static Setting configured;

/* What the session had SET by then, if parallel mode made core drop it. */
static Setting chosen;

static void
keep_setting(Setting *setting, const char *text, GucSource source,
			 GucContext context, Oid role)
{
	int			length = pg_mbcliplen(text, strlen(text), TEXT_LIMIT);

	setting->source = source;
	setting->context = context;
	setting->role = role;
	if (!parse_int(text, &setting->limit, 0, NULL) || setting->limit < 0)
		setting->limit = -1;
	memcpy(setting->text, text, length);
	setting->text[length] = '\0';
}

/* Look at the placeholder, which the definition will remove. */
static void
note_placeholder(void)
{
	const struct config_generic *placeholder =
	qf_compat_find_parameter(CACHE_SIZE);

	cache_size_hidden = placeholder != NULL &&
		(placeholder->flags & GUC_CUSTOM_PLACEHOLDER) != 0 &&
		placeholder->reset_source > PGC_S_ARGV;

	placeholder = qf_compat_find_parameter(MAX_REQUESTS);
	if (placeholder == NULL ||
		(placeholder->flags & GUC_CUSTOM_PLACEHOLDER) == 0)
		return;
	if (qf_compat_reset_text(placeholder) != NULL)
		keep_setting(&configured, qf_compat_reset_text(placeholder),
					 placeholder->reset_source, placeholder->reset_scontext,
					 placeholder->reset_srole);
	if (IsInParallelMode() && placeholder->source > PGC_S_OVERRIDE &&
		qf_compat_present_text(placeholder) != NULL)
		keep_setting(&chosen, qf_compat_present_text(placeholder),
					 placeholder->source, placeholder->scontext,
					 placeholder->srole);
}

/* SHOW tells the limit in force, which core may not know. */
static const char *
show_max_requests(void)
{
	static char text[12];

	snprintf(text, sizeof(text), "%d",
			 settled && qf_guc_max_requests() > 0 ?
			 qf_guc_max_requests() : max_requests);
	return text;
}

/* Nothing at all, or enough for something. */
static bool
check_cache_size(int *newval, void **extra, GucSource source)
{
	if (*newval == 0 || *newval >= LEAST_CACHE_SIZE)
		return true;
	GUC_check_errdetail(qf_translate("It must be 0 or at least %d kB."),
						LEAST_CACHE_SIZE);
	return false;
}

static void
define_parameters(void)
{
	DefineCustomIntVariable(CACHE_SIZE,
							"Sets the memory for answers of the API, shared by all sessions.",
							"Zero remembers nothing. A change takes effect with the next restart, or at once if it is to zero.",
							&cache_size,
							16 * 1024, 0, MOST_CACHE_SIZE,
							PGC_SIGHUP,
							GUC_UNIT_KB,
							check_cache_size, NULL, NULL);
	DefineCustomBoolVariable("qianfan_fdw.enable_cache",
							 "Allows answers to be taken from memory.",
							 NULL,
							 &qf_guc_enable_cache,
							 true,
							 PGC_USERSET,
							 GUC_EXPLAIN,
							 NULL, NULL, NULL);
	DefineCustomBoolVariable("qianfan_fdw.enable_late_details",
							 "Allows details to be asked for after sorting and limiting.",
							 NULL,
							 &qf_guc_enable_late_details,
							 true,
							 PGC_USERSET,
							 GUC_EXPLAIN,
							 NULL, NULL, NULL);
	DefineCustomBoolVariable("qianfan_fdw.enable_lookup_join",
							 "Allows the planner to use the batched lookup join.",
							 NULL,
							 &qf_guc_enable_lookup_join,
							 true,
							 PGC_USERSET,
							 GUC_EXPLAIN,
							 NULL, NULL, NULL);
	DefineCustomIntVariable(MAX_REQUESTS,
							"Sets the number of API calls one statement may make.",
							"Retries count. Zero is no limit.",
							&max_requests,
							0, 0, INT_MAX,
							PGC_SUSET,
							0,
							NULL, NULL, show_max_requests);
	MarkGUCPrefixReserved("qianfan_fdw");
}

/*
 * Define the parameters and reserve their prefix; called from _PG_init().
 *
 * In parallel mode core warns that it drops what was set: each process that
 * loads the library by itself would do so, and of a limit it is not true.  The
 * workers that load it because their leader has it would repeat what the leader
 * has said.
 */
void
qf_guc_init(void)
{
	int			level = client_min_messages;

	preloaded = process_shared_preload_libraries_in_progress;
	note_placeholder();
	PG_TRY();
	{
		if (IsInParallelMode() || IsParallelWorker())
			client_min_messages = ERROR;
		define_parameters();
	}
	PG_FINALLY();
	{
		client_min_messages = level;
	}
	PG_END_TRY();
	parameter = qf_compat_find_parameter(MAX_REQUESTS);
}

/*
 * qf_guc_cache_size
 *		The memory for answers that is configured, in kB; 0 if there is to be none,
 *		or if what is configured cannot be told.
 */
int
qf_guc_cache_size(void)
{
	return cache_size_hidden ? 0 : cache_size;
}

/* The value of max_requests in an array of settings, or NULL. */
static const char *
find_value(ArrayType *settings)
{
	Datum	   *elements;
	int			count;

	deconstruct_array(settings, TEXTOID, -1, false, TYPALIGN_INT,
					  &elements, NULL, &count);
	for (int i = 0; i < count; i++)
	{
		const char *setting = TextDatumGetCString(elements[i]);
		size_t		length = strlen(MAX_REQUESTS);

		if (pg_strncasecmp(setting, MAX_REQUESTS, length) == 0 &&
			setting[length] == '=')
			return setting + length + 1;
	}
	return NULL;
}

/* Has ALTER ROLE or ALTER DATABASE set the parameter for these two? */
static bool
read_row(Relation relation, Oid database, Oid role, GucSource source)
{
	const char *value = NULL;
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&keys[0], Anum_pg_db_role_setting_setdatabase,
				BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(database));
	ScanKeyInit(&keys[1], Anum_pg_db_role_setting_setrole,
				BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(role));
	scan = systable_beginscan(relation, DbRoleSettingDatidRolidIndexId, true,
							  NULL, 2, keys);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
	{
		bool		isnull;
		Datum		settings = heap_getattr(tuple,
											Anum_pg_db_role_setting_setconfig,
											RelationGetDescr(relation),
											&isnull);

		if (!isnull)
			value = find_value(DatumGetArrayTypeP(settings));
		if (value != NULL)
			keep_setting(&configured, value, source, PGC_SUSET,
						 BOOTSTRAP_SUPERUSERID);
	}
	systable_endscan(scan);
	return value != NULL;
}

/*
 * With the library preloaded there was no placeholder when the session began,
 * and of a bad value in these rows, which can be older than the preloading,
 * core has only warned.  Who has logged in counts, as it did then, and not
 * whom the session has become.
 */
static void
read_login_settings(void)
{
	Oid			role = GetAuthenticatedUserId();
	Relation	relation = table_open(DbRoleSettingRelationId, AccessShareLock);

	(void) (read_row(relation, MyDatabaseId, role, PGC_S_DATABASE_USER) ||
			read_row(relation, InvalidOid, role, PGC_S_USER) ||
			read_row(relation, MyDatabaseId, InvalidOid, PGC_S_DATABASE) ||
			read_row(relation, InvalidOid, InvalidOid, PGC_S_GLOBAL));
	table_close(relation, AccessShareLock);
}

/* Was it set by somebody who may not?  The rule is set_config_option()'s. */
static void
check_permission(Setting *setting)
{
	setting->forbidden = setting->source != PGC_S_DEFAULT &&
		(setting->context == PGC_USERSET || setting->context == PGC_BACKEND) &&
		pg_parameter_aclcheck(MAX_REQUESTS, setting->role,
							  ACL_SET) != ACLCHECK_OK;
}

/*
 * qf_guc_settle
 *		Find out what limits this session, as far as catalogs have to be read for
 *		that; to be called before anything that asks qf_guc_max_requests().
 *
 * Raises what reading a catalog may raise.
 */
void
qf_guc_settle(void)
{
	if (settled)
		return;
	if (preloaded && IsUnderPostmaster)
		read_login_settings();
	check_permission(&configured);
	check_permission(&chosen);
	settled = true;
}

/* The lower of two limits, where 0 is none. */
static int
tighter(int a, int b)
{
	if (a == 0 || b == 0)
		return Max(a, b);
	return Min(a, b);
}

/*
 * qf_guc_max_requests
 *		How many API calls the current statement may make; 0 is no limit, and -1
 *		means none, because the limit cannot be told: qf_guc_check_max_requests()
 *		says why.  Raises no error.
 */
int
qf_guc_max_requests(void)
{
	int			limit = max_requests;

	if (!settled)
		return -1;

	/*
	 * Whoever may set it has done so in this session, and core has seen to
	 * it.
	 */
	if (parameter->source > PGC_S_OVERRIDE)
		return limit;
	if (parameter->source < configured.source)
	{
		if (configured.forbidden || configured.limit < 0)
			return -1;
		limit = tighter(limit, configured.limit);
	}
	if (chosen.source != PGC_S_DEFAULT && !chosen.forbidden &&
		chosen.limit >= 0)
		limit = tighter(limit, chosen.limit);
	return limit;
}

/*
 * qf_guc_check_max_requests
 *		Raise 42501 or 22023 if the statement may make no call because its limit
 *		cannot be told.
 */
void
qf_guc_check_max_requests(void)
{
	qf_guc_settle();
	if (qf_guc_max_requests() >= 0)
		return;
	if (configured.forbidden)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to set parameter \"%s\"",
						MAX_REQUESTS),
				 errdetail("The connection was opened with a value for it, which hides what is configured."),
				 errhint("Connect without it: look at PGOPTIONS and the options of the driver.")));
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid value for parameter \"%s\": \"%s\"",
					MAX_REQUESTS, configured.text),
			 configured.source <= PGC_S_ARGV ?
			 errdetail("It was set for the whole server.") :
			 configured.source == PGC_S_CLIENT ?
			 errdetail("It was set by the options of the connection.") :
			 errdetail("It was set by ALTER ROLE or ALTER DATABASE."),
			 errhint("No API call is made until it is a whole number from 0 to %d, in a new session.",
					 INT_MAX)));
}
