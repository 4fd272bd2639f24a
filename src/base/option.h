/*
 * option.h
 *	  Options of servers, user mappings, tables and columns.
 *
 * src/base/option.h
 */
#ifndef QF_BASE_OPTION_H
#define QF_BASE_OPTION_H

#include "nodes/pg_list.h"

#include "base/endpoint.h"

struct QfResource;

/*
 * The options that are in force for one table: the table's own, else the
 * server's, else the defaults.
 */
typedef struct QfOptions
{
	Oid			serverid;
	char	   *server_name;
	QfEndpoint	endpoint;
	int			connect_timeout;	/* milliseconds */
	int			request_timeout;	/* milliseconds */
	int			max_concurrency;	/* calls in flight per scan */
	int			max_retries;	/* extra attempts after the first */
	int			retry_delay;	/* milliseconds, first back-off */
	double		rate_limit;		/* calls per second; 0 is no limit */
	int			page_size;		/* items per list call */
	int			max_response_size;	/* bytes, after decompression */
	char	   *proxy;			/* NULL: none */
	char	   *ca_file;		/* NULL: the system's store */
	bool		allow_plaintext;
	bool		updatable;
	const struct QfResource *resource;
} QfOptions;

extern void qf_option_validate(List *options, Oid catalog);
extern QfOptions *qf_option_resolve(Oid serverid, Oid relid);
extern bool qf_option_is_private(const QfOptions *options);
extern char *qf_option_column_field(Oid relid, int attnum);

#endif							/* QF_BASE_OPTION_H */
