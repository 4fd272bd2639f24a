-- Schema s: what both sides call.

SET client_min_messages = warning;
DROP SCHEMA IF EXISTS f, l, e, s CASCADE;
CREATE SCHEMA s;
SET search_path = s;

-- Row level security holds for this role; it stays.
DO $$
BEGIN
	CREATE ROLE qianfan_fuzz_reader;
EXCEPTION WHEN duplicate_object THEN
	NULL;
END $$;
GRANT USAGE ON SCHEMA s TO qianfan_fuzz_reader;

CREATE DOMAIN word AS text NOT NULL;
CREATE DOMAIN label AS text CHECK (length(VALUE) < 100);

-- One function of each volatility, which the planner must not see through.
CREATE FUNCTION volatile_text(value text) RETURNS text LANGUAGE plpgsql
	VOLATILE AS 'BEGIN RETURN value; END';
CREATE FUNCTION stable_text(value text) RETURNS text LANGUAGE plpgsql
	STABLE AS 'BEGIN RETURN value; END';
CREATE FUNCTION immutable_text(value text) RETURNS text LANGUAGE plpgsql
	IMMUTABLE AS 'BEGIN RETURN value; END';
CREATE FUNCTION inlined_text(value text) RETURNS text LANGUAGE sql
	IMMUTABLE AS 'SELECT value';

-- Equality under another name, and another equality under its name.
CREATE OPERATOR === (PROCEDURE = texteq, LEFTARG = text, RIGHTARG = text,
	COMMUTATOR = ===, RESTRICT = eqsel, JOIN = eqjoinsel);
CREATE FUNCTION same_length(a text, b text) RETURNS boolean LANGUAGE sql
	IMMUTABLE AS 'SELECT pg_catalog.length(a) OPERATOR(pg_catalog.=) pg_catalog.length(b)';
CREATE OPERATOR = (PROCEDURE = same_length, LEFTARG = text, RIGHTARG = text);

-- Without ICU the queries that name it fail on both sides.
DO $$
BEGIN
	CREATE COLLATION s.anycase (provider = icu, locale = 'und-u-ks-level2',
		deterministic = false);
EXCEPTION WHEN OTHERS THEN
	RAISE NOTICE 'no collation that ignores case: %', SQLERRM;
END $$;

-- The rows a reader in PL/pgSQL sees before it stops.
CREATE FUNCTION rows_up_to(query text, most integer) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
	result record;
	seen integer := 0;
BEGIN
	FOR result IN EXECUTE query
	LOOP
		EXIT WHEN seen = most;
		seen := seen + 1;
	END LOOP;
	RETURN seen;
END $$;

-- A number of rows, or the SQLSTATE caught.
CREATE FUNCTION guarded(query text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	RETURN rows_up_to(query, 1000000);
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE;
END $$;
