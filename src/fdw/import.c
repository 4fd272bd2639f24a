/*
 * import.c
 *	  IMPORT FOREIGN SCHEMA, written from the descriptors.  Makes no request.
 *
 * src/fdw/import.c
 */
#include "postgres.h"

#include "commands/defrem.h"
#include "executor/spi.h"
#include "foreign/fdwapi.h"
#include "foreign/foreign.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"

#include "base/nls.h"
#include "base/option.h"
#include "fdw/import.h"
#include "resource/registry.h"

/* The one schema there is. */
#define REMOTE_SCHEMA "qianfan"

static void check_statement(ImportForeignSchemaStmt *statement,
							bool *updatable);
static bool has_column(const QfColumn *column, bool updatable);
static void create_table(const char *table, const QfResource *resource,
						 const char *server_name, bool updatable);
static void add_comments(const char *table, const QfResource *resource,
						 bool updatable);

/*
 * Make a table of each resource, with comments, and leave nothing to core.
 *
 * Core would execute commands that are returned to it, but takes no other
 * command than CREATE FOREIGN TABLE, and so would leave out the comments,
 * which are what a BI tool shows of a column.
 */
List *
qianfanImportForeignSchema(ImportForeignSchemaStmt *statement, Oid serverid)
{
	ForeignServer *server = GetForeignServer(serverid);
	bool		updatable = false;
	int			count;
	const QfResource *const *resources = qf_registry_list(&count);
	ErrorContextCallback callback = {
		.previous = error_context_stack,
		.callback = qf_option_hide_statement,
	};

	error_context_stack = &callback;

	check_statement(statement, &updatable);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "could not connect to SPI");
	for (int i = 0; i < count; i++)
	{
		const char *table;

		if (!IsImportableForeignTable(resources[i]->name, statement))
			continue;
		table = quote_qualified_identifier(statement->local_schema,
										   resources[i]->name);
		create_table(table, resources[i], server->servername, updatable);
		add_comments(table, resources[i], updatable);
	}
	if (SPI_finish() != SPI_OK_FINISH)
		elog(ERROR, "could not disconnect from SPI");
	error_context_stack = callback.previous;
	return NIL;
}

/* Is the schema the one there is, and are the options those we know? */
static void
check_statement(ImportForeignSchemaStmt *statement, bool *updatable)
{
	ListCell   *lc;

	foreach(lc, statement->options)
	{
		DefElem    *def = lfirst_node(DefElem, lc);

		if (strcmp(def->defname, "updatable") != 0)
			ereport(ERROR,
					(errcode(ERRCODE_FDW_INVALID_OPTION_NAME),
					 errmsg("invalid option \"%s\"", def->defname),
					 errhint("The only option of IMPORT FOREIGN SCHEMA is \"updatable\".")));
		if (!parse_bool(defGetString(def), updatable))
			ereport(ERROR,
					(errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
					 errmsg("invalid value for option \"%s\": \"%s\"",
							def->defname, defGetString(def)),
					 errhint("Valid values are true and false.")));
	}

	if (strcmp(statement->remote_schema, REMOTE_SCHEMA) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_SCHEMA_NOT_FOUND),
				 errmsg("schema \"%s\" does not exist on server \"%s\"",
						statement->remote_schema, statement->server_name),
				 errhint("The only schema is \"%s\".", REMOTE_SCHEMA)));
}

/* What only INSERT uses is of use only where there is INSERT. */
static bool
has_column(const QfColumn *column, bool updatable)
{
	return updatable || !column->insert_only;
}

/* Each column says what it reads, so that it can be renamed. */
static void
create_table(const char *table, const QfResource *resource,
			 const char *server_name, bool updatable)
{
	StringInfoData command;

	initStringInfo(&command);
	appendStringInfo(&command, "CREATE FOREIGN TABLE %s (", table);
	for (int i = 0; i < resource->ncolumns; i++)
	{
		const QfColumn *column = &resource->columns[i];

		if (has_column(column, updatable))
			appendStringInfo(&command,
							 "%s\n\t%s pg_catalog.%s OPTIONS (field %s)",
							 i > 0 ? "," : "",
							 quote_identifier(column->name),
							 column->sql_type,
							 quote_literal_cstr(column->fields[0]));
	}
	appendStringInfo(&command, "\n) SERVER %s OPTIONS (resource %s%s)",
					 quote_identifier(server_name),
					 quote_literal_cstr(resource->name),
					 updatable ? ", updatable 'true'" : "");
	qf_import_execute(command.data);
}

/* What a column costs is what nobody can see in its name or type. */
static void
add_comments(const char *table, const QfResource *resource, bool updatable)
{
	qf_import_execute(psprintf("COMMENT ON FOREIGN TABLE %s IS %s", table,
							   quote_literal_cstr(resource->comment)));
	for (int i = 0; i < resource->ncolumns; i++)
	{
		const QfColumn *column = &resource->columns[i];
		const char *comment = column->in_list || column->insert_only ?
		column->comment :
		psprintf("%s (costs one API call per %s)", column->comment,
				 resource->noun);

		if (has_column(column, updatable))
			qf_import_execute(psprintf("COMMENT ON COLUMN %s.%s IS %s", table,
									   quote_identifier(column->name),
									   quote_literal_cstr(comment)));
	}
}

/*
 * qf_import_execute
 *		Run a utility command of ours; between SPI_connect() and SPI_finish().
 *		Raises the command's own errors.
 */
void
qf_import_execute(const char *command)
{
	int			result = SPI_execute(command, false, 0);

	if (result != SPI_OK_UTILITY)
		elog(ERROR, "could not execute \"%s\": %s", command,
			 SPI_result_code_string(result));
}
