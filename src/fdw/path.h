/*
 * path.h
 *	  Size and paths of a foreign table.
 *
 * src/fdw/path.h
 */
#ifndef QF_FDW_PATH_H
#define QF_FDW_PATH_H

#include "nodes/pathnodes.h"

#include "fdw/pushdown.h"

/*
 * What a path is, the first member of its fdw_private; the second is the order
 * of the list that it relies on.  A plain path that relies on none has neither.
 */
typedef enum QfPathKind
{
	QF_PATH_PLAIN,
	QF_PATH_GIVEN,				/* a lookup join hands in the keys */
	QF_PATH_SORTED				/* by its pathkeys, before details are asked
								 * for */
} QfPathKind;

extern Bitmapset *qf_path_needed_attributes(PlannerInfo *root,
											RelOptInfo *baserel,
											List *clauses);
extern bool qf_path_needs_detail(const QfTable *table, Bitmapset *needed);
extern bool qf_path_is_array(const Expr *value);
extern int	qf_path_most_lists(PlannerInfo *root, RelOptInfo *baserel,
							   Expr *clause, Expr *array);
extern Expr *qf_path_filter(PlannerInfo *root, RelOptInfo *baserel,
							Expr *clause, const char **parameter);
extern List *qf_path_early_quals(const QfTable *table, List *scan_clauses);
extern bool qf_path_can_look_up(const RelOptInfo *rel);
extern ForeignPath *qf_path_lookup(PlannerInfo *root, RelOptInfo *baserel,
								   double nkeys);
extern QfListOrder qf_path_order(const ForeignPath *path);
extern bool qf_path_is(const ForeignPath *path, QfPathKind kind);
extern void qianfanGetForeignRelSize(PlannerInfo *root, RelOptInfo *baserel,
									 Oid foreigntableid);
extern void qianfanGetForeignPaths(PlannerInfo *root, RelOptInfo *baserel,
								   Oid foreigntableid);

#endif							/* QF_FDW_PATH_H */
