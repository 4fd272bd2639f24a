-- Only the built-in equality of text under a deterministic collation is sent.
\! $QIANFAN_SIMULATOR_CTL reset
\! $QIANFAN_SIMULATOR_CTL set tasks 200

-- types that are text to the operator
CREATE DOMAIN task_key AS text CHECK (VALUE <> '');
CREATE FOREIGN TABLE by_varchar (id varchar(30), state text) SERVER qianfan;
CREATE FOREIGN TABLE by_domain (id task_key, state text) SERVER qianfan;
CREATE FOREIGN TABLE by_c (id text COLLATE "C", state text) SERVER qianfan;
CREATE FOREIGN TABLE by_posix (id text COLLATE "POSIX", state text) SERVER qianfan;
SELECT target, condition, action, calls, tasks
  FROM (VALUES ('by_varchar', 'id = @1'), ('by_varchar', 'id IN (@1, @2)'),
               ('by_varchar', 'id = @1::varchar(40)'), ('by_varchar', 'id = @1::varchar(4)'),
               ('by_domain', 'id = @1'), ('by_domain', 'id = ANY (ARRAY[@1, @2])'),
               ('by_domain', 'id = @1::task_key'),
               ('by_c', 'id = @1'), ('by_posix', 'id = @1'),
               ('model_comp_tasks', 'id COLLATE "C" = @1'),
               ('model_comp_tasks', 'id = @1 COLLATE "POSIX"'))
       AS v(target, condition), LATERAL lookup(condition, target);

-- types with an equality of their own: no lookup, right rows
CREATE FOREIGN TABLE by_bpchar (id char(30), state text) SERVER qianfan;
CREATE FOREIGN TABLE by_name (id name, state text) SERVER qianfan;
SELECT target, condition, action, calls, tasks
  FROM (VALUES ('by_bpchar', 'id = @1'), ('by_bpchar', 'id = @1 || ''   '''),
               ('by_bpchar', 'id IN (@1, @2)'), ('by_name', 'id = @1'),
               ('by_name', 'id = ANY (ARRAY[@1, @2])'),
               ('model_comp_tasks', 'id = @1::char(30)'),
               ('model_comp_tasks', 'id = @1::name'))
       AS v(target, condition), LATERAL lookup(condition, target);
DROP FOREIGN TABLE by_varchar, by_domain, by_c, by_posix, by_bpchar, by_name;
DROP DOMAIN task_key;

-- an operator called = that is not equality of text
CREATE SCHEMA other;
CREATE FUNCTION other.same(text, text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE
AS 'BEGIN RETURN lower($1) = lower($2); END';
CREATE OPERATOR other.= (LEFTARG = text, RIGHTARG = text, FUNCTION = other.same);
SELECT action, calls, tasks FROM lookup('id OPERATOR(other.=) upper(@1)');
SELECT action, calls, tasks FROM lookup('id OPERATOR(other.=) ANY (ARRAY[upper(@1), @2])');

-- an operator with another name that is
CREATE OPERATOR other.=== (LEFTARG = text, RIGHTARG = text, FUNCTION = texteq);
SELECT action, calls, tasks FROM lookup('id OPERATOR(other.===) @1');
SELECT action, calls, tasks FROM lookup('@1 OPERATOR(other.===) id');
SELECT action, calls, tasks FROM lookup('id OPERATOR(other.===) ANY (ARRAY[@1, @2])');
DROP OPERATOR other.= (text, text), other.=== (text, text);
DROP FUNCTION other.same;
DROP SCHEMA other;

-- a collation to which different bytes are equal, where the server has ICU
SELECT count(*) > 0 AS have_icu FROM pg_collation
 WHERE collprovider = 'i' AND collencoding IN (-1, pg_char_to_encoding('UTF8'))
   AND getdatabaseencoding() = 'UTF8' \gset
\if :have_icu
    CREATE COLLATION caseless (provider = icu, locale = 'und-u-ks-level2',
                               deterministic = false);
    CREATE FOREIGN TABLE by_caseless (id text COLLATE caseless, state text)
        SERVER qianfan;
    DO $$
    DECLARE
        result record;
        condition text;
    BEGIN
        FOREACH condition IN ARRAY ARRAY['id = upper(@1)', 'id IN (upper(@1))',
                                         'id = ANY (ARRAY[upper(@1)])'] LOOP
            SELECT * INTO result FROM lookup(condition, 'by_caseless');
            ASSERT result.action = 'DescribeModelCompTasks' AND result.tasks = '{1}',
                   condition || ' by column: ' || result::text;
        END LOOP;
        SELECT * INTO result FROM lookup('id = upper(@1) COLLATE caseless');
        ASSERT result.action = 'DescribeModelCompTasks' AND result.tasks = '{1}',
               'by expression: ' || result::text;
        SELECT * INTO result FROM lookup('id = @1 COLLATE "C"', 'by_caseless');
        ASSERT result.action = 'DescribeModelCompTask' AND result.tasks = '{1}',
               'told to be deterministic: ' || result::text;
    END $$;
    DROP FOREIGN TABLE by_caseless;
    DROP COLLATION caseless;
\endif

-- citext, where the server has it
SELECT count(*) > 0 AS have_citext FROM pg_available_extensions
 WHERE name = 'citext' \gset
\if :have_citext
    CREATE EXTENSION citext;
    CREATE FOREIGN TABLE by_citext (id citext, state text) SERVER qianfan;
    DO $$
    DECLARE
        result record;
        condition text;
    BEGIN
        FOREACH condition IN ARRAY ARRAY['id = upper(@1)::citext', 'id IN (upper(@1)::citext)',
                                         'upper(@1)::citext = id',
                                         'id = ANY (ARRAY[upper(@1)]::citext[])'] LOOP
            SELECT * INTO result FROM lookup(condition, 'by_citext');
            ASSERT result.action = 'DescribeModelCompTasks' AND result.tasks = '{1}',
                   condition || ': ' || result::text;
        END LOOP;
        SELECT * INTO result FROM lookup('id::text = @1', 'by_citext');
        ASSERT result.tasks = '{1}', 'as text: ' || result::text;
    END $$;
    DROP FOREIGN TABLE by_citext;
    DROP EXTENSION citext;
\endif
