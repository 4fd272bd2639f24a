-- Parameters are keys, in custom and in generic plans.
\! $QIANFAN_SIMULATOR_CTL reset
\! $QIANFAN_SIMULATOR_CTL set tasks 200
SELECT id AS one FROM local_tasks WHERE n = 1 \gset
SELECT id AS two FROM local_tasks WHERE n = 2 \gset
SELECT array_agg(id ORDER BY n) AS three FROM local_tasks WHERE n <= 3 \gset
PREPARE by_id(text) AS SELECT id, state FROM model_comp_tasks WHERE id = $1;
PREPARE by_varchar(varchar) AS SELECT id FROM model_comp_tasks WHERE $1 = id;
PREPARE by_two(text, text) AS SELECT id FROM model_comp_tasks WHERE id IN ($1, $2);
PREPARE by_either(text, text) AS
    SELECT id FROM model_comp_tasks WHERE id = $1 OR id = $2 AND state = 'creating';
PREPARE by_array(text[]) AS SELECT id FROM model_comp_tasks WHERE id = ANY ($1);
PREPARE by_both(text, text[]) AS
    SELECT id FROM model_comp_tasks WHERE id = $1 AND id = ANY ($2);

SET plan_cache_mode = force_custom_plan;
EXECUTE by_id(:'one');
EXECUTE by_varchar(:'one');
EXECUTE by_two(:'two', :'one');
EXECUTE by_either(:'one', :'two');
EXECUTE by_array(:'three');
EXECUTE by_both(:'two', :'three');
\! $QIANFAN_SIMULATOR_CTL calls
\! $QIANFAN_SIMULATOR_CTL reset
EXECUTE by_id(NULL);
EXECUTE by_array(NULL);
EXECUTE by_array('{}');
EXECUTE by_array('{NULL,NULL}');
EXECUTE by_both(:'two', '{amva-1}');
\! $QIANFAN_SIMULATOR_CTL calls

SET plan_cache_mode = force_generic_plan;
EXECUTE by_id(:'one');
EXECUTE by_varchar(:'one');
EXECUTE by_two(:'two', :'one');
EXECUTE by_two(:'two', :'two');
EXECUTE by_two(:'two', NULL);
EXECUTE by_either(:'one', :'two');
EXECUTE by_array(:'three');
EXECUTE by_both(:'two', :'three');
\! $QIANFAN_SIMULATOR_CTL calls
\! $QIANFAN_SIMULATOR_CTL reset
EXECUTE by_id(NULL);
EXECUTE by_array(NULL);
EXECUTE by_array('{}');
EXECUTE by_array('{NULL,NULL}');
EXECUTE by_both(:'two', '{amva-1}');
EXECUTE by_both(NULL, :'three');
\! $QIANFAN_SIMULATOR_CTL calls

-- the plan names the parameter
SELECT * FROM api_plan_of('EXECUTE by_id(''amva-1'')');
SELECT * FROM api_plan_of('EXECUTE by_array(''{amva-1}'')');

-- the same plan many times, with other values
DO $$
DECLARE
    state_found text;
    row_local local_tasks;
BEGIN
    FOR row_local IN SELECT * FROM local_tasks WHERE n <= 20 LOOP
        SELECT state INTO state_found FROM model_comp_tasks WHERE id = row_local.id;
        ASSERT state_found = row_local.state, row_local.id;
    END LOOP;
END $$;
\! $QIANFAN_SIMULATOR_CTL calls
\! $QIANFAN_SIMULATOR_CTL reset

-- a function that is inlined, and one that is not
CREATE FUNCTION inlined(key text) RETURNS SETOF text LANGUAGE sql STABLE
AS 'SELECT state FROM model_comp_tasks WHERE id = key';
CREATE FUNCTION called(key text) RETURNS text LANGUAGE sql STABLE
AS 'SELECT state FROM model_comp_tasks WHERE id = key LIMIT 1';
SELECT * FROM inlined(:'one');
SELECT called(:'two');
SELECT n, s FROM local_tasks l, LATERAL inlined(l.id) s WHERE n <= 3 ORDER BY n;
\! $QIANFAN_SIMULATOR_CTL calls
DROP FUNCTION inlined, called;
DEALLOCATE ALL;

-- a lookup join that starts over asks for what its array has now, also below a Result
CREATE TEMP TABLE k AS SELECT n % 2 AS g, id FROM local_tasks WHERE n <= 12;
CREATE TEMP TABLE o AS SELECT g, true AS flag, ARRAY(SELECT id FROM local_tasks WHERE n <= CASE g WHEN 0 THEN 12 ELSE 1 END) AS ids FROM generate_series(0, 1) g;
ANALYZE k;
ANALYZE o;
SET enable_hashjoin = off;
SET enable_mergejoin = off;
\! $QIANFAN_SIMULATOR_CTL reset
SELECT o.g, (SELECT count(t.strategy) FROM k LEFT JOIN (SELECT * FROM model_comp_tasks WHERE o.flag AND id = ANY (o.ids)) t ON t.id = k.id WHERE k.g = o.g) FROM o ORDER BY o.g;
\! $QIANFAN_SIMULATOR_CTL calls
RESET enable_hashjoin;
RESET enable_mergejoin;
DROP TABLE k, o;
