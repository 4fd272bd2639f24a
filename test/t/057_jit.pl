# Proves that round trips do not turn JIT on, from the first statement of a
# session on, and that what is worth compiling is compiled nevertheless.

use QianfanTest;

my $simulator = QianfanSimulator->new(tasks => 1000);
my $node = new_node(conf => <<'CONF');
jit = on
jit_above_cost = 5000
jit_inline_above_cost = 15000
jit_optimize_above_cost = 15000
CONF

plan skip_all => 'this server has no JIT'
  unless $node->safe_psql('postgres', 'SELECT pg_jit_available()') eq 't';

$node->safe_psql('postgres', $simulator->setup_sql('qianfan') . <<'SQL');
CREATE TABLE inv (n int, task_id text);
INSERT INTO inv SELECT i, 'amva-' || i FROM generate_series(1, 1000) i;
CREATE TABLE big AS SELECT i AS n, 'amva-' || i AS task_id FROM generate_series(1, 500000) i;
ANALYZE inv, big;
CREATE FUNCTION state_of(text) RETURNS text LANGUAGE sql
  AS 'SELECT state FROM model_comp_tasks WHERE id = $1';
SQL

# Does EXPLAIN show that JIT would be used?  In a session of its own, so that
# the statement is what loads the library.
sub uses_jit
{
	my (@sql) = @_;
	my $explained = 'EXPLAIN ' . pop @sql;
	return $node->safe_psql('postgres', join(';', @sql, $explained)) =~ /JIT:/ ? 1 : 0;
}

my $lookups = 'SET enable_hashjoin = off; SET enable_mergejoin = off';
my $loops   = "$lookups; SET qianfan_fdw.enable_lookup_join = off";
my $key     = 't.id = i.task_id';
my $keys    = join(',', map { "'amva-$_'" } 1 .. 1000);
my $chain   = join(' OR ', map { "id = 'amva-$_'" } 1 .. 1000);
my $one     = "SELECT state FROM model_comp_tasks t WHERE $key";

my %ours = (
	'list'                => ['SELECT * FROM model_comp_tasks'],
	'list, sorted'        => ['SELECT * FROM model_comp_tasks ORDER BY name, state'],
	'list, grouped'       => ['SELECT state, count(*) FROM model_comp_tasks GROUP BY 1'],
	'keys'                => ["SELECT * FROM model_comp_tasks WHERE id IN ($keys)"],
	'chain of OR'         => ["SELECT * FROM model_comp_tasks WHERE $chain"],
	'lookup join'         => [ $lookups, "SELECT * FROM inv i JOIN model_comp_tasks t ON $key" ],
	'nested loop'         => [ $loops, "SELECT * FROM inv i JOIN model_comp_tasks t ON $key WHERE i.n < 9" ],
	'hash join'           => ["SELECT t.id FROM inv i JOIN model_comp_tasks t ON $key"],
	'subquery, selected'  => ["SELECT ($one) FROM inv i"],
	'subquery, filtering' => ["SELECT * FROM inv i WHERE ($one) = 'failed'"],
	'subquery, joining'   => ["SELECT * FROM inv i JOIN inv j ON i.n < j.n AND ($one) = j.task_id WHERE i.n < 50 AND j.n < 50"],
	'subquery, sorting'   => ["SELECT * FROM inv i ORDER BY ($one) LIMIT 10"],
	'subquery, hashed'    => ['SELECT * FROM inv WHERE task_id NOT IN (SELECT id FROM model_comp_tasks)'],
	'subquery, nested'    => ["SELECT (SELECT j.n FROM inv j WHERE j.n = i.n AND ($one) = 'x') FROM inv i WHERE n < 50"],
	'subquery, once'      => ['SELECT * FROM inv WHERE n > (SELECT count(*) FROM model_comp_tasks)'],
	'subquery in LIMIT'   => ['SELECT * FROM inv LIMIT (SELECT count(weight) FROM model_comp_tasks)'],
	'CTE'                 => ['WITH c AS MATERIALIZED (SELECT * FROM model_comp_tasks) SELECT * FROM c JOIN inv ON c.id = task_id'],
	'UNION ALL'           => ['SELECT id FROM model_comp_tasks UNION ALL SELECT name FROM model_comp_tasks'],
	'DISTINCT'            => ['SELECT DISTINCT id FROM model_comp_tasks'],
	'window'              => ['SELECT rank() OVER (ORDER BY name) FROM model_comp_tasks'],
	'EXISTS'              => [ $loops, "SELECT * FROM inv i WHERE i.n < 9 AND EXISTS (SELECT FROM model_comp_tasks t WHERE $key)" ],
	'writing'             => ['INSERT INTO inv SELECT 1, id FROM model_comp_tasks'],
	'function'            => ['SELECT state_of(task_id) FROM inv'],
	'optimization'        => ["SELECT ($one) FROM big i LIMIT 30"]);
foreach my $title (sort keys %ours)
{
	is(uses_jit(@{ $ours{$title} }), 0, "$title: round trips turn nothing on");
}

my $heavy = 'SELECT count(*) FROM big WHERE task_id <> repeat(n::text, 2)';
is(uses_jit($heavy), 1, 'work of the CPU does');
is(uses_jit("SELECT ($heavy), count(*) FROM model_comp_tasks"),
	1, 'beside a list');
is(uses_jit('SELECT count(*) FROM big JOIN model_comp_tasks t ON t.id = big.task_id'),
	1, 'joined with a list');
is(uses_jit('SET qianfan_fdw.enable_lookup_join = off', 'SET jit_above_cost = 0',
		"SELECT * FROM inv i JOIN model_comp_tasks t ON $key AND t.name > i.task_id"),
	1, 'and so it does from nothing on');

# How much of it: optimization and inlining have limits of their own.
my $plan = $node->safe_psql('postgres', "EXPLAIN SELECT ($heavy), count(*) FROM model_comp_tasks");
like($plan, qr/Inlining false, Optimization false/, 'round trips do not turn on more');

# The plan of a prepared statement is kept as it was.
$plan = $node->safe_psql('postgres', <<'SQL');
SET plan_cache_mode = force_generic_plan;
PREPARE p AS SELECT id FROM model_comp_tasks WHERE state <> $1 ORDER BY name;
EXPLAIN EXECUTE p('x');
EXPLAIN EXECUTE p('x');
SELECT 'from here on';
SET jit_above_cost = 0;
EXPLAIN EXECUTE p('x');
SET jit_above_cost = 5000;
EXPLAIN EXECUTE p('x');
SQL
my ($before, $after) = split /from here on/, $plan;
unlike($before, qr/JIT:/, 'a prepared statement');
is(() = $after =~ /JIT:/g, 1, 'goes by the limit that is in force');

# An error while a statement is started leaves nothing behind.
(undef, $plan) = $node->psql('postgres', <<"SQL", on_error_stop => 0);
SET plan_cache_mode = force_generic_plan;
PREPARE p AS SELECT weight FROM model_comp_tasks ORDER BY name;
EXPLAIN EXECUTE p;
CREATE ROLE nobody;
SET ROLE nobody;
EXECUTE p;
RESET ROLE;
EXPLAIN EXECUTE p;
EXPLAIN $heavy;
SQL
is(() = $plan =~ /JIT:/g, 1, 'after an error');
is($simulator->calls, 'none', 'no call was made');

end_test($node);
