/*
 * late.h
 *	  Items of a list sorted, and their details asked for in that order.
 *
 * src/fdw/late.h
 */
#ifndef QF_FDW_LATE_H
#define QF_FDW_LATE_H

#include "fdw/scan_state.h"

/* What all sorted readings of a scan have in common, and one of them. */
typedef struct QfSorter QfSorter;
typedef struct QfLate QfLate;

extern QfSorter *qf_late_prepare(QfScan *scan, bool keep_list_columns);
extern void qf_late_release(QfSorter *sorter);
extern QfLate *qf_late_create(QfSorter *sorter, MemoryContext owner,
							  int sort_mem);
extern QfFetch *qf_late_fetch(QfLate *late);
extern bool qf_late_next(QfLate *late, TupleTableSlot *slot);
extern void qf_late_free(QfLate *late);

#endif							/* QF_FDW_LATE_H */
