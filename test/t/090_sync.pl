# Proves what a synchronization costs and does: the first one, one without
# changes, one after seven tasks have changed, three appeared and two vanished;
# 5,000 tasks with pages of 100, 500 with pages of 1 and 7, in one transaction
# and in many.

use QianfanTest;

my ($node, $simulator) = new_server(tasks => 5000);
my $columns = join ', ', qw(id name state source_model_id model_id strategy weight
  sparsity_ratio create_time finish_time failed_reason description config);

# The row that a CALL returns has the numbers, and the simulator has counted as
# many calls.
sub sync_is
{
	my ($arguments, $row, $calls, $title) = @_;
	my $before = $simulator->get('total');
	is( $node->safe_psql('postgres', "CALL qianfan_fdw_sync($arguments)"),
		"$row|$calls", $title);
	is($simulator->get('total') - $before, $calls, '... and the calls are true');
	return;
}

# Does the copy have what the table has, but for rows that are marked?
sub same_rows
{
	my ($title) = @_;
	is( $node->safe_psql('postgres', <<"SQL"), '0', $title);
WITH theirs AS MATERIALIZED (SELECT $columns FROM model_comp_tasks),
     ours AS (SELECT $columns FROM copy WHERE missing_since IS NULL)
SELECT count(*) FROM ((TABLE theirs EXCEPT TABLE ours) UNION ALL (TABLE ours EXCEPT TABLE theirs)) d
SQL
	return;
}

sub change_account
{
	my @ids = $simulator->ids(30);
	my @running = split /\n/, $node->safe_psql('postgres',
		"SELECT id FROM copy WHERE state = 'running' AND missing_since IS NULL ORDER BY id LIMIT 5");
	$simulator->ctl('change', $_, 'status', 'failed') foreach @running;
	$simulator->ctl('change', $ids[0], 'name', 'another name');
	$simulator->ctl('change', $ids[6], 'description', 'another one');
	my @final = split /\n/, $node->safe_psql('postgres',
		"SELECT id FROM copy WHERE state = 'stopped' AND missing_since IS NULL ORDER BY id LIMIT 2");
	$simulator->ctl('remove', @final);
	$simulator->ctl('add', 3);
	return;
}

foreach ([ 100, 5000 ], [ 7, 500 ], [ 1, 500 ])
{
	my ($page_size, $tasks) = @$_;
	my $commits = $page_size == 7 ? ', commit_every => 70' : '';
	my $target  = "'model_comp_tasks', 'copy'$commits";
	my $pages   = sub { my ($listed) = @_; return int(($listed + $page_size - 1) / $page_size) };

	$simulator->reset;
	$simulator->ctl('set', 'tasks', $tasks);
	my $left = $node->safe_psql('postgres',
		"SELECT count(*) FROM model_comp_tasks WHERE state IN ('creating', 'running', 'stopping')");
	$node->safe_psql('postgres', <<"SQL");
ALTER FOREIGN TABLE model_comp_tasks OPTIONS (ADD page_size '$page_size');
SELECT qianfan_fdw_mirror('model_comp_tasks', 'copy');
SQL
	sync_is($target, "$tasks|0|0|0", $pages->($tasks) + $tasks,
		"pages of $page_size: first");
	same_rows('all is there');
	sync_is($target, "0|0|$tasks|0", $pages->($tasks) + $left, 'nothing has changed');

	# Of the two that get another text, some had ended before.
	my $written = $node->safe_psql('postgres', 'SELECT max(synced_at) FROM copy');
	change_account();
	my $ended = $node->safe_psql('postgres',
		"SELECT count(*) FROM copy WHERE id IN ('" . join("','", ($simulator->ids(7))[0, 6]) . "') AND state IN ('succeeded', 'failed', 'stopped')");
	sync_is($target, '3|7|' . ($tasks - 9) . '|2',
		$pages->($tasks + 1) + $left + $ended + 3, 'changes');
	is( $node->safe_psql('postgres',
			"SELECT count(*), count(missing_since) FROM copy WHERE synced_at > '$written'"),
		'12|2',
		'no other row was written');
	same_rows('the copy is the same');
	$left += 3 - 5;
	sync_is($target, '0|0|' . ($tasks + 1) . '|2', $pages->($tasks + 1) + $left,
		'and stays so');
	$node->safe_psql('postgres',
		'DROP TABLE copy; ALTER FOREIGN TABLE model_comp_tasks OPTIONS (DROP page_size)');
}

end_test($node);
