/*
 * describe.c
 *	  SQL functions that say what a foreign table reads.
 *
 * src/copy/describe.c
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

#include "copy/source.h"

PG_FUNCTION_INFO_V1(qianfan_fdw_columns);
PG_FUNCTION_INFO_V1(qianfan_fdw_final_states);

/*
 * qianfan_fdw_columns
 *		A row for each column: name, type, member it reads, and whether the list
 *		carries that.  The last two are NULL where a column reads none.
 */
Datum
qianfan_fdw_columns(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	QfCopySource *source = qf_source_read(PG_GETARG_OID(0));

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < source->desc->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(source->desc, i);
		const QfSource *member = &source->members[i];
		Datum		values[4];
		bool		nulls[4] = {false};

		if (attribute->attisdropped)
			continue;
		values[0] = NameGetDatum(&attribute->attname);
		values[1] = ObjectIdGetDatum(attribute->atttypid);
		nulls[2] = nulls[3] = member->absent || member->paths[0] == NULL;
		if (!nulls[2])
		{
			values[2] = CStringGetTextDatum(member->paths[0]);
			values[3] = BoolGetDatum(member->in_list);
		}
		tuplestore_putvalues(result->setResult, result->setDesc, values,
							 nulls);
	}
	return (Datum) 0;
}

/*
 * qianfan_fdw_final_states
 *		The states after which nothing changes, as the API spells them; they are
 *		compared without case.
 */
Datum
qianfan_fdw_final_states(PG_FUNCTION_ARGS)
{
	QfCopySource *source = qf_source_read(PG_GETARG_OID(0));
	ArrayBuildState *states = initArrayResult(TEXTOID, CurrentMemoryContext,
											  false);

	for (const char *const *state = source->resource->final_states;
		 *state != NULL; state++)
		states = accumArrayResult(states, CStringGetTextDatum(*state), false,
								  TEXTOID, CurrentMemoryContext);
	PG_RETURN_DATUM(makeArrayResult(states, CurrentMemoryContext));
}
