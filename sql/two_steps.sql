-- Details for rows that survive an anti-join or DISTINCT ON, in two steps, as
-- the cookbook has them: the list, and one call for each of these rows.
\! $QIANFAN_SIMULATOR_CTL reset
CREATE TABLE mine AS SELECT id FROM local_tasks WHERE n > 12;
ANALYZE mine;
PREPARE missing AS SELECT id, weight FROM model_comp_tasks
 WHERE id = ANY (ARRAY(SELECT t.id FROM model_comp_tasks t
                        WHERE NOT EXISTS (SELECT FROM mine WHERE mine.id = t.id)));
PREPARE newest AS SELECT n.source_model_id, n.id, t.weight
  FROM (SELECT DISTINCT ON (source_model_id) source_model_id, id
          FROM model_comp_tasks ORDER BY source_model_id, create_time DESC) n
  JOIN model_comp_tasks t ON t.id = n.id;
SELECT api_calls_of('EXECUTE missing') AS missing, api_calls_of('EXECUTE newest') AS newest;
CREATE TEMP TABLE found AS EXECUTE missing;
CREATE TEMP TABLE latest AS EXECUTE newest;
SELECT (SELECT count(*) FROM (TABLE found EXCEPT
                              SELECT id, weight FROM local_tasks WHERE n <= 12) x) AS wrong,
       (SELECT count(*) FROM found) AS missing,
       (SELECT count(*) FROM (TABLE latest EXCEPT
                              SELECT * FROM (SELECT DISTINCT ON (source_model_id) source_model_id, id, weight
                                               FROM local_tasks ORDER BY source_model_id, create_time DESC) y) x) AS not_newest,
       (SELECT count(*) FROM latest) AS models;
DROP TABLE mine;
