-- What clients of many kinds ask again and again.  The bars for calls that
-- sessions spare each other are measured with these statements: one query each,
-- over a list of 5,000 tasks.

-- fingerprint: what a catalog tool does with each column
SELECT id, count(*) FROM model_comp_tasks GROUP BY id LIMIT 1000;
SELECT name, count(*) FROM model_comp_tasks GROUP BY name LIMIT 1000;
SELECT state, count(*) FROM model_comp_tasks GROUP BY state LIMIT 1000;
SELECT source_model_id, count(*) FROM model_comp_tasks GROUP BY source_model_id LIMIT 1000;
SELECT model_id, count(*) FROM model_comp_tasks GROUP BY model_id LIMIT 1000;
SELECT strategy, count(*) FROM model_comp_tasks GROUP BY strategy LIMIT 1000;
SELECT weight, count(*) FROM model_comp_tasks GROUP BY weight LIMIT 1000;
SELECT sparsity_ratio, count(*) FROM model_comp_tasks GROUP BY sparsity_ratio LIMIT 1000;
SELECT create_time, count(*) FROM model_comp_tasks GROUP BY create_time LIMIT 1000;
SELECT finish_time, count(*) FROM model_comp_tasks GROUP BY finish_time LIMIT 1000;
SELECT failed_reason, count(*) FROM model_comp_tasks GROUP BY failed_reason LIMIT 1000;
SELECT description, count(*) FROM model_comp_tasks GROUP BY description LIMIT 1000;

-- dashboard: eight panels, each on a connection of its own
SELECT state, count(*) FROM model_comp_tasks GROUP BY state;
SELECT date_trunc('day', create_time) AS day, count(*) FROM model_comp_tasks GROUP BY day;
SELECT source_model_id, count(*) FROM model_comp_tasks GROUP BY source_model_id;
SELECT id, name, state, create_time FROM model_comp_tasks ORDER BY create_time DESC LIMIT 10;
SELECT id, name, failed_reason FROM model_comp_tasks WHERE state = 'failed';
SELECT avg(finish_time - create_time) FROM model_comp_tasks WHERE state = 'succeeded';
SELECT strategy, count(*) FROM model_comp_tasks GROUP BY strategy;
SELECT id, name, create_time FROM model_comp_tasks WHERE state IN ('creating', 'running');
