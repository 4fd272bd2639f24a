-- Each failure has its SQLSTATE, and the query after it is well.
\! $QIANFAN_SIMULATOR_CTL reset
\getenv endpoint QIANFAN_SIMULATOR_ENDPOINT
\getenv access_key QIANFAN_SIMULATOR_ACCESS_KEY
\getenv secret_key QIANFAN_SIMULATOR_SECRET_KEY
ALTER SERVER qianfan OPTIONS (ADD retry_delay '1ms', ADD max_retries '1',
                              ADD max_response_size '1MB', ADD request_timeout '5s');

-- by key; the n-th fault meets the n-th task
\! set -- $($QIANFAN_SIMULATOR_DATA --ids 60); for fault in reset-before-headers reset-mid-body close-before-headers close-mid-headers close-mid-body wrong-content-length SignatureDoesNotMatch InvalidAccessKeyId InvalidHTTPAuthHeader http-401 iam-header iam-header:credential credential-not-found AccessDenied OptInRequired http-403 IdempotentParameterMismatch http-429 numeric:18 numeric:336100 numeric:336501 numeric:336502; do $QIANFAN_SIMULATOR_CTL fail $fault --always --id $1; shift; done
\! set -- $($QIANFAN_SIMULATOR_DATA --ids 60); shift 22; for fault in http-500 http-501 http-502 html-502 http-503 http-504 numeric:500000 RequestExpired InappropriateJSON InvalidURI MalformedJSON http-405 http-408 http-409 PreconditionFailed http-413 numeric:336003 error-object:400 error-object:500:internal code-in-200 code:418:Teapot; do $QIANFAN_SIMULATOR_CTL fail $fault --always --id $1; shift; done
\! set -- $($QIANFAN_SIMULATOR_DATA --ids 60); shift 43; for fault in truncated-json invalid-json html-200 empty-body wrong-id missing-id wrong-type-result:string wrong-type-result:array wrong-type-result:number wrong-type-result:true deep-json huge-json:2 gzip-bomb:2; do $QIANFAN_SIMULATOR_CTL fail $fault --always --id $1; shift; done
CREATE FUNCTION ask(n integer, OUT failure text, OUT next integer)
LANGUAGE plpgsql AS $$
BEGIN
    failure := outcome_of(format('SELECT name FROM model_comp_tasks WHERE id = %L',
                                 (SELECT l.id FROM local_tasks l WHERE l.n = ask.n)));
    next := (SELECT count(*) FROM model_comp_tasks WHERE id = 'amva-abciuctdx15t');
END $$;
SELECT failure, string_agg(fault, ' ' ORDER BY n) AS faults, every(next = 1) AS well
  FROM regexp_split_to_table('reset-before-headers reset-mid-body close-before-headers close-mid-headers close-mid-body wrong-content-length SignatureDoesNotMatch InvalidAccessKeyId InvalidHTTPAuthHeader http-401 iam-header iam-header:credential credential-not-found AccessDenied OptInRequired http-403 IdempotentParameterMismatch http-429 numeric:18 numeric:336100 numeric:336501 numeric:336502 http-500 http-501 http-502 html-502 http-503 http-504 numeric:500000 RequestExpired InappropriateJSON InvalidURI MalformedJSON http-405 http-408 http-409 PreconditionFailed http-413 numeric:336003 error-object:400 error-object:500:internal code-in-200 code:418:Teapot truncated-json invalid-json html-200 empty-body wrong-id missing-id wrong-type-result:string wrong-type-result:array wrong-type-result:number wrong-type-result:true deep-json huge-json:2 gzip-bomb:2 none', ' ')
       WITH ORDINALITY AS f(fault, n), LATERAL ask(n::integer)
 GROUP BY failure ORDER BY failure;
\! $QIANFAN_SIMULATOR_CTL reset

-- nobody there, somebody else there, nobody answering
CREATE SERVER elsewhere FOREIGN DATA WRAPPER qianfan_fdw
    OPTIONS (endpoint 'http://127.0.0.1:1', max_retries '0', connect_timeout '100ms');
CREATE USER MAPPING FOR CURRENT_USER SERVER elsewhere
    OPTIONS (access_key :'access_key', secret_key :'secret_key');
CREATE FOREIGN TABLE elsewhere_tasks (id text) SERVER elsewhere;
\set VERBOSITY terse
SELECT * FROM elsewhere_tasks;  -- ERROR
\echo :LAST_ERROR_SQLSTATE
SELECT regexp_replace(:'endpoint', '^http:', 'https:') AS tls_endpoint \gset
ALTER SERVER elsewhere OPTIONS (SET endpoint :'tls_endpoint');
SELECT * FROM elsewhere_tasks;  -- ERROR
\echo :LAST_ERROR_SQLSTATE
ALTER SERVER elsewhere OPTIONS (SET endpoint :'endpoint', ADD request_timeout '50ms');
\! $QIANFAN_SIMULATOR_CTL fail stall-before-headers
SELECT * FROM elsewhere_tasks;  -- ERROR
\echo :LAST_ERROR_SQLSTATE
DROP FOREIGN TABLE elsewhere_tasks;
DROP USER MAPPING FOR CURRENT_USER SERVER elsewhere;
DROP SERVER elsewhere;
\set VERBOSITY default

-- the form of the messages
\! $QIANFAN_SIMULATOR_CTL reset
\! $QIANFAN_SIMULATOR_CTL fail AccessDenied
SELECT id FROM model_comp_tasks WHERE id = 'amva-abciuctdx15t';  -- ERROR
\! $QIANFAN_SIMULATOR_CTL fail http-429 --times 2
SELECT id FROM model_comp_tasks WHERE id = 'amva-abciuctdx15t';  -- ERROR
\! $QIANFAN_SIMULATOR_CTL fail http-500 --times 2
SELECT id FROM model_comp_tasks WHERE id = 'amva-abciuctdx15t';  -- ERROR
\! $QIANFAN_SIMULATOR_CTL fail InappropriateJSON
SELECT id FROM model_comp_tasks WHERE id = 'amva-abciuctdx15t';  -- ERROR
\! $QIANFAN_SIMULATOR_CTL fail numeric:336003
SELECT id FROM model_comp_tasks WHERE id = 'amva-abciuctdx15t';  -- ERROR
\! $QIANFAN_SIMULATOR_CTL fail wrong-id
SELECT id FROM model_comp_tasks WHERE id = 'amva-cajt6guu3ldj';  -- ERROR
\! $QIANFAN_SIMULATOR_CTL fail huge-json:2
SELECT id FROM model_comp_tasks WHERE id = 'amva-abciuctdx15t';  -- ERROR
\! $QIANFAN_SIMULATOR_CTL fail control-characters
SELECT id FROM model_comp_tasks WHERE id = 'amva-abciuctdx15t';  -- ERROR

-- one line, 500 bytes of message, whole characters, nothing secret
\! $QIANFAN_SIMULATOR_CTL fail long-message:100000
DO $$
DECLARE
    parts text[];
    detail text;
BEGIN
    PERFORM FROM model_comp_tasks WHERE id = 'amva-abciuctdx15t';
EXCEPTION WHEN fdw_error THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
    parts := regexp_match(detail, 'message "(.*)", request');
    ASSERT parts[1] ~ '^压缩 压缩', detail;
    ASSERT octet_length(parts[1]) BETWEEN 450 AND 500, octet_length(parts[1])::text;
    ASSERT detail !~ '[\x01-\x1f]', detail;
END $$;

-- on the second page of the list, and among the details
\! $QIANFAN_SIMULATOR_CTL fail http-403 --after 1 --action DescribeModelCompTasks
\! $QIANFAN_SIMULATOR_CTL fail InvalidMarker --after 1 --action DescribeModelCompTasks
\set VERBOSITY sqlstate
SELECT id FROM model_comp_tasks;  -- ERROR
SELECT count(*) FROM model_comp_tasks;  -- ERROR
\! $QIANFAN_SIMULATOR_CTL fail http-401 --after 5 --action DescribeModelCompTask
SELECT id, weight FROM model_comp_tasks;  -- ERROR
SELECT count(*) FROM model_comp_tasks;

-- caught, rolled back, closed: what follows is well
\! $QIANFAN_SIMULATOR_CTL fail http-403 --action DescribeModelCompTask
BEGIN;
DECLARE c CURSOR FOR SELECT state FROM model_comp_tasks;
FETCH 2 FROM c;
SAVEPOINT s;
SELECT weight FROM model_comp_tasks WHERE id = 'amva-abciuctdx15t';  -- ERROR
ROLLBACK TO s;
FETCH 1 FROM c;
CLOSE c;
SELECT state FROM model_comp_tasks WHERE id = 'amva-abciuctdx15t';
COMMIT;

DROP FUNCTION ask;
ALTER SERVER qianfan OPTIONS (DROP retry_delay, DROP max_retries,
                              DROP max_response_size, DROP request_timeout);
\! $QIANFAN_SIMULATOR_CTL reset
