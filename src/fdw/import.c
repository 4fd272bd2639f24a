/*
 * import.c
 *	  IMPORT FOREIGN SCHEMA, written from the descriptors.  Makes no request.
 *
 * src/fdw/import.c
 */
#include "postgres.h"

#include "executor/spi.h"
#include "foreign/fdwapi.h"
#include "foreign/foreign.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"

#include "fdw/import.h"
#include "resource/registry.h"

/* The one schema there is. */
#define REMOTE_SCHEMA "qianfan"

static void check_statement(ImportForeignSchemaStmt *statement);
static void create_table(const char *table, const QfResource *resource,
						 const char *server_name);
static void add_comments(const char *table, const QfResource *resource);
static void execute(const char *command);

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
	int			count;
	const QfResource *const *resources = qf_registry_list(&count);

	check_statement(statement);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "could not connect to SPI");
	for (int i = 0; i < count; i++)
	{
		const char *table;

		if (!IsImportableForeignTable(resources[i]->name, statement))
			continue;
		table = quote_qualified_identifier(statement->local_schema,
										   resources[i]->name);
		create_table(table, resources[i], server->servername);
		add_comments(table, resources[i]);
	}
	if (SPI_finish() != SPI_OK_FINISH)
		elog(ERROR, "could not disconnect from SPI");
	return NIL;
}

static void
check_statement(ImportForeignSchemaStmt *statement)
{
	ListCell   *lc;

	foreach(lc, statement->options)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_INVALID_OPTION_NAME),
				 errmsg("invalid option \"%s\"",
						lfirst_node(DefElem, lc)->defname),
				 errhint("IMPORT FOREIGN SCHEMA takes no options here.")));

	if (strcmp(statement->remote_schema, REMOTE_SCHEMA) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_SCHEMA_NOT_FOUND),
				 errmsg("schema \"%s\" does not exist on server \"%s\"",
						statement->remote_schema, statement->server_name),
				 errhint("The only schema is \"%s\".", REMOTE_SCHEMA)));
}

static void
create_table(const char *table, const QfResource *resource,
			 const char *server_name)
{
	StringInfoData command;

	initStringInfo(&command);
	appendStringInfo(&command, "CREATE FOREIGN TABLE %s (", table);
	for (int i = 0; i < resource->ncolumns; i++)
		appendStringInfo(&command, "%s\n\t%s pg_catalog.%s", i > 0 ? "," : "",
						 quote_identifier(resource->columns[i].name),
						 resource->columns[i].sql_type);
	appendStringInfo(&command, "\n) SERVER %s OPTIONS (resource %s)",
					 quote_identifier(server_name),
					 quote_literal_cstr(resource->name));
	execute(command.data);
}

static void
add_comments(const char *table, const QfResource *resource)
{
	execute(psprintf("COMMENT ON FOREIGN TABLE %s IS %s", table,
					 quote_literal_cstr(resource->comment)));
	for (int i = 0; i < resource->ncolumns; i++)
		execute(psprintf("COMMENT ON COLUMN %s.%s IS %s", table,
						 quote_identifier(resource->columns[i].name),
						 quote_literal_cstr(resource->columns[i].comment)));
}

static void
execute(const char *command)
{
	int			result = SPI_execute(command, false, 0);

	if (result != SPI_OK_UTILITY)
		elog(ERROR, "could not execute \"%s\": %s", command,
			 SPI_result_code_string(result));
}
