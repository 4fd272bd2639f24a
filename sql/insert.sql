-- INSERT creates tasks, of what the row says, and nothing else.
\! $QIANFAN_SIMULATOR_CTL reset
CREATE SCHEMA writing;
IMPORT FOREIGN SCHEMA qianfan FROM SERVER qianfan INTO writing
    OPTIONS (updatable 'true');
SET search_path = writing, public;

-- one call each; what was sent is known, the id comes with the answer
INSERT INTO model_comp_tasks (name, source_model_id, model_set_id, strategy, weight)
VALUES ('one', 'amv-new', 'am-set', 'Quantization', 'int8-ptq')
RETURNING id LIKE 'amva-%' AS id, name, source_model_id, model_set_id, strategy, weight;
\! $QIANFAN_SIMULATOR_CTL calls; $QIANFAN_SIMULATOR_CTL last
INSERT INTO model_comp_tasks (name, source_model_id, model_set_id, config, description)
VALUES ('two', 'amv-new', 'am-set', '{"strategy": "Sparsity"}', E'a "b"\n\\ 压缩');
\! $QIANFAN_SIMULATOR_CTL last
SELECT name, state, strategy, weight, sparsity_ratio, description, config, model_set_id
  FROM model_comp_tasks WHERE source_model_id = 'amv-new' ORDER BY name;

-- what only the service knows costs a call, if it is asked for
\! $QIANFAN_SIMULATOR_CTL reset
INSERT INTO model_comp_tasks (name, source_model_id, model_set_id, config)
VALUES ('three', 'amv-new', 'am-set', '{"strategy": "Sparsity"}')
RETURNING name, state, strategy, sparsity_ratio, create_time IS NOT NULL AS created, model_set_id;
\! $QIANFAN_SIMULATOR_CTL calls

-- rows of all origins
\! $QIANFAN_SIMULATOR_CTL reset
INSERT INTO model_comp_tasks (name, source_model_id, model_set_id, strategy)
SELECT 'n' || n, 'amv-new', 'am-set', 'Sparsity' FROM generate_series(1, 5) n;
COPY model_comp_tasks (name, source_model_id, model_set_id, strategy) FROM stdin;
c1	amv-new	am-set	Sparsity
c2	amv-new	am-set	Sparsity
\.
WITH made AS (
    INSERT INTO model_comp_tasks (name, source_model_id, model_set_id, strategy)
    SELECT 'w' || n, 'amv-new', 'am-set', 'Sparsity' FROM generate_series(1, 2) n
    RETURNING id, name)
SELECT count(DISTINCT id), string_agg(name, ' ' ORDER BY name) FROM made;
PREPARE make(text) AS
    INSERT INTO model_comp_tasks (name, source_model_id, model_set_id, strategy)
    VALUES ($1, 'amv-new', 'am-set', 'Sparsity');
EXECUTE make('p1');
EXECUTE make('p2');
SELECT string_agg(name, ' ' ORDER BY name) FROM model_comp_tasks
 WHERE source_model_id = 'amv-new';
\! $QIANFAN_SIMULATOR_CTL calls

-- what cannot be set, or is missing, is refused before anything is sent
\! $QIANFAN_SIMULATOR_CTL reset
INSERT INTO model_comp_tasks (id, name, source_model_id, model_set_id, strategy)
VALUES ('amva-1', 'x', 'amv-new', 'am-set', 'Sparsity');  -- ERROR
\echo :LAST_ERROR_SQLSTATE
INSERT INTO model_comp_tasks (name, source_model_id, model_set_id)
VALUES ('x', 'amv-new', 'am-set');  -- ERROR
\echo :LAST_ERROR_SQLSTATE
INSERT INTO model_comp_tasks (name, model_set_id, strategy)
VALUES ('x', 'am-set', 'Sparsity');  -- ERROR
INSERT INTO model_comp_tasks (name, source_model_id, model_set_id, strategy, config)
VALUES ('x', 'amv-new', 'am-set', 'Sparsity', '{}');  -- ERROR
\echo :LAST_ERROR_SQLSTATE
INSERT INTO model_comp_tasks (name, source_model_id, model_set_id, config)
VALUES ('x', 'amv-new', 'am-set', '[1]');  -- ERROR
\echo :LAST_ERROR_SQLSTATE
INSERT INTO model_comp_tasks (name, source_model_id, model_set_id, strategy)
SELECT 'x', 'amv-new', CASE WHEN n < 40 THEN 'am-set' END, 'Sparsity'
  FROM generate_series(1, 40) n;  -- ERROR
INSERT INTO model_comp_tasks DEFAULT VALUES;  -- ERROR
INSERT INTO model_comp_tasks (name, source_model_id, model_set_id, strategy)
VALUES ('x', 'amv-new', 'am-set', 'Sparsity') ON CONFLICT DO NOTHING;  -- ERROR
\echo :LAST_ERROR_SQLSTATE
\set VERBOSITY sqlstate
INSERT INTO model_comp_tasks (name) VALUES ('x') ON CONFLICT (name) DO NOTHING;  -- ERROR
TRUNCATE model_comp_tasks;  -- ERROR
MERGE INTO model_comp_tasks t USING local_tasks l ON t.id = l.id
    WHEN NOT MATCHED THEN INSERT (name) VALUES ('x');  -- ERROR
INSERT INTO public.model_comp_tasks (name, source_model_id, model_set_id, strategy)
VALUES ('x', 'amv-new', 'am-set', 'Sparsity');  -- ERROR
BEGIN READ ONLY;
EXECUTE make('x');  -- ERROR
ROLLBACK;
\set VERBOSITY default
\! $QIANFAN_SIMULATOR_CTL calls

-- what the API refuses is an error; nothing is repeated
INSERT INTO model_comp_tasks (name, source_model_id, model_set_id, strategy)
SELECT 'r' || n, 'amv-new', 'am-set', CASE WHEN n = 3 THEN 'Magic' ELSE 'Sparsity' END
  FROM generate_series(1, 5) n RETURNING name;  -- ERROR
\echo :LAST_ERROR_SQLSTATE
\! $QIANFAN_SIMULATOR_CTL calls

-- what writes says so in EXPLAIN
SELECT plan_of($$INSERT INTO model_comp_tasks (name, source_model_id, model_set_id, strategy) VALUES ('e', 'amv-new', 'am-set', 'Sparsity')$$);
SELECT plan_of($$INSERT INTO model_comp_tasks (name, source_model_id, model_set_id, strategy) SELECT 'e' || n, 'amv-new', 'am-set', 'Sparsity' FROM generate_series(1, 3) n$$,
    'ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF');

-- the model set is a known column anywhere, and never read
\! $QIANFAN_SIMULATOR_CTL reset
SELECT count(*), count(model_set_id) FROM model_comp_tasks;
\! $QIANFAN_SIMULATOR_CTL calls
DEALLOCATE make;
DROP SCHEMA writing CASCADE;
RESET search_path;
