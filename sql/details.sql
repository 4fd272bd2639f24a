-- A detail call is spent only on a row that needs one.
\! $QIANFAN_SIMULATOR_CTL reset

-- list columns, and none at all: the ten pages
SELECT api_calls_of('SELECT id, state FROM model_comp_tasks') AS list_columns,
       api_calls_of('SELECT name, model_id, source_model_id, create_time, finish_time, description FROM model_comp_tasks') AS all_of_them,
       api_calls_of('SELECT count(*) FROM model_comp_tasks') AS counting,
       api_calls_of('SELECT FROM model_comp_tasks WHERE name IS NOT NULL') AS filtering;
\! $QIANFAN_SIMULATOR_CTL calls
\! $QIANFAN_SIMULATOR_CTL reset

-- each detail column: a call per row
SELECT * FROM differences('SELECT id, strategy, weight FROM model_comp_tasks');
\! $QIANFAN_SIMULATOR_CTL calls
\! $QIANFAN_SIMULATOR_CTL set tasks 30
SELECT name, api_calls_of(format('SELECT %I FROM model_comp_tasks', name)) - 1 AS details
  FROM unnest(ARRAY['id', 'name', 'state', 'source_model_id', 'model_id', 'strategy',
                    'weight', 'sparsity_ratio', 'create_time', 'finish_time',
                    'failed_reason', 'description', 'config']) AS name;
\! $QIANFAN_SIMULATOR_CTL reset

-- filters on list columns come first
SELECT * FROM differences('SELECT id, failed_reason FROM model_comp_tasks WHERE state = ''failed''');
\! $QIANFAN_SIMULATOR_CTL calls
SELECT count(*) FROM local_tasks WHERE state = 'failed';
\! $QIANFAN_SIMULATOR_CTL reset
SELECT * FROM differences($$
    SELECT id, weight FROM model_comp_tasks
     WHERE source_model_id = 'amv-ckj6megznty6' AND weight IS NOT NULL
       AND state = 'succeeded' AND name LIKE '%int8%'$$);
\! $QIANFAN_SIMULATOR_CTL calls
SELECT count(*) FROM local_tasks WHERE source_model_id = 'amv-ckj6megznty6'
   AND state = 'succeeded' AND name LIKE '%int8%';
\! $QIANFAN_SIMULATOR_CTL reset
SELECT count(*) FROM model_comp_tasks WHERE state = 'no such state' AND weight = 'WINT8';
\! $QIANFAN_SIMULATOR_CTL calls
\! $QIANFAN_SIMULATOR_CTL reset

-- conditions that mix both kinds, or on details alone
\! $QIANFAN_SIMULATOR_CTL set tasks 200
CREATE TEMP TABLE local_tasks AS SELECT * FROM public.local_tasks WHERE n <= 200;
SELECT condition, differences
  FROM (VALUES ('state = ''failed'' OR strategy = ''Sparsity'''),
               ('sparsity_ratio > 0.4'), ('config ? ''weight'''),
               ('state = ''failed'' AND (weight IS NULL OR name LIKE ''%int8%'')'),
               ('failed_reason IS NULL'), ('failed_reason = ''out of memory'''))
       AS v(condition)
  LEFT JOIN LATERAL differences('SELECT id, name FROM model_comp_tasks WHERE ' || condition) ON true;
DROP TABLE local_tasks;
\! $QIANFAN_SIMULATOR_CTL reset

-- a list that carries the members makes the calls unnecessary
\! $QIANFAN_SIMULATOR_CTL set list_detail on
SELECT * FROM differences('SELECT id, failed_reason, config, strategy FROM model_comp_tasks');
\! $QIANFAN_SIMULATOR_CTL calls
\! $QIANFAN_SIMULATOR_CTL reset

-- no more than what is asked for
SELECT id, weight FROM model_comp_tasks LIMIT 3;
\! $QIANFAN_SIMULATOR_CTL calls
\! $QIANFAN_SIMULATOR_CTL reset

-- a task that vanishes between page and detail is no row
\! $QIANFAN_SIMULATOR_CTL fail code:404:ModelCompTaskNotFound --always --action DescribeModelCompTask --id amva-wy13o1i1mw9m
SELECT count(*) FROM model_comp_tasks;
SELECT * FROM differences('SELECT id, weight FROM model_comp_tasks',
                          'SELECT id, weight FROM local_tasks WHERE n <> 2');
SELECT id, name, strategy FROM model_comp_tasks WHERE name LIKE '%-1' OR name LIKE '%-2' ORDER BY name;
\! $QIANFAN_SIMULATOR_CTL reset

-- a function that would tell sees no row that a barrier hides by its detail
CREATE VIEW sparse WITH (security_barrier) AS
    SELECT id, name, strategy FROM model_comp_tasks WHERE strategy = 'Sparsity';
CREATE FUNCTION tell(name text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS $$
BEGIN
    IF name IN (SELECT l.name FROM local_tasks l WHERE strategy <> 'Sparsity') THEN
        RAISE NOTICE 'leak';
    END IF;
    RETURN true;
END $$;
\! $QIANFAN_SIMULATOR_CTL set tasks 30
SELECT count(*) FROM sparse WHERE tell(name);
SELECT count(*) FROM local_tasks WHERE n <= 30 AND strategy = 'Sparsity';
DROP VIEW sparse;
DROP FUNCTION tell;

-- a column's type need not take what the list leaves out
CREATE DOMAIN needed AS text NOT NULL;
CREATE FOREIGN TABLE strict (id text, state text, strategy needed) SERVER qianfan;
SELECT count(strategy) FROM strict WHERE state = 'running';
SELECT count(*) FROM local_tasks WHERE n <= 30 AND state = 'running';
DROP FOREIGN TABLE strict;
DROP DOMAIN needed;
\! $QIANFAN_SIMULATOR_CTL reset
