/*
 * mirror.c
 *	  qianfan_fdw_mirror(): make a table that can be kept as a copy.
 *
 * src/copy/mirror.c
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "commands/comment.h"
#include "commands/defrem.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "nodes/makefuncs.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/ruleutils.h"
#include "utils/varlena.h"

#include "copy/source.h"
#include "fdw/import.h"

/* The trigger function that fills the history. */
#define HISTORY_FUNCTION "qianfan_fdw_history"

typedef struct Mirror
{
	const QfCopySource *source;
	const char *schema;
	const char *table;
	const char *history;		/* name of the second table, or NULL */
	const char *functions;		/* schema of our functions */
} Mirror;

PG_FUNCTION_INFO_V1(qianfan_fdw_mirror);

/* Where a table of this name would be made: *schema, and its own name. */
static char *
resolve_name(text * name, const char **schema)
{
	RangeVar   *relation = makeRangeVarFromNameList(textToQualifiedNameList(name));

	*schema = get_namespace_name(RangeVarGetCreationNamespace(relation));
	return relation->relname;
}

/* A column of the source as it is written in CREATE TABLE. */
static void
append_column(StringInfo sql, const QfCopySource *source, AttrNumber attnum,
			  const char *name)
{
	Form_pg_attribute attribute = TupleDescAttr(source->desc, attnum - 1);

	appendStringInfo(sql, "%s %s", quote_identifier(name),
					 format_type_extended(attribute->atttypid,
										  attribute->atttypmod,
										  FORMAT_TYPE_TYPEMOD_GIVEN |
										  FORMAT_TYPE_FORCE_QUALIFY));
	if (OidIsValid(attribute->attcollation) &&
		attribute->attcollation != get_typcollation(attribute->atttypid))
		appendStringInfo(sql, " COLLATE %s",
						 generate_collation_name(attribute->attcollation));
}

static void
create_table(const Mirror *mirror)
{
	const QfCopySource *source = mirror->source;
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfo(&sql, "CREATE TABLE %s (",
					 quote_qualified_identifier(mirror->schema,
												mirror->table));
	for (int i = 0; i < source->desc->natts; i++)
	{
		if (TupleDescAttr(source->desc, i)->attisdropped)
			continue;
		append_column(&sql, source, i + 1, qf_source_column(source, i + 1));
		appendStringInfoString(&sql, ", ");
	}
	appendStringInfo(&sql, "synced_at pg_catalog.timestamptz, missing_since pg_catalog.timestamptz, PRIMARY KEY (%s))",
					 quote_identifier(qf_source_column(source, source->id)));
	qf_import_execute(sql.data);
}

/* What a comment says of a column is true of the copy as well. */
static void
copy_comments(const Mirror *mirror)
{
	const QfCopySource *source = mirror->source;
	const char *table = quote_qualified_identifier(mirror->schema,
												   mirror->table);

	for (int i = 0; i <= source->desc->natts; i++)
	{
		char	   *comment;

		if (i > 0 && TupleDescAttr(source->desc, i - 1)->attisdropped)
			continue;
		comment = GetComment(source->relid, RelationRelationId, i);
		if (comment == NULL)
			continue;
		if (i == 0)
			qf_import_execute(psprintf("COMMENT ON TABLE %s IS %s", table,
									   quote_literal_cstr(comment)));
		else
			qf_import_execute(psprintf("COMMENT ON COLUMN %s.%s IS %s", table,
									   quote_identifier(qf_source_column(source, i)),
									   quote_literal_cstr(comment)));
	}
	qf_import_execute(psprintf("COMMENT ON COLUMN %s.synced_at IS 'when the row was written last'",
							   table));
	qf_import_execute(psprintf("COMMENT ON COLUMN %s.missing_since IS 'when the task was found to be gone from the list'",
							   table));
}

static void
create_history(const Mirror *mirror)
{
	const QfCopySource *source = mirror->source;
	const char *history = quote_qualified_identifier(mirror->schema,
													 mirror->history);
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfo(&sql, "CREATE TABLE %s (", history);
	append_column(&sql, source, source->id, "id");
	appendStringInfoString(&sql, " NOT NULL, ");
	append_column(&sql, source, source->state, "state");
	appendStringInfoString(&sql, ", ");
	if (source->ended > 0)
		append_column(&sql, source, source->ended, "finish_time");
	else
		appendStringInfoString(&sql, "finish_time pg_catalog.timestamptz");
	appendStringInfoString(&sql, ", seen_at pg_catalog.timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp())");
	qf_import_execute(sql.data);
	qf_import_execute(psprintf("COMMENT ON TABLE %s IS 'each state of a task, with the time it was seen'",
							   history));
	qf_import_execute(psprintf("CREATE INDEX ON %s (id, seen_at)", history));
}

/* The trigger is told the names, for they may be other ones. */
static void
create_trigger(const Mirror *mirror)
{
	const QfCopySource *source = mirror->source;

	qf_import_execute(psprintf("CREATE TRIGGER qianfan_fdw_history AFTER INSERT OR UPDATE ON %s FOR EACH ROW EXECUTE FUNCTION %s(%s, %s, %s%s%s)",
							   quote_qualified_identifier(mirror->schema,
														  mirror->table),
							   quote_qualified_identifier(mirror->functions,
														  HISTORY_FUNCTION),
							   quote_literal_cstr(mirror->history),
							   quote_literal_cstr(qf_source_column(source,
																   source->id)),
							   quote_literal_cstr(qf_source_column(source,
																   source->state)),
							   source->ended > 0 ? ", " : "",
							   source->ended > 0 ?
							   quote_literal_cstr(qf_source_column(source,
																   source->ended)) : ""));
}

/*
 * qianfan_fdw_mirror
 *		Make a table with the columns of a foreign table, without data, and, if
 *		wanted, a second one that a trigger fills with each change of state.
 *
 * Raises what CREATE TABLE raises, and HV005 if there is no id or state.
 */
Datum
qianfan_fdw_mirror(PG_FUNCTION_ARGS)
{
	Mirror		mirror = {0};
	Oid			relid;

	mirror.source = qf_source_read_tasks(PG_GETARG_OID(0));
	mirror.table = resolve_name(PG_GETARG_TEXT_PP(1), &mirror.schema);
	if (PG_GETARG_BOOL(2))
		mirror.history = makeObjectName(mirror.table, NULL, "history");
	mirror.functions =
		get_namespace_name(get_func_namespace(fcinfo->flinfo->fn_oid));

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "could not connect to SPI");
	create_table(&mirror);
	copy_comments(&mirror);
	if (mirror.history != NULL)
	{
		create_history(&mirror);
		create_trigger(&mirror);
	}
	relid = get_relname_relid(mirror.table,
							  get_namespace_oid(mirror.schema, false));
	if (SPI_finish() != SPI_OK_FINISH)
		elog(ERROR, "could not disconnect from SPI");
	PG_RETURN_OID(relid);
}
