-- A 404 means that a task does not exist only where the API is known to be.
\! $QIANFAN_SIMULATOR_CTL reset
\! $QIANFAN_SIMULATOR_CTL fail code:404:ResourceNotFound --always

-- a wrong address: an error, and one call of the list however many ids
SELECT id FROM model_comp_tasks WHERE id = 'amva-1';  -- ERROR
\echo :LAST_ERROR_SQLSTATE
\! $QIANFAN_SIMULATOR_CTL last 2
\! $QIANFAN_SIMULATOR_CTL reset
\! $QIANFAN_SIMULATOR_CTL fail code:404:ResourceNotFound --always
SELECT outcome_of('SELECT count(*) FROM model_comp_tasks WHERE id IN (''amva-1'', ''amva-2'', ''amva-3'')');
\! $QIANFAN_SIMULATOR_CTL calls
SELECT outcome_of('SELECT count(*) FROM (VALUES (''amva-1''), (''amva-2'')) v(id)
                     LEFT JOIN model_comp_tasks t ON t.id = v.id WHERE t.state IS NULL');
SELECT outcome_of('SELECT count(t.id) FROM (VALUES (''amva-1''), (''amva-2'')) v(id),
                     LATERAL (SELECT id FROM model_comp_tasks t WHERE t.id = v.id OFFSET 0) t');

-- the same however it is worded
\! $QIANFAN_SIMULATOR_CTL reset
\! for f in code:404:NoSuchKey code:404:NotExist empty-body:404 code:404:Whatever; do $QIANFAN_SIMULATOR_CTL fail $f --times 2; done
\set VERBOSITY sqlstate
SELECT id FROM model_comp_tasks WHERE id = 'amva-1';  -- ERROR
SELECT id FROM model_comp_tasks WHERE id = 'amva-1';  -- ERROR
SELECT id FROM model_comp_tasks WHERE id = 'amva-1';  -- ERROR
SELECT id FROM model_comp_tasks WHERE id = 'amva-1';  -- ERROR
\! $QIANFAN_SIMULATOR_CTL reset

-- a page of some proxy does not show that the API is there
\! $QIANFAN_SIMULATOR_CTL fail empty-body:403 --action DescribeModelCompTasks
\! $QIANFAN_SIMULATOR_CTL fail html-200 --action DescribeModelCompTasks
SELECT id FROM model_comp_tasks WHERE id = 'amva-1';  -- ERROR
SELECT id FROM model_comp_tasks WHERE id = 'amva-1';  -- ERROR
\set VERBOSITY default

-- the right address: one call of the list, counted, in the first statement
SET qianfan_fdw.max_requests = 1;
SELECT outcome_of('SELECT id FROM model_comp_tasks WHERE id = ''amva-1''');
RESET qianfan_fdw.max_requests;
\! $QIANFAN_SIMULATOR_CTL reset
SELECT api_calls_of('SELECT id FROM model_comp_tasks WHERE id = ''amva-1''');
\! $QIANFAN_SIMULATOR_CTL last 2
SELECT api_calls_of('SELECT id FROM model_comp_tasks WHERE id = ''amva-1''');
SELECT api_calls_of('SELECT id FROM model_comp_tasks WHERE id IN (''amva-1'', ''amva-2'', ''amva-3'')');

-- until a server is altered
ALTER SERVER qianfan OPTIONS (ADD max_retries '2');
SELECT api_calls_of('SELECT id FROM model_comp_tasks WHERE id = ''amva-1''');
SELECT api_calls_of('SELECT id FROM model_comp_tasks WHERE id = ''amva-1''');
ALTER SERVER qianfan OPTIONS (DROP max_retries);

-- whatever the API answers shows it: a task, the list, a refusal of either
\! $QIANFAN_SIMULATOR_CTL reset
SELECT api_calls_of('SELECT id FROM model_comp_tasks WHERE id IN (''amva-1'', ''amva-abciuctdx15t'', ''amva-2'')');
SELECT api_calls_of('SELECT id FROM model_comp_tasks WHERE id = ''amva-1''');
\c
SELECT count(*) FROM model_comp_tasks;
SELECT api_calls_of('SELECT id FROM model_comp_tasks WHERE id = ''amva-1''');
\c
\! $QIANFAN_SIMULATOR_CTL fail AccessDenied
SELECT outcome_of('SELECT id FROM model_comp_tasks WHERE id = ''amva-1''');
SELECT api_calls_of('SELECT id FROM model_comp_tasks WHERE id = ''amva-1''');
\c
\! $QIANFAN_SIMULATOR_CTL fail AccessDenied --action DescribeModelCompTasks
SELECT api_calls_of('SELECT id FROM model_comp_tasks WHERE id = ''amva-1''');
SELECT api_calls_of('SELECT id FROM model_comp_tasks WHERE id = ''amva-1''');
\c

-- absence that is not said by a 404 needs no proof
\! $QIANFAN_SIMULATOR_CTL set not_found code400
SELECT api_calls_of('SELECT id FROM model_comp_tasks WHERE id = ''amva-1''');
\c
\! $QIANFAN_SIMULATOR_CTL set not_found null
SELECT api_calls_of('SELECT id FROM model_comp_tasks WHERE id = ''amva-1''');
\! $QIANFAN_SIMULATOR_CTL reset
