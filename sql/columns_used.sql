-- Only the columns that a statement uses are looked at.
\! $QIANFAN_SIMULATOR_CTL reset
\set ask 'WHERE id = ''amva-abciuctdx15t'''

-- a column is renamed: it goes on reading its member, by all names of it
ALTER FOREIGN TABLE model_comp_tasks RENAME state TO stage;
ALTER FOREIGN TABLE model_comp_tasks RENAME source_model_id TO source;
SELECT id, stage, source FROM model_comp_tasks :ask;
SELECT * FROM api_plan_of('SELECT id FROM model_comp_tasks WHERE source = ''amv-1''');
\! $QIANFAN_SIMULATOR_CTL set variant example
SELECT id, stage, source, model_id FROM model_comp_tasks :ask;
\! $QIANFAN_SIMULATOR_CTL set variant table
ALTER FOREIGN TABLE model_comp_tasks RENAME stage TO state;
ALTER FOREIGN TABLE model_comp_tasks RENAME source TO source_model_id;

-- with the rules of its member: an empty id of a model is NULL
CREATE FOREIGN TABLE renamed (
    id text, status text OPTIONS (field 'status'), other text OPTIONS (field 'state'),
    product text OPTIONS (field 'modelId'), text text OPTIONS (field 'description'))
    SERVER qianfan;
SELECT count(*), count(status), count(other), count(product)
  FROM renamed WHERE id = ANY (ARRAY(SELECT id FROM local_tasks WHERE n <= 40));
SELECT count(*), count(model_id) FROM local_tasks WHERE n <= 40;
\! $QIANFAN_SIMULATOR_CTL set variant example
SELECT count(*), count(status), count(other), count(product)
  FROM renamed WHERE id = ANY (ARRAY(SELECT id FROM local_tasks WHERE n <= 40));
\! $QIANFAN_SIMULATOR_CTL set variant table
DROP FOREIGN TABLE renamed;

-- a column is added: the others can be read, in every way there is
ALTER FOREIGN TABLE model_comp_tasks ADD COLUMN note text;
SELECT id, state FROM model_comp_tasks :ask;
SELECT count(*), count(strategy) FROM model_comp_tasks;
SELECT v.id, t.state FROM (VALUES ('amva-abciuctdx15t'), ('amva-1')) v(id)
  LEFT JOIN model_comp_tasks t ON t.id = v.id ORDER BY v.id;
SELECT (SELECT t.state FROM model_comp_tasks t WHERE t.id = l.id) FROM local_tasks l WHERE n = 1;
ANALYZE model_comp_tasks;
SELECT count(*) > 10, bool_or(attname = 'state') FROM pg_stats WHERE tablename = 'model_comp_tasks';
EXPLAIN (COSTS OFF) SELECT id FROM model_comp_tasks;
SELECT id, state FROM model_comp_tasks :ask FOR UPDATE;
BEGIN;
UPDATE local_tasks l SET name = t.name FROM model_comp_tasks t WHERE t.id = l.id AND l.n <= 2;
ROLLBACK;
SELECT t.id FROM local_tasks l JOIN model_comp_tasks t ON t.id = l.id WHERE l.n = 1 FOR UPDATE OF l;
SELECT id FROM model_comp_tasks ORDER BY create_time, id LIMIT 1;

-- but where it is used itself, or the whole row is
SELECT id, note FROM model_comp_tasks :ask;  -- ERROR
\echo :LAST_ERROR_SQLSTATE
\set VERBOSITY sqlstate
SELECT * FROM model_comp_tasks :ask;  -- ERROR
SELECT t FROM model_comp_tasks t :ask;  -- ERROR
SELECT id FROM model_comp_tasks :ask AND note IS NULL;  -- ERROR
SELECT id FROM model_comp_tasks ORDER BY note;  -- ERROR
SELECT t.note FROM (VALUES ('amva-1')) v(id) JOIN model_comp_tasks t ON t.id = v.id;  -- ERROR
SELECT count(*) FROM model_comp_tasks t JOIN local_tasks l ON l.name = t.note;  -- ERROR
\set VERBOSITY default

-- once it has a field, or is gone
ALTER FOREIGN TABLE model_comp_tasks ALTER note OPTIONS (ADD field 'config.weight');
SELECT id, note FROM model_comp_tasks :ask;
ALTER FOREIGN TABLE model_comp_tasks DROP COLUMN note;
SELECT count(*), count(t) FROM (SELECT t FROM model_comp_tasks t :ask) t;

-- a row of the parent has the parent's columns only
CREATE TABLE parent (id text, state text);
CREATE FOREIGN TABLE child (note text) INHERITS (parent) SERVER qianfan;
CREATE FOREIGN TABLE grandchild (remark text) INHERITS (child) SERVER qianfan;
SELECT p FROM parent p :ask;
SELECT p.* FROM parent p :ask;
SELECT count(p) FROM ONLY child p :ask;  -- ERROR
SELECT c FROM child c :ask;  -- ERROR
SELECT * FROM api_plan_of('SELECT p FROM parent p WHERE state = ''running''');
SET client_min_messages = warning;
DROP TABLE parent CASCADE;
RESET client_min_messages;

-- columns of the user's own that nobody reads do not cost a call
CREATE FOREIGN TABLE mixed (id text, note text, state text, stored text GENERATED ALWAYS AS (upper(id)) STORED)
    SERVER qianfan;
SELECT * FROM api_plan_of('SELECT id, state FROM mixed');
SELECT id, state FROM mixed :ask;
SELECT stored FROM mixed :ask;  -- ERROR
DROP FOREIGN TABLE mixed;

-- a virtual generated column (PostgreSQL 18) can be read where its expression can
SELECT current_setting('server_version_num')::int >= 180000 AS has_virtual \gset
\if :has_virtual
CREATE FOREIGN TABLE derived (id text, note text, state text,
    shout text GENERATED ALWAYS AS (upper(state)) VIRTUAL,
    never text GENERATED ALWAYS AS (upper(note)) VIRTUAL) SERVER qianfan;
\else
CREATE FOREIGN TABLE derived_base (id text, note text, state text) SERVER qianfan;
CREATE VIEW derived AS
    SELECT *, upper(state) AS shout, upper(note) AS never FROM derived_base;
\endif
SELECT id, shout FROM derived :ask;
SELECT id FROM derived :ask AND shout = 'SUCCEEDED';
SELECT never FROM derived :ask;  -- ERROR
\set VERBOSITY sqlstate
SELECT * FROM derived :ask;  -- ERROR
\set VERBOSITY default
\if :has_virtual
ANALYZE derived;
ALTER FOREIGN TABLE derived DROP COLUMN never, DROP COLUMN note;
\else
DROP VIEW derived;
ALTER FOREIGN TABLE derived_base DROP COLUMN note;
CREATE VIEW derived AS SELECT *, upper(state) AS shout FROM derived_base;
\endif
SELECT * FROM derived :ask;
SELECT d FROM derived d :ask;
SET client_min_messages = warning;
\if :has_virtual
DROP FOREIGN TABLE derived;
\else
DROP FOREIGN TABLE derived_base CASCADE;
\endif
\! $QIANFAN_SIMULATOR_CTL reset
