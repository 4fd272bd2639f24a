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

/* The order of a list, by the column that its resource names. */
typedef enum QfListOrder
{
	QF_ORDER_NONE,				/* nothing is known of it */
	QF_ORDER_RISING,
	QF_ORDER_FALLING
} QfListOrder;

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
	double		rate_limit;		/* calls per second of the account; 0 is no
								 * limit */
	int			cache_max_age;	/* milliseconds; 0: no answer is old enough */
	int			cache_max_age_final;	/* the same of finished objects */
	int			page_size;		/* items per list call */
	QfListOrder list_order;		/* as the API lists of its own accord */
	int			max_response_size;	/* bytes, after decompression */
	char	   *proxy;			/* NULL: none */
	char	   *ca_file;		/* NULL: the system's store */
	bool		allow_plaintext;
	bool		updatable;
	const struct QfResource *resource;
} QfOptions;

extern void qf_option_validate(List *options, Oid catalog);
extern void qf_option_hide_statement(void *unused);
extern QfOptions *qf_option_resolve(Oid serverid, Oid relid);
extern bool qf_option_is_private(const QfOptions *options);
extern char *qf_option_describe(const QfOptions *options);
extern const char *qf_option_order_name(QfListOrder order);
extern char *qf_option_column_field(Oid relid, int attnum);

#endif							/* QF_BASE_OPTION_H */
