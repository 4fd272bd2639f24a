-- qianfan_fdw_sync() brings a copy up to date, and asks for what has changed.
\! $QIANFAN_SIMULATOR_CTL reset
SET timezone = 'Asia/Shanghai';
SET datestyle = 'ISO';
SELECT column_name, data_type, field, in_list FROM qianfan_fdw_columns('model_comp_tasks');
SELECT qianfan_fdw_final_states('model_comp_tasks');

SELECT qianfan_fdw_mirror('model_comp_tasks', 'task_mirror');
\d task_mirror
SELECT obj_description('task_mirror'::regclass) AS comment;
SELECT count(*) FILTER (WHERE col_description(m.attrelid, m.attnum) = col_description(t.attrelid, t.attnum)) AS same, count(*)
  FROM pg_attribute t JOIN pg_attribute m USING (attname)
 WHERE t.attrelid = 'model_comp_tasks'::regclass AND m.attrelid = 'task_mirror'::regclass AND t.attnum > 0;

-- 10 pages and 1000 details; then the pages, and who has not ended
CALL qianfan_fdw_sync('model_comp_tasks', 'task_mirror');
\! $QIANFAN_SIMULATOR_CTL calls
SELECT * FROM differences('SELECT * FROM model_comp_tasks',
    'SELECT id, name, state, source_model_id, model_id, strategy, weight, sparsity_ratio, create_time, finish_time, failed_reason, description, config FROM task_mirror');
SELECT count(*) AS unfinished FROM local_tasks WHERE lower(state) NOT IN ('succeeded', 'failed', 'stopped');
CALL qianfan_fdw_sync('model_comp_tasks', 'task_mirror');
SELECT count(DISTINCT synced_at), count(missing_since) FROM task_mirror;

-- seven have changed, three are new, two are gone
SELECT array_to_string(array_agg(id ORDER BY n), ' ') AS running
  FROM (SELECT id, n FROM local_tasks WHERE state = 'running' ORDER BY n LIMIT 5) t \gset
\setenv running :running
SELECT id AS one FROM local_tasks WHERE n = 1 \gset
SELECT id AS two FROM local_tasks WHERE n = 2 \gset
SELECT id AS gone1 FROM local_tasks WHERE n = 11 \gset
SELECT id AS gone2 FROM local_tasks WHERE n = 12 \gset
\setenv one :one
\setenv two :two
\set gone :gone1 ' ' :gone2
\setenv gone :gone
\! for id in $running; do $QIANFAN_SIMULATOR_CTL change $id status succeeded; done
\! $QIANFAN_SIMULATOR_CTL change $one name renamed; $QIANFAN_SIMULATOR_CTL change $two status Done
\! $QIANFAN_SIMULATOR_CTL add 3; $QIANFAN_SIMULATOR_CTL remove $gone
CALL qianfan_fdw_sync('model_comp_tasks', 'task_mirror');
SELECT count(*) FROM task_mirror;
SELECT l.n, missing_since = synced_at AS marked FROM task_mirror JOIN local_tasks l USING (id) WHERE missing_since IS NOT NULL ORDER BY n;
SELECT l.n, m.name, m.state FROM task_mirror m JOIN local_tasks l USING (id) WHERE n < 3 ORDER BY n;
SELECT count(*) FROM differences('SELECT * FROM model_comp_tasks',
    'SELECT id, name, state, source_model_id, model_id, strategy, weight, sparsity_ratio, create_time, finish_time, failed_reason, description, config FROM task_mirror WHERE missing_since IS NULL');

-- missing rows are marked once, and a task that comes back is unmarked
SELECT max(missing_since) AS marked FROM task_mirror \gset
CALL qianfan_fdw_sync('model_comp_tasks', 'task_mirror');
SELECT max(missing_since) = :'marked' AS same FROM task_mirror;
\! $QIANFAN_SIMULATOR_CTL restore $gone
CALL qianfan_fdw_sync('model_comp_tasks', 'task_mirror');
SELECT count(missing_since) FROM task_mirror;

-- keep, and delete
\! $QIANFAN_SIMULATOR_CTL remove $gone
CALL qianfan_fdw_sync('model_comp_tasks', 'task_mirror', missing => 'keep');
SELECT count(*), count(missing_since) FROM task_mirror;
CALL qianfan_fdw_sync('model_comp_tasks', 'task_mirror', 'delete');
SELECT count(*), count(missing_since) FROM task_mirror;

-- only_new: the tasks since the newest, and the unfinished ones; here without a
-- known order, so the list is read whole
\! $QIANFAN_SIMULATOR_CTL set clock_offset_s 5; $QIANFAN_SIMULATOR_CTL add 3; $QIANFAN_SIMULATOR_CTL set clock_offset_s 0
\! $QIANFAN_SIMULATOR_CTL restore $gone; $QIANFAN_SIMULATOR_CTL remove $one
SELECT count(*) AS unfinished FROM task_mirror WHERE state NOT IN ('succeeded', 'failed', 'stopped', 'Done');
CALL qianfan_fdw_sync('model_comp_tasks', 'task_mirror', only_new => true);
SELECT count(*), count(missing_since) FROM task_mirror;
-- into an empty table it is all
CREATE TABLE few_columns (id text PRIMARY KEY, state text, create_time timestamptz);
CALL qianfan_fdw_sync('model_comp_tasks', 'few_columns', only_new => true);
SELECT count(*) FROM few_columns;

-- where the list has all there is to know, nothing else is asked
TRUNCATE few_columns;
CALL qianfan_fdw_sync('model_comp_tasks', 'few_columns');
CALL qianfan_fdw_sync('model_comp_tasks', 'few_columns');
\! $QIANFAN_SIMULATOR_CTL change $two status failed
CALL qianfan_fdw_sync('model_comp_tasks', 'few_columns', only_new => true);
CALL qianfan_fdw_sync('model_comp_tasks', 'few_columns');
-- no column to mark in: the rows stay
\! $QIANFAN_SIMULATOR_CTL remove $gone
CALL qianfan_fdw_sync('model_comp_tasks', 'few_columns');
SELECT count(*) FROM few_columns;
CREATE TABLE ids (id varchar(30) PRIMARY KEY);
CALL qianfan_fdw_sync('model_comp_tasks', 'ids');
CALL qianfan_fdw_sync('model_comp_tasks', 'ids');
CALL qianfan_fdw_sync('model_comp_tasks', 'ids', only_new => true);  -- ERROR

-- an empty list throws no copy away
\! $QIANFAN_SIMULATOR_CTL reset; $QIANFAN_SIMULATOR_CTL set tasks 0
CALL qianfan_fdw_sync('model_comp_tasks', 'task_mirror');  -- ERROR
\echo :LAST_ERROR_SQLSTATE
CALL qianfan_fdw_sync('model_comp_tasks', 'task_mirror', 'delete');  -- ERROR
\echo :LAST_ERROR_SQLSTATE
CALL qianfan_fdw_sync('model_comp_tasks', 'task_mirror', 'keep');
CALL qianfan_fdw_sync('model_comp_tasks', 'few_columns');
SELECT count(*), count(missing_since) FROM task_mirror;
UPDATE task_mirror SET missing_since = now();
CALL qianfan_fdw_sync('model_comp_tasks', 'task_mirror');
TRUNCATE task_mirror;
CALL qianfan_fdw_sync('model_comp_tasks', 'task_mirror', 'delete');
\! $QIANFAN_SIMULATOR_CTL set tasks 1000; $QIANFAN_SIMULATOR_CTL get bad_requests

-- from PL/pgSQL
DO $$
DECLARE
    ins bigint; upd bigint; same bigint; gone bigint; calls bigint;
BEGIN
    CALL qianfan_fdw_sync('model_comp_tasks', 'few_columns', 'mark', false, 0, true, ins, upd, same, gone, calls);
    RAISE NOTICE '% % % % %', ins, upd, same, gone, calls;
END $$;
DROP TABLE task_mirror, few_columns, ids;
