# Proves that pg_upgrade carries the extension, and what users made of it, to
# another cluster.  Both clusters are of one version, for there is no other
# here, but the way is the same.

use QianfanTest;
use UserObjects qw(create_objects answers);

my $simulator = QianfanSimulator->new(tasks => 50);
my $old = new_node(name => 'old_cluster');
my $new = PostgreSQL::Test::Cluster->new('new_cluster');
$new->init;
$old->safe_psql('postgres', 'CREATE DATABASE original');
create_objects($old, 'original', $simulator);
my $expected = answers($old, 'original');
my $oids     = 'SELECT oid, relname FROM pg_class WHERE oid >= 16384 ORDER BY 1';
my $old_oids = $old->safe_psql('original', $oids);
$old->stop;

# It leaves scripts where it is called.
chdir $PostgreSQL::Test::Utils::tmp_check or die $!;
my ($bindir) = run_command([ 'pg_config', '--bindir' ]);
$simulator->reset;
command_ok(
	[
		'pg_upgrade', '--no-sync',
		'-d', $old->data_dir, '-D', $new->data_dir,
		'-b', $bindir,        '-B', $bindir,
		'-s', $new->host,     '-p', $old->port,
		'-P', $new->port
	],
	'pg_upgrade ends well');
is($simulator->calls, 'none', 'and asks the service nothing');

$new->start;
is(answers($new, 'original'), $expected, 'the new cluster answers alike');
is($new->safe_psql('original', $oids), $old_oids, 'tables keep their ids');
is( $new->safe_psql(
		'original',
		"SELECT extversion = qianfan_fdw_version() FROM pg_extension WHERE extname = 'qianfan_fdw'"
	),
	't',
	'the extension is the one of the library');
is($new->safe_psql('original', 'DROP EXTENSION qianfan_fdw CASCADE; SELECT count(*) FROM pg_foreign_table'),
	'0', 'and its objects are still members of it');

end_test($new);
