-- A lookup join asks once for each key, and gives what any other join gives.
\! $QIANFAN_SIMULATOR_CTL reset
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SET enable_nestloop = off;
CREATE TABLE all_keys AS SELECT n, id AS task_id FROM local_tasks;
CREATE TABLE few_keys AS SELECT l.n, k.id AS task_id FROM local_tasks l JOIN local_tasks k ON k.n = l.n % 100 + 1;
CREATE TABLE null_keys AS SELECT n, NULL AS task_id FROM local_tasks;

-- calls: one for each distinct key, none for NULL, no more than LIMIT wants
SELECT count(*), count(t.id), count(t.weight) FROM all_keys k JOIN model_comp_tasks t ON t.id = k.task_id;
\! $QIANFAN_SIMULATOR_CTL calls; $QIANFAN_SIMULATOR_CTL reset
SELECT count(*), count(t.id), count(t.weight) FROM few_keys k JOIN model_comp_tasks t ON t.id = k.task_id;
\! $QIANFAN_SIMULATOR_CTL calls; $QIANFAN_SIMULATOR_CTL reset
SELECT count(*), count(t.id) FROM null_keys k LEFT JOIN model_comp_tasks t ON t.id = k.task_id;
SELECT count(*) FROM null_keys k JOIN model_comp_tasks t ON t.id = k.task_id;
SELECT count(*) FROM all_keys k JOIN model_comp_tasks t ON t.id = k.task_id WHERE k.n < 0;
\! $QIANFAN_SIMULATOR_CTL calls; $QIANFAN_SIMULATOR_CTL reset
SELECT n, weight FROM all_keys k JOIN model_comp_tasks t ON t.id = k.task_id LIMIT 1;
\! $QIANFAN_SIMULATOR_CTL calls; $QIANFAN_SIMULATOR_CTL reset
SELECT count(weight) FROM (SELECT weight FROM all_keys k JOIN model_comp_tasks t ON t.id = k.task_id LIMIT 10) t;
\set calls `$QIANFAN_SIMULATOR_CTL get total`
SELECT :calls BETWEEN 10 AND 16 AS few_calls;
\! $QIANFAN_SIMULATOR_CTL set tasks 200

-- results: the same as of a copy, with the node and without it
CREATE TABLE tasks_copy AS SELECT * FROM local_tasks WHERE n <= 200;
CREATE DOMAIN task_key AS text;
CREATE TABLE inv (n integer, task_id text, other varchar(40), dom task_key, qty integer);
INSERT INTO inv SELECT n, id, upper(id), id, n % 7 FROM tasks_copy WHERE n % 6 = 0;
INSERT INTO inv SELECT -n, id, 'AMVA-UNKNOWN', NULL, n % 5 FROM tasks_copy WHERE n % 18 = 0;
ALTER TABLE tasks_copy DROP COLUMN n;
INSERT INTO inv VALUES (0, NULL, NULL, NULL, 3), (1, 'amva-unknown', NULL, 'x', 1), (2, '', '', '', NULL), (NULL, NULL, 'x', NULL, 3);
CREATE TABLE parts (LIKE inv) PARTITION BY LIST (qty);
CREATE TABLE parts_low PARTITION OF parts FOR VALUES IN (NULL, 0, 1, 2);
CREATE TABLE parts_high PARTITION OF parts DEFAULT;
INSERT INTO parts TABLE inv;
CREATE TABLE queries (query text);
INSERT INTO queries VALUES
    -- the types of join, filters, ON and WHERE
    ('SELECT i.*, t.weight FROM inv i JOIN model_comp_tasks t ON t.id = i.task_id'),
    ('SELECT i.*, t.weight FROM inv i LEFT JOIN model_comp_tasks t ON i.task_id = t.id'),
    ('SELECT i.* FROM inv i WHERE EXISTS (SELECT FROM model_comp_tasks t WHERE t.id = i.task_id AND t.weight LIKE ''W%'')'),
    ('SELECT i.* FROM inv i WHERE NOT EXISTS (SELECT FROM model_comp_tasks t WHERE t.id = i.task_id AND t.state <> ''failed'')'),
    ('SELECT i.*, t.name FROM inv i LEFT JOIN model_comp_tasks t ON t.id = i.task_id WHERE t.id IS NULL'),
    ('SELECT i.n FROM inv i WHERE task_id IN (SELECT id FROM model_comp_tasks WHERE weight IS NOT NULL)'),
    ('SELECT t.id, t.weight FROM model_comp_tasks t WHERE id IN (SELECT task_id FROM inv WHERE qty < 4)'),
    ('SELECT i.n, t.id FROM inv i LEFT JOIN model_comp_tasks t ON t.id = i.task_id AND t.state = ''failed'' AND i.qty > 2'),
    ('SELECT i.n, t.id FROM inv i LEFT JOIN model_comp_tasks t ON t.id = i.task_id WHERE t.state = ''failed'' OR i.qty > 2'),
    ('SELECT i.n, t.id FROM inv i LEFT JOIN model_comp_tasks t ON t.id = i.task_id WHERE t.state IS DISTINCT FROM ''failed'''),
    ('SELECT i.n, t.id FROM inv i JOIN model_comp_tasks t ON t.id = i.task_id AND length(t.name) + i.qty > 16 AND t.source_model_id > i.other'),
    ('SELECT i.n, t.id FROM inv i LEFT JOIN model_comp_tasks t ON t.id = i.task_id AND length(t.name) + i.qty > 16'),
    ('SELECT i.n, t.id FROM inv i JOIN model_comp_tasks t ON t.id = i.task_id AND t.id = lower(i.other)'),
    ('SELECT i.n, t.id FROM inv i JOIN model_comp_tasks t ON t.id = i.task_id AND t.id IN (''amva-abciuctdx15t'', ''amva-wy13o1i1mw9m'', (SELECT max(id) FROM tasks_copy), (SELECT task_id FROM inv WHERE n = 12))'),
    ('SELECT i.n, t.id FROM (SELECT * FROM inv WHERE qty = 3) i LEFT JOIN (SELECT * FROM model_comp_tasks WHERE current_setting(''work_mem'') <> '''') t ON t.id = i.task_id'),
    -- key expressions
    ('SELECT i.n, t.id FROM inv i JOIN model_comp_tasks t ON t.id = lower(i.other)'),
    ('SELECT i.n, t.id FROM inv i LEFT JOIN model_comp_tasks t ON t.id = i.other'),
    ('SELECT i.n, t.id FROM inv i LEFT JOIN model_comp_tasks t ON t.id = coalesce(i.dom, lower(i.other))'),
    ('SELECT i.n, t.id FROM inv i JOIN model_comp_tasks t ON t.id = i.dom'),
    ('SELECT i.n, t.id FROM inv i LEFT JOIN model_comp_tasks t ON t.id = (SELECT max(task_id) FROM inv j WHERE j.qty = i.qty AND j.n < i.n)'),
    ('SELECT a.n, b.n AS m, t.id FROM inv a CROSS JOIN inv b JOIN model_comp_tasks t ON t.id = CASE WHEN b.qty > a.qty THEN a.task_id ELSE b.task_id END WHERE a.qty = 1'),
    -- whole rows, computed columns below outer joins
    ('SELECT i::text, t::text, t IS NULL AS missing FROM inv i LEFT JOIN model_comp_tasks t ON t.id = i.task_id'),
    ('SELECT i.n, s.c, s.w FROM inv i LEFT JOIN (SELECT id, ''known'' AS c, coalesce(weight, ''none'') AS w FROM model_comp_tasks) s ON s.id = i.task_id'),
    ('SELECT i.n, s.*, t.name FROM inv i LEFT JOIN (SELECT qty, lower(max(other)) AS k, count(*) AS c FROM inv GROUP BY qty) s ON s.qty = i.qty LEFT JOIN model_comp_tasks t ON t.id = s.k AND s.c > 1'),
    ('SELECT i.n, j.n AS m, t.id FROM inv i LEFT JOIN (inv j JOIN model_comp_tasks t ON t.id = j.task_id AND t.weight IS NOT NULL) ON j.n = -i.n'),
    -- other outer sides
    ('SELECT u.k, t.weight FROM unnest(ARRAY[''amva-unknown'', NULL, ''amva-wy13o1i1mw9m'', ''amva-wy13o1i1mw9m'']) u(k) LEFT JOIN model_comp_tasks t ON t.id = u.k'),
    ('SELECT i.k, t.weight FROM (SELECT task_id AS k FROM inv UNION ALL SELECT lower(other) FROM inv) i JOIN model_comp_tasks t ON t.id = i.k'),
    ('SELECT p.*, t.weight FROM parts p JOIN model_comp_tasks t ON t.id = p.task_id'),
    ('SELECT a.id, b.weight FROM model_comp_tasks a JOIN model_comp_tasks b ON b.id = a.id WHERE a.source_model_id LIKE ''amv-c%'''),
    ('SELECT i.n, a.weight, b.name FROM inv i JOIN model_comp_tasks a ON a.id = i.task_id LEFT JOIN model_comp_tasks b ON b.id = lower(i.other) AND b.weight = a.weight'),
    ('WITH RECURSIVE r AS (SELECT min(task_id) AS k, 1 AS depth FROM inv UNION ALL SELECT (SELECT min(task_id) FROM inv WHERE task_id > t.id), depth + 1 FROM r JOIN model_comp_tasks t ON t.id = r.k WHERE depth < 9) SELECT * FROM r'),
    -- started over, for each row of another table
    ('SELECT i.n, s.* FROM inv i, LATERAL (SELECT max(t.name) AS m, count(t.weight) AS c FROM inv j JOIN model_comp_tasks t ON t.id = j.task_id WHERE j.qty = i.qty) s WHERE i.n % 5 = 0'),
    ('SELECT i.n, s.* FROM inv i LEFT JOIN LATERAL (SELECT j.n AS m, t.weight FROM inv j LEFT JOIN model_comp_tasks t ON t.id = lower(j.other) AND t.name > i.task_id WHERE j.n = i.n ORDER BY 1, 2 LIMIT 1) s ON true'),
    ('SELECT i.n, (SELECT count(t.weight) FROM inv j JOIN model_comp_tasks t ON t.id = j.task_id AND t.id = ANY (ARRAY[i.task_id, lower(i.other)])) AS c FROM inv i WHERE qty = 2'),
    ('SELECT i.n FROM inv i WHERE qty < (SELECT count(*) FROM inv j JOIN model_comp_tasks t ON t.id = coalesce(j.dom, i.dom) WHERE t.weight IS NOT NULL AND j.qty = i.qty)');
CREATE FUNCTION uses_node(query text) RETURNS boolean LANGUAGE sql AS $$
    SELECT bool_or(line LIKE '%Custom Scan (QianfanLookupJoin)%') FROM plan_of(query) AS line
$$;
CREATE FUNCTION wrong_results() RETURNS TABLE (query text, difference text) LANGUAGE sql VOLATILE AS $$
    SELECT q.query, d FROM queries q, differences(q.query, replace(q.query, 'model_comp_tasks', 'tasks_copy')) d
$$;
SELECT count(*), count(*) FILTER (WHERE uses_node(query)) AS with_node FROM queries;
SELECT * FROM wrong_results();
ALTER SERVER qianfan OPTIONS (ADD max_concurrency '1');
SELECT set_config(name, 'on', false) FROM pg_settings WHERE name IN ('force_parallel_mode', 'debug_parallel_query');
SELECT * FROM wrong_results();
SELECT set_config(name, 'off', false) FROM pg_settings WHERE name IN ('force_parallel_mode', 'debug_parallel_query');
ALTER SERVER qianfan OPTIONS (DROP max_concurrency);
SET qianfan_fdw.enable_lookup_join = off;
SET enable_hashjoin = on;
SELECT count(*) AS with_node FROM queries WHERE uses_node(query);
SELECT * FROM wrong_results();
SET enable_hashjoin = off;
RESET qianfan_fdw.enable_lookup_join;

-- not offered: other equalities, keys that change, rows that are locked
SELECT q, uses_node('SELECT count(t.weight) FROM inv i ' || q) FROM unnest(ARRAY[
    'JOIN model_comp_tasks t ON t.id = i.task_id',
    'JOIN model_comp_tasks t ON t.id = i.task_id COLLATE "C"',
    'JOIN model_comp_tasks t ON t.id = i.task_id || substr(random()::text, 1, 0)',
    'JOIN model_comp_tasks t ON t.id = i.task_id::name',
    'JOIN model_comp_tasks t ON t.id >= i.task_id AND t.id <= i.task_id',
    'JOIN model_comp_tasks t ON t.name = i.task_id',
    'RIGHT JOIN model_comp_tasks t ON t.id = i.task_id',
    'FULL JOIN model_comp_tasks t ON t.id = i.task_id',
    'LEFT JOIN model_comp_tasks t ON t.name = i.task_id WHERE t.id = i.task_id OR t.id IS NULL',
    ', LATERAL (SELECT weight FROM model_comp_tasks t WHERE t.id = i.task_id OFFSET 0) t']) q;
SELECT count(*) > 0 AS have_icu FROM pg_collation WHERE collprovider = 'i' \gset
\if :have_icu
    CREATE COLLATION caseless (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
    DO $$ BEGIN
        ASSERT NOT uses_node('SELECT FROM inv i JOIN model_comp_tasks t ON t.id = i.task_id COLLATE caseless');
    END $$;
    DROP COLLATION caseless;
\endif
CREATE FUNCTION changes(statement text) RETURNS TABLE (node boolean, difference text) LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    node := uses_node(statement);
    EXECUTE format('CREATE TABLE was AS TABLE inv; %s; CREATE TABLE remote AS TABLE inv; TRUNCATE inv; INSERT INTO inv TABLE was; %s',
                   statement, replace(statement, 'model_comp_tasks', 'tasks_copy'));
    FOR difference IN SELECT i::text FROM (TABLE remote EXCEPT ALL TABLE inv) i
        UNION ALL SELECT 'nothing changed' WHERE NOT EXISTS (TABLE was EXCEPT ALL TABLE inv UNION ALL (TABLE inv EXCEPT ALL TABLE was)) LOOP
        RETURN NEXT;
    END LOOP;
    difference := NULL;
    TRUNCATE inv; INSERT INTO inv TABLE was; DROP TABLE was, remote;
    RETURN NEXT;
END $$;
SELECT s, c.* FROM unnest(ARRAY[
    'UPDATE inv SET other = weight FROM model_comp_tasks t WHERE t.id = task_id',
    'UPDATE inv SET other = (SELECT max(t.name) FROM parts p JOIN model_comp_tasks t ON t.id = p.task_id WHERE p.n = inv.n)',
    'DELETE FROM inv USING model_comp_tasks t WHERE t.id = task_id AND weight IS NULL',
    'DELETE FROM inv WHERE task_id IN (SELECT id FROM model_comp_tasks WHERE weight IS NULL)',
    'MERGE INTO inv USING model_comp_tasks t ON t.id = task_id WHEN MATCHED AND weight IS NULL THEN DELETE WHEN MATCHED THEN UPDATE SET other = t.name',
    'INSERT INTO inv SELECT p.n, t.weight FROM parts p JOIN model_comp_tasks t ON t.id = p.task_id']) s, changes(s) c;
SELECT uses_node('SELECT i.n, t.weight FROM inv i JOIN model_comp_tasks t ON t.id = task_id FOR UPDATE OF i');

-- prepared statements: one plan, new parameters
PREPARE p(integer, text) AS SELECT i.n, t.weight FROM inv i LEFT JOIN model_comp_tasks t ON t.id = coalesce(i.task_id, $2) WHERE i.qty = $1 AND i.n < 100 ORDER BY 1, 2;
SET plan_cache_mode = force_generic_plan;
EXECUTE p(3, NULL);
EXECUTE p(3, 'amva-abciuctdx15t');
EXECUTE p(1, 'x');
RESET plan_cache_mode;
-- cursors: read in part, backward, and after the transaction
BEGIN;
\! $QIANFAN_SIMULATOR_CTL reset
DECLARE c CURSOR FOR SELECT n, weight FROM all_keys k JOIN model_comp_tasks t ON t.id = k.task_id;
FETCH 2 FROM c;
CLOSE c;
\! $QIANFAN_SIMULATOR_CTL calls
DECLARE c SCROLL CURSOR FOR SELECT n, weight FROM all_keys k JOIN model_comp_tasks t ON t.id = k.task_id;
FETCH 3 FROM c;
FETCH BACKWARD 2 FROM c;
FETCH ABSOLUTE 1000 FROM c;
DECLARE h CURSOR WITH HOLD FOR SELECT n, weight FROM all_keys k LEFT JOIN model_comp_tasks t ON t.id = k.task_id;
FETCH 1 FROM h;
COMMIT;
FETCH 2 FROM h;
CLOSE h;
-- rights: of each table, and what a barrier hides
CREATE FUNCTION leaks(text) RETURNS boolean LANGUAGE plpgsql COST 0.0001 AS $$ BEGIN RAISE NOTICE '%', $1; RETURN true; END $$;
CREATE VIEW some_inv WITH (security_barrier) AS SELECT * FROM inv WHERE qty = 1 AND n BETWEEN 20 AND 40;
CREATE VIEW some_tasks WITH (security_barrier) AS SELECT id, name, weight FROM model_comp_tasks WHERE id IN ('amva-abciuctdx15t', 'amva-wy13o1i1mw9m');
SELECT s.n, t.weight FROM some_inv s JOIN model_comp_tasks t ON t.id = s.task_id AND leaks(s.task_id);
SELECT i.n, s.weight FROM some_tasks s JOIN all_keys i ON s.id = i.task_id AND leaks(s.id) WHERE i.n < 3 ORDER BY 1;
\! $QIANFAN_SIMULATOR_CTL reset
CREATE ROLE regress_qianfan_reader;
GRANT SELECT ON inv TO regress_qianfan_reader;
SET ROLE regress_qianfan_reader;
SELECT count(t.weight) FROM inv JOIN model_comp_tasks t ON t.id = task_id;  -- ERROR
RESET ROLE;
REVOKE SELECT ON inv FROM regress_qianfan_reader;
GRANT SELECT (id) ON model_comp_tasks TO regress_qianfan_reader;
SET ROLE regress_qianfan_reader;
SELECT count(t.id) FROM inv JOIN model_comp_tasks t ON t.id = task_id;  -- ERROR
RESET ROLE;
\! $QIANFAN_SIMULATOR_CTL calls
REVOKE ALL ON inv, model_comp_tasks FROM regress_qianfan_reader;
DROP ROLE regress_qianfan_reader;

-- errors in the middle, then a healthy query
\! $QIANFAN_SIMULATOR_CTL fail http-403 --after 40
SELECT outcome_of('SELECT count(t.weight) FROM all_keys k JOIN model_comp_tasks t ON t.id = k.task_id');
SELECT count(t.weight) FROM few_keys k JOIN model_comp_tasks t ON t.id = k.task_id;
SET qianfan_fdw.max_requests = 99;
SELECT outcome_of('SELECT count(t.weight) FROM few_keys k JOIN model_comp_tasks t ON t.id = k.task_id');
SET qianfan_fdw.max_requests = 100;
SELECT outcome_of('SELECT count(t.weight) FROM few_keys k JOIN model_comp_tasks t ON t.id = k.task_id');
RESET qianfan_fdw.max_requests;
SELECT outcome_of('SELECT 1 / (i.qty - 3) FROM inv i JOIN model_comp_tasks t ON t.id = task_id AND t.weight IS NULL');
DROP VIEW some_inv, some_tasks;
DROP TABLE all_keys, few_keys, null_keys, inv, parts, tasks_copy, queries;
DROP DOMAIN task_key;
DROP FUNCTION uses_node, wrong_results, changes, leaks;
