-- LIMIT saves calls where it is safe, and changes no result where it is not.
\! $QIANFAN_SIMULATOR_CTL reset

-- the first page asks for no more than is wanted, and is the only one
SELECT id FROM model_comp_tasks LIMIT 5;
\! $QIANFAN_SIMULATOR_CTL calls
\! $QIANFAN_SIMULATOR_CTL last
SELECT count(*) FROM (SELECT id FROM model_comp_tasks LIMIT 5) t;
\! $QIANFAN_SIMULATOR_CTL calls
\! $QIANFAN_SIMULATOR_CTL reset
SELECT id FROM model_comp_tasks OFFSET 3 LIMIT 2;
\! $QIANFAN_SIMULATOR_CTL calls
\! $QIANFAN_SIMULATOR_CTL last
SELECT id FROM model_comp_tasks WHERE source_model_id = 'amv-ckj6megznty6' LIMIT 2;
\! $QIANFAN_SIMULATOR_CTL last
PREPARE a_few(bigint) AS SELECT count(*) FROM (SELECT id FROM model_comp_tasks LIMIT $1) t;
EXECUTE a_few(5);
SET plan_cache_mode = force_generic_plan;
EXECUTE a_few(5);
EXECUTE a_few(NULL);
RESET plan_cache_mode;
\! $QIANFAN_SIMULATOR_CTL reset

-- a filter that is checked here must not make the page run short
SELECT count(*) FROM (SELECT id FROM model_comp_tasks WHERE state = 'failed' LIMIT 60) t;
SELECT count(*) FROM (SELECT id FROM model_comp_tasks WHERE name LIKE '%-999' LIMIT 1) t;
SELECT count(*) FROM (SELECT id FROM model_comp_tasks WHERE weight = 'WINT8' LIMIT 3) t;
SELECT count(*) FROM (SELECT id FROM model_comp_tasks WHERE random() >= 0 LIMIT 150) t;
\! $QIANFAN_SIMULATOR_CTL set ignore_filter on
SELECT count(*) FROM (SELECT id FROM model_comp_tasks WHERE source_model_id = 'amv-ckj6megznty6' LIMIT 20) t;
\! $QIANFAN_SIMULATOR_CTL reset

-- 0, all, nothing, more than an int4 or the table holds
SELECT limited, count FROM (VALUES
    ('0', (SELECT count(*) FROM (SELECT id FROM model_comp_tasks LIMIT 0) t)),
    ('NULL', (SELECT count(*) FROM (SELECT id FROM model_comp_tasks LIMIT NULL) t)),
    ('101', (SELECT count(*) FROM (SELECT id FROM model_comp_tasks LIMIT 101) t)),
    ('2^31', (SELECT count(*) FROM (SELECT id FROM model_comp_tasks LIMIT 2147483648) t)),
    ('2^32 + 5', (SELECT count(*) FROM (SELECT id FROM model_comp_tasks LIMIT 4294967301) t)),
    ('2^63 - 1', (SELECT count(*) FROM (SELECT id FROM model_comp_tasks LIMIT 9223372036854775807) t)),
    ('offset 995', (SELECT count(*) FROM (SELECT id FROM model_comp_tasks OFFSET 995 LIMIT 10) t)),
    ('offset 2000', (SELECT count(*) FROM (SELECT id FROM model_comp_tasks OFFSET 2000 LIMIT 10) t)),
    ('offset 2^63 - 1', (SELECT count(*) FROM (SELECT id FROM model_comp_tasks OFFSET 9223372036854775807 LIMIT 10) t)))
    AS v(limited, count);
\! $QIANFAN_SIMULATOR_CTL reset
SELECT id FROM model_comp_tasks LIMIT 0;
\! $QIANFAN_SIMULATOR_CTL calls

-- order, groups, windows, sets: the limit is above them
SELECT * FROM differences('SELECT id FROM model_comp_tasks ORDER BY create_time DESC LIMIT 5');
SELECT * FROM differences('SELECT state, count(*) FROM model_comp_tasks GROUP BY state ORDER BY 1 LIMIT 3');
SELECT * FROM differences('SELECT DISTINCT source_model_id FROM model_comp_tasks LIMIT 17');
SELECT * FROM differences('SELECT count(*) FROM model_comp_tasks LIMIT 1');
SELECT * FROM differences('SELECT max(id), min(id COLLATE "C") FROM model_comp_tasks LIMIT 1');
SELECT * FROM differences('SELECT id, count(*) OVER () FROM model_comp_tasks ORDER BY id LIMIT 3');
SELECT DISTINCT all_tasks FROM (SELECT count(*) OVER () AS all_tasks FROM model_comp_tasks LIMIT 3) t;
SELECT count(*) FROM (SELECT generate_series(1, 3) FROM model_comp_tasks LIMIT 400) t;
SELECT count(*) FROM (SELECT id, generate_series(1, 0) FROM model_comp_tasks LIMIT 1) t;
SELECT count(*) FROM (SELECT id FROM model_comp_tasks UNION ALL SELECT id FROM model_comp_tasks LIMIT 1500) t;
SELECT count(*) FROM (SELECT id FROM model_comp_tasks UNION SELECT id FROM model_comp_tasks LIMIT 1500) t;
SELECT count(*) FROM (SELECT id FROM model_comp_tasks EXCEPT SELECT id FROM local_tasks WHERE n > 7 LIMIT 50) t;
SELECT state FROM model_comp_tasks GROUP BY state ORDER BY state FETCH FIRST 2 ROWS WITH TIES;
SELECT count(*) FROM (SELECT id FROM model_comp_tasks ORDER BY state FETCH FIRST 1 ROW WITH TIES) t;
SELECT DISTINCT ON (state) state FROM model_comp_tasks ORDER BY state LIMIT 2;
SELECT state, count(*) FROM model_comp_tasks GROUP BY ROLLUP (state) ORDER BY 2 DESC LIMIT 1;

-- joins, subqueries, EXISTS
SELECT * FROM differences('SELECT t.id FROM model_comp_tasks t JOIN local_tasks l ON t.name = l.name WHERE l.n = 900 LIMIT 1',
                          'SELECT id FROM local_tasks WHERE n = 900');
SELECT count(*) FROM (SELECT 1 FROM model_comp_tasks t JOIN local_tasks l ON t.name = l.name AND l.n > 950 LIMIT 60) t;
SELECT count(*) FROM (SELECT 1 FROM local_tasks l LEFT JOIN model_comp_tasks t ON t.name = l.name AND l.n > 500 WHERE t.id IS NOT NULL LIMIT 600) t;
SELECT count(*) FROM (SELECT n FROM local_tasks l WHERE EXISTS (SELECT FROM model_comp_tasks t WHERE t.name = l.name) LIMIT 999) t;
SELECT EXISTS (SELECT FROM model_comp_tasks WHERE name LIKE '%-998') AS late,
       EXISTS (SELECT FROM model_comp_tasks WHERE name = 'nobody') AS never;
SELECT n, (SELECT count(*) FROM (SELECT id FROM model_comp_tasks LIMIT n) t) FROM local_tasks WHERE n IN (1, 150, 3) ORDER BY n;
SELECT count(*) FROM model_comp_tasks t WHERE id IN (SELECT id FROM local_tasks LIMIT 3);
SELECT count(*) FROM (SELECT id FROM model_comp_tasks WHERE id = ANY (ARRAY(SELECT id FROM local_tasks WHERE n <= 20)) LIMIT 7) t;

-- by key: as many calls as rows, and one more for each key without one
\! $QIANFAN_SIMULATOR_CTL reset
SELECT count(*) FROM (SELECT id FROM model_comp_tasks WHERE id = ANY (ARRAY(SELECT id FROM local_tasks WHERE n <= 60)) LIMIT 40) t;
\! $QIANFAN_SIMULATOR_CTL calls; $QIANFAN_SIMULATOR_CTL reset
SELECT count(*) FROM (SELECT id FROM model_comp_tasks WHERE id = ANY (ARRAY(SELECT id FROM local_tasks WHERE n <= 60)) OFFSET 1 LIMIT 1) t;
\! $QIANFAN_SIMULATOR_CTL calls; $QIANFAN_SIMULATOR_CTL reset
SELECT count(*) FROM (SELECT id FROM model_comp_tasks WHERE id = ANY (ARRAY(SELECT CASE WHEN n % 3 = 0 THEN 'unknown-' || n ELSE id END FROM local_tasks WHERE n <= 60 ORDER BY n)) LIMIT 4) t;
\! $QIANFAN_SIMULATOR_CTL calls

-- cursors ask page by page, and close when they like
\! $QIANFAN_SIMULATOR_CTL reset
BEGIN;
DECLARE c CURSOR FOR SELECT id FROM model_comp_tasks;
\! $QIANFAN_SIMULATOR_CTL calls
FETCH 3 FROM c;
\! $QIANFAN_SIMULATOR_CTL calls
MOVE FORWARD ALL FROM c;
\! $QIANFAN_SIMULATOR_CTL calls
CLOSE c;
DECLARE c SCROLL CURSOR FOR SELECT id FROM model_comp_tasks;
MOVE FORWARD ALL FROM c;
FETCH PRIOR FROM c;
FETCH FIRST FROM c;
ROLLBACK;
SELECT count(*) FROM model_comp_tasks;
