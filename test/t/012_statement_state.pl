# Proves that within one scan a task shows one state, and costs one call.
#
# The simulator changes how it spells every state ("succeeded" or "Done"), and
# gets more tasks, while a cursor is being read.  Joins are nested loops without any memory of their
# own, so that it is the foreign scan that is started again and again.

use QianfanTest;

my ($node, $simulator) = new_server(tasks => 30, conf => <<'CONF');
enable_hashjoin = off
enable_mergejoin = off
enable_material = off
enable_memoize = off
qianfan_fdw.enable_lookup_join = off
max_parallel_workers_per_gather = 0
CONF

# Tasks that are spelled in two ways, and one model they come from.
my @rows = map { [ split /\t/ ] } split /\n/,
  `@{[ $simulator->data_command('--count', 30, '--format', 'copy') ]}`;
my @done = map { $_->[0] } grep { $_->[2] eq 'succeeded' } @rows;
my ($id, $other) = @done;
my ($model) = map { $_->[3] } grep { $_->[0] eq $id } @rows;
is(scalar @done >= 5, 1, 'there are tasks to look at');

my $session = $node->background_psql('postgres', on_error_stop => 0);

# Read a cursor over $sql.  After its first row the simulator changes.  Returns
# all rows, as one text.
sub read_changing
{
	my ($sql) = @_;
	$simulator->reset;
	$session->query_safe("BEGIN; DECLARE c CURSOR FOR $sql");
	my $output = $session->query_safe('FETCH 1 FROM c');
	$simulator->set('variant', 'example');
	$simulator->set('tasks',   60);
	$output .= "\n" . $session->query_safe('FETCH ALL FROM c');
	$session->query_safe('COMMIT');
	return $output;
}

sub plan_of
{
	my ($sql) = @_;
	return $session->query_safe("EXPLAIN (COSTS OFF) $sql");
}

# Without any cursor the change must be visible, or this file proves nothing.
my $state = "SELECT state FROM model_comp_tasks WHERE id = '$id'";
is($session->query_safe($state), 'succeeded', 'the state before');
$simulator->set('variant', 'example');
is($session->query_safe($state), 'Done', 'the state after');

# The same key again and again, as a constant and as a parameter.
foreach my $key ("'$id'", 'o.id')
{
	my $sql =
	  "SELECT t.state FROM (VALUES (1, '$id'), (2, '$id'), (3, '$id')) o(n, id), LATERAL (SELECT state FROM model_comp_tasks WHERE id = $key AND o.n > 0 OFFSET 0) t";
	like(plan_of($sql), qr/Nested Loop.*Foreign Scan/s, "id = $key: plan");
	is(read_changing($sql), join("\n", ('succeeded') x 3),
		"id = $key: one state");
	is($simulator->get('total'), 1, "id = $key: one call");
}

# Keys that come back after others.
my $turns =
  "SELECT o.n, t.state FROM (VALUES (1, '$id'), (2, '$other'), (3, '$id'), (4, '$other'), (5, '$id')) o(n, id) JOIN model_comp_tasks t ON t.id = o.id";
like(plan_of($turns), qr/Nested Loop/, 'keys in turns: plan');
is(read_changing($turns),
	"1|succeeded\n2|Done\n3|succeeded\n4|Done\n5|succeeded",
	'keys in turns: each keeps the state it was first seen in');
is($simulator->get('total'), 2, 'keys in turns: one call each');

# A task that is not there stays away.
my $missing =
  ($simulator->ids(60))[50];
is( read_changing(
		"SELECT o.n, t.state FROM (VALUES (1, '$id'), (2, '$id')) o(n, id) LEFT JOIN LATERAL (SELECT state FROM model_comp_tasks WHERE id = '$missing' AND o.n > 0 OFFSET 0) t ON true"
	),
	"1|\n2|",
	'a task that was not there');
is($simulator->get('total'), 1, 'was asked for once');

# Sets of keys that overlap.
is( read_changing(
		"SELECT o.n, (SELECT string_agg(state, ' ') FROM model_comp_tasks WHERE id IN (o.a, o.b)) FROM (VALUES (1, '$id', '$other'), (2, '$other', '$id'), (3, '$id', '$done[2]')) o(n, a, b)"
	),
	"1|succeeded succeeded\n2|succeeded succeeded\n3|succeeded Done",
	'overlapping sets: one state for each task');
is($simulator->get('total'), 3, 'overlapping sets: one call for each');

# The list, from its start again and again: as it was when first read.
my $list =
  'SELECT o.n, t.n FROM generate_series(1, 3) o(n), LATERAL (SELECT count(*) AS n FROM model_comp_tasks WHERE state = \'succeeded\' AND o.n > 0) t';
my $count = @done;
is(read_changing($list), "1|$count\n2|$count\n3|$count", 'list: one state');
is($simulator->calls, 'DescribeModelCompTasks=1', 'list: read once');

# Rescans that stop early, and go on later than before.
$session->query_safe("ALTER FOREIGN TABLE model_comp_tasks OPTIONS (ADD page_size '10')");
is( read_changing(
		"SELECT o.n, t.n FROM (VALUES (1, 2), (2, 30), (3, 30)) o(n, m), LATERAL (SELECT count(DISTINCT id) AS n FROM (SELECT id FROM model_comp_tasks LIMIT o.m) l) t"
	),
	"1|2\n2|30\n3|30",
	'list, in part first: the whole later');
my %pages = map { $_ => 1 } split /\n/, $simulator->last_requests(100);
is($simulator->get('total'), scalar keys %pages,
	'list, in part first: no page twice');

# A list with its details, and one for each of several parameters.
is( read_changing(
		"SELECT o.n, t.s FROM generate_series(1, 3) o(n), LATERAL (SELECT string_agg(DISTINCT state || (weight IS NULL), ' ') AS s FROM model_comp_tasks WHERE id = '$id' OR length(strategy) > 100 * o.n) t"
	),
	join("\n", map { "$_|" . ('succeededfalse') } 1 .. 3),
	'list and details: one state');
is($simulator->get('calls:DescribeModelCompTask'),
	30, 'list and details: one call for each task');
my @by_model = split /\n/, read_changing(
	"SELECT (SELECT string_agg(state, ' ') FROM model_comp_tasks WHERE source_model_id = o.model) FROM (VALUES ('$model'), ('amv-none'), ('$model')) o(model)"
);
like($by_model[0], qr/succeeded/, 'list by parameter: the first');
is($by_model[1], '', 'list by parameter: another in between');
is($by_model[2], $by_model[0], 'list by parameter: the first once more');
is($simulator->get('total'), 2, 'list by parameter: once for each parameter');

# Backwards, and once more from the start.
$simulator->reset;
$session->query_safe(
	"BEGIN; DECLARE c SCROLL CURSOR FOR SELECT id, state FROM model_comp_tasks WHERE id IN ('$id', '$other')"
);
is($session->query_safe('FETCH ALL FROM c'),
	"$id|succeeded\n$other|succeeded", 'scrolling: forwards');
$simulator->set('variant', 'example');
is($session->query_safe('FETCH BACKWARD ALL FROM c'),
	"$other|succeeded\n$id|succeeded", 'scrolling: backwards');
is($session->query_safe('FETCH FIRST FROM c'), "$id|succeeded",
	'scrolling: from the start');
is($simulator->get('total'), 2, 'scrolling: one call for each');
$session->query_safe('COMMIT');

# Two scans are two scans, but a row never mixes them up.
$simulator->reset;
is( $session->query_safe(
		"SELECT count(*), count(DISTINCT a.id), bool_and(a.state = b.state) FROM model_comp_tasks a JOIN model_comp_tasks b ON a.id = b.id AND a.name = b.name"
	),
	'30|30|t',
	'a table joined with itself');
is( $session->query_safe(
		"SELECT a.id, b.id FROM model_comp_tasks a, model_comp_tasks b WHERE a.id = '$id' AND b.id = '$other'"
	),
	"$id|$other",
	'by two different keys');

$session->quit;
end_test($node);
