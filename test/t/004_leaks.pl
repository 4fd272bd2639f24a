# Proves that failed, abandoned and interrupted calls leave nothing behind.
#
# After a warm-up, each loop below must leave the backend with as many file
# descriptors, as many connections and as large memory contexts as before.

use QianfanTest;
use Sessions qw(open_session fail_often_sql);

my ($node, $simulator) = new_server(
	tasks => 500,
	conf => 'log_min_messages = fatal',
	sql => fail_often_sql());
$node->safe_psql('postgres', <<'SQL');
ALTER SERVER qianfan OPTIONS (ADD max_retries '0', ADD request_timeout '10s');

-- Let a cursor make its first row in a subtransaction that is rolled back.
CREATE FUNCTION abandon_often(query text, times int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE c refcursor; r record;
BEGIN
  FOR i IN 1 .. times LOOP
    BEGIN
      c := NULL; OPEN c FOR EXECUTE query;
      FETCH c INTO r;
      RAISE 'enough';
    EXCEPTION WHEN raise_exception THEN
    END;
  END LOOP;
END $$;

CREATE VIEW our_contexts AS
SELECT name, count(*) AS n, sum(total_bytes) AS bytes
FROM pg_backend_memory_contexts WHERE name LIKE 'qianfan_fdw%' GROUP BY name;
SQL

my @ids  = $simulator->ids(64);
my $one  = "SELECT * FROM model_comp_tasks WHERE id = '$ids[0]'";
my $many = "SELECT * FROM model_comp_tasks WHERE id = ANY ('{"
  . join(',', @ids) . "}')";
my $list = 'SELECT * FROM model_comp_tasks';

my ($session, $pid) = open_session($node);

sub quoted { return q{'} . $_[0] =~ s/'/''/gr . q{'} }

# Descriptors of the backend: sockets, others except files of the database.
sub descriptors
{
	my @links   = map { readlink($_) // '' } glob("/proc/$pid/fd/*");
	my $sockets = grep { /^socket:/ } @links;
	return ($sockets, scalar grep { !m{^socket:|/(?:base|global)/} } @links);
}

sub resident_kb
{
	return slurp_file("/proc/$pid/status") =~ /^VmRSS:\s+(\d+) kB/m ? $1 : 0;
}

# Contexts of ours between statements, one line each.
sub contexts
{
	return $session->query_safe('SELECT * FROM our_contexts ORDER BY name');
}

# Idle connections may stay, but never more than max_concurrency; libcurl has a
# pair of sockets for itself.
my ($most_sockets) = descriptors();
$most_sockets += 16 + 2;

# Run $work twice: what the first run leaves (caches) may stay, the second may
# add nothing.
sub check_flat
{
	my ($title, $work) = @_;

	$simulator->reset;
	$work->();
	my (undef, $others) = descriptors();
	my ($contexts, $resident) = (contexts(), resident_kb());
	$work->();
	my ($sockets, $others_after) = descriptors();
	cmp_ok($sockets, '<=', $most_sockets, "$title: sockets");
	cmp_ok($others_after, '<=', $others, "$title: other descriptors");
	is(contexts(), $contexts, "$title: memory contexts");
	cmp_ok(resident_kb(), '<', $resident + 3072, "$title: resident memory");

	$simulator->wait_below('in_flight',        0);
	$simulator->wait_below('connections_open', 16);
	return;
}

SKIP:
{
	skip 'there is no /proc', 1 unless -d "/proc/$pid/fd";
	# Errors of all kinds, caught by PL/pgSQL.
	foreach my $fault ('http-400', 'SignatureDoesNotMatch',
		'truncated-json', 'wrong-id', 'close-before-headers',
		'reset-mid-body', 'u0000', 'bad-number')
	{
		foreach ([ 'one call', $one, 200 ], [ 'many calls', $many, 20 ],
			[ 'a list', $list, 20 ])
		{
			my ($title, $query, $times) = @$_;
			next if $fault =~ /^(wrong-id|bad-number)$/ && $title eq 'a list';
			$times = 1000 if $title eq 'one call' && $fault eq 'http-400';
			check_flat(
				"$fault, $title",
				sub {
					$simulator->fail($fault, '--always');
					my $failed = $session->query_safe(
						"SELECT fail_often(" . quoted($query) . ", $times)");
					is($failed, $times, "$fault, $title: fails each time");
					$simulator->heal;
				});
		}
	}

	# Statements that a timeout ended.
	check_flat(
		'timeouts',
		sub {
			$simulator->hold;
			$session->query(
				"SET statement_timeout = '20ms';\n$many;\nRESET statement_timeout"
			) for 1 .. 10;
			is($session->{stderr} =~ s/statement timeout//g,
				10, 'timeouts: as many as there should be');
			$session->{stderr} = '';
			$simulator->release;
		});

	# Cursors that were opened, read from and never closed.
	foreach ([ 'keys', $many ], [ 'list', $list ])
	{
		my ($title, $query) = @$_;
		check_flat(
			"abandoned cursors, $title",
			sub {
				$session->query_safe(
					"SELECT abandon_often(" . quoted($query) . ", 20)");
			});
		check_flat(
			"savepoints, $title",
			sub {
				$session->query_safe(
					"BEGIN; SAVEPOINT s; DECLARE c CURSOR FOR $query; FETCH 1 FROM c; ROLLBACK TO s; DECLARE c CURSOR FOR $query; FETCH 1 FROM c; COMMIT"
				) for 1 .. 5;
			});
		check_flat(
			"cursors left open or held, $title",
			sub {
				$session->query_safe(
					"BEGIN; DECLARE a CURSOR FOR $query; DECLARE b CURSOR WITH HOLD FOR $query; FETCH 3 FROM a; FETCH 3 FROM b; COMMIT; FETCH 1 FROM b; CLOSE b"
				) for 1 .. 5;
				$session->query_safe(
					"BEGIN; DECLARE a CURSOR FOR $query; FETCH 3 FROM a; ROLLBACK"
				) for 1 .. 5;
			});
	}

	# An inner savepoint's end leaves the outer cursor as it is.
	$session->query_safe("BEGIN; DECLARE c CURSOR FOR $many; MOVE 1 FROM c");
	$simulator->fail('http-400', '--times', 3, '--id', $ids[0]);
	is( $session->query_safe(
			'SAVEPOINT s; SELECT fail_often(' . quoted($one) . ', 3)'),
		3,
		'errors while a cursor is open');
	$session->query_safe('ROLLBACK TO s; MOVE 5 FROM c');
	like($session->query_safe('FETCH 1 FROM c'),
		qr/^\Q$ids[6]\E\|/, 'the cursor goes on where it was');
	$session->query_safe('COMMIT');
	unlike(contexts(), qr/scan|fetch|queue|call|list|keys|attempt/,
		'between statements no context of a scan is there');
}
$session->quit;
$simulator->wait_below('connections_open', 0);
is($simulator->get('connections_open'), 0, 'no connection outlives the backend');
end_test($node);
