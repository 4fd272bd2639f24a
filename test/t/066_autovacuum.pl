# Proves what doc/admin.md says about ANALYZE without a name, and autovacuum:
# foreign tables are left out, unless they are children of a table that is not.

use QianfanTest;

my ($node, $simulator) = new_server(
	tasks => 240,
	conf  => "autovacuum = off\nautovacuum_naptime = 1s");

$simulator->reset;
$node->safe_psql('postgres', 'ANALYZE');
is($simulator->calls, 'none', 'ANALYZE without a name leaves the table out');

$node->safe_psql('postgres', <<'SQL');
CREATE TABLE parent (id text, state text)
	WITH (autovacuum_analyze_threshold = 10, autovacuum_analyze_scale_factor = 0);
CREATE FOREIGN TABLE child () INHERITS (parent) SERVER qianfan;
CREATE TABLE partitioned (id text, state text) PARTITION BY LIST (state);
CREATE FOREIGN TABLE foreign_part PARTITION OF partitioned DEFAULT
	SERVER qianfan;
SQL

# By name, a partition is also analyzed for itself; from 18 on a child, too.
my %pages = (
	'ANALYZE parent'      => $node->pg_version >= 18 ? 6 : 3,
	'ANALYZE partitioned' => 6,
	'ANALYZE'             => 6);
foreach my $statement (sort keys %pages)
{
	$simulator->reset;
	$node->safe_psql('postgres', $statement);
	is( $simulator->calls,
		"DescribeModelCompTasks=$pages{$statement}",
		"$statement reads children of what it does not leave out");
}

# Three pages once the parent itself has changed, and nothing else.
$simulator->reset;
$node->safe_psql('postgres', <<'SQL');
INSERT INTO parent SELECT 'local-' || n, 'done' FROM generate_series(1, 100) n;
ALTER SYSTEM SET autovacuum = on;
SELECT pg_reload_conf();
SQL
ok( $node->poll_query_until(
		'postgres',
		"SELECT autoanalyze_count > 0 FROM pg_stat_user_tables WHERE relname = 'parent'"
	),
	'autovacuum analyzes the parent');
is($simulator->calls, 'DescribeModelCompTasks=3', 'and its child with it');

end_test($node);
