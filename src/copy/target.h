/*
 * target.h
 *	  A local table that is a copy of a foreign one.
 *
 * src/copy/target.h
 */
#ifndef QF_COPY_TARGET_H
#define QF_COPY_TARGET_H

#include "copy/source.h"

/* A column that both tables have. */
typedef struct QfCopyColumn
{
	const char *name;			/* quoted where need be */
	AttrNumber	source;
	Oid			type;			/* in the target */
	int32		typmod;
	Oid			collation;
	bool		in_list;		/* the list carries it */
} QfCopyColumn;

/* Lives in the context it was read in. */
typedef struct QfCopyTarget
{
	Oid			relid;
	char	   *relation;		/* its own name, for messages */
	char	   *sql_name;		/* with schema, quoted where need be */
	QfCopyColumn *columns;		/* the id is the first one */
	int			ncolumns;
	const QfCopyColumn *state;	/* among the columns; NULL: it has none */
	const QfCopyColumn *created;
	bool		needs_details;	/* is a column not in the list? */
	bool		has_synced_at;
	bool		has_missing_since;
} QfCopyTarget;

extern void qf_target_check_privilege(Oid relid);
extern QfCopyTarget *qf_target_read(Oid relid, const QfCopySource *source);

#endif							/* QF_COPY_TARGET_H */
