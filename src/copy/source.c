/*
 * source.c
 *	  A foreign table of ours as something to copy or to wait for.
 *
 * src/copy/source.c
 */
#include "postgres.h"

#include "access/relation.h"
#include "catalog/pg_type.h"
#include "foreign/foreign.h"
#include "parser/parse_coerce.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "base/nls.h"
#include "copy/source.h"
#include "resource/registry.h"

extern Datum qianfan_fdw_handler(PG_FUNCTION_ARGS);

/* Does the foreign table belong to a wrapper with our handler? */
static bool
is_ours(Oid relid)
{
	ForeignServer *server = GetForeignServer(GetForeignTable(relid)->serverid);
	ForeignDataWrapper *wrapper = GetForeignDataWrapper(server->fdwid);
	FmgrInfo	handler;

	if (!OidIsValid(wrapper->fdwhandler))
		return false;
	fmgr_info(wrapper->fdwhandler, &handler);
	return handler.fn_addr == qianfan_fdw_handler;
}

/* Does the attribute read the same as this known column does? */
static bool
reads_column(const QfCopySource *source, int i, const char *name)
{
	const QfColumn *column = qf_registry_column(source->resource, name);

	return column != NULL && source->members[i].paths[0] != NULL &&
		strcmp(source->members[i].paths[0], column->fields[0]) == 0;
}

/* Which of the columns are those that we need to know; the first one counts. */
static void
find_columns(QfCopySource *source)
{
	for (int i = source->desc->natts - 1; i >= 0; i--)
	{
		const char *member = source->members[i].paths[0];

		if (member == NULL)
			continue;
		if (qf_field_is_id(&source->members[i], source->resource))
			source->id = i + 1;
		if (strcmp(member, source->resource->state_fields[0]) == 0)
			source->state = i + 1;
		if (reads_column(source, i, source->resource->created_column))
			source->created = i + 1;
		if (reads_column(source, i, source->resource->ended_column))
			source->ended = i + 1;
	}
}

/*
 * qf_source_sql_name
 *		Name and schema of a relation as they are written in SQL (palloc'd).
 */
char *
qf_source_sql_name(Oid relid)
{
	return quote_qualified_identifier(get_namespace_name(get_rel_namespace(relid)),
									  get_rel_name(relid));
}

/*
 * qf_source_read
 *		What there is to know of a foreign table; locks it until the end of the
 *		transaction, so that it stays true.
 *
 * Raises 42P01 if there is no such relation, 42809 if it is not ours.
 */
QfCopySource *
qf_source_read(Oid relid)
{
	QfCopySource *source = palloc0_object(QfCopySource);
	Relation	relation = try_relation_open(relid, AccessShareLock);

	if (relation == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation with OID %u does not exist", relid)));
	if (relation->rd_rel->relkind != RELKIND_FOREIGN_TABLE || !is_ours(relid))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("relation \"%s\" is not a foreign table of qianfan_fdw",
						RelationGetRelationName(relation))));
	source->relid = relid;
	source->relation = pstrdup(RelationGetRelationName(relation));
	source->sql_name = qf_source_sql_name(relid);
	source->options = qf_option_resolve(GetForeignTable(relid)->serverid,
										relid);
	source->resource = source->options->resource;
	source->desc = CreateTupleDescCopy(RelationGetDescr(relation));
	source->members = qf_field_sources(relation, source->resource);
	find_columns(source);
	relation_close(relation, NoLock);
	return source;
}

/*
 * qf_source_read_tasks
 *		The same of a table that tells which tasks there are and how they are.
 *
 * Raises HV005 besides if it has no column for that, 42804 if ids are not kept
 * as text, so that the API cannot be asked for them.
 */
QfCopySource *
qf_source_read_tasks(Oid relid)
{
	QfCopySource *source = qf_source_read(relid);

	if (source->id == 0 || source->state == 0)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_COLUMN_NAME_NOT_FOUND),
				 errmsg("foreign table \"%s\" has no column that reads \"%s\"",
						source->relation,
						source->id == 0 ? source->resource->id_field :
						source->resource->state_fields[0]),
				 errhint("Add a column with the option \"field\".")));
	if (!IsBinaryCoercible(TupleDescAttr(source->desc,
										 source->id - 1)->atttypid, TEXTOID))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" of foreign table \"%s\" must be of type text",
						qf_source_column(source, source->id),
						source->relation)));
	return source;
}

/* The name of one of its columns. */
const char *
qf_source_column(const QfCopySource *source, AttrNumber attnum)
{
	return NameStr(TupleDescAttr(source->desc, attnum - 1)->attname);
}

static bool
is_one_of(const char *const *states, const char *state)
{
	for (; state != NULL && *states != NULL; states++)
	{
		if (pg_strcasecmp(*states, state) == 0)
			return true;
	}
	return false;
}

/* Does nothing change any more after this state?  NULL is no such state. */
bool
qf_source_is_final(const QfResource *resource, const char *state)
{
	return is_one_of(resource->final_states, state);
}

/* Is it the state of a task that has ended well? */
bool
qf_source_is_good(const QfResource *resource, const char *state)
{
	return is_one_of(resource->good_states, state);
}
