-- A column may have any type the value can be cast to; what cannot is an error
-- that names column and task.
\! $QIANFAN_SIMULATOR_CTL reset
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET client_encoding = 'UTF8';

CREATE TYPE task_state AS ENUM ('creating', 'running', 'succeeded', 'failed', 'stopping', 'stopped');
CREATE DOMAIN ratio AS numeric CHECK (VALUE BETWEEN 0 AND 1);
CREATE FOREIGN TABLE typed (
    id varchar(17), state task_state, sparsity_ratio numeric(4,3),
    checked ratio OPTIONS (field 'config.sparsityRatio'),
    single real OPTIONS (field 'config.sparsityRatio'),
    created timestamp OPTIONS (field 'createTime'),
    create_time timestamptz(0), create_date date OPTIONS (field 'createTime'),
    finish_time text, strategy name) SERVER qianfan;
SELECT * FROM differences($$
    SELECT id, state::text, sparsity_ratio, checked, single, created,
           create_time, create_date, strategy
      FROM typed$$, $$
    SELECT id, state, sparsity_ratio::numeric(4,3), sparsity_ratio::numeric AS a,
           sparsity_ratio::real AS b, create_time AT TIME ZONE 'Asia/Shanghai' AS c,
           create_time, (create_time AT TIME ZONE 'Asia/Shanghai')::date AS d,
           strategy::name
      FROM local_tasks$$);
SELECT count(*) AS never_empty FROM typed WHERE finish_time = '' OR finish_time ~ '^0000';

-- json and jsonb take the JSON of whatever there is
CREATE FOREIGN TABLE as_json (
    id jsonb, name json, config json, again jsonb OPTIONS (field 'config'),
    ratio jsonb OPTIONS (field 'config.sparsityRatio'),
    sparsity_ratio json, nothing jsonb OPTIONS (field 'no.such.member'),
    key text OPTIONS (field 'id')) SERVER qianfan;
\pset null '(null)'
SELECT id, name, again, ratio, sparsity_ratio, nothing FROM as_json
 WHERE key IN ('amva-wy13o1i1mw9m', 'amva-abciuctdx15t');
SELECT config::jsonb = again AS same, json_typeof(name) AS name
  FROM as_json WHERE key = 'amva-wy13o1i1mw9m';
\! $QIANFAN_SIMULATOR_CTL fail unknown-members
SELECT again FROM as_json WHERE key = 'amva-wy13o1i1mw9m';
CREATE FOREIGN TABLE as_text (id text, config text) SERVER qianfan;
SELECT config::jsonb FROM as_text WHERE id = 'amva-wy13o1i1mw9m';

-- values that do not fit
\! $QIANFAN_SIMULATOR_CTL fail bad-time
SELECT * FROM model_comp_tasks WHERE id = 'amva-wy13o1i1mw9m';  -- ERROR
\echo :LAST_ERROR_SQLSTATE
\! $QIANFAN_SIMULATOR_CTL fail bad-time:2024-02-30
SELECT create_time FROM model_comp_tasks WHERE id = 'amva-wy13o1i1mw9m';  -- ERROR
\echo :LAST_ERROR_SQLSTATE
\! $QIANFAN_SIMULATOR_CTL fail bad-time
SELECT name FROM model_comp_tasks WHERE id = 'amva-wy13o1i1mw9m';
\! $QIANFAN_SIMULATOR_CTL fail bad-number:half
SELECT sparsity_ratio FROM model_comp_tasks WHERE id = 'amva-wy13o1i1mw9m';  -- ERROR
\echo :LAST_ERROR_SQLSTATE
\! $QIANFAN_SIMULATOR_CTL fail bad-number:1e400
SELECT sparsity_ratio FROM model_comp_tasks WHERE id = 'amva-wy13o1i1mw9m';  -- ERROR
\echo :LAST_ERROR_SQLSTATE
\! $QIANFAN_SIMULATOR_CTL fail bad-number:7
SELECT checked FROM typed WHERE id = 'amva-wy13o1i1mw9m';  -- ERROR
\echo :LAST_ERROR_SQLSTATE
\! $QIANFAN_SIMULATOR_CTL fail bad-number:77
SELECT sparsity_ratio FROM typed WHERE id = 'amva-wy13o1i1mw9m';  -- ERROR
\echo :LAST_ERROR_SQLSTATE
SELECT state FROM typed WHERE id = 'amva-abciuctdx15t';  -- ERROR
\echo :LAST_ERROR_SQLSTATE
CREATE FOREIGN TABLE misfit (id text, state varchar(4), name integer) SERVER qianfan;
SELECT state FROM misfit WHERE id = 'amva-wy13o1i1mw9m';  -- ERROR
\echo :LAST_ERROR_SQLSTATE
SELECT name FROM misfit WHERE id = 'amva-wy13o1i1mw9m';  -- ERROR
\echo :LAST_ERROR_SQLSTATE
SELECT id FROM misfit WHERE id = 'amva-wy13o1i1mw9m';

-- the same through the list: the task is named there as well
SELECT state FROM misfit;  -- ERROR
\echo :LAST_ERROR_SQLSTATE

-- text that is none is never cut short
\! $QIANFAN_SIMULATOR_CTL reset
\! $QIANFAN_SIMULATOR_CTL fail u0000
SELECT name FROM model_comp_tasks WHERE id = 'amva-wy13o1i1mw9m';  -- ERROR
\! $QIANFAN_SIMULATOR_CTL fail u0000
SELECT name FROM as_json WHERE key = 'amva-wy13o1i1mw9m';  -- ERROR
\! $QIANFAN_SIMULATOR_CTL fail non-utf8
SELECT name FROM model_comp_tasks WHERE id = 'amva-wy13o1i1mw9m';  -- ERROR
\! $QIANFAN_SIMULATOR_CTL fail raw-nul
SELECT name FROM model_comp_tasks WHERE id = 'amva-wy13o1i1mw9m';  -- ERROR
\! $QIANFAN_SIMULATOR_CTL fail lone-surrogate
SELECT name FROM model_comp_tasks WHERE id = 'amva-wy13o1i1mw9m';  -- ERROR
\! $QIANFAN_SIMULATOR_CTL fail non-utf8
SELECT id FROM model_comp_tasks WHERE id = 'amva-wy13o1i1mw9m';

-- a column nobody asks for is nobody's error, and the next query is well
SELECT name FROM model_comp_tasks WHERE id = 'amva-wy13o1i1mw9m';
DROP FOREIGN TABLE typed, as_json, as_text, misfit;
DROP DOMAIN ratio;
DROP TYPE task_state;
