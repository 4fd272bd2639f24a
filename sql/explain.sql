-- EXPLAIN says what is asked, and under ANALYZE how often and how much.
\! $QIANFAN_SIMULATOR_CTL reset
\set VERBOSITY terse
SET qianfan_fdw.enable_lookup_join = off;

-- without ANALYZE: no number, no call
SELECT * FROM plan_of('SELECT id FROM model_comp_tasks WHERE id = ''amva-1''');
SELECT * FROM plan_of('SELECT id FROM model_comp_tasks WHERE id IN (''amva-1'', ''amva-2'') AND state = ''failed''');
SELECT * FROM plan_of('SELECT id FROM model_comp_tasks WHERE source_model_id = ''amv-1''');
SELECT * FROM plan_of('SELECT id, state FROM model_comp_tasks');
SELECT * FROM plan_of('SELECT id, weight FROM model_comp_tasks');
SELECT * FROM plan_of('SELECT * FROM model_comp_tasks WHERE id <> ''amva-1''');
PREPARE by_array(text[]) AS SELECT name FROM model_comp_tasks WHERE id = ANY ($1);
PREPARE by_source(text) AS SELECT name FROM model_comp_tasks WHERE source_model_id = $1;
SET plan_cache_mode = force_generic_plan;
SELECT * FROM api_plan_of('EXECUTE by_array(NULL)');
SELECT * FROM api_plan_of('EXECUTE by_source(NULL)');
RESET plan_cache_mode;

-- conditions that say it twice are shown under one label
SELECT * FROM api_plan_of('SELECT * FROM model_comp_tasks WHERE id = ''amva-1'' AND id IN (''amva-1'', ''amva-2'')');

-- keys that come from an outer table, from a subquery
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SET enable_material = off;
SET enable_memoize = off;
SELECT * FROM api_plan_of('SELECT t.state FROM local_tasks inv JOIN model_comp_tasks t ON t.id = inv.id WHERE inv.n = 1')
 WHERE api_plan_of NOT IN ('Lookup Key: (t.id = inv.id)', 'Lookup Key: (inv.id = t.id)');
SELECT bool_or(api_plan_of ~ '^Lookup Key: \(t\.id = ') AS lookup
  FROM api_plan_of('SELECT (SELECT t.state FROM model_comp_tasks t WHERE t.id = l.id) FROM local_tasks l');
SELECT * FROM api_plan_of('SELECT state FROM model_comp_tasks WHERE id = (SELECT max(id) FROM local_tasks)');
RESET enable_hashjoin;
RESET enable_mergejoin;
RESET enable_material;
RESET enable_memoize;
\! $QIANFAN_SIMULATOR_CTL calls

-- with ANALYZE: the simulator's own numbers
SELECT array_agg(id) AS five FROM local_tasks WHERE n <= 5 \gset
SELECT format('EXECUTE by_array(%L)', :'five') AS query \gset
SELECT * FROM plan_of(:'query', 'ANALYZE, COSTS OFF, SUMMARY OFF, BUFFERS OFF, TIMING OFF') WHERE plan_of !~ 'Filter:|Key:';
\! $QIANFAN_SIMULATOR_CTL calls
\! $QIANFAN_SIMULATOR_CTL reset
SELECT api_calls_of(:'query', 'API Bytes') AS bytes \gset
\set sent `$QIANFAN_SIMULATOR_CTL get bytes`
SELECT :bytes = :sent AS same, :bytes > 0 AS some;
\! $QIANFAN_SIMULATOR_CTL reset
SELECT api_calls_of('SELECT weight FROM model_comp_tasks WHERE source_model_id = ''amv-ckj6megznty6''', 'API Bytes') AS bytes \gset
\set sent `$QIANFAN_SIMULATOR_CTL get bytes`
\! $QIANFAN_SIMULATOR_CTL calls
SELECT :bytes = :sent AS same, :bytes > 0 AS some;
ALTER SERVER qianfan OPTIONS (ADD retry_delay '1ms');
\! $QIANFAN_SIMULATOR_CTL reset
\! $QIANFAN_SIMULATOR_CTL fail http-500 --times 3
SELECT * FROM api_plan_of('SELECT id FROM model_comp_tasks', true);
\! $QIANFAN_SIMULATOR_CTL calls
ALTER SERVER qianfan OPTIONS (DROP retry_delay);

-- time only with TIMING
SELECT options, string_agg(ltrim(line), '; ') AS lines
  FROM (VALUES ('ANALYZE, COSTS OFF, SUMMARY OFF'), ('ANALYZE, COSTS OFF, TIMING OFF'),
               ('COSTS OFF, VERBOSE'), ('ANALYZE, TIMING, VERBOSE')) AS v(options),
       LATERAL plan_of('SELECT id FROM model_comp_tasks WHERE id = ''amva-abciuctdx15t''', options) AS line
 WHERE line ~ 'API' GROUP BY options ORDER BY options;

-- no row, no call, yet the numbers are there
SELECT * FROM api_plan_of('SELECT * FROM model_comp_tasks WHERE id IS NULL', true);

-- in JSON the numbers are numbers, and the time is in milliseconds
CREATE FUNCTION json_of(query text, options text) RETURNS TABLE (key text, type text, value text)
LANGUAGE plpgsql AS $$
DECLARE
    plan jsonb;
BEGIN
    EXECUTE format('EXPLAIN (FORMAT JSON, COSTS OFF, %s) %s', options, query) INTO plan;
    RETURN QUERY SELECT e.key, jsonb_typeof(e.value),
                        CASE WHEN e.key IN ('API Bytes', 'API Time') THEN 'N'
                             ELSE e.value #>> '{}' END
      FROM jsonb_each(plan -> 0 -> 'Plan') e
     WHERE e.key ~ '^(API|Action|Lookup|Remote)' ORDER BY e.key COLLATE "C";
END $$;
SELECT * FROM json_of('SELECT id FROM model_comp_tasks WHERE id = ''amva-abciuctdx15t''', 'VERBOSE off');
SELECT * FROM json_of('SELECT id FROM model_comp_tasks WHERE id = ''amva-abciuctdx15t''', 'ANALYZE');
SELECT * FROM json_of('SELECT weight FROM model_comp_tasks WHERE source_model_id = ''amv-none''', 'ANALYZE, TIMING OFF');
DROP FUNCTION json_of;

-- the other formats have them as well
SELECT count(*) FROM plan_of('SELECT id FROM model_comp_tasks', 'ANALYZE, FORMAT YAML') AS p,
       LATERAL regexp_matches(p, 'API Calls: 10\s|API Retries: 0\s|API Bytes: N\s|API Time: \d+\.\d+\s|Action: "DescribeModelCompTasks"', 'g');
SELECT count(*) FROM plan_of('SELECT id FROM model_comp_tasks', 'ANALYZE, FORMAT XML') AS p,
       LATERAL regexp_matches(p, '<API-Calls>10<|<API-Retries>0<|<API-Bytes>\d+<|<API-Time>\d+\.\d+<|<Action>DescribeModelCompTasks<', 'g');
