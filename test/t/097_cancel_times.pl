# Proves that a cancel takes effect within 100 ms in what is no SELECT: a wait for
# tasks, in a pause and in a look, and each write of the API.
# Runs alone, because it measures time.

use QianfanTest;
use Sessions qw(open_session ask begin_query);
use Time::HiRes qw(time);

my ($node, $simulator) = new_server(tasks => 50);
my ($session, $pid) = open_session($node);

$node->safe_psql('postgres', <<'SQL');
ALTER SERVER qianfan OPTIONS (ADD updatable 'true');
ALTER FOREIGN TABLE model_comp_tasks ADD COLUMN model_set_id text;
SQL
my ($id) = split /\n/, $node->safe_psql('postgres',
	"SELECT id FROM model_comp_tasks WHERE state = 'running'");
my $wait   = "CALL qianfan_fdw_wait('model_comp_tasks', ARRAY['$id'])";
my $insert = 'INSERT INTO model_comp_tasks (name, source_model_id, model_set_id, strategy)';
my $pauses = sub {
	$node->poll_query_until('postgres',
		"SELECT wait_event = 'PgSleep' FROM pg_stat_activity WHERE pid = $pid");
};
my %statements = (
	'a wait, in a pause' => [ $pauses, '', $wait ],
	'a wait, in a look' => [ sub { $simulator->wait_for('held', 1) }, 'DescribeModelCompTask', $wait ],
	'INSERT' => [
		sub { $simulator->wait_for('held', 1) }, 'CreateModelCompTask',
		"$insert VALUES ('one', 'amv-1', 'am-1', 'Sparsity')" ],
	'INSERT of many' => [
		sub { $simulator->wait_for('held', 16) }, 'CreateModelCompTask',
		"$insert SELECT 'many', 'amv-1', 'am-1', 'Sparsity' FROM generate_series(1, 500)" ],
	'UPDATE' => [
		sub { $simulator->wait_for('held', 1) }, 'CancelModelCompTask',
		"UPDATE model_comp_tasks SET state = 'stopping' WHERE id = '$id'" ],
	'DELETE' => [
		sub { $simulator->wait_for('held', 1) }, 'DeleteModelCompTask',
		"DELETE FROM model_comp_tasks WHERE id = '$id'" ]);

foreach my $title (sort keys %statements)
{
	my ($come, $held, $sql) = @{ $statements{$title} };
	$simulator->reset;
	$simulator->hold('--action', $held) if $held;
	begin_query($session, $sql);
	$come->();
	my $begun = time;
	kill('INT', $pid) or die "could not signal $pid: $!";
	is(ask($session, ''), '57014', $title);
	cmp_ok(time - $begun, '<', 0.1, '... within 100 ms');
	$simulator->release;
}
is(ask($session, 'SELECT 1'), '1', 'the session goes on');

end_test($node);
