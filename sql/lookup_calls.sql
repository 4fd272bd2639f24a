-- Conditions on id become one DescribeModelCompTask per distinct id, or none.
-- 200 tasks are two pages: what is no lookup would take two list calls.
\! $QIANFAN_SIMULATOR_CTL reset
\! $QIANFAN_SIMULATOR_CTL set tasks 200

-- one id
SELECT condition, lookup.*
  FROM (VALUES ('id = @1'), ('@1 = id'), ('id = (SELECT @1)'),
               ('id = @1::varchar'), ('id = lower(@1)'),
               ('id = ANY (ARRAY[@1])'), ('id IN (@1)'),
               ('(id, state) = (@1, ''succeeded'')'),
               ('(id, state) = (@1, ''failed'')'),
               ('id = @1 AND state = ''failed'''),
               ('id = @1 AND source_model_id = ''amv-ckj6megznty6'''))
       AS v(condition), LATERAL lookup(condition);
\! $QIANFAN_SIMULATOR_CTL calls
\! $QIANFAN_SIMULATOR_CTL reset
\! $QIANFAN_SIMULATOR_CTL set tasks 200

-- several: each once, rows in the order of the keys
SELECT condition, lookup.*
  FROM (VALUES ('id IN (@3, @1, @2)'), ('id = ANY (ARRAY[@2, @2, @1, @2])'),
               ('id = ANY (ARRAY[NULL, @2, NULL, @1])'),
               ('id = ANY (ARRAY[[@4, @3], [@2, @1]])'),
               ('id = ANY (ARRAY(SELECT id FROM local_tasks WHERE n <= 3 ORDER BY n))'),
               ('id = ANY ((SELECT array_agg(id ORDER BY n) FROM local_tasks WHERE n <= 3)::text[])'),
               ('id = @2 OR id = @1'),
               ('id = @1 OR @2 = id OR id IN (@2, @3) OR id = NULL'),
               ('(id, state) IN ((@1, ''succeeded''), (@2, ''failed''))'),
               ('id = @1 AND state = ''succeeded'' OR id = @2 AND name <> '''''))
       AS v(condition), LATERAL lookup(condition);

-- conditions that narrow each other
SELECT condition, lookup.*
  FROM (VALUES ('id IN (@1, @2) AND id IN (@2, @3)'), ('id = @1 AND id IN (@1, @2)'),
               ('(id = @1 OR id = @2) AND (id = @2 OR id = @3)'),
               ('id = @1 AND id <> @1'), ('id = @1 AND name = ''no such name'''),
               ('id IN (@1, @2) AND id <> @1'), ('id = @1 AND id IS NOT NULL'))
       AS v(condition), LATERAL lookup(condition);

-- nothing to ask
SELECT condition, calls, tasks
  FROM (VALUES ('id IS NULL'), ('id = NULL'), ('id = (SELECT NULL::text)'),
               ('id = ANY (''{}'')'), ('id = ANY (NULL::text[])'),
               ('id = ANY (ARRAY[NULL, NULL]::text[])'),
               ('id = ANY (ARRAY(SELECT id FROM local_tasks WHERE false))'),
               ('id = @1 AND id = @2'), ('id IN (@1, @2) AND id = @3'),
               ('id IS NULL AND state = ''succeeded'''),
               ('id IS NULL AND id = @1'), ('id IS NULL OR id = NULL'),
               ('false'), ('id = @1 AND false'))
       AS v(condition), LATERAL lookup(condition);

-- an id the API does not know is asked for, and is no row
SELECT condition, lookup.*
  FROM (VALUES ('id = ''amva-000000000000'''), ('id IN (''x'', @1, ''y'')'),
               ('id = upper(@1)'), ('id = @1 || '' '''),
               ('id = ''任务 "1"\%''')) AS v(condition), LATERAL lookup(condition);

-- no lookups, whatever they look like
SELECT condition, action, calls, cardinality(tasks) AS rows
  FROM (VALUES ('id <> @1'), ('id NOT IN (@1, @2)'), ('id <> ALL (ARRAY[@1, @2])'),
               ('NOT id = @1'), ('id <> ANY (ARRAY[@1, @2])'), ('id = ALL (ARRAY[@1, @2])'),
               ('id > @1'), ('id LIKE ''amva-c%'''), ('id IS NOT NULL'),
               ('lower(id) = @1'), ('id || '''' = @1'), ('id = name'),
               ('id = @1 OR state = ''failed'''), ('coalesce(id, '''') = @1'))
       AS v(condition), LATERAL lookup(condition);

-- volatile functions give no key, stable ones do
CREATE FUNCTION stable_id() RETURNS text LANGUAGE sql STABLE
AS 'SELECT id FROM local_tasks WHERE n = 1';
CREATE FUNCTION volatile_id() RETURNS text LANGUAGE plpgsql VOLATILE
AS 'BEGIN RETURN (SELECT id FROM local_tasks WHERE n = 1); END';
SELECT condition, action, calls, tasks
  FROM (VALUES ('id = stable_id()'), ('id = volatile_id()'),
               ('id IN (stable_id(), @2)')) AS v(condition), LATERAL lookup(condition);
DROP FUNCTION stable_id, volatile_id;

-- a thousand keys
\! $QIANFAN_SIMULATOR_CTL reset
SELECT action, calls, cardinality(tasks) AS rows,
       tasks = (SELECT array_agg(n ORDER BY n DESC) FROM local_tasks) AS in_order
  FROM lookup('id = ANY (ARRAY(SELECT id FROM local_tasks ORDER BY n DESC))');
\! $QIANFAN_SIMULATOR_CTL calls

-- a column is compared once for each outer row
SELECT l.n, (SELECT state FROM model_comp_tasks t WHERE t.id = l.id) = l.state AS same
  FROM local_tasks l WHERE l.n <= 3 ORDER BY n;

-- neither EXPLAIN nor planning asks anything
\! $QIANFAN_SIMULATOR_CTL reset
SELECT * FROM api_plan_of('SELECT id FROM model_comp_tasks WHERE id = ''amva-1''');
SELECT * FROM api_plan_of('SELECT id FROM model_comp_tasks');
PREPARE never AS SELECT * FROM model_comp_tasks WHERE id = $1;
\! $QIANFAN_SIMULATOR_CTL calls

-- the second statement of a session opens no second connection
SELECT count(*) FROM model_comp_tasks WHERE id = 'amva-cajt6guu3ldj';
SELECT count(*) FROM model_comp_tasks WHERE id = 'amva-abciuctdx15t';
\! $QIANFAN_SIMULATOR_CTL calls
\! $QIANFAN_SIMULATOR_CTL get connections
