-- A row mark, which UPDATE ... FROM, DELETE ... USING, MERGE and FOR UPDATE of
-- another table put on ours, asks for no details; and lookups go in batches.
\! $QIANFAN_SIMULATOR_CTL reset

CREATE TABLE marked (n integer PRIMARY KEY, id text, note text);
INSERT INTO marked SELECT n, id, 'old' FROM local_tasks WHERE n % 100 = 1;
INSERT INTO marked VALUES (-1, 'amva-000000000000', 'old'), (-2, NULL, 'old');
ANALYZE marked;

-- What a statement costs, and what it did to the table; it is undone.
CREATE FUNCTION marked_by(statement text) RETURNS TABLE (calls bigint, done text)
LANGUAGE plpgsql AS $$
BEGIN
    calls := api_calls_of(statement);
    done := (SELECT string_agg(format('%s: %s', n, note), ', ' ORDER BY n)
               FROM marked WHERE note <> 'old');
    done := concat_ws(', ', done,
                      12 - (SELECT count(*) FROM marked) || ' gone');
    RAISE EXCEPTION USING ERRCODE = 'OK000';
EXCEPTION WHEN SQLSTATE 'OK000' THEN
    RETURN NEXT;
END $$;

-- through the list: 10 pages, unless a detail column is named anywhere; then
-- one call more for each task that the list conditions let through
SET qianfan_fdw.enable_lookup_join = off;
SET enable_nestloop = off;
SELECT statement, marked_by.* FROM (VALUES
    ('UPDATE marked m SET note = t.state FROM model_comp_tasks t WHERE t.id = m.id AND t.state = ''succeeded'''),
    ('UPDATE marked m SET note = ''listed'' FROM model_comp_tasks t WHERE t.id = m.id AND m.n > 500'),
    ('UPDATE marked m SET note = ''x'' WHERE m.id IN (SELECT id FROM model_comp_tasks WHERE state = ''failed'')'),
    ('UPDATE marked m SET note = ''x'' WHERE NOT EXISTS (SELECT FROM model_comp_tasks t WHERE t.id = m.id)'),
    ('DELETE FROM marked m USING model_comp_tasks t WHERE t.id = m.id AND t.state = ''failed'''),
    ('DELETE FROM marked m USING model_comp_tasks t WHERE t.id = m.id AND t.state = ''failed'' RETURNING m.n, t.name'),
    ('SELECT m.n, t.state FROM marked m JOIN model_comp_tasks t ON t.id = m.id FOR UPDATE OF m'),
    ('SELECT m.n, t.state FROM marked m JOIN model_comp_tasks t ON t.id = m.id FOR SHARE'),
    ('SELECT t.state FROM model_comp_tasks t FOR UPDATE'),
    ('SELECT m.n, t.state FROM marked m LEFT JOIN model_comp_tasks t ON t.id = m.id FOR KEY SHARE OF m'),
    ('MERGE INTO marked m USING model_comp_tasks t ON t.id = m.id WHEN MATCHED AND t.state = ''failed'' THEN DELETE WHEN MATCHED THEN UPDATE SET note = t.state'),
    ('MERGE INTO marked m USING model_comp_tasks t ON t.id = m.id AND t.state = ''failed'' WHEN NOT MATCHED AND t.name = ''none'' THEN INSERT (n) VALUES (0)'),
    ('UPDATE marked m SET note = t.state FROM (SELECT id, state FROM model_comp_tasks UNION ALL SELECT ''x'', ''y'') t WHERE t.id = m.id'))
    AS v(statement), LATERAL marked_by(statement);
SELECT statement, marked_by.* FROM (VALUES
    ('UPDATE marked m SET note = t.weight FROM model_comp_tasks t WHERE t.id = m.id AND t.state = ''running'''),
    ('UPDATE marked m SET note = ''x'' FROM model_comp_tasks t WHERE t.id = m.id AND t.state = ''running'' AND t.weight = ''WINT8'''),
    ('DELETE FROM marked m USING model_comp_tasks t WHERE t.id = m.id AND t.state = ''running'' RETURNING t.weight'),
    ('DELETE FROM marked m USING model_comp_tasks t WHERE t.id = m.id AND t.state = ''running'' RETURNING t'),
    ('UPDATE marked m SET note = ''x'' FROM model_comp_tasks t WHERE t.id = m.id AND t.state = ''running'' AND t IS NOT NULL'),
    ('SELECT t FROM marked m JOIN model_comp_tasks t ON t.id = m.id WHERE t.state = ''running'' FOR UPDATE OF m'),
    ('SELECT m.n FROM marked m JOIN model_comp_tasks t ON t.id = m.id WHERE t.state = ''running'' ORDER BY t FOR UPDATE OF m'),
    ('SELECT m.n, (SELECT (t).weight) FROM marked m JOIN model_comp_tasks t ON t.id = m.id WHERE t.state = ''running'' FOR UPDATE OF m'),
    ('SELECT m.n FROM marked m JOIN model_comp_tasks t ON t.id = m.id, LATERAL (SELECT to_jsonb(t) AS j OFFSET 0) x WHERE t.state = ''running'' AND x.j ? ''id'' FOR UPDATE OF m'),
    ('MERGE INTO marked m USING (SELECT * FROM model_comp_tasks WHERE state = ''running'') t ON t.id = m.id WHEN MATCHED THEN UPDATE SET note = t.weight'),
    ('MERGE INTO marked m USING (SELECT t FROM model_comp_tasks t WHERE state = ''running'') s ON (s.t).id = m.id WHEN MATCHED THEN UPDATE SET note = (s.t).weight'))
    AS v(statement), LATERAL marked_by(statement);
RESET qianfan_fdw.enable_lookup_join;
RESET enable_nestloop;

-- by key, in batches: a call for each distinct id
SELECT statement, marked_by.* FROM (VALUES
    ('UPDATE marked m SET note = t.weight FROM model_comp_tasks t WHERE t.id = m.id AND m.n < 400'),
    ('DELETE FROM marked m USING model_comp_tasks t WHERE t.id = m.id AND m.n < 400 AND t.weight = ''WINT8'''),
    ('UPDATE marked m SET note = ''x'' WHERE m.n < 400 AND EXISTS (SELECT FROM model_comp_tasks t WHERE t.id = m.id AND t.strategy = ''Sparsity'')'),
    ('DELETE FROM marked m WHERE m.n < 400 AND NOT EXISTS (SELECT FROM model_comp_tasks t WHERE t.id = m.id)'),
    ('SELECT m.n, t.weight FROM marked m LEFT JOIN model_comp_tasks t ON t.id = m.id WHERE m.n < 400 FOR UPDATE OF m'),
    ('MERGE INTO marked m USING (SELECT n, t.weight FROM marked k JOIN model_comp_tasks t USING (id) WHERE n < 400) s ON s.n = m.n WHEN MATCHED THEN UPDATE SET note = s.weight'))
    AS v(statement), LATERAL marked_by(statement);
SELECT * FROM plan_of('UPDATE marked m SET note = t.weight FROM model_comp_tasks t WHERE t.id = m.id AND m.n < 400')
    AS line WHERE line !~ 'Lookup Key';     -- m.id = t.id, or t.id = m.id
SELECT plan_of('SELECT m.n, t.weight FROM marked m LEFT JOIN model_comp_tasks t ON t.id = m.id WHERE m.n < 400 FOR UPDATE OF m');

-- What an arm of a UNION ALL computes for the copy, it computes of the row.
SET qianfan_fdw.enable_lookup_join = off;
SET enable_nestloop = off;
SELECT statement, marked_by.* FROM (VALUES
    ('UPDATE marked m SET note = t.state FROM (SELECT id, state, weight FROM model_comp_tasks UNION ALL SELECT id, state, weight FROM local_tasks) t WHERE t.id = m.id AND t.state = ''running'''),
    ('UPDATE marked m SET note = t.state FROM (SELECT id, state, 1 / coalesce(length(config::text), 0) FROM model_comp_tasks UNION ALL SELECT id, state, 1 FROM local_tasks) t WHERE t.id = m.id AND t.state = ''running'''))
    AS v(statement), LATERAL marked_by(statement);
RESET qianfan_fdw.enable_lookup_join;
RESET enable_nestloop;

-- The rows a whole-row reference shows are whole.
SELECT * FROM differences('SELECT m.n, t::text FROM marked m JOIN model_comp_tasks t ON t.id = m.id FOR UPDATE OF m',
    'SELECT m.n, (t.id, t.name, t.state, t.source_model_id, t.model_id, t.strategy, t.weight, t.sparsity_ratio, t.create_time, t.finish_time, t.failed_reason, t.description, t.config)::text FROM marked m JOIN local_tasks t ON t.id = m.id');

-- An inherited target is no reason to miss a row; its lookups are not batched.
CREATE TABLE marked_parts (n integer, id text, note text) PARTITION BY RANGE (n);
CREATE TABLE marked_low PARTITION OF marked_parts FOR VALUES FROM (MINVALUE) TO (500);
CREATE TABLE marked_high PARTITION OF marked_parts FOR VALUES FROM (500) TO (MAXVALUE);
INSERT INTO marked_parts SELECT * FROM marked;
ANALYZE marked_parts;
WITH done AS (
    UPDATE marked_parts m SET note = t.weight FROM model_comp_tasks t WHERE t.id = m.id RETURNING m.*)
SELECT count(*), count(*) FILTER (WHERE note IS NOT DISTINCT FROM weight)
  FROM done JOIN local_tasks USING (n);
SELECT api_calls_of('UPDATE marked_parts m SET note = ''x'' FROM model_comp_tasks t WHERE t.id = m.id AND t.state <> ''none''') <= 12 AS few;

-- Tables under one parent: the mark is the parent's.
CREATE TABLE marked_parent (name text, id text, weight text);
CREATE FOREIGN TABLE marked_child (weight text, id text, name text) SERVER qianfan;
ALTER FOREIGN TABLE marked_child INHERIT marked_parent;
SET enable_nestloop = off;
SELECT statement, marked_by.* FROM (VALUES
    ('UPDATE marked m SET note = ''child'' FROM marked_parent p WHERE p.id = m.id AND m.n < 200'),
    ('UPDATE marked m SET note = ''none'' FROM marked_parent p WHERE p.id = m.id AND p IS NULL'))
    AS v(statement), LATERAL marked_by(statement);

DROP TABLE marked, marked_parts;
DROP FOREIGN TABLE marked_child;
DROP TABLE marked_parent;
DROP FUNCTION marked_by;
