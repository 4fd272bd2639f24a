-- System columns are what postgres_fdw shows: tableoid is right, the rest says
-- that there is no such thing.
\! $QIANFAN_SIMULATOR_CTL reset
\! $QIANFAN_SIMULATOR_CTL set tasks 5
CREATE TABLE inv AS SELECT n, id AS task_id FROM local_tasks WHERE n <= 3;
ANALYZE inv;

SELECT tableoid::regclass, ctid, xmin, xmax, cmin, cmax, id
  FROM model_comp_tasks WHERE id = 'amva-abciuctdx15t';
SELECT tableoid::regclass, ctid, xmin, xmax, cmin, cmax, id FROM model_comp_tasks;
SELECT DISTINCT tableoid::regclass, ctid, xmin, xmax, cmin, cmax FROM model_comp_tasks;

-- with details, with the whole row, alone, sorted, grouped, limited
SELECT xmin, weight IS NULL AS none FROM model_comp_tasks ORDER BY id LIMIT 2;
SELECT ctid, (t).id, t.id = (t).id AS same FROM model_comp_tasks t LIMIT 2;
SELECT t.xmax, t = ROW(t.*)::model_comp_tasks AS same FROM model_comp_tasks t LIMIT 2;
SELECT cmin FROM model_comp_tasks LIMIT 2;
SELECT xmin::text, count(*), count(DISTINCT id) FROM model_comp_tasks GROUP BY 1;
SELECT count(xmin), max(ctid::text) FROM model_comp_tasks;

-- in conditions
SELECT count(*) FROM model_comp_tasks WHERE xmin = '0' AND cmax = '0' AND ctid = '(4294967295,0)';
SELECT count(*) FROM model_comp_tasks WHERE xmin <> '0' OR ctid < '(4294967295,0)';
SELECT count(*) FROM model_comp_tasks WHERE tableoid = 'model_comp_tasks'::regclass AND weight IS NULL LIMIT 2;
SELECT id FROM model_comp_tasks WHERE tableoid = 'model_comp_tasks'::regclass LIMIT 1;
SELECT api_calls_of('SELECT id, weight FROM model_comp_tasks WHERE tableoid = ''model_comp_tasks''::regclass LIMIT 1') <= 2 AS few;

-- joined in every way; a row that is missing has none
CREATE FUNCTION joined(settings text[]) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    setting text;
BEGIN
    FOREACH setting IN ARRAY settings LOOP
        PERFORM set_config(setting, 'off', true);
    END LOOP;
    RETURN QUERY EXECUTE
        'SELECT (i.n, t.tableoid::regclass, t.ctid, t.xmin, t.cmax, t.id IS NULL)::text
           FROM inv i LEFT JOIN model_comp_tasks t
             ON t.id = i.task_id || repeat(n::text, n / 3) ORDER BY n';
END $$;
SELECT joined('{enable_nestloop,enable_hashjoin,enable_mergejoin}');
SELECT joined('{qianfan_fdw.enable_lookup_join,enable_hashjoin,enable_mergejoin}');
SELECT joined('{qianfan_fdw.enable_lookup_join,enable_nestloop,enable_mergejoin}');
SELECT joined('{qianfan_fdw.enable_lookup_join,enable_nestloop,enable_hashjoin}');
SELECT i.n, (SELECT t.xmin FROM model_comp_tasks t WHERE t.id = i.task_id) FROM inv i;
SELECT a.n, b.ctid FROM inv a, LATERAL (SELECT ctid FROM model_comp_tasks t WHERE t.id = a.task_id OFFSET 0) b;

-- kept for a second reading, by cursors, and beside a changed row
BEGIN;
DECLARE c SCROLL CURSOR FOR SELECT xmin, ctid, id FROM model_comp_tasks LIMIT 3;
FETCH 2 FROM c;
FETCH BACKWARD 1 FROM c;
COMMIT;
UPDATE inv SET task_id = t.id FROM model_comp_tasks t
 WHERE t.id = inv.task_id AND inv.n = 1 RETURNING inv.n, t.xmin, t.ctid, t.tableoid::regclass;
DELETE FROM inv USING model_comp_tasks t
 WHERE t.id = inv.task_id AND inv.n = 2 RETURNING inv.n, t.xmax, t.cmin;
SELECT i.n, t.xmin FROM inv i JOIN model_comp_tasks t ON t.id = i.task_id WHERE i.n = 3 FOR UPDATE OF i;

-- of partitions, the partition's; no column of its own needed
CREATE TABLE divided (id text, state text) PARTITION BY LIST (state);
CREATE FOREIGN TABLE part_a PARTITION OF divided FOR VALUES IN ('succeeded') SERVER qianfan;
CREATE FOREIGN TABLE part_b PARTITION OF divided DEFAULT SERVER qianfan;
SELECT DISTINCT tableoid::regclass, xmin, ctid FROM divided ORDER BY 1;
DROP TABLE divided;
DROP TABLE inv;
DROP FUNCTION joined;
\! $QIANFAN_SIMULATOR_CTL reset
