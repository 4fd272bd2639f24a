-- Each new task and each change of state goes into the history.
\! $QIANFAN_SIMULATOR_CTL reset
\! $QIANFAN_SIMULATOR_CTL set tasks 3
\pset format unaligned
\set VERBOSITY terse
SELECT id AS one FROM local_tasks WHERE n = 1 \gset
\setenv one :one
SELECT qianfan_fdw_mirror('model_comp_tasks', 'watched', true);
CREATE TRIGGER tell AFTER INSERT OR UPDATE ON watched  -- 092_notify.pl listens
    FOR EACH ROW EXECUTE FUNCTION qianfan_fdw_notify();
CREATE VIEW told AS
    SELECT n, h.state, h.finish_time IS NOT NULL AS ended FROM watched_history h JOIN local_tasks USING (id) ORDER BY seen_at, n;
CALL qianfan_fdw_sync('model_comp_tasks', 'watched');
SELECT * FROM told ORDER BY n;
CALL qianfan_fdw_sync('model_comp_tasks', 'watched');
\! $QIANFAN_SIMULATOR_CTL change $one status running
CALL qianfan_fdw_sync('model_comp_tasks', 'watched');
\! $QIANFAN_SIMULATOR_CTL change $one name other
CALL qianfan_fdw_sync('model_comp_tasks', 'watched');
\! $QIANFAN_SIMULATOR_CTL change $one status failed
CALL qianfan_fdw_sync('model_comp_tasks', 'watched');
SELECT n, state FROM told OFFSET 3;

-- one's own writes count as well; NULL is a state
UPDATE watched SET state = NULL WHERE id = :'one';
UPDATE watched SET state = NULL WHERE id = :'one';
UPDATE watched SET state = 'x' WHERE id = :'one';
SELECT n, state FROM told OFFSET 5;
-- a table that is called otherwise, and a column of another type
ALTER TABLE watched RENAME TO "Watched too";
ALTER TABLE "Watched too" ALTER finish_time TYPE timestamp;
UPDATE "Watched too" SET state = 'y' WHERE id = :'one';
SELECT n, state FROM told OFFSET 7;
ALTER TABLE watched_history RENAME TO elsewhere;
UPDATE "Watched too" SET state = 'z' WHERE id = :'one';  -- ERROR
\echo :LAST_ERROR_SQLSTATE
DROP VIEW told;
DROP TABLE "Watched too", elsewhere;

-- what a trigger function of ours does not take
CREATE TABLE plain (id text, state text, wann timestamptz);
CREATE TRIGGER t BEFORE INSERT ON plain FOR EACH ROW EXECUTE FUNCTION qianfan_fdw_notify();
INSERT INTO plain VALUES ('a', 'b');  -- ERROR
\echo :LAST_ERROR_SQLSTATE
DROP TRIGGER t ON plain;
CREATE TRIGGER t AFTER INSERT ON plain FOR EACH STATEMENT EXECUTE FUNCTION qianfan_fdw_notify();
INSERT INTO plain VALUES ('a', 'b');  -- ERROR
DROP TRIGGER t ON plain;
CREATE TRIGGER t AFTER INSERT OR DELETE ON plain FOR EACH ROW EXECUTE FUNCTION qianfan_fdw_notify('c', 'id', 'nothing');
INSERT INTO plain VALUES ('a', 'b');  -- ERROR
\echo :LAST_ERROR_SQLSTATE
DROP TRIGGER t ON plain;
CREATE TRIGGER t AFTER INSERT OR DELETE ON plain FOR EACH ROW EXECUTE FUNCTION qianfan_fdw_history();
INSERT INTO plain VALUES ('a', 'b');  -- ERROR
\echo :LAST_ERROR_SQLSTATE
ALTER TABLE plain DISABLE TRIGGER t;
INSERT INTO plain VALUES ('a', 'b');
ALTER TABLE plain ENABLE TRIGGER t;
DELETE FROM plain;  -- ERROR
\echo :LAST_ERROR_SQLSTATE
SELECT qianfan_fdw_notify();  -- ERROR
\echo :LAST_ERROR_SQLSTATE
DROP TABLE plain;

-- history of partitions
CREATE TABLE parts (id text PRIMARY KEY, state text) PARTITION BY HASH (id);
CREATE TABLE part PARTITION OF parts FOR VALUES WITH (MODULUS 1, REMAINDER 0);
CREATE TABLE parts_history (id text, state text, finish_time timestamptz);
CREATE TRIGGER h AFTER INSERT OR UPDATE ON parts FOR EACH ROW EXECUTE FUNCTION qianfan_fdw_history('parts_history');
CALL qianfan_fdw_sync('model_comp_tasks', 'parts');
SELECT count(*) FROM parts_history;
DROP TABLE parts, parts_history;
\! $QIANFAN_SIMULATOR_CTL reset
