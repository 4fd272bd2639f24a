-- Keys in every form: each is asked for once, and none is compared with every row.
\! $QIANFAN_SIMULATOR_CTL reset
\! $QIANFAN_SIMULATOR_CTL set tasks 200

-- a condition that is the set of keys is no filter; what is more than that is
SELECT condition, array_agg(trim(replace(line, 'model_comp_tasks.', ''))) AS plan
  FROM (VALUES (1, 'id = ''a'''), (2, '''a'' = id'), (3, 'id IN (''a'', ''b'')'),
               (4, 'id = ANY (ARRAY(SELECT ''a''))'), (5, 'id = (SELECT ''a'')'),
               (6, 'id = ''a'' OR id = ''b'' OR ''c'' = id'),
               (7, 'id = ''a'' OR id IN (''b'', ''c'') OR id = lower(''D'')'),
               (8, 'id = ''a'' OR id = (SELECT ''b'')'),
               (9, 'id = ''a'' OR id = ANY (ARRAY(SELECT ''b'')) OR id = ''c'''),
               (10, 'id IN (''a'', ''b'') AND id IN (''b'', ''c'')'),
               (11, 'id = ''a'' OR id IN (''b'', ''c'') AND id <> ''c'''),
               (12, '(id = ''a'' OR id = ''b'') AND state = ''failed'''),
               (13, 'id = ''a'' OR id = ''b'' AND state = ''failed'''),
               (14, 'id IS NULL'),
               (15, 'id = ANY (string_to_array(current_setting(''work_mem''), ''x''))'))
       AS v(n, condition),
       LATERAL plan_of('SELECT state FROM model_comp_tasks WHERE ' || condition) AS line
 WHERE line ~ 'Filter|Lookup Key' GROUP BY n, condition ORDER BY n;

-- arms of another type, another column and another shape; order is kept
CREATE FOREIGN TABLE two_ids (id varchar, task text OPTIONS (field 'id'), state text)
    SERVER qianfan;
SELECT condition, lookup.*
  FROM (VALUES ('id = @2 OR id = @3::varchar OR id = @1::text'),
               ('id = @2 OR task = @1 OR id = @3 OR task IN (@4, @2)'),
               ('id = @2 OR id = ANY (NULL::text[]) OR id = NULL OR id = @1'),
               ('id = @2 OR id = ANY (ARRAY[@1, NULL, @3])'),
               ('id = @2 OR id = ANY (ARRAY[[@1, @3], [@4, @2]])'),
               ('id = @2 OR (id = @1 OR id = @3) AND (id = @3 OR task = @4)'),
               ('(id = @2 OR id = @1) AND (task = @1 OR task = @3 OR id = @2)'),
               ('id = @3 OR id = (SELECT @2) OR id = @1 OR id = lower(@4)'),
               ('NOT (id <> @2 AND id <> @1)'),
               ('id NOT IN (@1, @2) AND id IN (@2, @3)'))
       AS v(condition), LATERAL lookup(condition, 'two_ids');
SELECT condition, lookup.*
  FROM (VALUES ('id = @2 OR id = @1 OR id IN (@3, @2)'),
               ('id = @2 COLLATE "C" OR id = @1 COLLATE "POSIX"'))
       AS v(condition), LATERAL lookup(condition);
PREPARE keys (text, text[]) AS SELECT id FROM model_comp_tasks
    WHERE id = 'amva-abciuctdx15t' OR id = $1 OR id = ANY ($2) OR id = upper($1);
SET plan_cache_mode = force_generic_plan;
EXECUTE keys ('none', '{none,nil}');
SELECT line FROM plan_of('EXECUTE keys (''none'', ''{none,nil}'')') AS line WHERE line !~ '^ *QUERY';
EXECUTE keys (NULL, NULL);
RESET plan_cache_mode;

-- many arms: as many calls as ids, whatever else is in the chain
SELECT format('SELECT count(*), count(DISTINCT id) FROM model_comp_tasks WHERE state <> ''x'' AND (%s)',
              string_agg(format('id = %L', CASE WHEN n <= 150 THEN id ELSE 'none' END), ' OR ')) AS query
  FROM local_tasks WHERE n <= 300 \gset
:query;
SELECT api_calls_of(:'query');

DROP FOREIGN TABLE two_ids;
DEALLOCATE keys;
