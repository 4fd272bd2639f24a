# Proves that a budget outlives a library that is first loaded in parallel mode,
# where core lets no parameter be set, and that workers repeat no warning.

use QianfanTest;

my ($node, $simulator) = new_server(
	tasks => 500,
	init  => [ auth_extra => [ '--create-role', 'plain,number,word' ] ]);
my ($access_key, $secret_key) = map { $simulator->$_ } qw(access_key secret_key);
my $name  = 'qianfan_fdw.max_requests';
my $boss = $node->safe_psql('postgres', 'SELECT current_user');

# With no worker to be had, the leader runs the plan, in parallel mode; with
# some, a worker may not call.
$node->safe_psql('postgres', <<"SQL");
CREATE ROLE plain LOGIN;
CREATE ROLE number LOGIN;
CREATE ROLE word LOGIN;
ALTER ROLE number SET $name = 2;
ALTER ROLE word SET $name = 'abc';
ALTER ROLE word SET qianfan_fdw.max_request = 3;
CREATE USER MAPPING FOR PUBLIC SERVER qianfan
  OPTIONS (access_key '$access_key', secret_key '$secret_key');
CREATE TABLE numbers AS SELECT generate_series(1, 1000) AS n;
CREATE FUNCTION read_list() RETURNS bigint LANGUAGE plpgsql PARALLEL SAFE
  AS 'BEGIN RETURN (SELECT count(*) FROM model_comp_tasks); END';
CREATE FUNCTION load() RETURNS text LANGUAGE plpgsql PARALLEL SAFE
  AS 'BEGIN RETURN qianfan_fdw_version(); END';
GRANT SELECT ON model_comp_tasks, numbers TO PUBLIC;
SQL
my $parallel = join ' ', map { "SET $_;" } (
	'min_parallel_table_scan_size = 0', 'parallel_setup_cost = 0',
	'parallel_tuple_cost = 0', 'max_parallel_workers_per_gather = 2');
my $leader = "$parallel SET max_parallel_workers = 0;";
my $load   = 'SELECT count(*) FROM numbers WHERE load() IS NULL;';

# The SQLSTATE of the last error, and the calls.
sub run_as
{
	my ($role, $sql, $options) = @_;
	local $ENV{PGOPTIONS} = $options // '';
	$simulator->reset;
	my (undef, $output, $error) = $node->psql('postgres', $sql, on_error_stop => 0,
		extra_params => [ '-U', $role, '-v', 'VERBOSITY=sqlstate' ]);
	my ($state) = $error =~ /.*ERROR:\s+(\w+)/s;
	return ($state // 'none') . ' ' . $simulator->get('total');
}

like($node->safe_psql('postgres', "$leader EXPLAIN $load"), qr/Parallel Seq Scan/, 'the plan is parallel');
my $read = 'SELECT count(*) FROM model_comp_tasks;';
foreach (
	[ 'plain',  'none 5' ],
	[ 'number', '54000 2' ],
	[ 'word',   '22023 0' ],
	[ 'number', '42501 0', "-c $name=100" ],
	[ 'plain',  '42501 0', "-c $name=100" ],
	[ $boss,    '54000 4', "-c $name=4" ])
{
	my ($role, $expected, $options) = @$_;
	my $title = "$role" . (defined $options ? " with $options" : '');
	is(run_as($role, "$leader $load $read", $options), $expected, "loaded in parallel mode: $title");
	next if $role eq $boss || $expected =~ /none/;
	is(run_as($role, "$leader SET $name = 100; $load $read", $options), $expected, '... after SET');
	is(run_as($role, "$leader $load RESET ALL; $read", $options), $expected, '... before RESET ALL');
}
is(run_as($boss, "$leader SET $name = 3; $load $read"), '54000 3', 'what a superuser has set');
is(run_as($boss, "$leader SET $name = 3; $load SET $name = 4; $read"), '54000 4', 'and sets again');
is(run_as('number', "$leader SELECT count(read_list()) FROM numbers WHERE n = 1;"), '54000 2',
	'calls in parallel mode');
is(run_as('word', "$leader SELECT count(read_list()) FROM numbers WHERE n = 1;"), '22023 0',
	'calls in parallel mode, a typo');
my (undef, $shown) = $node->psql('postgres', "$leader $load $read SHOW $name",
	on_error_stop => 0, extra_params => [ '-U', 'number' ]);
like($shown, qr/^2\z/m, 'SHOW tells it');

# Workers.
my $workers = "$parallel SET parallel_leader_participation = off;";
is(run_as('number', "$workers $load $read"), '54000 2', 'loaded by workers only');
is(run_as('number', "$workers SELECT count(read_list()) FROM numbers WHERE n = 1;"), '25000 0',
	'workers make no call');
is(run_as('word', "$workers $load $read"), '22023 0', 'loaded by workers only, a typo');
foreach my $before ('', 'SELECT qianfan_fdw_version();')
{
	my (undef, undef, $error) = $node->psql('postgres', "$workers $before \\echo\n$load", on_error_stop => 0,
		extra_params => [ '-U', 'word' ]);
	is(scalar(() = $error =~ /WARNING/g), $before ? 2 : 0, 'workers repeat no warning');
}
end_test($node);
