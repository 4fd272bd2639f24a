-- qianfan_fdw_wait() returns when all tasks have ended, and tells which have not.
\! $QIANFAN_SIMULATOR_CTL reset
SELECT array_agg(id ORDER BY n) AS good FROM (SELECT id, n FROM local_tasks WHERE state = 'succeeded' ORDER BY n LIMIT 3) t \gset
SELECT array_agg(id ORDER BY n) AS bad FROM (SELECT id, n FROM local_tasks WHERE state IN ('failed', 'stopped') ORDER BY n LIMIT 3) t \gset
SELECT id AS running FROM local_tasks WHERE state = 'running' ORDER BY n LIMIT 1 \gset
CREATE FUNCTION numbers(ids text[]) RETURNS integer[] LANGUAGE sql AS $$
    SELECT array_agg(coalesce(n, 0) ORDER BY place)
      FROM unnest(ids) WITH ORDINALITY AS i(id, place) LEFT JOIN local_tasks l ON l.id = i.id
$$;

-- nothing to wait for
CALL qianfan_fdw_wait('model_comp_tasks', '{}');
\! $QIANFAN_SIMULATOR_CTL calls
-- one call for each, however often it stands there
CALL qianfan_fdw_wait('model_comp_tasks', :'good'::text[] || :'good'::text[]);
\! $QIANFAN_SIMULATOR_CTL calls
CALL qianfan_fdw_wait('model_comp_tasks', :'bad') \gset
SELECT :'pending' AS pending, numbers(:'failed') = numbers(:'bad') AS failed;
-- what has not ended, and what nobody knows, at the timeout
CALL qianfan_fdw_wait('model_comp_tasks', ARRAY['no-such', ''] || :'running'::text || :'good'::text[] || :'bad'::text[], '0') \gset
SELECT numbers(:'pending') = numbers(ARRAY['', '', :'running']) AS pending, numbers(:'failed') = numbers(:'bad') AS failed;
CALL qianfan_fdw_wait('model_comp_tasks', ARRAY[:'running'], '-1 hour') \gset
SELECT cardinality(:'pending'::text[]) AS pending, :'failed' AS failed;
CALL qianfan_fdw_wait('model_comp_tasks', ARRAY[:'running'], '300 ms') \gset
SELECT cardinality(:'pending'::text[]) AS pending;

-- the list, where it takes fewer calls
\! $QIANFAN_SIMULATOR_CTL reset
SELECT array_agg(id) AS many FROM local_tasks WHERE state IN ('succeeded', 'failed') \gset
CALL qianfan_fdw_wait('model_comp_tasks', :'many') \gset
\! $QIANFAN_SIMULATOR_CTL calls
SELECT count(*) = cardinality(:'failed'::text[]) AS right FROM local_tasks WHERE state = 'failed';
-- it is given up where it turns out to be longer than expected
CREATE FOREIGN TABLE small_pages (id text, state text) SERVER qianfan OPTIONS (page_size '10');
\! $QIANFAN_SIMULATOR_CTL set tasks 100
ANALYZE small_pages;
SELECT array_agg(id) AS last FROM (SELECT id FROM local_tasks WHERE state = 'succeeded' AND n > 500 ORDER BY n LIMIT 12) t \gset
\! $QIANFAN_SIMULATOR_CTL reset
CALL qianfan_fdw_wait('small_pages', :'last');
\! $QIANFAN_SIMULATOR_CTL calls
-- and not begun where it is expected to take more
ALTER FOREIGN TABLE small_pages OPTIONS (SET page_size '5');
\! $QIANFAN_SIMULATOR_CTL reset
CALL qianfan_fdw_wait('small_pages', :'last');
\! $QIANFAN_SIMULATOR_CTL calls
DROP FOREIGN TABLE small_pages;
-- success, or an error for scripts
CALL qianfan_fdw_wait('model_comp_tasks', :'good', must_succeed => true);
CALL qianfan_fdw_wait('model_comp_tasks', (:'bad'::text[])[1:1] || :'running'::text, must_succeed => true);  -- ERROR
\echo :LAST_ERROR_SQLSTATE
CALL qianfan_fdw_wait('model_comp_tasks', :'bad'::text[] || :'running'::text, must_succeed => true);  -- ERROR
CALL qianfan_fdw_wait('model_comp_tasks', ARRAY[:'running'], '0', true);  -- ERROR
\echo :LAST_ERROR_SQLSTATE
CALL qianfan_fdw_wait('model_comp_tasks', ARRAY['no-such', :'running'], '0', true);  -- ERROR
SELECT array_agg('no-such-' || i) AS unknown FROM generate_series(1, 60) i \gset
CALL qianfan_fdw_wait('model_comp_tasks', :'unknown', '0', true);  -- ERROR

-- from PL/pgSQL, and with renamed columns
CREATE FOREIGN TABLE renamed (task varchar(40) OPTIONS (field 'id'), how text OPTIONS (field 'status')) SERVER qianfan;
DO $$
DECLARE
    pending text[]; failed text[];
BEGIN
    CALL qianfan_fdw_wait('renamed', ARRAY['amva-not'], '0', false, pending, failed);
    RAISE NOTICE '% %', pending, failed;
END $$;
DROP FOREIGN TABLE renamed;
DROP FUNCTION numbers(text[]);
-- an error of the API ends it
\! $QIANFAN_SIMULATOR_CTL fail http-403 --times 1
CALL qianfan_fdw_wait('model_comp_tasks', :'good');  -- ERROR
\echo :LAST_ERROR_SQLSTATE
\! $QIANFAN_SIMULATOR_CTL reset
