# Proves that a wait asks for what has not ended and for nothing else, and holds
# back no VACUUM between two looks.
# Runs alone, because it measures time.

use QianfanTest;
use Sessions qw(open_session ask begin_query);

my ($node, $simulator) = new_server(tasks => 5000);
my ($session, $pid) = open_session($node);
my $xmin = "SELECT coalesce(backend_xmin::text, 'none') FROM pg_stat_activity WHERE pid = $pid";

# 200 tasks that run, of 5,000: 50 pages.
my @ids = (split /\n/, $node->safe_psql('postgres',
		"SELECT id FROM model_comp_tasks WHERE state = 'running'"))[ 0 .. 199 ];
my $list = "'{" . join(',', @ids) . "}'";
$node->safe_psql('postgres', 'ANALYZE (VERBOSE) model_comp_tasks (id)');

# All still run: the list, which takes 50 calls at most.  Then nothing until the
# next look, five seconds later, and no snapshot.
srand(7);
my @left = sort { rand() <=> 0.5 } @ids;
my $end = sub { $simulator->ctl('change', $_, 'status', 'succeeded') foreach splice @left, 0, $_[0] };
$simulator->reset;
begin_query($session, "CALL qianfan_fdw_wait('model_comp_tasks', $list)");
ok($node->poll_query_until('postgres',
		"SELECT wait_event = 'PgSleep' FROM pg_stat_activity WHERE pid = $pid"),
	'it pauses');
my $first = $simulator->get('total');
cmp_ok($first, '<=', 51, 'the first look takes the list');
is($simulator->get('calls:DescribeModelCompTask'), 0, '... alone');
is($node->safe_psql('postgres', $xmin), 'none', 'no snapshot in the pause');
is($simulator->get('total'), $first, 'no call in the pause');

# All but 13 end: the second look is the list again, the third 13 ids, the
# fourth the 3 of them that are left, and none after they have ended.
$end->(187);
$simulator->wait_for('total', $first + 1);
ok($node->poll_query_until('postgres',
		"SELECT wait_event = 'PgSleep' FROM pg_stat_activity WHERE pid = $pid"),
	'it pauses again');
is($simulator->get('calls:DescribeModelCompTask'), 0, 'the list again');
is($node->safe_psql('postgres', $xmin), 'none', 'no snapshot');
$end->(10);
$simulator->wait_for('calls:DescribeModelCompTask', 13);
$end->(3);
$simulator->wait_for('calls:DescribeModelCompTask', 16);
is(ask($session, ''), '{}|{}', 'all have ended well');
my $total = $simulator->get('total');
is($simulator->get('calls:DescribeModelCompTask'), 16, 'one call for each that was left');
is(ask($session, 'SELECT 1'), '1', 'the session goes on');
is($simulator->get('total'), $total, 'no call after all have ended');

# statement_timeout is for the whole CALL, and so is a script's failure.
$simulator->reset;
is(ask($session, "SET statement_timeout = '1s'; CALL qianfan_fdw_wait('model_comp_tasks', ARRAY['$ids[0]'])"),
	'57014', 'statement_timeout');
ask($session, 'RESET statement_timeout');
$simulator->reset;
begin_query($session, "CALL qianfan_fdw_wait('model_comp_tasks', ARRAY['$ids[0]', '$ids[1]'], must_succeed => true)");
$simulator->wait_for('total', 2);
$simulator->ctl('change', $ids[0], 'status', 'failed');
is(ask($session, ''), 'P0001', 'a task that fails ends the wait');
like($session->{stderr}, qr/P0001: 1 task did not succeed.*DETAIL:  Tasks and their states: $ids[0] \(failed\)/s,
	'... and is named');

# What is remembered of earlier answers does not count.
my $state = "SELECT state FROM model_comp_tasks WHERE id = '$ids[2]'";
ask($session, "ALTER SERVER qianfan OPTIONS (ADD cache_max_age '1h'); SET qianfan_fdw.enable_cache = on");
is(ask($session, $state), 'running', 'an answer is remembered');
$simulator->ctl('change', $ids[2], 'status', 'succeeded');
is(ask($session, $state), 'running', '... and used');
is(ask($session, "CALL qianfan_fdw_wait('model_comp_tasks', ARRAY['$ids[2]'], '0')"),
	'{}|{}', 'but not for waiting');
is(ask($session, 'SHOW qianfan_fdw.enable_cache'), 'on', 'and that is over');

end_test($node);
