# Proves that a lookup join keeps max_concurrency calls in flight, asks ahead
# of what it joins, and leaves nothing when it is stopped in mid-batch.

use QianfanTest;
use Sessions qw(open_session begin_query stop_query peak_kb fail_often_sql);

my ($node, $simulator) = new_server(
	tasks => 500,
	conf => 'log_min_messages = fatal',
	sql => fail_often_sql());

my @ids = $simulator->ids(200);
my $keys = join(', ', map { "($_, '$ids[$_]')" } 0 .. $#ids);
$node->safe_psql('postgres', <<"SQL");
ALTER SERVER qianfan OPTIONS (ADD max_concurrency '4', ADD max_retries '0');
CREATE TABLE inv (n int, task_id text);
INSERT INTO inv VALUES $keys;
ANALYZE inv;
ALTER DATABASE postgres SET enable_hashjoin = off;
ALTER DATABASE postgres SET enable_mergejoin = off;
ALTER DATABASE postgres SET enable_nestloop = off;
SQL

sub join_sql
{
	my ($where) = @_;
	return "SELECT i.n, t.id FROM inv i JOIN model_comp_tasks t ON t.id = i.task_id WHERE $where";
}
like($node->safe_psql('postgres', 'EXPLAIN ' . join_sql('true')),
	qr/QianfanLookupJoin/, 'the join is a lookup join');

my ($session, $pid) = open_session($node);

# What the session has open: TCP connections, other descriptors, contexts.
sub leftovers
{
	my @links   = map { readlink($_) // '' } glob("/proc/$pid/fd/*");
	my $sockets = grep { /^socket:/ } @links;
	my $contexts = $session->query_safe(
		"SELECT string_agg(name, ',' ORDER BY name) FROM pg_backend_memory_contexts WHERE name ~ '^qianfan_fdw (lookup join|scan|fetch|keys)'"
	);
	return ($sockets, @links - $sockets, $contexts);
}

my ($most_sockets) = leftovers();
$most_sockets += 4 + 2;

# Never more than max_concurrency, and the place of each answer that came is
# taken at once, by a key of the next batch too: no batch is waited for.
$simulator->hold;
begin_query($session, join_sql('n < 20'));
for my $sent (4 .. 20)
{
	$simulator->wait_for('total', $sent);
	$simulator->wait_for('held',  4);
	is($simulator->get('total') . '/' . $simulator->get('in_flight'),
		"$sent/4", "$sent calls, of which 4 are in flight");
	$simulator->release(1);
}
$simulator->release;
is($session->query('') =~ s/\s+\z//r,
	join("\n", map { "$_|$ids[$_]" } 0 .. 19), 'rows come in outer order');
is($simulator->get('max_in_flight'), 4, 'never more');
is($simulator->calls, 'DescribeModelCompTask=20', 'one call for each key');

# A reader that stops: first one key, then two.
$simulator->reset;
$session->query_safe('BEGIN; DECLARE c CURSOR FOR ' . join_sql('true'));
is($simulator->calls, 'none', 'nothing before the first row');
is($session->query_safe('FETCH 1 FROM c'), "0|$ids[0]", 'a first row');
is($simulator->get('total'), 1, 'costs one call');
is($session->query_safe('FETCH 1 FROM c'), "1|$ids[1]", 'a second row');
is($simulator->get('total'), 3, 'costs two');
is($session->query_safe('FETCH 120 FROM c') =~ tr/|//, 120, 'all the rest');
cmp_ok($simulator->get('total'), '<=', 122 + 3 * 4, 'calls run ahead by no more than 12');
is($session->query_safe('FETCH ALL FROM c; COMMIT') =~ tr/|//, 78, 'the end');
is($simulator->calls, 'DescribeModelCompTask=200', 'each key once');

# Stopped in mid-batch.
foreach my $way ('cancel', 'statement_timeout')
{
	$simulator->reset;
	$simulator->hold;
	$session->query_safe("SET statement_timeout = '2s'")
	  if $way eq 'statement_timeout';
	begin_query($session, join_sql('true'));
	$simulator->wait_for('held', 4);
	$simulator->release(2);
	$simulator->wait_for('total', 6);
	is(stop_query($node, $session, $pid, $way), '57014', "$way: SQLSTATE");
	$session->{stderr} = '';
	$session->query_safe('RESET statement_timeout');
	$simulator->wait_below('in_flight', 0);
	is($simulator->get('in_flight'), 0, "$way: nothing in flight");
	$simulator->reset;
	is($session->query_safe(join_sql('n = 7')), "7|$ids[7]", "$way: the session goes on");
}

# Errors in mid-batch, cursors given up: the second round adds nothing.  Idle
# connections may stay; libcurl has a pair of sockets for itself.
my @after;
foreach my $round (1 .. 2)
{
	foreach my $fault ('http-400', 'truncated-json', 'wrong-id', 'reset-mid-body')
	{
		$simulator->reset;
		$simulator->fail($fault, '--always', '--id', $ids[37]);
		is($session->query_safe("SELECT fail_often('" . join_sql('true') . "', 20)"),
			20, "$fault in the middle, round $round");
	}
	$simulator->reset;
	$session->query_safe('BEGIN; SAVEPOINT s; DECLARE c CURSOR FOR '
		  . join_sql('true') . '; FETCH 9 FROM c; ROLLBACK TO s; COMMIT')
	  for 1 .. 10;
	$session->query_safe(
		'BEGIN; DECLARE c CURSOR FOR ' . join_sql('true') . '; FETCH 9 FROM c; COMMIT')
	  for 1 .. 10;
	my @now = leftovers();
	is($now[2], '', "no context is left, round $round");
	if ($round == 1) { @after = @now; next; }
	cmp_ok($now[0], '<=', $most_sockets, 'no more sockets');
	cmp_ok($now[1], '<=', $after[1], 'no more descriptors');
}
$simulator->wait_below('connections_open', 4);
cmp_ok($simulator->get('connections_open'), '<=', 4, 'connections are kept for the next statement');

# Started over again and again, also after half a batch: each key once.
$simulator->reset;
my $again = 'SELECT sum(c) FROM generate_series(1, 50) g, LATERAL (SELECT count(*) AS c FROM (SELECT t.state FROM inv i JOIN model_comp_tasks t ON t.id = i.task_id WHERE i.n >= g % 10 LIMIT 5) x) y';
is($session->query_safe($again), 250, 'rescans give all rows');
cmp_ok($simulator->get('total'), '<=', 14 + 3 * 4, 'rescans ask for no key twice');
$simulator->fail('http-400', '--always', '--id', $ids[11]);
is($session->query_safe("SELECT fail_often('$again', 3)"), 3, 'an error in a rescan');
$simulator->reset;
is($session->query_safe($again), 250, 'and all is well again');

# Rows that cost no call do not pile up in memory.
$session->query_safe('CREATE TEMP TABLE many AS SELECT i, task_id FROM inv, generate_series(1, 30000) i WHERE n < 10; ANALYZE many');
my $peak = peak_kb($pid);
is($session->query_safe('SELECT count(t.state) FROM many JOIN model_comp_tasks t ON t.id = task_id'),
	300000, 'many rows of few keys');
cmp_ok(peak_kb($pid) - $peak, '<', 16384, 'do not take much memory');

$session->quit;
$simulator->wait_below('connections_open', 0);
is($simulator->get('connections_open'), 0, 'no connection outlives the backend');
end_test($node);
