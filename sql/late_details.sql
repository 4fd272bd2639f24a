-- Details are asked for after sorting and limiting, for the rows that are returned.
\! $QIANFAN_SIMULATOR_CTL reset
\! $QIANFAN_SIMULATOR_CTL set tasks 200
ALTER FOREIGN TABLE model_comp_tasks OPTIONS (ADD page_size '20');
CREATE TEMP TABLE local_tasks AS SELECT * FROM public.local_tasks WHERE n <= 200;
ANALYZE model_comp_tasks, local_tasks;

-- the scan sorts; the keys are shown as core shows them
SELECT * FROM plan_of('SELECT * FROM model_comp_tasks ORDER BY create_time DESC, id LIMIT 10');
SELECT * FROM plan_of('SELECT weight FROM model_comp_tasks t ORDER BY finish_time NULLS FIRST, state COLLATE "POSIX" DESC NULLS LAST, lower(name) LIMIT 10');
SELECT * FROM plan_of('SELECT weight FROM model_comp_tasks ORDER BY name USING ~>~, name::varchar COLLATE "C" LIMIT 10', 'VERBOSE, COSTS OFF');
SELECT jsonb_path_query(plan::jsonb, '$.**."Sort Key"')
  FROM plan_of('SELECT * FROM model_comp_tasks ORDER BY create_time DESC, id LIMIT 10', 'FORMAT JSON') plan;

-- calls: pages of the list, and details; the same rows in the same order
CREATE FUNCTION late(query text)
RETURNS TABLE (late bigint, early bigint, same boolean) LANGUAGE plpgsql AS $$
DECLARE
    ours text[];
    theirs text[];
BEGIN
    EXECUTE 'SELECT array_agg(s::text) FROM (' || query || ') s' INTO ours;
    EXECUTE 'SELECT array_agg(s::text) FROM ('
        || replace(query, 'model_comp_tasks', 'local_tasks') || ') s' INTO theirs;
    same := ours = theirs;
    late := api_calls_of(query);
    SET LOCAL qianfan_fdw.enable_late_details = off;
    early := api_calls_of(query);
    SET LOCAL qianfan_fdw.enable_late_details = on;
    RETURN NEXT;
END $$;
CREATE VIEW grid AS SELECT id, state, weight, config, create_time FROM model_comp_tasks;
SELECT form, late.* FROM (VALUES
    ('newest', 'SELECT id, weight FROM model_comp_tasks ORDER BY create_time DESC, id LIMIT 10'),
    ('offset', 'SELECT id, weight FROM model_comp_tasks ORDER BY id OFFSET 150 LIMIT 20'),
    ('offset only', 'SELECT id, weight FROM model_comp_tasks ORDER BY id OFFSET 190'),
    ('offset unsorted', 'SELECT id, weight FROM model_comp_tasks OFFSET 100 LIMIT 5'),
    ('next page', 'SELECT id, weight FROM model_comp_tasks WHERE id > ''amva-n'' ORDER BY id LIMIT 20'),
    ('filter on list', 'SELECT id, failed_reason FROM model_comp_tasks WHERE state = ''failed'' ORDER BY create_time DESC, id LIMIT 5'),
    ('filter on detail', 'SELECT id, weight FROM model_comp_tasks WHERE weight IS NOT NULL ORDER BY create_time DESC, id LIMIT 5'),
    ('pushed filter', 'SELECT id, weight FROM model_comp_tasks WHERE source_model_id = ''amv-ckj6megznty6'' ORDER BY id LIMIT 5'),
    ('expression', 'SELECT id, weight FROM model_comp_tasks ORDER BY length(name), lower(state) DESC, id LIMIT 5'),
    ('three keys', 'SELECT id, weight FROM model_comp_tasks ORDER BY finish_time DESC NULLS LAST, state, id DESC LIMIT 5'),
    ('prefix', 'SELECT id, weight FROM model_comp_tasks ORDER BY source_model_id, weight, id LIMIT 5'),
    ('order of a detail', 'SELECT id, weight FROM model_comp_tasks ORDER BY weight, id LIMIT 5'),
    ('with ties', 'SELECT id, weight FROM model_comp_tasks ORDER BY create_time DESC FETCH FIRST 3 ROWS WITH TIES'),
    ('lateral', 'SELECT g, l.id, l.weight FROM generate_series(1, 3) g, LATERAL (SELECT * FROM model_comp_tasks ORDER BY create_time DESC, id LIMIT 1) l ORDER BY g'),
    ('lateral, parameter', 'SELECT s, l.id, l.weight FROM unnest(ARRAY[''failed'', ''running'', ''failed'']) WITH ORDINALITY u(s, nr), LATERAL (SELECT * FROM model_comp_tasks WHERE state = s ORDER BY create_time DESC, id LIMIT 2) l ORDER BY nr, l.create_time DESC, l.id'),
    ('inlined', 'WITH g AS (SELECT * FROM model_comp_tasks) SELECT id, weight FROM g ORDER BY create_time DESC, id LIMIT 5'),
    ('materialized', 'WITH g AS MATERIALIZED (SELECT * FROM model_comp_tasks ORDER BY create_time DESC, id LIMIT 5) SELECT id, weight FROM g'),
    ('offset 0', 'SELECT id, weight FROM (SELECT * FROM model_comp_tasks ORDER BY create_time DESC, id LIMIT 5 OFFSET 0) g'),
    ('order outside', 'SELECT id, weight FROM (SELECT * FROM model_comp_tasks OFFSET 0) g ORDER BY create_time DESC, id LIMIT 5'),
    ('union', 'SELECT id, weight FROM ((SELECT * FROM model_comp_tasks ORDER BY id LIMIT 5) UNION ALL (SELECT * FROM model_comp_tasks ORDER BY id DESC LIMIT 5)) u'),
    ('above a join', 'SELECT t.id, t.weight, v.short FROM model_comp_tasks t JOIN (VALUES (''failed'', ''F''), (''running'', ''R'')) v(state, short) ON v.state = t.state ORDER BY t.create_time DESC, t.id LIMIT 3'),
    ('merge join', 'SELECT t.id, t.weight FROM model_comp_tasks t JOIN local_tasks l USING (name) ORDER BY name, t.id LIMIT 3'),
    ('distinct', 'SELECT DISTINCT ON (state) state, weight FROM model_comp_tasks ORDER BY state, create_time, id'),
    ('group', 'SELECT state, count(weight) FROM model_comp_tasks GROUP BY state ORDER BY state LIMIT 1'),
    ('list columns only', 'SELECT id, state FROM model_comp_tasks ORDER BY create_time DESC, id LIMIT 5'),
    ('nothing', 'SELECT id, weight FROM model_comp_tasks ORDER BY id LIMIT 0'))
    AS v(form, query), late(query);
SELECT form, late.* FROM (VALUES
    ('view', 'SELECT id, weight FROM grid ORDER BY create_time DESC, id LIMIT 10')) AS v(form, query), late(query);

SELECT late <= 20 AS window, same FROM late('SELECT id, weight FROM (SELECT *, row_number() OVER (ORDER BY create_time DESC, id) AS rn FROM model_comp_tasks) w WHERE rn <= 3');

-- a generic plan knows its limit when it runs
SET plan_cache_mode = force_generic_plan;
PREPARE page(bigint, bigint) AS SELECT id, weight FROM model_comp_tasks ORDER BY id LIMIT $1 OFFSET $2;
SELECT * FROM plan_of('EXECUTE page(10, 100)');
SELECT api_calls_of('EXECUTE page(10, 100)') AS ten, api_calls_of('EXECUTE page(0, 0)') AS none,
       api_calls_of('EXECUTE page(NULL, 190)') AS last_ten;
PREPARE some_of(bigint) AS SELECT id, weight FROM model_comp_tasks LIMIT $1;
SELECT api_calls_of('EXECUTE some_of(5)');
RESET plan_cache_mode;

-- fences: a limit inside is known
CREATE VIEW fence WITH (security_barrier) AS SELECT * FROM model_comp_tasks ORDER BY create_time DESC, id LIMIT 5;
SELECT api_calls_of('SELECT id, weight FROM fence') AS barrier,
       api_calls_of('SELECT id, weight FROM (SELECT * FROM model_comp_tasks OFFSET 0) f LIMIT 5') AS offset_0,
       api_calls_of('WITH f AS MATERIALIZED (SELECT * FROM model_comp_tasks LIMIT 5) SELECT id, weight FROM f') AS cte,
       api_calls_of('SELECT id, weight FROM model_comp_tasks UNION ALL SELECT id, weight FROM model_comp_tasks LIMIT 5') <= 12 AS union_all;
SELECT api_calls_of(format($$SELECT EXISTS (SELECT FROM model_comp_tasks WHERE id IN (%s) AND strategy IS NOT NULL OFFSET 0)$$,
                    (SELECT string_agg(quote_literal(id), ', ') FROM local_tasks WHERE n <= 33))) AS exists_in;

-- readers that stop early
\! $QIANFAN_SIMULATOR_CTL reset
\! $QIANFAN_SIMULATOR_CTL set tasks 200
BEGIN;
DECLARE c CURSOR FOR SELECT id, weight FROM model_comp_tasks ORDER BY create_time DESC, id;
\o /dev/null
FETCH 10 FROM c;
\o
\! $QIANFAN_SIMULATOR_CTL calls
COMMIT;
\! $QIANFAN_SIMULATOR_CTL reset
\! $QIANFAN_SIMULATOR_CTL set tasks 200
DO $$
DECLARE
    task record;
BEGIN
    FOR task IN SELECT id, weight FROM model_comp_tasks ORDER BY id LOOP
        EXIT;
    END LOOP;
    SELECT id, weight INTO task FROM model_comp_tasks ORDER BY id;
END $$;
\! $QIANFAN_SIMULATOR_CTL calls

-- scrolling and rescans show the same rows without a call
BEGIN;
DECLARE s SCROLL CURSOR FOR SELECT id FROM (SELECT id, weight FROM model_comp_tasks WHERE weight IS NOT NULL ORDER BY id OFFSET 2) q;
FETCH 3 FROM s;
\! $QIANFAN_SIMULATOR_CTL reset
\! $QIANFAN_SIMULATOR_CTL set tasks 200
FETCH BACKWARD 2 FROM s;
FETCH FIRST FROM s;
\! $QIANFAN_SIMULATOR_CTL calls
COMMIT;
\! $QIANFAN_SIMULATOR_CTL reset

-- not offered: keys that may fail on a row that no condition has let through
SELECT condition, bool_or(line ~ '^ *Sort Key' AND before ~ 'Action') AS sorts
  FROM (VALUES ('state = ''failed'' ORDER BY 1 / length(name)'),
               ('weight = ''x'' ORDER BY 1 / length(name)'),
               ('weight = ''x'' ORDER BY name'),
               ('true ORDER BY random()'),
               ('true ORDER BY state, (SELECT 1)')) AS v(condition),
       LATERAL (SELECT line, lag(line) OVER () AS before
                  FROM plan_of('SELECT id, weight FROM model_comp_tasks WHERE ' || condition || ' LIMIT 5') line) p
 GROUP BY condition ORDER BY condition;
DROP VIEW grid, fence;
DROP TABLE local_tasks;
ALTER FOREIGN TABLE model_comp_tasks OPTIONS (DROP page_size);
ANALYZE model_comp_tasks;
