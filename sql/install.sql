-- Five statements lead from nothing to a first row, and one takes all away.
\getenv endpoint QIANFAN_SIMULATOR_ENDPOINT
\getenv access_key QIANFAN_SIMULATOR_ACCESS_KEY
\getenv secret_key QIANFAN_SIMULATOR_SECRET_KEY

CREATE EXTENSION qianfan_fdw;
CREATE SERVER qianfan FOREIGN DATA WRAPPER qianfan_fdw
    OPTIONS (endpoint :'endpoint');  -- only because this is a test
CREATE USER MAPPING FOR CURRENT_USER SERVER qianfan
    OPTIONS (access_key :'access_key', secret_key :'secret_key');
IMPORT FOREIGN SCHEMA qianfan FROM SERVER qianfan INTO public;
SELECT id, state, model_id FROM model_comp_tasks WHERE id = 'amva-abciuctdx15t';

-- that was one call, and the first
\! $QIANFAN_SIMULATOR_CTL calls

-- the whole example of the documentation page
SET timezone = 'Asia/Shanghai';
SET datestyle = 'ISO';
\x on
SELECT * FROM model_comp_tasks WHERE id = 'amva-abciuctdx15t';
\x off

-- the loaded library and the installed objects are of one version
SELECT qianfan_fdw_version() = extversion AS same,
       qianfan_fdw_version() = default_version AS newest,
       pg_typeof(qianfan_fdw_version()) AS type
  FROM pg_extension JOIN pg_available_extensions ON name = extname
 WHERE extname = 'qianfan_fdw';

-- what the extension consists of
SELECT pg_describe_object(classid, objid, objsubid) AS object
  FROM pg_depend
 WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e'
   AND classid <> 'pg_type'::regclass  -- of views, from PostgreSQL 17 on
   AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'qianfan_fdw')
 ORDER BY pg_describe_object(classid, objid, objsubid) COLLATE "C";

-- anybody may ask for the version; installing is a superuser's
CREATE ROLE regress_qianfan_user;
SET ROLE regress_qianfan_user;
SELECT qianfan_fdw_version() IS NOT NULL AS known;
DROP EXTENSION qianfan_fdw;  -- ERROR
\echo :LAST_ERROR_SQLSTATE
CREATE SERVER mine FOREIGN DATA WRAPPER qianfan_fdw;  -- ERROR
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
DROP ROLE regress_qianfan_user;

-- nothing stays behind
\set VERBOSITY terse
DROP EXTENSION qianfan_fdw;  -- ERROR
\echo :LAST_ERROR_SQLSTATE
SET client_min_messages = warning;
DROP EXTENSION qianfan_fdw CASCADE;
RESET client_min_messages;
SELECT (SELECT count(*) FROM pg_foreign_data_wrapper) AS wrappers,
       (SELECT count(*) FROM pg_foreign_server) AS servers,
       (SELECT count(*) FROM pg_user_mapping) AS mappings,
       (SELECT count(*) FROM pg_foreign_table) AS tables,
       (SELECT count(*) FROM pg_proc WHERE proname ~ 'qianfan') AS functions;

-- and the library that is still loaded serves a second installation
CREATE EXTENSION qianfan_fdw;
DROP EXTENSION qianfan_fdw;
