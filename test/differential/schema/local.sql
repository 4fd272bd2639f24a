-- Ordinary tables with what schema f shows.  psql variable: schema.

CREATE SCHEMA :"schema";
SET search_path = :"schema", s;

CREATE TABLE model_comp_tasks (LIKE f.model_comp_tasks);
COPY model_comp_tasks FROM STDIN;
-- (the rows come here)

-- As a stale list shows them.
CREATE TABLE listed (LIKE model_comp_tasks, gone boolean);

CREATE TABLE odd AS
SELECT sparsity_ratio::numeric AS ratio, id::varchar(40) AS task,
	state::s.word AS state, source_model_id COLLATE "C" AS source,
	strategy::s.label AS plan,
	create_time AT TIME ZONE 'Asia/Shanghai' AS made,
	NULL::text AS nothing, failed_reason::varchar(200) AS reason,
	config AS settings
FROM model_comp_tasks;

CREATE TABLE multi (id text, name text, state text, source_model_id text,
	weight text, create_time timestamptz);
CREATE TABLE multi_a () INHERITS (multi);
CREATE TABLE multi_b () INHERITS (multi);
CREATE TABLE multi_c () INHERITS (multi);
INSERT INTO multi_a
SELECT id, name, state, source_model_id, weight, create_time
FROM model_comp_tasks;
INSERT INTO multi_b SELECT * FROM multi_a;

CREATE TABLE parts (part text, id text, state text, weight text,
	create_time timestamptz) PARTITION BY LIST (part);
CREATE TABLE parts_a PARTITION OF parts FOR VALUES IN (NULL);
CREATE TABLE parts_b PARTITION OF parts FOR VALUES IN ('local', 'other');
INSERT INTO parts
SELECT NULL, id, state, weight, create_time FROM model_comp_tasks;
