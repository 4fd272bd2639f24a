/*
 * seen.c
 *	  Which texts of a list have been seen before, in bounded memory.
 *
 * A text is remembered by a key: 128 bits of hash, with random seeds.
 * Two of a million texts share a key once in 10^27 lists; the text itself
 * would take a hundred bytes.
 *
 * The latest keys are in a hash table.  When that is full, it is sorted,
 * written to a temporary file as one more run, and emptied, so memory stays
 * under 5 MB however long the list is.  Nearly all texts are new, and a Bloom
 * filter over what is in the file knows so for nearly all of these; for the
 * others, and for those that are not new, each run is searched.  So the filter
 * saves time and never decides that a text is old.  It is made for some two
 * million texts; beyond ten million nearly each is searched for, which takes
 * a millisecond or two, about as long as asking for it.
 *
 * src/api/seen.c
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "common/pg_prng.h"
#include "lib/bloomfilter.h"
#include "storage/fd.h"
#include "utils/memutils.h"
#include "utils/wait_event.h"

#include "api/seen.h"
#include "base/nls.h"

/* Places of the largest hash table, and how many are used: keys of a run. */
#define MAX_PLACES 131072
#define RUN_LENGTH (MAX_PLACES / 5 * 4)

/* What the Bloom filter may take, in kB, and what it is made for. */
#define FILTER_SIZE 2048
#define FILTER_ELEMENTS 2000000

/* Keys that are read from the file at once, for the last steps of a search. */
#define BLOCK_LENGTH 512

typedef struct SeenKey
{
	uint64		high;
	uint64		low;			/* never 0 */
} SeenKey;

/*
 * The table is one of our own, with linear probing: simplehash.h takes half as
 * much again for a status, and could not be sorted in place.
 */
struct QfSeen
{
	MemoryContextCallback cleanup;
	uint64		seeds[2];
	MemoryContext context;		/* of the table */
	SeenKey    *table;			/* low is 0 in a free place */
	int			nplaces;		/* a power of 2 */
	int			nkeys;
	File		file;			/* of runs of RUN_LENGTH keys, each sorted;
								 * -1: none */
	int			nruns;
	SeenKey    *block;			/* of the file; NULL: none was read */
	int64		block_number;
	bloom_filter *filter;		/* what is in the file; NULL: nothing */
};

static bool add_to_table(QfSeen *seen, const SeenKey *key);
static void make_room(QfSeen *seen);
static void close_file(void *arg);
static bool is_in_file(QfSeen *seen, SeenKey *key);
static bool is_in_run(QfSeen *seen, int run, const SeenKey *key);
static const SeenKey *key_at(QfSeen *seen, int run, int index);
static void write_run(QfSeen *seen);
static int	compare_keys(const void *a, const void *b);

/*
 * qf_seen_create
 *		An empty set that is freed with the context "owner".
 */
QfSeen *
qf_seen_create(MemoryContext owner)
{
	QfSeen	   *seen = MemoryContextAllocZero(owner, sizeof(QfSeen));

	seen->context = owner;
	seen->seeds[0] = pg_prng_uint64(&pg_global_prng_state);
	seen->seeds[1] = pg_prng_uint64(&pg_global_prng_state);
	seen->nplaces = 32;
	seen->table = MemoryContextAllocZero(owner,
										 seen->nplaces * sizeof(SeenKey));
	seen->file = -1;
	seen->block_number = -1;
	seen->cleanup.func = close_file;
	seen->cleanup.arg = seen;
	MemoryContextRegisterResetCallback(owner, &seen->cleanup);
	return seen;
}

/*
 * qf_seen_add
 *		Remember a text; true if it was there already.
 *
 * Raises what writing to a temporary file can raise: 53100 when the disk is
 * full, 53400 at temp_file_limit, and I/O errors.
 */
bool
qf_seen_add(QfSeen *seen, const char *text)
{
	const unsigned char *bytes = (const unsigned char *) text;
	int			length = strlen(text);
	SeenKey		key;

	key.high = hash_bytes_extended(bytes, length, seen->seeds[0]);
	key.low = hash_bytes_extended(bytes, length, seen->seeds[1]) | 1;
	if (seen->nkeys >= seen->nplaces / 5 * 4)
		make_room(seen);
	if (seen->filter != NULL && is_in_file(seen, &key))
		return true;
	return add_to_table(seen, &key);
}

/* Returns true if the key was in the table already. */
static bool
add_to_table(QfSeen *seen, const SeenKey *key)
{
	int			mask = seen->nplaces - 1;
	int			place = key->high & mask;

	while (seen->table[place].low != 0)
	{
		if (seen->table[place].high == key->high &&
			seen->table[place].low == key->low)
			return true;
		place = (place + 1) & mask;
	}
	seen->table[place] = *key;
	seen->nkeys++;
	return false;
}

/* Make the table larger, or empty it into the file. */
static void
make_room(QfSeen *seen)
{
	SeenKey    *old = seen->table;
	int			nold = seen->nplaces;

	if (nold >= MAX_PLACES)
	{
		write_run(seen);
		return;
	}
	seen->table = MemoryContextAllocZero(seen->context,
										 nold * 4 * sizeof(SeenKey));
	seen->nplaces = nold * 4;
	seen->nkeys = 0;
	for (int i = 0; i < nold; i++)
	{
		if (old[i].low != 0)
			(void) add_to_table(seen, &old[i]);
	}
	pfree(old);
}

/*
 * Reset callback.  The file is not known to any resource owner: a context can
 * be reset after its owner has released its files, which would then be closed
 * twice.  Nor is it a BufFile: closing one may write, and so fail, and this must
 * not.
 */
static void
close_file(void *arg)
{
	QfSeen	   *seen = arg;

	if (seen->file >= 0)
		FileClose(seen->file);
	seen->file = -1;
}

static bool
is_in_file(QfSeen *seen, SeenKey *key)
{
	if (bloom_lacks_element(seen->filter, (unsigned char *) key, sizeof(*key)))
		return false;
	for (int run = 0; run < seen->nruns; run++)
	{
		if (is_in_run(seen, run, key))
			return true;
	}
	return false;
}

/* Binary search; the last steps are within one block and read nothing. */
static bool
is_in_run(QfSeen *seen, int run, const SeenKey *key)
{
	int			low = 0;
	int			high = RUN_LENGTH;

	while (low < high)
	{
		int			middle = low + (high - low) / 2;
		int			order = compare_keys(key, key_at(seen, run, middle));

		if (order == 0)
			return true;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return false;
}

/* A key of the file; valid until the next call. */
static const SeenKey *
key_at(QfSeen *seen, int run, int index)
{
	int64		position = (int64) run * RUN_LENGTH + index;
	int64		number = position / BLOCK_LENGTH;
	int			nbytes;

	if (seen->block == NULL)
		seen->block = MemoryContextAlloc(seen->context,
										 BLOCK_LENGTH * sizeof(SeenKey));
	if (seen->block_number != number)
	{
		seen->block_number = -1;
		nbytes = FileRead(seen->file, (char *) seen->block,
						  BLOCK_LENGTH * sizeof(SeenKey),
						  number * BLOCK_LENGTH * sizeof(SeenKey),
						  WAIT_EVENT_BUFFILE_READ);
		if (nbytes < (int) ((position % BLOCK_LENGTH + 1) * sizeof(SeenKey)))
			ereport(ERROR,
					(errcode_for_file_access(),
					 errmsg("could not read from temporary file: %m")));
		seen->block_number = number;
	}
	return &seen->block[position % BLOCK_LENGTH];
}

/* Move the keys of the table to the file. */
static void
write_run(QfSeen *seen)
{
	MemoryContext oldcontext = MemoryContextSwitchTo(seen->context);
	SeenKey    *table = seen->table;
	int			nkeys = 0;
	int			nbytes;

	if (seen->file < 0)
		seen->file = OpenTemporaryFile(true);
	if (seen->filter == NULL)
		seen->filter = bloom_create(FILTER_ELEMENTS, FILTER_SIZE,
									seen->seeds[0]);
	for (int i = 0; i < seen->nplaces; i++)
	{
		if (table[i].low != 0)
		{
			bloom_add_element(seen->filter, (unsigned char *) &table[i],
							  sizeof(SeenKey));
			table[nkeys++] = table[i];
		}
	}
	qsort(table, nkeys, sizeof(SeenKey), compare_keys);
	errno = 0;
	nbytes = FileWrite(seen->file, (char *) table, nkeys * sizeof(SeenKey),
					   (off_t) seen->nruns * RUN_LENGTH * sizeof(SeenKey),
					   WAIT_EVENT_BUFFILE_WRITE);
	if (nbytes != (int) (nkeys * sizeof(SeenKey)))
	{
		/* as the server sees it where less was written than wanted */
		if (errno == 0)
			errno = ENOSPC;
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not write to temporary file: %m")));
	}
	seen->nruns++;
	seen->block_number = -1;
	memset(table, 0, seen->nplaces * sizeof(SeenKey));
	seen->nkeys = 0;
	MemoryContextSwitchTo(oldcontext);
}

static int
compare_keys(const void *a, const void *b)
{
	const SeenKey *left = a;
	const SeenKey *right = b;

	if (left->high != right->high)
		return left->high < right->high ? -1 : 1;
	if (left->low != right->low)
		return left->low < right->low ? -1 : 1;
	return 0;
}
