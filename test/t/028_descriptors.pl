# Proves that running short of file descriptors makes calls wait for each other
# rather than fail, and that running out is an error that says so.

use QianfanTest;
use Sessions qw(open_session ask begin_query);

my $accounts  = 40;
my $simulator = QianfanSimulator->new(tasks => 200, latency_ms => 5);
# A third of the descriptors may be ours.
my $node = new_node(conf => 'max_files_per_process = 200');

# Many accounts, each of them a server, and some of them partitions of a table.
my $sql = $simulator->setup_sql('qianfan');
foreach my $n (1 .. $accounts)
{
	$sql .= $simulator->server_sql("s$n", max_retries => 0)
	  . "CREATE FOREIGN TABLE t$n (id text, strategy text) SERVER s$n;\n";
}
foreach ([ 'a_few', 4 ], [ 'many', $accounts ])
{
	my ($name, $n) = @$_;
	$sql .= "CREATE VIEW $name AS "
	  . join(' UNION ALL ', map { "SELECT id, strategy FROM t$_" } 1 .. $n) . ";\n";
}
$node->safe_psql('postgres', $sql);
my ($session) = open_session($node);

# One after another: connections kept for one make room for the next.
my @results = map { ask($session, "SELECT count(strategy) FROM t$_") } 1 .. 12;
is("@results", join(' ', (200) x 12), 'many servers, one after another');
cmp_ok($simulator->get('connections_open'), '<', 67, 'connections are not all kept');

# More calls at once than there can be connections.
$node->safe_psql('postgres', "ALTER SERVER qianfan OPTIONS (ADD max_concurrency '256')");
$simulator->reset;
is(ask($session, 'SELECT count(strategy) FROM model_comp_tasks'),
	200, 'more calls than there can be connections');
is($simulator->calls, 'DescribeModelCompTask=200 DescribeModelCompTasks=2',
	'none is made twice');

# What that has kept open is closed for another server.
$simulator->reset;
is(ask($session, 'SELECT count(strategy) FROM t1'), 200, 'the next server');
is($simulator->get('max_in_flight:DescribeModelCompTask'), 16, 'has what it may have');

# Several at once.
$simulator->reset;
like($session->query_safe('EXPLAIN SELECT * FROM a_few'),
	qr/(Async Foreign Scan.*){4}/s, 'several servers at once');
$simulator->hold('--action', 'DescribeModelCompTask');
begin_query($session, 'SELECT count(strategy) FROM a_few');
$simulator->wait_for('held', 17);
pass('several at once: more calls than one of them may have');
$simulator->release;
is(ask($session, ''), 800, 'several at once: all rows');
is(ask($session, 'SELECT count(strategy) FROM many'), 200 * $accounts,
	'more servers at once than there can be connections: all rows');
is(ask($session, 'SELECT count(strategy) FROM t1'), 200, 'the session goes on');

# A cursor that has taken what it could leaves others enough to go on with.
ask($session, 'BEGIN; DECLARE c CURSOR FOR SELECT strategy FROM model_comp_tasks; FETCH 1 FROM c');
is(ask($session, "SELECT count(strategy) FROM t$_"), 200, "beside a cursor: t$_") foreach 2, 3;
is(ask($session, 'FETCH ALL FROM c') =~ tr/\n//, 198, 'and the cursor goes on');
$session->quit;
end_test($node);
