/*
 * fuzz_row.c
 *	  src/data/row.c: any JSON to columns of many types, in a real server.
 *
 * The table "fuzz_row" has the columns.  The first byte of an input chooses
 * the encodings of database and client, the second one column, or all; the
 * rest is a JSON object.
 *
 * Promises: a value is NULL or its type's output function can print it, and
 * text is valid in the encoding.
 *
 * test/fuzz/fuzz_row.c
 */
#include "postgres.h"

#include "access/relation.h"
#include "catalog/namespace.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "nodes/bitmapset.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "base/text.h"
#include "data/row.h"

#include "fuzz.h"
#include "targets.h"

static TupleDesc desc;
static QfRow **rows;			/* one for each column, one for all */
static Datum *values;
static bool *isnull;

static void set_up(void);
static void set_encodings(int choice);
static void run(const uint8_t *data, size_t size);
static void fill(QfRow *row, const QfJson *object);

const FuzzTarget fuzz_row_target = {"row", set_up, run};

static void
set_up(void)
{
	Relation	relation = relation_open(RelnameGetRelid("fuzz_row"),
										AccessShareLock);
	Bitmapset  *all = NULL;

	desc = RelationGetDescr(relation);
	rows = palloc(sizeof(QfRow *) * (desc->natts + 1));
	for (int i = 0; i < desc->natts; i++)
	{
		rows[i] = qf_row_create(relation, &qf_model_comp_task,
								bms_make_singleton(i + 1));
		all = bms_add_member(all, i + 1);
	}
	rows[desc->natts] = qf_row_create(relation, &qf_model_comp_task, all);
	values = palloc(sizeof(Datum) * desc->natts);
	isnull = palloc(sizeof(bool) * desc->natts);
}

/*
 * The server keeps conversions for the client's encoding, and uses them for
 * ours where the two are the same.
 */
static void
set_encodings(int choice)
{
	static const int encodings[] = {
		PG_UTF8, PG_UTF8, PG_LATIN1, PG_EUC_CN, PG_SQL_ASCII, PG_WIN1251,
	};
	int			server = encodings[choice % lengthof(encodings)];
	int			client = choice & 0x80 ? PG_UTF8 : server;

	SetDatabaseEncoding(server);
	if (PrepareClientEncoding(client) < 0 || SetClientEncoding(client) < 0)
		elog(ERROR, "no conversion between encodings");
}

static void
run(const uint8_t *data, size_t size)
{
	const QfJson *object;
	const char *problem;

	if (size < 2)
		return;
	set_encodings(data[0]);
	object = qf_json_parse(CurrentMemoryContext,
						   fuzz_text(data + 2, size - 2), size - 2,
						   SIZE_MAX, &problem);
	if (object != NULL)
	{
		QfRow	   *row = rows[data[1] % (desc->natts + 1)];

		(void) qf_row_lacks_member(row, object);
		fill(row, object);
	}
}

static void
fill(QfRow *row, const QfJson *object)
{
	const QfJson *id = qf_json_member(object, "id");

	qf_row_fill(row, object, id != NULL ? qf_json_text(id) : "", values,
				isnull);
	for (int i = 0; i < desc->natts; i++)
	{
		Oid			function;
		bool		varlena;
		char	   *printed;

		if (isnull[i])
			continue;
		getTypeOutputInfo(TupleDescAttr(desc, i)->atttypid, &function,
						  &varlena);
		printed = OidOutputFunctionCall(function, values[i]);
		PROMISE(pg_encoding_verifymbstr(GetDatabaseEncoding(), printed,
										strlen(printed)) == strlen(printed));
	}
}
