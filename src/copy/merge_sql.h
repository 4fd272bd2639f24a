/*
 * merge_sql.h
 *	  The SQL of a synchronisation.
 *
 * src/copy/merge_sql.h
 */
#ifndef QF_COPY_MERGE_SQL_H
#define QF_COPY_MERGE_SQL_H

#include "nodes/bitmapset.h"

#include "copy/source.h"
#include "copy/target.h"

/* Names of stages in it. */
#define QF_MERGE_LIST "qianfan_list"
#define QF_MERGE_ROWS "qianfan_rows"
#define QF_MERGE_TODO "qianfan_todo"
#define QF_MERGE_IDS "qianfan_ids"

extern char *qf_merge_sql_list(const QfCopySource *source,
							   const List *attnums, bool since);
extern char *qf_merge_sql_details(const QfCopySource *source,
								  const List *attnums);
extern char *qf_merge_sql_newest(const QfCopyTarget *target);
extern char *qf_merge_sql_work(const QfCopySource *source,
							   const QfCopyTarget *target,
							   const List *attnums);
extern char *qf_merge_sql_unfinished(const QfCopySource *source,
									 const QfCopyTarget *target);
extern char *qf_merge_sql_update(const QfCopySource *source,
								 const QfCopyTarget *target);
extern char *qf_merge_sql_insert(const QfCopySource *source,
								 const QfCopyTarget *target);
extern char *qf_merge_sql_returned(const QfCopyTarget *target);
extern char *qf_merge_sql_count_missing(const QfCopyTarget *target,
										bool unmarked);
extern char *qf_merge_sql_mark_missing(const QfCopyTarget *target);
extern char *qf_merge_sql_delete_missing(const QfCopyTarget *target);

#endif							/* QF_COPY_MERGE_SQL_H */
