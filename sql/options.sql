-- Options are checked when the DDL runs: value, place, name and privilege.
\! $QIANFAN_SIMULATOR_CTL reset
CREATE FUNCTION server_option(name text, value text) RETURNS text
LANGUAGE sql AS $$
    SELECT outcome_of(format('CREATE SERVER probe FOREIGN DATA WRAPPER qianfan_fdw OPTIONS (%I %L)', name, value))
$$;
CREATE FUNCTION table_option(name text, value text) RETURNS text
LANGUAGE sql AS $$
    SELECT outcome_of(format('CREATE FOREIGN TABLE probe (id text) SERVER qianfan OPTIONS (%I %L)', name, value))
$$;

-- each option on each object: one place, or HV00D
SELECT name,
       outcome_of(format('ALTER FOREIGN DATA WRAPPER qianfan_fdw OPTIONS (ADD %I %L)', name, value)) AS wrapper,
       server_option(name, value) AS server,
       outcome_of(format('CREATE USER MAPPING FOR PUBLIC SERVER qianfan OPTIONS (%I %L)', name, value)) AS mapping,
       table_option(name, value) AS "table",
       outcome_of(format('CREATE FOREIGN TABLE probe (id text OPTIONS (%I %L)) SERVER qianfan', name, value)) AS "column"
  FROM (VALUES ('endpoint', 'https://qianfan.baidubce.com'),
               ('connect_timeout', '10s'), ('request_timeout', '60s'),
               ('max_concurrency', '16'), ('max_retries', '3'),
               ('retry_delay', '300ms'), ('rate_limit', '0'),
               ('page_size', '100'), ('list_order', 'none'),
               ('max_response_size', '16MB'),
               ('proxy', 'http://proxy.example:3128'),
               ('ca_file', '/etc/ssl/certs/ca-certificates.crt'),
               ('allow_plaintext', 'false'), ('updatable', 'false'),
               ('access_key', 'a'), ('secret_key', 'b'),
               ('session_token', 'c'), ('resource', 'model_comp_tasks'),
               ('field', 'config.strategy'),
               ('Endpoint', 'https://qianfan.baidubce.com'),
               ('no_such_option', 'x')) AS option(name, value);

-- the hint says what there is
CREATE SERVER probe FOREIGN DATA WRAPPER qianfan_fdw OPTIONS (host 'x');  -- ERROR
\echo :LAST_ERROR_SQLSTATE
CREATE USER MAPPING FOR PUBLIC SERVER qianfan OPTIONS (endpoint 'x');  -- ERROR
CREATE SERVER probe FOREIGN DATA WRAPPER qianfan_fdw OPTIONS (secret_key 'do-not-show-0001');  -- ERROR
CREATE FOREIGN TABLE probe (id text) SERVER qianfan OPTIONS (table_name 'x');  -- ERROR
CREATE FOREIGN TABLE probe (id text OPTIONS (column_name 'x')) SERVER qianfan;  -- ERROR
ALTER FOREIGN DATA WRAPPER qianfan_fdw OPTIONS (ADD endpoint 'x');  -- ERROR

-- numbers: both bounds
SELECT name, value, server_option(name, value) AS server,
       table_option(name, value) AS "table"
  FROM (VALUES ('max_concurrency', '1'), ('max_concurrency', '256'),
               ('max_concurrency', '0'), ('max_concurrency', '257'),
               ('page_size', '1'), ('page_size', '100'), ('page_size', '0'),
               ('page_size', '101'), ('page_size', '-1'), ('page_size', ''),
               ('page_size', 'ten'), ('page_size', '10 rows'),
               ('page_size', '4294967297'), ('page_size', '10s'))
       AS option(name, value);
SELECT name, value, server_option(name, value) AS server
  FROM (VALUES ('max_retries', '0'), ('max_retries', '10'),
               ('max_retries', '-1'), ('max_retries', '11'),
               ('rate_limit', '0'), ('rate_limit', '0.5'),
               ('rate_limit', '100'), ('rate_limit', '-0.5'),
               ('rate_limit', 'NaN'), ('rate_limit', 'Infinity'),
               ('rate_limit', 'fast'), ('rate_limit', ''))
       AS option(name, value);

-- durations and sizes: PostgreSQL units
SELECT name, value, server_option(name, value) AS server
  FROM (VALUES ('connect_timeout', '500ms'), ('connect_timeout', '30s'),
               ('connect_timeout', '1min'), ('connect_timeout', '0.5 s'),
               ('connect_timeout', '2500'), ('connect_timeout', ''),
               ('connect_timeout', '-1'), ('connect_timeout', '30 S'),
               ('connect_timeout', '1 fortnight'),
               ('connect_timeout', '16MB'), ('connect_timeout', 'soon'),
               ('request_timeout', '2min'), ('request_timeout', '-1s'),
               ('retry_delay', '1ms'), ('retry_delay', '20s'),
               ('retry_delay', '-300ms'),
               ('max_response_size', '16MB'), ('max_response_size', '1GB'),
               ('max_response_size', '512kB'),
               ('max_response_size', '1048576'),
               ('max_response_size', '-1'), ('max_response_size', '10s'),
               ('max_response_size', '16 mb'), ('max_response_size', ''),
               ('max_response_size', 'large'))
       AS option(name, value);

-- addresses: http only to this machine
SELECT value, server_option('endpoint', value) AS endpoint
  FROM (VALUES ('https://qianfan.baidubce.com'), ('https://proxy.example:8443/qianfan'),
               ('http://localhost:8080'), ('http://127.0.0.1'), ('http://[::1]:8080'),
               ('http://qianfan.baidubce.com'), ('http://10.0.0.1:80'),
               ('http://localhost.example.com'), ('http://127.0.0.1.example.com'),
               ('http://localhost@example.com'), ('https://key:word@example.com'),
               ('qianfan.baidubce.com'), ('ftp://example.com'), ('file:///etc/passwd'),
               ('https://'), ('https:///v2'), (''), ('https://example.com:0'),
               ('https://example.com:65536'), ('https://example.com:port'),
               ('https://example.com/?a=b'), ('https://example.com/#top'),
               ('https://exa mple.com'), (E'https://example.com\nX: 1'))
       AS option(value);
CREATE SERVER probe FOREIGN DATA WRAPPER qianfan_fdw OPTIONS (endpoint 'http://example.com');  -- ERROR
\echo :LAST_ERROR_SQLSTATE
CREATE SERVER probe FOREIGN DATA WRAPPER qianfan_fdw
    OPTIONS (endpoint 'http://example.com', allow_plaintext 'true');
ALTER SERVER probe OPTIONS (SET allow_plaintext 'false');  -- ERROR
ALTER SERVER probe OPTIONS (DROP allow_plaintext);  -- ERROR
ALTER SERVER probe OPTIONS (SET endpoint 'https://example.com', DROP allow_plaintext);
ALTER SERVER probe OPTIONS (SET endpoint 'http://example.com');  -- ERROR
DROP SERVER probe;

-- the path of the API is not part of it
SELECT value, server_option('endpoint', value) AS endpoint
  FROM (VALUES ('https://example.com/v2'), ('https://example.com/v2/'),
               ('https://example.com/v2/model'), ('https://example.com/proxy/v2/model/'),
               ('https://example.com/v2/models'), ('https://example.com/v1'))
       AS option(value);
CREATE SERVER probe FOREIGN DATA WRAPPER qianfan_fdw
    OPTIONS (endpoint 'https://qianfan.baidubce.com/v2/');  -- ERROR
\echo :LAST_ERROR_SQLSTATE

-- words
SELECT name, value, server_option(name, value) AS server
  FROM (VALUES ('allow_plaintext', 'on'), ('allow_plaintext', 'perhaps'),
               ('updatable', 'off'), ('updatable', 'true'), ('updatable', '2'),
               ('ca_file', 'relative.pem'), ('ca_file', ''),
               ('proxy', ''), ('proxy', 'not a proxy')) AS option(name, value);
SELECT value, server_option('list_order', value) AS server, table_option('list_order', value) AS "table"
  FROM (VALUES ('none'), ('create_time asc'), ('create_time desc'), ('Create_Time DESC'),
               (''), ('create_time'), ('asc'), ('create_time  asc'),
               ('finish_time asc'), ('create_time asc, id')) AS option(value);
CREATE FOREIGN TABLE probe (id text) SERVER qianfan OPTIONS (list_order 'newest first');  -- ERROR
SELECT value, table_option('resource', value) AS resource
  FROM (VALUES ('model_comp_tasks'), ('models'), ('')) AS option(value);
CREATE FOREIGN TABLE probe (id text) SERVER qianfan OPTIONS (resource 'models');  -- ERROR
SELECT value, outcome_of(format('CREATE FOREIGN TABLE probe (v text OPTIONS (field %L)) SERVER qianfan', value)) AS field
  FROM (VALUES ('id'), ('config.weight'), ('a.b.c'), (''), ('.a'), ('a.'),
               ('a..b')) AS option(value);

-- a secret is not repeated, be it wrong or in the wrong place
CREATE USER MAPPING FOR PUBLIC SERVER qianfan OPTIONS (access_key 'a', secret_key 'do-not show-0002');  -- ERROR
\echo :LAST_ERROR_SQLSTATE
CREATE USER MAPPING FOR PUBLIC SERVER qianfan OPTIONS (access_key '', secret_key '');  -- ERROR
CREATE USER MAPPING FOR PUBLIC SERVER qianfan OPTIONS (session_token E'do-not-show-0003\n');  -- ERROR

-- the other kind of key the provider has
CREATE USER MAPPING FOR PUBLIC SERVER qianfan OPTIONS (access_key 'bce-v3/ALTAK-do-not-show-0007/0008');  -- ERROR
\echo :LAST_ERROR_SQLSTATE
CREATE USER MAPPING FOR PUBLIC SERVER qianfan
    OPTIONS (access_key 'ALTAK-do-not-show-0007', secret_key 'BCE-V3/ALTAK-do-not-show-0007/0008');  -- ERROR
\! $QIANFAN_SIMULATOR_CTL calls
DROP FUNCTION server_option, table_option;
