/*
 * reader.h
 *	  How many rows whoever reads a scan can still want.
 *
 * src/fdw/reader.h
 */
#ifndef QF_FDW_READER_H
#define QF_FDW_READER_H

#include "nodes/execnodes.h"

typedef struct QfReader QfReader;

extern void qf_reader_init(void);
extern QfReader *qf_reader_find(ScanState *node, int most_ahead);
extern void qf_reader_start(QfReader *reader);
extern void qf_reader_count(QfReader *reader, TupleTableSlot *slot);
extern void qf_reader_count_passed(QfReader *reader);
extern int64 qf_reader_left(const QfReader *reader);
extern int64 qf_reader_wanted(QfReader *reader);
extern int64 qf_reader_limit(const QfReader *reader);
extern int64 qf_reader_skipped(const QfReader *reader);
extern bool qf_reader_may_skip(const QfReader *reader);

#endif							/* QF_FDW_READER_H */
