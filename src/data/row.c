/*
 * row.c
 *	  JSON object + descriptor -> Datum array; names column and object on
 *	  failure.
 *
 * A value travels as text through the input function of the column's type, so
 * a column may have any type its text fits.
 *
 * src/data/row.c
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "base/mask.h"
#include "base/nls.h"
#include "base/option.h"
#include "base/text.h"
#include "data/row.h"

/* Longest text for a type whose input function may put it into a message. */
#define MAX_QUOTED (64 * 1024)

/* A time that Go programs print when there is none. */
#define ZERO_DATE "0000-00-00"

typedef struct RowColumn
{
	int			index;			/* in the tuple descriptor */
	const char *name;
	QfSource	source;
	const char *tops[QF_MAX_FIELDS];	/* first names of source.paths */
	bool		is_json;		/* json or jsonb: takes the member's JSON */
	bool		quotes;			/* may its input function quote the text? */
	bool		hexadecimal;	/* may the text be a hash? */
	bool		is_time;		/* of the API, or of its type */
	bool		empty_is_null;
	FmgrInfo	input;
	Oid			typioparam;
	int32		typmod;
} RowColumn;

struct QfRow
{
	const char *table_name;
	const char *noun;			/* what an object is called */
	int			natts;
	int			ncolumns;		/* needed ones */
	RowColumn  *columns;

	/* what is being converted, for the error context */
	const RowColumn *current;
	const char *id;
	const QfCredential *credential; /* NULL: nothing to hide */
};

static _Noreturn void raise_unknown_column(const char *name,
										   const QfResource *resource);
static void set_up_column(RowColumn *column, Form_pg_attribute attribute);
static const QfJson *find_member(const RowColumn *column,
								 const QfJson *object);
static Datum convert(QfRow *row, RowColumn *column, const QfJson *member,
					 bool *isnull);
static void check_quotable(const QfRow *row, const RowColumn *column,
						   const char *text);
static bool read_time(const char *text, TimestampTz *time);
static bool has_form(const char *text, const char *form);
static int	read_digits(const char *text, int count);
static void add_context(void *arg);

/*
 * qf_row_create
 *		Prepare to fill rows of a table, in the current context.
 *
 * "needed" holds the attribute numbers wanted; others stay NULL.  Raises HV005
 * if a column among them has no field.
 */
QfRow *
qf_row_create(Relation rel, const QfResource *resource, Bitmapset *needed)
{
	TupleDesc	desc = RelationGetDescr(rel);
	QfRow	   *row = palloc0_object(QfRow);
	QfSource   *sources = qf_field_sources(rel, resource);

	row->table_name = RelationGetRelationName(rel);
	row->noun = resource->noun;
	row->natts = desc->natts;
	row->columns = palloc0(sizeof(RowColumn) * Max(desc->natts, 1));
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, i);
		RowColumn  *column = &row->columns[row->ncolumns];

		if (sources[i].absent || !bms_is_member(attribute->attnum, needed))
			continue;
		if (sources[i].paths[0] == NULL)
			raise_unknown_column(NameStr(attribute->attname), resource);
		column->index = i;
		column->source = sources[i];
		set_up_column(column, attribute);
		row->ncolumns++;
	}
	return row;
}

/*
 * qf_row_set_credential
 *		Have no message tell what belongs to this credential, which must live as
 *		long as the row.
 */
void
qf_row_set_credential(QfRow *row, const QfCredential *credential)
{
	row->credential = credential;
}

/*
 * qf_row_fill
 *		Convert an object into values and nulls for all attributes.
 *
 * Allocates in the current context.  "id" is the object's identifier for
 * error contexts.  Raises whatever the types' input functions raise.
 */
void
qf_row_fill(QfRow *row, const QfJson *object, const char *id,
			Datum *values, bool *isnull)
{
	ErrorContextCallback context;

	memset(values, 0, sizeof(Datum) * row->natts);
	memset(isnull, true, sizeof(bool) * row->natts);

	row->id = id;
	context.callback = add_context;
	context.arg = row;
	context.previous = error_context_stack;
	error_context_stack = &context;

	for (int i = 0; i < row->ncolumns; i++)
	{
		RowColumn  *column = &row->columns[i];
		const QfJson *member = find_member(column, object);

		row->current = column;
		values[column->index] = convert(row, column, member,
										&isnull[column->index]);
	}
	error_context_stack = context.previous;
}

/*
 * qf_row_lacks_member
 *		Does an item of a list lack something a needed column reads, so that
 *		only the detail can tell it?
 *
 * Only the first name of a path counts: an object that is there is complete.
 */
bool
qf_row_lacks_member(const QfRow *row, const QfJson *object)
{
	for (int i = 0; i < row->ncolumns; i++)
	{
		const RowColumn *column = &row->columns[i];
		bool		found = column->source.in_list;

		for (int j = 0; !found && j < QF_MAX_FIELDS && column->tops[j]; j++)
			found = qf_json_member(object, column->tops[j]) != NULL;
		if (!found)
			return true;
	}
	return false;
}

static void
raise_unknown_column(const char *name, const QfResource *resource)
{
	StringInfoData names;

	initStringInfo(&names);
	for (int i = 0; i < resource->ncolumns; i++)
	{
		if (!resource->columns[i].insert_only)
			appendStringInfo(&names, "%s%s", i > 0 ? ", " : "",
							 resource->columns[i].name);
	}
	ereport(ERROR,
			(errcode(ERRCODE_FDW_COLUMN_NAME_NOT_FOUND),
			 errmsg("column \"%s\" does not exist in resource \"%s\"",
					name, resource->name),
			 errdetail("Known columns are: %s.", names.data),
			 errhint("Use one of these names, or name a member of the API's answer with the column option \"field\".")));
}

static void
set_up_column(RowColumn *column, Form_pg_attribute attribute)
{
	Oid			base_type = getBaseType(attribute->atttypid);
	Oid			function;
	char		category;
	bool		preferred;

	column->name = pstrdup(NameStr(attribute->attname));
	for (int i = 0; i < QF_MAX_FIELDS && column->source.paths[i]; i++)
		column->tops[i] = pnstrdup(column->source.paths[i],
								   strcspn(column->source.paths[i], "."));
	column->is_json = base_type == JSONOID || base_type == JSONBOID;
	column->typmod = attribute->atttypmod;

	/* No number or time is written as nothing. */
	get_type_category_preferred(base_type, &category, &preferred);
	column->is_time = column->source.kind == QF_VALUE_TIME ||
		category == TYPCATEGORY_DATETIME;
	column->empty_is_null = column->is_time ||
		column->source.kind == QF_VALUE_REFERENCE ||
		column->source.kind == QF_VALUE_REASON ||
		column->source.kind == QF_VALUE_NUMBER ||
		category == TYPCATEGORY_NUMERIC || category == TYPCATEGORY_TIMESPAN;

	getTypeInputInfo(attribute->atttypid, &function, &column->typioparam);
	fmgr_info(function, &column->input);
	column->quotes = !column->is_json && function != F_TEXTIN &&
		function != F_VARCHARIN && function != F_BPCHARIN;
	column->hexadecimal = category != TYPCATEGORY_NUMERIC &&
		category != TYPCATEGORY_DATETIME && category != TYPCATEGORY_BOOLEAN &&
		category != TYPCATEGORY_ENUM && category != TYPCATEGORY_TIMESPAN;
}

/* The first of a column's members that is present. */
static const QfJson *
find_member(const RowColumn *column, const QfJson *object)
{
	for (int i = 0; i < QF_MAX_FIELDS && column->source.paths[i]; i++)
	{
		const QfJson *member = qf_json_member(object,
											  column->source.paths[i]);

		if (member != NULL)
			return member;
	}
	return NULL;
}

static Datum
convert(QfRow *row, RowColumn *column, const QfJson *member, bool *isnull)
{
	const char *text = NULL;
	TimestampTz time;

	if (member != NULL && qf_json_type(member) != QF_JSON_NULL)
	{
		bool		is_string = qf_json_type(member) == QF_JSON_STRING;

		text = column->is_json ? qf_json_print(member) : qf_json_text(member);
		if (is_string && qf_json_is_empty(member) && column->empty_is_null)
			text = NULL;
		else if (is_string && column->is_time &&
				 strncmp(qf_json_text(member), ZERO_DATE,
						 strlen(ZERO_DATE)) == 0)
			text = NULL;
	}

	*isnull = text == NULL;
	if (text != NULL)
	{
		if (qf_json_has_nul(text))
			ereport(ERROR,
					(errcode(ERRCODE_UNTRANSLATABLE_CHARACTER),
					 errmsg("value contains the character U+0000, which cannot be stored")));
		text = pg_any_to_server(text, strlen(text), PG_UTF8);
	}

	/* The usual cases are worth not going through a typmod and a domain. */
	if (text != NULL && column->input.fn_oid == F_TEXTIN)
		return CStringGetTextDatum(text);
	if (text != NULL && column->input.fn_oid == F_TIMESTAMPTZ_IN &&
		column->typmod == -1 && read_time(text, &time))
		return TimestampTzGetDatum(time);

	if (text != NULL && column->quotes)
		check_quotable(row, column, text);

	/* A NULL goes through the input function as well: a domain may refuse it. */
	return InputFunctionCall(&column->input, unconstify(char *, text),
							 column->typioparam, column->typmod);
}

/*
 * A type's input function may refuse a text and quote it.  So it gets none with
 * a secret in it, which a hostile endpoint would repeat, and none that would
 * fill the log.
 */
static void
check_quotable(const QfRow *row, const RowColumn *column, const char *text)
{
	size_t		length = strlen(text);

	if (length > MAX_QUOTED)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("value of %zu bytes is too long for the type of the column",
						length),
				 errhint("Give the column the type text.")));
	if (row->credential != NULL &&
		qf_mask_finds(row->credential, text, !column->hexadecimal))
		ereport(ERROR,
				(errcode(ERRCODE_FDW_UNABLE_TO_CREATE_REPLY),
				 errmsg("value repeats a secret of the request"),
				 errhint("Check that the option \"endpoint\" of the server is the address of the API.")));
}

/*
 * Read a time as the API writes it, such as 2024-04-10T17:16:22+08:00 or with a
 * Z at the end.  Returns false for anything else, for the type's input function
 * to read or to refuse: that knows many forms, and takes ten times as long.
 */
static bool
read_time(const char *text, TimestampTz *time)
{
	static const char form[] = "9999-99-99T99:99:99";
	const char *offset = text + strlen(form);
	struct pg_tm tm = {0};
	int			zone = 0;		/* seconds west of Greenwich */

	if (!has_form(text, form))
		return false;
	tm.tm_year = read_digits(text, 4);
	tm.tm_mon = read_digits(text + 5, 2);
	tm.tm_mday = read_digits(text + 8, 2);
	tm.tm_hour = read_digits(text + 11, 2);
	tm.tm_min = read_digits(text + 14, 2);
	tm.tm_sec = read_digits(text + 17, 2);
	if (tm.tm_year < 1 || tm.tm_mon < 1 || tm.tm_mon > MONTHS_PER_YEAR ||
		tm.tm_mday < 1 ||
		tm.tm_mday > day_tab[isleap(tm.tm_year)][tm.tm_mon - 1] ||
		tm.tm_hour > 23 || tm.tm_min > 59 || tm.tm_sec > 59)
		return false;

	if (strcmp(offset, "Z") != 0)
	{
		int			hours;
		int			minutes;

		if ((*offset != '+' && *offset != '-') ||
			!has_form(offset + 1, "99:99") || offset[6] != '\0')
			return false;
		hours = read_digits(offset + 1, 2);
		minutes = read_digits(offset + 4, 2);
		if (hours > 14 || minutes > 59)
			return false;
		zone = hours * SECS_PER_HOUR + minutes * SECS_PER_MINUTE;
		if (*offset == '+')
			zone = -zone;
	}
	return tm2timestamp(&tm, 0, &zone, time) == 0;
}

/* Does a text begin with this, a 9 standing for any digit? */
static bool
has_form(const char *text, const char *form)
{
	for (; *form != '\0'; text++, form++)
	{
		if (*form == '9' ? (*text < '0' || *text > '9') : *text != *form)
			return false;
	}
	return true;
}

static int
read_digits(const char *text, int count)
{
	int			value = 0;

	for (int i = 0; i < count; i++)
		value = value * 10 + (text[i] - '0');
	return value;
}

/* Error context: which column of which object? */
static void
add_context(void *arg)
{
	QfRow	   *row = arg;

	if (row->current != NULL)
		errcontext("column \"%s\" of foreign table \"%s\", %s \"%s\"",
				   row->current->name, row->table_name, qf_translate(row->noun),
				   row->credential != NULL ?
				   qf_mask_text(row->credential, row->id, QF_TEXT_LIMIT) :
				   qf_text_clean(row->id, QF_TEXT_LIMIT));
}
