-- Options and parameters that are a superuser's, and stay so.
CREATE ROLE regress_qianfan_owner;
GRANT USAGE ON FOREIGN DATA WRAPPER qianfan_fdw TO regress_qianfan_owner;
SET ROLE regress_qianfan_owner;

-- a user may have a server, but not these options
CREATE SERVER owned FOREIGN DATA WRAPPER qianfan_fdw
    OPTIONS (endpoint 'https://example.com', max_retries '0');
CREATE USER MAPPING FOR CURRENT_USER SERVER owned
    OPTIONS (access_key 'a', secret_key 'b', session_token 'c');
ALTER SERVER owned OPTIONS (ADD proxy 'http://proxy.example:3128');  -- ERROR
\echo :LAST_ERROR_SQLSTATE
SELECT option, outcome_of('ALTER SERVER owned OPTIONS (ADD ' || option || ')')
  FROM (VALUES ('proxy ''http://proxy.example:3128'''),
               ('ca_file ''/tmp/ca.pem'''), ('allow_plaintext ''true'''),
               ('allow_plaintext ''false'''), ('page_size ''10''')) AS o(option);

-- one of them set by a superuser: the owner cannot turn it to another end
RESET ROLE;
ALTER SERVER owned OPTIONS (ADD allow_plaintext 'true', SET endpoint 'http://example.com');
SET ROLE regress_qianfan_owner;
ALTER SERVER owned OPTIONS (SET endpoint 'http://evil.example');  -- ERROR
\echo :LAST_ERROR_SQLSTATE
SELECT change, outcome_of('ALTER SERVER owned OPTIONS (' || change || ')')
  FROM (VALUES ('SET endpoint ''http://evil.example'''),
               ('SET max_retries ''1'''), ('ADD page_size ''10'''),
               ('SET allow_plaintext ''off''')) AS c(change);
RESET ROLE;
ALTER SERVER owned OPTIONS (DROP allow_plaintext, SET endpoint 'https://example.com');
SET ROLE regress_qianfan_owner;
ALTER SERVER owned OPTIONS (SET max_retries '1');
RESET ROLE;

-- parameters
SELECT name, setting, vartype, context, min_val
  FROM pg_settings WHERE name ~ '^qianfan_fdw\.' ORDER BY name;
SET ROLE regress_qianfan_owner;
SET qianfan_fdw.enable_lookup_join = off;
SHOW qianfan_fdw.enable_lookup_join;
RESET qianfan_fdw.enable_lookup_join;
SET qianfan_fdw.max_requests = 10;  -- ERROR
\echo :LAST_ERROR_SQLSTATE
ALTER ROLE regress_qianfan_owner SET qianfan_fdw.max_requests = 10;  -- ERROR
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
ALTER ROLE regress_qianfan_owner SET qianfan_fdw.max_requests = 10;
SET qianfan_fdw.max_requests = 10;
SHOW qianfan_fdw.max_requests;
SET qianfan_fdw.max_requests = 0;
SET qianfan_fdw.max_requests = 2147483647;
SET qianfan_fdw.max_requests = -1;  -- ERROR
\echo :LAST_ERROR_SQLSTATE
SET qianfan_fdw.enable_lookup_join = 'perhaps';  -- ERROR
\echo :LAST_ERROR_SQLSTATE
RESET qianfan_fdw.max_requests;
SET qianfan_fdw.no_such_parameter = 1;  -- ERROR
\echo :LAST_ERROR_SQLSTATE

DROP SERVER owned CASCADE;
DROP OWNED BY regress_qianfan_owner;
DROP ROLE regress_qianfan_owner;
