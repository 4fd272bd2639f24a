/*
 * option.c
 *	  The table of options, its validator, and the values in force.
 *
 * One row per option says all there is to say about it: which objects take
 * it, what values are good, who may set it, and where its value goes.
 *
 * src/base/option.c
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "access/reloptions.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_foreign_data_wrapper.h"
#include "catalog/pg_foreign_server.h"
#include "catalog/pg_foreign_table.h"
#include "catalog/pg_user_mapping.h"
#include "commands/defrem.h"
#include "foreign/foreign.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"

#include "base/credential.h"
#include "base/nls.h"
#include "base/option.h"
#include "resource/registry.h"

#define QF_DEFAULT_ENDPOINT "https://qianfan.baidubce.com"

/* Objects that take an option, as a set. */
#define ON_SERVER 0x01
#define ON_MAPPING 0x02
#define ON_TABLE 0x04
#define ON_COLUMN 0x08

typedef enum OptionKind
{
	KIND_BOOL,
	KIND_INT,
	KIND_DURATION,				/* milliseconds */
	KIND_SIZE,					/* bytes */
	KIND_REAL,
	KIND_ENDPOINT,
	KIND_PROXY,
	KIND_FILE,					/* absolute path on the server */
	KIND_SECRET,
	KIND_RESOURCE,
	KIND_ORDER,
	KIND_FIELD
} OptionKind;

typedef struct Option
{
	const char *name;
	int			objects;		/* ON_… */
	OptionKind	kind;
	double		min;			/* bounds of numbers, durations, sizes */
	double		max;
	bool		superuser;		/* only a superuser may set it */
	size_t		offset;			/* of its member in QfOptions, if it has one */
} Option;

#define MEMBER(member) offsetof(QfOptions, member)

static const Option option_table[] = {
	{"endpoint", ON_SERVER, KIND_ENDPOINT, 0, 0, false, MEMBER(endpoint)},
	{"connect_timeout", ON_SERVER, KIND_DURATION, 1, 86400000, false, MEMBER(connect_timeout)},
	{"request_timeout", ON_SERVER, KIND_DURATION, 1, 86400000, false, MEMBER(request_timeout)},
	{"max_concurrency", ON_SERVER | ON_TABLE, KIND_INT, 1, 256, false, MEMBER(max_concurrency)},
	{"max_retries", ON_SERVER, KIND_INT, 0, 10, false, MEMBER(max_retries)},
	{"retry_delay", ON_SERVER, KIND_DURATION, 1, 20000, false, MEMBER(retry_delay)},
	{"rate_limit", ON_SERVER, KIND_REAL, 0, 1000000, false, MEMBER(rate_limit)},
	{"cache_max_age", ON_SERVER | ON_TABLE, KIND_DURATION, 0, 604800000, false, MEMBER(cache_max_age)},
	{"cache_max_age_final", ON_SERVER | ON_TABLE, KIND_DURATION, 0, 604800000, false, MEMBER(cache_max_age_final)},
	{"page_size", ON_SERVER | ON_TABLE, KIND_INT, 1, 100, false, MEMBER(page_size)},
	{"list_order", ON_SERVER | ON_TABLE, KIND_ORDER, 0, 0, false, MEMBER(list_order)},
	{"max_response_size", ON_SERVER, KIND_SIZE, 1024, 1073741824, false, MEMBER(max_response_size)},
	{"proxy", ON_SERVER, KIND_PROXY, 0, 0, true, MEMBER(proxy)},
	{"ca_file", ON_SERVER, KIND_FILE, 0, 0, true, MEMBER(ca_file)},
	{"allow_plaintext", ON_SERVER, KIND_BOOL, 0, 0, true, MEMBER(allow_plaintext)},
	{"updatable", ON_SERVER | ON_TABLE, KIND_BOOL, 0, 0, false, MEMBER(updatable)},
	{"access_key", ON_MAPPING, KIND_SECRET},
	{"secret_key", ON_MAPPING, KIND_SECRET},
	{"session_token", ON_MAPPING, KIND_SECRET},
	{"resource", ON_TABLE, KIND_RESOURCE, 0, 0, false, MEMBER(resource)},
	{"field", ON_COLUMN, KIND_FIELD},
};

/* The objects, for choosing rows of the table and for hints. */
static const struct
{
	Oid			catalog;
	int			object;
	const char *noun;
}			object_table[] = {
	{ForeignDataWrapperRelationId, 0, gettext_noop("foreign-data wrapper")},
	{ForeignServerRelationId, ON_SERVER, gettext_noop("server")},
	{UserMappingRelationId, ON_MAPPING, gettext_noop("user mapping")},
	{ForeignTableRelationId, ON_TABLE, gettext_noop("foreign table")},
	{AttributeRelationId, ON_COLUMN, gettext_noop("column")},
};

PG_FUNCTION_INFO_V1(qianfan_fdw_validator);

static void refuse_name(const char *name, int object, const char *noun);
static _Noreturn void refuse_value(const Option *option, const char *value,
								   const char *hint);
static const Option *find_option(const char *name, int objects);
static void check_value(const Option *option, char *value, QfOptions *target);
static void check_number(const Option *option, char *value, void *member);
static bool read_order(const char *value, QfListOrder *order);
static void check_text(const Option *option, char *value, void *member);
static void check_plaintext(const QfOptions *options);
static void set_defaults(QfOptions *options);
static void apply(List *options, int object, QfOptions *target);

/*
 * qianfan_fdw_validator
 *		Called with the options a DDL command is about to store (PostgreSQL
 *		manual, CREATE FOREIGN DATA WRAPPER, VALIDATOR).
 */
Datum
qianfan_fdw_validator(PG_FUNCTION_ARGS)
{
	ErrorContextCallback callback = {
		.previous = error_context_stack,
		.callback = qf_option_hide_statement,
	};

	error_context_stack = &callback;
	qf_option_validate(untransformRelOptions(PG_GETARG_DATUM(0)),
					   PG_GETARG_OID(1));
	error_context_stack = callback.previous;
	PG_RETURN_VOID();
}

/*
 * qf_option_hide_statement
 *		To be called as an error context callback: keeps the statement, and the
 *		statements it was called from, out of the server's log.
 *
 * Whatever is raised meanwhile, by us or by functions of the server, comes past
 * here.  The DDL may hold keys, beside or instead of what is wrong with it.
 */
void
qf_option_hide_statement(void *unused)
{
	errhidestmt(true);
	errhidecontext(true);
}

/*
 * qf_option_validate
 *		Check every option an object of the given catalog is about to get.
 *
 * Raises HV00D for an unknown or misplaced name, HV024 for a bad value, 42501
 * for an option that is a superuser's.  The latter looks at all options the
 * object will have, not only at those that change, for the validator is not
 * told which do: only a superuser may alter a server a superuser's option is
 * set on, and so nobody can bend such an option to another endpoint.
 */
void
qf_option_validate(List *options, Oid catalog)
{
	QfOptions	target;
	int			object = 0;
	const char *noun = gettext_noop("database object");
	ListCell   *lc;

	for (int i = 0; i < lengthof(object_table); i++)
	{
		if (object_table[i].catalog == catalog)
		{
			object = object_table[i].object;
			noun = object_table[i].noun;
		}
	}

	memset(&target, 0, sizeof(target));
	set_defaults(&target);
	foreach(lc, options)
	{
		DefElem    *def = lfirst_node(DefElem, lc);
		const Option *option = find_option(def->defname, object);

		if (option == NULL)
		{
			refuse_name(def->defname, object, noun);
			continue;
		}
		if (option->superuser && !superuser())
			ereport(ERROR,
					(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
					 errmsg("permission denied to set option \"%s\"",
							option->name),
					 errhint("Only a superuser may set this option or alter a %s that has it.",
							 qf_translate(noun))));
		check_value(option, defGetString(def), &target);
	}
	if (object == ON_SERVER)
		check_plaintext(&target);
}

/*
 * qf_option_resolve
 *		The options in force for a table, or for a server when relid is
 *		InvalidOid.  Palloc'd in the current context.
 */
QfOptions *
qf_option_resolve(Oid serverid, Oid relid)
{
	QfOptions  *options = palloc0_object(QfOptions);
	ForeignServer *server = GetForeignServer(serverid);

	set_defaults(options);
	options->serverid = serverid;
	options->server_name = server->servername;
	apply(server->options, ON_SERVER, options);
	if (OidIsValid(relid))
		apply(GetForeignTable(relid)->options, ON_TABLE, options);
	check_plaintext(options);
	return options;
}

/*
 * qf_option_column_field
 *		The column option "field" (palloc'd), or NULL.
 */
char *
qf_option_column_field(Oid relid, int attnum)
{
	ListCell   *lc;

	foreach(lc, GetForeignColumnOptions(relid, attnum))
	{
		DefElem    *def = lfirst_node(DefElem, lc);

		if (strcmp(def->defname, "field") == 0)
			return defGetString(def);
	}
	return NULL;
}

/* Raise HV00D; the hint lists what this object takes. */
static void
refuse_name(const char *name, int object, const char *noun)
{
	StringInfoData valid;
	StringInfoData elsewhere;

	initStringInfo(&valid);
	initStringInfo(&elsewhere);
	for (int i = 0; i < lengthof(option_table); i++)
	{
		if (option_table[i].objects & object)
			appendStringInfo(&valid, "%s%s", valid.len > 0 ? ", " : "",
							 option_table[i].name);
		else if (strcmp(option_table[i].name, name) == 0)
		{
			for (int j = 0; j < lengthof(object_table); j++)
			{
				if (option_table[i].objects & object_table[j].object)
					appendStringInfo(&elsewhere,
									 elsewhere.len > 0 ?
									 qf_translate(" or a %s") :
									 qf_translate("a %s"),
									 qf_translate(object_table[j].noun));
			}
		}
	}

	ereport(ERROR,
			(errcode(ERRCODE_FDW_INVALID_OPTION_NAME),
			 errmsg("invalid option \"%s\"", name),
			 elsewhere.len > 0 ?
			 errdetail("\"%s\" is an option of %s.", name, elsewhere.data) : 0,
			 valid.len > 0 ?
			 errhint("Valid options of a %s are: %s.", qf_translate(noun),
					 valid.data) :
			 errhint("A %s takes no options.", qf_translate(noun))));
}

/*
 * Raise HV024.  The value of a secret, a bearer key, or a URL with a password or
 * a query is not repeated: it would reach the server's log, and a wrong secret often is a
 * right one of somewhere else.
 */
static void
refuse_value(const Option *option, const char *value, const char *hint)
{
	if (option->kind == KIND_SECRET || strpbrk(value, "@?") != NULL ||
		qf_credential_is_bearer(value))
		ereport(ERROR,
				(errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
				 errmsg("invalid value for option \"%s\"", option->name),
				 errhint("%s", hint)));
	ereport(ERROR,
			(errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
			 errmsg("invalid value for option \"%s\": \"%s\"",
					option->name, value),
			 errhint("%s", hint)));
}

static const Option *
find_option(const char *name, int objects)
{
	for (int i = 0; i < lengthof(option_table); i++)
	{
		if ((option_table[i].objects & objects) &&
			strcmp(option_table[i].name, name) == 0)
			return &option_table[i];
	}
	return NULL;
}

/* Check a value and store it in its member of *target, if it has one. */
static void
check_value(const Option *option, char *value, QfOptions *target)
{
	void	   *member = (char *) target + option->offset;

	switch (option->kind)
	{
		case KIND_BOOL:
			if (!parse_bool(value, (bool *) member))
				refuse_value(option, value, qf_translate("Valid values are true and false."));
			break;
		case KIND_INT:
		case KIND_DURATION:
		case KIND_SIZE:
		case KIND_REAL:
			check_number(option, value, member);
			break;
		default:
			check_text(option, value, member);
	}
}

/* The kinds that are numbers, with or without a unit. */
static void
check_number(const Option *option, char *value, void *member)
{
	int			flags = 0;
	char	   *bounds;

	if (option->kind == KIND_REAL)
	{
		double		number;

		bounds = psprintf(qf_translate("Valid values are numbers from %g to %.0f."),
						  option->min, option->max);
		if (!parse_real(value, &number, 0, NULL) || isnan(number) ||
			number < option->min || number > option->max)
			refuse_value(option, value, bounds);
		*(double *) member = number;
		return;
	}

	if (option->kind == KIND_DURATION)
	{
		flags = GUC_UNIT_MS;
		bounds = psprintf(qf_translate("Valid values are durations from %.0f ms to %.0f ms, such as \"500ms\", \"30s\" or a number of milliseconds."),
						  option->min, option->max);
	}
	else if (option->kind == KIND_SIZE)
	{
		flags = GUC_UNIT_BYTE;
		bounds = psprintf(qf_translate("Valid values are sizes from %.0f B to %.0f B, such as \"512kB\", \"16MB\" or a number of bytes."),
						  option->min, option->max);
	}
	else
		bounds = psprintf(qf_translate("Valid values are whole numbers from %.0f to %.0f."),
						  option->min, option->max);

	if (!parse_int(value, (int *) member, flags, NULL) ||
		(option->kind == KIND_INT && strchr(value, '.') != NULL) ||
		*(int *) member < option->min || *(int *) member > option->max)
		refuse_value(option, value, bounds);
}

/*
 * "none", or the column that a resource may be listed in the order of, and the
 * direction; false if it is nothing like that.
 */
static bool
read_order(const char *value, QfListOrder *order)
{
	int			count;
	const QfResource *const *resources = qf_registry_list(&count);

	*order = QF_ORDER_NONE;
	for (int i = 0; i < count; i++)
	{
		const char *column = resources[i]->order_column;
		size_t		length = column != NULL ? strlen(column) : 0;

		if (column == NULL || pg_strncasecmp(value, column, length) != 0)
			continue;
		if (pg_strcasecmp(value + length, " asc") == 0)
			*order = QF_ORDER_RISING;
		else if (pg_strcasecmp(value + length, " desc") == 0)
			*order = QF_ORDER_FALLING;
	}
	return *order != QF_ORDER_NONE || pg_strcasecmp(value, "none") == 0;
}

/* The kinds that are text of some form. */
static void
check_text(const Option *option, char *value, void *member)
{
	const char *problem = NULL;

	switch (option->kind)
	{
		case KIND_ENDPOINT:
			problem = qf_endpoint_parse(value, (QfEndpoint *) member);
			break;
		case KIND_PROXY:
			problem = qf_endpoint_check_proxy(value);
			*(char **) member = value;
			break;
		case KIND_FILE:
			if (!is_absolute_path(value))
				problem = gettext_noop("Give the absolute path of a file on the database server.");
			*(char **) member = value;
			break;
		case KIND_SECRET:
			problem = qf_credential_check(option->name, value);
			break;
		case KIND_RESOURCE:
			*(const QfResource **) member = qf_registry_find(value);
			if (*(const QfResource **) member == NULL)
			{
				StringInfoData names;
				int			count;
				const QfResource *const *resources = qf_registry_list(&count);

				initStringInfo(&names);
				for (int i = 0; i < count; i++)
					appendStringInfo(&names, "%s%s", i > 0 ? ", " : "",
									 resources[i]->name);
				problem = psprintf(qf_translate("Valid values are: %s."), names.data);
			}
			break;
		case KIND_ORDER:
			if (!read_order(value, (QfListOrder *) member))
				problem = gettext_noop("Valid values are: none, create_time asc, create_time desc.");
			break;
		case KIND_FIELD:
			if (value[0] == '\0' || value[0] == '.' ||
				value[strlen(value) - 1] == '.' || strstr(value, "..") != NULL)
				problem = gettext_noop("Give member names joined by dots, such as \"config.strategy\".");
			break;
		default:
			elog(ERROR, "unexpected kind of option \"%s\"", option->name);
	}
	if (problem != NULL)
		refuse_value(option, value, qf_translate(problem));
}

/*
 * qf_option_is_private
 *		Can nobody read or forge what is exchanged with the endpoint, because of
 *		TLS or because it does not leave the machine?
 */
bool
qf_option_is_private(const QfOptions *options)
{
	return options->endpoint.tls ||
		(options->endpoint.loopback && options->proxy == NULL);
}

/*
 * Requests carry a signature and perhaps a session token, so they leave the
 * machine in the clear only where a superuser allowed it.
 */
static void
check_plaintext(const QfOptions *options)
{
	if (!qf_option_is_private(options) && !options->allow_plaintext)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
				 errmsg("invalid value for option \"%s\": plain \"http://\" to host \"%s\"",
						"endpoint", options->endpoint.host),
				 options->endpoint.loopback ?
				 errdetail("Through the \"proxy\", requests leave this machine.") : 0,
				 errhint("Use \"https://\", or have a superuser set the option \"allow_plaintext\" of the server.")));
}

static void
set_defaults(QfOptions *options)
{
	if (qf_endpoint_parse(QF_DEFAULT_ENDPOINT, &options->endpoint) != NULL)
		elog(ERROR, "default endpoint is malformed");
	options->connect_timeout = 10 * 1000;
	options->request_timeout = 60 * 1000;
	options->max_concurrency = 16;
	options->max_retries = 3;
	options->retry_delay = 300;
	options->page_size = 100;
	options->max_response_size = 16 * 1024 * 1024;
	options->resource = &qf_model_comp_task;
}

/*
 * Store an object's options.  They were validated when the DDL ran; checking
 * them again costs little and holds whatever got into the catalogs otherwise.
 */
static void
apply(List *options, int object, QfOptions *target)
{
	ListCell   *lc;

	foreach(lc, options)
	{
		DefElem    *def = lfirst_node(DefElem, lc);
		const Option *option = find_option(def->defname, object);

		if (option == NULL)
			elog(ERROR, "unexpected option \"%s\"", def->defname);
		check_value(option, defGetString(def), target);
	}
}

/* The value of "list_order" that stands for an order. */
const char *
qf_option_order_name(QfListOrder order)
{
	return order == QF_ORDER_RISING ? "create_time asc" :
		order == QF_ORDER_FALLING ? "create_time desc" : "none";
}

/* A number with the largest unit that leaves it whole. */
static char *
print_with_unit(int value, int factor, const char *const *units)
{
	while (units[1] != NULL && value != 0 && value % factor == 0)
	{
		value /= factor;
		units++;
	}
	return psprintf("%d%s", value, units[0]);
}

/* The value of an option of a server; NULL if there is none, or it is secret. */
static const char *
print_value(const Option *option, const QfOptions *options)
{
	static const char *const times[] = {"ms", "s", NULL};
	static const char *const sizes[] = {"B", "kB", "MB", "GB", NULL};
	const void *member = (const char *) options + option->offset;
	const QfEndpoint *endpoint = member;

	switch (option->kind)
	{
		case KIND_BOOL:
			return *(const bool *) member ? "true" : "false";
		case KIND_INT:
			return psprintf("%d", *(const int *) member);
		case KIND_DURATION:
			return print_with_unit(*(const int *) member, 1000, times);
		case KIND_SIZE:
			return print_with_unit(*(const int *) member, 1024, sizes);
		case KIND_REAL:
			return psprintf("%g", *(const double *) member);
		case KIND_ENDPOINT:
			return psprintf("%s://%s%s", endpoint->tls ? "https" : "http",
							endpoint->host, endpoint->prefix);
		case KIND_ORDER:
			return qf_option_order_name(*(const QfListOrder *) member);
		case KIND_PROXY:
		case KIND_FILE:
			return *(const char *const *) member;
		default:
			return NULL;
	}
}

/*
 * qf_option_describe
 *		The options of the server that are in force, as they are written in
 *		OPTIONS (...); palloc'd.
 */
char *
qf_option_describe(const QfOptions *options)
{
	StringInfoData text;

	initStringInfo(&text);
	for (int i = 0; i < lengthof(option_table); i++)
	{
		const char *value = NULL;

		if (option_table[i].objects & ON_SERVER)
			value = print_value(&option_table[i], options);
		if (value != NULL)
			appendStringInfo(&text, "%s%s '%s'", text.len > 0 ? ", " : "",
							 option_table[i].name, value);
	}
	return text.data;
}
