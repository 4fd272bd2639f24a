-- UPDATE cancels and DELETE deletes, each task once, by the id that was read.
\! $QIANFAN_SIMULATOR_CTL reset
CREATE SCHEMA writing;
IMPORT FOREIGN SCHEMA qianfan FROM SERVER qianfan INTO writing
    OPTIONS (updatable 'true');
SET search_path = writing, public;
SELECT id AS running_id FROM local_tasks WHERE state = 'running' ORDER BY n LIMIT 1 \gset
SELECT id AS failed_id FROM local_tasks WHERE state = 'failed' ORDER BY n LIMIT 1 \gset

-- one call to read the row, one to cancel; RETURNING reads it again, id does not
UPDATE model_comp_tasks SET state = 'stopping' WHERE id = :'running_id';
\! $QIANFAN_SIMULATOR_CTL calls
SELECT state FROM model_comp_tasks WHERE id = :'running_id';
\! $QIANFAN_SIMULATOR_CTL reset
UPDATE model_comp_tasks SET state = 'stopped' WHERE id = :'running_id' RETURNING id = :'running_id' AS same;
\! $QIANFAN_SIMULATOR_CTL calls
\! $QIANFAN_SIMULATOR_CTL reset
UPDATE model_comp_tasks SET state = 'stopped' WHERE id = :'running_id'
RETURNING state, name IS NOT NULL AS named, model_set_id;
\! $QIANFAN_SIMULATOR_CTL calls

-- through the list, with no details; the whole list is read before the first
\! $QIANFAN_SIMULATOR_CTL reset
UPDATE model_comp_tasks SET state = 'stopping'
 WHERE state = 'running' AND source_model_id = 'amv-ckj6megznty6';
\! $QIANFAN_SIMULATOR_CTL calls
DELETE FROM model_comp_tasks WHERE state = 'failed' AND source_model_id = 'amv-ckj6megznty6';
\! $QIANFAN_SIMULATOR_CTL calls
\! $QIANFAN_SIMULATOR_CTL last 20 | cut -d' ' -f1 | uniq -c | sed 's/^ *//'
SELECT count(*) FROM model_comp_tasks WHERE source_model_id = 'amv-ckj6megznty6' AND state = 'failed';

-- what a DELETE returns is the row as it was read
\! $QIANFAN_SIMULATOR_CTL reset
DELETE FROM model_comp_tasks WHERE id = :'failed_id' RETURNING state, failed_reason IS NOT NULL AS reason, id = :'failed_id' AS same;
\! $QIANFAN_SIMULATOR_CTL calls
DELETE FROM model_comp_tasks WHERE id = :'failed_id' RETURNING id;
\! $QIANFAN_SIMULATOR_CTL calls

-- with other tables: each task once
\! $QIANFAN_SIMULATOR_CTL reset
CREATE TABLE twice AS SELECT l.id, k FROM local_tasks l, generate_series(1, 2) k WHERE l.n < 7;
ANALYZE twice;
DELETE FROM model_comp_tasks t USING twice WHERE t.id = twice.id RETURNING t.state;
\! $QIANFAN_SIMULATOR_CTL calls
\! $QIANFAN_SIMULATOR_CTL reset
UPDATE model_comp_tasks t SET state = 'stopping' FROM local_tasks l
 WHERE l.id = t.id AND l.state = 'creating' AND l.n < 200;
\! $QIANFAN_SIMULATOR_CTL get calls:CancelModelCompTask
WITH gone AS (DELETE FROM model_comp_tasks WHERE id = :'failed_id' RETURNING id)
SELECT count(*) FROM gone;
PREPARE erase AS DELETE FROM model_comp_tasks WHERE id = $1;
EXECUTE erase(:'failed_id');
EXECUTE erase(:'running_id');
-- a self-reference reads all before it writes
INSERT INTO model_comp_tasks (name, source_model_id, model_set_id, strategy)
SELECT name || '-again', source_model_id, 'am-set', 'Sparsity' FROM model_comp_tasks
 WHERE source_model_id = 'amv-ckj6megznty6' AND state = 'stopped';

-- nothing but the state can be set, and that to nothing else
\! $QIANFAN_SIMULATOR_CTL reset
UPDATE model_comp_tasks SET name = 'x' WHERE id = :'failed_id';  -- ERROR
\echo :LAST_ERROR_SQLSTATE
UPDATE model_comp_tasks SET state = 'stopping', name = name WHERE id = :'failed_id';  -- ERROR
UPDATE model_comp_tasks SET state = 'running' WHERE id = :'running_id';  -- ERROR
\echo :LAST_ERROR_SQLSTATE
UPDATE model_comp_tasks SET state = NULL WHERE id = :'running_id';  -- ERROR
CREATE FOREIGN TABLE without_id (name text, state text) SERVER qianfan OPTIONS (updatable 'true');
DELETE FROM without_id;  -- ERROR
\echo :LAST_ERROR_SQLSTATE
UPDATE model_comp_tasks SET state = 'stopping' WHERE id = :'failed_id';  -- ERROR
\echo :LAST_ERROR_SQLSTATE
UPDATE model_comp_tasks SET state = 'stopping' WHERE id = 'amva-000000000000';
\! $QIANFAN_SIMULATOR_CTL get calls:CancelModelCompTask; $QIANFAN_SIMULATOR_CTL get reused_for_write

SELECT plan_of($$DELETE FROM model_comp_tasks WHERE id = 'x'$$);
SELECT plan_of($$UPDATE model_comp_tasks SET state = 'stopping' WHERE state = 'running'$$);
DEALLOCATE erase;
DROP SCHEMA writing CASCADE;
RESET search_path;
