# Proves that a write makes all sessions forget what it changed, and that COPY has calls in flight together.

use QianfanTest;
use Sessions qw(open_session ask begin_query);

my ($node, $simulator) = new_server(
	tasks => 50,
	cache => 1,
	conf  => "shared_preload_libraries = 'qianfan_fdw'");
$node->safe_psql('postgres', <<'SQL');
ALTER SERVER qianfan OPTIONS (ADD updatable 'true', ADD cache_max_age '1h', ADD cache_max_age_final '1h');
ALTER FOREIGN TABLE model_comp_tasks ADD COLUMN model_set_id text;
SQL
my ($running) = $node->safe_psql('postgres',
	"SELECT id FROM model_comp_tasks WHERE state = 'running' LIMIT 1");
my ($writer) = open_session($node);
my ($reader) = open_session($node);
my $state = "SELECT state FROM model_comp_tasks WHERE id = '$running'";
my $count = 'SELECT count(*) FROM model_comp_tasks';

sub both
{
	my ($sql, $expected, $title) = @_;
	is(ask($_->[0], $sql), $expected, "$title: $_->[1]") foreach [ $writer, 'writer' ], [ $reader, 'reader' ];
	return;
}

both($state, 'running', 'at first');
both($count, 50, 'at first');
my $calls = $simulator->get('total');
both($state, 'running', 'remembered');
both($count, 50, 'remembered');
is($simulator->get('total'), $calls, 'without a call');

ask($writer, "UPDATE model_comp_tasks SET state = 'stopping' WHERE id = '$running'");
both($state =~ s/state/state LIKE 'stopp%'/r, 't', 'cancelled');
my $insert = "INSERT INTO model_comp_tasks (name, source_model_id, model_set_id, strategy) VALUES ('new', 'amv-1', 'am-1', 'Sparsity')";
ask($writer, $insert);
both($count, 51, 'created');
ask($writer, "DELETE FROM model_comp_tasks WHERE id = '$running'");
both($state, '', 'deleted');
both($count, 50, 'deleted');

# A lost answer makes them forget as well, and what is settled is not taken from memory.
$simulator->fail('http-503', '--action', 'CreateModelCompTask', '--effect', 'after');
is(ask($writer, $insert), 'HV00L', 'a lost answer');
both($count, 51, 'lost');
my ($other) = $node->safe_psql('postgres',
	"SELECT id FROM model_comp_tasks WHERE state = 'failed' LIMIT 1");
both("SELECT state FROM model_comp_tasks WHERE id = '$other'", 'failed', 'another');
$simulator->fail('http-503', '--action', 'DeleteModelCompTask', '--effect', 'before');
is(ask($writer, "DELETE FROM model_comp_tasks WHERE id = '$other' RETURNING 'done'"), 'done', 'settled by reading');
both("SELECT state FROM model_comp_tasks WHERE id = '$other'", '', 'deleted in the second attempt');

# COPY: in batches from PostgreSQL 16 on.
$simulator->reset;
$simulator->hold('--action', 'CreateModelCompTask');
$node->safe_psql('postgres',
	"COPY (SELECT 'c' || n, 'amv-1', 'am-1', 'Sparsity' FROM generate_series(1, 20) n) TO '" . $node->data_dir . "/rows'");
begin_query($writer, "COPY model_comp_tasks (name, source_model_id, model_set_id, strategy) FROM '" . $node->data_dir . "/rows'");
my $together = $node->pg_version >= 16 ? 16 : 1;
$simulator->wait_for('held', $together);
is($simulator->get('held'), $together, 'calls of COPY in flight');
$simulator->release;
is(ask($writer, ''), '', 'COPY ends');
is($simulator->get('calls:CreateModelCompTask'), 20, 'each row once');
$_->quit foreach $writer, $reader;
end_test($node);
