/*
 * server.c
 *	  What the targets need of a server beyond test/unit/stubs.c.
 *
 * test/fuzz/server.c
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "storage/fd.h"
#include "utils/memutils.h"

#include "base/guc.h"

#include "fuzz.h"

char		fuzz_error_detail[4096];
int			fuzz_encoding = PG_UTF8;

/* Say which promise was broken, and stop where a debugger can see it. */
void
fuzz_broken(const char *promise, const char *file, int line)
{
	fprintf(stderr, "%s:%d: broken promise: %s\n", file, line, promise);
	abort();
}

char *
fuzz_text(const uint8_t *data, size_t size)
{
	char	   *text = palloc(size + 1);

	memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

int
qf_guc_max_requests(void)
{
	return 1;
}

void
qf_guc_check_max_requests(void)
{
}

/*
 * What follows are the server's own functions.
 */

void *
palloc0(Size size)
{
	return MemoryContextAllocZero(CurrentMemoryContext, size);
}

void *
palloc_extended(Size size, int flags)
{
	return MemoryContextAllocZero(CurrentMemoryContext, size);
}

int
errdetail(const char *fmt,...)
{
	va_list		args;

	va_start(args, fmt);
	vsnprintf(fuzz_error_detail, sizeof(fuzz_error_detail), fmt, args);
	va_end(args);
	return 0;
}

int
errhint(const char *fmt,...)
{
	return 0;
}

int
GetDatabaseEncoding(void)
{
	return fuzz_encoding;
}

/* Conversions are the server's; fuzz_row.c has them. */
Oid
FindDefaultConversionProc(int32 for_encoding, int32 to_encoding)
{
	return InvalidOid;
}

int
pg_do_encoding_conversion_buf(Oid proc, int src_encoding, int dest_encoding,
							  unsigned char *src, int srclen,
							  unsigned char *dest, int destlen, bool noError)
{
	return 0;
}

char *
pg_server_to_any(const char *text, int length, int encoding)
{
	return unconstify(char *, text);
}

bool
AcquireExternalFD(void)
{
	return true;
}

void
ReleaseExternalFD(void)
{
}
