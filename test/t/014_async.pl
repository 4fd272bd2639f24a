# Proves that scans an Append reads at once can fail and be stopped like one.

use QianfanTest;
use Sessions qw(open_session ask begin_query stop_query);

# Two accounts, each with a simulator of its own, as partitions of one table.
my %simulator = map { $_ => QianfanSimulator->new(tasks => 200) } qw(a b);
my $node      = new_node();
my $sql = "CREATE EXTENSION qianfan_fdw;\n"
  . "CREATE TABLE tasks (account text, id text, state text, strategy text) PARTITION BY LIST (account);\n";
foreach my $name (sort keys %simulator)
{
	$sql .= $simulator{$name}->server_sql($name, max_retries => 0) . <<"SQL";
CREATE FOREIGN TABLE tasks_$name (account text OPTIONS (field 'account'),
  id text, state text, strategy text) SERVER $name;
ALTER TABLE tasks ATTACH PARTITION tasks_$name FOR VALUES IN ('$name');
SQL
}
$node->safe_psql('postgres', $sql);

my $query = 'SELECT count(*), count(strategy) FROM tasks';
my ($session, $pid) = open_session($node);
sub reset_all { $_->reset foreach values %simulator; return }

like($session->query_safe("EXPLAIN (COSTS OFF) $query"),
	qr/Async Foreign Scan.*Async Foreign Scan/s, 'both scans can be read at once');
is(ask($session, $query), '400|400', 'all rows');

# Both are on their way before one has answered.
reset_all();
$_->hold foreach values %simulator;
begin_query($session, $query);
$_->wait_for('held', 1) foreach values %simulator;
pass('both accounts are asked at once');
$_->release foreach values %simulator;
like($session->query(''), qr/^400\|400$/m, 'and both answer');

# The wait can be seen, and stopped.
foreach my $way ('cancel', 'statement_timeout', 'terminate')
{
	$session->quit;
	$_->wait_below('connections_open', 0) foreach values %simulator;
	($session, $pid) = open_session($node);
	reset_all();
	$_->hold foreach values %simulator;
	$session->query_safe("SET statement_timeout = '400ms'")
	  if $way eq 'statement_timeout';
	begin_query($session, $query);
	if ($way ne 'statement_timeout')
	{
		$_->wait_for('held', 1) foreach values %simulator;
		ok( $node->poll_query_until('postgres',
				"SELECT wait_event IS NOT NULL FROM pg_stat_activity WHERE pid = $pid AND state = 'active'"
			),
			"$way: the wait is visible");
	}
	is( stop_query($node, $session, $pid, $way),
		$way eq 'terminate' ? '57P01' : '57014',
		"$way: SQLSTATE");
	foreach my $name (sort keys %simulator)
	{
		$simulator{$name}->wait_below('in_flight',        0);
		$simulator{$name}->wait_below('connections_open', 0);
		is($simulator{$name}->get('connections_open'),
			0, "$way: nothing open at $name");
	}
	reset_all();
	next if $way eq 'terminate';
	$session->{stderr} = '';
	$session->query_safe('RESET statement_timeout');
	is(ask($session, $query), '400|400', "$way: the session goes on");
}

# One of them fails: so does the statement, and the other's calls are dropped.
($session, $pid) = open_session($node);
my $descriptors;
foreach my $round (1 .. 20)
{
	$simulator{b}->fail('http-403', '--action', 'DescribeModelCompTask');
	is(ask($session, $query), '42501', 'one account refuses') if $round == 1;
	ask($session, $query) if $round > 1;
	$_->heal foreach values %simulator;
	is(ask($session, $query), '400|400', "then it does not, round $round");
	my @now = glob("/proc/$pid/fd/*");
	$descriptors //= @now if $round == 5;
	cmp_ok(scalar @now, '<=', $descriptors + 32, 'descriptors')
	  if $round == 20 && @now;
}
is( $session->query_safe(
		"SELECT count(*) FROM pg_backend_memory_contexts WHERE name ~ '^qianfan_fdw (scan|fetch|queue|call|list)'"
	),
	0,
	'no context of a scan is left');

# A reader that stops early, and one that starts over.
reset_all();
is($session->query_safe('SELECT count(*) FROM (SELECT id FROM tasks LIMIT 5) t'),
	5, 'stopping early');
$_->wait_below('in_flight', 0) foreach values %simulator;
is( $session->query_safe(
		"SELECT sum(n) FROM generate_series(1, 3) i, LATERAL (SELECT count(*) AS n FROM tasks WHERE length(id) > i) t"
	),
	1200,
	'starting over');

# A reader that dwells on the rows of one leaves the other the time it has.
$simulator{a}->set('tasks', 20);
$simulator{b}->set('latency_ms', 300);
$node->safe_psql('postgres', "ALTER SERVER b OPTIONS (ADD request_timeout '1s')");
is( ask($session,
		"SELECT count(CASE WHEN tableoid = 'tasks_a'::regclass THEN pg_sleep(0.1)::text ELSE '' END) FROM tasks"),
	220,
	'a slow reader');
reset_all();

# Without it the answer is the same.
$session->query_safe('SET enable_async_append = off');
is(ask($session, $query), '400|400', 'one after the other');
$session->quit;
end_test($node);
