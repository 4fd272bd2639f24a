# Proves that details asked for late, after sorting and limiting, change no
# row of random queries and cost no more calls than details asked for early.
#
# QIANFAN_FUZZ_SEED and QIANFAN_LATE_COUNT are for longer or other runs; see
# test/differential/README.md.

use Cwd            qw(abs_path);
use File::Basename qw(dirname);
use QianfanTest;

my $late  = abs_path(dirname(__FILE__) . '/../differential/late');
my $count = $ENV{QIANFAN_LATE_COUNT} || 200;
my @seeds = defined $ENV{QIANFAN_FUZZ_SEED}
  ? $ENV{QIANFAN_FUZZ_SEED}
  : ('fixed', 'final');

my $simulator = QianfanSimulator->new(tasks => 120);
my $node = new_node(init => [ extra => [ '--encoding=UTF8', '--locale=C' ] ]);

point_to($node, $simulator);

# Exit status and output of a run.
sub run_queries
{
	my (@options) = @_;
	my $output = '';
	IPC::Run::run([ 'python3', $late, @options ], '>&', \$output);
	return ($? >> 8, $output);
}

my $each = int($count / @seeds) || 1;
foreach my $seed (@seeds)
{
	my ($status, $output) =
	  run_queries('--seed', $seed, '--count', $each, '--most-failures', 5);
	is($status, 0, "seed $seed: no difference, and calls as few as before")
	  or diag $output;
	like($output, qr/: $each cases, /, "seed $seed: all cases were run");
	note($output);
}

# A tester that cannot fail proves nothing: a row that differs, and one of a
# stale list.
foreach my $batch ('table', 'stale')
{
	my $file = PostgreSQL::Test::Utils::tempdir() . "/$batch";
	my $sql = 'SELECT id, weight FROM model_comp_tasks ORDER BY id LIMIT 3';
	append_to_file($file,
			"--# batch 0 $batch\n--# case 0.0\n--# "
		  . ($batch eq 'stale' ? "either $sql\x1f$sql" : 'ordered')
		  . "\n$sql;\n");
	my @again = ('--no-setup', '--file', $file);
	is((run_queries(@again))[0], 0, "$batch: a query by itself");
	$node->safe_psql('postgres', <<"SQL");
UPDATE l.model_comp_tasks SET weight = weight || 'x'
 WHERE id = (SELECT id FROM l.model_comp_tasks WHERE weight IS NOT NULL
              ORDER BY id LIMIT 1);
SQL
	my ($status, $output) = run_queries(@again);
	is($status, 1, "$batch: a value that differs is found");
	like($output, qr/case 0\.0.*ORDER BY id/s, "$batch: it is shown");
	$node->safe_psql('postgres',
		q{UPDATE l.model_comp_tasks SET weight = rtrim(weight, 'x')});
}

end_test($node);
