/*
 * async.h
 *	  Scans that an Append reads at the same time.
 *
 * src/fdw/async.h
 */
#ifndef QF_FDW_ASYNC_H
#define QF_FDW_ASYNC_H

#include "nodes/execnodes.h"
#include "nodes/pathnodes.h"

extern bool qianfanIsForeignPathAsyncCapable(ForeignPath *path);
extern void qianfanForeignAsyncRequest(AsyncRequest *areq);
extern void qianfanForeignAsyncConfigureWait(AsyncRequest *areq);
extern void qianfanForeignAsyncNotify(AsyncRequest *areq);

#endif							/* QF_FDW_ASYNC_H */
