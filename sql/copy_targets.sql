-- A copy can have fewer columns, more, other types and any name, and be guarded.
\! $QIANFAN_SIMULATOR_CTL reset
\! $QIANFAN_SIMULATOR_CTL set tasks 30
\set VERBOSITY terse
SET timezone = 'Asia/Shanghai';
CREATE FUNCTION copied(source text, target text, columns text DEFAULT '*')
RETURNS SETOF text LANGUAGE sql AS $$
    SELECT * FROM differences(format('SELECT %s FROM %s', columns, source),
                              format('SELECT %s FROM %s', columns, target))
$$;

-- quoted names in another schema, columns renamed, a column nobody fills
CREATE SCHEMA "The Copies";
CREATE FOREIGN TABLE "Task ""list""" (
    "Id" text OPTIONS (field 'id'), "the state" varchar(20) OPTIONS (field 'status'),
    "select" jsonb OPTIONS (field 'config'), "Wann" timestamptz OPTIONS (field 'createTime'),
    unused text OPTIONS (field 'no.such')) SERVER qianfan;
SELECT * FROM qianfan_fdw_columns('"Task ""list"""');
SELECT qianfan_fdw_mirror('"Task ""list"""', '"The Copies"."Copy of ""tasks"""', history => true);
\d "The Copies"."Copy of ""tasks"""
\d "The Copies"."Copy of ""tasks""_history"
CALL qianfan_fdw_sync('"Task ""list"""', '"The Copies"."Copy of ""tasks"""');
CALL qianfan_fdw_sync('"Task ""list"""', '"The Copies"."Copy of ""tasks"""', only_new => true);
SELECT * FROM copied('"Task ""list"""', '"The Copies"."Copy of ""tasks"""',
                     '"Id", "the state", "select", "Wann", unused');
SELECT count(*), count(DISTINCT id) FROM "The Copies"."Copy of ""tasks""_history";
DROP FOREIGN TABLE "Task ""list""";
DROP SCHEMA "The Copies" CASCADE;

-- other types, in another order; columns of one's own, also computed ones
CREATE TYPE state_kind AS ENUM ('succeeded', 'failed', 'running', 'stopped', 'creating', 'stopping');
CREATE DOMAIN task_id AS varchar(30) CHECK (VALUE LIKE 'amva-%');
CREATE FOREIGN TABLE typed_tasks (id text, state state_kind, create_time timestamptz(0),
    sparsity_ratio numeric(10,2), config json, name text, model_id char(30)) SERVER qianfan;
CREATE TABLE typed_copy (note text DEFAULT 'mine', model_id char(30), config json, n bigserial,
    sparsity_ratio numeric(4,1), create_time date, state state_kind, id task_id UNIQUE,
    upper_name text GENERATED ALWAYS AS (upper(name)) STORED, name varchar(40));
CALL qianfan_fdw_sync('typed_tasks', 'typed_copy');
CALL qianfan_fdw_sync('typed_tasks', 'typed_copy', only_new => true);
SELECT count(*) FILTER (WHERE note = 'mine' AND upper_name = upper(name) AND n > 0) AS own,
       count(*) FILTER (WHERE sparsity_ratio IS NOT NULL) AS ratios FROM typed_copy;
SELECT * FROM copied('typed_tasks', 'typed_copy', 'id, state, create_time::date, sparsity_ratio::numeric(4,1), config::text, name, model_id');
-- a value that does not fit is an error, not a value that was cut
SELECT id AS one FROM local_tasks WHERE n = 1 \gset
\setenv one :one
\! $QIANFAN_SIMULATOR_CTL change $one name "$(printf 'x%.0s' $(seq 41))"
CALL qianfan_fdw_sync('typed_tasks', 'typed_copy');  -- ERROR
\echo :LAST_ERROR_SQLSTATE
DROP TABLE typed_copy;
CREATE TABLE typed_copy (id text PRIMARY KEY, state integer);
CALL qianfan_fdw_sync('typed_tasks', 'typed_copy');  -- ERROR
\echo :LAST_ERROR_SQLSTATE
DROP TABLE typed_copy;
DROP FOREIGN TABLE typed_tasks;

-- another collation of the ids
CREATE TABLE c_copy (id text COLLATE "C" PRIMARY KEY, state text COLLATE "POSIX", name text);
CALL qianfan_fdw_sync('model_comp_tasks', 'c_copy');
CALL qianfan_fdw_sync('model_comp_tasks', 'c_copy');
DROP TABLE c_copy;

-- NULLs come and go
CREATE TABLE nullable (id text PRIMARY KEY, name text, finish_time timestamptz, state text);
CALL qianfan_fdw_sync('model_comp_tasks', 'nullable');
UPDATE nullable SET name = NULL, finish_time = 'infinity' WHERE id = :'one';
INSERT INTO nullable VALUES ('amva-not-there', NULL, NULL, NULL);
CALL qianfan_fdw_sync('model_comp_tasks', 'nullable', missing => 'delete');
\! $QIANFAN_SIMULATOR_CTL change $one finishTime null
CALL qianfan_fdw_sync('model_comp_tasks', 'nullable');
SELECT * FROM copied('model_comp_tasks', 'nullable', 'id, name, finish_time, state');
DROP TABLE nullable;

-- partitions
CREATE TABLE divided_copy (id text PRIMARY KEY, state text, weight text, missing_since timestamptz) PARTITION BY HASH (id);
CREATE TABLE divided_0 PARTITION OF divided_copy FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE divided_1 PARTITION OF divided_copy FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CALL qianfan_fdw_sync('model_comp_tasks', 'divided_copy');
CALL qianfan_fdw_sync('model_comp_tasks', 'divided_copy', commit_every => 4);
\! $QIANFAN_SIMULATOR_CTL remove $one
CALL qianfan_fdw_sync('model_comp_tasks', 'divided_copy');
SELECT count(*) FILTER (WHERE missing_since IS NOT NULL) AS missing, count(*) FROM divided_copy;
SELECT count(*) > 0 AS both FROM divided_0 UNION ALL SELECT count(*) > 0 FROM divided_1;
DROP TABLE divided_copy;

-- triggers see new and changed rows, and their word counts
CREATE TABLE guarded (id text PRIMARY KEY, state text, name text);
CREATE TABLE seen (what text, id text);
CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_WHEN = 'BEFORE' AND NEW.state = 'failed' THEN RETURN NULL; END IF;
    IF TG_WHEN = 'AFTER' THEN INSERT INTO seen VALUES (TG_OP, NEW.id); END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER a BEFORE INSERT OR UPDATE ON guarded FOR EACH ROW EXECUTE FUNCTION look();
CREATE TRIGGER b AFTER INSERT OR UPDATE ON guarded FOR EACH ROW EXECUTE FUNCTION look();
CALL qianfan_fdw_sync('model_comp_tasks', 'guarded');
CALL qianfan_fdw_sync('model_comp_tasks', 'guarded');
UPDATE guarded SET name = 'old' WHERE state = 'running';
TRUNCATE seen;
CALL qianfan_fdw_sync('model_comp_tasks', 'guarded');
SELECT what, count(*) FROM seen GROUP BY what;
SELECT count(*) FROM guarded WHERE state = 'failed';
DROP TABLE guarded, seen;
DROP FUNCTION look();

-- row-level security: who may not see or write a row, does not
CREATE TABLE secured (id text PRIMARY KEY, state text, name text);
ALTER TABLE secured ENABLE ROW LEVEL SECURITY;
CREATE POLICY not_failed ON secured USING (state <> 'failed');
CREATE ROLE regress_qianfan_keeper;
GRANT SELECT, INSERT, UPDATE ON secured TO regress_qianfan_keeper;
GRANT SELECT ON model_comp_tasks TO regress_qianfan_keeper;
\getenv access_key QIANFAN_SIMULATOR_ACCESS_KEY
\getenv secret_key QIANFAN_SIMULATOR_SECRET_KEY
CREATE USER MAPPING FOR regress_qianfan_keeper SERVER qianfan
    OPTIONS (access_key :'access_key', secret_key :'secret_key');
SET ROLE regress_qianfan_keeper;
CALL qianfan_fdw_sync('model_comp_tasks', 'secured');  -- ERROR
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
DROP POLICY not_failed ON secured;
CREATE POLICY theirs ON secured USING (id < 'amva-m') WITH CHECK (true);
SET ROLE regress_qianfan_keeper;
CALL qianfan_fdw_sync('model_comp_tasks', 'secured');
CALL qianfan_fdw_sync('model_comp_tasks', 'secured');  -- ERROR
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
CALL qianfan_fdw_sync('model_comp_tasks', 'secured');
DROP TABLE secured;
DROP USER MAPPING FOR regress_qianfan_keeper SERVER qianfan;
REVOKE ALL ON model_comp_tasks FROM regress_qianfan_keeper;
DROP ROLE regress_qianfan_keeper;
DROP FUNCTION copied(text, text, text);
DROP TYPE state_kind;
DROP DOMAIN task_id;
\! $QIANFAN_SIMULATOR_CTL reset
