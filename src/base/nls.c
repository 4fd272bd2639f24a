/*
 * nls.c
 *	  Where messages in the language of the session are found.
 *
 * src/base/nls.c
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "miscadmin.h"

#include "base/nls.h"

#define DOMAIN PG_TEXTDOMAIN("qianfan_fdw")

/*
 * qf_nls_domain
 *		The text domain of our messages, made known to gettext before it is used.
 *
 * Not once in _PG_init(): where the library is preloaded, that is in the
 * postmaster, which has no database and hence no encoding.  Its children would
 * get the encoding that LC_CTYPE stands for, and under C that has no Chinese.
 * Raises no error.
 */
const char *
qf_nls_domain(void)
{
	static int	process = 0;
	static int	encoding = -1;

	if (process != MyProcPid || encoding != GetDatabaseEncoding())
	{
		process = MyProcPid;
		encoding = GetDatabaseEncoding();
		pg_bindtextdomain(DOMAIN);
	}
	return DOMAIN;
}
