/*
 * written.h
 *	  What the current transaction has written, which no rollback undoes.
 *
 * src/api/written.h
 */
#ifndef QF_API_WRITTEN_H
#define QF_API_WRITTEN_H

#include "lib/ilist.h"

#include "resource/resource.h"

/* A write that is on its way, or whose answer was lost. */
typedef struct QfPending
{
	dlist_node	node;
	SubTransactionId subid;
	char	   *words;			/* action and object, for a message */
	bool		sent;			/* may it have been done? */
	bool		lost;			/* likewise, by an earlier attempt */
	bool		told;			/* has a message named it? */
} QfPending;

extern QfPending *qf_written_begin(const char *words);
extern void qf_written_end(QfPending *pending);
extern void qf_written_done(QfWriteKind kind, const char *id,
							CommandId statement);
extern char *qf_written_tell(QfWriteKind kind, CommandId statement);
extern void qf_written_fold(CommandId statement);
extern void qf_written_before_interrupt(void);

#endif							/* QF_API_WRITTEN_H */
