# Proves that a cursor or portal that is not read to its end leaves nothing
# behind, however it ends, not even with a call in flight.

use FindBin;
use lib "$FindBin::Bin/../clients";
use ClientTest;
use QianfanTest;

my ($simulator, $node) = start_server();
my @ids  = $simulator->ids(200);
my $keys = "'{" . join(',', @ids) . "}'";

# title, query, its condition
my @sources = (
	[ 'list', 'SELECT id, name FROM model_comp_tasks', '' ],
	[   'keys', "SELECT id, weight FROM model_comp_tasks WHERE id = ANY ($keys)",
		''
	],
	[   'list with details',
		q{SELECT id, config FROM model_comp_tasks WHERE state = 'failed'},
		q{WHERE state = 'failed'}
	]);

# The id in the fourth row.
$_->[2] = $node->safe_psql('postgres',
	"SELECT id FROM expected $_->[2] ORDER BY n LIMIT 1 OFFSET 3")
  foreach @sources;

my $session;

sub check_session
{
	my ($title) = @_;
	$simulator->wait_below('in_flight', 0);
	is($simulator->get('in_flight'), 0, "$title: nothing in flight");
	is( $session->query_safe('SELECT count(*) FROM pg_cursors'),
		0, "$title: no cursor left");
	is( $session->query_safe(
			"SELECT count(*) FROM pg_backend_memory_contexts WHERE name LIKE 'qianfan_fdw scan%'"
		),
		0,
		"$title: no scan left");
	$simulator->reset;
	is( $session->query_safe(
			"SELECT count(*) FROM model_comp_tasks WHERE id = '$ids[0]'"),
		1,
		"$title: the session goes on");
	return;
}

# Open a cursor over a source and read four rows.  One of the replies it asked
# for, or will, never ends.
sub open_cursor
{
	my ($source, $title, $kind) = @_;
	my ($name, $query, $fourth) = @$source;
	$simulator->reset;
	$simulator->fail('stall-mid-body', '--always',
		$name eq 'keys'
		? ('--id', $ids[9])
		: ('--after', 1, '--action', 'DescribeModelCompTasks'));
	is( $session->query_safe(
			"BEGIN; SAVEPOINT s; DECLARE c CURSOR $kind FOR $query; MOVE 3 FROM c; FETCH 1 FROM c"
		) =~ s/\|.*//r,
		$fourth,
		"$title: the fourth row");
	return;
}

# what ends the cursor, how, kind of cursor, what psql says
my @ends = (
	[ 'CLOSE',       'CLOSE c; COMMIT' ],
	[ 'CLOSE ALL',   'CLOSE ALL; COMMIT' ],
	[ 'COMMIT',      'COMMIT' ],
	[ 'ROLLBACK',    'ROLLBACK' ],
	[ 'ROLLBACK TO', 'ROLLBACK TO s; COMMIT' ],
	[ 'error', 'SELECT 1/0; COMMIT', '', "ERROR:  22012" ],
	[   'timeout',
		"SET LOCAL statement_timeout = '100ms'; MOVE ALL FROM c; COMMIT", '',
		"ERROR:  57014"
	],
	[ 'WITH HOLD, ROLLBACK', 'ROLLBACK', 'WITH HOLD' ]);

$session = psql_session($node);
foreach my $end (@ends)
{
	foreach my $source (@sources)
	{
		my $title = "$end->[0], $source->[0]";
		open_cursor($source, $title, $end->[2] // '');
		is(lines_of($session, $end->[1]), $end->[3] // '', "$title: ends");
		check_session($title);
	}
}
$session->quit;

foreach my $way ('quit', 'terminate')
{
	foreach my $source (@sources)
	{
		my $title = "$way, $source->[0]";
		$session = psql_session($node);
		my $backend = $session->query_safe('SELECT pg_backend_pid()');
		open_cursor($source, $title, '');
		$node->safe_psql('postgres', "SELECT pg_terminate_backend($backend)")
		  if $way eq 'terminate';
		eval { $session->quit };
		check_nothing_left($simulator, $node, $title);
	}
}

# WITH HOLD: the commit reads the rest, or fails with what the API says.
$session = psql_session($node);
$simulator->reset;
$session->query_safe(
	"BEGIN; DECLARE c CURSOR WITH HOLD FOR $sources[0][1]; MOVE 3 FROM c; COMMIT"
);
is($simulator->calls, 'DescribeModelCompTasks=10', 'WITH HOLD: the commit reads');
$session->query_safe('MOVE ALL FROM c; CLOSE c');
is($simulator->calls, 'DescribeModelCompTasks=10', 'WITH HOLD: nothing is read twice');
check_session('WITH HOLD');
$simulator->fail('http-400', '--after', 2, '--action', 'DescribeModelCompTasks');
is( lines_of(
		$session,
		"BEGIN; DECLARE c CURSOR WITH HOLD FOR $sources[0][1]; MOVE 3 FROM c;\nCOMMIT"
	),
	"ERROR:  HV000",
	'WITH HOLD: the commit fails with the API');
check_session('WITH HOLD, failed');

# A statement_timeout does not apply to a commit, a cancel does.
my $pid = $session->query_safe('SELECT pg_backend_pid()');
foreach my $source (@sources)
{
	my $title = "WITH HOLD, cancel of COMMIT, $source->[0]";
	open_cursor($source, $title, 'WITH HOLD');
	$session->query_until(qr/^begun$/m, "\\echo begun\nCOMMIT;\n");
	$simulator->wait_for('faults_fired', 1);
	ok( $node->poll_query_until('postgres',
			"SELECT wait_event_type = 'Extension' AND query = 'COMMIT;' FROM pg_stat_activity WHERE pid = $pid"
		),
		"$title: waits");
	$node->safe_psql('postgres', "SELECT pg_cancel_backend($pid)");
	is(lines_of($session, ''), 'ERROR:  57014', "$title: ends");
	check_session($title);
}

# PL/pgSQL makes portals of its own.
$node->safe_psql('postgres', <<'SQL');
CREATE FUNCTION first_of(query text, leave text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  r record;
BEGIN
  FOR r IN EXECUTE query LOOP
    IF leave = 'raise' THEN RAISE 'enough'; END IF;
    IF leave = 'return' THEN RETURN r.id; END IF;
    EXIT;
  END LOOP;
  RETURN r.id;
EXCEPTION WHEN raise_exception THEN
  RETURN r.id;
END $$;
SQL
foreach my $leave ('exit', 'return', 'raise')
{
	$simulator->reset;
	is( $session->query_safe("SELECT first_of('$sources[0][1]', '$leave')"),
		$ids[0], "PL/pgSQL, $leave");
	$simulator->wait_below('in_flight', 0);
	cmp_ok($simulator->get('total'), '<=', 2, "PL/pgSQL, $leave: calls");
	check_session("PL/pgSQL, $leave");
}

$session->quit;
check_nothing_left($simulator, $node, 'portals');
end_test($node);
