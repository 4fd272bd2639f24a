-- Whose keys are used, and what happens without usable ones (28000).
\getenv endpoint QIANFAN_SIMULATOR_ENDPOINT
\getenv access_key QIANFAN_SIMULATOR_ACCESS_KEY
\getenv secret_key QIANFAN_SIMULATOR_SECRET_KEY
\! $QIANFAN_SIMULATOR_CTL reset

CREATE SERVER keyed FOREIGN DATA WRAPPER qianfan_fdw
    OPTIONS (endpoint :'endpoint');
CREATE FOREIGN TABLE keyed_tasks (id text, name text) SERVER keyed;
CREATE ROLE regress_qianfan_alice;
CREATE ROLE regress_qianfan_bob;
CREATE ROLE regress_qianfan_keeper;
GRANT USAGE ON FOREIGN DATA WRAPPER qianfan_fdw TO regress_qianfan_keeper;
ALTER SERVER keyed OWNER TO regress_qianfan_keeper;
GRANT SELECT ON keyed_tasks TO regress_qianfan_alice, regress_qianfan_bob;
PREPARE ask AS SELECT * FROM keyed_tasks WHERE id = 'amva-abciuctdx15t';

-- no mapping, and a mapping without keys: nothing is sent
SET ROLE regress_qianfan_alice;
EXECUTE ask;  -- ERROR
\echo :LAST_ERROR_SQLSTATE

-- what to do depends on who may: with USAGE for oneself, the owner for all
RESET ROLE;
CREATE VIEW keyed_view AS SELECT * FROM keyed_tasks WHERE id = 'amva-abciuctdx15t';
ALTER VIEW keyed_view OWNER TO regress_qianfan_alice;
GRANT SELECT ON keyed_view TO regress_qianfan_bob, regress_qianfan_keeper;
GRANT USAGE ON FOREIGN SERVER keyed TO regress_qianfan_alice, regress_qianfan_bob;
SET ROLE regress_qianfan_alice;
EXECUTE ask;  -- ERROR
SET ROLE regress_qianfan_bob;
TABLE keyed_view;  -- ERROR
SET ROLE regress_qianfan_keeper;
TABLE keyed_view;  -- ERROR
RESET ROLE;
REVOKE USAGE ON FOREIGN SERVER keyed FROM regress_qianfan_alice, regress_qianfan_bob;
DROP VIEW keyed_view;
CREATE USER MAPPING FOR regress_qianfan_alice SERVER keyed;
SET ROLE regress_qianfan_alice;
EXECUTE ask;  -- ERROR
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
ALTER USER MAPPING FOR regress_qianfan_alice SERVER keyed
    OPTIONS (ADD access_key :'access_key');
SET ROLE regress_qianfan_alice;
EXECUTE ask;  -- ERROR
\echo :LAST_ERROR_SQLSTATE
\! $QIANFAN_SIMULATOR_CTL calls

-- EXPLAIN does not need them
EXPLAIN (COSTS OFF) EXECUTE ask;

-- keys that are wrong; a change counts for the next statement
RESET ROLE;
ALTER USER MAPPING FOR regress_qianfan_alice SERVER keyed
    OPTIONS (ADD secret_key 'do-not-show-0004');
SET ROLE regress_qianfan_alice;
EXECUTE ask;  -- ERROR
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
ALTER USER MAPPING FOR regress_qianfan_alice SERVER keyed
    OPTIONS (SET access_key 'do-not-show-0005', SET secret_key :'secret_key');
SET ROLE regress_qianfan_alice;
EXECUTE ask;  -- ERROR
\echo :LAST_ERROR_SQLSTATE
\! $QIANFAN_SIMULATOR_CTL calls

-- the same when the refusal comes in headers only
\! $QIANFAN_SIMULATOR_CTL set iam_errors headers
\set VERBOSITY sqlstate
EXECUTE ask;  -- ERROR
RESET ROLE;
ALTER USER MAPPING FOR regress_qianfan_alice SERVER keyed
    OPTIONS (SET access_key :'access_key', SET secret_key 'do-not-show-0006');
SET ROLE regress_qianfan_alice;
EXECUTE ask;  -- ERROR
\! $QIANFAN_SIMULATOR_CTL reset

-- the right ones
RESET ROLE;
ALTER USER MAPPING FOR regress_qianfan_alice SERVER keyed
    OPTIONS (SET secret_key :'secret_key');
SET ROLE regress_qianfan_alice;
EXECUTE ask;

-- a session token is sent and signed
\! $QIANFAN_SIMULATOR_CTL set session_token token-0123456789
EXECUTE ask;  -- ERROR
RESET ROLE;
ALTER USER MAPPING FOR regress_qianfan_alice SERVER keyed
    OPTIONS (ADD session_token 'token-0123456789');
SET ROLE regress_qianfan_alice;
EXECUTE ask;
\! $QIANFAN_SIMULATOR_CTL reset
RESET ROLE;
ALTER USER MAPPING FOR regress_qianfan_alice SERVER keyed
    OPTIONS (DROP session_token);

-- nobody uses another's mapping, not even after the other did
SET ROLE regress_qianfan_bob;
EXECUTE ask;  -- ERROR
RESET ROLE;

-- a view asks as its owner, unless it says otherwise
SET ROLE regress_qianfan_alice;
EXECUTE ask;
RESET ROLE;
CREATE VIEW by_alice AS SELECT * FROM keyed_tasks WHERE id = 'amva-abciuctdx15t';
ALTER VIEW by_alice OWNER TO regress_qianfan_alice;
CREATE VIEW by_caller WITH (security_invoker) AS
    SELECT * FROM keyed_tasks WHERE id = 'amva-abciuctdx15t';
CREATE FUNCTION as_alice() RETURNS SETOF keyed_tasks
LANGUAGE sql SECURITY DEFINER
AS 'SELECT * FROM keyed_tasks WHERE id = ''amva-abciuctdx15t''';
ALTER FUNCTION as_alice() OWNER TO regress_qianfan_alice;
CREATE VIEW by_bob AS SELECT * FROM keyed_tasks WHERE id = 'amva-abciuctdx15t';
ALTER VIEW by_bob OWNER TO regress_qianfan_bob;
GRANT SELECT ON by_alice, by_caller, by_bob TO public;
SET ROLE regress_qianfan_bob;
SELECT * FROM by_alice;
SELECT * FROM by_caller;  -- ERROR
SELECT * FROM as_alice();
SELECT * FROM by_alice JOIN keyed_tasks USING (id);  -- ERROR
SET ROLE regress_qianfan_alice;
SELECT * FROM by_bob;  -- ERROR
SELECT * FROM by_caller;
RESET ROLE;

-- a public mapping serves whoever has none of his own
CREATE USER MAPPING FOR PUBLIC SERVER keyed
    OPTIONS (access_key :'access_key', secret_key :'secret_key');
SET ROLE regress_qianfan_bob;
EXECUTE ask;
SELECT * FROM by_caller;
RESET ROLE;
ALTER USER MAPPING FOR regress_qianfan_alice SERVER keyed
    OPTIONS (SET secret_key 'do-not-show-0007');
SET ROLE regress_qianfan_alice;
EXECUTE ask;  -- ERROR
RESET ROLE;
EXECUTE ask;

-- EXPLAIN ANALYZE and the plan's text show no key
SELECT count(*) AS leaks FROM plan_of('EXECUTE ask', 'ANALYZE, VERBOSE') AS line
 WHERE line ~ 'do-not-show|test-access|test-secret|bce-auth|Authorization';

DROP OWNED BY regress_qianfan_alice, regress_qianfan_bob;
REASSIGN OWNED BY regress_qianfan_keeper TO CURRENT_USER;
DROP OWNED BY regress_qianfan_keeper;
\set VERBOSITY terse
SET client_min_messages = warning;
DROP SERVER keyed CASCADE;
DROP ROLE regress_qianfan_alice, regress_qianfan_bob, regress_qianfan_keeper;
