/*
 * cost.c
 *	  What a call costs, and so which path wins.
 *
 * Round trips are all that counts.  A page of the list waits for the marker
 * of the one before, so pages cost a round trip each; lookups wait for nothing
 * but a free place, so they cost a round trip per max_concurrency of them.
 * Bytes and CPU are small change, kept so that fewer rows are never worse.
 *
 * src/fdw/cost.c
 */
#include "postgres.h"

#include <math.h>

#include "optimizer/cost.h"
#include "optimizer/optimizer.h"

#include "fdw/cost.h"

/*
 * A round trip in units of seq_page_cost.  With 20 to 50 ms for a round trip
 * over the Internet and 10 to 50 microseconds for a page from the operating
 * system's cache, a thousand is the right order.
 */
#define ROUND_TRIP_COST 1000.0

/* Parsing one object of an answer, in units of cpu_tuple_cost. */
#define PARSE_FACTOR 10.0

/* Pages of so many items that come in so many lists, each of one at least. */
static double
count_pages(const QfOptions *options, double tuples, double lists)
{
	if (lists <= 1)
		return ceil(tuples / options->page_size);
	return lists * Max(ceil(tuples / lists / options->page_size), 1);
}

/* Fill in the costs of a scan. */
void
qf_cost_scan(const QfOptions *options, const QfCostInput *input,
			 Cost *startup, Cost *total)
{
	double		trips = count_pages(options, input->list_tuples,
									input->lists) +
	ceil((input->lookups + input->details) / options->max_concurrency);
	double		objects = input->lookups + input->details + input->list_tuples;

	/* Even an empty list has a page; a scan without any key has nothing. */
	if (input->lookups == 0)
		trips = Max(trips, 1);
	*startup = Min(trips, 1 + floor(input->skipped / options->page_size)) *
		ROUND_TRIP_COST + input->quals->startup;
	*total = input->quals->startup + trips * ROUND_TRIP_COST +
		objects * PARSE_FACTOR * cpu_tuple_cost +
		input->tuples * (cpu_tuple_cost + input->quals->per_tuple);
}
