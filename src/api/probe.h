/*
 * probe.h
 *	  Questions that a check asks, and their answers side by side.
 *
 * src/api/probe.h
 */
#ifndef QF_API_PROBE_H
#define QF_API_PROBE_H

#include "api/queue.h"
#include "api/response.h"

/* An error that was not raised; translated, detail and hint may be NULL. */
typedef struct QfProbeError
{
	int			sqlstate;		/* 0: there is none */
	const char *message;
	const char *detail;
	const char *hint;
} QfProbeError;

/* Pages of the list that are asked for. */
typedef enum QfProbePage
{
	QF_PROBE_FIRST,
	QF_PROBE_SECOND,
	QF_PROBE_LAST,				/* the first one in the other direction */
	QF_PROBE_LAST_BUT_ONE
} QfProbePage;

#define QF_PROBE_NPAGES (QF_PROBE_LAST_BUT_ONE + 1)

typedef struct QfProbe
{
	MemoryContext context;
	const QfOptions *options;
	const QfCredential *credential;
	QfQueue    *queue;
	QfCounters	counters;
	QfConnectionFacts facts;	/* of the first call */
	int64		received;		/* when its answer had come, seconds since
								 * 1970 */
	QfCall	   *pages[QF_PROBE_NPAGES]; /* NULL: not asked for */
	int			page_size;		/* of them, as asked for */
	QfCall	   *detail;
	const QfJson *item;			/* of the list, whose detail that is */
	QfCall	   *absent;			/* asks for a task that does not exist */
} QfProbe;

extern QfProbe *qf_probe_create(MemoryContext owner, const QfOptions *options,
								const QfCredential *credential);
extern bool qf_probe_page(QfProbe *probe, QfProbePage page);
extern bool qf_probe_detail(QfProbe *probe);
extern bool qf_probe_absence(QfProbe *probe);
extern bool qf_probe_answered(const QfCall *call);
extern const QfJson *qf_probe_items(const QfProbe *probe, QfProbePage page);
extern QfProbeError qf_probe_catch(const ErrorData *data);
extern QfProbeError qf_probe_error(const QfProbe *probe, const QfCall *call);

#endif							/* QF_API_PROBE_H */
