/*
 * write.h
 *	  Objects created, cancelled and deleted, each once.
 *
 * src/api/write.h
 */
#ifndef QF_API_WRITE_H
#define QF_API_WRITE_H

#include "api/request.h"
#include "base/counters.h"
#include "data/json.h"

typedef struct QfWriter QfWriter;

/* An object to be written; texts are UTF-8 and the caller's. */
typedef struct QfWriteRow
{
	const QfMember *members;	/* of a new object, in the descriptor's order */
	int			nmembers;
	const char *id;				/* of one that there is; of a new one it is
								 * set, palloc'd, when it was created */
	bool		gone;			/* set if there is no such object */
} QfWriteRow;

extern QfWriter *qf_writer_create(MemoryContext owner,
								  const QfOptions *options,
								  const QfCredential *credential,
								  QfCounters *counters, QfWriteKind kind,
								  CommandId statement);
extern void qf_writer_run(QfWriter *writer, QfWriteRow *rows, int nrows);
extern const QfJson *qf_writer_read(QfWriter *writer, const char *id);
extern char *qf_writer_tell(const QfWriter *writer);

#endif							/* QF_API_WRITE_H */
