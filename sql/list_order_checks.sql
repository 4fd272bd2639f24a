-- What is relied on is checked: a list that is not in the declared order is an error, before a row of the page is returned.
\! $QIANFAN_SIMULATOR_CTL reset
\! $QIANFAN_SIMULATOR_CTL set tasks 60
ALTER FOREIGN TABLE model_comp_tasks OPTIONS (ADD page_size '20', ADD list_order 'create_time desc');

-- the list is the other way round: nothing is returned, whoever asks
SELECT max(create_time) FROM model_comp_tasks;  -- ERROR
\echo :LAST_ERROR_SQLSTATE
SELECT id FROM model_comp_tasks ORDER BY create_time LIMIT 1;  -- ERROR
SELECT count(*) FROM model_comp_tasks WHERE create_time >= '2024-01-01 09:00+08';  -- ERROR
SELECT count(*) FROM model_comp_tasks WHERE create_time < '2024-01-01 09:00+08';  -- ERROR
SELECT id FROM model_comp_tasks WHERE create_time > '2024-01-01 08:00+08' ORDER BY id;  -- ERROR

-- who relies on no order is answered as ever
SELECT count(*) FROM model_comp_tasks;
SELECT name FROM model_comp_tasks ORDER BY id LIMIT 1;
SELECT name FROM model_comp_tasks WHERE id = 'amva-m4ephq8z77by';
SELECT count(*) FROM model_comp_tasks WHERE create_time::text >= '2024-01-01 09';

-- both orders, declared right
ALTER FOREIGN TABLE model_comp_tasks OPTIONS (SET list_order 'create_time asc');
SELECT min(create_time), max(create_time) FROM model_comp_tasks;
\! $QIANFAN_SIMULATOR_CTL set list_order newest
ALTER FOREIGN TABLE model_comp_tasks OPTIONS (SET list_order 'create_time desc');
SELECT min(create_time), max(create_time) FROM model_comp_tasks;
ALTER FOREIGN TABLE model_comp_tasks OPTIONS (SET list_order 'create_time asc');
SELECT min(create_time) FROM model_comp_tasks;  -- ERROR
ALTER FOREIGN TABLE model_comp_tasks OPTIONS (SET list_order 'create_time desc');

-- two tasks that changed places, on a page and between two pages
\! $QIANFAN_SIMULATOR_CTL set swapped 30
SELECT count(*) FROM (SELECT id FROM model_comp_tasks ORDER BY create_time DESC LIMIT 20) t;
SELECT count(*) FROM (SELECT id FROM model_comp_tasks ORDER BY create_time DESC LIMIT 21) t;  -- ERROR
\! $QIANFAN_SIMULATOR_CTL set swapped 39
SELECT count(*) FROM (SELECT id FROM model_comp_tasks ORDER BY create_time DESC LIMIT 20) t;
SELECT count(*) FROM (SELECT id FROM model_comp_tasks ORDER BY create_time DESC LIMIT 21) t;  -- ERROR
SELECT count(*) FROM model_comp_tasks;
\! $QIANFAN_SIMULATOR_CTL set swapped -1

-- the same time for several tasks is no disorder
\! $QIANFAN_SIMULATOR_CTL set tied_times 7
SELECT count(*), count(DISTINCT create_time) FROM (SELECT * FROM model_comp_tasks ORDER BY create_time DESC OFFSET 0) t;
\! $QIANFAN_SIMULATOR_CTL set tied_times 1

-- a task without a time
\! $QIANFAN_SIMULATOR_CTL set timeless 45
SELECT count(*) FROM (SELECT id FROM model_comp_tasks ORDER BY create_time DESC LIMIT 3) t;
\! $QIANFAN_SIMULATOR_CTL set timeless_as null
SELECT max(create_time) FROM model_comp_tasks WHERE state = 'none';  -- ERROR
\! $QIANFAN_SIMULATOR_CTL set timeless_as empty
SELECT count(*) FROM model_comp_tasks WHERE create_time > '2024-01-01 09:40+08';  -- ERROR
\! $QIANFAN_SIMULATOR_CTL set timeless_as zero
SELECT count(*) FROM model_comp_tasks WHERE create_time > '2024-01-01 09:40+08';  -- ERROR
SELECT count(*), count(create_time) FROM model_comp_tasks;
\! $QIANFAN_SIMULATOR_CTL set timeless -1

-- pageReverse turns pages only, or nothing; asked once, until a server is altered
SELECT min(create_time) FROM model_comp_tasks;
ALTER SERVER qianfan OPTIONS (ADD max_retries '2');
\! $QIANFAN_SIMULATOR_CTL set page_reverse page
SELECT min(create_time) FROM model_comp_tasks;  -- ERROR
SELECT max(create_time) FROM model_comp_tasks;
\! $QIANFAN_SIMULATOR_CTL set page_reverse ignored
SELECT min(create_time) FROM model_comp_tasks;  -- ERROR
\! $QIANFAN_SIMULATOR_CTL set page_reverse list
SELECT min(create_time) FROM model_comp_tasks;
SELECT api_calls_of('SELECT min(create_time) FROM model_comp_tasks');
ALTER SERVER qianfan OPTIONS (SET max_retries '1');
SELECT api_calls_of('SELECT min(create_time) FROM model_comp_tasks');

-- a list of one page says nothing about that, and is asked once
\! $QIANFAN_SIMULATOR_CTL set tasks 8
ALTER SERVER qianfan OPTIONS (DROP max_retries);
SELECT api_calls_of('SELECT min(create_time) FROM model_comp_tasks'),
       api_calls_of('SELECT min(create_time) FROM model_comp_tasks');
\! $QIANFAN_SIMULATOR_CTL set tasks 60
SELECT api_calls_of('SELECT min(create_time) FROM model_comp_tasks'),
       api_calls_of('SELECT min(create_time) FROM model_comp_tasks');

-- ANALYZE sees the whole list
ANALYZE model_comp_tasks;
ALTER FOREIGN TABLE model_comp_tasks OPTIONS (SET list_order 'create_time asc');
ANALYZE model_comp_tasks;
\! $QIANFAN_SIMULATOR_CTL set swapped 30
ALTER FOREIGN TABLE model_comp_tasks OPTIONS (SET list_order 'create_time desc');
ANALYZE model_comp_tasks;
\! $QIANFAN_SIMULATOR_CTL set swapped -1
\! $QIANFAN_SIMULATOR_CTL set timeless 3
ANALYZE model_comp_tasks;

-- a column of another type has no order
\! $QIANFAN_SIMULATOR_CTL set timeless -1
CREATE FOREIGN TABLE other (id text, create_time timestamp) SERVER qianfan OPTIONS (list_order 'create_time asc');
SELECT max(create_time) FROM other;
SELECT plan_of('SELECT max(create_time) FROM other');
CREATE FOREIGN TABLE renamed (id text, t timestamptz(0) OPTIONS (field 'createTime')) SERVER qianfan OPTIONS (list_order 'Create_Time DESC');
SELECT plan_of('SELECT id FROM renamed WHERE t > now() ORDER BY t');
SELECT max(t) FROM renamed;
DROP FOREIGN TABLE other, renamed;
ALTER FOREIGN TABLE model_comp_tasks OPTIONS (DROP page_size, DROP list_order);
\! $QIANFAN_SIMULATOR_CTL reset
ANALYZE model_comp_tasks;
