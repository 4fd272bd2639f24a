/*
 * finding.h
 *	  What pages and details of a check tell of the service.
 *
 * src/api/finding.h
 */
#ifndef QF_API_FINDING_H
#define QF_API_FINDING_H

#include "api/check.h"
#include "api/probe.h"

/* What a step has found; translated, NULL: nothing. */
typedef struct QfFinding
{
	QfCheckVerdict verdict;
	const char *detail;
	const char *hint;
} QfFinding;

extern QfFinding qf_finding_paging(const QfProbe *probe);
extern QfFinding qf_finding_detail(const QfProbe *probe);
extern QfFinding qf_finding_spelling(const QfProbe *probe);

#endif							/* QF_API_FINDING_H */
