-- The planner looks up what is few and reads the list for what is many.
\! $QIANFAN_SIMULATOR_CTL reset
SET qianfan_fdw.enable_lookup_join = off;	-- lookup_join_plans.sql has it on

-- How a join with the first n tasks is done, for a column of the list and
-- for one that only the detail has: 10 pages hold 1000 tasks.
CREATE FUNCTION join_of(n integer, target text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    plan jsonb;
BEGIN
    EXECUTE format('CREATE TEMP TABLE few AS
                    SELECT id AS task_id FROM local_tasks WHERE n <= %s', n);
    ANALYZE few;
    EXECUTE format('EXPLAIN (FORMAT JSON) SELECT %s FROM few
                    JOIN model_comp_tasks t ON t.id = few.task_id', target)
       INTO plan;
    DROP TABLE few;
    RETURN jsonb_path_query_first(plan, '$[0].Plan."Node Type"') #>> '{}';
END $$;
SELECT n, join_of(n, 't.state') AS list_column, join_of(n, 't.strategy') AS detail_column
  FROM (VALUES (1), (5), (20), (60), (200)) AS v(n);

-- an array of ids is looked up even where the list would be cheaper
SELECT action, calls FROM lookup('id = ANY (ARRAY(SELECT id FROM local_tasks WHERE n <= 300))');

-- rows expected: one for an id, one per element of a list, a guess for the
-- whole table until ANALYZE has counted
CREATE FUNCTION rows_of(query text) RETURNS numeric
LANGUAGE plpgsql AS $$
DECLARE
    plan jsonb;
BEGIN
    EXECUTE 'EXPLAIN (FORMAT JSON) ' || query INTO plan;
    RETURN jsonb_path_query_first(plan, '$[0].Plan."Plan Rows"');
END $$;
CREATE FOREIGN TABLE fresh (id text, state text, source_model_id text) SERVER qianfan;
SELECT rows_of('SELECT * FROM fresh WHERE id = ''a''') AS one,
       rows_of('SELECT * FROM fresh WHERE id IN (''a'', ''b'', ''c'')') AS three,
       rows_of('SELECT * FROM fresh') AS guess;
\! $QIANFAN_SIMULATOR_CTL calls
\! $QIANFAN_SIMULATOR_CTL set tasks 250
ANALYZE fresh;
\! $QIANFAN_SIMULATOR_CTL calls
SELECT rows_of('SELECT * FROM fresh WHERE id = ''a''') AS one,
       rows_of('SELECT * FROM fresh') AS counted,
       rows_of('SELECT * FROM fresh WHERE state = ''failed''') < 100 AS some_failed;

DROP FOREIGN TABLE fresh;
DROP FUNCTION join_of, rows_of;
RESET qianfan_fdw.enable_lookup_join;
\! $QIANFAN_SIMULATOR_CTL reset
