-- Any subset of the columns, in any order, and other members by dotted path.
\! $QIANFAN_SIMULATOR_CTL reset
CREATE FOREIGN TABLE some_columns (
    config jsonb,
    state text,
    task text OPTIONS (field 'id'),
    kind text OPTIONS (field 'config.strategy'),
    id text,
    "Weird ""name""" text OPTIONS (field 'config.weight'),
    nothing text OPTIONS (field 'no.such.member'),
    deeper text OPTIONS (field 'id.not.an.object'),
    source_model_id text OPTIONS (field 'name'))
    SERVER qianfan;
\pset null '(null)'
\x on
SELECT * FROM some_columns WHERE id = 'amva-abciuctdx15t';
\x off

-- a column that reads the id is as good a key
SELECT * FROM api_plan_of('SELECT state FROM some_columns WHERE task = ''amva-1''');
SELECT task, state FROM some_columns WHERE task = 'amva-abciuctdx15t';

-- one that only looks like the filter is none: it reads the name
SELECT * FROM api_plan_of('SELECT id FROM some_columns WHERE source_model_id = ''demo''');

-- names that are known to nobody
CREATE FOREIGN TABLE stranger (id text, task_name text) SERVER qianfan;
SELECT * FROM stranger WHERE id = 'amva-abciuctdx15t';  -- ERROR
\echo :LAST_ERROR_SQLSTATE
ALTER FOREIGN TABLE stranger ALTER task_name OPTIONS (ADD field 'name');
SELECT * FROM stranger WHERE id = 'amva-abciuctdx15t';
ALTER FOREIGN TABLE stranger ALTER task_name OPTIONS (DROP field);
\set VERBOSITY sqlstate
SELECT * FROM stranger WHERE id = 'amva-abciuctdx15t';  -- ERROR
ALTER FOREIGN TABLE stranger RENAME task_name TO name;
SELECT * FROM stranger WHERE id = 'amva-abciuctdx15t';
\set VERBOSITY default

-- columns that go and come
ALTER FOREIGN TABLE stranger DROP COLUMN name;
SELECT * FROM stranger WHERE id = 'amva-abciuctdx15t';
ALTER FOREIGN TABLE stranger ADD COLUMN state text, ADD COLUMN weight text;
ALTER FOREIGN TABLE stranger DROP COLUMN state;
ALTER FOREIGN TABLE stranger ADD COLUMN description text;
SELECT * FROM stranger WHERE id = 'amva-abciuctdx15t';
SELECT s FROM stranger s WHERE id = 'amva-abciuctdx15t';
ALTER FOREIGN TABLE stranger DROP COLUMN id;
SELECT count(*), count(description) FROM stranger;
DROP FOREIGN TABLE stranger;

-- what columns read is kept, until they change: here, in a transaction that
-- comes to nothing, elsewhere
CREATE FOREIGN TABLE stranger (id text, one text OPTIONS (field 'id')) SERVER qianfan;
PREPARE stranger AS SELECT one FROM stranger WHERE id = 'amva-abciuctdx15t';
EXECUTE stranger;
BEGIN;
ALTER FOREIGN TABLE stranger ALTER one OPTIONS (SET field 'config.weight');
EXECUTE stranger;
SAVEPOINT other;
ALTER FOREIGN TABLE stranger RENAME one TO state;
ALTER FOREIGN TABLE stranger ALTER state OPTIONS (DROP field);
SELECT * FROM stranger WHERE id = 'amva-abciuctdx15t';
ROLLBACK TO other;
EXECUTE stranger;
ROLLBACK;
EXECUTE stranger;
SELECT current_schema AS here \gset
\setenv DATABASE :DBNAME
\setenv SCHEMA :here
\! psql -X -q -d "$DATABASE" -c "ALTER FOREIGN TABLE $SCHEMA.stranger ALTER one OPTIONS (SET field 'state')"
EXECUTE stranger;
DROP FOREIGN TABLE stranger;

-- a table without an id column, and one without any
CREATE FOREIGN TABLE nameless (state text, create_time timestamptz) SERVER qianfan;
SELECT * FROM differences('SELECT state, create_time FROM nameless',
                          'SELECT state, create_time FROM local_tasks');
CREATE FOREIGN TABLE bare () SERVER qianfan;
SELECT count(*) FROM bare;
DROP FOREIGN TABLE nameless, bare;

-- whole rows, with and without single columns besides
SELECT t FROM some_columns t WHERE id = 'amva-abciuctdx15t';
SELECT t.state, t IS NOT NULL AS complete, (t).kind, to_json(t) ->> 'task' AS task
  FROM some_columns t WHERE id = 'amva-abciuctdx15t';
SELECT * FROM differences('SELECT t::text FROM model_comp_tasks t',
    'SELECT ROW(id, name, state, source_model_id, model_id, strategy, weight, sparsity_ratio, create_time, finish_time, failed_reason, description, config)::text FROM local_tasks');
SELECT count(t) FROM model_comp_tasks t WHERE t IS DISTINCT FROM NULL AND state = 'failed';

-- no column at all, and columns of the system
SELECT FROM model_comp_tasks WHERE id = 'amva-abciuctdx15t';
SELECT 1 AS one FROM model_comp_tasks WHERE id = 'amva-abciuctdx15t';
SELECT tableoid::regclass, id FROM some_columns WHERE id = 'amva-abciuctdx15t';
SELECT DISTINCT tableoid::regclass FROM model_comp_tasks;
SELECT tableoid::regclass, id FROM some_columns
 WHERE tableoid = 'some_columns'::regclass AND id = 'amva-abciuctdx15t';
SELECT count(*) FROM some_columns WHERE tableoid = 'pg_class'::regclass;

-- two tables in one query, a partition, a parent
CREATE TABLE parent (id text, state text);
CREATE FOREIGN TABLE child () INHERITS (parent) SERVER qianfan;
SELECT tableoid::regclass, * FROM parent WHERE id = 'amva-abciuctdx15t';
CREATE TABLE divided (state text, id text) PARTITION BY LIST (state);
CREATE FOREIGN TABLE divided_rest PARTITION OF divided DEFAULT SERVER qianfan;
SELECT tableoid::regclass, * FROM divided WHERE id = 'amva-abciuctdx15t';
SELECT a.id, b.state FROM some_columns a, model_comp_tasks b
 WHERE a.id = 'amva-abciuctdx15t' AND b.id = 'amva-cajt6guu3ldj';
\set VERBOSITY terse
SET client_min_messages = warning;
DROP TABLE parent, divided CASCADE;
DROP FOREIGN TABLE some_columns;
