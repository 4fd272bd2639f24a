# Proves how many calls are made where the order of the list is declared: the
# newest, the oldest, a range, what is new, over 5,000 and two million tasks,
# whichever way the API lists them.
#
# Prints the table of queries, calls and how many there may be.

use QianfanTest;

my ($node, $simulator) = new_server(tasks => 5000, conf => 'jit = off');
my $columns =
  'account text, id text, state text, weight text, create_time timestamptz';
my $sql = "CREATE TABLE accounts ($columns) PARTITION BY LIST (account);\n";

foreach my $i (1, 2)
{
	$sql .= $simulator->server_sql("account_$i") . <<"SQL";
CREATE FOREIGN TABLE account_$i (account text OPTIONS (field 'name'),
  id text, state text, weight text, create_time timestamptz) SERVER account_$i;
ALTER SERVER account_$i OPTIONS (ADD list_order 'create_time asc');
ALTER TABLE accounts ATTACH PARTITION account_$i FOR VALUES IN ('$i');
SQL
}
$node->safe_psql('postgres', $sql . <<'SQL');
CREATE VIEW fence WITH (security_barrier) AS SELECT * FROM model_comp_tasks;
CREATE TABLE copy AS
  SELECT id, state, NULL::text AS weight, create_time FROM model_comp_tasks;
CREATE TABLE ten AS SELECT * FROM copy ORDER BY create_time DESC LIMIT 10;
CREATE TABLE points AS SELECT n, max(create_time) - n * interval '1 min' AS at
  FROM copy, (VALUES (5), (300)) v(n) GROUP BY n;
ANALYZE copy, ten, points;
ALTER FOREIGN TABLE model_comp_tasks OPTIONS (ADD list_order 'create_time asc');
SQL

my $hour = "(SELECT max(create_time) - 60 * interval '97 s' FROM copy)";
my $x    = $node->safe_psql('postgres', "SELECT $hour");
my $day  = $node->safe_psql('postgres',
	"SELECT max(create_time) - 1440 * interval '97 s' FROM copy");
my $seen = $node->safe_psql('postgres',
	q{SELECT format('(%L, %L)', create_time, id) FROM copy
	   ORDER BY create_time DESC, id DESC OFFSET 20 LIMIT 1});
my $newest = 'ORDER BY create_time DESC';
my $t      = 'SELECT id, weight FROM model_comp_tasks';

# title, what to run, most calls; the rows are compared with the copy's
my @cases = (
	[ 'newest ten', "$t $newest LIMIT 10", 11 ],
	[ 'newest ten, id', "$t $newest, id LIMIT 10", 12 ],
	[ 'WITH TIES', "$t $newest FETCH FIRST 10 ROWS WITH TIES", 12 ],
	[ 'OFFSET', "$t $newest LIMIT 10 OFFSET 40", 11 ],
	[ 'oldest ten', "$t ORDER BY create_time LIMIT 10", 11 ],
	[ 'generic plan', "SET plan_cache_mode = force_generic_plan; PREPARE p(bigint) AS $t $newest LIMIT \$1; EXECUTE p(10)", 11 ],
	[ 'OFFSET 0', "SELECT id, weight FROM (SELECT * FROM model_comp_tasks OFFSET 0) t $newest LIMIT 10", 11 ],
	[ 'security barrier', "SELECT id, weight FROM fence $newest LIMIT 10", 11 ],
	[ 'max', 'SELECT max(create_time) FROM model_comp_tasks', 1 ],
	[ 'min, max', 'SELECT min(create_time), max(create_time) FROM model_comp_tasks', 2 ],
	[ 'max of some', q{SELECT max(create_time) FROM model_comp_tasks WHERE state = 'failed'}, 1 ],
	[ 'day, counted', "SELECT count(*) FROM model_comp_tasks WHERE create_time >= '$day'", 16 ],
	[ 'hour, constant', "$t WHERE create_time >= '$x' ORDER BY id", 62 ],
	[ 'hour, parameter', "PREPARE p(timestamptz) AS $t WHERE create_time >= \$1 ORDER BY id; SET plan_cache_mode = force_generic_plan; EXECUTE p('$x')", 62 ],
	[ 'hour, subquery', "$t WHERE create_time >= (SELECT max(create_time) - 60 * interval '97 s' FROM model_comp_tasks) ORDER BY id", 63 ],
	[ 'hour, stable', "$t WHERE create_time >= now() - (now() - '$x'::timestamptz) ORDER BY id", 62 ],
	[ 'hour, by id', "$t WHERE create_time >= '$x' ORDER BY id LIMIT 10", 11 ],
	[ 'what is new', "$t WHERE (create_time, id) > $seen ORDER BY create_time, id", 21 ],
	[ 'join by time', 'SELECT t.id, t.weight FROM ten JOIN model_comp_tasks t USING (create_time) ORDER BY t.id', 11 ],
	[ 'LATERAL', "SELECT n, t.id FROM points, LATERAL (SELECT * FROM model_comp_tasks WHERE create_time > at $newest LIMIT 2) t ORDER BY n, t.id", 3 ],
	[ 'outer column', 'SELECT n, count(t.id) FROM points LEFT JOIN model_comp_tasks t ON t.create_time > points.at GROUP BY n', 4 ],
	[ 'window', "SELECT id, weight FROM (SELECT *, row_number() OVER ($newest) AS rn FROM model_comp_tasks) t WHERE rn <= 3", 10 ],
	[ 'cursor', "BEGIN; DECLARE c CURSOR FOR $t $newest; FETCH 5 FROM c; COMMIT", 10 ],
	[ 'two accounts', "SELECT id, weight FROM accounts $newest LIMIT 10", 26 ],
	[ 'none', "SELECT count(*) FROM model_comp_tasks", 50 ]);

# The same rows as the copy has, and the calls.
sub try_case
{
	my ($how, $title, $statement, $most) = @_;

	$simulator->set(list_order => $how);
	my $before = $simulator->get('total');
	my $rows   = $node->safe_psql('postgres', $statement);
	my $calls  = $simulator->get('total') - $before;
	note(sprintf('%-8s %-18s %5d calls, at most %d', $how, $title, $calls,
			$most));
	cmp_ok($calls, '<=', $most, "$title, $how first: calls");
	return $rows if $statement =~ /accounts/;

	(my $local = $statement) =~ s/fence|model_comp_tasks/copy/g;
	$rows =~ s/\|[^|\n]*$//mg if $statement =~ /weight/;
	my $expected = $node->safe_psql('postgres', $local);
	$expected =~ s/\|$//mg if $statement =~ /weight/;
	is($rows, $expected, "$title, $how first: rows");
	return $rows;
}

my %declared = (oldest => 'asc', newest => 'desc');
foreach my $how ('oldest', 'newest')
{
	foreach my $table ('FOREIGN TABLE model_comp_tasks', 'SERVER account_1',
		'SERVER account_2')
	{
		$node->safe_psql('postgres',
			"ALTER $table OPTIONS (SET list_order 'create_time $declared{$how}')"
		);
	}
	foreach my $case (@cases)
	{
		my ($title, $statement, $most) = @$case;

		# A list that is turned round costs one call per session and server.
		$most++ if $title ne 'none';
		try_case($how, $title, $statement, $most);
	}
}

# A panel of Grafana: the last 6 of 83 hours, which nobody has analyzed.
my $step = 60;
$simulator->set(time_step_s => $step);
$simulator->set(time_shift_s => time() - 1704067200 - 5000 * $step);
my $panel = $node->safe_psql('postgres', <<'SQL');
SELECT format('SELECT create_time AS time, id FROM model_comp_tasks WHERE create_time BETWEEN %L AND %L ORDER BY time',
              now() - interval '6 h', now());
SQL
$simulator->set(list_order => 'newest');
my $before = $simulator->get('total');
my $rows   = $node->safe_psql('postgres', $panel);
cmp_ok($simulator->get('total') - $before, '<=', 6, 'panel: calls');
cmp_ok(scalar(split(/\n/, $rows)), '>=', 359, 'panel: rows');

# Two million tasks, 10 s apart.
$simulator->set(tasks => 2_000_000);
$simulator->set(time_step_s => 10);
$simulator->set(time_shift_s => 0);
my $seen_all = q{count(*) FILTER (WHERE weight IS NULL OR weight <> '')};
my $last = 1704067200 + 1_999_999 * 10;
foreach my $case (
	[ 'top ten', "SELECT $seen_all FROM ($t $newest LIMIT 10) t", 13, 10 ],
	[ 'bottom ten', "SELECT $seen_all FROM ($t ORDER BY create_time LIMIT 10) t", 13, 10 ],
	[ 'one day', "SELECT count(*) FROM model_comp_tasks WHERE create_time > to_timestamp($last - 86400)", 90, 8640 ])
{
	my ($title, $statement, $most, $expected) = @$case;

	$before = $simulator->get('total');
	is($node->safe_psql('postgres', $statement),
		$expected, "two million, $title: rows");
	my $calls = $simulator->get('total') - $before;
	note("two million, $title: $calls calls");
	cmp_ok($calls, '<=', $most, "two million, $title: calls");
}

end_test($node);
