/*
 * source.h
 *	  A foreign table of ours as something to copy or to wait for.
 *
 * src/copy/source.h
 */
#ifndef QF_COPY_SOURCE_H
#define QF_COPY_SOURCE_H

#include "access/tupdesc.h"

#include "base/option.h"
#include "data/field.h"
#include "resource/resource.h"

/* Lives in the context it was read in. */
typedef struct QfCopySource
{
	Oid			relid;
	char	   *relation;		/* its own name, for messages */
	char	   *sql_name;		/* with schema, quoted where need be */
	const QfOptions *options;
	const QfResource *resource;
	TupleDesc	desc;
	const QfSource *members;	/* what each attribute reads */
	AttrNumber	id;				/* columns; 0: there is none */
	AttrNumber	state;
	AttrNumber	created;
	AttrNumber	ended;
} QfCopySource;

extern QfCopySource *qf_source_read(Oid relid);
extern QfCopySource *qf_source_read_tasks(Oid relid);
extern const char *qf_source_column(const QfCopySource *source,
									AttrNumber attnum);
extern char *qf_source_sql_name(Oid relid);
extern bool qf_source_is_final(const QfResource *resource, const char *state);
extern bool qf_source_is_good(const QfResource *resource, const char *state);

#endif							/* QF_COPY_SOURCE_H */
