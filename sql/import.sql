-- IMPORT FOREIGN SCHEMA makes the documented table, and asks nobody for it.
\! $QIANFAN_SIMULATOR_CTL reset
CREATE SCHEMA imported;
IMPORT FOREIGN SCHEMA qianfan FROM SERVER qianfan INTO imported;
SELECT relname FROM pg_class
 WHERE relnamespace = 'imported'::regnamespace ORDER BY relname;

-- columns in the documented order, each with the member it reads, and a comment that says whether it costs calls
SELECT attnum, attname, format_type(atttypid, atttypmod) AS type,
       attnotnull AS not_null, attfdwoptions AS options,
       col_description(attrelid, attnum) AS comment
  FROM pg_attribute
 WHERE attrelid = 'imported.model_comp_tasks'::regclass AND attnum > 0
 ORDER BY attnum;
\! $QIANFAN_SIMULATOR_CTL calls

-- once more is core's error
\set VERBOSITY terse
IMPORT FOREIGN SCHEMA qianfan FROM SERVER qianfan INTO imported;  -- ERROR
\echo :LAST_ERROR_SQLSTATE
\set VERBOSITY default
DROP FOREIGN TABLE imported.model_comp_tasks;

-- lists of tables
IMPORT FOREIGN SCHEMA qianfan LIMIT TO (models) FROM SERVER qianfan INTO imported;
IMPORT FOREIGN SCHEMA qianfan EXCEPT (model_comp_tasks) FROM SERVER qianfan INTO imported;
SELECT count(*) FROM pg_class WHERE relnamespace = 'imported'::regnamespace;
IMPORT FOREIGN SCHEMA qianfan EXCEPT (models) FROM SERVER qianfan INTO imported;
DROP FOREIGN TABLE imported.model_comp_tasks;
IMPORT FOREIGN SCHEMA qianfan LIMIT TO (models, model_comp_tasks) FROM SERVER qianfan INTO imported;
SELECT relname FROM pg_class
 WHERE relnamespace = 'imported'::regnamespace ORDER BY relname;
DROP FOREIGN TABLE imported.model_comp_tasks;

-- a schema that is not there, an option that is not there
IMPORT FOREIGN SCHEMA public FROM SERVER qianfan INTO imported;  -- ERROR
\echo :LAST_ERROR_SQLSTATE
IMPORT FOREIGN SCHEMA "Qianfan" FROM SERVER qianfan INTO imported;  -- ERROR
\echo :LAST_ERROR_SQLSTATE
IMPORT FOREIGN SCHEMA qianfan FROM SERVER qianfan INTO imported OPTIONS (updatable 'perhaps');  -- ERROR
IMPORT FOREIGN SCHEMA qianfan FROM SERVER qianfan INTO imported OPTIONS (page_size '10');  -- ERROR
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM pg_class WHERE relnamespace = 'imported'::regnamespace;

-- names that need quotes
CREATE SERVER "odd ""server'" FOREIGN DATA WRAPPER qianfan_fdw;
CREATE SCHEMA "odd ""schema'";
IMPORT FOREIGN SCHEMA qianfan FROM SERVER "odd ""server'" INTO "odd ""schema'";
SELECT srvname, ftrelid::regclass
  FROM pg_foreign_table JOIN pg_foreign_server s ON s.oid = ftserver
 WHERE srvname ~ 'odd';

-- what was imported works, from any search path
SET search_path = imported, pg_catalog;
IMPORT FOREIGN SCHEMA qianfan FROM SERVER qianfan INTO imported;
SELECT id, name FROM model_comp_tasks WHERE id = 'amva-abciuctdx15t';
RESET search_path;
\! $QIANFAN_SIMULATOR_CTL calls

SET client_min_messages = warning;
DROP SCHEMA imported CASCADE;
DROP SERVER "odd ""server'" CASCADE;
DROP SCHEMA "odd ""schema'";
