/*
 * analyze.h
 *	  ANALYZE.
 *
 * src/fdw/analyze.h
 */
#ifndef QF_FDW_ANALYZE_H
#define QF_FDW_ANALYZE_H

#include "foreign/fdwapi.h"

extern bool qianfanAnalyzeForeignTable(Relation relation,
									   AcquireSampleRowsFunc *func,
									   BlockNumber *totalpages);

#endif							/* QF_FDW_ANALYZE_H */
