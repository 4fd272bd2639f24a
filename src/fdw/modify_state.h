/*
 * modify_state.h
 *	  An execution that writes to a table, and what all ways to write do alike.
 *
 * src/fdw/modify_state.h
 */
#ifndef QF_FDW_MODIFY_STATE_H
#define QF_FDW_MODIFY_STATE_H

#include "nodes/execnodes.h"
#include "nodes/parsenodes.h"

#include "api/seen.h"
#include "api/write.h"
#include "base/counters.h"
#include "data/row.h"
#include "fdw/insert.h"

typedef struct QfModify
{
	MemoryContext context;		/* "modify": owns this and all it has */
	MemoryContext row_context;	/* of the rows written last */
	Relation	rel;
	QfOptions  *options;
	Oid			user;			/* whose rights it has */
	QfCounters	counters;
	QfWriteKind kind;
	CommandId	statement;
	QfWriter   *writer;			/* NULL before the first row */
	const QfCredential *credential; /* likewise */
	QfRow	   *row;			/* fills all columns that are returned; NULL:
								 * not needed so far */
	bool		returns_known;	/* is the next one set? */
	Bitmapset  *returned;		/* columns that somebody looks at after the
								 * write */
	int			id_attnum;		/* 0: there is none */
	QfInsert   *insert;			/* INSERT */

	/* UPDATE and DELETE */
	AttrNumber	id_junk;		/* hidden columns of the plan, or 0 */
	AttrNumber	row_junk;
	List	   *updated;		/* numbers of the columns set */
	QfSeen	   *seen;			/* ids written */
} QfModify;

/* in modify.c */
extern MemoryContext qf_modify_begin_rows(QfModify *modify);
extern void qf_modify_open(QfModify *modify);
extern void qf_modify_check_policies(EState *estate, ResultRelInfo *relation,
									 WCOKind kind, TupleTableSlot *slot);

/* in returned.c */
extern Bitmapset *qf_returned_columns(QfModify *modify,
									  const ResultRelInfo *relation);
extern bool qf_returned_is_known(const QfModify *modify,
								 TupleTableSlot *slot);
extern void qf_returned_show(QfModify *modify, TupleTableSlot *slot,
							 const QfJson *object, const char *id);

#endif							/* QF_FDW_MODIFY_STATE_H */
