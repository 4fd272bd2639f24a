/*
 * row_store.c
 *	  Rows that are kept for a second reading, in bounded memory.
 *
 * Rows are added at the end, in memory up to work_mem and then in a temporary
 * file, and found again by their place.  A tuplestore could read them in their
 * order only, and a scan that is repeated with other parameters would need one
 * for each, with memory and a file of its own.
 *
 * src/fdw/row_store.c
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "miscadmin.h"
#include "storage/buffile.h"
#include "utils/memutils.h"
#include "utils/resowner.h"

#include "base/nls.h"
#include "fdw/row_store.h"

struct QfRowStore
{
	MemoryContext context;		/* owns the rows in memory */
	ResourceOwner resource_owner;	/* of the file */
	Size		space;			/* left in memory, in bytes */
	MinimalTuple *rows;			/* in memory */
	int			nrows;
	int			room;			/* in that array */
	BufFile    *file;			/* NULL: all rows are in memory */
	QfRowPlace	end;			/* of the file */
	bool		at_end;			/* is the file positioned there? */
};

/* Rows that were added one after another, with no other row between. */
typedef struct Extent
{
	QfRowPlace	start;
	QfRowPlace	end;			/* place of a row that is added next */
	int64		nrows;
} Extent;

struct QfRowSequence
{
	QfRowStore *store;
	Extent	   *extents;
	int			nextents;
	int			room;			/* in that array */
	int			current;		/* extent that is being read */
	QfRowPlace	next;			/* row in it */
	int64		nleft;			/* rows in it */
};

/*
 * qf_row_store_create
 *		An empty store, with work_mem for rows; freed with the context "owner",
 *		except for its file: see qf_row_store_end().
 */
QfRowStore *
qf_row_store_create(MemoryContext owner)
{
	QfRowStore *store = MemoryContextAllocZero(owner, sizeof(QfRowStore));

	store->context = AllocSetContextCreate(owner, "qianfan_fdw kept rows",
										   ALLOCSET_DEFAULT_SIZES);
	store->resource_owner = CurrentResourceOwner;
	store->space = (Size) work_mem * 1024;
	return store;
}

/* Close the file.  Where an error has ended the scan, its owner does. */
void
qf_row_store_end(QfRowStore *store)
{
	if (store->file != NULL)
		BufFileClose(store->file);
	store->file = NULL;
}

/* Keep a row in memory; false if that would take too much. */
static bool
put_in_memory(QfRowStore *store, MinimalTuple tuple)
{
	MemoryContext oldcontext;
	Size		size = tuple->t_len + sizeof(MinimalTuple) * 4;

	if (store->file != NULL || size > store->space)
		return false;
	oldcontext = MemoryContextSwitchTo(store->context);
	if (store->rows == NULL)
	{
		store->room = 64;
		store->rows = palloc_array(MinimalTuple, store->room);
	}
	else if (store->nrows == store->room)
	{
		store->room *= 2;
		store->rows = repalloc_huge(store->rows,
									sizeof(MinimalTuple) * store->room);
	}
	store->rows[store->nrows] = palloc(tuple->t_len);
	memcpy(store->rows[store->nrows++], tuple, tuple->t_len);
	MemoryContextSwitchTo(oldcontext);
	store->space -= size;
	return true;
}

static void
open_file(QfRowStore *store)
{
	MemoryContext oldcontext = MemoryContextSwitchTo(store->context);
	ResourceOwner oldowner = CurrentResourceOwner;

	CurrentResourceOwner = store->resource_owner;
	store->file = BufFileCreateTemp(false);
	CurrentResourceOwner = oldowner;
	MemoryContextSwitchTo(oldcontext);
	store->at_end = true;
}

static void
seek(QfRowStore *store, const QfRowPlace *place)
{
	if (BufFileSeek(store->file, place->file, place->offset, SEEK_SET) != 0)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not seek in a temporary file of kept rows")));
}

/*
 * qf_row_store_put
 *		Keep a copy of a row; returns its place.
 *
 * Raises what writing to a temporary file can raise: 53100 when the disk is
 * full, 53400 at temp_file_limit, and I/O errors.
 */
QfRowPlace
qf_row_store_put(QfRowStore *store, MinimalTuple tuple)
{
	QfRowPlace	place;

	if (put_in_memory(store, tuple))
	{
		place.file = -1;
		place.offset = store->nrows - 1;
		return place;
	}

	if (store->file == NULL)
		open_file(store);
	else if (!store->at_end)
		seek(store, &store->end);
	place = store->end;
	store->at_end = false;		/* should writing fail half-way */
	BufFileWrite(store->file, tuple, tuple->t_len);
	BufFileTell(store->file, &store->end.file, &store->end.offset);
	store->at_end = true;
	return place;
}

static void
read_file(QfRowStore *store, void *buffer, size_t size)
{
	if (BufFileRead(store->file, buffer, size) != size)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not read from a temporary file of kept rows")));
}

/*
 * qf_row_store_get
 *		The row at a place, which is moved on to that of the row after it.
 *
 * The row is the store's, or palloc'd in the current context.
 */
MinimalTuple
qf_row_store_get(QfRowStore *store, QfRowPlace *place)
{
	MinimalTuple tuple;
	uint32		length;

	if (place->file < 0)
		return store->rows[place->offset++];

	store->at_end = false;
	seek(store, place);
	read_file(store, &length, sizeof(length));
	tuple = palloc(length);
	tuple->t_len = length;
	read_file(store, (char *) tuple + sizeof(length),
			  length - sizeof(length));
	BufFileTell(store->file, &place->file, &place->offset);
	return tuple;
}

/* An empty sequence of rows in a store, with which it is freed. */
QfRowSequence *
qf_row_sequence_create(QfRowStore *store)
{
	QfRowSequence *sequence = MemoryContextAllocZero(store->context,
													 sizeof(QfRowSequence));

	sequence->store = store;
	return sequence;
}

/* Keep a copy of a row behind the others; it will not be read before that. */
void
qf_row_sequence_add(QfRowSequence *sequence, MinimalTuple tuple)
{
	QfRowStore *store = sequence->store;
	QfRowPlace	place = qf_row_store_put(store, tuple);
	Extent	   *extent = sequence->extents + sequence->nextents - 1;

	if (sequence->nextents == 0 || extent->end.file != place.file ||
		extent->end.offset != place.offset)
	{
		if (sequence->nextents == sequence->room)
		{
			sequence->room = Max(sequence->room * 2, 1);
			extent = MemoryContextAllocHuge(store->context,
											sizeof(Extent) * sequence->room);
			if (sequence->extents != NULL)
			{
				memcpy(extent, sequence->extents,
					   sizeof(Extent) * sequence->nextents);
				pfree(sequence->extents);
			}
			sequence->extents = extent;
		}
		extent = &sequence->extents[sequence->nextents++];
		extent->start = place;
		extent->nrows = 0;
	}
	extent->nrows++;
	extent->end = place.file < 0 ? place : store->end;
	if (place.file < 0)
		extent->end.offset++;

	/* Who adds has read what was there, and gets this row from elsewhere. */
	sequence->current = sequence->nextents;
	sequence->nleft = 0;
}

/* Read from the first row on. */
void
qf_row_sequence_rewind(QfRowSequence *sequence)
{
	sequence->current = -1;
	sequence->nleft = 0;
}

/*
 * qf_row_sequence_next
 *		The next row; NULL at the end.  As for qf_row_store_get().
 */
MinimalTuple
qf_row_sequence_next(QfRowSequence *sequence)
{
	if (sequence->nleft == 0)
	{
		if (sequence->current + 1 >= sequence->nextents)
			return NULL;
		sequence->current++;
		sequence->next = sequence->extents[sequence->current].start;
		sequence->nleft = sequence->extents[sequence->current].nrows;
	}
	sequence->nleft--;
	return qf_row_store_get(sequence->store, &sequence->next);
}
