/*
 * credential.c
 *	  Access key, secret key and session token of a user on a server.
 *
 * They come from the user mapping.  Superusers, and nobody else, may do
 * without where the foreign server is a superuser's, too: for them the
 * environment of the server process is looked at, under the names the vendor's
 * SDKs read.  The keys there are not for whatever endpoint some user gives his
 * own server, hoping that a superuser will read a table of it.
 *
 * src/base/credential.c
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/reloptions.h"
#include "catalog/pg_foreign_server.h"
#include "catalog/pg_user_mapping.h"
#include "commands/defrem.h"
#include "foreign/foreign.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "base/compat.h"
#include "base/credential.h"
#include "base/guc.h"
#include "base/nls.h"

/* What the API keys of the provider begin with, which do not sign requests. */
#define BEARER "bce-v3/"

/* The names the vendor's SDKs read. */
#define ACCESS_KEY_VARIABLE "QIANFAN_ACCESS_KEY"
#define SECRET_KEY_VARIABLE "QIANFAN_SECRET_KEY"

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

/* Does the environment have keys that are not for this server? */
static bool
leaves_environment(Oid user, const ForeignServer *server)
{
	return superuser_arg(user) && !superuser_arg(server->owner) &&
		getenv(ACCESS_KEY_VARIABLE) != NULL;
}

/*
 * May the current user make or alter the user mapping of a role on a server?
 * PostgreSQL manual, CREATE USER MAPPING: the server's owner may, and with
 * USAGE everybody for himself.
 */
static bool
may_map(Oid user, const ForeignServer *server)
{
	return qf_compat_owns_server(server->serverid, GetUserId()) ||
		(user == GetUserId() &&
		 qf_compat_may_use_server(server->serverid, GetUserId()));
}

/*
 * What to do about missing keys; "mapped": is there a mapping without them, and
 * whose is it?  A role that only reads can but ask.
 */
static const char *
advise(Oid user, bool mapped, Oid mapped_user, const ForeignServer *server)
{
	const char *user_name = MappingUserName(user);

	if (!may_map(mapped ? mapped_user : user, server))
		return psprintf(qf_translate("Ask \"%s\", the owner of the server, for a user mapping of \"%s\" with the options \"access_key\" and \"secret_key\"."),
						GetUserNameFromId(server->owner, false), user_name);
	if (mapped)
		return qf_translate("Set both \"access_key\" and \"secret_key\" with ALTER USER MAPPING.");
	if (user != GetUserId())
		return psprintf(qf_translate("Create a user mapping of \"%s\", with whose rights the table is read here, with the options \"access_key\" and \"secret_key\"."),
						user_name);
	return qf_translate("Create a user mapping with the options \"access_key\" and \"secret_key\".");
}

/* Raise 28000. */
static void
refuse(const QfCredential *credential, Oid user, bool mapped, Oid mapped_user,
	   Oid serverid)
{
	const ForeignServer *server = GetForeignServer(serverid);
	const char *user_name = MappingUserName(mapped ? mapped_user : user);
	const char *hint = advise(user, mapped, mapped_user, server);
	bool		leaves = leaves_environment(user, server);

	ereport(ERROR,
			(errcode(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION),
			 mapped ?
			 errmsg("user mapping of \"%s\" for server \"%s\" lacks \"%s\"",
					user_name, server->servername,
					credential->access_key == NULL ?
					"access_key" : "secret_key") :
			 errmsg("no credentials of user \"%s\" for server \"%s\"",
					user_name, server->servername),
			 leaves ?
			 errdetail("The keys in the environment of the server process are used only for a foreign server that belongs to a superuser.") : 0,
			 errhint("%s", hint)));
}

/*
 * qf_credential_find
 *		The credential of a role on a server, allocated in "owner" and wiped
 *		when that context is reset or deleted.
 *
 * Raises 28000 when there is none that may be used.
 */
const QfCredential *
qf_credential_find(Oid userid, Oid serverid, MemoryContext owner)
{
	StoredCredential *stored;
	QfCredential *credential;
	Oid			mapped_user = userid;
	bool		mapped;
	MemoryContext oldcontext = MemoryContextSwitchTo(owner);

	qf_guc_settle();
	stored = palloc0_object(StoredCredential);
	credential = &stored->credential;
	stored->cleanup.func = wipe_credential;
	stored->cleanup.arg = stored;
	MemoryContextRegisterResetCallback(owner, &stored->cleanup);

	mapped = read_mapping(&mapped_user, serverid, stored);
	if (credential->access_key == NULL && credential->secret_key == NULL &&
		credential->session_token == NULL && superuser_arg(userid) &&
		superuser_arg(GetForeignServer(serverid)->owner))
		read_environment(stored, owner);
	MemoryContextSwitchTo(oldcontext);
	credential->mapped_user = mapped_user;

	if (credential->access_key == NULL || credential->secret_key == NULL)
		refuse(credential, userid, mapped, mapped_user, serverid);
	return credential;
}

/* Is this one of the keys that are sent as they are, and sign nothing? */
bool
qf_credential_is_bearer(const char *value)
{
	return pg_strncasecmp(value, BEARER, strlen(BEARER)) == 0;
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
		return gettext_noop("The value must not be empty.");
	/* It travels in a request header. */
	for (const char *p = value; *p != '\0'; p++)
	{
		if (*p <= ' ' || *p >= 0x7f)
			return gettext_noop("The value consists of visible ASCII characters, without spaces.");
	}
	/* Of neither, for both are where somebody may have put it. */
	if (strcmp(name, "session_token") != 0 && qf_credential_is_bearer(value))
		return gettext_noop("This is an API key, with which models are called. The access key and the secret key (AK/SK) are in the provider's console (https://console.bce.baidu.com/iam/#/iam/accesslist), under security authentication.");
	if (strcmp(name, "access_key") == 0 && strchr(value, '/') != NULL)
		return gettext_noop("An access key has no \"/\".");
	return NULL;
}

/* Take the keys in the environment of the server process, if both are there. */
static void
read_environment(StoredCredential *stored, MemoryContext owner)
{
	QfCredential *credential = &stored->credential;
	const char *access_key = read_variable(ACCESS_KEY_VARIABLE, "access_key");
	const char *secret_key = read_variable(SECRET_KEY_VARIABLE, "secret_key");

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
				 errhint("%s", qf_translate(problem))));
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
