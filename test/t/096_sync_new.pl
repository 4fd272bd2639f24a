# Proves that a copy of many tasks is kept up to date with twelve calls where
# the order of the list is declared, whichever way it is listed.
#
# QIANFAN_SYNC_TASKS says how many, by default 50,000; the calls do not depend
# on it.

use QianfanTest;

my $count = $ENV{QIANFAN_SYNC_TASKS} // 50_000;

# All were created before now, so that new ones are newer.
my ($node, $simulator) = new_server(tasks => $count);
$simulator->set('time_shift_s', -10 * $count - 100_000_000);
my @ids = split /\n/, $node->safe_psql('postgres',
	"SELECT id FROM model_comp_tasks WHERE state = 'running' LIMIT 7");
my $newest = $node->safe_psql('postgres',
	'SELECT id FROM model_comp_tasks ORDER BY create_time DESC LIMIT 1');
$simulator->ctl('change', $newest, 'status', 'stopped');

# A copy of all of them, made without asking for details.
my $data  = $simulator->data_command('--count', $count);
my $known = join ', ', map { "'$_'" } @ids;
$node->safe_psql('postgres', <<"SQL");
SELECT qianfan_fdw_mirror('model_comp_tasks', 'copy');
COPY copy (id, name, state, source_model_id, model_id, strategy, weight, sparsity_ratio,
	create_time, finish_time, failed_reason, description, config) FROM PROGRAM \$\$$data\$\$;
UPDATE copy SET state = CASE WHEN id IN ($known) OR
	state = ANY (qianfan_fdw_final_states('model_comp_tasks')) THEN state ELSE 'stopped' END;
UPDATE copy c SET create_time = l.create_time
  FROM (SELECT id, create_time FROM model_comp_tasks) l WHERE l.id = c.id;
ANALYZE copy;
SQL

my $unfinished =
  "SELECT count(*) FROM copy WHERE state <> ALL (qianfan_fdw_final_states('model_comp_tasks'))";
is($node->safe_psql('postgres', $unfinished), 7, 'seven are not finished');

foreach my $case ([ 'oldest', 'asc', 'failed' ], [ 'newest', 'desc', 'succeeded' ])
{
	my ($first, $order, $state) = @$case;

	$simulator->set('list_order', $first);
	$node->safe_psql('postgres',
		"ALTER FOREIGN TABLE model_comp_tasks OPTIONS (ADD list_order 'create_time $order')");
	$simulator->ctl('add', 3);
	$simulator->ctl('change', shift @ids, 'status', $state);

	# A page, the look whether the list is turned, what is new, what may change.
	my $bar = 1 + 1 + 3 + $node->safe_psql('postgres', $unfinished);
	cmp_ok($bar, '<=', 12, 'twelve calls') if $first eq 'oldest';
	my $before = $simulator->get('total');
	my ($inserted, $updated, $unchanged, $gone, $calls) = split /\|/,
	  $node->safe_psql('postgres',
		"CALL qianfan_fdw_sync('model_comp_tasks', 'copy', only_new => true)");
	is("$inserted|$updated|$gone", '3|1|0', "$first first: rows");
	is($calls, $simulator->get('total') - $before, "$first first: calls");
	cmp_ok($calls, '<=', $bar, "$first first: no more of them than needed");
	$node->safe_psql('postgres',
		'ALTER FOREIGN TABLE model_comp_tasks OPTIONS (DROP list_order)');
}
is($node->safe_psql('postgres', 'SELECT count(*) FROM copy'),
	$count + 6, 'all are there');

end_test($node);
