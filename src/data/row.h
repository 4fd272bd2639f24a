/*
 * row.h
 *	  From a task object to the columns of a table.
 *
 * src/data/row.h
 */
#ifndef QF_DATA_ROW_H
#define QF_DATA_ROW_H

#include "access/tupdesc.h"
#include "nodes/bitmapset.h"

#include "base/credential.h"
#include "data/json.h"
#include "resource/resource.h"

/* Where a column's value comes from. */
typedef struct QfSource
{
	bool		absent;			/* no row has it: dropped, computed by the
								 * server when it is read, or used by INSERT
								 * only */
	const char *paths[QF_MAX_FIELDS];	/* dotted; NULL ends the list; none:
										 * the column cannot be read */
	QfValueKind kind;
	bool		in_list;		/* list items are documented to carry it */
	const char *filter;			/* list parameter that takes it, or NULL */
} QfSource;

typedef struct QfRow QfRow;

extern QfSource *qf_row_sources(Oid relid, TupleDesc desc,
								const QfResource *resource);
extern bool qf_row_is_id(const QfSource *source, const QfResource *resource);
extern QfRow *qf_row_create(Oid relid, const char *table_name, TupleDesc desc,
							const QfResource *resource, Bitmapset *needed);
extern void qf_row_set_credential(QfRow *row, const QfCredential *credential);
extern void qf_row_fill(QfRow *row, const QfJson *object, const char *id,
						Datum *values, bool *isnull);
extern bool qf_row_lacks_member(const QfRow *row, const QfJson *object);

#endif							/* QF_DATA_ROW_H */
