# Proves that plans can be kept: prepared statements, cursors, changed tables.

use QianfanTest;

my ($node, $simulator) = new_server(tasks => 1000);

my @ids = $simulator->ids(1000);
my $session = $node->background_psql('postgres', on_error_stop => 0);

sub query
{
	my ($sql) = @_;
	return $session->query_safe($sql);
}

# Each plan, each kind of condition, 20 times with other values.
query('PREPARE by_key (text) AS SELECT id FROM model_comp_tasks WHERE id = $1');
query('PREPARE by_array (text[]) AS SELECT id FROM model_comp_tasks WHERE id = ANY ($1)');
query('PREPARE by_model (text, int) AS SELECT count(*) FROM model_comp_tasks WHERE source_model_id = $1 AND length(name) > $2');
query('PREPARE by_limit (int) AS SELECT id FROM model_comp_tasks LIMIT $1');
my @models = split /\n/, query(
	'SELECT DISTINCT source_model_id FROM model_comp_tasks ORDER BY 1');
is(scalar @models, 17, 'there are models to filter by');
foreach my $mode ('auto', 'force_generic_plan', 'force_custom_plan')
{
	query("SET plan_cache_mode = $mode");
	$simulator->reset;
	my @rows = map { query("EXECUTE by_key ('$ids[$_]')") } 1 .. 20;
	is_deeply(\@rows, [ @ids[ 1 .. 20 ] ], "$mode, one key: rows");
	is($simulator->calls, 'DescribeModelCompTask=20', "$mode, one key: calls");

	$simulator->reset;
	@rows = map { query("EXECUTE by_array ('{$ids[$_],nobody,NULL,$ids[$_ + 1]}')") } 1 .. 20;
	is_deeply(\@rows, [ map { "$ids[$_]\n$ids[$_ + 1]" } 1 .. 20 ],
		"$mode, an array: rows");
	is($simulator->calls, 'DescribeModelCompTask=60', "$mode, an array: calls");

	is(query('EXECUTE by_key (NULL)') . query('EXECUTE by_array (NULL)')
		  . query("EXECUTE by_array ('{}')"), '', "$mode: NULL finds nothing");
	is($simulator->get('total'), 60, "$mode: and asks for nothing");

	$simulator->reset;
	my $sum = 0;
	$sum += query("EXECUTE by_model ('$_', 0)") foreach @models;
	is($sum, 1000, "$mode, a filter of the list: rows");
	is($simulator->calls, 'DescribeModelCompTasks=17',
		"$mode, a filter of the list: calls");
	unlike($simulator->last_requests(17), qr/\{"maxKeys":100\}/,
		"$mode, a filter of the list: always sent");

	foreach my $limit (1, 99, 100, 250, 0)
	{
		is(query("EXECUTE by_limit ($limit)") =~ s/\w+-\w+//gr =~ tr/\n//,
			$limit ? $limit - 1 : 0, "$mode, limit $limit: rows");
	}
}
query('RESET plan_cache_mode');

# The extended protocol, as drivers use it.
my $script = $node->basedir . '/lookup.sql';
append_to_file($script,
	"SELECT state FROM model_comp_tasks WHERE id = '$ids[0]' OR id = :name;\n");
foreach my $protocol ('simple', 'extended', 'prepared')
{
	$simulator->reset;
	$node->command_ok(
		[
			'pgbench', '-n', '-M', $protocol, '-t', '20', '-c', '2',
			'-D', "name='$ids[1]'", '-f', $script, 'postgres'
		],
		"protocol: $protocol");
	is($simulator->calls, 'DescribeModelCompTask=80',
		"protocol: $protocol: calls");
}

# A plan notices what it depends on.
query('CREATE FOREIGN TABLE shaped (id text, shown text OPTIONS (field \'id\')) SERVER qianfan');
query("PREPARE shaped AS SELECT shown FROM shaped WHERE id = '$ids[0]'");
is(query('EXECUTE shaped'), $ids[0], 'a column option') foreach 1 .. 6;
query("ALTER FOREIGN TABLE shaped ALTER shown OPTIONS (SET field 'config.strategy')");
is(query('EXECUTE shaped'), 'Quantization', 'a changed column option');
query("ALTER FOREIGN TABLE shaped ADD COLUMN state text, ALTER shown OPTIONS (SET field 'status')");
is(query('EXECUTE shaped'), 'succeeded', 'a changed table');
query("ALTER FOREIGN TABLE shaped DROP COLUMN state");
is(query('EXECUTE shaped'), 'succeeded', 'a dropped column');
query('PREPARE paged AS SELECT count(*) FROM shaped');
is(query('EXECUTE paged'), 1000, 'a list') foreach 1 .. 6;
query("ALTER FOREIGN TABLE shaped OPTIONS (ADD page_size '50')");
$simulator->reset;
is(query('EXECUTE paged'), 1000, 'a changed table option');
is($simulator->calls, 'DescribeModelCompTasks=20', 'is in force');
query("ALTER SERVER qianfan OPTIONS (ADD page_size '10')");
query("ALTER FOREIGN TABLE shaped OPTIONS (DROP page_size)");
$simulator->reset;
is(query('EXECUTE paged'), 1000, 'a changed server option');
is($simulator->calls, 'DescribeModelCompTasks=100', 'is in force');
query("ALTER SERVER qianfan OPTIONS (DROP page_size)");

# Two cursors on one server, in turns, and a statement in between.
my $keys = "'{" . join(',', @ids[ 0 .. 99 ]) . "}'";
query('BEGIN');
query("DECLARE a CURSOR FOR SELECT id FROM model_comp_tasks WHERE id = ANY ($keys)");
query('DECLARE b CURSOR FOR SELECT id FROM model_comp_tasks');
query('DECLARE c CURSOR FOR SELECT id FROM model_comp_tasks WHERE strategy IS NOT NULL');
my %fetched = (a => [], b => [], c => []);
foreach my $i (0 .. 99)
{
	foreach my $cursor ('a', 'b', 'c')
	{
		push @{ $fetched{$cursor} }, query("FETCH 1 FROM $cursor");
	}
	query("SELECT state FROM model_comp_tasks WHERE id = '$ids[$i]'")
	  if $i % 20 == 0;
}
is_deeply($fetched{$_}, [ @ids[ 0 .. 99 ] ], "cursor $_, in turns")
  foreach 'a', 'b', 'c';
is(query('FETCH 1 FROM a'), '', 'the first is at its end');
is(query('FETCH 2 FROM b'), "$ids[100]\n$ids[101]", 'the second is not');
query('CLOSE a');
is(query('FETCH 1 FROM c'), $ids[100], 'and closing one does not hurt the other');
query('COMMIT');
$simulator->wait_below('in_flight', 0);

# A cursor that is abandoned with calls on their way does not disturb others.
$simulator->reset;
query('BEGIN');
query("DECLARE a CURSOR FOR SELECT id FROM model_comp_tasks WHERE id = ANY ($keys)");
query("DECLARE b CURSOR FOR SELECT id FROM model_comp_tasks WHERE id = ANY ($keys)");
# The first FETCH asks for no more than it returns.
query('FETCH 16 FROM a');
$simulator->hold;
$session->query_until(qr/^begun$/m, "\\echo begun\nFETCH 1 FROM a;\n");
$simulator->wait_for('held', 16);
$simulator->release('--id', $ids[16]);
is($session->query('') =~ s/\s+\z//r, $ids[16], 'a row of a cursor');
query('CLOSE a');
$simulator->wait_below('in_flight', 0);
is($simulator->get('in_flight'), 0, 'its calls are gone with it');
$simulator->release;
is(query('FETCH 3 FROM b'), join("\n", @ids[ 0 .. 2 ]), 'the other goes on');
query('COMMIT');
is(query("SELECT count(*) FROM model_comp_tasks WHERE id = ANY ($keys)"),
	100, 'so does the session');

$session->quit;
end_test($node);
