# Proves that clients behind pgbouncer share a session without disturbing each
# other: transaction pooling, one server session for all.

use File::Temp ();
use FindBin;
use IPC::Run ();
use lib "$FindBin::Bin/../clients";
use ClientTest;
use QianfanTest;

my $pgbouncer = find_program('pgbouncer');
my ($python) = grep { system("$_ -c 'import psycopg2' >/dev/null 2>&1") == 0 }
  '/usr/bin/python3', 'python3';
need_client('pgbouncer', $pgbouncer);
need_client('psycopg2',  $python);

my ($version) = `'$pgbouncer' --version` =~ /PgBouncer (\d+\.\d+)/i;

my ($simulator, $node) = start_server();
my $directory = File::Temp->newdir(TMPDIR => 1);
my $port      = PostgreSQL::Test::Cluster::get_free_port();
my $owner     = getpwuid($>);
my ($pid, $log);

# In the foreground, so that it is ours to stop; it says when it is ready.
sub start_pgbouncer
{
	append_to_file("$directory/users.txt", qq("$owner" ""\n));
	append_to_file("$directory/pgbouncer.ini", <<"INI");
[databases]
postgres = host=@{[ $node->host ]} port=@{[ $node->port ]} dbname=postgres
[pgbouncer]
listen_addr =
listen_port = $port
unix_socket_dir = @{[ $node->host ]}
auth_type = trust
auth_file = $directory/users.txt
pool_mode = transaction
default_pool_size = 1
log_connections = 0
log_disconnections = 0
@_
INI
	$pid = open($log, '-|',
		"exec '$pgbouncer' '$directory/pgbouncer.ini' </dev/null 2>&1")
	  // die "pgbouncer: $!";
	my @lines;
	while (my $line = <$log>)
	{
		return if $line =~ /process up/;
		push @lines, $line;
	}
	die "pgbouncer did not start: @lines";
}

# Returns what it has logged.
sub stop_pgbouncer
{
	my ($signal) = @_;
	return '' unless $pid;
	local $?;
	kill($signal, $pid);
	my @lines = <$log>;
	close($log);
	undef $pid;
	return join('', @lines);
}

END { stop_pgbouncer('KILL') }

# Let several clients run a script with parameters, in one of pgbench's modes.
sub check_pgbench
{
	my ($mode) = @_;
	my ($output, $errors);

	append_to_file("$directory/$mode.sql", <<'SQL');
\set i random(0, 999)
SELECT name FROM model_comp_tasks WHERE id = (SELECT id FROM expected WHERE n = :i);
SQL
	$simulator->reset;
	IPC::Run::run(
		[   'pgbench', '-n', '-M', $mode, '-c', '5', '-j', '2', '-t', '8',
			'-h', $node->host, '-p', $port, '-U', $owner, '-f',
			"$directory/$mode.sql", 'postgres'
		],
		'>', \$output, '2>', \$errors);
	is($?, 0, "pgbench -M $mode") or diag($errors);
	like($output, qr/actually processed: 40\/40/,
		"pgbench -M $mode: transactions");
	is($simulator->calls, 'DescribeModelCompTask=40',
		"pgbench -M $mode: one call each");
	return;
}

# Version 1.21 was the first to let clients have named statements.
my $named = $version >= 1.21;
start_pgbouncer($named ? 'max_prepared_statements = 20' : '');

take_tests($simulator, $node, 'pgbouncer', 'env', "PGPORT=$port", $python,
	client_file('pgbouncer_client.py'));
check_pgbench($_) foreach 'simple', 'extended';
SKIP:
{
	skip "pgbouncer $version has no named statements", 3 unless $named;
	check_pgbench('prepared');
}
$simulator->wait_below('in_flight', 0);
cmp_ok($simulator->get('connections_open'),
	'<=', 16, 'one session keeps one session\'s API connections');

unlike(stop_pgbouncer('TERM'), qr/FATAL|assert/i, 'pgbouncer ends in peace');
check_nothing_left($simulator, $node, 'pgbouncer');

end_test($node);
