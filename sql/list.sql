-- Without a condition on id the list is read, and one filter is sent with it.
\! $QIANFAN_SIMULATOR_CTL reset

-- all rows, ten pages of 100
SELECT * FROM differences('SELECT id, name, state, source_model_id, model_id, create_time, finish_time, description FROM model_comp_tasks');
\! $QIANFAN_SIMULATOR_CTL calls
\! $QIANFAN_SIMULATOR_CTL last 2
SELECT * FROM differences('SELECT state, count(*) FROM model_comp_tasks GROUP BY state');
SELECT * FROM differences('SELECT id, name FROM model_comp_tasks ORDER BY create_time DESC');

-- source_model_id is sent, in each page, and checked again
\! $QIANFAN_SIMULATOR_CTL reset
SELECT * FROM differences($$SELECT id, source_model_id FROM model_comp_tasks WHERE source_model_id = 'amv-ckj6megznty6'$$);
\! $QIANFAN_SIMULATOR_CTL calls
\! $QIANFAN_SIMULATOR_CTL last
SELECT * FROM differences($$SELECT id, state FROM model_comp_tasks WHERE 'amv-ckj6megznty6' = source_model_id AND state = 'failed'$$);
\! $QIANFAN_SIMULATOR_CTL last
\! $QIANFAN_SIMULATOR_CTL set ignore_filter on
SELECT * FROM differences($$SELECT id, source_model_id FROM model_comp_tasks WHERE source_model_id = 'amv-ckj6megznty6'$$);
\! $QIANFAN_SIMULATOR_CTL reset
CREATE FOREIGN TABLE small_pages (id text, source_model_id text) SERVER qianfan OPTIONS (page_size '20');
SELECT count(*) FROM small_pages WHERE source_model_id = 'amv-ckj6megznty6';
\! $QIANFAN_SIMULATOR_CTL calls
\! $QIANFAN_SIMULATOR_CTL last 3
DROP FOREIGN TABLE small_pages;

-- as a parameter, as a subquery
PREPARE by_source(text) AS SELECT count(*) FROM model_comp_tasks WHERE source_model_id = $1;
SET plan_cache_mode = force_generic_plan;
\! $QIANFAN_SIMULATOR_CTL reset
EXECUTE by_source('amv-ckj6megznty6');
EXECUTE by_source('amv-none');
EXECUTE by_source('');
EXECUTE by_source(NULL);
RESET plan_cache_mode;
SELECT count(*) FROM model_comp_tasks
 WHERE source_model_id = (SELECT source_model_id FROM local_tasks WHERE n = 1);
\! $QIANFAN_SIMULATOR_CTL last

-- what narrows the filter further, or cannot be sent, is checked here
SELECT condition, differences
  FROM (VALUES ('source_model_id = ''amv-ckj6megznty6'' AND source_model_id > ''a'''),
               ('source_model_id IN (''amv-ckj6megznty6'', ''amv-x80h3z4774u9'')'),
               ('source_model_id = ''amv-ckj6megznty6'' OR state = ''failed'''),
               ('source_model_id <> ''amv-ckj6megznty6'''),
               ('source_model_id LIKE ''amv-c%'''),
               ('source_model_id IS NOT NULL'),
               ('model_id IS NULL AND state = ''failed'''),
               ('name ~ ''int8'' AND create_time > ''2024-01-01 12:00+08'''),
               ('source_model_id || '''' = ''amv-ckj6megznty6''')) AS v(condition)
  LEFT JOIN LATERAL differences('SELECT id FROM model_comp_tasks WHERE ' || condition) ON true;
SELECT * FROM api_plan_of($$SELECT id FROM model_comp_tasks WHERE source_model_id IN ('amv-1', 'amv-2')$$);
SELECT * FROM api_plan_of($$SELECT id FROM model_comp_tasks WHERE source_model_id = 'amv-1' OR state = 'failed'$$);
SELECT count(*) FROM model_comp_tasks
 WHERE source_model_id = 'amv-ckj6megznty6' AND source_model_id = 'amv-x80h3z4774u9';

-- lists of 0, 1, 100 and 101 tasks
\! $QIANFAN_SIMULATOR_CTL set tasks 0
SELECT count(*), api_calls_of('SELECT id FROM model_comp_tasks') AS calls FROM model_comp_tasks;
\! $QIANFAN_SIMULATOR_CTL set tasks 1
SELECT count(*), api_calls_of('SELECT id FROM model_comp_tasks') AS calls FROM model_comp_tasks;
\! $QIANFAN_SIMULATOR_CTL set tasks 100
SELECT count(*), api_calls_of('SELECT id FROM model_comp_tasks') AS calls FROM model_comp_tasks;
\! $QIANFAN_SIMULATOR_CTL set tasks 101
SELECT count(*), api_calls_of('SELECT id FROM model_comp_tasks') AS calls FROM model_comp_tasks;
\! $QIANFAN_SIMULATOR_CTL reset
