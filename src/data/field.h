/*
 * field.h
 *	  Where the values of a table's columns come from.
 *
 * src/data/field.h
 */
#ifndef QF_DATA_FIELD_H
#define QF_DATA_FIELD_H

#include "utils/relcache.h"

#include "resource/resource.h"

/* Where a column's value comes from. */
typedef struct QfSource
{
	bool		absent;			/* no row has it: dropped, computed by the
								 * server when it is read, or used by INSERT
								 * only */
	const char *paths[QF_MAX_FIELDS];	/* dotted; NULL ends the list; none:
										 * the column cannot be read */
	bool		is_named;		/* paths[0] is the text of the option "field" */
	QfValueKind kind;
	bool		in_list;		/* list items are documented to carry it */
	const char *filter;			/* list parameter that takes it, or NULL */
} QfSource;

extern QfSource *qf_field_sources(Relation rel,
								  const QfResource *resource);
extern bool qf_field_is_id(const QfSource *source,
						   const QfResource *resource);

#endif							/* QF_DATA_FIELD_H */
