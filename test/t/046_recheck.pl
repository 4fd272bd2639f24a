# Proves that what EvalPlanQual makes of foreign rows is what it makes of local
# ones, and costs no call, whatever happened to a row that had to be waited for.
#
# QIANFAN_RECHECK=long runs all 455 cases; see test/differential/README.md.

use Cwd            qw(abs_path);
use File::Basename qw(dirname);
use QianfanTest;

my $recheck = abs_path(dirname(__FILE__) . '/../differential/recheck');
my $long    = ($ENV{QIANFAN_RECHECK} // '') eq 'long';

my $simulator = QianfanSimulator->new(tasks => 60);
my $node = new_node(init => [ extra => [ '--encoding=UTF8', '--locale=C' ] ]);

point_to($node, $simulator);

# Exit status and output of a run.
sub run_cases
{
	my (@options) = @_;
	my $output = '';
	IPC::Run::run([ 'python3', $recheck, @options ], '>&', \$output);
	return ($? >> 8, $output);
}

my ($status, $output) = run_cases($long ? () : '--short');
is($status, 0, 'the same rows, and no call') or diag $output;
like(
	$output,
	$long ? qr/^455 cases, 455 of them waited/m : qr/^91 cases, 91 of them waited/m,
	'all cases were run, and had to wait');
note($output);

# The same with a list that is read in its order, and no further than needed.
my @ordered = $long ? ('--list-order') : ('--list-order', '--short');
($status, $output) = run_cases('--no-setup', @ordered);
is($status, 0, 'the same rows with a declared order') or diag $output;
note($output);
$node->safe_psql('postgres',
	'ALTER FOREIGN TABLE f.model_comp_tasks OPTIONS (DROP list_order)');

# A tester that cannot fail proves nothing.
$node->safe_psql('postgres', 'UPDATE l.model_comp_tasks SET weight = 1');
($status, $output) = run_cases('--no-setup', '--case',
	'update-detail/other-column/keys in batches');
is($status, 1, 'a value that differs is found');
like($output, qr{^---- update-detail/other-column}m, 'it is shown');

end_test($node);
