/*
 * row_store.h
 *	  Rows that are kept for a second reading, in bounded memory.
 *
 * src/fdw/row_store.h
 */
#ifndef QF_FDW_ROW_STORE_H
#define QF_FDW_ROW_STORE_H

#include "access/htup.h"

typedef struct QfRowStore QfRowStore;
typedef struct QfRowSequence QfRowSequence;

/* Where a row is. */
typedef struct QfRowPlace
{
	int			file;			/* -1: in memory */
	off_t		offset;			/* in the file, or number in memory */
} QfRowPlace;

extern QfRowStore *qf_row_store_create(MemoryContext owner);
extern void qf_row_store_end(QfRowStore *store);
extern QfRowPlace qf_row_store_put(QfRowStore *store, MinimalTuple tuple);
extern MinimalTuple qf_row_store_get(QfRowStore *store, QfRowPlace *place);

extern QfRowSequence *qf_row_sequence_create(QfRowStore *store);
extern void qf_row_sequence_add(QfRowSequence *sequence, MinimalTuple tuple);
extern void qf_row_sequence_rewind(QfRowSequence *sequence);
extern MinimalTuple qf_row_sequence_next(QfRowSequence *sequence);

#endif							/* QF_FDW_ROW_STORE_H */
