/*
 * descriptor.c
 *	  Descriptors that are not of the server's own files, counted.
 *
 * A session may have so many of them, a third of max_safe_fds; fd.c refuses
 * more but does not tell how many are left.  See storage/fd.h for the
 * functions behind these.
 *
 * src/http/descriptor.c
 */
#include "postgres.h"

#include "storage/fd.h"

#include "http/descriptor.h"

/* Left to core, which needs one for each set of events it waits for. */
#define SPARE 3

/*
 * When so few are left, they go to who has none yet: a share of all, but more
 * than SPARE and what any session has open, unless that is most of them.
 */
#define RESERVE_DIVISOR 5
#define MIN_RESERVE 16
#define MAX_RESERVE_DIVISOR 3

static int	in_use = 0;

/* Count one that is to be opened, or return false if there may be no more. */
bool
qf_descriptor_acquire(void)
{
	int			n = 0;

	while (n <= SPARE && AcquireExternalFD())
		n++;
	for (int i = n <= SPARE ? 0 : 1; i < n; i++)
		ReleaseExternalFD();
	if (n <= SPARE)
		return false;
	in_use++;
	return true;
}

/* One has been closed, or could not be opened. */
void
qf_descriptor_release(void)
{
	ReleaseExternalFD();
	in_use--;
}

/* Core has opened (1) or closed (-1) one on our behalf. */
void
qf_descriptor_adopt(int n)
{
	in_use += n;
}

/* Are so few left that they should go to who has none? */
bool
qf_descriptor_few_left(void)
{
	int			most = max_safe_fds / 3;
	int			reserve = Max(most / RESERVE_DIVISOR,
							  Min(MIN_RESERVE, most / MAX_RESERVE_DIVISOR));

	return in_use >= most - reserve;
}
