-- Rows that are kept for a second reading go to disk beyond work_mem, and are
-- shown again without a call.
\! $QIANFAN_SIMULATOR_CTL reset
SET work_mem = '64kB';
CREATE TABLE third AS SELECT n, id AS task_id, source_model_id AS model FROM local_tasks WHERE n % 3 = 0;
ANALYZE third;
CREATE FUNCTION temp_files() RETURNS bigint LANGUAGE sql
    AS $$ SELECT count(*) FROM pg_ls_tmpdir() WHERE name LIKE '%' || pg_backend_pid() || '.%' $$;

-- by id: each pass asks for the keys of the one before and some more
PREPARE loops AS
    SELECT i, count(*), count(DISTINCT t.id), sum(length(t.config::text)) = sum(length(l.config::text)) AS same
      FROM generate_series(1, 4) i,
           LATERAL (SELECT * FROM model_comp_tasks
                     WHERE id = ANY (ARRAY(SELECT task_id FROM third WHERE n <= i * 250)) OFFSET 0) t
      JOIN local_tasks l USING (id)
     GROUP BY i ORDER BY i;
EXECUTE loops;
\! $QIANFAN_SIMULATOR_CTL calls
\! $QIANFAN_SIMULATOR_CTL reset

-- a lookup join comes back to the same ids in another order
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SET enable_nestloop = off;
SELECT * FROM differences('SELECT s.n, i, t.name, t.config FROM (SELECT n, task_id, i FROM third, generate_series(1, 3) i ORDER BY i, md5(n::text || i) OFFSET 0) s LEFT JOIN model_comp_tasks t ON t.id = s.task_id');
\! $QIANFAN_SIMULATOR_CTL calls
\! $QIANFAN_SIMULATOR_CTL reset
SELECT count(*), count(DISTINCT t.id), bool_and(t.name = l.name) AS same
  FROM generate_series(1, 3) i
  JOIN LATERAL (SELECT s.n, t.id, t.name FROM third s JOIN model_comp_tasks t ON t.id = s.task_id
                 WHERE s.n <= i * 333 OFFSET 0) t ON true
  JOIN local_tasks l USING (id);
\! $QIANFAN_SIMULATOR_CTL calls
RESET enable_hashjoin;
RESET enable_mergejoin;
RESET enable_nestloop;

-- the list: many sets of parameters, read in turn, in part, and to the end
\! $QIANFAN_SIMULATOR_CTL reset
SET qianfan_fdw.enable_lookup_join = off;
SELECT count(*), sum(tasks) = (SELECT 3 * sum(c) FROM (SELECT count(*) AS c FROM local_tasks l JOIN (SELECT DISTINCT model FROM third) m ON l.source_model_id = m.model) x) AS same
  FROM generate_series(1, 3) i, (SELECT DISTINCT model FROM third) m,
       LATERAL (SELECT count(*) AS tasks FROM model_comp_tasks t WHERE t.source_model_id = m.model) c;
SELECT calls = pages AS each_page_once
  FROM (SELECT api_calls_of('SELECT * FROM generate_series(1, 3) i, (SELECT DISTINCT model FROM third) m, LATERAL (SELECT count(*) FROM model_comp_tasks t WHERE t.source_model_id = m.model) c') AS calls,
               (SELECT sum(ceil(c / 100.0)) FROM (SELECT count(*) AS c FROM local_tasks WHERE source_model_id IN (SELECT model FROM third) GROUP BY source_model_id) x) AS pages) y;
SELECT i, (SELECT string_agg(name, ',') = (SELECT string_agg(name, ',') FROM (SELECT name FROM local_tasks ORDER BY n LIMIT i * 150 + 50) y)
             FROM (SELECT name, length(description) FROM model_comp_tasks WHERE name <> i::text LIMIT i * 150 + 50) x) AS same
  FROM generate_series(1, 5) i;
SELECT i % 3 AS model, count(*), count(DISTINCT names) AS different
  FROM generate_series(0, 8) i,
       LATERAL (SELECT string_agg(name, ',') AS names
                  FROM (SELECT name FROM model_comp_tasks t
                         WHERE t.source_model_id = (ARRAY(SELECT DISTINCT source_model_id FROM local_tasks ORDER BY 1 LIMIT 3))[1 + i % 3]
                         LIMIT 1 + i * 4) x) x
 GROUP BY 1 ORDER BY 1;

-- the file goes with the cursor, and with an error
BEGIN;
DECLARE c CURSOR FOR SELECT i, t.* FROM generate_series(1, 2) i, LATERAL (SELECT id, name, config FROM model_comp_tasks WHERE i > 0 OFFSET 0) t;
MOVE 700 FROM c;
SAVEPOINT s;
MOVE 900 FROM c;
SELECT temp_files() > 0 AS on_disk;
ROLLBACK TO s;
FETCH 1 FROM c \gset
SELECT :i AS i, :'id' = id AS same, :'name' = name AS same, :'config' = config AS same FROM local_tasks WHERE n = 601;
MOVE FORWARD ALL FROM c;
CLOSE c;
SELECT temp_files();
COMMIT;
SELECT count(1 / (n - 999)) FROM generate_series(998, 999) n, LATERAL (SELECT count(config) FROM model_comp_tasks WHERE n > 0) t;  -- ERROR
SELECT temp_files();

DEALLOCATE loops;
RESET work_mem;
RESET qianfan_fdw.enable_lookup_join;
DROP FUNCTION temp_files;
DROP TABLE third;
\! $QIANFAN_SIMULATOR_CTL reset
