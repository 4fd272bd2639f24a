/*
 * merge_sql.c
 *	  The SQL of a synchronisation.
 *
 * It runs under whatever search_path the caller has: a procedure that commits
 * cannot have its own.  So all that core has is written with its schema,
 * operators included, and nothing is used that looks one up by itself (IS
 * DISTINCT FROM, IN, BETWEEN, CASE with a value, USING).
 *
 * Values are compared by their images (*<>), which need no operator of their
 * type; the casts to record keep that from being taken column by column.
 *
 * The target is t, a stage s or l, the source s.
 *
 * src/copy/merge_sql.c
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/formatting.h"
#include "utils/lsyscache.h"

#include "copy/merge_sql.h"

#define EQUAL "OPERATOR(pg_catalog.=)"

/* The column of the target that has the ids. */
static const char *
id_name(const QfCopyTarget *target)
{
	return target->columns[0].name;
}

/* Columns of the source, by attribute number. */
static void
append_columns(StringInfo sql, const QfCopySource *source, const char *alias,
			   const List *attnums)
{
	const ListCell *lc;

	foreach(lc, attnums)
		appendStringInfo(sql, "%s%s.%s", lc == list_head(attnums) ? "" : ", ",
						 alias,
						 quote_identifier(qf_source_column(source,
														   lfirst_int(lc))));
}

/* Has the task of this column's state ended? */
static void
append_is_final(StringInfo sql, const QfResource *resource,
				const char *alias, const char *column)
{
	appendStringInfo(sql, "(pg_catalog.lower(CAST(%s.%s AS pg_catalog.text) COLLATE pg_catalog.\"C\") "
					 EQUAL " ANY (ARRAY[", alias, column);
	for (int i = 0; resource->final_states[i] != NULL; i++)
	{
		char	   *state = asc_tolower(resource->final_states[i],
										strlen(resource->final_states[i]));

		appendStringInfo(sql, "%s%s", i > 0 ? ", " : "",
						 quote_literal_cstr(state));
	}
	appendStringInfoString(sql, "]::pg_catalog.text[]))");
}

/*
 * A value of the target, or one that would be assigned to it.  An explicit
 * cast to a type with a length cuts where an assignment raises an error, and
 * so would hide a difference.
 */
static void
append_value(StringInfo sql, const QfCopyColumn *column, const char *alias,
			 bool assigned)
{
	Oid			base = getBaseType(column->type);

	if (base == VARCHAROID || base == BPCHAROID)
		appendStringInfo(sql, "CAST(%s.%s AS pg_catalog.text)", alias,
						 column->name);
	else if (assigned)
		appendStringInfo(sql, "CAST(%s.%s AS %s)", alias, column->name,
						 format_type_extended(column->type, column->typmod,
											  FORMAT_TYPE_TYPEMOD_GIVEN |
											  FORMAT_TYPE_FORCE_QUALIFY));
	else
		appendStringInfo(sql, "%s.%s", alias, column->name);
}

static void
append_row(StringInfo sql, const QfCopyTarget *target, const char *alias,
		   bool assigned, bool in_list)
{
	bool		first = true;

	appendStringInfoString(sql, "ROW(");
	for (int i = 1; i < target->ncolumns; i++)
	{
		if (in_list && !target->columns[i].in_list)
			continue;
		if (!first)
			appendStringInfoString(sql, ", ");
		append_value(sql, &target->columns[i], alias, assigned);
		first = false;
	}
	appendStringInfoString(sql, ")::pg_catalog.record");
}

/* Does a row differ, in the columns of the list or in all? */
static void
append_differs(StringInfo sql, const QfCopyTarget *target, const char *alias,
			   bool in_list)
{
	append_row(sql, target, "t", false, in_list);
	appendStringInfoString(sql, " OPERATOR(pg_catalog.*<>) ");
	append_row(sql, target, alias, true, in_list);
}

/* Rows of the target whose task is not in the list. */
static void
append_missing(StringInfo sql, const QfCopyTarget *target)
{
	appendStringInfo(sql, "t.%s IS NOT NULL AND NOT EXISTS (SELECT FROM "
					 QF_MERGE_LIST " AS l WHERE l.%s " EQUAL " t.%s)",
					 id_name(target), id_name(target), id_name(target));
}

/*
 * qf_merge_sql_list
 *		Columns of the source that the list carries; "since": only of tasks that
 *		were not created before $1.
 */
char *
qf_merge_sql_list(const QfCopySource *source, const List *attnums, bool since)
{
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfoString(&sql, "SELECT ");
	append_columns(&sql, source, "s", attnums);
	appendStringInfo(&sql, " FROM %s AS s", source->sql_name);
	if (since)
		appendStringInfo(&sql, " WHERE s.%s OPERATOR(pg_catalog.>=) $1",
						 quote_identifier(qf_source_column(source,
														   source->created)));
	return sql.data;
}

/* Columns of the tasks whose ids are in $1. */
char *
qf_merge_sql_details(const QfCopySource *source, const List *attnums)
{
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfoString(&sql, "SELECT ");
	append_columns(&sql, source, "s", attnums);
	appendStringInfo(&sql, " FROM %s AS s WHERE s.%s " EQUAL " ANY ($1)",
					 source->sql_name,
					 quote_identifier(qf_source_column(source, source->id)));
	return sql.data;
}

/* When the newest task of the target was created. */
char *
qf_merge_sql_newest(const QfCopyTarget *target)
{
	return psprintf(target->created->type == TIMESTAMPTZOID ?
					"SELECT pg_catalog.max(t.%s) FROM %s AS t" :
					"SELECT pg_catalog.max(CAST(t.%s AS pg_catalog.timestamptz)) FROM %s AS t",
					target->created->name, target->sql_name);
}

/*
 * qf_merge_sql_work
 *		What has to be looked at of what is in the list: new tasks, and those
 *		whose columns in the list differ.  If there are columns besides, also
 *		those that have not ended, and their ids only; else whole rows.
 */
char *
qf_merge_sql_work(const QfCopySource *source, const QfCopyTarget *target,
				  const List *attnums)
{
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfoString(&sql, "SELECT ");
	if (target->needs_details)
		appendStringInfo(&sql, "CAST(l.%s AS pg_catalog.text)",
						 id_name(target));
	else
		append_columns(&sql, source, "l", attnums);
	appendStringInfo(&sql, " FROM " QF_MERGE_LIST " AS l LEFT JOIN %s AS t ON t.%s "
					 EQUAL " l.%s WHERE t.%s IS NULL OR ",
					 target->sql_name, id_name(target), id_name(target),
					 id_name(target));
	append_differs(&sql, target, "l", true);
	if (target->needs_details)
	{
		appendStringInfoString(&sql, " OR ");
		append_is_final(&sql, source->resource,
						target->state != NULL ? "t" : "l",
						quote_identifier(qf_source_column(source,
														  source->state)));
		appendStringInfoString(&sql, " IS NOT TRUE");
	}
	return sql.data;
}

/* Ids of tasks that have not ended in the target and are not in the list. */
char *
qf_merge_sql_unfinished(const QfCopySource *source,
						const QfCopyTarget *target)
{
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfo(&sql, "SELECT CAST(t.%s AS pg_catalog.text) FROM %s AS t WHERE ",
					 id_name(target), target->sql_name);
	append_is_final(&sql, source->resource, "t", target->state->name);
	appendStringInfoString(&sql, " IS NOT TRUE AND ");
	if (target->has_missing_since)
		appendStringInfoString(&sql, "t.missing_since IS NULL AND ");
	append_missing(&sql, target);
	return sql.data;
}

/* Assignments to the columns that are ours, at the time $1. */
static void
append_own(StringInfo sql, const QfCopyTarget *target, bool comma,
		   const char *missing_since)
{
	if (target->has_synced_at)
		appendStringInfo(sql, "%ssynced_at = $1", comma ? ", " : "");
	if (target->has_missing_since)
		appendStringInfo(sql, "%smissing_since = %s",
						 comma || target->has_synced_at ? ", " : "",
						 missing_since);
}

/*
 * qf_merge_sql_update
 *		Bring those rows of the batch up to date that the target has, at the
 *		time $1; NULL if nothing can differ.
 */
char *
qf_merge_sql_update(const QfCopySource *source, const QfCopyTarget *target)
{
	StringInfoData sql;

	if (target->ncolumns == 1)
		return NULL;
	initStringInfo(&sql);
	appendStringInfo(&sql, "UPDATE %s AS t SET ", target->sql_name);
	for (int i = 1; i < target->ncolumns; i++)
		appendStringInfo(&sql, "%s%s = s.%s", i > 1 ? ", " : "",
						 target->columns[i].name, target->columns[i].name);
	append_own(&sql, target, true, "NULL");
	appendStringInfo(&sql, " FROM " QF_MERGE_ROWS " AS s WHERE t.%s " EQUAL " s.%s AND (",
					 id_name(target), id_name(target));
	if (target->has_missing_since)
		appendStringInfoString(&sql, "t.missing_since IS NOT NULL OR ");
	append_differs(&sql, target, "s", false);
	appendStringInfoChar(&sql, ')');
	return sql.data;
}

/* Insert those rows of the batch that the target lacks, at the time $1. */
char *
qf_merge_sql_insert(const QfCopySource *source, const QfCopyTarget *target)
{
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfo(&sql, "INSERT INTO %s (", target->sql_name);
	for (int i = 0; i < target->ncolumns; i++)
		appendStringInfo(&sql, "%s%s", i > 0 ? ", " : "",
						 target->columns[i].name);
	appendStringInfoString(&sql, target->has_synced_at ?
						   ", synced_at) SELECT " : ") SELECT ");
	for (int i = 0; i < target->ncolumns; i++)
		appendStringInfo(&sql, "%ss.%s", i > 0 ? ", " : "",
						 target->columns[i].name);
	if (target->has_synced_at)
		appendStringInfoString(&sql, ", $1");
	appendStringInfo(&sql, " FROM " QF_MERGE_ROWS " AS s WHERE NOT EXISTS (SELECT FROM %s AS t WHERE t.%s "
					 EQUAL " s.%s)", target->sql_name, id_name(target),
					 id_name(target));
	return sql.data;
}

/* Tasks that are in the list again, at the time $1. */
char *
qf_merge_sql_returned(const QfCopyTarget *target)
{
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfo(&sql, "UPDATE %s AS t SET ", target->sql_name);
	append_own(&sql, target, false, "NULL");
	appendStringInfo(&sql, " FROM " QF_MERGE_LIST " AS l WHERE t.missing_since IS NOT NULL AND t.%s "
					 EQUAL " l.%s", id_name(target), id_name(target));
	return sql.data;
}

/* How many rows have a task that is not in the list. */
char *
qf_merge_sql_count_missing(const QfCopyTarget *target, bool unmarked)
{
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfo(&sql, "SELECT pg_catalog.count(*) FROM %s AS t WHERE ",
					 target->sql_name);
	if (unmarked)
		appendStringInfoString(&sql, "t.missing_since IS NULL AND ");
	append_missing(&sql, target);
	return sql.data;
}

/* Mark these, at the time $1. */
char *
qf_merge_sql_mark_missing(const QfCopyTarget *target)
{
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfo(&sql, "UPDATE %s AS t SET ", target->sql_name);
	append_own(&sql, target, false, "$1");
	appendStringInfoString(&sql, " WHERE t.missing_since IS NULL AND ");
	append_missing(&sql, target);
	return sql.data;
}

/* Delete these. */
char *
qf_merge_sql_delete_missing(const QfCopyTarget *target)
{
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfo(&sql, "DELETE FROM %s AS t WHERE ", target->sql_name);
	append_missing(&sql, target);
	return sql.data;
}
