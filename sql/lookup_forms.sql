-- Other words for "id = value" are lookups, too: IS NOT DISTINCT FROM, and LIKE
-- with a pattern that matches one text only.
\! $QIANFAN_SIMULATOR_CTL reset
SELECT condition, lookup.*
  FROM (VALUES ('id IS NOT DISTINCT FROM @1'), ('@1 IS NOT DISTINCT FROM id'),
               ('NOT (id IS DISTINCT FROM @1)'), ('id IS NOT DISTINCT FROM NULL'),
               ('id IS NOT DISTINCT FROM (SELECT @2)'),
               ('id IS NOT DISTINCT FROM (SELECT NULL::text)'),
               ('id IS NOT DISTINCT FROM @1 OR id = @2'),
               ('id IS NOT DISTINCT FROM @1 AND id = @2'),
               ('id IS NOT DISTINCT FROM ''amva-000000000000'''),
               ('id LIKE @1'), ('id LIKE replace(@1, ''-'', ''\-'')'),
               ('id LIKE @1 OR id LIKE @2'), ('id LIKE replace(@1, ''-'', ''!-'') ESCAPE ''!'''),
               ('id LIKE ''amva\_1\%\\'''), ('id LIKE NULL'), ('id LIKE '''''),
               ('id::varchar LIKE @1'), ('id LIKE @1 COLLATE "C"'))
       AS v(condition), LATERAL lookup(condition);

-- no lookups
SELECT condition, action, cardinality(tasks) AS rows
  FROM (VALUES ('id LIKE ''amva-%'' AND id = name'), ('id LIKE @1 || ''%'''), ('id LIKE left(@1, 16) || ''_'''),
               ('id ILIKE @1'), ('id NOT LIKE @1 AND id = name'), ('@1 LIKE id'),
               ('id IS DISTINCT FROM @1 AND id = name'),
               ('id LIKE (SELECT @1)'), ('id::name LIKE @1'))
       AS v(condition), LATERAL lookup(condition);
SELECT id FROM model_comp_tasks WHERE id LIKE 'amva\';     -- ERROR

-- With NULL on both sides a source model is not distinct, which no parameter says.
SELECT api_calls_of('SELECT id FROM model_comp_tasks WHERE source_model_id IS NOT DISTINCT FROM ''amv-none''') AS distinct_from,
       api_calls_of('SELECT id FROM model_comp_tasks WHERE source_model_id LIKE ''amv-none''') AS plain_pattern;

-- joins
SELECT * FROM differences('SELECT l.n, t.weight FROM (SELECT n, CASE WHEN n > 1 THEN id END AS id FROM local_tasks WHERE n <= 4) l LEFT JOIN model_comp_tasks t ON t.id IS NOT DISTINCT FROM l.id',
    'SELECT l.n, t.weight FROM (SELECT n, CASE WHEN n > 1 THEN id END AS id FROM local_tasks WHERE n <= 4) l LEFT JOIN local_tasks t ON t.id = l.id');
SELECT api_calls_of('SELECT l.n, t.weight FROM (SELECT n, CASE WHEN n > 1 THEN id END AS id FROM local_tasks WHERE n <= 4) l LEFT JOIN model_comp_tasks t ON t.id IS NOT DISTINCT FROM l.id');

-- A column that reads an unknown member costs a detail for rows that pass the
-- list conditions, not for all: 10 pages and 153 tasks that have failed.
CREATE FOREIGN TABLE with_unknown (id text, state text, nothing text OPTIONS (field 'nosuch')) SERVER qianfan;
SELECT condition, api_calls_of('SELECT id FROM with_unknown WHERE ' || condition)
  FROM (VALUES ('nothing IS NULL AND state = ''failed'''), ('state = ''failed'' AND nothing IS NULL'),
               ('nothing IS NOT NULL AND state = ''failed'''),
               ('nothing IS NULL AND state = ''none''')) AS v(condition);
DROP FOREIGN TABLE with_unknown;
