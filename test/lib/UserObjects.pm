
=pod

=head1 NAME

UserObjects - a database as a user of the extension would leave it

=head1 SYNOPSIS

  use UserObjects qw(create_objects answers);

  create_objects($node, 'database', $simulator);
  my $before = answers($node, 'database');

=head1 FUNCTIONS

  create_objects($node, $database, $simulator)
                         servers, mappings, foreign tables with options and
                         comments, views, a materialized view, privileges and
                         a role with a budget
  answers($node, $database)
                         what queries and the catalogs say of these objects

=cut

package UserObjects;

use strict;
use warnings;

use Exporter qw(import);

our @EXPORT_OK = qw(create_objects answers);

sub create_objects
{
	my ($node, $database, $simulator) = @_;
	my ($access_key, $secret_key) =
	  map { $simulator->$_ } qw(access_key secret_key);

	$node->safe_psql($database, $simulator->setup_sql('qianfan') . <<"SQL");
ALTER SERVER qianfan OPTIONS (ADD request_timeout '30s', ADD max_retries '2');
COMMENT ON SERVER qianfan IS 'the account of the tests';
CREATE ROLE reader;
CREATE ROLE auditor;
ALTER ROLE reader IN DATABASE $database SET qianfan_fdw.max_requests = 7;
ALTER DATABASE $database SET qianfan_fdw.enable_lookup_join = off;
GRANT USAGE ON FOREIGN SERVER qianfan TO reader;
GRANT USAGE ON FOREIGN DATA WRAPPER qianfan_fdw TO auditor;
CREATE USER MAPPING FOR reader SERVER qianfan
  OPTIONS (access_key '$access_key', secret_key '$secret_key');
CREATE USER MAPPING FOR PUBLIC SERVER qianfan
  OPTIONS (access_key 'nobody', secret_key 'it''s"quoted"\\');

CREATE SCHEMA lab;
CREATE FOREIGN TABLE lab."Own Names" (
  task text OPTIONS (field 'id') NOT NULL,
  method varchar(40) OPTIONS (field 'config.weight'),
  state text COLLATE "C",
  create_time timestamptz
) SERVER qianfan OPTIONS (resource 'model_comp_tasks', page_size '20',
  max_concurrency '4');
COMMENT ON COLUMN lab."Own Names".task IS 'the id, by another name';
CREATE VIEW lab.failed AS
  SELECT task, method FROM lab."Own Names" WHERE state = 'failed';
GRANT SELECT ON model_comp_tasks, lab.failed TO reader;

CREATE TABLE inventory (name text, task_id text);
INSERT INTO inventory
  SELECT 'model-' || row_number() OVER (ORDER BY id), id
    FROM model_comp_tasks ORDER BY id LIMIT 5;
CREATE VIEW report AS
  SELECT i.name, task_id, t.state, t.config
    FROM inventory i LEFT JOIN model_comp_tasks t ON t.id = i.task_id;
CREATE MATERIALIZED VIEW task_copy AS
  SELECT id, name, state FROM model_comp_tasks;
CREATE UNIQUE INDEX ON task_copy (id);
SQL
	return;
}

sub answers
{
	my ($node, $database) = @_;

	return $node->safe_psql($database, <<'SQL');
SELECT * FROM model_comp_tasks ORDER BY id LIMIT 1;
SELECT count(*), md5(string_agg(t::text, ',' ORDER BY id))
  FROM model_comp_tasks t;
SELECT count(*), md5(string_agg(t::text, ',' ORDER BY task))
  FROM lab."Own Names" t;
SELECT count(*), md5(string_agg(f::text, ',' ORDER BY task)) FROM lab.failed f;
SELECT count(*), md5(string_agg(c::text, ',' ORDER BY id)) FROM task_copy c;
SELECT * FROM report ORDER BY name;
REFRESH MATERIALIZED VIEW CONCURRENTLY task_copy;

-- pg_dump puts options in order
SELECT srvname, ARRAY(SELECT unnest(srvoptions) ORDER BY 1), srvacl
  FROM pg_foreign_server ORDER BY 1;
SELECT srvname, usename, ARRAY(SELECT unnest(umoptions) ORDER BY 1)
  FROM pg_user_mappings ORDER BY 1, 2;
SELECT ftrelid::regclass::text COLLATE "C",
       ARRAY(SELECT unnest(ftoptions) ORDER BY 1)
  FROM pg_foreign_table ORDER BY 1;
SELECT attrelid::regclass::text COLLATE "C", attnum, attname,
       ARRAY(SELECT unnest(attfdwoptions) ORDER BY 1),
       col_description(attrelid, attnum)
  FROM pg_attribute JOIN pg_foreign_table ON ftrelid = attrelid
 WHERE attnum > 0 ORDER BY 1, 2;
SELECT fdwname, fdwacl FROM pg_foreign_data_wrapper;
SHOW qianfan_fdw.enable_lookup_join;
SELECT extname, extversion, nspname FROM pg_extension e
  JOIN pg_namespace n ON n.oid = extnamespace WHERE extname ~ 'qianfan';
SELECT relname, relacl FROM pg_class WHERE relacl IS NOT NULL AND oid >= 16384
 ORDER BY 1;
SELECT rolname, setconfig FROM pg_db_role_setting LEFT JOIN pg_roles r
    ON r.oid = setrole ORDER BY 1;
SQL
}

1;
