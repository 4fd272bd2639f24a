# Proves what becomes of a write whose answer is lost or refused, before and after it took effect.
#
# Each fault strikes each of the three actions.  What exists afterwards is what
# the simulator says, not what we say.
# Runs where lines are counted.

use QianfanTest;
use Sessions qw(open_session ask);

my ($node, $simulator) = new_server(tasks => 300);
$node->safe_psql('postgres', <<'SQL');
ALTER SERVER qianfan OPTIONS (ADD updatable 'true', ADD max_retries '1', ADD retry_delay '1ms', ADD request_timeout '20s');
ALTER FOREIGN TABLE model_comp_tasks ADD COLUMN model_set_id text;
SQL

# A task that can be cancelled.
my $running = $node->safe_psql('postgres',
	"SELECT id FROM model_comp_tasks WHERE state = 'running' LIMIT 1");
my ($session) = open_session($node);

my %statement = (
	Create =>
	  "INSERT INTO model_comp_tasks (name, source_model_id, model_set_id, strategy) VALUES ('new', 'amv-1', 'am-1', 'Sparsity') RETURNING 'done'",
	Cancel => "UPDATE model_comp_tasks SET state = 'stopping' WHERE id = '$running' RETURNING 'done'",
	Delete => "DELETE FROM model_comp_tasks WHERE id = '$running' RETURNING 'done'");
my %word = (Create => 'created', Cancel => 'cancelled', Delete => 'deleted');

# The statement under a fault: [ SQLSTATE or "done", tasks changed, calls ].
sub outcome
{
	my ($action, $fault, @options) = @_;
	my $slow = $fault =~ /^(?:stall|slow)/;

	$simulator->reset;
	$node->safe_psql('postgres', "ALTER SERVER qianfan OPTIONS (SET request_timeout '300ms')") if $slow;
	$simulator->fail($fault, '--action', "${action}ModelCompTask", @options);
	my $state = ask($session, $statement{$action});
	$node->safe_psql('postgres', "ALTER SERVER qianfan OPTIONS (SET request_timeout '20s')") if $slow;
	my @changed = grep { /^$word{$action} / } split /\n/, $simulator->ctl('changes');
	return ($state, scalar @changed,
		$simulator->get("calls:${action}ModelCompTask"), "@changed");
}

sub check
{
	my ($action, $fault, $expected, @options) = @_;
	my ($state, $tasks, $calls, $changes) = outcome($action, $fault, @options);
	my $title = "$action, $fault @options";

	is("$state, $tasks tasks, $calls calls", $expected, "$title: outcome");
	cmp_ok($tasks, '<=', 1, "$title: not two tasks");
	ok($tasks == 1, "$title: success is true") if $state eq 'done';
	return unless $state eq 'HV00L' && $action eq 'Create';
	like($session->{stderr}, qr/name "new", sourceModelId "amv-1": $tasks\b/,
		"$title: what could be it");
	my ($id) = $changes =~ /(amva-\w+)/ or return;
	like($session->{stderr}, qr/\($id\)/, "$title: its id");
	return;
}

# Nobody knows whether it was done.
my @lost = (
	'http-500', 'http-502', 'http-503', 'http-504', 'html-502', 'http-501', 'http-408',
	'code-in-200:InternalError', 'numeric:500000', 'numeric:336100',
	'reset-before-headers', 'close-before-headers', 'stall-before-headers',
	'not-http', 'html-200', 'empty-body', 'invalid-json', 'endless-headers', 'huge-json:20');
my @lost_after = (
	'reset-mid-body', 'close-mid-headers', 'close-mid-body', 'stall-mid-headers',
	'stall-mid-body', 'wrong-content-length:long', 'truncated-json', 'bad-gzip');
foreach my $fault (@lost, @lost_after)
{
	my $needs_body = grep { $_ eq $fault } @lost_after;

	check('Create', $fault, 'HV00L, 0 tasks, 1 calls', '--effect', 'before') unless $needs_body;
	check('Create', $fault, 'HV00L, 1 tasks, 1 calls', '--effect', 'after');
	foreach my $action ('Cancel', 'Delete')
	{
		check($action, $fault, 'done, 1 tasks, 2 calls', '--effect', 'before') unless $needs_body;
		check($action, $fault, 'done, 1 tasks, 1 calls', '--effect', 'after');
	}
}

# The id of what was created is not in the answer.
check('Create', $_, 'HV00L, 1 tasks, 1 calls', '--effect', 'after')
  foreach 'missing-result', 'result:null', 'result:""', 'result:42', 'result:{}', 'wrong-type-result:array';
check('Create', 'result:{"id":"amva-1"}', 'done, 1 tasks, 1 calls', '--effect', 'after');

# Lost again and again, and nothing is done.
foreach my $action ('Cancel', 'Delete')
{
	check($action, $_, 'HV00L, 0 tasks, 2 calls', '--effect', 'before', '--always')
	  foreach 'http-503', 'reset-before-headers';
	like($session->{stderr}, qr/could not find out whether task "$running" was/, "$action: told");
}

# Refused before anything was done: tried again, if that may help.
foreach my $action (sort keys %statement)
{
	check($action, $_, 'done, 1 tasks, 2 calls')
	  foreach 'http-429', 'numeric:18', 'AccessDenied', 'RequestExpired';
	check($action, 'AccessDenied', '42501, 0 tasks, 2 calls', '--always');
	check($action, 'http-429', '53400, 0 tasks, 2 calls', '--always', '--retry-after', 0);
	check($action, 'http-400', 'HV000, 0 tasks, 1 calls');
	check($action, 'InappropriateJSON', 'HV000, 0 tasks, 1 calls');
	check($action, 'SignatureDoesNotMatch', '28000, 0 tasks, 1 calls');
	check($action, 'OptInRequired', '42501, 0 tasks, 1 calls');
	check($action, 'numeric:336003', 'HV000, 0 tasks, 1 calls');
	check($action, 'redirect', 'HV000, 0 tasks, 1 calls');
	check($action, 'result:false', 'HV000, 0 tasks, 1 calls', '--effect', 'before');
}

# A task that is gone is no row; one that has ended is refused.
is(join(', ', (outcome('Delete', 'code:404:ModelCompTaskNotFound:x'))[0, 2]), ', 1', 'delete of what is gone');
is(join(', ', (outcome('Cancel', 'code:404:ModelCompTaskNotFound:x'))[0, 2]), ', 1', 'cancel of what is gone');

# An answer that cannot be settled, because the task cannot be read either.
foreach my $action ('Cancel', 'Delete')
{
	$simulator->reset;
	$simulator->fail('http-500', '--action', "${action}ModelCompTask", '--effect', 'after');
	$simulator->fail('http-500', '--action', 'DescribeModelCompTask', '--after', 1, '--always');
	is(ask($session, $statement{$action}), 'HV00L', "$action: cannot be read");
	like($session->{stderr}, qr/could not be read: HTTP 500/, "$action: says so");
}

# Nor can the list: it says so.
$simulator->reset;
$simulator->fail('http-500', '--action', 'CreateModelCompTask', '--effect', 'after');
$simulator->fail('http-500', '--action', 'DescribeModelCompTasks', '--always');
is(ask($session, $statement{Create}), 'HV00L', 'create, and no list');
like($session->{stderr}, qr/The list could not be read: HTTP 500/, 'says so');

# Only tasks of that name and source, and of that time, could be it.
$simulator->reset;
$simulator->set('clock_offset_s', -900);
ask($session, $statement{Create});
ask($session, $statement{Create} =~ s/'new'/'other'/r);
$simulator->set('clock_offset_s', 0);
$simulator->fail('http-500', '--action', 'CreateModelCompTask', '--effect', 'after');
is(ask($session, $statement{Create}), 'HV00L', 'create among others');
like($session->{stderr}, qr/sourceModelId "amv-1": 1 \(amva-\w+\)/, 'one could be it');

# A kept connection that closes after the effect: libcurl would send it again.
$simulator->reset;
ask($session, "SELECT count(*) FROM model_comp_tasks WHERE id = '$running'");
check('Create', 'close-before-headers', 'HV00L, 1 tasks, 1 calls', '--effect', 'after');
is($simulator->get('reused_for_write'), 0, 'no write over a connection that was used');

# A budget that ends: nothing is lost.
$simulator->reset;
is(ask($session, "SET qianfan_fdw.max_requests = 2; INSERT INTO model_comp_tasks (name, source_model_id, model_set_id, strategy) SELECT 'b' || n, 'amv-1', 'am-1', 'Sparsity' FROM generate_series(1, 40) n"),
	'54000', 'over budget');
is(scalar(split /\n/, $simulator->ctl('changes')), 2, 'as many as were allowed');
$session->quit;
end_test($node);
