# Proves that exactly max_concurrency calls of a scan are in flight at a time.
#
# Calls wait at the simulator's gate, so what is in flight can be counted
# without a clock.

use QianfanTest;

my ($node, $simulator) = new_server(tasks => 1000);

my @ids = $simulator->ids(300);
is(scalar(@ids), 300, 'there are ids to ask for');

# Keys in an order of their own, which is neither the list's nor sorted.
sub keys_sql
{
	my ($count) = @_;
	my @keys = reverse @ids[ 0 .. $count - 1 ];
	return (join("\n", @keys), "'{" . join(',', @keys) . "}'");
}

# Start a query that looks up $count ids; its answer comes from finish().
my $session;

sub begin_lookup
{
	my ($keys) = @_;
	$session = $node->background_psql('postgres', on_error_stop => 0);
	$session->query_until(qr/^begun$/m,
		"\\echo begun\nSELECT id FROM model_comp_tasks WHERE id = ANY ($keys);\n"
	);
	return;
}

sub finish_lookup
{
	my $output = $session->query('');
	$output =~ s/\s+\z//;
	$session->quit;
	return $output;
}

# Hold all calls, start a lookup of $count ids, and let waves of $width pass.
sub check_waves
{
	my ($count, $width, $title) = @_;
	my ($expected, $keys) = keys_sql($count);

	$simulator->reset;
	$simulator->hold;
	begin_lookup($keys);
	for (my $sent = 0; $sent < $count; $sent += $width)
	{
		my $wave = $count - $sent < $width ? $count - $sent : $width;
		$simulator->wait_for('total', $sent + $wave);
		$simulator->wait_for('held',  $wave);
		is($simulator->get('in_flight'), $wave,
			"$title: $wave in flight after $sent answers");
		is($simulator->get('total'), $sent + $wave,
			"$title: nothing sent beyond that");
		$simulator->release($wave);
	}
	is(finish_lookup(), $expected, "$title: all rows, in the order of the keys");
	is($simulator->calls, "DescribeModelCompTask=$count",
		"$title: one call for each key");
	is($simulator->get('max_in_flight'), $width, "$title: most in flight");
	is($simulator->get('max_connections_open'),
		$width, "$title: as many connections");
	return;
}

check_waves(64, 16, 'default');

$node->safe_psql('postgres',
	"ALTER SERVER qianfan OPTIONS (ADD max_concurrency '32')");
check_waves(64, 32, 'server option');

$node->safe_psql('postgres',
	"ALTER FOREIGN TABLE model_comp_tasks OPTIONS (ADD max_concurrency '5')");
check_waves(12, 5, 'table option');

$node->safe_psql('postgres',
	"ALTER FOREIGN TABLE model_comp_tasks OPTIONS (SET max_concurrency '1')");
check_waves(3, 1, 'one at a time');

$node->safe_psql('postgres',
	"ALTER FOREIGN TABLE model_comp_tasks OPTIONS (SET max_concurrency '256')");
check_waves(300, 256, 'most there can be');

# One place is free at a time: the next call takes it at once, and a slow head
# of the line does not keep the others from going on.
$node->safe_psql('postgres',
	"ALTER FOREIGN TABLE model_comp_tasks OPTIONS (SET max_concurrency '16')");
my ($expected, $keys) = keys_sql(64);
$simulator->reset;
$simulator->fail('stall-before-headers', '--id', $ids[63]);
$simulator->hold;
begin_lookup($keys);
$simulator->wait_for('held', 16);
for my $released (1 .. 20)
{
	$simulator->release(1);
	$simulator->wait_for('total', 15 + $released) if $released > 1;
}
is($simulator->get('in_flight'), 16, 'a free place is taken at once');
is($simulator->get('max_in_flight'), 16, 'and never one too many');
$simulator->release;
$simulator->wait_for('total', 64);
$simulator->wait_below('in_flight', 1);
is($simulator->get('in_flight'), 1,
	'a slow first call does not hold up the others');
$node->safe_psql('postgres',
	"SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE state = 'active' AND pid <> pg_backend_pid()"
);
finish_lookup();
$simulator->wait_below('in_flight', 0);

# Details of a list go the same way.
$simulator->reset;
$simulator->hold('--action', 'DescribeModelCompTask');
$session = $node->background_psql('postgres', on_error_stop => 0);
$session->query_until(qr/^begun$/m,
	"\\echo begun\nSELECT count(strategy) FROM model_comp_tasks WHERE state <> 'none';\n"
);
$simulator->wait_for('held', 16);
is($simulator->get('in_flight:DescribeModelCompTask'),
	16, 'details of a list: as many in flight');
$simulator->release;
is(finish_lookup(), '1000', 'details of a list: all rows');
is($simulator->calls,
	'DescribeModelCompTask=1000 DescribeModelCompTasks=10',
	'details of a list: calls');
is($simulator->get('max_in_flight:DescribeModelCompTask'),
	16, 'details of a list: most in flight');

# With real delays.  How near the average comes to the maximum depends on the
# machine and is only reported.
($expected, $keys) = keys_sql(64);
$simulator->reset;
$simulator->set('latency_ms', 100);
is( $node->safe_psql('postgres',
		"SELECT id FROM model_comp_tasks WHERE id = ANY ($keys)"),
	$expected,
	'with 100 ms of latency: rows');
is($simulator->get('max_in_flight'), 16, 'with latency: most in flight');
is($simulator->get('total'),         64, 'with latency: calls');
note 'average in flight: ' . $simulator->get('average_in_flight');

end_test($node);
