-- A task the API does not know is no row, whichever way it says so.
\! $QIANFAN_SIMULATOR_CTL reset
PREPARE ask AS
    SELECT id, state FROM model_comp_tasks
     WHERE id IN ('amva-000000000000', 'amva-abciuctdx15t', 'no such task', '');

-- HTTP 404; a code that says so; an empty result, in its two forms
EXECUTE ask;
\! $QIANFAN_SIMULATOR_CTL calls
\! $QIANFAN_SIMULATOR_CTL set not_found code400
EXECUTE ask;
\! $QIANFAN_SIMULATOR_CTL set not_found null
EXECUTE ask;
\! $QIANFAN_SIMULATOR_CTL set not_found empty
EXECUTE ask;
-- each time, one call per id: nothing of it is retried
\! $QIANFAN_SIMULATOR_CTL calls
\! $QIANFAN_SIMULATOR_CTL reset

-- words that mean it, and words that do not.  The n-th fault meets the n-th task.
\! set -- $($QIANFAN_SIMULATOR_DATA --ids 20); for fault in http-404 code:404:Whatever code:400:NoSuchKey code:400:ModelCompTaskNotFound code:400:TaskNotExist code:403:ResourceNotFound code:200:NoSuchKey empty-body:404 missing-result InvalidVersion InappropriateJSON code:404:InvalidVersion code:400:Missing code:410:Gone; do $QIANFAN_SIMULATOR_CTL fail $fault --always --id $1; shift; done
CREATE FUNCTION ask(n integer) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    RETURN (SELECT count(*) || ' rows' FROM model_comp_tasks t
             WHERE t.id = (SELECT l.id FROM local_tasks l WHERE l.n = ask.n));
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE;
END $$;
SELECT fault, ask(n::integer)
  FROM unnest(ARRAY['http-404', 'code:404:Whatever', 'code:400:NoSuchKey',
                    'code:400:ModelCompTaskNotFound', 'code:400:TaskNotExist',
                    'code:403:ResourceNotFound', 'code:200:NoSuchKey', 'empty-body:404',
                    'missing-result', 'InvalidVersion', 'InappropriateJSON',
                    'code:404:InvalidVersion', 'code:400:Missing',
                    'code:410:Gone', 'none'])
       WITH ORDINALITY AS f(fault, n);
DROP FUNCTION ask;
\! $QIANFAN_SIMULATOR_CTL reset

-- "not found" said of the access key is something else
\! $QIANFAN_SIMULATOR_CTL fail credential-not-found
EXECUTE ask;  -- ERROR
\echo :LAST_ERROR_SQLSTATE
\! $QIANFAN_SIMULATOR_CTL reset
\! $QIANFAN_SIMULATOR_CTL fail iam-header:credential
SELECT id FROM model_comp_tasks WHERE id = 'amva-1';  -- ERROR
\echo :LAST_ERROR_SQLSTATE

-- and so it is when it is said of the list
\! $QIANFAN_SIMULATOR_CTL fail http-404
SELECT id FROM model_comp_tasks;  -- ERROR
\echo :LAST_ERROR_SQLSTATE
\! $QIANFAN_SIMULATOR_CTL fail InvalidVersion
SELECT id FROM model_comp_tasks WHERE id = 'amva-1';  -- ERROR
\echo :LAST_ERROR_SQLSTATE

-- an outer join fills in
SELECT v.id, t.id, t.state
  FROM (VALUES ('amva-1'), ('amva-abciuctdx15t')) v(id)
  LEFT JOIN model_comp_tasks t ON t.id = v.id ORDER BY v.id;
