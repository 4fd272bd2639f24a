# Proves that what users make of the extension survives pg_dump and restore.

use IPC::Run ();
use QianfanTest;
use UserObjects qw(create_objects answers);

my $simulator = QianfanSimulator->new(tasks => 50);
my ($node, $other) = map { new_node(name => $_) } qw(main other);
$node->safe_psql('postgres', 'CREATE DATABASE original');
create_objects($node, 'original', $simulator);

my $expected = answers($node, 'original');
like($expected, qr/^amva-/m, 'there is something to compare');

# A dump without the key that recent versions of pg_dump make up each time.
sub dump_of
{
	my ($cluster, @options) = @_;
	my ($text, $errors) = run_command(
		[ 'pg_dump', @options, '-d', $cluster->connstr('original') ]);
	is($errors, '', 'pg_dump has nothing to complain of');
	$text =~ s/^\\(?:un)?restrict .*\n//mg;
	return "$text\n";
}

# Give a script to psql on the other cluster.
sub restore
{
	my ($script, @options) = @_;
	my $output;
	IPC::Run::run(
		[ 'psql', '-X', '-q', '-o', '/dev/null', @options, '-d', $other->connstr('postgres') ],
		'<', \$script, '>', \$output, '2>', \$output);
	return $output;
}

$simulator->reset;
my $dump = dump_of($node, '--create');
is($simulator->calls, 'none', 'a dump asks the service nothing');
like($dump, qr/^CREATE EXTENSION IF NOT EXISTS qianfan_fdw /m,
	'the extension is dumped as one');
unlike($dump, qr/qianfan_fdw_handler/, 'and not its members');

# as text, after the roles, of which one is there already
my ($globals) = run_command(
	[ 'pg_dumpall', '--globals-only', '-d', $node->connstr('postgres') ]);
restore("$globals\n");
is(restore($dump, '-v', 'ON_ERROR_STOP=1'), '', 'the dump can be restored');
is(answers($other, 'original'), $expected, 'the copy answers like the original');
is(dump_of($other, '--create'), $dump, 'and its dump is the same');

# as an archive, in place of what is there
my $archive = "$PostgreSQL::Test::Utils::tmp_check/original.dump";
$node->command_ok(
	[ 'pg_dump', '-Fc', '-f', $archive, '-d', $node->connstr('original') ],
	'an archive can be made');
$other->command_ok(
	[
		'pg_restore', '--clean', '--if-exists', '--exit-on-error', '-d',
		$other->connstr('original'), $archive
	],
	'it can be restored over what there is');
is(answers($other, 'original'), $expected, 'with the same answers');

# What pg_upgrade would be given: members one by one, into an empty extension.
my $upgrade = dump_of($node, '--binary-upgrade', '--schema-only');
like(
	$upgrade,
	qr/binary_upgrade_create_empty_extension\('qianfan_fdw', 'public', true, '[^']+', NULL, NULL/,
	'for pg_upgrade, an empty extension comes first');
like($upgrade, qr/^ALTER EXTENSION qianfan_fdw ADD $_/m, "then its $_")
  foreach 'FUNCTION .*qianfan_fdw_handler\(\)',
  'FUNCTION .*qianfan_fdw_validator\(.*\)',
  'FUNCTION .*qianfan_fdw_version\(\)',
  'FOREIGN DATA WRAPPER .*qianfan_fdw';

end_test($node, $other);
