# Proves that a declared order of the list changes no row of random queries,
# whichever way the API lists, and saves calls.
#
# QIANFAN_FUZZ_SEED and QIANFAN_ORDER_COUNT are for longer or other runs; see
# test/differential/README.md.

use Cwd            qw(abs_path);
use File::Basename qw(dirname);
use QianfanTest;

my $order = abs_path(dirname(__FILE__) . '/../differential/order');
my $count = $ENV{QIANFAN_ORDER_COUNT} || 400;
my $seed  = $ENV{QIANFAN_FUZZ_SEED} // 'fixed';

my $simulator = QianfanSimulator->new(tasks => 120);
my $node = new_node(init => [ extra => [ '--encoding=UTF8', '--locale=C' ] ]);

point_to($node, $simulator);

# Exit status and output of a run.
sub run_queries
{
	my (@options) = @_;
	my $output = '';
	IPC::Run::run([ 'python3', $order, '--seed', $seed, @options ],
		'>&', \$output);
	return ($? >> 8, $output);
}

my ($status, $output) =
  run_queries('--count', $count, '--most-failures', 5);
is($status, 0, "seed $seed: no difference, and fewer calls")
  or diag $output;
like($output, qr/: $count cases, /, 'all cases were run');
note($output);

# A tester that cannot fail proves nothing.
($status, $output) = run_queries('--count', 40, '--break-copy');
is($status, 1, 'a row that is missing in the copy is found');
like($output, qr/difference: .*problem:/s, 'it is shown');

end_test($node);
