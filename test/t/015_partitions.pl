# Proves that partitions on eight servers are read at the same time.
#
# The calls of all partitions wait at the gate of one simulator, which the
# servers share, so that being there together can be counted without a clock.
#
# Runs alone, because it measures time.

use QianfanTest;

my $partitions = 8;
my $simulator  = QianfanSimulator->new(tasks => 100);
my $node       = new_node();
my $sql = "CREATE EXTENSION qianfan_fdw;\n"
  . "CREATE TABLE tasks (account text, id text, state text) PARTITION BY LIST (account);\n";
foreach my $i (1 .. $partitions)
{
	$sql .= $simulator->server_sql("account_$i") . <<"SQL";
CREATE FOREIGN TABLE tasks_$i (account text OPTIONS (field 'name'),
  id text, state text) SERVER account_$i;
ALTER TABLE tasks ATTACH PARTITION tasks_$i FOR VALUES IN ('$i');
SQL
}
$node->safe_psql('postgres', $sql);

my $query = 'SELECT count(*) FROM (SELECT id FROM tasks) t';
my $plan  = $node->safe_psql('postgres', "EXPLAIN (COSTS OFF) $query");
is(scalar(() = $plan =~ /Async Foreign Scan/g),
	$partitions, 'each partition is an Async Foreign Scan');

# Read it with a first call of each partition held, and count those.
sub in_flight_together
{
	my ($setting, $expected) = @_;
	$simulator->reset;
	$simulator->hold;
	my $session = $node->background_psql('postgres', on_error_stop => 0);
	$session->query_safe($setting);
	$session->query_until(qr/^begun$/m, "\\echo begun\n$query;\n");
	$simulator->wait_for('in_flight', $expected);
	my $together = $simulator->get('in_flight');
	$simulator->release;
	my $output = $session->query('');
	$session->quit;
	like($output, qr/\b@{[ 100 * $partitions ]}\b/, "all rows with $setting");
	is($simulator->get('total'), $partitions, "a page each with $setting");
	return $together;
}

is(in_flight_together('SET enable_async_append = on', $partitions),
	$partitions, 'the calls of all partitions are in flight at once');
is(in_flight_together('SET enable_async_append = off', 1),
	1, 'one at a time without asynchronous execution');

# Eight answers that take a second each: about a second of API time, which
# shows as eight in flight at most and on average nearly as many.
$simulator->reset;
$simulator->set('latency_ms', 1000);
is($node->safe_psql('postgres', $query),
	100 * $partitions, 'all rows of slow servers');
is($simulator->get('max_in_flight'),
	$partitions, 'slow calls are all in flight at once');
cmp_ok($simulator->get('average_in_flight'),
	'>', $partitions - 1, 'and so they are most of the time');

end_test($node);
