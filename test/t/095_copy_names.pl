# Proves that no search_path, no other schema of the extension and no update of
# it disturbs a synchronization; that a published copy reaches a subscriber; and
# that files of a failed one do not stay.

use QianfanTest;
use Sessions qw(open_session ask);

my ($node, $simulator) = new_server(
	tasks => 40,
	conf  => "wal_level = logical\nmax_wal_senders = 4\nmax_replication_slots = 4\n",
	sql   => 'DROP EXTENSION qianfan_fdw CASCADE');
my $database = 'postgres';

sub value { return $node->safe_psql($database, $_[0]) }

# A database of version 1.0 with a copy that was made by hand.
value("CREATE EXTENSION qianfan_fdw VERSION '1.0'");
value($simulator->setup_sql('qianfan'));
value(<<'SQL');
CREATE TABLE old_copy AS SELECT id, name, state, weight, failed_reason FROM model_comp_tasks;
ALTER TABLE old_copy ADD PRIMARY KEY (id);
DELETE FROM old_copy WHERE state = 'failed';
UPDATE old_copy SET name = NULL WHERE state = 'stopped';
SQL
my $wrong = value("SELECT count(*) FROM old_copy WHERE name IS NULL");
my $there = value('SELECT count(*) FROM old_copy');
my $running = value("SELECT count(*) FROM old_copy WHERE state IN ('creating', 'running', 'stopping')");
value('ALTER EXTENSION qianfan_fdw UPDATE');
is( value("CALL qianfan_fdw_sync('model_comp_tasks', 'old_copy')"),
	join('|', 40 - $there, $wrong, $there - $wrong, 0, 1 + 40 - $there + $wrong + $running),
	'a copy from before the update is brought up to date');
is(value('SELECT count(*) FROM (SELECT id, name, state, weight, failed_reason FROM model_comp_tasks EXCEPT TABLE old_copy) d'),
	0, 'it is the same');

# Operators, functions and types that lie, in a schema before pg_catalog.
value(<<'SQL');
CREATE SCHEMA evil;
CREATE TABLE evil.log (what text);
CREATE FUNCTION evil.lie(anyelement, anyelement) RETURNS boolean LANGUAGE plpgsql AS
	$$ BEGIN INSERT INTO evil.log VALUES ('lie'); RETURN false; END $$;
CREATE FUNCTION evil.lie(text, text) RETURNS boolean LANGUAGE plpgsql AS
	$$ BEGIN INSERT INTO evil.log VALUES ('text'); RETURN false; END $$;
CREATE FUNCTION evil.lie(timestamptz, timestamptz) RETURNS boolean LANGUAGE plpgsql AS
	$$ BEGIN INSERT INTO evil.log VALUES ('time'); RETURN false; END $$;
CREATE FUNCTION evil.lie(record, record) RETURNS boolean LANGUAGE plpgsql AS
	$$ BEGIN INSERT INTO evil.log VALUES ('record'); RETURN false; END $$;
DO $$ DECLARE op text; type text; BEGIN
	FOREACH op IN ARRAY ARRAY['=', '<>', '<', '>', '<=', '>=', '*=', '*<>'] LOOP
		FOREACH type IN ARRAY ARRAY['text', 'timestamptz', 'record'] LOOP
			EXECUTE format('CREATE OPERATOR evil.%s (LEFTARG = %s, RIGHTARG = %2$s, FUNCTION = evil.lie)', op, type);
		END LOOP;
	END LOOP;
END $$;
CREATE FUNCTION evil.lower(text) RETURNS text LANGUAGE sql AS 'SELECT ''evil''';
CREATE FUNCTION evil.max(timestamptz) RETURNS timestamptz LANGUAGE sql AS 'SELECT ''infinity''::timestamptz';
CREATE FUNCTION evil.count() RETURNS bigint LANGUAGE sql AS 'SELECT 0::bigint';
CREATE FUNCTION evil.now() RETURNS timestamptz LANGUAGE sql AS 'SELECT ''infinity''::timestamptz';
CREATE FUNCTION evil.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS 'SELECT ''infinity''::timestamptz';
CREATE DOMAIN evil.text AS pg_catalog.int4;
CREATE DOMAIN evil.timestamptz AS pg_catalog.int4;
CREATE DOMAIN evil.record AS pg_catalog.int4;
CREATE TABLE evil.qianfan_list (id pg_catalog.text, name pg_catalog.text);
CREATE TABLE evil.qianfan_rows (id pg_catalog.text, name pg_catalog.text);
CREATE VIEW evil.mirrored AS SELECT 'evil' AS id;
CREATE TABLE evil.pg_class (oid oid);
SQL
my $path = 'SET search_path = evil, pg_catalog, public;';
my $call = "CALL public.qianfan_fdw_sync('public.model_comp_tasks', 'public.mirrored'";
my @ids  = $simulator->ids(40);
value("$path SELECT public.qianfan_fdw_mirror('public.model_comp_tasks', 'public.mirrored', true)");
is(value("$path $call)"), '40|0|0|0|41', 'a hostile search_path: first');
$simulator->ctl('change', $ids[0], 'status', 'failed');
$simulator->ctl('remove', $ids[1]);
$simulator->ctl('add', 2);
my $open = value("SELECT count(*) FROM mirrored WHERE state IN ('creating', 'running', 'stopping') AND id NOT IN ('$ids[0]', '$ids[1]')");
is(value("$path $call, commit_every => 9)"), '2|1|38|1|' . (1 + 3 + $open), 'changes');
$open += 2;
is(value("$path $call, only_new => true)") =~ s/\|\d+$//r, "0|0|" . value("SELECT count(*) FROM mirrored WHERE missing_since IS NULL AND state NOT IN ('succeeded', 'failed', 'stopped') OR create_time = (SELECT max(create_time) FROM mirrored)") . '|0',
	'only new tasks');
like(value("$path $call, missing => 'delete')"), qr/^0\|0\|41\|1\|/, 'delete');
is(value("$path CALL public.qianfan_fdw_wait('public.model_comp_tasks', ARRAY['$ids[0]'], '0')"),
	"{}|{$ids[0]}", 'waiting');
is(value('SELECT count(*) FROM evil.log'), 0, 'nobody has asked the liar');
is(value('SELECT count(*) FROM mirrored_history'), 43, 'the history is right');
is(value('SELECT count(*) FROM mirrored WHERE synced_at = \'infinity\''), 0, 'and so is the time');
value('DROP SCHEMA evil CASCADE; DROP TABLE mirrored, mirrored_history');

# The extension moves; triggers and procedures go with it.
value(<<'SQL');
SELECT qianfan_fdw_mirror('model_comp_tasks', 'mirrored', true);
CREATE SCHEMA elsewhere;
ALTER EXTENSION qianfan_fdw SET SCHEMA elsewhere;
SQL
is(value("CALL elsewhere.qianfan_fdw_sync('model_comp_tasks', 'mirrored')"), '41|0|0|0|42',
	'the extension is elsewhere');
is(value("SELECT elsewhere.qianfan_fdw_mirror('model_comp_tasks', 'mirrored2', true)"), 'mirrored2',
	'a mirror, too');
is(value("CALL elsewhere.qianfan_fdw_sync('model_comp_tasks', 'mirrored2', commit_every => 20)"), '41|0|0|0|42',
	'and its history');
is(value('SELECT count(*) FROM mirrored2_history'), 41, 'it has all');

# Files of a synchronization that fails between two commits do not stay.
my ($session, $pid) = open_session($node);
$simulator->set('tasks', 9000);
ask($session, "SET work_mem = '64kB'");
ask($session, "ALTER SERVER qianfan OPTIONS (ADD max_retries '0')");
my $files = 'SELECT count(*) FROM pg_ls_tmpdir()';
foreach my $commits (0, 100)
{
	$simulator->fail('http-500', '--action', 'DescribeModelCompTask', '--after', 350);
	like(ask($session, "CALL elsewhere.qianfan_fdw_sync('model_comp_tasks', 'mirrored', commit_every => $commits)"),
		qr/^HV/, 'it fails');
	is(value($files), 0, 'no file is left');
	$simulator->heal;
}
$simulator->set('tasks', 60);
ask($session, "CALL elsewhere.qianfan_fdw_sync('model_comp_tasks', 'mirrored', missing => 'delete')");

# A copy is published: changes and deletions reach the subscriber.
$node->safe_psql('postgres', 'CREATE DATABASE other');
value('CREATE PUBLICATION copies FOR TABLE mirrored');
my $columns = value("SELECT string_agg(format('%I %s', attname, format_type(atttypid, atttypmod)), ', ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = 'mirrored'::regclass AND attnum > 0");
value("SELECT pg_create_logical_replication_slot('copies', 'pgoutput')");
my $url = $node->connstr('postgres') =~ s/'/''/gr;
$node->safe_psql('other', "CREATE TABLE mirrored ($columns, PRIMARY KEY (id));
	CREATE SUBSCRIPTION copies CONNECTION '$url' PUBLICATION copies WITH (create_slot = false, slot_name = 'copies', copy_data = true)");
$node->wait_for_subscription_sync($node, 'copies', 'other')
  if $node->can('wait_for_subscription_sync');
$simulator->ctl('change', $ids[3], 'status', 'failed');
$simulator->ctl('remove', $ids[4]);
value("CALL elsewhere.qianfan_fdw_sync('model_comp_tasks', 'mirrored', missing => 'delete')");
my $image = "SELECT md5(string_agg(m::text, chr(10) ORDER BY id COLLATE \"C\")) FROM mirrored m";
my $wanted = value($image);
ok($node->poll_query_until('other', "SELECT ($image) = '$wanted'"), 'a subscriber has the same');
$node->safe_psql('other', 'DROP SUBSCRIPTION copies');

end_test($node);
