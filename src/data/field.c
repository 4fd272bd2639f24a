/*
 * field.c
 *	  Where the values of a table's columns come from: their names, and the
 *	  column option "field".
 *
 * Core reads the options of one column at a time, and a query wants those of all,
 * when it is planned and when it runs: a sixth of the backend's work for a lookup.
 * So what was read is kept until the table changes.
 *
 * src/data/field.c
 */
#include "postgres.h"

#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "base/option.h"
#include "data/field.h"
#include "resource/registry.h"

/* What is kept of a table. */
typedef struct Kept
{
	Oid			relid;			/* hash key; must be first */
	const QfResource *resource;
	int			natts;
	MemoryContext context;		/* of the sources and what they point to */
	QfSource   *sources;
} Kept;

static HTAB *tables = NULL;		/* Oid -> Kept */
static uint64 nchanges = 0;		/* how often something was forgotten */

static void
forget(Kept *kept)
{
	MemoryContextDelete(kept->context);
	(void) hash_search(tables, &kept->relid, HASH_REMOVE, NULL);
}

/*
 * Relation cache callback: the table, or any, has changed or is gone.  Everything
 * that is stored of a column counts as a part of its table there.
 */
static void
forget_table(Datum arg, Oid relid)
{
	nchanges++;
	if (OidIsValid(relid))
	{
		Kept	   *kept = hash_search(tables, &relid, HASH_FIND, NULL);

		if (kept != NULL)
			forget(kept);
	}
	else
	{
		HASH_SEQ_STATUS status;
		Kept	   *kept;

		/* removing the current one is allowed */
		hash_seq_init(&status, tables);
		while ((kept = hash_seq_search(&status)) != NULL)
			forget(kept);
	}
}

static void
set_up(void)
{
	HASHCTL		control = {.keysize = sizeof(Oid),.entrysize = sizeof(Kept)};

	if (tables != NULL)
		return;
	tables = hash_create("qianfan_fdw sources", 16, &control,
						 HASH_ELEM | HASH_BLOBS);
	CacheRegisterRelcacheCallback(forget_table, (Datum) 0);
}

static void
set_filter(const char *name, const QfResource *resource, QfSource *source)
{
	for (int i = 0; i < resource->nfilters; i++)
	{
		if (strcmp(resource->filters[i].column, name) == 0)
			source->filter = resource->filters[i].parameter;
	}
}

/*
 * The option "field" wins over the column's name.  The first name of a known
 * column stands for all of them, so that a column made by IMPORT FOREIGN
 * SCHEMA may be renamed.
 */
static void
find_source(const char *name, char *field, const QfResource *resource,
			QfSource *source)
{
	const QfColumn *column = field != NULL ?
	qf_registry_field(resource, field) :
	qf_registry_column(resource, name);

	source->kind = column != NULL ? column->kind : QF_VALUE_TEXT;
	source->absent = column != NULL && column->insert_only;
	source->in_list = column != NULL && column->in_list;
	if (column != NULL &&
		(field == NULL || strcmp(column->fields[0], field) == 0))
	{
		memcpy(source->paths, column->fields, sizeof(source->paths));
		set_filter(column->name, resource, source);
	}
	else if (field != NULL)
	{
		source->paths[0] = field;
		source->is_named = true;
	}
}

/* For each attribute, in the current context. */
static QfSource *
read_sources(Relation rel, const QfResource *resource)
{
	TupleDesc	desc = RelationGetDescr(rel);
	QfSource   *sources = palloc0(sizeof(QfSource) * Max(desc->natts, 1));

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, i);

		sources[i].absent = attribute->attisdropped ||
			attribute->attgenerated == ATTRIBUTE_GENERATED_VIRTUAL;
		if (!sources[i].absent)
			find_source(NameStr(attribute->attname),
						qf_option_column_field(RelationGetRelid(rel),
											   attribute->attnum),
						resource, &sources[i]);
	}
	return sources;
}

/* A copy that lives in the current context. */
static QfSource *
copy_sources(const QfSource *sources, int natts)
{
	Size		size = sizeof(QfSource) * Max(natts, 1);
	QfSource   *copy = palloc(size);

	memcpy(copy, sources, size);
	for (int i = 0; i < natts; i++)
	{
		/* all other names are the registry's, which is constant */
		if (copy[i].is_named)
			copy[i].paths[0] = pstrdup(copy[i].paths[0]);
	}
	return copy;
}

static void
keep(Oid relid, const QfSource *sources, int natts, const QfResource *resource)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "qianfan_fdw sources of a table",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext oldcontext = MemoryContextSwitchTo(context);
	QfSource   *copy = copy_sources(sources, natts);
	Kept	   *kept;
	bool		found;

	MemoryContextSwitchTo(oldcontext);
	kept = hash_search(tables, &relid, HASH_ENTER, &found);
	if (found)
		MemoryContextDelete(kept->context);
	MemoryContextSetParent(context, TopMemoryContext);
	kept->context = context;
	kept->sources = copy;
	kept->natts = natts;
	kept->resource = resource;
}

/*
 * qf_field_sources
 *		For each attribute of a table, where its value comes from (palloc'd
 *		array).
 *
 * A column without a field is no error before it is used: whoever renames or
 * adds a column shall be able to read the others.  The caller holds a lock on the
 * table.
 */
QfSource *
qf_field_sources(Relation rel, const QfResource *resource)
{
	Oid			relid = RelationGetRelid(rel);
	int			natts = RelationGetNumberOfAttributes(rel);
	const Kept *kept;
	QfSource   *sources;
	uint64		before;

	set_up();
	kept = hash_search(tables, &relid, HASH_FIND, NULL);
	if (kept != NULL && kept->resource == resource &&
		kept->natts == natts)
		return copy_sources(kept->sources, kept->natts);

	/* while the catalog is read, word of a change may arrive */
	before = nchanges;
	sources = read_sources(rel, resource);
	if (nchanges == before)
		keep(relid, sources, natts, resource);
	return sources;
}

/* Does the column hold what identifies an object? */
bool
qf_field_is_id(const QfSource *source, const QfResource *resource)
{
	return source->paths[0] != NULL &&
		strcmp(source->paths[0], resource->id_field) == 0;
}
