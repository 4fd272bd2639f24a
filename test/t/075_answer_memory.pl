# Proves that answers that were sent for and not read yet take a bounded amount
# of memory, and that what a scan held goes back to the system.

use QianfanTest;
use Sessions qw(open_session ask peak_kb);

plan skip_all => 'needs /proc' unless -r "/proc/$$/status";

my ($node, $simulator) = new_server(tasks => 200, conf => "jit = off\nwork_mem = 4MB");
my @ids = $simulator->ids(100);
my $list = "'{" . join(',', @ids) . "}'";

sub resident_kb
{
	my ($pid) = @_;
	return slurp_file("/proc/$pid/status") =~ /^VmRSS:\s+(\d+) kB/m ? $1 : 0;
}

# One body of 4 MB per call in flight, one more for its reader, what is made of
# one, and work_mem; four times as many calls as are in flight stand in line.
my $most_kb = (17 * 4 + 3 * 4 + 4 + 16) * 1024;
foreach ([ 'by key', "id = ANY ($list)" ], [ 'by the list', 'strategy IS NOT NULL' ])
{
	my ($title, $condition) = @$_;
	my ($session, $pid) = open_session($node);
	my $query = "SELECT count(state) FROM model_comp_tasks WHERE $condition";
	my $rows = $title eq 'by key' ? 100 : 200;
	is(ask($session, $query), $rows, "$title: small answers");
	my ($peak, $rest) = (peak_kb($pid), resident_kb($pid));
	$simulator->reset;
	$simulator->set('latency_ms', 100);
	$simulator->fail('padded:4096', '--always', '--action', 'DescribeModelCompTask');
	is(ask($session, $query), $rows, "$title: large answers");
	is($simulator->get('calls:DescribeModelCompTask'), $rows, "$title: none is asked for twice");
	cmp_ok($simulator->get('max_in_flight:DescribeModelCompTask'), '>', 8, "$title: several at once");
	cmp_ok(peak_kb($pid) - $peak, '<', $most_kb, "$title: peak of memory, kB");
	cmp_ok(resident_kb($pid) - $rest, '<', 20 * 1024, "$title: memory at rest, kB");
	note("$title: " . (peak_kb($pid) - $peak) . ' kB more, then ' . (resident_kb($pid) - $rest));
	$simulator->heal;
	$session->quit;
}

# A reader that stops in between leaves nothing behind either, and one that goes
# on gets all.
my ($session, $pid) = open_session($node);
$simulator->fail('padded:1024', '--always', '--action', 'DescribeModelCompTask');
ask($session, 'BEGIN; DECLARE c CURSOR FOR SELECT strategy FROM model_comp_tasks; FETCH 3 FROM c');
is(ask($session, 'FETCH ALL FROM c') =~ tr/\n// + 1, 197, 'the rest of a cursor');
ask($session, 'CLOSE c; DECLARE c CURSOR FOR SELECT strategy FROM model_comp_tasks; FETCH 3 FROM c');
is(ask($session, 'COMMIT'), '', 'a cursor that is not read to its end');
$simulator->wait_below('in_flight', 0);
# A failure in between is repeated as ever.
$simulator->fail('http-500', '--times', 5, '--after', 3, '--action', 'DescribeModelCompTask');
is(ask($session, 'SELECT count(strategy) FROM model_comp_tasks'), 200, 'with failures in between');
$session->quit;
end_test($node);
