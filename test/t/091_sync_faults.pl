# Proves that a synchronization that fails leaves the copy as it was, or, if it
# commits in between, as of the last batch; that it leaves no lock; that two of
# them take turns; and that one is cancelled at once.

use QianfanTest;
use Sessions qw(open_session ask begin_query stop_query);

my ($node, $simulator) = new_server(
	tasks => 200,
	sql   => 'ALTER SERVER qianfan OPTIONS (ADD max_retries \'0\');');
my $sync  = "CALL qianfan_fdw_sync('model_comp_tasks', 'copy'";
my $image = 'SELECT md5(string_agg(c::text, chr(10) ORDER BY id)), count(*), count(missing_since) FROM copy c';
my $locks = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'";
my @ids   = $simulator->ids(200);
my ($session, $pid) = open_session($node);

sub value { return $node->safe_psql('postgres', $_[0]) }

value("SELECT qianfan_fdw_mirror('model_comp_tasks', 'copy', true)");
value("$sync)");

# Faults at each stage: nothing has happened.
$simulator->ctl('remove', @ids[0 .. 9]);
$simulator->ctl('change', $_, 'name', 'new name') foreach @ids[20 .. 59];
$simulator->ctl('add', 5);
my $before = value($image);
foreach my $fault (
	[ 'first page',  'http-500', '--action', 'DescribeModelCompTasks' ],
	[ 'second page', 'http-500', '--action', 'DescribeModelCompTasks', '--after', 1 ],
	[ 'a detail',    'http-500', '--action', 'DescribeModelCompTask', '--after', 30 ],
	[ 'a new task',  'truncated-json', '--action', 'DescribeModelCompTask', '--after', 55 ])
{
	my ($title, @fault) = @$fault;
	foreach my $how ('', ", missing => 'delete'", ', only_new => true')
	{
		$simulator->heal;
		$simulator->fail(@fault);
		like(ask($session, "$sync$how)"), qr/^HV/, "$title$how: an error");
		is(value($image), $before, '... changes nothing');
		is(value($locks), 0, '... and leaves no lock');
	}
}
$simulator->heal;

# A statement's budget counts the whole CALL.
is(ask($session, "SET qianfan_fdw.max_requests = 50; $sync, commit_every => 10)"),
	'54000', 'the budget is over');
is(ask($session, 'RESET qianfan_fdw.max_requests'), '', 'it is taken away');
is(value($locks), 0, 'no lock is left');
value("$sync)");

# With commit_every, what was committed stays, and nothing is marked.
$simulator->ctl('remove', $ids[10]);
$simulator->ctl('change', $_, 'name', 'newer') foreach @ids[100 .. 199];
my $unfinished = value("SELECT count(*) FROM copy WHERE state IN ('creating', 'running', 'stopping') AND id NOT IN ('" . join("','", @ids[100 .. 199]) . "') AND missing_since IS NULL AND id <> '$ids[10]'");
my $marked = value('SELECT count(missing_since) FROM copy');
$simulator->fail('http-500', '--action', 'DescribeModelCompTask', '--after', 45);
like(ask($session, "$sync, commit_every => 20)"), qr/^HV/, 'an error in the third batch');
my $kept = value("SELECT count(*) FROM copy WHERE name = 'newer'");
cmp_ok($kept, '>=', 40 - $unfinished, 'two batches are kept');
cmp_ok($kept, '<=', 40, 'and no more');
is(value('SELECT count(missing_since) FROM copy'), $marked, 'nothing is marked');
is(value($locks), 0, 'no lock is left');
is(ask($session, 'SELECT 1'), '1', 'the session goes on');
$simulator->heal;
is(ask($session, "$sync, commit_every => 20)") =~ s/\|.*//r, '0', 'it is called again');
is(value("SELECT count(*) FROM copy WHERE name = 'newer'"), 100, 'and makes progress');
is(value('SELECT count(missing_since) FROM copy'), $marked + 1, 'at the end rows are marked');

# Two at once: the second one ends at once, or waits and finds the work done.
foreach my $commits ('', ', commit_every => 7')
{
	$simulator->ctl('change', $ids[150], 'name', "named$commits");
	$simulator->hold;
	begin_query($session, "$sync$commits)");
	$simulator->wait_for('held', 1);
	my ($second, $second_pid) = open_session($node);
	is(ask($second, "$sync, wait => false)"), '55P03', 'another one runs');
	begin_query($second, "$sync)");
	ok($node->poll_query_until('postgres',
			"SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = $second_pid"),
		'the second one waits');
	$simulator->release;
	like(ask($session, ''), qr/^0\|1\|/, 'the first one writes');
	like(ask($second, ''), qr/^0\|0\|/, 'the second one has nothing to write');
	$second->quit;
	is(value($locks), 0, 'no lock is left');
}

# Cancel, at each stage: within 100 ms, and as if nothing had been.
$before = value($image);
foreach my $action ('DescribeModelCompTasks', 'DescribeModelCompTask')
{
	foreach my $commits ('', ', commit_every => 500')
	{
		$simulator->hold('--action', $action);
		begin_query($session, "$sync$commits)");
		$simulator->wait_for('held', 1);
		is(stop_query($node, $session, $pid, 'cancel'), '57014', "cancelled in $action$commits");
		is(value($locks), 0, 'no lock is left');
		$simulator->release;
		is(value($image), $before, 'nothing has changed');
	}
}
$simulator->hold;
begin_query($session, "$sync, commit_every => 500)");
$simulator->wait_for('held', 1);
stop_query($node, $session, $pid, 'terminate');
$node->poll_query_until('postgres', "SELECT count(*) = 0 FROM pg_stat_activity WHERE pid = $pid");
is(value($locks), 0, 'nor does a session leave one that is ended');

end_test($node);
