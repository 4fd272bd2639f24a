-- EXPLAIN names what a parameter stands for, wherever in a plan the scan is.
CREATE TABLE w (n int, task_id text, model text);
INSERT INTO w SELECT i, 'x' || i, 'm' FROM generate_series(1, 5) i;
ANALYZE w;

SELECT n, replace(trim(line), '(l.task_id = t.id)', '(t.id = l.task_id)') AS line
  FROM (VALUES
    (1, 'SELECT n, (SELECT state FROM model_comp_tasks t WHERE t.id = w.task_id) FROM w'),
    (2, 'SELECT n FROM w WHERE (SELECT state FROM model_comp_tasks t WHERE t.id = w.task_id) = ''failed'''),
    (3, 'SELECT n, (SELECT count(*) FROM model_comp_tasks t WHERE t.source_model_id = w.model) FROM w'),
    (4, 'SELECT n, (SELECT (SELECT state FROM model_comp_tasks t WHERE t.id = w.task_id || v.n::text) FROM w v WHERE v.n = w.n) FROM w'),
    (5, 'SELECT * FROM w WHERE n = (SELECT max(length(state)) FROM model_comp_tasks t WHERE t.id = (SELECT min(task_id) FROM w))'),
    (6, 'WITH c AS MATERIALIZED (SELECT * FROM model_comp_tasks WHERE id = ANY (ARRAY(SELECT task_id FROM w))) SELECT * FROM w JOIN c ON c.id = w.task_id'),
    (7, 'SELECT n, CASE WHEN n > 2 THEN ARRAY(SELECT l.n FROM w l JOIN model_comp_tasks t ON t.id = l.task_id AND t.name = w.model) END FROM w'),
    (8, 'SELECT * FROM w, LATERAL (SELECT state FROM model_comp_tasks t WHERE t.id = w.task_id OR t.id = w.model LIMIT 1) t'),
    (9, 'UPDATE w SET model = (SELECT state FROM model_comp_tasks t WHERE t.id = w.task_id) RETURNING (SELECT name FROM model_comp_tasks u WHERE u.id = w.model)'),
    (10, 'SELECT * FROM w LIMIT (SELECT count(*) FROM model_comp_tasks WHERE id = (SELECT ''x''))'),
    (11, 'SELECT * FROM w v JOIN w ON v.n = w.n + (SELECT count(*) FROM model_comp_tasks t WHERE t.id = v.task_id)'),
    (12, 'SELECT * FROM w WHERE n NOT IN (SELECT length(state) FROM model_comp_tasks t WHERE t.id = w.task_id)'),
    (13, 'SELECT * FROM w WHERE EXISTS (SELECT FROM model_comp_tasks t WHERE t.id = w.task_id OFFSET 0)'),
    (14, 'SELECT sum(n) FILTER (WHERE (SELECT state FROM model_comp_tasks t WHERE t.id = w.task_id) = ''x'') FROM w'),
    (15, 'SELECT n FROM w UNION ALL SELECT (SELECT length(state) FROM model_comp_tasks t WHERE t.id = u.task_id) FROM w u'),
    (16, 'VALUES ((SELECT (SELECT state FROM model_comp_tasks t WHERE t.id = min(w.task_id)) FROM w))'),
    (17, 'SELECT n FROM w ORDER BY (SELECT finish_time FROM model_comp_tasks t WHERE t.id = w.task_id)'),
    (18, 'DELETE FROM w WHERE task_id IN (SELECT t.id FROM model_comp_tasks t WHERE t.id = w.task_id || ''''  OFFSET 0)'))
       AS v(n, query), LATERAL plan_of(query) AS line
 WHERE line ~ 'Lookup Key|Remote Filter' ORDER BY n, line;

-- all formats, and what is under a lookup join in a subquery
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SET enable_nestloop = off;
SELECT replace(trim(line), '(l.task_id = t.id)', '(t.id = l.task_id)') AS line
  FROM plan_of('SELECT n, ARRAY(SELECT t.state FROM w l LEFT JOIN model_comp_tasks t ON t.id = l.task_id AND t.id = ANY (ARRAY[w.task_id, w.model]) AND t.name = w.model || l.n WHERE l.n < w.n) FROM w') AS line
 WHERE line ~ 'Lookup Key|Join Filter|QianfanLookupJoin' ORDER BY line;
RESET enable_hashjoin;
RESET enable_mergejoin;
RESET enable_nestloop;
SELECT jsonb_path_query(plan_of::jsonb, 'strict $.**."Lookup Key"')
  FROM plan_of('SELECT (SELECT state FROM model_comp_tasks t WHERE t.id = w.task_id) FROM w', 'COSTS OFF, FORMAT JSON');
DROP TABLE w;
