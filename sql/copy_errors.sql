-- What sync, mirror and wait cannot work with is refused before any call.
\! $QIANFAN_SIMULATOR_CTL reset
\set VERBOSITY default
CREATE TABLE copy_of_it (id text PRIMARY KEY, state text, create_time timestamptz, missing_since timestamptz);

-- arguments
CALL qianfan_fdw_sync(NULL, 'copy_of_it');  -- ERROR
CALL qianfan_fdw_sync('model_comp_tasks', NULL);  -- ERROR
CALL qianfan_fdw_sync('model_comp_tasks', 'copy_of_it', NULL);  -- ERROR
CALL qianfan_fdw_sync('model_comp_tasks', 'copy_of_it', only_new => NULL);  -- ERROR
\echo :LAST_ERROR_SQLSTATE
CALL qianfan_fdw_sync('model_comp_tasks', 'copy_of_it', 'forget');  -- ERROR
\echo :LAST_ERROR_SQLSTATE
CALL qianfan_fdw_sync('model_comp_tasks', 'copy_of_it', commit_every => -1);  -- ERROR
\echo :LAST_ERROR_SQLSTATE

-- the source
CALL qianfan_fdw_sync('copy_of_it', 'copy_of_it');  -- ERROR
\echo :LAST_ERROR_SQLSTATE
CALL qianfan_fdw_sync(0, 'copy_of_it');  -- ERROR
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM qianfan_fdw_columns('local_tasks');  -- ERROR
SELECT qianfan_fdw_final_states('pg_class');  -- ERROR
CREATE FOREIGN DATA WRAPPER another;
CREATE SERVER another FOREIGN DATA WRAPPER another;
CREATE FOREIGN TABLE foreign_to_us (id text, state text) SERVER another;
CALL qianfan_fdw_sync('foreign_to_us', 'copy_of_it');  -- ERROR
\echo :LAST_ERROR_SQLSTATE
DROP FOREIGN DATA WRAPPER another CASCADE;
CREATE FOREIGN TABLE no_id (state text) SERVER qianfan;
CREATE FOREIGN TABLE no_state (id text, create_time timestamptz) SERVER qianfan;
CREATE FOREIGN TABLE odd_id (id integer, state text) SERVER qianfan;
CREATE FOREIGN TABLE no_time (id text, state text, create_time text, extra text) SERVER qianfan;
CALL qianfan_fdw_sync('no_id', 'copy_of_it');  -- ERROR
\echo :LAST_ERROR_SQLSTATE
CALL qianfan_fdw_sync('no_state', 'copy_of_it');  -- ERROR
SELECT qianfan_fdw_mirror('no_state', 'a_copy');  -- ERROR
CALL qianfan_fdw_sync('odd_id', 'copy_of_it');  -- ERROR
\echo :LAST_ERROR_SQLSTATE
CALL qianfan_fdw_sync('no_time', 'copy_of_it', only_new => true);  -- ERROR
\echo :LAST_ERROR_SQLSTATE
SELECT column_name, field, in_list FROM qianfan_fdw_columns('no_time');

-- the target
CREATE VIEW a_view AS SELECT * FROM copy_of_it;
CALL qianfan_fdw_sync('model_comp_tasks', 'a_view');  -- ERROR
\echo :LAST_ERROR_SQLSTATE
CALL qianfan_fdw_sync('model_comp_tasks', 0);  -- ERROR
DROP VIEW a_view;
CREATE TABLE lacks_id (state text);
CALL qianfan_fdw_sync('model_comp_tasks', 'lacks_id');  -- ERROR
\echo :LAST_ERROR_SQLSTATE
CREATE TABLE lacks_index (id text, state text);
CREATE UNIQUE INDEX ON lacks_index (id) WHERE state IS NOT NULL;
CREATE UNIQUE INDEX ON lacks_index (id, state);
CREATE UNIQUE INDEX ON lacks_index (lower(id));
CREATE INDEX ON lacks_index (id);
CALL qianfan_fdw_sync('model_comp_tasks', 'lacks_index');  -- ERROR
\echo :LAST_ERROR_SQLSTATE
CREATE UNIQUE INDEX ON lacks_index (id) INCLUDE (state);
CREATE TABLE odd_ids (id integer PRIMARY KEY);
CALL qianfan_fdw_sync('model_comp_tasks', 'odd_ids');  -- ERROR
\echo :LAST_ERROR_SQLSTATE
CREATE TABLE wants_more (id text PRIMARY KEY, owner text NOT NULL);
CREATE TABLE lacks_state (id text PRIMARY KEY, create_time timestamptz);
CALL qianfan_fdw_sync('model_comp_tasks', 'lacks_state', only_new => true);  -- ERROR

-- where they may run
BEGIN;
CALL qianfan_fdw_sync('model_comp_tasks', 'copy_of_it', commit_every => 10);  -- ERROR
\echo :LAST_ERROR_SQLSTATE
ROLLBACK;
BEGIN;
CALL qianfan_fdw_wait('model_comp_tasks', '{}');  -- ERROR
\echo :LAST_ERROR_SQLSTATE
ROLLBACK;
DO $$
DECLARE
    n bigint;
BEGIN
    CALL qianfan_fdw_sync('model_comp_tasks', 'copy_of_it', 'keep', false, 10, true, n, n, n, n, n);
EXCEPTION WHEN invalid_transaction_termination THEN RAISE NOTICE 'not here';
END $$;
BEGIN READ ONLY;
CALL qianfan_fdw_sync('model_comp_tasks', 'copy_of_it');  -- ERROR
\echo :LAST_ERROR_SQLSTATE
ROLLBACK;

-- rights are the caller's
CREATE ROLE regress_qianfan_guest;
SET ROLE regress_qianfan_guest;
CALL qianfan_fdw_sync('model_comp_tasks', 'copy_of_it');  -- ERROR
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
GRANT INSERT (id), UPDATE (id), SELECT ON copy_of_it TO regress_qianfan_guest;
SET ROLE regress_qianfan_guest;
CALL qianfan_fdw_sync('model_comp_tasks', 'copy_of_it');  -- ERROR
\echo :LAST_ERROR_SQLSTATE
\set VERBOSITY terse
SELECT qianfan_fdw_mirror('model_comp_tasks', 'pg_catalog.a_copy');  -- ERROR
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
DROP OWNED BY regress_qianfan_guest;
DROP ROLE regress_qianfan_guest;
\set VERBOSITY default

-- waiting
CALL qianfan_fdw_wait(NULL, '{}');  -- ERROR
CALL qianfan_fdw_wait('model_comp_tasks', NULL);  -- ERROR
CALL qianfan_fdw_wait('model_comp_tasks', '{a,NULL}');  -- ERROR
\echo :LAST_ERROR_SQLSTATE
CALL qianfan_fdw_wait('model_comp_tasks', '{}', NULL);  -- ERROR
CALL qianfan_fdw_wait('no_state', '{}');  -- ERROR
CALL qianfan_fdw_wait('local_tasks', '{}');  -- ERROR
\echo :LAST_ERROR_SQLSTATE

-- mirrors
SELECT qianfan_fdw_mirror('model_comp_tasks', 'copy_of_it');  -- ERROR
\echo :LAST_ERROR_SQLSTATE
SELECT qianfan_fdw_mirror('model_comp_tasks', 'a.b.c.d');  -- ERROR
\echo :LAST_ERROR_SQLSTATE
SELECT qianfan_fdw_mirror('model_comp_tasks', 'no_such_schema.a');  -- ERROR
\echo :LAST_ERROR_SQLSTATE
\! $QIANFAN_SIMULATOR_CTL calls

-- a column that wants a value is known only once there is a row
CALL qianfan_fdw_sync('model_comp_tasks', 'wants_more');  -- ERROR
\echo :LAST_ERROR_SQLSTATE
-- a column of another type, or without a field, costs nothing
\! $QIANFAN_SIMULATOR_CTL reset
\set VERBOSITY terse
CALL qianfan_fdw_sync('no_time', 'copy_of_it');  -- ERROR
\echo :LAST_ERROR_SQLSTATE
ALTER TABLE copy_of_it ADD extra text;
CALL qianfan_fdw_sync('no_time', 'copy_of_it');  -- ERROR
\echo :LAST_ERROR_SQLSTATE
\! $QIANFAN_SIMULATOR_CTL calls
DROP TABLE copy_of_it, lacks_id, lacks_index, odd_ids, wants_more, lacks_state;
DROP FOREIGN TABLE no_id, no_state, odd_id, no_time;
