-- What schemas f, l and e have in common; search_path says which.

INSERT INTO multi_c
SELECT 'local-' || i, 'local', 'failed', NULL, 'WINT8', '2024-01-01 00:00Z'
FROM generate_series(1, 3) i;
INSERT INTO parts_b
SELECT CASE WHEN i % 2 = 0 THEN 'local' ELSE 'other' END, 'local-' || i,
	'running', NULL, '2024-01-01 00:00Z'
FROM generate_series(1, 4) i;

-- Duplicate keys, NULL keys, unknown ids, several rows per id.
CREATE TABLE inv (n integer, task_id text, source_id text, qty integer,
	note text, seen timestamptz);
COPY inv FROM STDIN;
-- (the rows come here)

CREATE VIEW v_plain AS SELECT * FROM model_comp_tasks;
CREATE VIEW v_barrier WITH (security_barrier) AS
SELECT * FROM model_comp_tasks WHERE state <> 'failed';
CREATE VIEW v_detail WITH (security_barrier) AS
SELECT * FROM model_comp_tasks WHERE weight IS DISTINCT FROM 'WINT8';
CREATE VIEW v_sum AS
SELECT source_model_id, count(*) AS tasks, max(id) AS id
FROM model_comp_tasks GROUP BY source_model_id;
CREATE VIEW v_join AS
SELECT t.id, t.state, t.weight, t.source_model_id, i.n, i.qty
FROM model_comp_tasks t LEFT JOIN inv i ON i.task_id = t.id;
CREATE VIEW v_union AS
SELECT id, state, weight FROM model_comp_tasks
UNION ALL
SELECT id, state, weight FROM multi_b
UNION ALL
SELECT task, state, settings->>'weight' FROM odd;

-- Through their parents, foreign tables have row level security, too.
ALTER TABLE multi ENABLE ROW LEVEL SECURITY;
CREATE POLICY by_detail ON multi TO qianfan_fuzz_reader
	USING (weight IS DISTINCT FROM 'WINT8');
ALTER TABLE parts ENABLE ROW LEVEL SECURITY;
CREATE POLICY by_list ON parts TO qianfan_fuzz_reader
	USING (stable_text(state) <> 'failed');
DO $$
BEGIN
	EXECUTE format('GRANT USAGE ON SCHEMA %I TO qianfan_fuzz_reader',
		current_schema());
	EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA %I TO qianfan_fuzz_reader',
		current_schema());
END $$;
