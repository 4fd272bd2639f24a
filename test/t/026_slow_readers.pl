# Proves that time nobody waits in is not held against the server, and that no
# answer is lost that comes while something else is going on.

use QianfanTest;
use Sessions qw(open_session ask);

my ($node, $simulator) = new_server(tasks => 400, latency_ms => 50);
$node->safe_psql('postgres', <<'SQL');
ALTER SERVER qianfan OPTIONS (ADD max_retries '0', ADD request_timeout '1s', ADD page_size '20');
CREATE FUNCTION slow(text) RETURNS bool LANGUAGE plpgsql COST 1
  AS 'BEGIN PERFORM pg_sleep(0.2); RETURN true; END';
SQL
my @ids = $simulator->ids(8);
my ($session) = open_session($node);

# A page is read ahead, and the reader does something else until its time is
# over.
$session->query_safe('BEGIN; DECLARE c CURSOR FOR SELECT id FROM model_comp_tasks');
foreach my $n (1 .. 4)
{
	like(ask($session, 'FETCH 15 FROM c'), qr/^amva-/, "FETCH $n");
	$session->query_safe('SELECT pg_sleep(1.3)');
}
is($session->query_safe('FETCH ALL FROM c') =~ tr/\n//, 339, 'all other rows');
$session->query_safe('COMMIT');
is( ask($session, "SELECT count(*) FROM (SELECT id, pg_sleep(0.03) FROM model_comp_tasks LIMIT 100) x"),
	100,
	'a slow SELECT');

# What waits in vain while somebody waits is still given up.
$simulator->fail('stall-before-headers');
is(ask($session, "SELECT count(*) FROM model_comp_tasks WHERE id = '$ids[0]'"),
	'HV00N', 'a stall');
$simulator->heal;

# Scans of one server in an Append.  While a row of the second is looked at, the
# answer to the first comes; the second takes it in and returns another row.
my @slow = map { $_ eq 'slow' ? "id IN ('$ids[0]', '$ids[1]', '$ids[4]') AND slow(id)" : "id = '$_'" }
  $ids[2], 'slow', $ids[3];
my $append = 'SELECT count(pg_sleep(0.8)) FROM ('
  . join(' UNION ALL ', map { "SELECT id FROM model_comp_tasks WHERE $_" } @slow)
  . ' LIMIT 3) x';
ask($session, "SET statement_timeout = '20s'");
$node->safe_psql('postgres', <<"SQL");
ALTER SERVER qianfan OPTIONS (SET request_timeout '60s');
CREATE OR REPLACE FUNCTION slow(id text) RETURNS bool LANGUAGE plpgsql COST 1
  AS 'BEGIN IF id <> ''$ids[0]'' THEN RETURN true; END IF; PERFORM pg_sleep(1.5); RETURN false; END';
SQL
$simulator->set('latency_ms', 0);
is(ask($session, "SELECT count(*) FROM model_comp_tasks WHERE id = ANY ('{@{[ join ',', @ids ]}}')"), 8, 'connections');
$simulator->fail('slow-body:0.3', '--always', '--id', $_) foreach @ids[ 0, 1 ];
$simulator->fail('slow-body:3', '--always', '--id', $ids[2]);
$simulator->fail('stall-before-headers', '--always', '--id', $ids[4]);
is(ask($session, $append), 3, 'no wake-up is lost');
$simulator->heal;
is( ask($session, 
		'SELECT count(*) FROM (' . join(' UNION ALL ',
			map { "SELECT id FROM model_comp_tasks WHERE id = '$_'" } (@ids) x 12) . ') x'),
	96, 'more scans than can be waited for at once');
$simulator->set('latency_ms', 100);
$simulator->fail('slow-body:0.3', '--always', '--id', $ids[0]);
$simulator->fail('slow-body:1', '--always', '--id', $ids[1]);

# More scans than can be waited for at once: some wait alone, none ends twice.
my $many = 'SELECT count(id) FROM ('
  . join(' UNION ALL ',
	map { "SELECT id FROM model_comp_tasks WHERE id = '$_'" } @ids[ 0, 1 ], (@ids[ 2 .. 7 ]) x 16)
  . ') x';
$simulator->set('latency_ms', 100);
$simulator->fail('slow-body:1', '--always', '--id', $ids[0]);
$simulator->fail('slow-body:4', '--always', '--id', $ids[1]);
is(ask($session, $many), 98, 'more scans than can be waited for at once');
$simulator->set('latency_ms', 0);
$simulator->heal;
is(scalar(() = $session->query_safe("EXPLAIN $many") =~ /Async Foreign Scan/g),
	98, 'all of them were asynchronous');
like($session->query_safe("EXPLAIN $append"),
	qr/(Async Foreign Scan.*){3}/s, 'all were asynchronous');
$simulator->reset;

# Nor does a parallel worker make calls nobody counts.
$session->query_safe(<<"SQL");
CREATE FUNCTION look(int) RETURNS text LANGUAGE plpgsql PARALLEL SAFE COST 100000
  AS 'BEGIN RETURN (SELECT id FROM model_comp_tasks WHERE id = ''$ids[0]''); END';
CREATE TABLE numbers AS SELECT n FROM generate_series(1, 50) n;
ALTER TABLE numbers SET (parallel_workers = 2);
ANALYZE numbers;
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0; SET max_parallel_workers_per_gather = 2;
SET parallel_leader_participation = off;
SQL
like($session->query_safe('EXPLAIN SELECT count(look(n)) FROM numbers'),
	qr/Gather/, 'a parallel plan');
is(ask($session, 'SELECT count(look(n)) FROM numbers'), '25000', 'a parallel worker');
ask($session, 'ALTER FUNCTION look PARALLEL RESTRICTED');
$session->query_safe("SET statement_timeout = '30s'");
is(ask($session, 'SELECT count(look(n)) FROM numbers'), 50, 'the leader');
$session->quit;
end_test($node);
