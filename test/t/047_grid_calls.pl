# Proves how many calls a grid costs: ORDER BY, LIMIT and OFFSET over an
# account of 5,000 tasks ask for the details of the rows that are returned.
#
# Prints the table of queries, calls and how many there may be.

use QianfanTest;

my ($node, $simulator) = new_server(tasks => 5000, conf => 'jit = off');

# Two accounts under one parent, and ten tasks of ours.
my $columns = 'account text, id text, state text, weight text, create_time timestamptz';
my $sql     = "CREATE TABLE accounts ($columns) PARTITION BY LIST (account);\n";
foreach my $i (1, 2)
{
	$sql .= $simulator->server_sql("account_$i") . <<"SQL";
CREATE FOREIGN TABLE account_$i (account text OPTIONS (field 'name'),
  id text, state text, weight text, create_time timestamptz) SERVER account_$i;
ALTER TABLE accounts ATTACH PARTITION account_$i FOR VALUES IN ('$i');
SQL
}
$node->safe_psql('postgres', $sql . <<'SQL');
CREATE VIEW grid AS SELECT * FROM model_comp_tasks;
CREATE VIEW fence WITH (security_barrier) AS
  SELECT * FROM model_comp_tasks ORDER BY create_time DESC, id LIMIT 10;
CREATE TABLE copy AS SELECT id, state, create_time FROM model_comp_tasks;
ALTER TABLE copy ADD seen boolean;
ANALYZE copy;
SQL
my $middle = $node->safe_psql('postgres',
	'SELECT id FROM copy ORDER BY id OFFSET 2500 LIMIT 1');

# The ids of some rows as the table of ours knows them.
sub ids
{
	my ($order) = @_;
	return $node->safe_psql('postgres', "SELECT id FROM copy $order");
}
my $newest = ids('ORDER BY create_time DESC, id LIMIT 10');

# title, statements, most calls (* for those without details), ids expected
my $first = 'ORDER BY create_time DESC, id LIMIT 10';
my @grids = (
	[ 'newest ten', "SELECT id, weight FROM model_comp_tasks $first", 60, $newest ],
	[ 'all columns', "SELECT (t).id FROM (SELECT t FROM model_comp_tasks t $first) s", 60, $newest ],
	[ 'last page by OFFSET', 'SELECT id, weight FROM model_comp_tasks ORDER BY id LIMIT 100 OFFSET 4900', 150, ids('ORDER BY id OFFSET 4900') ],
	[ 'page by key', "SELECT id, weight FROM model_comp_tasks WHERE id > '$middle' ORDER BY id LIMIT 100", 150, ids("WHERE id > '$middle' ORDER BY id LIMIT 100") ],
	[ 'first of a window', 'SELECT id, weight FROM (SELECT *, row_number() OVER (ORDER BY create_time DESC) AS rn FROM model_comp_tasks) t WHERE rn <= 3', 60, ids('ORDER BY create_time DESC LIMIT 3') ],
	[ 'LATERAL', 'SELECT t.id, t.weight FROM generate_series(1, 3), LATERAL (SELECT * FROM model_comp_tasks ORDER BY create_time DESC LIMIT 1) t', 53, join("\n", (ids('ORDER BY create_time DESC LIMIT 1')) x 3) ],
	[ 'view', "SELECT id, weight FROM grid $first", 60, $newest ],
	[ 'inlined CTE', "WITH t AS (SELECT * FROM model_comp_tasks) SELECT id, weight FROM t $first", 60, $newest ],
	[ 'generic plan', "SET plan_cache_mode = force_generic_plan; PREPARE page(bigint, bigint) AS SELECT id, weight FROM model_comp_tasks ORDER BY create_time DESC, id LIMIT \$1 OFFSET \$2; EXECUTE page(10, 0)", 60, $newest ],
	[ 'security barrier', 'SELECT id, weight FROM fence', 60, $newest ],
	[ 'OFFSET 0', "SELECT id, weight FROM (SELECT * FROM model_comp_tasks $first OFFSET 0) t", 60, $newest ],
	[ 'MATERIALIZED', "WITH t AS MATERIALIZED (SELECT * FROM model_comp_tasks $first) SELECT id, weight FROM t", 60, $newest ],
	[ 'cursor', 'BEGIN; DECLARE c CURSOR FOR SELECT id, weight FROM model_comp_tasks ORDER BY create_time DESC, id; FETCH 10 FROM c; COMMIT', 80, $newest ],
	[ 'partitions', 'SELECT id, weight FROM accounts ORDER BY create_time DESC LIMIT 10', 120, undef ],
	[ 'row mark', q{SET enable_nestloop = off; SET qianfan_fdw.enable_lookup_join = off; UPDATE copy SET seen = true FROM model_comp_tasks t WHERE t.id = copy.id AND t.state = 'succeeded'}, 50, '' ],
	[ 'LIMIT in a fence', 'SELECT id, weight FROM (SELECT * FROM model_comp_tasks OFFSET 0) t LIMIT 5', 6, undef ],
	[ 'UNION ALL', 'SELECT id, weight FROM model_comp_tasks UNION ALL SELECT id, weight FROM grid LIMIT 5', 12, undef ],
	[ 'EXISTS', "SELECT id FROM copy WHERE id = '$middle' AND EXISTS (SELECT FROM model_comp_tasks WHERE strategy IS NOT NULL OFFSET 0)", 3, $middle ],
	[ 'PL/pgSQL loop', 'DO $$ DECLARE t record; BEGIN FOR t IN SELECT id, weight FROM model_comp_tasks LOOP EXIT; END LOOP; END $$', 12, '' ],
	[ 'SELECT INTO', 'DO $$ DECLARE t record; BEGIN SELECT id, weight INTO t FROM model_comp_tasks ORDER BY create_time; END $$', 52, '' ],
	[ 'whole list', 'SELECT count(weight) FROM model_comp_tasks', 5050, undef ]);

foreach my $grid (@grids)
{
	my ($title, $statement, $most, $expected) = @$grid;

	$simulator->reset;
	my $rows  = $node->safe_psql('postgres', $statement);
	my $calls = $simulator->get('total');
	$rows =~ s/\|.*$//mg;
	note(sprintf('%-20s %5d calls, at most %d: %s',
		$title, $calls, $most, $simulator->calls));
	cmp_ok($calls, '<=', $most, "$title: calls");
	is($rows, $expected, "$title: rows") if defined $expected;
}

# The same without late details, to see what was there before.
$simulator->reset;
$node->safe_psql('postgres',
	"SET qianfan_fdw.enable_late_details = off; SELECT id, weight FROM model_comp_tasks $first"
);
is($simulator->get('total'), 5050, 'off: the list and all details');

end_test($node);
