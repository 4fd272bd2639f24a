-- source_model_id IN (few) sends one filtered list for each value, where these
-- have fewer pages than the list of all.
\! $QIANFAN_SIMULATOR_CTL reset

-- 17 source models with 58 or 59 tasks each; "@n" is the n-th of them.
CREATE TABLE models AS
    SELECT row_number() OVER (ORDER BY min(n)) AS n, source_model_id
      FROM local_tasks GROUP BY source_model_id;
ANALYZE models;
CREATE FUNCTION in_list(condition text)
RETURNS TABLE (lists text, calls bigint, same boolean)
LANGUAGE plpgsql AS $$
DECLARE
    query text := condition;
    model record;
BEGIN
    FOR model IN SELECT * FROM models ORDER BY n DESC LOOP
        query := replace(query, '@' || model.n, quote_literal(model.source_model_id));
    END LOOP;
    lists := CASE WHEN EXISTS (SELECT FROM plan_of('SELECT id FROM model_comp_tasks WHERE ' || query) AS line
                                WHERE line ~ 'Remote Filter') THEN 'filtered' ELSE 'all' END;
    calls := api_calls_of('SELECT id FROM model_comp_tasks WHERE ' || query);
    same := NOT EXISTS (SELECT FROM differences('SELECT id, state FROM model_comp_tasks WHERE ' || query)
                         AS d WHERE d <> 'nothing to compare');
    RETURN NEXT;
END $$;
SELECT condition, in_list.* FROM (VALUES
    ('source_model_id IN (@1, @2)'), ('source_model_id IN (@1, @2, @2, NULL, @1)'),
    ('source_model_id = ANY (ARRAY[@1, ''amv-none'', @3]::varchar[])'),
    ('source_model_id IN (@1, @2) AND state = ''failed'''),
    ('source_model_id IN (@1, @2) AND source_model_id = @2'),
    ('source_model_id IN (@1, @2) AND source_model_id IN (@2, @3, @4)'),
    ('source_model_id IN (@1, @2, @3, @4, @5, @6, @7, @8, @9)'),
    ('source_model_id IN (@1, @2, @3, @4, @5, @6, @7, @8, @9, @10)'),
    ('source_model_id = ANY (ARRAY(SELECT source_model_id FROM models WHERE n <= 3))'),
    ('source_model_id = ANY (ARRAY(SELECT source_model_id FROM models))'),
    ('source_model_id IN (NULL, NULL)'), ('source_model_id = ANY (''{}'')'),
    ('source_model_id IN (''amv-none'', '''')'), ('source_model_id = ANY (NULL::text[])'),
    -- no lists, whatever they look like
    ('source_model_id NOT IN (@1, @2)'), ('source_model_id = ALL (ARRAY[@1, @2])'),
    ('source_model_id IN (@1, @2) OR state = ''failed'''),
    ('source_model_id IN (@1, name)'), ('(source_model_id = ANY (ARRAY[@1, @2])) IS NOT TRUE'))
    AS v(condition), LATERAL in_list(condition);
SELECT plan_of('SELECT id FROM model_comp_tasks WHERE source_model_id IN (''amv-1'', ''amv-2'')');

-- details, a LIMIT and an order on top of them
SELECT api_calls_of(format('SELECT * FROM model_comp_tasks WHERE source_model_id IN (%L, %L) AND state = ''stopped''',
                           a.source_model_id, b.source_model_id)) =
       2 + (SELECT count(*) FROM local_tasks t WHERE state = 'stopped' AND
                   t.source_model_id IN (a.source_model_id, b.source_model_id)) AS details,
       api_calls_of(format('SELECT id FROM model_comp_tasks WHERE source_model_id IN (%L, %L) LIMIT 10',
                           a.source_model_id, b.source_model_id)) AS first_list,
       api_calls_of(format('SELECT id FROM model_comp_tasks WHERE source_model_id IN (%L, %L) LIMIT 70',
                           a.source_model_id, b.source_model_id)) AS both_lists,
       api_calls_of(format('SELECT * FROM model_comp_tasks WHERE source_model_id IN (%L, %L) ORDER BY create_time DESC LIMIT 10',
                           a.source_model_id, b.source_model_id)) AS sorted
  FROM models a, models b WHERE a.n = 1 AND b.n = 2;

-- started over with other values: a list is kept for the same ones
SET enable_material = off;
SELECT v.n, count(*) FROM (VALUES (1, 1), (2, 2), (3, 1)) v(n, most), LATERAL (
    SELECT id FROM model_comp_tasks WHERE source_model_id = ANY (
        ARRAY(SELECT source_model_id FROM models m WHERE m.n <= v.most)) OFFSET 0) t
 GROUP BY v.n ORDER BY v.n;
SELECT api_calls_of('SELECT v.n, count(*) FROM (VALUES (1, 1), (2, 2), (3, 1)) v(n, most), LATERAL (
    SELECT id FROM model_comp_tasks WHERE source_model_id = ANY (
        ARRAY(SELECT source_model_id FROM models m WHERE m.n <= v.most)) OFFSET 0) t
 GROUP BY v.n');

-- more pages than one for a value; pages that repeat the row of their marker
ALTER SERVER qianfan OPTIONS (ADD page_size '25');
SELECT * FROM in_list('source_model_id IN (@1, @2)');
\! $QIANFAN_SIMULATOR_CTL set marker inclusive
SELECT * FROM in_list('source_model_id IN (@1, @2)');
\! $QIANFAN_SIMULATOR_CTL set marker start
SELECT * FROM in_list('source_model_id IN (@1, @2)');

-- A service that does not look at the filter, as the first page of the second
-- list says: what else it may do is not known, so the list of all follows.
\! $QIANFAN_SIMULATOR_CTL set ignore_filter on
SELECT * FROM in_list('source_model_id IN (@1, @2, @3)');
SELECT * FROM in_list('source_model_id IN (@1, ''amv-none'')');
\! $QIANFAN_SIMULATOR_CTL reset
ALTER SERVER qianfan OPTIONS (DROP page_size);

-- One that compares without case: two lists are the same, the third is not.
\! $QIANFAN_SIMULATOR_CTL set fold_filter on
SELECT * FROM in_list('source_model_id IN (upper(@1), @1, @2)');
SELECT * FROM in_list('source_model_id IN (@2, @1, upper(@1), @3)');
\! $QIANFAN_SIMULATOR_CTL reset

-- A list ends at its own marker only; a failure in the second list is one.
\! $QIANFAN_SIMULATOR_CTL fail http-400 --after 1
SELECT outcome_of(format('SELECT count(*) FROM model_comp_tasks WHERE source_model_id IN (%L, %L)', a.source_model_id, b.source_model_id))
  FROM models a, models b WHERE a.n = 1 AND b.n = 2;
\! $QIANFAN_SIMULATOR_CTL reset

DROP FUNCTION in_list;
DROP TABLE models;
