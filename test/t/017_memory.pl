# Proves that a scan of a long list takes no more memory than one of a short.

use QianfanTest;
use Sessions qw(open_session peak_kb);

plan skip_all => 'needs /proc' unless -r "/proc/$$/status";

my ($node, $simulator) = new_server(tasks => 1000, conf => 'jit = off');

my $limit_kb = 10 * 1024;

# Highest resident size of a fresh backend after each number of tasks, in kB.
sub peaks
{
	my ($query, @tasks) = @_;
	my ($session, $pid) = open_session($node);
	my @peaks;
	foreach my $tasks (@tasks)
	{
		$simulator->set('tasks', $tasks);
		$session->query_safe($query);
		push @peaks, peak_kb($pid);
	}
	$session->quit;
	return @peaks;
}

my %queries = (
	'a count'                  => 'SELECT count(*) FROM model_comp_tasks',
	'a filter nothing passes'  => "SELECT id FROM model_comp_tasks WHERE name = 'nobody'",
	'a filter before details'  => "SELECT * FROM model_comp_tasks WHERE name = 'nobody'",
	'a page out of many' => 'SELECT id FROM model_comp_tasks LIMIT 30',
);
foreach my $title (sort keys %queries)
{
	my ($short, $long) = peaks($queries{$title}, 1000, 30000);
	cmp_ok($long - $short, '<', $limit_kb,
		"$title: growth from 1,000 to 30,000 tasks stays under 10 MB");
	note("$title: $short kB, then $long kB");
}

# Nor does one that is repeated grow with each time.
my $repeated = join ' ',
  'SELECT count((SELECT count(*) FROM model_comp_tasks t WHERE t.source_model_id = m.id))',
  "FROM (SELECT 'amv-unknown-' || i %% 3 AS id FROM generate_series(1, %d) i) m";
my ($session, $pid) = open_session($node);
$session->query_safe(sprintf $repeated, 1000);
my $peak = peak_kb($pid);
$simulator->reset;
is($session->query_safe(sprintf $repeated, 200000), 200000, 'a scan repeated often');
is($simulator->calls, 'DescribeModelCompTasks=3', 'each list is read once');
cmp_ok(peak_kb($pid) - $peak, '<', $limit_kb, 'memory does not grow with it');
$session->quit;

# A reader that stops is not run ahead of.
$simulator->reset;
$simulator->set('tasks', 30000);
$node->safe_psql('postgres', <<'SQL');
BEGIN;
DECLARE c CURSOR FOR SELECT id FROM model_comp_tasks;
FETCH 10 FROM c;
COMMIT;
SQL
is($simulator->calls, 'DescribeModelCompTasks=1',
	'one page when the client stops reading');

end_test($node);
