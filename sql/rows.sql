-- What the API says of a task is what the row says, in either spelling.
\! $QIANFAN_SIMULATOR_CTL reset
SET timezone = 'UTC';
SET datestyle = 'ISO';

-- all columns, by key and through the list with its details
SELECT * FROM differences($$
    SELECT id, name, state, source_model_id, model_id, strategy, weight,
           sparsity_ratio, create_time, finish_time, failed_reason,
           description, config
      FROM model_comp_tasks$$);
SELECT * FROM differences($$
    SELECT id, name, state, source_model_id, model_id, strategy, weight,
           sparsity_ratio, create_time, finish_time, failed_reason,
           description, config
      FROM model_comp_tasks WHERE id = ANY (ARRAY(SELECT id FROM local_tasks))$$,
    'SELECT id, name, state, source_model_id, model_id, strategy, weight,
           sparsity_ratio, create_time, finish_time, failed_reason,
           description, config FROM local_tasks');

-- and to the eye: text with quotes, breaks, Chinese, an emoji; NULL is not empty
\pset null '(null)'
\x on
SELECT * FROM model_comp_tasks
 WHERE id IN ('amva-cajt6guu3ldj', 'amva-wy13o1i1mw9m', 'amva-hlie5m596786');
\x off
SELECT description FROM model_comp_tasks GROUP BY 1 ORDER BY description COLLATE "C";
SELECT state, count(*), count(model_id) AS models, count(finish_time) AS ends,
       count(failed_reason) AS reasons,
       count(*) FILTER (WHERE description = '') AS undescribed
  FROM model_comp_tasks GROUP BY state ORDER BY state COLLATE "C";

-- the words of the example response: nothing is renamed
\! $QIANFAN_SIMULATOR_CTL set variant example
CREATE TEMP TABLE example_tasks (LIKE local_tasks);
ALTER TABLE example_tasks ALTER n DROP NOT NULL;
\copy example_tasks (id, name, state, source_model_id, model_id, strategy, weight, sparsity_ratio, create_time, finish_time, failed_reason, description, config) from program '$QIANFAN_SIMULATOR_DATA --count 200 --variant example'
\! $QIANFAN_SIMULATOR_CTL set tasks 200
SELECT * FROM differences('SELECT id, name, state, source_model_id, model_id, strategy, weight, sparsity_ratio, create_time, finish_time, failed_reason, description, config FROM model_comp_tasks',
                          'SELECT id, name, state, source_model_id, model_id, strategy, weight, sparsity_ratio, create_time, finish_time, failed_reason, description, config FROM example_tasks');
SELECT state FROM model_comp_tasks GROUP BY 1 ORDER BY state COLLATE "C";
SELECT id, state, model_id, weight FROM model_comp_tasks
 WHERE id IN ('amva-abciuctdx15t', 'amva-cajt6guu3ldj');
\! $QIANFAN_SIMULATOR_CTL reset

-- numbers as strings, strings as numbers, members nobody heard of
\! $QIANFAN_SIMULATOR_CTL fail numbers-as-strings --action DescribeModelCompTask
SELECT id, sparsity_ratio, config FROM model_comp_tasks WHERE id = 'amva-wy13o1i1mw9m';
\! $QIANFAN_SIMULATOR_CTL fail strings-as-numbers
SELECT id, name, description FROM model_comp_tasks WHERE id = 'amva-wy13o1i1mw9m';
\! $QIANFAN_SIMULATOR_CTL fail big-number
SELECT id, name FROM model_comp_tasks WHERE id = 'amva-wy13o1i1mw9m';
\! $QIANFAN_SIMULATOR_CTL fail unknown-members
SELECT id, name, strategy FROM model_comp_tasks WHERE id = 'amva-wy13o1i1mw9m';
\! $QIANFAN_SIMULATOR_CTL fail unknown-members --always
\! $QIANFAN_SIMULATOR_CTL set tasks 200
SELECT * FROM differences('SELECT id, name, state FROM model_comp_tasks',
                          'SELECT id, name, state FROM local_tasks WHERE n <= 200');
\! $QIANFAN_SIMULATOR_CTL reset

-- an empty string where a number belongs is no number
\! $QIANFAN_SIMULATOR_CTL fail bad-number:
SELECT id, sparsity_ratio FROM model_comp_tasks WHERE id = 'amva-wy13o1i1mw9m';

-- an empty string or the zero date where a time belongs is no time
\! $QIANFAN_SIMULATOR_CTL fail bad-time:
SELECT id, create_time FROM model_comp_tasks WHERE id = 'amva-wy13o1i1mw9m';
CREATE FOREIGN TABLE typed_times (key text OPTIONS (field 'id'), a timestamp OPTIONS (field 'description'), b date OPTIONS (field 'description'), c text OPTIONS (field 'description')) SERVER qianfan;
CREATE FOREIGN TABLE typed_interval (key text OPTIONS (field 'id'), a interval OPTIONS (field 'description')) SERVER qianfan;
\! $QIANFAN_SIMULATOR_CTL fail description:0000-00-00
SELECT a, b, c FROM typed_times WHERE key = 'amva-wy13o1i1mw9m';
\! $QIANFAN_SIMULATOR_CTL fail description:
SELECT a FROM typed_interval WHERE key = 'amva-wy13o1i1mw9m';
DROP FOREIGN TABLE typed_times, typed_interval;
SELECT state, count(finish_time) AS ends FROM model_comp_tasks
 WHERE state IN ('creating', 'running', 'stopping') GROUP BY 1 ORDER BY 1;

-- transfer codings change nothing
\! $QIANFAN_SIMULATOR_CTL set gzip on
\! $QIANFAN_SIMULATOR_CTL set chunked on
SELECT * FROM differences('SELECT id, name, description FROM model_comp_tasks');
\! $QIANFAN_SIMULATOR_CTL reset
