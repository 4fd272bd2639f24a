-- Joins give what a local copy gives, and ask for each task once in a scan.
\! $QIANFAN_SIMULATOR_CTL reset
\! $QIANFAN_SIMULATOR_CTL set tasks 200
CREATE TEMP TABLE local_tasks AS SELECT * FROM public.local_tasks WHERE n <= 200;
CREATE TABLE inventory AS
    SELECT id AS task_id, n % 7 AS shelf, source_model_id FROM local_tasks WHERE n % 10 = 0
    UNION ALL SELECT NULL, 0, NULL UNION ALL SELECT 'amva-unknown', 1, 'amv-unknown'
    UNION ALL SELECT id, 9, source_model_id FROM local_tasks WHERE n = 50;
ANALYZE inventory;

-- every kind of join, by every method (over 200 tasks)
CREATE FUNCTION join_differences() RETURNS TABLE (query text, differences text)
LANGUAGE sql VOLATILE AS $$
    SELECT q, d
      FROM unnest(ARRAY[
        'SELECT i.*, t.state FROM inventory i JOIN model_comp_tasks t ON t.id = i.task_id',
        'SELECT i.*, t.state FROM inventory i LEFT JOIN model_comp_tasks t ON t.id = i.task_id',
        'SELECT i.shelf, t.id FROM inventory i RIGHT JOIN model_comp_tasks t ON t.id = i.task_id',
        'SELECT i.shelf, t.id FROM inventory i FULL JOIN model_comp_tasks t ON t.id = i.task_id',
        'SELECT i.task_id FROM inventory i WHERE EXISTS (SELECT FROM model_comp_tasks t WHERE t.id = i.task_id)',
        'SELECT i.task_id FROM inventory i WHERE NOT EXISTS (SELECT FROM model_comp_tasks t WHERE t.id = i.task_id)',
        'SELECT i.task_id FROM inventory i WHERE task_id IN (SELECT id FROM model_comp_tasks)',
        'SELECT i.task_id FROM inventory i WHERE task_id NOT IN (SELECT id FROM model_comp_tasks)',
        'SELECT t.id, t.name FROM model_comp_tasks t WHERE id IN (SELECT task_id FROM inventory WHERE shelf < 5)',
        'SELECT t.id FROM model_comp_tasks t WHERE NOT EXISTS (SELECT FROM inventory i WHERE i.task_id = t.id)',
        'SELECT i.shelf, t.weight FROM inventory i JOIN model_comp_tasks t ON t.id = i.task_id AND t.state = ''succeeded''',
        'SELECT i.shelf, t.weight FROM inventory i LEFT JOIN model_comp_tasks t ON t.id = i.task_id AND t.state = ''failed''',
        'SELECT i.shelf, s.state FROM inventory i, LATERAL (SELECT state FROM model_comp_tasks t WHERE t.id = i.task_id) s',
        'SELECT i.shelf, s.n FROM inventory i LEFT JOIN LATERAL (SELECT count(*) AS n FROM model_comp_tasks t WHERE t.id = i.task_id) s ON true',
        'SELECT i.shelf, s.id FROM inventory i, LATERAL (SELECT id FROM model_comp_tasks t WHERE t.id = i.task_id OR t.id = lower(i.task_id) OFFSET 0) s',
        'SELECT i.shelf, (SELECT name FROM model_comp_tasks t WHERE t.id = i.task_id) FROM inventory i',
        'SELECT i.shelf, a.name, b.state FROM inventory i JOIN model_comp_tasks a ON a.id = i.task_id JOIN model_comp_tasks b ON b.id = a.id',
        'SELECT i.shelf, t.id FROM inventory i JOIN model_comp_tasks t ON t.source_model_id = i.source_model_id WHERE i.shelf < 3',
        'SELECT i.shelf, t.id FROM inventory i JOIN model_comp_tasks t ON t.id = i.task_id AND t.source_model_id = i.source_model_id',
        'SELECT i.shelf, t.id FROM inventory i JOIN model_comp_tasks t ON t.id = ANY (ARRAY[i.task_id, ''amva-wy13o1i1mw9m''])',
        'SELECT i.shelf, t.id FROM inventory i JOIN model_comp_tasks t ON t.id < i.task_id WHERE i.shelf = 9']) q
      LEFT JOIN LATERAL differences(q) d ON true WHERE d IS NOT NULL
$$;
SELECT 'default', * FROM join_differences();
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SELECT 'nested loop', * FROM join_differences();
SET enable_memoize = off;
SET enable_material = off;
SELECT 'neither Memoize nor Materialize', * FROM join_differences();
RESET enable_memoize;
RESET enable_material;
SET enable_nestloop = off;
RESET enable_hashjoin;
SELECT 'hash join', * FROM join_differences();
SET enable_hashjoin = off;
RESET enable_mergejoin;
SELECT 'merge join', * FROM join_differences();
RESET enable_nestloop;
RESET enable_hashjoin;
DROP FUNCTION join_differences;
DROP TABLE pg_temp.local_tasks;

-- a nested loop asks once for each distinct key, also without Memoize
SET qianfan_fdw.enable_lookup_join = off;
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SET enable_memoize = off;
SELECT count(*), count(DISTINCT task_id) FROM inventory WHERE shelf IN (1, 9);
\! $QIANFAN_SIMULATOR_CTL reset
SELECT count(*) FROM inventory i JOIN model_comp_tasks t ON t.id = i.task_id WHERE shelf IN (1, 9);
\! $QIANFAN_SIMULATOR_CTL calls
\! $QIANFAN_SIMULATOR_CTL reset
SELECT count(s) FROM (SELECT (SELECT state FROM model_comp_tasks t WHERE t.id = i.task_id) AS s
                        FROM inventory i OFFSET 0) t;
\! $QIANFAN_SIMULATOR_CTL calls
SELECT count(*), count(DISTINCT task_id) FROM inventory;
SET enable_memoize = on;
\! $QIANFAN_SIMULATOR_CTL reset
SELECT count(*) FROM inventory i JOIN model_comp_tasks t ON t.id = i.task_id WHERE shelf IN (1, 9);
\! $QIANFAN_SIMULATOR_CTL calls

-- a rescan without a new parameter asks for nothing again
SET enable_material = off;
\! $QIANFAN_SIMULATOR_CTL reset
SELECT count(*) FROM inventory i, model_comp_tasks t WHERE t.id IN ('amva-wy13o1i1mw9m', 'amva-1') AND i.shelf >= 0;
\! $QIANFAN_SIMULATOR_CTL calls
\! $QIANFAN_SIMULATOR_CTL reset
SELECT count(*) FROM (VALUES (1), (2), (3)) v(i) LEFT JOIN model_comp_tasks t ON t.name LIKE '%-' || v.i;
\! $QIANFAN_SIMULATOR_CTL calls
\! $QIANFAN_SIMULATOR_CTL reset
RESET enable_material;

-- a task that changes shows one state in a scan, whatever number of rescans.
-- After a cancel the simulator's task moves on each time it is shown.
SELECT id AS running FROM local_tasks WHERE state = 'running' AND n = (SELECT min(n) FROM local_tasks WHERE state = 'running') \gset
\setenv RUNNING :running
\! $(dirname $QIANFAN_SIMULATOR_CTL)/client.py $QIANFAN_SIMULATOR_ENDPOINT CancelModelCompTask "{\"modelCompTaskId\":\"$RUNNING\"}" > /dev/null
SELECT i, (SELECT state FROM model_comp_tasks t WHERE t.id = k.id) AS state
  FROM generate_series(1, 3) i, LATERAL (SELECT :'running' || repeat('', i) AS id) k;
SELECT state FROM model_comp_tasks WHERE id = :'running';
\! $QIANFAN_SIMULATOR_CTL reset

-- the source model as a parameter is sent
SELECT count(*) FROM inventory i JOIN model_comp_tasks t ON t.source_model_id = i.source_model_id WHERE i.shelf = 9;
\! $QIANFAN_SIMULATOR_CTL last
RESET enable_hashjoin;
RESET enable_mergejoin;

-- two scans of the table in one statement do not disturb each other
SELECT * FROM differences('SELECT a.id, b.id AS b FROM (SELECT id FROM model_comp_tasks ORDER BY id LIMIT 20) a, (SELECT id FROM model_comp_tasks ORDER BY id DESC LIMIT 20) b');
SELECT count(*) FROM model_comp_tasks a JOIN model_comp_tasks b USING (id, name, state);
SELECT count(*) FROM model_comp_tasks a, model_comp_tasks b WHERE a.id = 'amva-wy13o1i1mw9m' AND b.source_model_id = a.source_model_id;
SELECT count(*) FROM local_tasks WHERE source_model_id = (SELECT source_model_id FROM local_tasks WHERE n = 2);
-- rows that are kept are kept on disk, too
SET work_mem = '64kB';
SELECT * FROM differences('SELECT i, (SELECT count(description) FROM model_comp_tasks t WHERE length(t.name) > i) AS n FROM generate_series(1, 9, 4) i');
RESET work_mem;
-- what one value of a parameter leaves out, the next may want
SELECT * FROM differences('SELECT i, (SELECT count(strategy) FROM model_comp_tasks t WHERE t.name LIKE ''%'' || i) AS n FROM generate_series(1, 5) i');
DROP TABLE inventory;
