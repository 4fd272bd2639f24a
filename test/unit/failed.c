/*
 * failed.c
 *	  What the server calls when one of its assertions fails.
 *
 * Only a server built with assertions has them, and not all programs have the
 * other stubs.  What comes after the condition differs between versions.
 *
 * test/unit/failed.c
 */
#include <stdio.h>
#include <stdlib.h>

extern _Noreturn void ExceptionalCondition(const char *condition);

void
ExceptionalCondition(const char *condition)
{
	fprintf(stderr, "failed Assert(\"%s\")\n", condition);
	abort();
}
