-- qianfan_fdw.max_requests bounds the API calls of a statement (54000).
\! $QIANFAN_SIMULATOR_CTL reset
SELECT array_agg(id ORDER BY n) AS three FROM local_tasks WHERE n <= 3 \gset
SELECT array_agg(id ORDER BY n) AS four FROM local_tasks WHERE n <= 4 \gset
PREPARE ask(text[]) AS SELECT count(*) FROM model_comp_tasks WHERE id = ANY ($1);

-- keys
SET qianfan_fdw.max_requests = 3;
EXECUTE ask(:'three');
EXECUTE ask(:'four');  -- ERROR
\echo :LAST_ERROR_SQLSTATE
-- the next statement begins anew
EXECUTE ask(:'three');
\set VERBOSITY sqlstate

-- pages
SELECT count(*) FROM model_comp_tasks;  -- ERROR
SELECT count(*) FROM (SELECT id FROM model_comp_tasks LIMIT 300) t;
SET qianfan_fdw.max_requests = 10;
SELECT count(*) FROM model_comp_tasks;
SET qianfan_fdw.max_requests = 9;
SELECT count(*) FROM model_comp_tasks;  -- ERROR

-- pages and details
SET qianfan_fdw.max_requests = 110;
SELECT count(weight) FROM (SELECT weight FROM model_comp_tasks LIMIT 100) t;
SELECT count(weight) FROM model_comp_tasks;  -- ERROR

-- all scans of a statement together: 10 + 10 pages
SET qianfan_fdw.max_requests = 19;
SELECT (SELECT count(*) FROM model_comp_tasks) + (SELECT count(*) FROM model_comp_tasks) AS n;  -- ERROR
SELECT id FROM model_comp_tasks UNION ALL SELECT id FROM model_comp_tasks OFFSET 2000;  -- ERROR
SET qianfan_fdw.max_requests = 20;
SELECT (SELECT count(*) FROM model_comp_tasks) + (SELECT count(*) FROM model_comp_tasks) AS n;

-- rescans: one call for each of three outer rows
SET qianfan_fdw.max_requests = 2;
SELECT (SELECT state FROM model_comp_tasks t WHERE t.id = l.id) FROM local_tasks l WHERE n <= 3;  -- ERROR
SET qianfan_fdw.max_requests = 3;
SELECT (SELECT state FROM model_comp_tasks t WHERE t.id = l.id) FROM local_tasks l WHERE n <= 3;

-- retries count
ALTER SERVER qianfan OPTIONS (ADD retry_delay '1ms');
\! $QIANFAN_SIMULATOR_CTL fail http-503 --times 2
SELECT count(*) FROM model_comp_tasks WHERE id = 'amva-abciuctdx15t';
SET qianfan_fdw.max_requests = 2;
\! $QIANFAN_SIMULATOR_CTL reset
\! $QIANFAN_SIMULATOR_CTL fail http-503 --always
SELECT count(*) FROM model_comp_tasks WHERE id = 'amva-abciuctdx15t';  -- ERROR
-- not one call more than allowed was sent
\! $QIANFAN_SIMULATOR_CTL calls
\! $QIANFAN_SIMULATOR_CTL reset
ALTER SERVER qianfan OPTIONS (DROP retry_delay);
SELECT count(*) FROM model_comp_tasks;  -- ERROR
\! $QIANFAN_SIMULATOR_CTL calls
EXECUTE ask(:'four');  -- ERROR
EXPLAIN (ANALYZE) EXECUTE ask(:'four');  -- ERROR

-- a page read ahead that the budget has no call for neither fails the cursor
-- later on, nor is it sent at the expense of another statement
SET qianfan_fdw.max_requests = 1;
BEGIN;
DECLARE c CURSOR FOR SELECT id FROM model_comp_tasks;
MOVE 90 IN c;
SELECT count(*) FROM model_comp_tasks WHERE id = 'amva-abciuctdx15t';
MOVE 110 IN c;
FETCH 1 FROM c \gset
SAVEPOINT s;
MOVE 200 IN c;  -- ERROR
ROLLBACK;
-- the same of keys
BEGIN;
DECLARE c CURSOR FOR SELECT id FROM model_comp_tasks WHERE id = ANY (:'three');
MOVE 1 IN c;
SELECT count(*) FROM model_comp_tasks WHERE id = 'amva-abciuctdx15t';
MOVE 1 IN c;
MOVE 1 IN c;
COMMIT;
\! $QIANFAN_SIMULATOR_CTL calls
\! $QIANFAN_SIMULATOR_CTL reset

-- what asks for nothing needs no budget
SET qianfan_fdw.max_requests = 1;
EXECUTE ask('{}');
SELECT count(*) FROM model_comp_tasks WHERE id = 'amva-abciuctdx15t';
SELECT count(*) FROM plan_of('SELECT * FROM model_comp_tasks') HAVING count(*) > 0;

-- 0 is no bound
SET qianfan_fdw.max_requests = 0;
SELECT count(*) FROM model_comp_tasks;

-- an error in between does not spoil the count
SET qianfan_fdw.max_requests = 3;
BEGIN;
SAVEPOINT s;
EXECUTE ask(:'four');  -- ERROR
ROLLBACK TO s;
EXECUTE ask(:'three');
COMMIT;
