CREATE FUNCTION qianfan_fuzz(text, text[]) RETURNS void LANGUAGE c AS '@MODULE@'
CREATE FUNCTION fuzz_handler() RETURNS fdw_handler LANGUAGE c AS '@MODULE@', 'qianfan_fdw_handler'
CREATE FUNCTION fuzz_validator(text[], oid) RETURNS void LANGUAGE c AS '@MODULE@', 'qianfan_fdw_validator'
CREATE FOREIGN DATA WRAPPER qianfan_fdw HANDLER fuzz_handler VALIDATOR fuzz_validator
CREATE SERVER fuzz_server FOREIGN DATA WRAPPER qianfan_fdw
CREATE TYPE fuzz_state AS ENUM ('running', 'failed')
CREATE DOMAIN fuzz_name AS varchar(8) CHECK (value <> 'x')
CREATE FOREIGN TABLE fuzz_row (id text, name fuzz_name, state fuzz_state, source_model_id varchar(9), model_id uuid, strategy char(4), weight numeric, sparsity_ratio float8, create_time timestamptz, finish_time date, failed_reason text, description bytea, config jsonb, task json OPTIONS (field 'id'), whole text OPTIONS (field 'config'), many int[] OPTIONS (field 'a.b'), flag bool OPTIONS (field 'a.c')) SERVER fuzz_server
