-- Schema f: the foreign side.  psql variables: endpoint, access_key, secret_key.

DROP SERVER IF EXISTS account_a, account_b CASCADE;
CREATE EXTENSION IF NOT EXISTS qianfan_fdw;

CREATE SERVER account_a FOREIGN DATA WRAPPER qianfan_fdw
	OPTIONS (endpoint :'endpoint', retry_delay '1ms', max_retries '5',
		page_size '100', max_concurrency '16');
CREATE SERVER account_b FOREIGN DATA WRAPPER qianfan_fdw
	OPTIONS (endpoint :'endpoint', retry_delay '1ms', max_retries '5');
CREATE USER MAPPING FOR CURRENT_USER SERVER account_a
	OPTIONS (access_key :'access_key', secret_key :'secret_key');
CREATE USER MAPPING FOR CURRENT_USER SERVER account_b
	OPTIONS (access_key :'access_key', secret_key :'secret_key');
CREATE USER MAPPING FOR qianfan_fuzz_reader SERVER account_a
	OPTIONS (access_key :'access_key', secret_key :'secret_key');
CREATE USER MAPPING FOR qianfan_fuzz_reader SERVER account_b
	OPTIONS (access_key :'access_key', secret_key :'secret_key');

CREATE SCHEMA f;
SET search_path = f, s;
IMPORT FOREIGN SCHEMA qianfan FROM SERVER account_a INTO f;

-- Other types, other names, another order, a dropped column.
CREATE FOREIGN TABLE odd (
	ratio numeric OPTIONS (field 'config.sparsityRatio'),
	gone integer OPTIONS (field 'nosuch'),
	task varchar(40) OPTIONS (field 'id'),
	state s.word,
	source text OPTIONS (field 'sourceModelId') COLLATE "C",
	plan s.label OPTIONS (field 'config.strategy'),
	made timestamp OPTIONS (field 'createTime'),
	nothing text OPTIONS (field 'config.no.such'),
	reason varchar(200) OPTIONS (field 'failedReason'),
	settings jsonb OPTIONS (field 'config')
) SERVER account_a;
ALTER FOREIGN TABLE odd DROP COLUMN gone;

-- Several accounts under one parent: asynchronous Append.
CREATE TABLE multi (id text, name text, state text, source_model_id text,
	weight text, create_time timestamptz);
CREATE FOREIGN TABLE multi_a () INHERITS (multi) SERVER account_a;
CREATE FOREIGN TABLE multi_b () INHERITS (multi) SERVER account_b;
CREATE TABLE multi_c () INHERITS (multi);

-- Partitions, of which one is foreign.
CREATE TABLE parts (part text, id text, state text, weight text,
	create_time timestamptz) PARTITION BY LIST (part);
CREATE FOREIGN TABLE parts_a (part text OPTIONS (field 'nosuch'), id text,
	state text, weight text, create_time timestamptz) SERVER account_b;
ALTER TABLE parts ATTACH PARTITION parts_a FOR VALUES IN (NULL);
CREATE TABLE parts_b PARTITION OF parts FOR VALUES IN ('local', 'other');
