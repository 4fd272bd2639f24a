# Proves that random queries find in the foreign table what they find in a
# local table with the same rows.
#
# QIANFAN_FUZZ_SEED and QIANFAN_FUZZ_COUNT are for longer or other runs; see
# test/differential/README.md.

use Cwd            qw(abs_path);
use File::Basename qw(dirname);
use QianfanTest;

my $run   = abs_path(dirname(__FILE__) . '/../differential/run');
my $count = $ENV{QIANFAN_FUZZ_COUNT} || 200;
my @seeds = defined $ENV{QIANFAN_FUZZ_SEED}
  ? $ENV{QIANFAN_FUZZ_SEED}
  : ('fixed', int(rand(1_000_000)));

my $simulator = QianfanSimulator->new(tasks => 120);
my $node = new_node(cache => 1, init => [ extra => [ '--encoding=UTF8', '--locale=C' ] ]);

point_to($node, $simulator);

# Exit status and output of a run.
sub run_queries
{
	my (@options) = @_;
	my $output = '';
	IPC::Run::run([ 'python3', $run, @options ], '>&', \$output);
	return ($? >> 8, $output);
}

my $each = int($count / @seeds) || 1;
foreach my $seed (@seeds)
{
	my ($status, $output) =
	  run_queries('--seed', $seed, '--count', $each, '--most-failures', 5);
	is($status, 0, "seed $seed: no difference") or diag $output;
	my ($cases) = $output =~ /: (\d+) cases, /;
	is($cases, $each, "seed $seed: all cases were run");
	note((split /\n/, $output)[-1]);
}

# A tester that cannot fail proves nothing.
my ($id) = $simulator->ids(1);
my $file = PostgreSQL::Test::Utils::tempdir() . '/query';
append_to_file($file, <<"QUERY");
--# batch 0 table
--# case 0.0
--# rows
SELECT id, weight FROM model_comp_tasks WHERE id = '$id';
QUERY
my @again = ('--no-setup', '--file', $file);
is((run_queries(@again))[0], 0, 'a query by itself');
foreach (
	[ 'value', "UPDATE l.model_comp_tasks SET weight = 'x' WHERE id = '$id'" ],
	[ 'row',   "DELETE FROM l.model_comp_tasks WHERE id = '$id'" ],
	[ 'error', 'ALTER TABLE l.model_comp_tasks RENAME weight TO w' ])
{
	my ($title, $sql) = @$_;
	$node->safe_psql('postgres', $sql);
	my ($status, $output) = run_queries(@again);
	is($status, 1, "a $title that differs is found");
	like($output, qr/case 0\.0.*WHERE id = '$id'/s, "a $title: it is shown");
}

end_test($node);
