# Proves that an asynchronous Append waits for each server as long as it may,
# and for none longer than it has to.

use QianfanTest;
use Sessions qw(open_session ask);

my %simulator = map { $_ => QianfanSimulator->new(tasks => 100) } qw(a b);
my $node      = new_node();
my $sql = "CREATE EXTENSION qianfan_fdw;\n";
foreach my $name (sort keys %simulator)
{
	$sql .= $simulator{$name}->server_sql(
		$name,
		max_retries     => 0,
		request_timeout => '1s',
		page_size       => 10,
		max_concurrency => 1)
	  . "CREATE FOREIGN TABLE $name (id text, state text, strategy text) SERVER $name;\n";
}
$node->safe_psql('postgres', $sql . <<'SQL');
CREATE TABLE here AS SELECT 'x'::text AS id;
CREATE FUNCTION nap(text) RETURNS text LANGUAGE plpgsql COST 1
  AS 'BEGIN PERFORM pg_sleep(1.5); RETURN $1; END';
SQL
my ($session) = open_session($node);
$session->query_safe("SET statement_timeout = '30s'; SET jit = off");

# One stalls, the other is slow but goes on: that is no excuse for the first.
foreach ([ 'a', 'b' ], [ 'b', 'a' ])
{
	my @order = @$_;
	$_->reset foreach values %simulator;
	$simulator{a}->fail('stall-before-headers', '--always');
	$simulator{b}->set('latency_ms', 40);
	my $query = 'SELECT count(strategy) FROM ('
	  . join(' UNION ALL ', map { "SELECT id, strategy FROM $_" } @order) . ') x';
	is(ask($session, $query), 'HV00N', "@order: one stalls");
	is($simulator{a}->get('total'), 1, "@order: it is not asked again");
	cmp_ok($simulator{b}->get('total'), '<', 100, "@order: nor is the other read to its end");
}

# What the Append does besides is not held against a server.
$_->reset foreach values %simulator;
$simulator{a}->set('latency_ms', 300);
my $mixed = join ' UNION ALL ', 'SELECT id FROM a', ('SELECT pg_sleep(0.02)::text || id FROM here') x 3,
  'SELECT nap(id) FROM here';
like(ask($session, "EXPLAIN $mixed"), qr/Async Foreign Scan/, 'a server and local tables');
is(ask($session, "SELECT count(*) FROM ($mixed) x"), 104, 'all rows');

# A row that is there does not wait for another scan of its server.
$_->reset foreach values %simulator;
my @ids = $simulator{a}->ids(3);
$node->safe_psql('postgres', "ALTER SERVER a OPTIONS (SET request_timeout '60s')");
$simulator{a}->fail('stall-before-headers', '--id', $ids[0]);
$simulator{a}->fail('slow-body:0.2', '--id', $ids[1]);
ask($session, 'BEGIN; DECLARE c CURSOR FOR '
	  . join(' UNION ALL ', map { "SELECT id FROM a WHERE id = '$_'" } @ids));
is(ask($session, 'FETCH 1 FROM c'), $ids[2], 'the first of three scans to answer');
$session->query_safe('SELECT pg_sleep(0.5)');
is(ask($session, 'FETCH 1 FROM c'), $ids[1], 'the second, while one stalls');
$session->query_safe('ROLLBACK');
$session->quit;
end_test($node);
