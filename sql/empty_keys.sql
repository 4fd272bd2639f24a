-- An empty id costs no call and matches nothing, wherever it comes from.
-- an empty id by itself, among others, and in other words
\! $QIANFAN_SIMULATOR_CTL reset
\! $QIANFAN_SIMULATOR_CTL set tasks 200
SELECT condition, lookup.*
  FROM (VALUES ('id = '''''), (''''' = id'), ('id IN ('''', @1)'), ('id IN ('''', NULL)'),
               ('id = (SELECT '''')'), ('id = ANY (ARRAY(SELECT ''''))'),
               ('id = ANY (ARRAY[''''])'), ('id = '''' OR id = ''''::varchar'),
               ('id = '''' OR id = @2'), ('id = '''' AND state = ''failed'''),
               ('id = trim(''  '')'))
       AS v(condition), LATERAL lookup(condition);
\! $QIANFAN_SIMULATOR_CTL calls
\! $QIANFAN_SIMULATOR_CTL reset
PREPARE by_text (text) AS SELECT id, state FROM model_comp_tasks WHERE id = $1;
PREPARE by_array (text[]) AS SELECT id, state FROM model_comp_tasks WHERE id = ANY ($1);
SET plan_cache_mode = force_generic_plan;
EXECUTE by_text ('');
EXECUTE by_array ('{"",""}');
RESET plan_cache_mode;
EXECUTE by_text ('');
EXECUTE by_array ('{"",""}');

-- joined in every way; nothing is asked but the list of the last
CREATE TABLE wanted (n int, task_id text);
INSERT INTO wanted VALUES (1, ''), (2, NULL), (3, '');
ANALYZE wanted;
CREATE FUNCTION joined(settings text) RETURNS TABLE (query text, result text)
LANGUAGE plpgsql AS $$
DECLARE
    setting text;
BEGIN
    FOREACH setting IN ARRAY string_to_array(settings, ' ') LOOP
        PERFORM set_config(setting, 'off', true);
    END LOOP;
    FOREACH query IN ARRAY '{
        SELECT w.n\, t.state FROM wanted w JOIN model_comp_tasks t ON t.id = w.task_id,
        SELECT w.n\, t.state FROM wanted w LEFT JOIN model_comp_tasks t ON t.id = w.task_id,
        SELECT w.n\, NULL FROM wanted w WHERE NOT EXISTS (SELECT FROM model_comp_tasks t WHERE t.id = w.task_id),
        SELECT w.n\, NULL FROM wanted w WHERE task_id IN (SELECT id FROM model_comp_tasks),
        SELECT w.n\, (SELECT weight FROM model_comp_tasks t WHERE t.id = w.task_id) FROM wanted w}'::text[]
    LOOP
        EXECUTE format('SELECT string_agg(q::text, '' '' ORDER BY q) FROM (%s) q', query) INTO result;
        RETURN NEXT;
    END LOOP;
END $$;
SELECT * FROM joined('qianfan_fdw.enable_lookup_join enable_hashjoin enable_mergejoin');
SELECT * FROM joined('enable_nestloop enable_hashjoin enable_mergejoin');
\! $QIANFAN_SIMULATOR_CTL calls
SELECT result FROM joined('qianfan_fdw.enable_lookup_join enable_nestloop');

-- a filter that is no key sees the list, and asks nothing about ''
\! $QIANFAN_SIMULATOR_CTL reset
\! $QIANFAN_SIMULATOR_CTL set tasks 5
SELECT count(*), count(weight) FROM model_comp_tasks WHERE id = '' OR name <> '';
SELECT count(*) FROM model_comp_tasks WHERE NOT id = '';
\! $QIANFAN_SIMULATOR_CTL calls
\! $QIANFAN_SIMULATOR_CTL reset
DROP FUNCTION joined;
DROP TABLE wanted;
DEALLOCATE ALL;
