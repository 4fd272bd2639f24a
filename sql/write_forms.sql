-- Writes through triggers, views, partitions and other roles; columns of any type.
\! $QIANFAN_SIMULATOR_CTL reset
CREATE SCHEMA writing;
IMPORT FOREIGN SCHEMA qianfan FROM SERVER qianfan INTO writing
    OPTIONS (updatable 'true');
SET search_path = writing, public;
CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE NOTICE '% % %: %', TG_WHEN, TG_LEVEL, TG_OP,
        CASE WHEN TG_LEVEL = 'STATEMENT' THEN '-'
             WHEN TG_OP = 'DELETE' THEN concat_ws(' ', OLD.name, OLD.state, OLD.strategy)
             ELSE concat_ws(' ', NEW.name, NEW.state, NEW.strategy, NEW.id IS NOT NULL) END;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;

-- a row trigger sees the row as it is, which costs a call after the write
CREATE TRIGGER before_row BEFORE INSERT OR UPDATE OR DELETE ON model_comp_tasks
    FOR EACH ROW EXECUTE FUNCTION tell();
CREATE TRIGGER after_row AFTER INSERT OR UPDATE OR DELETE ON model_comp_tasks
    FOR EACH ROW EXECUTE FUNCTION tell();
CREATE TRIGGER after_statement AFTER INSERT OR UPDATE OR DELETE ON model_comp_tasks
    FOR EACH STATEMENT EXECUTE FUNCTION tell();
INSERT INTO model_comp_tasks (name, source_model_id, model_set_id, strategy)
VALUES ('t1', 'amv-new', 'am-set', 'Sparsity'), ('t2', 'amv-new', 'am-set', 'Sparsity');
\! $QIANFAN_SIMULATOR_CTL calls
UPDATE model_comp_tasks SET state = 'stopping' WHERE source_model_id = 'amv-new' AND name = 't1';
DELETE FROM model_comp_tasks WHERE source_model_id = 'amv-new' AND name = 't1';
-- what it changes is sent, or refused; what it drops is not written
CREATE FUNCTION bend() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.name = 'none' THEN
        RETURN NULL;
    END IF;
    NEW.name := NEW.name || '-bent';
    RETURN NEW;
END $$;
CREATE TRIGGER bend BEFORE INSERT OR UPDATE ON model_comp_tasks
    FOR EACH ROW EXECUTE FUNCTION bend();
INSERT INTO model_comp_tasks (name, source_model_id, model_set_id, strategy)
VALUES ('none', 'amv-new', 'am-set', 'Sparsity'), ('t3', 'amv-new', 'am-set', 'Sparsity');
UPDATE model_comp_tasks SET state = 'stopping' WHERE source_model_id = 'amv-new' AND name = 't2';  -- ERROR
DROP TRIGGER before_row ON model_comp_tasks;
DROP TRIGGER after_row ON model_comp_tasks;
DROP TRIGGER after_statement ON model_comp_tasks;
DROP TRIGGER bend ON model_comp_tasks;

-- views, with a check option; with a rule of what may be set
\! $QIANFAN_SIMULATOR_CTL reset
CREATE VIEW ours AS SELECT * FROM model_comp_tasks WHERE source_model_id = 'amv-ours' WITH CHECK OPTION;
INSERT INTO ours (name, source_model_id, model_set_id, strategy) VALUES ('v1', 'amv-ours', 'am-set', 'Sparsity') RETURNING name;
\set VERBOSITY terse
-- psql shows the warning that follows before or after the error
SET client_min_messages = error;
INSERT INTO ours (name, source_model_id, model_set_id, strategy) VALUES ('v2', 'amv-other', 'am-set', 'Sparsity');  -- ERROR
RESET client_min_messages;
\set VERBOSITY default
UPDATE ours SET state = 'stopped' RETURNING name, state;
DELETE FROM ours RETURNING name;
SELECT table_name, is_insertable_into FROM information_schema.tables WHERE table_schema = 'writing' ORDER BY 1;
SELECT pg_relation_is_updatable('model_comp_tasks', true), pg_relation_is_updatable('public.model_comp_tasks', true);

-- rights: of the table, and of the view's owner
CREATE ROLE regress_writer;
GRANT USAGE ON SCHEMA writing TO regress_writer;
GRANT SELECT, INSERT ON ours TO regress_writer;
GRANT SELECT ON model_comp_tasks TO regress_writer;
SET ROLE regress_writer;
INSERT INTO ours (name, source_model_id, model_set_id, strategy) VALUES ('v3', 'amv-ours', 'am-set', 'Sparsity') RETURNING name;
DELETE FROM ours;  -- ERROR
INSERT INTO model_comp_tasks (name) VALUES ('x');  -- ERROR
RESET ROLE;
GRANT INSERT ON model_comp_tasks TO regress_writer;
SET ROLE regress_writer;
INSERT INTO model_comp_tasks (name, source_model_id, model_set_id, strategy) VALUES ('x', 'amv-ours', 'am-set', 'Sparsity');  -- ERROR
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
DROP OWNED BY regress_writer;
DROP ROLE regress_writer;

-- partitions: rows are routed, and row security is checked before
\! $QIANFAN_SIMULATOR_CTL reset
CREATE TABLE parted (place text, name text, source_model_id text, model_set_id text, strategy text, state text, id text)
    PARTITION BY LIST (source_model_id);
CREATE TABLE parted_local PARTITION OF parted FOR VALUES IN ('local');
CREATE FOREIGN TABLE parted_api PARTITION OF parted DEFAULT SERVER qianfan OPTIONS (updatable 'true');
INSERT INTO parted (name, source_model_id, model_set_id, strategy)
VALUES ('p1', 'local', 'am-set', 'Sparsity'), ('p2', 'amv-p', 'am-set', 'Sparsity'), ('p3', 'amv-p', 'am-set', 'Sparsity')
RETURNING name, id IS NOT NULL AS made;
COPY parted (name, source_model_id, model_set_id, strategy) FROM stdin;
p4	local	am-set	Sparsity
p5	amv-p	am-set	Sparsity
\.
UPDATE parted SET state = 'stopping' WHERE source_model_id = 'amv-p' AND name = 'p2' RETURNING tableoid::regclass, name, state;
DELETE FROM parted WHERE source_model_id IN ('amv-p', 'local') AND name IN ('p1', 'p2') RETURNING tableoid::regclass, name;
UPDATE parted SET source_model_id = 'amv-q' WHERE source_model_id = 'local';
INSERT INTO parted (place, name, source_model_id, model_set_id, strategy) VALUES ('x', 'p6', 'amv-p', 'am-set', 'Sparsity');  -- ERROR
INSERT INTO parted (name, source_model_id, model_set_id, strategy) VALUES ('p7', 'amv-p', 'am-set', 'Sparsity') ON CONFLICT DO NOTHING;  -- ERROR
\! $QIANFAN_SIMULATOR_CTL changes | cut -d' ' -f1,3-

-- policies of the partitioned table hold for foreign rows, before a call is made
CREATE ROLE regress_writer;
GRANT USAGE ON SCHEMA writing TO regress_writer;
GRANT ALL ON parted TO regress_writer;
GRANT USAGE ON FOREIGN SERVER qianfan TO regress_writer;
DO $$ BEGIN
    EXECUTE (SELECT format('CREATE USER MAPPING FOR regress_writer SERVER qianfan OPTIONS (access_key %L, secret_key %L)',
                           max(option_value) FILTER (WHERE option_name = 'access_key'),
                           max(option_value) FILTER (WHERE option_name = 'secret_key'))
               FROM pg_user_mappings, pg_options_to_table(umoptions) WHERE srvname = 'qianfan' AND usename = current_user);
END $$;
ALTER TABLE parted ENABLE ROW LEVEL SECURITY;
CREATE POLICY readers ON parted FOR SELECT USING (true);
CREATE POLICY makers ON parted FOR INSERT WITH CHECK (name NOT LIKE 'forbidden%' AND state IS NULL);
CREATE POLICY stoppers ON parted FOR UPDATE USING (name LIKE 's%') WITH CHECK (name <> 's2' AND strategy = 'Sparsity' AND state = 'stopping');
CREATE POLICY removers ON parted FOR DELETE USING (name = 's1');
\! $QIANFAN_SIMULATOR_CTL reset
SET ROLE regress_writer;
INSERT INTO parted (name, source_model_id, model_set_id, strategy)
VALUES ('s1', 'amv-s', 'am-set', 'Sparsity'), ('s2', 'amv-s', 'am-set', 'Sparsity'), ('t1', 'amv-s', 'am-set', 'Sparsity');
INSERT INTO parted (name, source_model_id, model_set_id, strategy) VALUES ('forbidden1', 'amv-s', 'am-set', 'Sparsity');  -- ERROR
\echo :LAST_ERROR_SQLSTATE
INSERT INTO parted (name, source_model_id, model_set_id, strategy)
SELECT 'forbidden' || n, 'amv-s', 'am-set', 'Sparsity' FROM generate_series(1, 40) n;  -- ERROR
UPDATE parted SET state = 'stopping' WHERE source_model_id = 'amv-s' AND name = 's2';  -- ERROR
\echo :LAST_ERROR_SQLSTATE
UPDATE parted SET state = 'stopped' WHERE source_model_id = 'amv-s' AND name = 's1';  -- ERROR
UPDATE parted SET state = 'stopping' WHERE source_model_id = 'amv-s' AND name <> 's2' RETURNING name, state;
DELETE FROM parted WHERE source_model_id = 'amv-s' RETURNING name;
RESET ROLE;
\! $QIANFAN_SIMULATOR_CTL changes | cut -d' ' -f1,3-
\! $QIANFAN_SIMULATOR_CTL calls
DROP OWNED BY regress_writer;
DROP ROLE regress_writer;

-- columns of other names and types; the table's option wins over the server's
\! $QIANFAN_SIMULATOR_CTL reset
CREATE TYPE plan AS ENUM ('Quantization', 'Sparsity');
ALTER SERVER qianfan OPTIONS (ADD updatable 'true');
CREATE FOREIGN TABLE odd (
    doubled text GENERATED ALWAYS AS (title || title) STORED, title varchar(20) OPTIONS (field 'name'),
    origin text OPTIONS (field 'sourceModelId'), owner text OPTIONS (field 'modelSetId'),
    how plan OPTIONS (field 'config.strategy'), note integer OPTIONS (field 'description'),
    key varchar OPTIONS (field 'id'), how_goes text OPTIONS (field 'status'))
    SERVER qianfan;
INSERT INTO odd (title, origin, owner, how, note) VALUES ('o', 'amv-odd', 'am-set', 'Sparsity', 42)
RETURNING doubled, title, owner, how, note, key LIKE 'amva-%' AS key, how_goes;
UPDATE odd SET how_goes = 'stopped' WHERE origin = 'amv-odd' RETURNING how_goes, note;
DELETE FROM odd WHERE origin = 'amv-odd' RETURNING doubled, title, owner, note;
CREATE FOREIGN TABLE poor (name text, strategy text) SERVER qianfan;
INSERT INTO poor VALUES ('x', 'Sparsity');  -- ERROR
ALTER FOREIGN TABLE poor OPTIONS (ADD updatable 'false');
INSERT INTO poor VALUES ('x', 'Sparsity');  -- ERROR
ALTER SERVER qianfan OPTIONS (DROP updatable);

-- a list of many pages whose tasks are deleted, and one that is written to while it is read
\! $QIANFAN_SIMULATOR_CTL reset
ALTER FOREIGN TABLE model_comp_tasks OPTIONS (ADD page_size '7');
WITH gone AS (DELETE FROM model_comp_tasks WHERE state = 'stopped' RETURNING id)
SELECT count(*) = (SELECT count(*) FROM local_tasks WHERE state = 'stopped') AS all_gone FROM gone;
SELECT count(*) FROM model_comp_tasks WHERE state = 'stopped';
INSERT INTO model_comp_tasks (name, source_model_id, model_set_id, strategy)
SELECT 'copy of ' || name, source_model_id, 'am-set', 'Sparsity' FROM model_comp_tasks
 WHERE state = 'creating' AND source_model_id = 'amv-ckj6megznty6';
SELECT count(*) FROM model_comp_tasks WHERE name LIKE 'copy of %';
SELECT count(*) FROM local_tasks WHERE state = 'creating' AND source_model_id = 'amv-ckj6megznty6';
\! $QIANFAN_SIMULATOR_CTL get reused_for_write

-- a limit of calls counts writes
SET qianfan_fdw.max_requests = 2;
INSERT INTO model_comp_tasks (name, source_model_id, model_set_id, strategy)
SELECT 'b' || n, 'amv-b', 'am-set', 'Sparsity' FROM generate_series(1, 3) n RETURNING name;  -- ERROR
\echo :LAST_ERROR_SQLSTATE
RESET qianfan_fdw.max_requests;
\set VERBOSITY terse
DROP SCHEMA writing CASCADE;
\set VERBOSITY default
RESET search_path;
