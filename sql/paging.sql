-- However the marker is meant, each task is one row; paging always ends.
\! $QIANFAN_SIMULATOR_CTL reset
\! $QIANFAN_SIMULATOR_CTL set tasks 50
CREATE FOREIGN TABLE paged (id text, name text) SERVER qianfan OPTIONS (page_size '10');
CREATE FOREIGN TABLE odd_pages (id text, name text) SERVER qianfan OPTIONS (page_size '7');
CREATE FOREIGN TABLE single_rows (id text, name text) SERVER qianfan OPTIONS (page_size '1');
CREATE FUNCTION check_pages(target text, OUT calls bigint, OUT wrong bigint)
LANGUAGE plpgsql AS $$
BEGIN
    calls := api_calls_of('SELECT id FROM ' || target);
    wrong := (SELECT count(*) FROM differences('SELECT id, name FROM ' || target,
                                               'SELECT id, name FROM local_tasks WHERE n <= 50'));
END $$;

-- the page starts after the marker
SELECT * FROM unnest(ARRAY['paged', 'odd_pages', 'single_rows']) t, check_pages(t);
\! $QIANFAN_SIMULATOR_CTL reset
\! $QIANFAN_SIMULATOR_CTL set tasks 50
SELECT count(*) FROM paged;
\! $QIANFAN_SIMULATOR_CTL last 6

-- the marker is the first row of the next page
\! $QIANFAN_SIMULATOR_CTL set marker start
SELECT * FROM unnest(ARRAY['paged', 'odd_pages', 'single_rows']) t, check_pages(t);

-- the page repeats the row of the marker; pages of one row cannot get on
\! $QIANFAN_SIMULATOR_CTL set marker inclusive
SELECT * FROM unnest(ARRAY['paged', 'odd_pages']) t, check_pages(t);
\! $QIANFAN_SIMULATOR_CTL reset
\! $QIANFAN_SIMULATOR_CTL set marker inclusive
SELECT count(*) FROM single_rows;  -- ERROR
\echo :LAST_ERROR_SQLSTATE

-- paging that would never end
\! $QIANFAN_SIMULATOR_CTL reset
\! $QIANFAN_SIMULATOR_CTL set tasks 50
\! $QIANFAN_SIMULATOR_CTL set paging repeating-marker
SELECT count(*) FROM paged;  -- ERROR
\echo :LAST_ERROR_SQLSTATE
\! $QIANFAN_SIMULATOR_CTL reset
\! $QIANFAN_SIMULATOR_CTL set tasks 50
\! $QIANFAN_SIMULATOR_CTL set paging cycle
SELECT count(*) FROM paged;  -- ERROR
\echo :LAST_ERROR_SQLSTATE
\! $QIANFAN_SIMULATOR_CTL reset
\! $QIANFAN_SIMULATOR_CTL set tasks 50
\! $QIANFAN_SIMULATOR_CTL set paging empty-truncated
SELECT count(*) FROM paged;  -- ERROR
\echo :LAST_ERROR_SQLSTATE
\! $QIANFAN_SIMULATOR_CTL reset

-- what was got before is there for who stops in time
\! $QIANFAN_SIMULATOR_CTL set tasks 50
\! $QIANFAN_SIMULATOR_CTL set paging repeating-marker
SELECT count(*) FROM (SELECT id FROM paged LIMIT 10) t;
\! $QIANFAN_SIMULATOR_CTL reset

-- more is claimed, and not said where
\! $QIANFAN_SIMULATOR_CTL set tasks 50
\! $QIANFAN_SIMULATOR_CTL set paging no-next-marker
SELECT count(*) FROM paged;  -- ERROR
\echo :LAST_ERROR_SQLSTATE
\! $QIANFAN_SIMULATOR_CTL reset

-- ten rows of one id are one row
\! $QIANFAN_SIMULATOR_CTL set tasks 50
\! $QIANFAN_SIMULATOR_CTL fail wrong-id
SELECT count(*), count(DISTINCT id) FROM paged;

-- a row without an id is no row of the list
\! $QIANFAN_SIMULATOR_CTL reset
\! $QIANFAN_SIMULATOR_CTL set tasks 50
\! $QIANFAN_SIMULATOR_CTL fail missing-id --after 1
SELECT count(*) FROM paged;  -- ERROR
\echo :LAST_ERROR_SQLSTATE

-- bodies that are no list
\set VERBOSITY sqlstate
\! for fault in missing-result wrong-type-result:string wrong-type-result:list-string wrong-type-result:list-items wrong-type-result:array truncated-json html-200; do $QIANFAN_SIMULATOR_CTL fail $fault; done
SELECT count(*) FROM paged;  -- ERROR
SELECT count(*) FROM paged;  -- ERROR
SELECT count(*) FROM paged;  -- ERROR
SELECT count(*) FROM paged;  -- ERROR
SELECT count(*) FROM paged;  -- ERROR
SELECT count(*) FROM paged;  -- ERROR
SELECT count(*) FROM paged;  -- ERROR
SELECT count(*) FROM paged;

-- the options: of the server, and of the table before it
ALTER SERVER qianfan OPTIONS (ADD page_size '25');
\! $QIANFAN_SIMULATOR_CTL reset
\! $QIANFAN_SIMULATOR_CTL set tasks 50
SELECT count(*) FROM model_comp_tasks;
\! $QIANFAN_SIMULATOR_CTL last 5
SELECT count(*) FROM paged;
\! $QIANFAN_SIMULATOR_CTL calls
ALTER SERVER qianfan OPTIONS (DROP page_size);
ALTER FOREIGN TABLE paged OPTIONS (SET page_size '50');
SELECT count(*) FROM paged;
\! $QIANFAN_SIMULATOR_CTL last
DROP FOREIGN TABLE paged, odd_pages, single_rows;
DROP FUNCTION check_pages;
\! $QIANFAN_SIMULATOR_CTL reset
