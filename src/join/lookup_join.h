/*
 * lookup_join.h
 *	  A join that is answered by looking up many keys at a time.
 *
 * src/join/lookup_join.h
 */
#ifndef QF_JOIN_LOOKUP_JOIN_H
#define QF_JOIN_LOOKUP_JOIN_H

#include "nodes/extensible.h"

/* Shown by EXPLAIN as Custom Scan (QianfanLookupJoin). */
#define QF_LOOKUP_JOIN_NAME "QianfanLookupJoin"

/*
 * CustomScan.custom_exprs is (join quals, key expression, key clause); the
 * members of custom_private are these.
 */
typedef enum QfLookupJoinPrivate
{
	QF_LOOKUP_JOIN_TYPE,		/* Integer: a JoinType */
	QF_LOOKUP_JOIN_NOUTER,		/* Integer: columns of the outer plan */
	QF_LOOKUP_JOIN_ALL_ROWS		/* Boolean: will all rows be read? */
} QfLookupJoinPrivate;

extern const CustomScanMethods qf_lookup_join_scan_methods;

extern void qf_lookup_join_init(void);
extern Node *qf_lookup_join_create_state(CustomScan *scan);

#endif							/* QF_JOIN_LOOKUP_JOIN_H */
