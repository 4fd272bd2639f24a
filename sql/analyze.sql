-- ANALYZE reads the list, and details only of a bounded sample.
\! $QIANFAN_SIMULATOR_CTL reset
CREATE SCHEMA analyzed;
IMPORT FOREIGN SCHEMA qianfan FROM SERVER qianfan INTO analyzed;
ANALYZE analyzed.model_comp_tasks;
\! $QIANFAN_SIMULATOR_CTL get calls:DescribeModelCompTasks
\! [ $($QIANFAN_SIMULATOR_CTL get calls:DescribeModelCompTask) -lt 1000 ] && echo bounded
SELECT reltuples FROM pg_class WHERE oid = 'analyzed.model_comp_tasks'::regclass;

-- all columns have statistics, those of the details too
SELECT attname, CASE WHEN attname IN ('state', 'strategy') THEN n_distinct END AS words,
       null_frac > 0 AS has_nulls,
       abs(null_frac - CASE attname
                       WHEN 'model_id' THEN (SELECT avg((model_id IS NULL)::int) FROM local_tasks)
                       WHEN 'finish_time' THEN (SELECT avg((finish_time IS NULL)::int) FROM local_tasks)
                       WHEN 'weight' THEN (SELECT avg((weight IS NULL)::int) FROM local_tasks)
                       WHEN 'failed_reason' THEN (SELECT avg((failed_reason IS NULL)::int) FROM local_tasks)
                       WHEN 'sparsity_ratio' THEN (SELECT avg((sparsity_ratio IS NULL)::int) FROM local_tasks)
                       ELSE 0 END) < 0.2 AS plausible
  FROM pg_stats WHERE schemaname = 'analyzed'
 ORDER BY attname COLLATE "C";

-- what was found serves the planner: some 153 tasks failed
CREATE FUNCTION planned_rows(query text) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
    plan jsonb;
BEGIN
    EXECUTE 'EXPLAIN (FORMAT JSON) ' || query INTO plan;
    RETURN plan #>> '{0,Plan,Plan Rows}';
END $$;
SELECT planned_rows('SELECT id FROM analyzed.model_comp_tasks') AS all_tasks,
       planned_rows('SELECT id FROM analyzed.model_comp_tasks WHERE state = ''failed''')
       BETWEEN 80 AND 260 AS failed_tasks,
       planned_rows('SELECT id FROM analyzed.model_comp_tasks WHERE id = ''amva-1''') AS one_task;
DROP FUNCTION planned_rows;

-- an empty list, and one that cannot be had
\! $QIANFAN_SIMULATOR_CTL set tasks 0
ANALYZE analyzed.model_comp_tasks;
\! $QIANFAN_SIMULATOR_CTL fail http-403
\set VERBOSITY sqlstate
ANALYZE analyzed.model_comp_tasks;  -- ERROR
\! $QIANFAN_SIMULATOR_CTL reset
ANALYZE analyzed.model_comp_tasks (state);
SELECT reltuples FROM pg_class WHERE oid = 'analyzed.model_comp_tasks'::regclass;
\set VERBOSITY terse
SET client_min_messages = warning;
DROP SCHEMA analyzed CASCADE;
