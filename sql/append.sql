-- Several tables under one parent give the rows of all, waited for or not.
\! $QIANFAN_SIMULATOR_CTL reset
\! $QIANFAN_SIMULATOR_CTL set tasks 200
CREATE TABLE accounts (account text, id text, state text, weight text)
    PARTITION BY LIST (account);
CREATE TABLE here PARTITION OF accounts FOR VALUES IN ('here');
CREATE FOREIGN TABLE one (account text OPTIONS (field 'no.such.member'), id text, state text, weight text) SERVER qianfan;
CREATE FOREIGN TABLE two (account text OPTIONS (field 'no.such.member'), id text, state text, weight text) SERVER qianfan
    OPTIONS (page_size '7', max_concurrency '2');
ALTER TABLE accounts ATTACH PARTITION one FOR VALUES IN ('one');
ALTER TABLE accounts ATTACH PARTITION two DEFAULT;
INSERT INTO accounts SELECT 'here', id, state, weight FROM local_tasks WHERE n <= 10;
CREATE FUNCTION check_append() RETURNS TABLE (query text, differences text)
LANGUAGE sql VOLATILE AS $$
    SELECT q.remote, d
      FROM (VALUES
        ('SELECT id, state FROM accounts',
         'SELECT id, state FROM local_tasks, generate_series(1, 3) AS part(i) WHERE n <= CASE i WHEN 1 THEN 10 ELSE 200 END'),
        ('SELECT id, weight FROM accounts WHERE state = ''failed''',
         'SELECT id, weight FROM local_tasks, generate_series(1, 3) AS part(i) WHERE state = ''failed'' AND n <= CASE i WHEN 1 THEN 10 ELSE 200 END'),
        ('SELECT id, weight FROM accounts WHERE id = ANY (ARRAY(SELECT id FROM local_tasks WHERE n <= 20))',
         'SELECT id, weight FROM local_tasks, generate_series(1, 3) AS part(i) WHERE n <= CASE i WHEN 1 THEN 10 ELSE 20 END'),
        ('SELECT id FROM one UNION ALL SELECT id FROM two UNION ALL SELECT id FROM model_comp_tasks',
         'SELECT id FROM local_tasks, generate_series(1, 3) AS part(i) WHERE n <= 200'),
        ('SELECT l.n, s.state FROM local_tasks l, LATERAL (SELECT state FROM one WHERE one.id = l.id UNION ALL SELECT state FROM two WHERE two.id = l.id) s WHERE l.n <= 5',
         'SELECT n, state FROM local_tasks, generate_series(1, 2) AS part(i) WHERE n <= 5'))
        AS q(remote, copy)
      LEFT JOIN LATERAL differences(q.remote, q.copy) d ON true
     WHERE d IS NOT NULL
$$;
SELECT * FROM check_append();
SET enable_async_append = off;
SELECT * FROM check_append();
RESET enable_async_append;

-- to stop early, to fail in one of them
SELECT count(*) FROM (SELECT id FROM accounts LIMIT 250) t;
SELECT count(*) FROM (SELECT weight FROM accounts LIMIT 15) t;
SELECT EXISTS (SELECT FROM accounts WHERE id LIKE 'amva-%' AND account IS NULL) AS some;
\! $QIANFAN_SIMULATOR_CTL fail http-403 --after 3 --action DescribeModelCompTasks
\set VERBOSITY sqlstate
SELECT count(*) FROM accounts;  -- ERROR
\! $QIANFAN_SIMULATOR_CTL heal
SELECT count(*) FROM accounts;

-- no detail beyond what is wanted of all together: ten rows are here
SET enable_async_append = off;
SELECT api_calls_of('SELECT weight FROM accounts LIMIT 15') AS calls;
SELECT api_calls_of('SELECT weight FROM accounts LIMIT 8 OFFSET 6') AS calls;
RESET enable_async_append;

-- EXPLAIN ANALYZE counts each for itself
SELECT api_calls_of('SELECT id FROM accounts') AS calls;
SET qianfan_fdw.max_requests = 30;
SELECT count(*) FROM accounts;  -- ERROR
SET qianfan_fdw.max_requests = 31;
SELECT count(*) FROM accounts;
RESET qianfan_fdw.max_requests;

-- cursors over several
BEGIN;
DECLARE c CURSOR FOR SELECT id FROM accounts;
MOVE 300 FROM c;
MOVE FORWARD ALL FROM c;
CLOSE c;
DECLARE c CURSOR FOR SELECT id FROM accounts;
MOVE 15 FROM c;
ROLLBACK;
SELECT count(*) FROM accounts;
DROP TABLE accounts;
DROP FUNCTION check_append;
\! $QIANFAN_SIMULATOR_CTL reset
