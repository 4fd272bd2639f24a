-- qianfan_fdw 1.1
\echo Use "CREATE EXTENSION qianfan_fdw" to load this file. \quit

CREATE FUNCTION qianfan_fdw_handler()
RETURNS fdw_handler
AS 'MODULE_PATHNAME'
LANGUAGE C STRICT;

CREATE FUNCTION qianfan_fdw_validator(text[], oid)
RETURNS void
AS 'MODULE_PATHNAME'
LANGUAGE C STRICT;

CREATE FUNCTION qianfan_fdw_version()
RETURNS text
AS 'MODULE_PATHNAME'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;

COMMENT ON FUNCTION qianfan_fdw_version() IS
	'version of the loaded qianfan_fdw library';

CREATE FOREIGN DATA WRAPPER qianfan_fdw
	HANDLER qianfan_fdw_handler
	VALIDATOR qianfan_fdw_validator;

COMMENT ON FOREIGN DATA WRAPPER qianfan_fdw IS
	'model compression tasks of Baidu Qianfan';

-- What all sessions know together

CREATE FUNCTION qianfan_fdw_stat(
	OUT datname name, OUT srvname name, OUT action text, OUT calls bigint,
	OUT retries bigint, OUT failed_transport bigint,
	OUT failed_throttled bigint, OUT failed_server bigint,
	OUT failed_other bigint, OUT bytes_received bigint,
	OUT total_time double precision, OUT max_time double precision,
	OUT reused_by_age bigint, OUT reused_validated bigint,
	OUT disagreed bigint, OUT shared bigint,
	OUT time_in_line double precision, OUT stats_reset timestamptz)
RETURNS SETOF record
AS 'MODULE_PATHNAME'
LANGUAGE C STRICT VOLATILE PARALLEL RESTRICTED;

CREATE VIEW qianfan_fdw_stat AS SELECT * FROM qianfan_fdw_stat();

COMMENT ON VIEW qianfan_fdw_stat IS
	'what calls of the API have cost, and what was spared';

CREATE FUNCTION qianfan_fdw_activity(
	OUT pid integer, OUT datname name, OUT usename name, OUT srvname name,
	OUT account text, OUT action text, OUT waiting_for text,
	OUT since timestamptz, OUT in_flight integer, OUT calls bigint)
RETURNS SETOF record
AS 'MODULE_PATHNAME'
LANGUAGE C STRICT VOLATILE PARALLEL RESTRICTED;

CREATE VIEW qianfan_fdw_activity AS SELECT * FROM qianfan_fdw_activity();

COMMENT ON VIEW qianfan_fdw_activity IS
	'sessions that ask the API, and what they wait for';

CREATE FUNCTION qianfan_fdw_accounts(
	OUT account text, OUT endpoint text, OUT state text,
	OUT calls_per_second double precision, OUT waiting bigint,
	OUT refused bigint, OUT last_refused timestamptz)
RETURNS SETOF record
AS 'MODULE_PATHNAME'
LANGUAGE C STRICT VOLATILE PARALLEL RESTRICTED;

CREATE VIEW qianfan_fdw_accounts AS SELECT * FROM qianfan_fdw_accounts();

COMMENT ON VIEW qianfan_fdw_accounts IS
	'accounts, and how many calls the API takes of them';

GRANT SELECT ON qianfan_fdw_stat, qianfan_fdw_activity, qianfan_fdw_accounts
	TO PUBLIC;

CREATE FUNCTION qianfan_fdw_stat_reset()
RETURNS void
AS 'MODULE_PATHNAME'
LANGUAGE C STRICT VOLATILE PARALLEL RESTRICTED;

REVOKE ALL ON FUNCTION qianfan_fdw_stat_reset() FROM PUBLIC;

COMMENT ON FUNCTION qianfan_fdw_stat_reset() IS
	'begins to count anew';

CREATE FUNCTION qianfan_fdw_forget(server name DEFAULT NULL)
RETURNS void
AS 'MODULE_PATHNAME'
LANGUAGE C VOLATILE PARALLEL RESTRICTED;

COMMENT ON FUNCTION qianfan_fdw_forget(name) IS
	'forgets the answers that came by the endpoint of a server';

/* Check of a server */

CREATE FUNCTION qianfan_fdw_check(server name,
	OUT step text, OUT ok boolean, OUT detail text, OUT hint text)
RETURNS SETOF record
AS 'MODULE_PATHNAME'
LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;

COMMENT ON FUNCTION qianfan_fdw_check(name) IS
	'what works of a foreign server for the current user, step by step';

-- What a foreign table reads, and a local copy of it

CREATE FUNCTION qianfan_fdw_columns(source regclass, OUT column_name name,
	OUT data_type regtype, OUT field text, OUT in_list boolean)
RETURNS SETOF record
AS 'MODULE_PATHNAME'
LANGUAGE C STABLE STRICT;

COMMENT ON FUNCTION qianfan_fdw_columns(regclass) IS
	'which column reads which member, and whether the list carries it';

CREATE FUNCTION qianfan_fdw_final_states(source regclass)
RETURNS text[]
AS 'MODULE_PATHNAME'
LANGUAGE C STABLE STRICT;

COMMENT ON FUNCTION qianfan_fdw_final_states(regclass) IS
	'states after which nothing changes';

CREATE PROCEDURE qianfan_fdw_sync(source regclass, target regclass,
	missing text DEFAULT 'mark', only_new boolean DEFAULT false,
	commit_every integer DEFAULT 0, wait boolean DEFAULT true,
	INOUT inserted bigint DEFAULT NULL, INOUT updated bigint DEFAULT NULL,
	INOUT unchanged bigint DEFAULT NULL, INOUT gone bigint DEFAULT NULL,
	INOUT calls bigint DEFAULT NULL)
AS 'MODULE_PATHNAME'
LANGUAGE C;

COMMENT ON PROCEDURE qianfan_fdw_sync(regclass, regclass, text, boolean, integer,
	boolean, bigint, bigint, bigint, bigint, bigint) IS
	'bring a local copy of a foreign table up to date';

CREATE FUNCTION qianfan_fdw_mirror(source regclass, target text,
	history boolean DEFAULT false)
RETURNS regclass
AS 'MODULE_PATHNAME'
LANGUAGE C STRICT;

COMMENT ON FUNCTION qianfan_fdw_mirror(regclass, text, boolean) IS
	'make a table that can be kept as a copy of a foreign table';

CREATE FUNCTION qianfan_fdw_history()
RETURNS trigger
AS 'MODULE_PATHNAME'
LANGUAGE C;

COMMENT ON FUNCTION qianfan_fdw_history() IS
	'trigger function: write each change of state into a history';

CREATE FUNCTION qianfan_fdw_notify()
RETURNS trigger
AS 'MODULE_PATHNAME'
LANGUAGE C;

COMMENT ON FUNCTION qianfan_fdw_notify() IS
	'trigger function: notify of each new task and each change of state';

CREATE PROCEDURE qianfan_fdw_wait(source regclass, ids text[],
	timeout interval DEFAULT '1 day', must_succeed boolean DEFAULT false,
	INOUT pending text[] DEFAULT NULL, INOUT failed text[] DEFAULT NULL)
AS 'MODULE_PATHNAME'
LANGUAGE C;

COMMENT ON PROCEDURE qianfan_fdw_wait(regclass, text[], interval, boolean, text[],
	text[]) IS
	'return when tasks have ended';
