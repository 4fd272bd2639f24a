-- A local table joined to ours, ordered by its own columns: LIMIT n looks up n
-- rows, not all.
\! $QIANFAN_SIMULATOR_CTL reset
CREATE TABLE job (n integer, id text, kind text);
INSERT INTO job SELECT n, id, 'kind ' || n % 3 FROM local_tasks WHERE n <= 300;
INSERT INTO job VALUES (301, NULL, 'kind 0'), (302, 'amva-000000000000', 'kind 0');
ANALYZE job;
CREATE FUNCTION of_tasks(query text) RETURNS TABLE (calls bigint, same boolean)
LANGUAGE plpgsql AS $$
BEGIN
    calls := api_calls_of(query);
    same := (SELECT count(*) = 0 FROM differences(query));
    RETURN NEXT;
END $$;
SELECT query, of_tasks.* FROM (VALUES
    ('SELECT j.n, t.weight FROM job j LEFT JOIN model_comp_tasks t ON t.id = j.id ORDER BY j.n LIMIT 10'),
    ('SELECT j.n, t.weight FROM job j LEFT JOIN model_comp_tasks t ON t.id = j.id ORDER BY j.n DESC LIMIT 40'),
    ('SELECT j.n, t.weight FROM job j LEFT JOIN model_comp_tasks t ON t.id = j.id ORDER BY j.n LIMIT 10 OFFSET 5'),
    ('SELECT j.n, t.weight FROM job j JOIN model_comp_tasks t ON t.id = j.id ORDER BY j.n LIMIT 10'),
    ('SELECT j.n, t.weight FROM job j JOIN model_comp_tasks t ON t.id = j.id ORDER BY j.kind DESC, j.n LIMIT 10'),
    ('SELECT j.n, t.weight FROM job j LEFT JOIN model_comp_tasks t ON t.id = j.id ORDER BY lower(j.kind), -j.n LIMIT 3'),
    ('SELECT j.n FROM job j WHERE EXISTS (SELECT FROM model_comp_tasks t WHERE t.id = j.id AND t.weight <> ''none'') ORDER BY j.n LIMIT 1'),
    ('SELECT x.n, t.weight FROM (SELECT id, max(n) AS n FROM job GROUP BY id) x LEFT JOIN model_comp_tasks t ON t.id = x.id ORDER BY x.n LIMIT 10'),
    ('SELECT * FROM (SELECT j.n, t.weight FROM job j LEFT JOIN model_comp_tasks t ON t.id = j.id ORDER BY j.n LIMIT 10) x ORDER BY weight'),
    ('SELECT j.n, t.weight, k.n AS m FROM job j LEFT JOIN model_comp_tasks t ON t.id = j.id JOIN job k ON k.n = j.n + 1 ORDER BY j.n LIMIT 10'),
    -- a condition on the task: one more is looked up for each that fails it
    ('SELECT j.n, t.weight FROM job j JOIN model_comp_tasks t ON t.id = j.id WHERE t.weight = ''WINT8'' ORDER BY j.n LIMIT 5'),
    -- several rows of one task
    ('SELECT j.n, t.weight FROM (SELECT n, CASE WHEN n < 6 THEN ''amva-000000000000'' ELSE id END AS id FROM job) j LEFT JOIN model_comp_tasks t ON t.id = j.id ORDER BY j.n LIMIT 7'))
    AS v(query), LATERAL of_tasks(query);
SELECT plan_of('SELECT j.n, t.weight FROM job j LEFT JOIN model_comp_tasks t ON t.id = j.id ORDER BY j.n LIMIT 10');

-- in part: all 100 of the first kind, and those that were asked for ahead
SELECT calls BETWEEN 100 AND 150 AS of_one_kind, same FROM of_tasks(
    'SELECT j.n, t.create_time FROM job j LEFT JOIN model_comp_tasks t ON t.id = j.id ORDER BY j.kind, t.create_time LIMIT 5');

-- whatever statistics other files have left
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SET enable_nestloop = off;
SELECT * FROM of_tasks('SELECT j.n FROM job j WHERE NOT EXISTS (SELECT FROM model_comp_tasks t WHERE t.id = j.id) ORDER BY j.n DESC LIMIT 2');
RESET enable_hashjoin;
RESET enable_mergejoin;
RESET enable_nestloop;

-- the limit of a generic plan is known when it runs
SET plan_cache_mode = force_generic_plan;
PREPARE page(bigint, bigint) AS
    SELECT j.n, t.state FROM job j LEFT JOIN model_comp_tasks t ON t.id = j.id ORDER BY j.n LIMIT $1 OFFSET $2;
SELECT api_calls_of('EXECUTE page(4, 0)') AS first, api_calls_of('EXECUTE page(2, 8)') AS later,
       api_calls_of('EXECUTE page(0, 0)') AS none;
EXECUTE page(2, 8);
DEALLOCATE page;

-- without LIMIT nothing is different
SELECT plan_of('SELECT j.n, t.weight FROM job j LEFT JOIN model_comp_tasks t ON t.id = j.id ORDER BY j.n');

-- a cursor: as many as are fetched
\! $QIANFAN_SIMULATOR_CTL reset
BEGIN;
DECLARE c CURSOR FOR SELECT j.n, t.state FROM job j LEFT JOIN model_comp_tasks t ON t.id = j.id ORDER BY j.n;
FETCH 3 FROM c;
\! $QIANFAN_SIMULATOR_CTL calls
COMMIT;
DROP FUNCTION of_tasks;
DROP TABLE job;
