/*
 * insert.c
 *	  From a row to what a new object consists of.
 *
 * What can be set says the descriptor.  All that can be told to be wrong with a
 * row is an error before anything is sent for it.
 *
 * src/fdw/insert.c
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "api/written.h"
#include "base/compat.h"
#include "base/nls.h"
#include "base/text.h"
#include "data/json.h"
#include "data/field.h"
#include "fdw/insert.h"
#include "resource/resource.h"

/* A column of the table. */
typedef struct InsertColumn
{
	int			member;			/* of the new object that it sets, or -1 */
	bool		computed;		/* not the user's to set */
	FmgrInfo	output;
} InsertColumn;

struct QfInsert
{
	Relation	rel;
	const QfResource *resource;
	CommandId	statement;
	InsertColumn *columns;		/* by attribute number, from 1 on */
	int			natts;
};

/* Which member of a new object a column sets, or -1. */
static int
find_member(const QfWrites *writes, const QfSource *source)
{
	for (int i = 0; source->paths[0] != NULL && i < writes->nmembers; i++)
	{
		if (strcmp(writes->members[i].path, source->paths[0]) == 0)
			return i;
	}
	return -1;
}

/*
 * qf_insert_create
 *		Prepare to insert rows into a table, in the current context, by the
 *		statement of this number.
 */
QfInsert *
qf_insert_create(Relation rel, const QfOptions *options, CommandId statement)
{
	QfInsert   *insert = palloc0_object(QfInsert);
	TupleDesc	desc = RelationGetDescr(rel);
	QfSource   *sources = qf_field_sources(rel, options->resource);

	insert->rel = rel;
	insert->resource = options->resource;
	insert->statement = statement;
	insert->natts = desc->natts;
	insert->columns = palloc0(sizeof(InsertColumn) * (desc->natts + 1));
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, i);
		InsertColumn *column = &insert->columns[i + 1];
		Oid			function;
		bool		is_varlena;

		column->computed = attribute->attisdropped ||
			attribute->attgenerated != '\0';
		column->member = -1;
		if (attribute->attisdropped ||
			attribute->attgenerated == ATTRIBUTE_GENERATED_VIRTUAL)
			continue;
		column->member = find_member(options->resource->writes, &sources[i]);
		getTypeOutputInfo(attribute->atttypid, &function, &is_varlena);
		fmgr_info(function, &column->output);
	}
	return insert;
}

/* Does this column set a member of a new object? */
bool
qf_insert_sets(const QfInsert *insert, int attnum)
{
	return insert->columns[attnum].member >= 0;
}

/* For an error: what the statement has done before, as its detail. */
static int
detail_done(const QfInsert *insert)
{
	char	   *done = qf_written_tell(QF_WRITE_CREATE, insert->statement);

	return done == NULL ? 0 :
		errdetail("Rows of this statement done before: %s.", done);
}

static const char *
column_name(const QfInsert *insert, int attnum)
{
	return NameStr(TupleDescAttr(RelationGetDescr(insert->rel),
								 attnum - 1)->attname);
}

/* The column that sets a member; 0 if there is none. */
static int
column_of(const QfInsert *insert, int member)
{
	for (int i = 1; i <= insert->natts; i++)
	{
		if (insert->columns[i].member == member)
			return i;
	}
	return 0;
}

static _Noreturn void
refuse_column(const QfInsert *insert, int attnum)
{
	StringInfoData names;

	initStringInfo(&names);
	for (int i = 1; i <= insert->natts; i++)
	{
		if (insert->columns[i].member >= 0)
			appendStringInfo(&names, "%s%s", names.len > 0 ? ", " : "",
							 column_name(insert, i));
	}
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("column \"%s\" of foreign table \"%s\" cannot be set",
					column_name(insert, attnum),
					RelationGetRelationName(insert->rel)),
			 detail_done(insert),
			 errhint("INSERT can set these columns: %s.", names.data)));
}

static _Noreturn void
refuse_both(const QfInsert *insert, int one, int other)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("columns \"%s\" and \"%s\" of foreign table \"%s\" cannot both be set",
					column_name(insert, one), column_name(insert, other),
					RelationGetRelationName(insert->rel)),
			 detail_done(insert)));
}

static _Noreturn void
refuse_missing(const QfInsert *insert, int member)
{
	int			attnum = column_of(insert, member);
	const char *path = insert->resource->writes->members[member].path;

	if (attnum == 0)
		ereport(ERROR,
				(errcode(ERRCODE_NOT_NULL_VIOLATION),
				 errmsg("foreign table \"%s\" has no column that sets \"%s\"",
						RelationGetRelationName(insert->rel), path),
				 detail_done(insert),
				 errhint("Add a column with the option \"field\" set to \"%s\".",
						 path)));
	ereport(ERROR,
			(errcode(ERRCODE_NOT_NULL_VIOLATION),
			 errmsg("null value in column \"%s\" of foreign table \"%s\"",
					column_name(insert, attnum),
					RelationGetRelationName(insert->rel)),
			 detail_done(insert),
			 errhint("A new %s needs a value for it.",
					 qf_translate(insert->resource->noun))));
}

/* The value of a column as UTF-8. */
static char *
read_text(QfInsert *insert, int attnum, Datum value)
{
	char	   *text = OutputFunctionCall(&insert->columns[attnum].output,
										  value);

	text = qf_text_to_utf8(text);
	if (text == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_CHARACTER_NOT_IN_REPERTOIRE),
				 errmsg("value of column \"%s\" of foreign table \"%s\" cannot be written in UTF-8",
						column_name(insert, attnum),
						RelationGetRelationName(insert->rel)),
				 detail_done(insert)));
	return text;
}

/* What has parts is given as JSON, and has to be an object. */
static void
check_object(const QfInsert *insert, int attnum, const char *text)
{
	size_t		length = strlen(text);
	const char *problem;
	const QfJson *root;

	root = qf_json_parse(CurrentMemoryContext, pnstrdup(text, length), length,
						 MaxAllocHugeSize, &problem);
	if (root == NULL || qf_json_type(root) != QF_JSON_OBJECT)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("value of column \"%s\" of foreign table \"%s\" is not a JSON object",
						column_name(insert, attnum),
						RelationGetRelationName(insert->rel)),
				 detail_done(insert)));
}

/* Is a member part of this one? */
static bool
is_part(const QfNewMember *part, const QfNewMember *whole)
{
	size_t		length = strlen(whole->path);

	return strncmp(part->path, whole->path, length) == 0 &&
		part->path[length] == '.';
}

/* The member that this one is part of; -1 if there is none. */
static int
whole_of(const QfWrites *writes, int member)
{
	for (int i = 0; i < writes->nmembers; i++)
	{
		if (is_part(&writes->members[member], &writes->members[i]))
			return i;
	}
	return -1;
}

/* Does this member have parts? */
static bool
has_parts(const QfWrites *writes, int member)
{
	return member + 1 < writes->nmembers &&
		is_part(&writes->members[member + 1], &writes->members[member]);
}

/* Is all there that is required, and nothing given twice? */
static void
check_members(const QfInsert *insert, const QfMember *members)
{
	const QfWrites *writes = insert->resource->writes;

	for (int i = 0; i < writes->nmembers; i++)
	{
		int			whole = whole_of(writes, i);
		bool		in_whole = whole >= 0 && members[whole].text != NULL;

		if (in_whole && members[i].text != NULL)
			refuse_both(insert, column_of(insert, whole),
						column_of(insert, i));
		if (writes->members[i].required && members[i].text == NULL &&
			!in_whole)
			refuse_missing(insert, i);
	}
}

/*
 * qf_insert_members
 *		What a row says a new object consists of: *members is an array of the
 *		length that is returned, in the descriptor's order, palloc'd.
 *
 * Raises 0A000 for a column with a value that cannot be set, 23502 if something
 * required is missing, and 22021 or 22023 for values that cannot be sent.
 */
int
qf_insert_members(QfInsert *insert, TupleTableSlot *slot, QfMember **members)
{
	const QfWrites *writes = insert->resource->writes;
	QfMember   *result = palloc0(sizeof(QfMember) * writes->nmembers);

	for (int i = 0; i < writes->nmembers; i++)
	{
		result[i].path = writes->members[i].path;
		result[i].is_json = has_parts(writes, i);
	}
	slot_getallattrs(slot);
	for (int i = 1; i <= insert->natts; i++)
	{
		InsertColumn *column = &insert->columns[i];
		QfMember   *member;

		if (slot->tts_isnull[i - 1] ||
			(column->computed && column->member < 0))
			continue;
		if (column->member < 0)
			refuse_column(insert, i);
		member = &result[column->member];
		if (member->text != NULL)
			refuse_both(insert, column_of(insert, column->member), i);
		member->text = read_text(insert, i, slot->tts_values[i - 1]);
		if (member->is_json)
			check_object(insert, i, member->text);
	}
	check_members(insert, result);
	*members = result;
	return writes->nmembers;
}
