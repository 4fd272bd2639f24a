# Proves that large answers take memory that is bounded in bytes, however many
# there are, and that a session gives it back.

use QianfanTest;
use Sessions qw(open_session ask begin_query peak_kb);

plan skip_all => 'needs /proc' unless -r "/proc/$$/status";

my ($node, $simulator) = new_server(tasks => 16, conf => "jit = off\nwork_mem = '4MB'");

my $ids = join(',', split /\n/, `@{[ $simulator->data_command('--ids', 16) ]}`);
$node->safe_psql('postgres', <<"SQL");
CREATE TABLE inv AS SELECT i AS n, id AS task_id
  FROM unnest('{$ids}'::text[]) WITH ORDINALITY AS u(id, i);
ANALYZE inv;
SQL

# Each task is some 15 kB on the wire and 15 MB in memory.
my $megabytes   = 15;
my $concurrency = 4;
$node->safe_psql('postgres', "ALTER SERVER qianfan OPTIONS (ADD max_concurrency '$concurrency')");

sub resident_kb
{
	my ($pid) = @_;
	return slurp_file("/proc/$pid/status") =~ /^VmRSS:\s+(\d+) kB/m ? $1 : 0;
}

# By contract: work_mem for answers in flight and for rows kept, a body for
# each call in flight, and the tree of one.  Beyond that, a row is copied a few
# times on its way through the executor, and malloc keeps a block or two of what
# was given back to it.  All answers at once would be twice as much.
my $bound_mb = 2 * 4 + $concurrency * $megabytes + 2 * $megabytes + 6 * $megabytes;

my $all = "id = ANY ('{$ids}')";
my $lookups = join ';', map { "SET enable_$_ = off" } qw(hashjoin mergejoin nestloop);
my %queries = (
	'keys' => [ '', "SELECT count(*), sum(length(description)) FROM model_comp_tasks WHERE $all" ],
	'keys, column not asked for' => [ '', "SELECT count(*), count(weight) FROM model_comp_tasks WHERE $all" ],
	'keys, kept for a rescan' => [ '', <<"SQL" ],
SELECT count(*), sum(length) FROM generate_series(1, 2) i,
  LATERAL (SELECT length(description) FROM model_comp_tasks WHERE i > 0 AND $all OFFSET 0) t
SQL
	'lookup join' => [ $lookups, 'SELECT count(*), sum(length(description)) FROM inv JOIN model_comp_tasks t ON t.id = inv.task_id' ],
	'details of a list' => [ '', 'SELECT count(weight), sum(length(description)) FROM model_comp_tasks' ]);

foreach my $title (sort keys %queries)
{
	my ($settings, $query) = @{ $queries{$title} };
	my ($session, $pid) = open_session($node);
	$session->query_safe($settings) if $settings ne '';
	$simulator->reset;
	$session->query_safe($query);
	my $peak = peak_kb($pid);
	my $rest = resident_kb($pid);

	# Into another session, whose peak is its own.
	$session->quit;
	($session, $pid) = open_session($node);
	$session->query_safe($settings) if $settings ne '';
	$simulator->set('gzip', 'on');
	$simulator->fail("large-description:$megabytes", '--always', '--action', 'DescribeModelCompTask');

	# The worst case: the first answers are all there before one is looked at.
	$simulator->hold('--action', 'DescribeModelCompTask');
	begin_query($session, $query);
	$simulator->wait_for('held', $concurrency);
	kill('STOP', $pid) or die "could not stop $pid: $!";
	$simulator->release;
	$simulator->wait_for('in_flight', 0);
	kill('CONT', $pid);
	like(ask($session, ''), qr/^\d+\|\d+$/, "$title: rows");
	my $more_peak = (peak_kb($pid) - $peak) / 1024;
	my $more_rest = (resident_kb($pid) - $rest) / 1024;
	cmp_ok($more_peak, '<', $bound_mb, "$title: peak is bounded");
	cmp_ok($more_rest, '<', 20, "$title: what was held is given back");
	note(sprintf '%s: %.0f MB at most, then %.0f MB', $title, $more_peak, $more_rest);
	$session->quit;
}

end_test($node);
