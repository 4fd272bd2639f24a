/*
 * target.c
 *	  A local table that is a copy of a foreign one: what columns they share.
 *
 * src/copy/target.c
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "catalog/pg_index.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "parser/parse_coerce.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/syscache.h"

#include "base/nls.h"
#include "copy/target.h"

/* Columns of the target that are ours to fill, where it has them. */
#define SYNCED_AT "synced_at"
#define MISSING_SINCE "missing_since"

/* Can no two rows have the same value of this column? */
static bool
is_unique_index(Oid index, AttrNumber attnum)
{
	HeapTuple	tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(index));
	Form_pg_index form;
	bool		unique;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for index %u", index);
	form = (Form_pg_index) GETSTRUCT(tuple);
	unique = form->indisunique && form->indisvalid &&
		form->indnkeyatts == 1 && form->indkey.values[0] == attnum &&
		heap_attisnull(tuple, Anum_pg_index_indpred, NULL);
	ReleaseSysCache(tuple);
	return unique;
}

/* Raise 42P10 if nothing keeps an id from being there twice. */
static void
check_unique(Relation relation, AttrNumber attnum)
{
	ListCell   *lc;

	foreach(lc, RelationGetIndexList(relation))
	{
		if (is_unique_index(lfirst_oid(lc), attnum))
			return;
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_COLUMN_REFERENCE),
			 errmsg("table \"%s\" has no unique index on column \"%s\"",
					RelationGetRelationName(relation),
					NameStr(TupleDescAttr(RelationGetDescr(relation),
										  attnum - 1)->attname)),
			 errhint("Make the column the primary key.")));
}

/* The attribute of that name that can be written, or NULL. */
static Form_pg_attribute
find_attribute(TupleDesc desc, const char *name)
{
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, i);

		if (!attribute->attisdropped && attribute->attgenerated == '\0' &&
			strcmp(NameStr(attribute->attname), name) == 0)
			return attribute;
	}
	return NULL;
}

/*
 * Add the column of the target that is called like this one of the source;
 * NULL if there is none.  Raises HV005 if it has no field.
 */
static QfCopyColumn *
add_column(QfCopyTarget *target, TupleDesc desc, const QfCopySource *source,
		   AttrNumber attnum)
{
	const char *name = qf_source_column(source, attnum);
	Form_pg_attribute attribute = find_attribute(desc, name);
	QfCopyColumn *column;

	if (attribute == NULL || source->members[attnum - 1].absent ||
		TupleDescAttr(source->desc, attnum - 1)->attgenerated != '\0')
		return NULL;
	if (source->members[attnum - 1].paths[0] == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_COLUMN_NAME_NOT_FOUND),
				 errmsg("column \"%s\" does not exist in resource \"%s\"",
						name, source->resource->name),
				 errhint("Set the column option \"field\", or drop the column of table \"%s\".",
						 target->relation)));
	column = &target->columns[target->ncolumns++];
	column->name = quote_identifier(pstrdup(name));
	column->source = attnum;
	column->type = attribute->atttypid;
	column->typmod = attribute->atttypmod;
	column->collation = attribute->attcollation;
	column->in_list = source->members[attnum - 1].in_list;
	if (attnum == source->state)
		target->state = column;
	if (attnum == source->created)
		target->created = column;
	if (!column->in_list)
		target->needs_details = true;
	return column;
}

/* The id goes first; without it there is no copy. */
static void
add_id(QfCopyTarget *target, Relation relation, const QfCopySource *source)
{
	TupleDesc	desc = RelationGetDescr(relation);
	const char *name = qf_source_column(source, source->id);
	const QfCopyColumn *id = add_column(target, desc, source, source->id);

	if (id == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("table \"%s\" has no column \"%s\" for the ids of foreign table \"%s\"",
						target->relation, name, source->relation),
				 errhint("Columns are matched by name.")));
	if (!IsBinaryCoercible(id->type, TEXTOID))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" of table \"%s\" must be of type text",
						name, target->relation)));
	check_unique(relation, find_attribute(desc, name)->attnum);
}

static void
read_columns(QfCopyTarget *target, Relation relation,
			 const QfCopySource *source)
{
	TupleDesc	desc = RelationGetDescr(relation);

	target->columns = palloc0_array(QfCopyColumn, source->desc->natts);
	add_id(target, relation, source);
	target->has_synced_at = find_attribute(desc, SYNCED_AT) != NULL;
	target->has_missing_since = find_attribute(desc, MISSING_SINCE) != NULL;
	for (int i = 0; i < source->desc->natts; i++)
	{
		const char *name = qf_source_column(source, i + 1);

		if (i + 1 == source->id ||
			TupleDescAttr(source->desc, i)->attisdropped)
			continue;
		if (add_column(target, desc, source, i + 1) == NULL)
			continue;
		/* Who has tasks with such a member wants to see that. */
		if (strcmp(name, SYNCED_AT) == 0)
			target->has_synced_at = false;
		if (strcmp(name, MISSING_SINCE) == 0)
			target->has_missing_since = false;
	}
}

/*
 * qf_target_check_privilege
 *		Raise 42501 unless the current user may write to the table in some way;
 *		for before one waits for a lock that others want.
 */
void
qf_target_check_privilege(Oid relid)
{
	char	   *name = get_rel_name(relid);

	if (name == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation with OID %u does not exist", relid)));
	if (pg_class_aclcheck(relid, GetUserId(),
						  ACL_INSERT | ACL_UPDATE | ACL_DELETE) != ACLCHECK_OK &&
		pg_attribute_aclcheck_all(relid, GetUserId(), ACL_INSERT | ACL_UPDATE,
								  ACLMASK_ANY) != ACLCHECK_OK)
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_TABLE, name);
}

/*
 * qf_target_read
 *		What the target has of what the source has; locks it until the end of
 *		the transaction.
 *
 * Raises 42P01, 42809, 42703, 42804 or 42P10 if it cannot be a copy.
 */
QfCopyTarget *
qf_target_read(Oid relid, const QfCopySource *source)
{
	QfCopyTarget *target = palloc0_object(QfCopyTarget);
	Relation	relation = try_relation_open(relid, RowExclusiveLock);

	if (relation == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation with OID %u does not exist", relid)));
	if (relation->rd_rel->relkind != RELKIND_RELATION &&
		relation->rd_rel->relkind != RELKIND_PARTITIONED_TABLE)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("relation \"%s\" is not a table",
						RelationGetRelationName(relation))));
	target->relid = relid;
	target->relation = pstrdup(RelationGetRelationName(relation));
	target->sql_name = qf_source_sql_name(relid);
	read_columns(target, relation, source);
	relation_close(relation, NoLock);
	return target;
}
