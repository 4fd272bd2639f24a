-- What all files from here on use: a server, a table, a copy of the truth.
\getenv endpoint QIANFAN_SIMULATOR_ENDPOINT
\getenv access_key QIANFAN_SIMULATOR_ACCESS_KEY
\getenv secret_key QIANFAN_SIMULATOR_SECRET_KEY
\getenv data QIANFAN_SIMULATOR_DATA

CREATE EXTENSION qianfan_fdw;
CREATE SERVER qianfan FOREIGN DATA WRAPPER qianfan_fdw
    OPTIONS (endpoint :'endpoint');
CREATE USER MAPPING FOR CURRENT_USER SERVER qianfan
    OPTIONS (access_key :'access_key', secret_key :'secret_key');
IMPORT FOREIGN SCHEMA qianfan FROM SERVER qianfan INTO public;

-- Calls are counted without what sessions remember; cache.sql is about that.
ALTER DATABASE contrib_regression SET qianfan_fdw.enable_cache = off;

-- The simulator's 1000 tasks as it makes them up, without the API between.
-- "n" is the position in the list.
CREATE TABLE local_tasks (
    id text PRIMARY KEY, name text, state text, source_model_id text,
    model_id text, strategy text, weight text,
    sparsity_ratio double precision, create_time timestamptz,
    finish_time timestamptz, failed_reason text, description text,
    config jsonb, n integer GENERATED ALWAYS AS IDENTITY);
\copy local_tasks (id, name, state, source_model_id, model_id, strategy, weight, sparsity_ratio, create_time, finish_time, failed_reason, description, config) from program '$QIANFAN_SIMULATOR_DATA --count 1000'
ANALYZE local_tasks;
SELECT count(*), min(n), max(n) FROM local_tasks;

-- The plan of a query, without what differs between runs or versions.
CREATE FUNCTION plan_of(query text, options text DEFAULT 'COSTS OFF')
RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    line text;
BEGIN
    FOR line IN EXECUTE format('EXPLAIN (%s) %s', options, query) LOOP
        line := regexp_replace(line, '(API Bytes: )[1-9]\d*', '\1N');
        line := regexp_replace(line, '(API Time: )\d+\.\d+ ms', '\1N ms');
        line := regexp_replace(line, 'actual (time=\S+ )?(rows=\d+)(\.00)? ',
                               'actual \2 ');
        line := regexp_replace(line, '\$\d+|\(InitPlan \w+\)\.col\d+', '$n', 'g');
        RETURN NEXT line;
    END LOOP;
END $$;

-- Of that, what doc/reference.md promises; counters with ANALYZE.
CREATE FUNCTION api_plan_of(query text, analyze_it boolean DEFAULT false)
RETURNS SETOF text LANGUAGE sql AS $$
    SELECT ltrim(line)
      FROM plan_of(query, CASE WHEN analyze_it
                          THEN 'ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF'
                          ELSE 'COSTS OFF' END) AS line
     WHERE line ~ '^ *(Action|Lookup Key|Remote Filter|API \w+): '
$$;

-- What executing a query counts, all its scans together.
CREATE FUNCTION api_calls_of(query text, label text DEFAULT 'API Calls')
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    plan jsonb;
BEGIN
    EXECUTE 'EXPLAIN (ANALYZE, FORMAT JSON) ' || query INTO plan;
    RETURN (SELECT coalesce(sum(number::bigint), 0)
              FROM jsonb_path_query(plan, format('strict $.**.%I',
                                                 label)::jsonpath) AS number);
END $$;

-- The same for the ids a condition finds, "@n" standing for the id of the
-- n-th task; what is found is shown as such numbers, in the order it came in.
CREATE FUNCTION lookup(condition text, target text DEFAULT 'model_comp_tasks')
RETURNS TABLE (action text, calls bigint, tasks integer[])
LANGUAGE plpgsql AS $$
DECLARE
    query text;
    plan jsonb;
    key text;
BEGIN
    SELECT string_agg(coalesce(quote_literal(t.id), part[1]), '' ORDER BY place)
      INTO query
      FROM regexp_matches(format('SELECT id FROM %s WHERE %s', target, condition),
                          '@\d+|[^@]+', 'g') WITH ORDINALITY AS m(part, place)
      LEFT JOIN local_tasks t ON part[1] = '@' || n;
    EXECUTE 'EXPLAIN (ANALYZE, FORMAT JSON) ' || query INTO plan;
    SELECT coalesce(sum(number::bigint), 0) INTO calls
      FROM jsonb_path_query(plan, 'strict $.**."API Calls"') AS number;
    SELECT string_agg(word #>> '{}', '; ') INTO action
      FROM jsonb_path_query(plan, 'strict $.**."Action"') AS word;
    tasks := '{}';
    FOR key IN EXECUTE query LOOP
        tasks := tasks || (SELECT n FROM local_tasks t WHERE t.id = key);
    END LOOP;
    RETURN NEXT;
END $$;

-- How a statement ends, 'ok' or a SQLSTATE; what it did is undone.
CREATE FUNCTION outcome_of(statement text)
RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE statement;
    RAISE EXCEPTION USING ERRCODE = 'OK000';
EXCEPTION WHEN OTHERS THEN
    RETURN CASE WHEN SQLSTATE = 'OK000' THEN 'ok' ELSE SQLSTATE END;
END $$;

-- Runs a query on the foreign table and on the copy; they must agree.
CREATE FUNCTION differences(query text, copy text DEFAULT NULL)
RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
    copy := coalesce(copy, replace(query, 'model_comp_tasks', 'local_tasks'));
    EXECUTE 'CREATE TEMP TABLE remote_rows AS ' || query;
    EXECUTE 'CREATE TEMP TABLE local_rows AS ' || copy;
    IF NOT EXISTS (SELECT FROM local_rows) THEN
        RETURN NEXT 'nothing to compare';
    END IF;
    RETURN QUERY
        SELECT 'only remote: ' || r::text
          FROM (TABLE remote_rows EXCEPT ALL TABLE local_rows) r
         UNION ALL
        SELECT 'only local: ' || r::text
          FROM (TABLE local_rows EXCEPT ALL TABLE remote_rows) r;
    DROP TABLE remote_rows, local_rows;
END $$;

-- the helpers can tell
\! $QIANFAN_SIMULATOR_CTL reset
SELECT * FROM api_plan_of('SELECT name FROM model_comp_tasks WHERE id = ''amva-abciuctdx15t''', true);
SELECT api_calls_of('SELECT name FROM model_comp_tasks WHERE id = ''amva-abciuctdx15t''');
SELECT * FROM lookup('id IN (@2, @3)');
\! $QIANFAN_SIMULATOR_CTL calls
SELECT * FROM differences('SELECT 1 AS one', 'SELECT 2');
SELECT * FROM differences('SELECT 1 AS one', 'SELECT 1');
SELECT outcome_of('SELECT 1'), outcome_of('SELECT 1/0');
