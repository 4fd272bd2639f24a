-- What may go away is tried again, each time signed anew; the rest is not.
\! $QIANFAN_SIMULATOR_CTL reset
ALTER SERVER qianfan OPTIONS (ADD retry_delay '1ms');
SELECT 'SELECT name FROM model_comp_tasks WHERE id = ''amva-abciuctdx15t''' AS query \gset

-- twice unavailable, then fine
\! $QIANFAN_SIMULATOR_CTL fail http-503 --times 2
SELECT * FROM api_plan_of(:'query', true);
\! $QIANFAN_SIMULATOR_CTL calls
\! $QIANFAN_SIMULATOR_CTL reset

-- everything that is retried strikes once; the n-th fault meets the n-th task
\! set -- $($QIANFAN_SIMULATOR_DATA --ids 20); for fault in http-429 http-500 http-502 http-503 http-504 numeric:18 numeric:336100 numeric:336501 numeric:336502 numeric:500000 reset-before-headers reset-mid-body close-before-headers close-mid-body wrong-content-length; do $QIANFAN_SIMULATOR_CTL fail $fault --id $1; shift; done
SELECT fault, action, calls, tasks = ARRAY[n::integer] AS right
  FROM unnest(ARRAY['http-429', 'http-500', 'http-502', 'http-503', 'http-504',
                    'numeric:18', 'numeric:336100', 'numeric:336501',
                    'numeric:336502', 'numeric:500000', 'reset-before-headers',
                    'reset-mid-body', 'close-before-headers',
                    'close-mid-body', 'wrong-content-length', 'none'])
       WITH ORDINALITY AS f(fault, n), LATERAL lookup('id = @' || n);
\! $QIANFAN_SIMULATOR_CTL get faults_fired
\! $QIANFAN_SIMULATOR_CTL reset

-- an answer that ends within its headers is none
\! $QIANFAN_SIMULATOR_CTL fail close-mid-headers
SELECT * FROM lookup('id = @1');
\! $QIANFAN_SIMULATOR_CTL reset

-- what is not retried costs one call
\! set -- $($QIANFAN_SIMULATOR_DATA --ids 20); for fault in http-400 http-401 http-403 AccessDenied SignatureDoesNotMatch http-405 http-408 http-409 PreconditionFailed http-413 InvalidMarker numeric:336003 error-object:400 html-200 wrong-id; do $QIANFAN_SIMULATOR_CTL fail $fault --always --id $1; shift; done
SELECT outcome_of(format('SELECT FROM model_comp_tasks WHERE id = %L', id)) <> 'ok' AS failed, count(*)
  FROM local_tasks WHERE n <= 15 GROUP BY 1;
\! $QIANFAN_SIMULATOR_CTL calls
\! $QIANFAN_SIMULATOR_CTL reset

-- the number of attempts: 1 + 3, or 1 + max_retries
\! $QIANFAN_SIMULATOR_CTL fail http-503 --always
\set VERBOSITY sqlstate
:query;  -- ERROR
\! $QIANFAN_SIMULATOR_CTL calls
ALTER SERVER qianfan OPTIONS (ADD max_retries '0');
:query;  -- ERROR
\! $QIANFAN_SIMULATOR_CTL calls
ALTER SERVER qianfan OPTIONS (SET max_retries '5');
:query;  -- ERROR
\! $QIANFAN_SIMULATOR_CTL calls
\! $QIANFAN_SIMULATOR_CTL reset

-- pages and details are retried alike, and no row is lost or doubled
\! $QIANFAN_SIMULATOR_CTL fail http-502 --times 5 --action DescribeModelCompTasks
\! $QIANFAN_SIMULATOR_CTL fail reset-mid-body --times 2 --after 3 --action DescribeModelCompTasks
\! $QIANFAN_SIMULATOR_CTL fail numeric:18 --times 5 --action DescribeModelCompTask
SELECT * FROM differences('SELECT id, weight FROM model_comp_tasks');
\! $QIANFAN_SIMULATOR_CTL calls
ALTER SERVER qianfan OPTIONS (DROP max_retries);
\! $QIANFAN_SIMULATOR_CTL reset

-- Retry-After wins when it is longer than the delay, and only then
\! $QIANFAN_SIMULATOR_CTL fail http-429 --retry-after 1
SELECT clock_timestamp() AS began \gset
:query;
SELECT clock_timestamp() - :'began' BETWEEN '1s' AND '10s' AS waited;
\! $QIANFAN_SIMULATOR_CTL fail http-429 --retry-after 0
:query;
\! $QIANFAN_SIMULATOR_CTL reset

-- a clock that is two hours off is learned once, from the Date header
\! $QIANFAN_SIMULATOR_CTL set clock_offset_s 7200
SELECT api_calls_of(:'query') AS calls;
SELECT api_calls_of(:'query') AS calls, api_calls_of(:'query', 'API Retries') AS retries;
SELECT count(*) FROM model_comp_tasks;
\! $QIANFAN_SIMULATOR_CTL calls
-- and learned again when it goes back
\! $QIANFAN_SIMULATOR_CTL reset
SELECT api_calls_of(:'query') AS calls;
SELECT api_calls_of(:'query') AS calls;
\! $QIANFAN_SIMULATOR_CTL set clock_offset_s -7200
SELECT api_calls_of(:'query') AS calls;
SELECT api_calls_of(:'query') AS calls;
\! $QIANFAN_SIMULATOR_CTL reset
SELECT api_calls_of(:'query') AS calls;

-- a server that insists ends in an error after two calls
\! $QIANFAN_SIMULATOR_CTL reset
\! $QIANFAN_SIMULATOR_CTL fail RequestExpired --always
\set VERBOSITY default
:query;  -- ERROR
\echo :LAST_ERROR_SQLSTATE
\! $QIANFAN_SIMULATOR_CTL calls
\! $QIANFAN_SIMULATOR_CTL reset
:query;
ALTER SERVER qianfan OPTIONS (DROP retry_delay);
