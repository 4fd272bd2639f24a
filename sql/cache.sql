-- Answers that are remembered stand for calls, and only where that is right.
SET qianfan_fdw.enable_cache = on;
SELECT qianfan_fdw_forget('qianfan');
CREATE VIEW counted AS
    SELECT sum(calls) AS calls, sum(reused_by_age) AS by_age,
           sum(reused_validated) AS validated, sum(disagreed) AS disagreed
      FROM qianfan_fdw_stat WHERE srvname = 'qianfan';
CREATE FUNCTION costs(query text, OUT calls bigint, OUT reused bigint)
LANGUAGE plpgsql AS $$
DECLARE
    plan jsonb;
BEGIN
    EXECUTE 'EXPLAIN (ANALYZE, FORMAT JSON) ' || query INTO plan;
    SELECT sum(number::bigint) INTO calls
      FROM jsonb_path_query(plan, 'strict $.**."API Calls"') AS number;
    SELECT sum(number::bigint) INTO reused
      FROM jsonb_path_query(plan, 'strict $.**."API Answers Reused"') AS number;
END $$;
\set details 'SELECT id, strategy, failed_reason FROM model_comp_tasks WHERE source_model_id = ''amv-ckj6megznty6'''
SELECT count(*), count(*) FILTER (WHERE state NOT IN ('succeeded', 'failed', 'stopped')) AS unfinished
  FROM local_tasks WHERE source_model_id = 'amv-ckj6megznty6';

-- a list shows which details are as they were; those that may change are asked for
\! $QIANFAN_SIMULATOR_CTL reset
SELECT * FROM costs(:'details');
SELECT * FROM costs(:'details');
SELECT * FROM differences(:'details');
SELECT * FROM costs('SELECT weight FROM model_comp_tasks WHERE source_model_id = ''amv-ckj6megznty6'' AND state = ''failed''');

-- a lookup by id asks, whatever is remembered
SELECT c.* FROM (SELECT id FROM local_tasks WHERE state = 'failed' AND source_model_id = 'amv-ckj6megznty6' LIMIT 1) t,
       costs(format('SELECT weight FROM model_comp_tasks WHERE id = %L', t.id)) c;

-- what is asked by id is remembered for lists
SELECT qianfan_fdw_forget('qianfan');
SELECT * FROM costs('SELECT weight FROM model_comp_tasks WHERE id IN (SELECT id FROM local_tasks
                      WHERE source_model_id = ''amv-ckj6megznty6'' AND state = ''succeeded'')');
SELECT * FROM costs(:'details');

-- a list that says something else validates nothing
\! $QIANFAN_SIMULATOR_CTL set detail_shift_s 1
SELECT qianfan_fdw_forget('qianfan');
SELECT * FROM costs(:'details');
SELECT * FROM costs(:'details');
SELECT qianfan_fdw_forget('qianfan');
\! $QIANFAN_SIMULATOR_CTL set detail_shift_s 0
SELECT reused FROM costs(:'details');
\! $QIANFAN_SIMULATOR_CTL set stale_list on
SELECT reused > 0 AND calls > 20 AS some FROM costs(:'details');
\! $QIANFAN_SIMULATOR_CTL set stale_list off
\! $QIANFAN_SIMULATOR_CTL set variant example
SELECT reused FROM costs(:'details');
\! $QIANFAN_SIMULATOR_CTL set variant table

-- details that are asked for after sorting
\set latest 'SELECT id, weight FROM model_comp_tasks WHERE source_model_id = ''amv-ckj6megznty6'' ORDER BY create_time DESC LIMIT 20'
SELECT qianfan_fdw_forget('qianfan');
SELECT * FROM costs(:'latest');
SELECT * FROM costs(:'latest');
SELECT * FROM differences(:'latest');
SELECT count(*) FROM (SELECT state FROM local_tasks WHERE source_model_id = 'amv-ckj6megznty6' ORDER BY create_time DESC LIMIT 20) t
 WHERE state NOT IN ('succeeded', 'failed', 'stopped');

-- the switch
SET qianfan_fdw.enable_cache = off;
SELECT * FROM costs(:'details');
SELECT * FROM differences(:'details');
SET qianfan_fdw.enable_cache = on;
SELECT reused > 0 AS reused FROM costs(:'details');

-- by age: nothing is asked at all
ALTER SERVER qianfan OPTIONS (ADD cache_max_age '1h');
\set list 'SELECT count(*), max(name) FROM model_comp_tasks'
\set lookup 'SELECT weight FROM model_comp_tasks WHERE id = ''amva-abciuctdx15t'''
\set absent 'SELECT id FROM model_comp_tasks WHERE id = ''amva-000000000000'''
\! $QIANFAN_SIMULATOR_CTL reset
SELECT * FROM costs(:'list');
SELECT * FROM costs(:'lookup');
SELECT * FROM costs(:'absent');
\! $QIANFAN_SIMULATOR_CTL calls
SELECT * FROM costs(:'list');
SELECT * FROM differences(:'list');
SELECT * FROM costs(:'lookup');
SELECT * FROM costs(:'absent');
\! $QIANFAN_SIMULATOR_CTL calls

-- so a row may be that old, until it is forgotten
\! $QIANFAN_SIMULATOR_CTL set tasks 10
SELECT count(*) FROM model_comp_tasks;
SELECT qianfan_fdw_forget();
SELECT count(*) FROM model_comp_tasks;
\! $QIANFAN_SIMULATOR_CTL set tasks 1000

-- the budget counts calls
SET qianfan_fdw.max_requests = 1;
SELECT outcome_of('SELECT count(*) FROM model_comp_tasks'), outcome_of(:'lookup'), outcome_of(:'lookup');
RESET qianfan_fdw.max_requests;

-- a table's word wins; errors are not remembered
ALTER FOREIGN TABLE model_comp_tasks OPTIONS (ADD cache_max_age '0');
SELECT * FROM costs(:'lookup');
ALTER FOREIGN TABLE model_comp_tasks OPTIONS (DROP cache_max_age);
SELECT qianfan_fdw_forget('qianfan');
\! $QIANFAN_SIMULATOR_CTL fail http-400 --times 2
SELECT outcome_of(:'lookup'), outcome_of(:'lookup');
SELECT * FROM costs(:'lookup');

-- only finished tasks, by id
ALTER SERVER qianfan OPTIONS (DROP cache_max_age, ADD cache_max_age_final '1h');
SELECT qianfan_fdw_forget('qianfan');
SELECT state, count(*), sum((costs(format('SELECT weight FROM model_comp_tasks WHERE id = %L', id))).calls) AS first,
       sum((costs(format('SELECT weight FROM model_comp_tasks WHERE id = %L', id))).calls) AS second
  FROM local_tasks WHERE n <= 20 GROUP BY state ORDER BY state;
ALTER SERVER qianfan OPTIONS (DROP cache_max_age_final);

-- what it has spared, and what it costs
SELECT calls > 0 AS calls, by_age > 0 AS by_age, validated > 0 AS validated, disagreed > 0 AS disagreed FROM counted;
DROP VIEW counted;
DROP FUNCTION costs;
\! $QIANFAN_SIMULATOR_CTL reset
