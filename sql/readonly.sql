-- Writing is refused with 55000, and nothing is sent for it.
\! $QIANFAN_SIMULATOR_CTL reset
INSERT INTO model_comp_tasks (id, name) VALUES ('x', 'y');  -- ERROR
\echo :LAST_ERROR_SQLSTATE
UPDATE model_comp_tasks SET name = 'y' WHERE id = 'amva-abciuctdx15t';  -- ERROR
\echo :LAST_ERROR_SQLSTATE
DELETE FROM model_comp_tasks WHERE id = 'amva-abciuctdx15t';  -- ERROR
\echo :LAST_ERROR_SQLSTATE
TRUNCATE model_comp_tasks;  -- ERROR
\echo :LAST_ERROR_SQLSTATE
COPY model_comp_tasks (id) FROM stdin;  -- ERROR
\.
\echo :LAST_ERROR_SQLSTATE
\set VERBOSITY sqlstate
INSERT INTO model_comp_tasks SELECT * FROM model_comp_tasks RETURNING id;  -- ERROR
INSERT INTO model_comp_tasks DEFAULT VALUES;  -- ERROR
DELETE FROM model_comp_tasks WHERE false;  -- ERROR
UPDATE model_comp_tasks t SET name = l.name FROM local_tasks l WHERE l.id = t.id;  -- ERROR
EXPLAIN DELETE FROM model_comp_tasks;  -- ERROR
PREPARE erase AS DELETE FROM model_comp_tasks WHERE id = $1;
EXECUTE erase('amva-abciuctdx15t');  -- ERROR
WITH gone AS (DELETE FROM model_comp_tasks RETURNING id) SELECT * FROM gone;  -- ERROR

-- through a view, a partitioned table, a parent
CREATE VIEW tasks_view AS SELECT id, name FROM model_comp_tasks;
INSERT INTO tasks_view VALUES ('x', 'y');  -- ERROR
CREATE TABLE divided (state text, id text) PARTITION BY LIST (state);
CREATE FOREIGN TABLE divided_rest PARTITION OF divided DEFAULT SERVER qianfan;
INSERT INTO divided VALUES ('running', 'x');  -- ERROR
UPDATE divided SET id = 'y';  -- ERROR
DELETE FROM divided;  -- ERROR
TRUNCATE divided;  -- ERROR

-- core refuses MERGE by itself
SELECT outcome_of('MERGE INTO model_comp_tasks t USING local_tasks l ON t.id = l.id WHEN MATCHED THEN DELETE') <> 'ok' AS refused;

-- and the catalogs say so
SELECT pg_relation_is_updatable('model_comp_tasks', true) AS events;
SELECT table_name, is_insertable_into FROM information_schema.tables
 WHERE table_name IN ('model_comp_tasks', 'tasks_view') ORDER BY table_name;
\! $QIANFAN_SIMULATOR_CTL calls

-- reading is possible where nothing may be written, and locks are harmless
BEGIN TRANSACTION READ ONLY;
SELECT name FROM model_comp_tasks WHERE id = 'amva-abciuctdx15t';
COMMIT;
SELECT name FROM model_comp_tasks WHERE id = 'amva-abciuctdx15t' FOR UPDATE;
SELECT t.name FROM model_comp_tasks t JOIN local_tasks l USING (id)
 WHERE l.n = 1 FOR UPDATE OF l;
COPY (SELECT name FROM model_comp_tasks WHERE id = 'amva-abciuctdx15t') TO stdout;
DROP VIEW tasks_view;
DROP TABLE divided;
