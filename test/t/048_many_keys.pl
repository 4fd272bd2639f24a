# Proves that many keys take memory in proportion to their number, in whatever
# form they come, that none is compared with every row, and that working out
# which they are can be stopped at any point.

use QianfanTest;
use Sessions qw(open_session begin_query stop_query peak_kb);
use Time::HiRes qw(usleep);

plan skip_all => 'needs /proc' unless -r "/proc/$$/schedstat";

my ($node, $simulator) = new_server(tasks => 1000, conf => "jit = off\nwork_mem = '256MB'");

# A function that looks for $n keys, put together in the server.  None is asked
# for, since another condition leaves nothing of them.
$node->safe_psql('postgres', <<'SQL');
CREATE FUNCTION count_of(pattern text, separator text, n int) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    condition text := (SELECT string_agg(replace(pattern, '@', quote_literal('amva-' || i)), separator)
                         FROM generate_series(1, n) i);
    result bigint;
BEGIN
    EXECUTE 'SELECT count(*) FROM model_comp_tasks WHERE id = ''none of them'' AND ('
         || CASE separator WHEN ',' THEN 'id IN (' || condition || ')' ELSE condition END || ')'
       INTO result;
    RETURN result;
END $$;
SQL

sub peak
{
	my ($pattern, $separator, $n) = @_;
	my ($session, $pid) = open_session($node);
	$session->query_safe("SELECT count(*) FROM model_comp_tasks WHERE id IS NULL");
	my $rest = peak_kb($pid);
	$session->query_safe("SELECT count_of('$pattern', '$separator', $n)");
	my $peak = peak_kb($pid);
	$session->quit;
	return $peak - $rest;
}

$simulator->reset;
my %forms = (
	'a chain of OR'    => [ 'id = @', ' OR ', 5000 ],
	'OR of IN'         => [ 'id IN (@, @)', ' OR ', 5000 ],
	'OR of AND'        => [ '(id = @ AND state = @)', ' OR ', 5000 ],
	'OR of functions'  => [ 'id = current_setting(@, true)', ' OR ', 5000 ],
	'OR of arrays'     => [ 'id = ANY (string_to_array(current_setting(@, true), @))', ' OR ', 2000 ],
	'OR of subqueries' => [ 'id = ANY (ARRAY(SELECT @))', ' OR ', 200 ],
	'IN'               => [ '@', ',', 20000 ]);
foreach my $form (sort keys %forms)
{
	my ($pattern, $separator, $n) = @{ $forms{$form} };
	my ($few, $many) = map { peak($pattern =~ s/'/''/gr, $separator, $_ * $n) } 1, 4;
	cmp_ok($many, '<', 4 * $few + 30 * 1024,
		"$form: four times the keys take about four times the memory");
	note("$form: $few kB, then $many kB");
}
is($simulator->calls, 'none', 'no call was made');

# What core walks once for each row is not left in the plan.
my $filter = $node->safe_psql('postgres', <<'SQL');
PREPARE by_array(text[]) AS SELECT count(*) FROM model_comp_tasks WHERE id = ANY ($1);
SET plan_cache_mode = force_generic_plan;
EXPLAIN EXECUTE by_array('{a,b}');
EXPLAIN SELECT count(*) FROM model_comp_tasks WHERE id = ANY (ARRAY(SELECT 'a'));
EXPLAIN SELECT count(*) FROM model_comp_tasks WHERE id = 'a' OR id = 'b';
SQL
unlike($filter, qr/Filter/, 'rows are not compared with the keys');
is(() = $filter =~ /Lookup Key/g, 3, 'but looked up by them');

# Two sets of keys with nothing in common take a while to be worked out, and a
# chain of OR to be planned.  (Parameters by a generic plan: the planner cannot be
# stopped while it looks at each of their values.)  Stop that at several points, in terms of the CPU
# time it takes, and see how much the backend still spends then.
$node->safe_psql('postgres', <<'SQL');
CREATE FUNCTION by_parameters(n integer) RETURNS bigint LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  one text[] := ARRAY(SELECT 'a' || i FROM generate_series(1, n) i);
  two text[] := ARRAY(SELECT 'b' || i FROM generate_series(1, n) i);
BEGIN
  RETURN (SELECT count(*) FROM model_comp_tasks WHERE id = ANY (one) AND id = ANY (two));
END $$;
SQL
my $keys = "ARRAY(SELECT '%s' || i FROM generate_series(1, 1000000) i)";
my $chain = join ' AND ', map { my $x = $_; '(' . join(' OR ', map { "id = '$x$_'" } 1 .. 10000) . ')' } 'a', 'b';
my %works = (
	'arrays' => [ sprintf("SELECT count(*) FROM model_comp_tasks WHERE id = ANY ($keys) AND id = ANY ($keys)", 'a', 'b'),
		10, 30, 50, 70, 90 ],
	'parameters'  => [ 'SELECT by_parameters(1000000)', 30, 50 ],
	'chain of OR' => [ "SELECT count(*) FROM model_comp_tasks WHERE $chain", 10, 30, 50 ]);

sub cpu_ms
{
	my ($pid) = @_;
	return (split ' ', slurp_file("/proc/$pid/schedstat"))[0] / 1e6;
}

foreach my $title (sort keys %works)
{
	my ($query, @points) = @{ $works{$title} };
	my ($session, $pid) = open_session($node);
	$session->query_safe("SELECT count(*) FROM model_comp_tasks WHERE id IS NULL");
	my $start = cpu_ms($pid);
	$session->query_safe($query);
	my $total = cpu_ms($pid) - $start;
	$session->quit;
	note("$title, not stopped: $total ms");

	foreach my $percent (@points)
	{
		($session, $pid) = open_session($node);
		$session->query_safe("SELECT count(*) FROM model_comp_tasks WHERE id IS NULL");
		$start = cpu_ms($pid);
		begin_query($session, $query);
		my ($now, $idle) = (0, 0);
		while ($now < $start + $total * $percent / 100 && $idle < 500)
		{
			my $last = $now;
			usleep(1000);
			$now = cpu_ms($pid);
			$idle = $now == $last ? $idle + 1 : 0;
		}
		my $before = cpu_ms($pid);
		kill('INT', $pid);
		my $count = $session->query('');
		my $spent = cpu_ms($pid) - $before;
		# On a busy machine the same work takes more or less: it may have ended.
		ok($session->{stderr} =~ /57014/ || $percent > 60 && $count =~ /^0/,
			"$title: stopped after $percent %");
		cmp_ok($spent, '<', 500, 'soon after it was told to');
		note("after $percent %: $spent ms");
		$session->quit;
	}
}
is($simulator->calls, 'none', 'no call was made');

# What core walks once for each row is not left in the plan.
my $filter = $node->safe_psql('postgres', <<'SQL');
PREPARE by_array(text[]) AS SELECT count(*) FROM model_comp_tasks WHERE id = ANY ($1);
SET plan_cache_mode = force_generic_plan;
EXPLAIN EXECUTE by_array('{a,b}');
EXPLAIN SELECT count(*) FROM model_comp_tasks WHERE id = ANY (ARRAY(SELECT 'a'));
EXPLAIN SELECT count(*) FROM model_comp_tasks WHERE id = 'a' OR id = 'b';
SQL
unlike($filter, qr/Filter/, 'rows are not compared with the keys');
is(() = $filter =~ /Lookup Key/g, 3, 'but looked up by them');

# Two sets of keys with nothing in common take a while to be worked out.  Stop
# that at several points, in terms of the CPU time it takes, and see how much
# the backend still spends then.
my $keys = "ARRAY(SELECT '%s' || i FROM generate_series(1, 1000000) i)";
my $query = sprintf "SELECT count(*) FROM model_comp_tasks WHERE id = ANY ($keys) AND id = ANY ($keys)",
  'a', 'b';

sub cpu_ms
{
	my ($pid) = @_;
	return (split ' ', slurp_file("/proc/$pid/schedstat"))[0] / 1e6;
}

my ($session, $pid) = open_session($node);
$session->query_safe("SELECT count(*) FROM model_comp_tasks WHERE id IS NULL");
my $start = cpu_ms($pid);
$session->query_safe($query);
my $total = cpu_ms($pid) - $start;
$session->quit;
note("not stopped: $total ms");

foreach my $percent (10, 30, 50, 70, 90)
{
	($session, $pid) = open_session($node);
	$session->query_safe("SELECT count(*) FROM model_comp_tasks WHERE id IS NULL");
	$start = cpu_ms($pid);
	begin_query($session, $query);
	my $now = 0;
	my $idle = 0;
	while ($now < $start + $total * $percent / 100 && $idle < 500)
	{
		my $last = $now;
		usleep(1000);
		$now = cpu_ms($pid);
		$idle = $now == $last ? $idle + 1 : 0;
	}
	my $before = cpu_ms($pid);
	kill('INT', $pid);
	my $count = $session->query('');
	my $spent = cpu_ms($pid) - $before;
	# On a busy machine the same work takes more or less: it may have ended.
	ok($session->{stderr} =~ /57014/ || $percent > 60 && $count =~ /^0/,
		"stopped after $percent %");
	cmp_ok($spent, '<', 500, 'soon after it was told to');
	note("after $percent %: $spent ms");
	$session->quit;
}
is($simulator->calls, 'none', 'no call was made');

end_test($node);
