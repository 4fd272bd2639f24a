/*
 * credential.c
 *	  Access key, secret key and session token of a user on a server.
 *
 * They come from the user mapping.  Superusers, and nobody else, may do
 * without: for them the environment of the server process is looked at, under
 * the names the vendor's SDKs read.
 *
 * src/base/credential.c
 */
#include "postgres.h"

#include "access/reloptions.h"
#include "catalog/pg_user_mapping.h"
#include "commands/defrem.h"
#include "foreign/foreign.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "base/credential.h"

/* A credential, its strings, and the callback that wipes them. */
typedef struct StoredCredential
{
	QfCredential credential;
	MemoryContextCallback cleanup;
} StoredCredential;

static bool read_mapping(Oid *userid, Oid serverid,
						 StoredCredential *stored);
static void read_environment(StoredCredential *stored, MemoryContext owner);
static const char *read_variable(const char *name, const char *option);
static const char *keep(const char *secret, MemoryContext owner);
static void wipe_credential(void *arg);
static void wipe(const char *secret);

/*
 * qf_credential_find
 *		The credential of a role on a server, allocated in "owner" and wiped
 *		when that context is reset or deleted.
 *
 * Raises 28000 when there is none that may be used.
 */
const QfCredential *
qf_credential_find(Oid userid, Oid serverid, const char *server_name,
				   MemoryContext owner)
{
	StoredCredential *stored;
	QfCredential *credential;
	Oid			mapped_user = userid;
	bool		mapped;
	MemoryContext oldcontext = MemoryContextSwitchTo(owner);

	stored = palloc0_object(StoredCredential);
	credential = &stored->credential;
	stored->cleanup.func = wipe_credential;
	stored->cleanup.arg = stored;
	MemoryContextRegisterResetCallback(owner, &stored->cleanup);

	mapped = read_mapping(&mapped_user, serverid, stored);
	if (credential->access_key == NULL && credential->secret_key == NULL &&
		superuser_arg(userid))
		read_environment(stored, owner);
	MemoryContextSwitchTo(oldcontext);

	if (credential->access_key == NULL || credential->secret_key == NULL)
	{
		char	   *user_name = MappingUserName(mapped_user);

		ereport(ERROR,
				(errcode(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION),
				 mapped ?
				 errmsg("user mapping of \"%s\" for server \"%s\" lacks \"%s\"",
						user_name, server_name,
						credential->access_key == NULL ?
						"access_key" : "secret_key") :
				 errmsg("no credentials of user \"%s\" for server \"%s\"",
						user_name, server_name),
				 mapped ?
				 errhint("Set both \"access_key\" and \"secret_key\" with ALTER USER MAPPING.") :
				 errhint("Create a user mapping with the options \"access_key\" and \"secret_key\".")));
	}
	return credential;
}

/*
 * qf_credential_check
 *		Is this the value of such an option?  Returns NULL, or a sentence that
 *		says what is wrong without repeating it.
 */
const char *
qf_credential_check(const char *name, const char *value)
{
	if (value[0] == '\0')
		return "The value must not be empty.";
	/* It travels in a request header. */
	for (const char *p = value; *p != '\0'; p++)
	{
		if (*p <= ' ' || *p >= 0x7f)
			return "The value consists of visible ASCII characters, without spaces.";
	}
	if (strcmp(name, "access_key") == 0 && strchr(value, '/') != NULL)
		return "An access key has no \"/\".";
	return NULL;
}

/* Take the keys in the environment of the server process, if both are there. */
static void
read_environment(StoredCredential *stored, MemoryContext owner)
{
	QfCredential *credential = &stored->credential;
	const char *access_key = read_variable("QIANFAN_ACCESS_KEY", "access_key");
	const char *secret_key = read_variable("QIANFAN_SECRET_KEY", "secret_key");

	if (access_key == NULL || secret_key == NULL)
		return;
	credential->access_key = keep(access_key, owner);
	credential->secret_key = keep(secret_key, owner);
	credential->from_environment = true;
}

/* A variable that stands for an option; NULL if it is empty or not there. */
static const char *
read_variable(const char *name, const char *option)
{
	const char *value = getenv(name);
	const char *problem;

	if (value == NULL || value[0] == '\0')
		return NULL;
	problem = qf_credential_check(option, value);
	if (problem != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION),
				 errmsg("invalid value of environment variable \"%s\"", name),
				 errhint("%s", problem)));
	return value;
}

/*
 * Copy the options of the user's mapping, or of the one for PUBLIC, and tell
 * whose it is; false if there is neither.  GetUserMapping() would raise an
 * error of another kind for a missing mapping, which a superuser need not
 * have.
 */
static bool
read_mapping(Oid *userid, Oid serverid, StoredCredential *stored)
{
	QfCredential *credential = &stored->credential;
	HeapTuple	tuple;
	Datum		datum;
	bool		isnull;
	ArrayType  *array;
	List	   *options;
	ListCell   *lc;

	tuple = SearchSysCache2(USERMAPPINGUSERSERVER,
							ObjectIdGetDatum(*userid),
							ObjectIdGetDatum(serverid));
	if (!HeapTupleIsValid(tuple))
		tuple = SearchSysCache2(USERMAPPINGUSERSERVER,
								ObjectIdGetDatum(InvalidOid),
								ObjectIdGetDatum(serverid));
	if (!HeapTupleIsValid(tuple))
		return false;
	*userid = ((Form_pg_user_mapping) GETSTRUCT(tuple))->umuser;

	datum = SysCacheGetAttr(USERMAPPINGUSERSERVER, tuple,
							Anum_pg_user_mapping_umoptions, &isnull);
	if (isnull)
	{
		ReleaseSysCache(tuple);
		return true;
	}
	/* A copy would be made anyway, and this one we can wipe. */
	array = DatumGetArrayTypePCopy(datum);
	ReleaseSysCache(tuple);
	options = untransformRelOptions(PointerGetDatum(array));
	explicit_bzero(array, VARSIZE(array));

	foreach(lc, options)
	{
		DefElem    *def = lfirst_node(DefElem, lc);
		char	   *value = defGetString(def);

		/* The list's own strings stay: the context they are in is ours. */
		if (strcmp(def->defname, "access_key") == 0)
			credential->access_key = value;
		else if (strcmp(def->defname, "secret_key") == 0)
			credential->secret_key = value;
		else if (strcmp(def->defname, "session_token") == 0)
			credential->session_token = value;
	}
	return true;
}

static const char *
keep(const char *secret, MemoryContext owner)
{
	return MemoryContextStrdup(owner, secret);
}

static void
wipe_credential(void *arg)
{
	QfCredential *credential = &((StoredCredential *) arg)->credential;

	wipe(credential->access_key);
	wipe(credential->secret_key);
	wipe(credential->session_token);
	memset(credential, 0, sizeof(*credential));
}

static void
wipe(const char *secret)
{
	if (secret != NULL)
		explicit_bzero(unconstify(char *, secret), strlen(secret));
}
