# Proves that what a rollback or an interrupt leaves behind is named, once and in full.
# Runs where lines are counted.

use QianfanTest;
use Sessions qw(open_session ask begin_query stop_query);

my ($node, $simulator) = new_server(tasks => 300, conf => 'max_prepared_transactions = 2');
$node->safe_psql('postgres', <<'SQL');
ALTER SERVER qianfan OPTIONS (ADD updatable 'true', ADD max_retries '1', ADD retry_delay '1ms');
ALTER FOREIGN TABLE model_comp_tasks ADD COLUMN model_set_id text;
CREATE FUNCTION make(prefix text, n int) RETURNS void LANGUAGE sql AS $$
  INSERT INTO model_comp_tasks (name, source_model_id, model_set_id, strategy)
  SELECT prefix || i, 'amv-1', 'am-1', 'Sparsity' FROM generate_series(1, n) i $$;
SQL
my ($running, $failed) = map {
	$node->safe_psql('postgres', "SELECT id FROM model_comp_tasks WHERE state = '$_' LIMIT 1")
} 'running', 'failed';
my ($session, $pid) = open_session($node);
my $rollback = qr/WARNING:  01000: the rollback does not undo what was written to the API\nDETAIL:  /;

# Names of the tasks that exist, and the names that a message may mean by ids.
sub created { return sort map { /^created (\S+) \S+ (.*)/ ? $2 : () } split /\n/, $simulator->ctl('changes') }
sub id_of
{
	my ($name) = @_;
	my ($id) = $simulator->ctl('changes') =~ /^created (\S+) \S+ \Q$name\E$/m;
	return $id;
}
sub warnings { return scalar(() = $session->{stderr} =~ /$rollback/g) }

# A transaction.
ask($session, "BEGIN; SELECT make('a', 2); SELECT make('b', 1); UPDATE model_comp_tasks SET state = 'stopping' WHERE id = '$running'; DELETE FROM model_comp_tasks WHERE id = '$failed'; ROLLBACK");
my ($a1, $a2, $b1) = map { id_of($_) } 'a1', 'a2', 'b1';
like($session->{stderr}, qr/${rollback}Created: 3 \($a1, $a2, $b1\)\. Cancelled: 1 \($running\)\. Deleted: 1 \($failed\)\.\n/, 'a transaction');
is(warnings(), 1, 'one warning');
ask($session, "BEGIN; SELECT make('kept', 1); COMMIT; BEGIN; ROLLBACK");
is(warnings(), 0, 'none for what was committed');

# Savepoints.
ask($session, "BEGIN; SELECT make('out', 1); SAVEPOINT s; SELECT make('in', 1); ROLLBACK TO s; COMMIT");
my $in = id_of('in1');
like($session->{stderr}, qr/${rollback}Created: 1 \($in\)\. Cancelled: 0\. Deleted: 0\.\n/, 'a savepoint');
is(warnings(), 1, 'and nothing at the end');
ask($session, "BEGIN; SAVEPOINT s; SELECT make('rel', 1); RELEASE s; ROLLBACK");
like($session->{stderr}, qr/${rollback}Created: 1 \(@{[id_of('rel1')]}\)/, 'a savepoint that was released');
ask($session, "DO \$\$ BEGIN BEGIN PERFORM make('blk', 1); PERFORM 1/0; EXCEPTION WHEN division_by_zero THEN NULL; END; PERFORM make('aft', 1); END \$\$");
like($session->{stderr}, qr/${rollback}Created: 1 \(@{[id_of('blk1')]}\)/, 'an exception block');
is(warnings(), 1, 'and not what came after');

# The error of a write says what its statement had done, the warning the rest.
my $third = "INSERT INTO model_comp_tasks (name, source_model_id, model_set_id, strategy) SELECT 't' || n, 'amv-1', 'am-1', CASE n WHEN 3 THEN 'Magic' ELSE 'Sparsity' END FROM generate_series(1, 5) n RETURNING id";
is(ask($session, "BEGIN; SELECT make('earlier', 1); $third; ROLLBACK"), 'HV000', 'an error of a write');
like($session->{stderr}, qr/ Rows of this statement done before: 2 \(@{[id_of('t1')]}, @{[id_of('t2')]}\)\.\n/, 'its statement');
like($session->{stderr}, qr/${rollback}Created: 1 \(@{[id_of('earlier1')]}\)\. Cancelled: 0\. Deleted: 0\.\n/, 'earlier statements');
is(ask($session, 'INSERT INTO model_comp_tasks (name, source_model_id, model_set_id, strategy) ' .
	"SELECT 'm' || n, 'amv-1', 'am-1', CASE WHEN n < 3 THEN 'Sparsity' END FROM generate_series(1, 5) n RETURNING id"), '23502', 'a row that lacks a value');
like($session->{stderr}, qr/DETAIL:  Rows of this statement done before: 2 \(@{[id_of('m1')]}, /, 'says so, too');
is(warnings(), 0, 'and that is all');

# After any other error the warning says all.
is(ask($session, $third =~ s/CASE.*?END/left('Sparsity', 8 \/ (3 - n) * 8)/r =~ s/'t'/'o'/r), '22012', 'another error');
like($session->{stderr}, qr/${rollback}Created: 2 \(@{[id_of('o1')]}, @{[id_of('o2')]}\)/, 'names all');

# Many.
$simulator->reset;
ask($session, "BEGIN; SELECT make('x', 25); ROLLBACK");
like($session->{stderr}, qr/Created: 25 \((?:amva-\w+, ){20}\+5\)/, 'the first twenty');
ask($session, "BEGIN; SELECT make('y', 1) FROM generate_series(1, 300); ROLLBACK");
like($session->{stderr}, qr/Created: 300 \((?:amva-\w+, ){20}\+280\)/, 'of many statements');

# Two-phase commit.
is(ask($session, "BEGIN; SELECT make('p', 1); PREPARE TRANSACTION 'p'"), '0A000', 'PREPARE TRANSACTION');
is(warnings(), 1, 'is a rollback');
is(ask($session, "BEGIN; SAVEPOINT s; SELECT make('q', 1); ROLLBACK TO s; PREPARE TRANSACTION 'q'; COMMIT PREPARED 'q'"), '', 'not of what was rolled back');

# Interrupts.
foreach my $way ('cancel', 'terminate', 'statement_timeout')
{
	($session, $pid) = open_session($node) if $way eq 'statement_timeout';
	$simulator->reset;
	$simulator->hold('--action', 'CreateModelCompTask');
	$session->query_safe("SET statement_timeout = '5s'") if $way eq 'statement_timeout';
	my $offset = -s $node->logfile;
	begin_query($session, "SELECT make('f', 40)");
	$simulator->wait_for('held', 16);
	$simulator->release(5);
	$simulator->wait_for('total', 21);
	my $state = stop_query($node, $session, $pid, $way);
	is($state, $way eq 'terminate' ? '57P01' : '57014', "$way: SQLSTATE");
	$simulator->wait_below('in_flight', 0);
	my $text = $way eq 'terminate' ? do { $node->wait_for_log(qr/Created: 5/, $offset); slurp_file($node->logfile, $offset) } : $session->{stderr};
	like($text, qr/WARNING:.*the statement ends before it is known what calls of the API have done.*?(?:ERROR|FATAL):/s, "$way: a warning before");
	my ($possible) = $text =~ /DETAIL:\s+May have been done: (.*)\./;
	my @possible = $possible =~ /CreateModelCompTask \("(\w+)", "amv-1"\)/g;
	my ($done) = $text =~ /Created: (\d+)/;
	is($done, 5, "$way: what was done");
	is(scalar @possible, 16, "$way: what was in flight");
	# which of the calls that are made at once arrives first, nobody can say
	my %possible = map { $_ => 1 } @possible;
	my @there = grep { /^f\d+$/ } created();
	is(@there . ' ' . grep({ $possible{$_} } @there), '5 0', "$way: what there is");
	unlike($text, qr/Deleted: 0\. May have/, "$way: not said twice");
}
ask($session, 'SET statement_timeout = 0');
is(ask($session, "SELECT count(*) FROM model_comp_tasks WHERE id = '$running'"), 1, 'the session goes on');

# While it is looked for what was lost.
$simulator->reset;
$simulator->fail('http-500', '--action', 'CreateModelCompTask', '--effect', 'after');
$simulator->hold('--action', 'DescribeModelCompTasks');
begin_query($session, "SELECT make('g', 1)");
$simulator->wait_for('held', 1);
is(stop_query($node, $session, $pid, 'cancel'), '57014', 'cancelled while looking');
like($session->{stderr}, qr/May have been done: CreateModelCompTask \("g1", "amv-1"\)/, 'what was lost is named');
$session->quit;
end_test($node);
