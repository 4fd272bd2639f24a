/*
 * asan_first.c
 *	  To be preloaded into a server together with AddressSanitizer.
 *
 * A library the server is linked with (libgpg-error) calls bindtextdomain()
 * when it is loaded.  If that is the first call of malloc(), the sanitizer
 * initializes itself there, asks for a symbol that does not exist, and has the
 * message about that translated, below the lock that bindtextdomain() holds.
 * The server then hangs.  Linked with -z initfirst, this comes before.
 *
 * test/fuzz/asan_first.c
 */
#include <stdlib.h>

void	   *volatile qf_asan_first;

__attribute__((constructor))
static void
allocate_first(void)
{
	qf_asan_first = malloc(1);
	free(qf_asan_first);
}
