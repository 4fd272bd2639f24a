-- A lookup join is chosen where it is the cheapest, and EXPLAIN shows its calls.
\! $QIANFAN_SIMULATOR_CTL reset
CREATE TABLE inv (n integer PRIMARY KEY, task_id text, qty integer);
INSERT INTO inv SELECT n, id, n % 10 FROM local_tasks WHERE n <= 400;
INSERT INTO inv SELECT 400 + n, id, n % 10 FROM local_tasks WHERE n <= 400;
INSERT INTO inv SELECT n, NULL, 1 FROM generate_series(801, 900) n;
CREATE INDEX ON inv (qty);
VACUUM ANALYZE inv;
ANALYZE model_comp_tasks;

-- How tables are joined and what the scan asks, without how the local table
-- is read.
CREATE FUNCTION join_of(query text) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(DISTINCT substring(line, 'QianfanLookupJoin|Hash.* Join|Merge.* Join|Nested Loop|Memoize|Materialize'), ', ')
           || ': ' || string_agg(DISTINCT substring(line, 'Action: (.*)'), '; ')
      FROM plan_of(query) AS line
$$;

-- few outer rows: lookup join; many, against a list of 10 pages: hash join
SELECT rows, join_of(format('SELECT i.qty, t.state FROM inv i JOIN model_comp_tasks t ON t.id = i.task_id WHERE i.n <= %s', rows))
  FROM unnest(ARRAY[2, 16, 100, 300, 900]) rows;

-- the list does not have the weight: a call for each of its rows is dear
SELECT rows, join_of(format('SELECT i.qty, t.weight FROM inv i JOIN model_comp_tasks t ON t.id = i.task_id WHERE i.n <= %s', rows))
  FROM unnest(ARRAY[2, 900]) rows;

-- what counts is distinct keys, and how many of them fit into a round trip
UPDATE inv SET task_id = (SELECT id FROM local_tasks WHERE local_tasks.n = inv.n % 20 + 1) WHERE n <= 800;
VACUUM ANALYZE inv;
SELECT join_of('SELECT i.qty, t.state FROM inv i JOIN model_comp_tasks t ON t.id = i.task_id');
UPDATE inv SET task_id = (SELECT id FROM local_tasks WHERE local_tasks.n = inv.n) WHERE n <= 800;
VACUUM FULL ANALYZE inv;
SELECT join_of('SELECT i.qty, t.state FROM inv i JOIN model_comp_tasks t ON t.id = i.task_id WHERE i.n <= 400');
ALTER SERVER qianfan OPTIONS (ADD max_concurrency '256');
SELECT join_of('SELECT i.qty, t.state FROM inv i JOIN model_comp_tasks t ON t.id = i.task_id WHERE i.n <= 400');
ALTER SERVER qianfan OPTIONS (DROP max_concurrency);

-- one row: a nested loop makes the same one call and has less to do
SELECT join_of('SELECT i.qty, t.state FROM inv i JOIN model_comp_tasks t ON t.id = i.task_id WHERE i.n = 1');
SELECT join_of('SELECT i.qty, t.state FROM inv i LEFT JOIN model_comp_tasks t ON t.id = i.task_id WHERE i.n = 1');

-- a filter that is sent makes the list short
SELECT join_of('SELECT i.qty, t.state FROM inv i JOIN model_comp_tasks t ON t.id = i.task_id WHERE i.n <= 100 AND t.source_model_id = ''amv-ckj6megznty6''');

-- under a LIMIT the first rows count
SELECT join_of('SELECT i.qty, t.weight FROM inv i LEFT JOIN model_comp_tasks t ON t.id = i.task_id LIMIT 3');

-- each type of join, and none with the parameter off
CREATE TABLE types (type text, query text);
INSERT INTO types VALUES
    ('Inner', 'SELECT i.qty, t.weight FROM inv i JOIN model_comp_tasks t ON t.id = i.task_id WHERE i.n <= 40'),
    ('Left', 'SELECT i.qty, t.weight FROM inv i LEFT JOIN model_comp_tasks t ON t.id = i.task_id WHERE i.n <= 40'),
    ('Semi', 'SELECT i.qty FROM inv i WHERE EXISTS (SELECT FROM model_comp_tasks t WHERE t.id = i.task_id AND t.weight <> '''') AND i.n <= 40'),
    ('Anti', 'SELECT i.qty FROM inv i WHERE NOT EXISTS (SELECT FROM model_comp_tasks t WHERE t.id = i.task_id AND t.weight <> '''') AND i.n <= 40'),
    ('Unique', 'SELECT t.weight FROM model_comp_tasks t WHERE t.id IN (SELECT task_id FROM inv WHERE n <= 40)');
SELECT type, join_of(query) FROM types;
SELECT type, replace(line, '(i.task_id = t.id)', '(t.id = i.task_id)') AS line
  FROM types, plan_of(query) WITH ORDINALITY AS p(line, n)
 WHERE line ~ 'Join Type|Lookup Key|Join Filter' AND type <> 'Unique' ORDER BY type, n;
SET qianfan_fdw.enable_lookup_join = off;
SELECT count(*) FROM types WHERE join_of(query) LIKE '%LookupJoin%';
RESET qianfan_fdw.enable_lookup_join;

-- the order of the outer side stays
SET enable_bitmapscan = off;
SELECT plan_of('SELECT i.n, t.weight FROM inv i LEFT JOIN model_comp_tasks t ON t.id = i.task_id WHERE i.n <= 20 ORDER BY i.n');
SELECT count(*) AS sorts FROM plan_of('SELECT i.n, t.weight FROM inv i JOIN model_comp_tasks t ON t.id = i.task_id WHERE i.n <= 20 ORDER BY i.n DESC') line WHERE line LIKE '%Sort%';
SELECT array_agg(n) = array_agg(n ORDER BY n) AS in_order FROM (SELECT i.n, t.weight FROM inv i LEFT JOIN model_comp_tasks t ON t.id = i.task_id WHERE i.n <= 300 ORDER BY i.n) s;
RESET enable_bitmapscan;

-- without ANALYZE no figure, no call
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SET enable_nestloop = off;
\! $QIANFAN_SIMULATOR_CTL reset
SELECT plan_of('SELECT i.n, t.weight FROM inv i LEFT JOIN model_comp_tasks t ON t.id = i.task_id AND length(t.name) > i.qty WHERE t.state IS DISTINCT FROM ''failed''');
\! $QIANFAN_SIMULATOR_CTL calls

-- with ANALYZE they are the simulator's
SELECT plan_of('SELECT i.qty, t.weight FROM inv i LEFT JOIN model_comp_tasks t ON t.id = i.task_id AND t.weight > i.qty::text WHERE i.n > 400', 'ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF');
\! $QIANFAN_SIMULATOR_CTL calls
ALTER SERVER qianfan OPTIONS (ADD retry_delay '1ms');
\! $QIANFAN_SIMULATOR_CTL reset
\! $QIANFAN_SIMULATOR_CTL fail http-500 --times 3
CREATE FUNCTION node_of(query text) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    plan jsonb;
BEGIN
    EXECUTE 'EXPLAIN (ANALYZE, FORMAT JSON) ' || query INTO plan;
    RETURN jsonb_path_query(plan, 'strict $.** ? (@."Custom Plan Provider" == "QianfanLookupJoin")');
END $$;
SELECT node_of('SELECT i.qty, t.weight FROM inv i JOIN model_comp_tasks t ON t.id = i.task_id') AS node \gset
\set bytes `$QIANFAN_SIMULATOR_CTL get bytes`
\set calls `$QIANFAN_SIMULATOR_CTL get total`
SELECT key, value, jsonb_typeof(value) AS type FROM jsonb_each(:'node')
 WHERE key IN ('Join Type', 'Action', 'Batches', 'Distinct Keys', 'API Calls', 'API Retries');
SELECT :'node'::jsonb->>'Lookup Key' IN ('(t.id = i.task_id)', '(i.task_id = t.id)') AS key,
       (:'node'::jsonb->>'API Calls')::bigint = :calls AS calls,
       (:'node'::jsonb->>'API Bytes')::bigint = :bytes AS bytes,
       (:'node'::jsonb->>'API Time')::numeric >= 0 AS time,
       (SELECT count(*) FROM jsonb_path_query(:'node', 'strict $.**."API Calls"')) AS shown;
ALTER SERVER qianfan OPTIONS (DROP retry_delay);

-- started over, it counts on
\! $QIANFAN_SIMULATOR_CTL reset
SELECT value->'Actual Loops' AS loops, value->'Distinct Keys' AS keys, value->'API Calls' AS calls
  FROM node_of('SELECT j.n, (SELECT count(t.weight) FROM inv i JOIN model_comp_tasks t ON t.id = i.task_id AND i.qty = j.qty) FROM inv j WHERE j.n <= 20') value;
\! $QIANFAN_SIMULATOR_CTL calls

-- a lookup join above another one
SELECT plan_of('SELECT i.n, a.name, b.weight FROM inv i LEFT JOIN model_comp_tasks a ON a.id = i.task_id LEFT JOIN model_comp_tasks b ON b.id = a.model_id AND b.state = a.state');
-- below an aggregate, and not above one, which PostgreSQL 19 would have it be
CREATE TABLE often AS SELECT l.n, k.id AS task_id FROM local_tasks l JOIN local_tasks k ON k.n = l.n % 20 + 1;
ANALYZE often;
SELECT count(*) FROM plan_of('SELECT t.state, sum(o.n) FROM often o JOIN model_comp_tasks t ON t.id = o.task_id GROUP BY t.state') line WHERE line LIKE '%QianfanLookupJoin%';
SELECT * FROM differences('SELECT t.state, sum(o.n) FROM often o JOIN model_comp_tasks t ON t.id = o.task_id GROUP BY t.state');
RESET enable_hashjoin;
RESET enable_mergejoin;
RESET enable_nestloop;
DROP FUNCTION join_of, node_of;
DROP TABLE inv, often, types;
