# Proves that sorted scans can be read at once by an Append, and that a cancel
# is served at once in each of their phases: list, sort and details.

use QianfanTest;
use Time::HiRes qw(usleep);
use Sessions qw(open_session begin_query);

my $big = 30_000;
my %simulator = map { $_ => QianfanSimulator->new(tasks => 230) } qw(a b);
my $node = new_node(init => [ extra => [ '-E', 'UTF8' ] ]);
my $sql  = "CREATE EXTENSION qianfan_fdw;\n";

# A sort is easier to stop in the middle of if comparing takes its time.
my $slow = $node->safe_psql('postgres', <<'SQL');
SELECT coalesce((SELECT 'COLLATE "und-x-icu"' FROM pg_collation WHERE collname = 'und-x-icu'), '')
SQL
foreach my $name (sort keys %simulator)
{
	$sql .= $simulator{$name}->server_sql($name, max_retries => 0) . <<"SQL";
CREATE FOREIGN TABLE tasks_$name (id text $slow, create_time timestamptz, strategy text)
  SERVER $name OPTIONS (resource 'model_comp_tasks');
SQL
}
$node->safe_psql('postgres', $sql);

# An Append reads both scans at once: each sorts by itself.  What they are
# sorted by is shown, or a node would stand between.
my $query = join ' UNION ALL ',
  map { "(SELECT id, create_time, strategy FROM tasks_$_ ORDER BY create_time DESC, id)" }
  'a', 'b';
my ($session, $pid) = open_session($node);
like(
	$session->query_safe("EXPLAIN (COSTS OFF) $query"),
	qr/Async Foreign Scan on tasks_a.*?Sort Key: .*Async Foreign Scan on tasks_b.*?Sort Key: /s,
	'both sorted scans can be read at once');
$_->reset, $_->hold foreach values %simulator;
begin_query($session, $query);
$_->wait_for('held', 1) foreach values %simulator;
pass('both lists are read at once');
$_->release foreach values %simulator;
my @rows = split /\n/, $session->query('');
is(scalar @rows, 460, 'all rows');
is($_->calls, 'DescribeModelCompTask=230 DescribeModelCompTasks=3',
	'each task is asked for once')
  foreach values %simulator;
$session->query_safe(
	'SET qianfan_fdw.enable_late_details = off; SET enable_async_append = off');
# Both accounts have the same tasks, so each row is there twice.
my @plain = split /\n/, $session->query_safe($query);
my (%times, @first, @second);
push @{ $times{$_}++ ? \@second : \@first }, $_ foreach @rows;
is_deeply(\@first,  [ @plain[ 0 .. 229 ] ],   'one in the order of a plain one');
is_deeply(\@second, [ @plain[ 230 .. 459 ] ], 'the other, too');
$session->quit;

# Stopped while it waits for a page, and for details.
$query = 'SELECT * FROM tasks_a ORDER BY create_time DESC, id';
sub cpu_ms
{
	return (split ' ', slurp_file("/proc/$_[0]/schedstat"))[0] / 1e6;
}

# What a cancel ends in, and the time it takes of the backend's own.
sub stop_now
{
	my $before = cpu_ms($pid);

	kill('INT', $pid);
	$session->query('');
	my $spent = cpu_ms($pid) - $before;
	$simulator{a}->wait_below('in_flight', 0);
	return ($session->{stderr}, $spent);
}

sub is_stopped
{
	my ($title, $stderr, $spent) = @_;

	like($stderr, qr/57014/, "$title: SQLSTATE");
	cmp_ok($spent, '<', 100, "$title: at once");
	is($simulator{a}->get('in_flight'), 0, "$title: nothing in flight");
	return;
}

foreach my $phase (0, 2, 3)
{
	($session, $pid) = open_session($node);
	$simulator{a}->reset;
	$simulator{a}->hold;
	begin_query($session, $query);
	foreach my $page (1 .. $phase)
	{
		$simulator{a}->wait_for('held', 1);
		$simulator{a}->release(1);
	}
	$simulator{a}->wait_for('held', $phase < 3 ? 1 : 16);
	is_stopped($phase < 3 ? "page $phase" : 'details', stop_now());
	$session->quit;
}

# Stopped while it sorts: the list has been read, and no detail is asked for.  The
# backend stands still until its last page is there, and goes on for a while that
# is counted in its own time.  On a busy machine that takes several attempts.
($session, $pid) = open_session($node);
$session->query_safe("SET work_mem = '256MB'");
my @stopped;
foreach my $attempt (1 .. 25)
{
	last if @stopped;
	$simulator{a}->reset;
	$simulator{a}->set('tasks', $big);
	$simulator{a}->hold('--action', 'DescribeModelCompTask');
	# with a LIMIT, or runs that are on disk, next to nothing is left to sort
	begin_query($session, 'BEGIN; DECLARE c CURSOR FOR SELECT * FROM tasks_a ORDER BY id DESC; FETCH 3 FROM c');
	$simulator{a}->wait_for('total', $big / 100);
	kill('STOP', $pid);
	my $late = $simulator{a}->calls =~ /DescribeModelCompTask=/;
	$simulator{a}->wait_below('in_flight', 0) unless $late;
	my $start = cpu_ms($pid);
	kill('CONT', $pid);
	foreach my $look (1 .. 200)
	{
		last if $late || cpu_ms($pid) >= $start + 10;
		usleep(500);
	}
	note(sprintf '%.0f ms after the last page', cpu_ms($pid) - $start);
	my @end = stop_now();
	@stopped = @end if $simulator{a}->calls !~ /DescribeModelCompTask=/;
	$session->{stderr} = '';
	$session->query_safe('ROLLBACK');
}
is_stopped('sort', @stopped ? @stopped : ('never', 0));
$session->quit;

end_test($node);
