-- qianfan_fdw 1.0
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
