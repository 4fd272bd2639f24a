-- A list whose order is declared is read from the end that fits, and no further than a condition on it wants.
\! $QIANFAN_SIMULATOR_CTL reset
\! $QIANFAN_SIMULATOR_CTL set tasks 200
ALTER FOREIGN TABLE model_comp_tasks OPTIONS (ADD page_size '20');
CREATE TEMP TABLE local_tasks AS SELECT * FROM public.local_tasks WHERE n <= 200;
ANALYZE model_comp_tasks, local_tasks;
CREATE FUNCTION order_of(query text) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT ltrim(line) FROM plan_of(query) line
     WHERE line ~ 'Remote Order|Run Condition|Sort Key|Remote Filter'
$$;
CREATE FUNCTION same(query text, OUT calls bigint, OUT same boolean)
LANGUAGE plpgsql AS $$
DECLARE
    ours text[];
    theirs text[];
BEGIN
    EXECUTE 'SELECT array_agg(s::text) FROM (' || query || ') s' INTO ours;
    EXECUTE 'SELECT array_agg(s::text) FROM ('
        || replace(query, 'model_comp_tasks', 'local_tasks') || ') s' INTO theirs;
    same := ours IS NOT DISTINCT FROM theirs;
    calls := api_calls_of(query);
END $$;

-- nobody has said which order the list is in
SELECT order_of('SELECT id FROM model_comp_tasks WHERE create_time > now() ORDER BY create_time LIMIT 1');

ALTER FOREIGN TABLE model_comp_tasks OPTIONS (ADD list_order 'create_time asc');
SELECT * FROM plan_of('SELECT * FROM model_comp_tasks ORDER BY create_time DESC LIMIT 10');
SELECT * FROM plan_of('SELECT id FROM model_comp_tasks t WHERE create_time >= now() - interval ''1 day''', 'VERBOSE, COSTS OFF');
SELECT order_of('SELECT max(create_time) FROM model_comp_tasks');
SELECT jsonb_path_query(plan::jsonb, '$.**."Remote Order"'), jsonb_path_query(plan::jsonb, '$.**."Run Condition"')
  FROM plan_of('SELECT id FROM model_comp_tasks WHERE create_time > ''2024-01-01 12:00+08'' ORDER BY create_time DESC', 'FORMAT JSON') plan;

-- what needs no order relies on none
SELECT query, array(SELECT order_of(query)) FROM (VALUES
    ('SELECT count(*) FROM model_comp_tasks'),
    ('SELECT * FROM model_comp_tasks'),
    ('SELECT count(*) FROM (SELECT * FROM model_comp_tasks OFFSET 0) t'),
    ('SELECT * FROM model_comp_tasks WHERE id = ''x'' ORDER BY create_time'),
    ('SELECT id FROM model_comp_tasks WHERE create_time::date = ''2024-01-01'''),
    ('SELECT id FROM model_comp_tasks WHERE create_time <> ''2024-01-01'''),
    ('SELECT id FROM model_comp_tasks WHERE create_time > finish_time'),
    ('SELECT id FROM model_comp_tasks WHERE create_time > now() - random() * interval ''1 s''')
) AS q(query);

-- which end, and where it ends
SELECT query, array(SELECT order_of('SELECT id FROM model_comp_tasks WHERE ' || query)) FROM (VALUES
    ('create_time < ''2024-01-01 12:00+08'''),
    ('''2024-01-01 12:00+08'' >= create_time'),
    ('create_time > ''2024-01-01 12:00''::timestamp'),
    ('create_time <= ''2024-01-01''::date'),
    ('create_time = ''2024-01-01 12:00+08'''),
    ('create_time BETWEEN ''2024-01-01 12:50+08'' AND ''2024-01-01 13:00+08'''),
    ('create_time BETWEEN ''2024-01-01 08:10+08'' AND ''2024-01-01 08:20+08'''),
    ('(create_time, id) > (''2024-01-01 12:50+08'', ''x'')'),
    ('(''2024-01-01 08:50+08'', ''x'') > (create_time, id)'),
    ('create_time > (SELECT max(create_time) FROM local_tasks)'),
    ('create_time < now() AND source_model_id IN (''amv-a'', ''amv-b'')')
) AS q(query);

-- the same rows, at few calls
SELECT query, (same(query)).* FROM (VALUES
    ('SELECT id, weight FROM model_comp_tasks ORDER BY create_time DESC LIMIT 5'),
    ('SELECT id, weight FROM model_comp_tasks ORDER BY create_time NULLS FIRST LIMIT 5 OFFSET 30'),
    ('SELECT id FROM model_comp_tasks ORDER BY create_time DESC, id LIMIT 5'),
    ('SELECT id, state FROM model_comp_tasks ORDER BY create_time DESC NULLS LAST, state FETCH FIRST 3 ROWS WITH TIES'),
    ('SELECT min(create_time), max(create_time) FROM model_comp_tasks'),
    ('SELECT count(*) FROM model_comp_tasks WHERE create_time >= ''2024-01-01 13:00+08'''),
    ('SELECT count(*) FROM model_comp_tasks WHERE create_time < ''2024-01-01 08:40+08'''),
    ('SELECT count(*) FROM model_comp_tasks WHERE create_time > NULL::timestamptz + now()::time::interval'),
    ('SELECT id FROM model_comp_tasks WHERE create_time > ''2024-01-01 13:10+08'' ORDER BY id'),
    ('SELECT id FROM (SELECT * FROM model_comp_tasks OFFSET 0) t ORDER BY create_time DESC LIMIT 3'),
    ('SELECT id FROM model_comp_tasks WHERE source_model_id IN (''amv-8ifsa4yp2l4w'', ''amv-xj0k1l3v5mcx'') ORDER BY create_time DESC LIMIT 1')
) AS q(query);

-- one reading serves all that a nested loop asks
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SELECT query, (same(query)).* FROM (VALUES
    ('SELECT m, count(t.id) FROM (VALUES (10), (30), (20)) o(m) LEFT JOIN model_comp_tasks t ON t.create_time > timestamptz ''2024-01-01 13:21:43+08'' - m * interval ''1 min'' GROUP BY m ORDER BY m'),
    ('SELECT m, x.id FROM (VALUES (10), (30), (20)) o(m), LATERAL (SELECT id, create_time FROM model_comp_tasks WHERE create_time > timestamptz ''2024-01-01 13:21:43+08'' - m * interval ''1 min'' ORDER BY create_time LIMIT 2) x ORDER BY m, create_time'),
    ('SELECT m, (SELECT count(*) FROM model_comp_tasks WHERE create_time <= timestamptz ''2024-01-01 08:00+08'' + m * interval ''1 min'') FROM (VALUES (10), (50), (0), (30)) o(m)'),
    ('SELECT m, (SELECT string_agg(weight, '','') FROM (SELECT weight FROM model_comp_tasks WHERE create_time >= timestamptz ''2024-01-01 13:21:43+08'' - m * interval ''1 min'' ORDER BY id) x) FROM (VALUES (2), (5), (3)) o(m)')
) AS q(query);
RESET enable_hashjoin;
RESET enable_mergejoin;

-- a leaky function sees nothing of what a security barrier hides
CREATE FUNCTION tell(text) RETURNS boolean LANGUAGE plpgsql COST 0.0001
AS $$ BEGIN RAISE NOTICE '%', $1; RETURN true; END $$;
CREATE VIEW pg_temp.fence WITH (security_barrier) AS
    SELECT * FROM model_comp_tasks WHERE name LIKE 'nightly-19%';
SELECT order_of('SELECT id FROM fence WHERE create_time > ''2024-01-01 13:00+08''');
SELECT order_of('SELECT id FROM fence WHERE create_time > ''2024-01-01 13:00''::timestamp');
SELECT name FROM fence WHERE create_time > '2024-01-01 13:00+08' AND tell(name) ORDER BY create_time DESC LIMIT 2;

-- what is asked for
\! $QIANFAN_SIMULATOR_CTL reset
\! $QIANFAN_SIMULATOR_CTL set tasks 200
ALTER SERVER qianfan OPTIONS (ADD max_retries '2');
SELECT max(create_time) FROM model_comp_tasks;
\! $QIANFAN_SIMULATOR_CTL last 5 --sorted
SELECT count(*) FROM (SELECT FROM model_comp_tasks ORDER BY create_time DESC LIMIT 15) t;
\! $QIANFAN_SIMULATOR_CTL last
ALTER FOREIGN TABLE model_comp_tasks OPTIONS (SET page_size '4');
SELECT count(*) FROM (SELECT FROM model_comp_tasks ORDER BY create_time LIMIT 12) t;
\! $QIANFAN_SIMULATOR_CTL last 2

DROP VIEW fence;
DROP TABLE local_tasks;
DROP FUNCTION order_of, same, tell;
ALTER SERVER qianfan OPTIONS (DROP max_retries);
ALTER FOREIGN TABLE model_comp_tasks OPTIONS (DROP page_size, DROP list_order);
\! $QIANFAN_SIMULATOR_CTL reset
ANALYZE model_comp_tasks;
