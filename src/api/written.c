/*
 * written.c
 *	  What the current transaction has written, and what is said of it when the
 *	  transaction, or a part of it, comes to nothing.
 *
 * The API knows no rollback.  So each write that was done is noted here with
 * the subtransaction it belongs to, and named in a WARNING if that is rolled
 * back; and each write that is on its way, or whose answer was lost, is noted
 * as pending, so that it is named if nobody will wait for its answer.
 *
 * Of what was done a few ids are kept and the others are counted: a transaction
 * that writes millions of rows must not fill the memory.  There is a note for
 * each subtransaction and statement, since the error of a write names itself
 * what its statement had done; when a statement ends well, its notes become
 * part of those of its subtransaction.
 *
 * All of it is in TopTransactionContext.
 *
 * src/api/written.c
 */
#include "postgres.h"

#include "access/xact.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "api/written.h"
#include "base/compat.h"
#include "base/nls.h"

/* Ids that a message names; others it counts. */
#define MAX_NAMED 20

/* What was done in one way. */
typedef struct Done
{
	int64		count;
	char	   *ids[MAX_NAMED]; /* of the first ones */
	bool		told;			/* has an error named them? */
} Done;

typedef struct Note
{
	dlist_node	node;
	SubTransactionId subid;
	CommandId	statement;		/* InvalidCommandId: of those that have ended */
	Done		done[QF_WRITE_NKINDS];
} Note;

static dlist_head notes = DLIST_STATIC_INIT(notes);
static dlist_head pendings = DLIST_STATIC_INIT(pendings);

/* Append how many there are, and the ids of the first. */
static void
append_done(StringInfo text, int64 count, char *const *ids)
{
	appendStringInfo(text, INT64_FORMAT, count);
	if (count == 0)
		return;
	appendStringInfoString(text, " (");
	for (int i = 0; i < count && i < MAX_NAMED; i++)
		appendStringInfo(text, "%s%s", i > 0 ? ", " : "", ids[i]);
	if (count > MAX_NAMED)
		appendStringInfo(text, ", +" INT64_FORMAT, count - MAX_NAMED);
	appendStringInfoChar(text, ')');
}

/* Add what is in "from" to "into"; the ids change hands. */
static void
merge_done(Done *into, Done *from)
{
	int			nnamed = Min(into->count, MAX_NAMED);
	int			nothers = Min(from->count, MAX_NAMED);

	for (int i = 0; i < nothers; i++)
	{
		if (nnamed < MAX_NAMED)
			into->ids[nnamed++] = from->ids[i];
		else
			pfree(from->ids[i]);
	}
	into->count += from->count;
}

static Note *
find_note(SubTransactionId subid, CommandId statement)
{
	dlist_iter	iter;
	Note	   *note;

	dlist_foreach(iter, &notes)
	{
		note = dlist_container(Note, node, iter.cur);
		if (note->subid == subid && note->statement == statement)
			return note;
	}
	note = MemoryContextAllocZero(TopTransactionContext, sizeof(Note));
	note->subid = subid;
	note->statement = statement;
	dlist_push_head(&notes, &note->node);
	return note;
}

/* Make a note part of that of what has ended in a subtransaction. */
static void
fold_note(Note *note, SubTransactionId subid)
{
	Note	   *into;

	dlist_delete(&note->node);
	into = find_note(subid, InvalidCommandId);
	for (int kind = 0; kind < QF_WRITE_NKINDS; kind++)
	{
		if (!note->done[kind].told)
			merge_done(&into->done[kind], &note->done[kind]);
	}
	pfree(note);
}

/* Take the notes of a subtransaction (of all: Invalid…) into one. */
static void
collect_notes(SubTransactionId subid, Done *done)
{
	dlist_mutable_iter iter;

	dlist_foreach_modify(iter, &notes)
	{
		Note	   *note = dlist_container(Note, node, iter.cur);

		if (subid != InvalidSubTransactionId && note->subid != subid)
			continue;
		dlist_delete(&note->node);
		for (int kind = 0; kind < QF_WRITE_NKINDS; kind++)
		{
			if (!note->done[kind].told)
				merge_done(&done[kind], &note->done[kind]);
		}
	}
}

/*
 * What may have been done and was not named yet, separated by commas; NULL if
 * there is nothing.  "forget": it will not be asked for again.
 */
static char *
tell_pending(SubTransactionId subid, bool forget)
{
	dlist_mutable_iter iter;
	StringInfoData text;

	initStringInfo(&text);
	dlist_foreach_modify(iter, &pendings)
	{
		QfPending  *pending = dlist_container(QfPending, node, iter.cur);

		if (subid != InvalidSubTransactionId && pending->subid != subid)
			continue;
		if ((pending->sent || pending->lost) && !pending->told)
		{
			appendStringInfo(&text, "%s%s", text.len > 0 ? ", " : "",
							 pending->words);
			pending->told = true;
		}
		if (forget)
			dlist_delete(&pending->node);
	}
	return text.len > 0 ? text.data : NULL;
}

/*
 * A subtransaction, or (Invalid…) all there is, is rolled back.  Interrupts are
 * held off by whoever calls this.
 */
static void
warn_of_rollback(SubTransactionId subid)
{
	Done		done[QF_WRITE_NKINDS] = {{0}};
	StringInfoData texts[QF_WRITE_NKINDS];
	int64		count = 0;
	char	   *pending;

	collect_notes(subid, done);
	pending = tell_pending(subid, true);
	for (int kind = QF_WRITE_CREATE; kind < QF_WRITE_NKINDS; kind++)
	{
		initStringInfo(&texts[kind]);
		append_done(&texts[kind], done[kind].count, done[kind].ids);
		count += done[kind].count;
	}
	if (count == 0 && pending == NULL)
		return;
	ereport(WARNING,
			(errcode(ERRCODE_WARNING),
			 errmsg("the rollback does not undo what was written to the API"),
			 pending == NULL ?
			 errdetail("Created: %s. Cancelled: %s. Deleted: %s.",
					   texts[QF_WRITE_CREATE].data,
					   texts[QF_WRITE_CANCEL].data,
					   texts[QF_WRITE_DELETE].data) :
			 errdetail("Created: %s. Cancelled: %s. Deleted: %s. May have been done: %s.",
					   texts[QF_WRITE_CREATE].data,
					   texts[QF_WRITE_CANCEL].data,
					   texts[QF_WRITE_DELETE].data, pending)));
}

/* RegisterXactCallback. */
static void
end_transaction(XactEvent event, void *arg)
{
	switch (event)
	{
		case XACT_EVENT_PRE_PREPARE:
			if (!dlist_is_empty(&notes))
				ereport(ERROR,
						(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						 errmsg("cannot PREPARE a transaction that has written to a foreign table of qianfan_fdw"),
						 errdetail("What it has written cannot be undone.")));
			break;
		case XACT_EVENT_ABORT:
			warn_of_rollback(InvalidSubTransactionId);
			/* FALLTHROUGH */
		case XACT_EVENT_COMMIT:
		case XACT_EVENT_PREPARE:
			dlist_init(&notes);
			dlist_init(&pendings);
			break;
		default:
			break;
	}
}

/* RegisterSubXactCallback. */
static void
end_subtransaction(SubXactEvent event, SubTransactionId subid,
				   SubTransactionId parent, void *arg)
{
	dlist_mutable_iter iter;

	if (event == SUBXACT_EVENT_ABORT_SUB)
		warn_of_rollback(subid);
	if (event != SUBXACT_EVENT_COMMIT_SUB)
		return;
	dlist_foreach_modify(iter, &notes)
	{
		Note	   *note = dlist_container(Note, node, iter.cur);

		if (note->subid == subid)
			fold_note(note, parent);
	}
}

static void
initialize(void)
{
	static bool initialized = false;

	if (initialized)
		return;
	RegisterXactCallback(end_transaction, NULL);
	RegisterSubXactCallback(end_subtransaction, NULL);
	initialized = true;
}

/*
 * qf_written_begin
 *		Note that a write, named by "words" (copied), is about to be sent.  It is
 *		the caller's to say when it has been and when it is known what came of
 *		it.
 */
QfPending *
qf_written_begin(const char *words)
{
	QfPending  *pending;

	initialize();
	pending = MemoryContextAllocZero(TopTransactionContext,
									 sizeof(QfPending));
	pending->words = MemoryContextStrdup(TopTransactionContext, words);
	pending->subid = GetCurrentSubTransactionId();
	dlist_push_tail(&pendings, &pending->node);
	return pending;
}

/* It is known what came of a write, or has been said that it is not. */
void
qf_written_end(QfPending *pending)
{
	dlist_delete(&pending->node);
	pfree(pending->words);
	pfree(pending);
}

/*
 * qf_written_done
 *		Note that a statement of this number has written an object, whose id
 *		(copied) is fit for a message.
 */
void
qf_written_done(QfWriteKind kind, const char *id, CommandId statement)
{
	Done	   *done = &find_note(GetCurrentSubTransactionId(),
								  statement)->done[kind];

	if (done->count < MAX_NAMED)
		done->ids[done->count] = MemoryContextStrdup(TopTransactionContext,
													 id);
	done->count++;
}

/*
 * qf_written_tell
 *		How many objects the statement has written in this way, and which
 *		(palloc'd), to be named in an error: a later WARNING does not name them
 *		again.  NULL if there are none.
 */
char *
qf_written_tell(QfWriteKind kind, CommandId statement)
{
	SubTransactionId subid = GetCurrentSubTransactionId();
	dlist_iter	iter;

	dlist_foreach(iter, &notes)
	{
		Note	   *note = dlist_container(Note, node, iter.cur);
		Done	   *done = &note->done[kind];
		StringInfoData text;

		if (note->subid != subid || note->statement != statement ||
			done->count == 0)
			continue;
		initStringInfo(&text);
		append_done(&text, done->count, done->ids);
		done->told = true;
		return text.data;
	}
	return NULL;
}

/* The statement has ended well. */
void
qf_written_fold(CommandId statement)
{
	dlist_mutable_iter iter;

	dlist_foreach_modify(iter, &notes)
	{
		Note	   *note = dlist_container(Note, node, iter.cur);

		if (note->statement == statement)
			fold_note(note, note->subid);
	}
}

/*
 * qf_written_before_interrupt
 *		If the statement is about to be ended by an interrupt, say in a WARNING
 *		which writes may have been done.
 *
 * To be called right before interrupts are served.  ereport() serves them
 * itself once the message is on its way.
 */
void
qf_written_before_interrupt(void)
{
	char	   *pending;

	if (!InterruptPending || dlist_is_empty(&pendings) ||
		InterruptHoldoffCount != 0 || CritSectionCount != 0 ||
		!qf_compat_is_being_ended())
		return;
	pending = tell_pending(InvalidSubTransactionId, false);
	if (pending != NULL)
		ereport(WARNING,
				(errcode(ERRCODE_WARNING),
				 errmsg("the statement ends before it is known what calls of the API have done"),
				 errdetail("May have been done: %s.", pending),
				 errhint("Look for it in the foreign table before you repeat the statement.")));
}
