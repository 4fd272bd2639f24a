/*
 * merge.h
 *	  What the list and the details say goes into the copy.
 *
 * src/copy/merge.h
 */
#ifndef QF_COPY_MERGE_H
#define QF_COPY_MERGE_H

#include "copy/source.h"
#include "copy/target.h"

typedef struct QfMerge QfMerge;

/* Rows that were written, and tasks that were looked at. */
typedef struct QfMergeCounts
{
	int64		listed;			/* by the list */
	int64		unlisted;		/* unfinished, and asked for by id */
	int64		vanished;		/* asked for by id, and gone */
	int64		inserted;
	int64		updated;
} QfMergeCounts;

extern QfMerge *qf_merge_create(const QfCopySource *source,
								const QfCopyTarget *target,
								bool beyond_commit);
extern void qf_merge_read_list(QfMerge *merge, bool only_new);
extern bool qf_merge_write_batch(QfMerge *merge, int64 size);
extern void qf_merge_write_returned(QfMerge *merge);
extern int64 qf_merge_count_missing(QfMerge *merge, bool unmarked);
extern void qf_merge_mark_missing(QfMerge *merge);
extern void qf_merge_delete_missing(QfMerge *merge);
extern const QfMergeCounts *qf_merge_counts(const QfMerge *merge);
extern void qf_merge_end(QfMerge *merge);

#endif							/* QF_COPY_MERGE_H */
