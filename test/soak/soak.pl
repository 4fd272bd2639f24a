# Proves that a session in which everything happens at random leaves nothing.
#
# Statements of all kinds run with random faults and cancels; afterwards
# descriptors, connections, memory contexts and resident memory of the backend
# are what they were.  This is the short form of test/soak/run.

use FindBin;
use lib "$FindBin::Bin/../soak";

use QianfanTest;
use SoakMix;
use SoakSession;

plan skip_all => 'needs /proc' unless -d "/proc/$$/fd";

my $statements = $ENV{QIANFAN_SOAK_STATEMENTS} // 800;
my $seed       = $ENV{QIANFAN_SOAK_SEED}       // 3;
my %tls        = $ENV{QIANFAN_SOAK_TLS} ? (tls => 1) : ();

# What the allocator may keep beyond the warm-up.
my $spare_kb = 4096;

my ($node, $simulator) = new_server(
	tasks => 250,
	%tls,
	conf => "log_min_messages = panic\njit = off",
	sql  => SoakMix->setup_sql);

my $session = SoakSession->new($node);
my $pid     = $session->pid;
my @ids     = $simulator->ids(250);
my $mix     = SoakMix->new(
	session   => $session,
	truth     => SoakSession->new($node),
	simulator => $simulator,
	ids       => \@ids,
	seed      => $seed);

# Descriptors by kind; the server's own files come and go.
sub descriptors
{
	my %count;
	foreach (map { readlink($_) // '' } glob("/proc/$pid/fd/*"))
	{
		$count{$1}++ if /^(socket|anon_inode:\[?\w+|pipe)/;
	}
	return join ', ', map { "$count{$_} $_" } sort keys %count;
}

sub resident_kb
{
	return slurp_file("/proc/$pid/status") =~ /^VmRSS:\s+(\d+) kB/m ? $1 : 0;
}

# The same moment each time: a new pool, which has made one call.
sub measure
{
	my %figure;
	$simulator->reset;
	$session->query($_)
	  foreach 'ROLLBACK', 'DISCARD ALL',
	  "ALTER SERVER qianfan OPTIONS (SET page_size '100', SET max_concurrency '16')";
	my $result =
	  $session->query("SELECT id FROM model_comp_tasks WHERE id = '$ids[0]'");
	is("$result->{sqlstate}@{ $result->{rows} }", $ids[0],
		'the session is healthy');
	$figure{contexts} = join '; ', @{
		$session->query(<<'SQL')->{rows} };
SELECT name, count(*), sum(total_bytes) FROM pg_backend_memory_contexts
WHERE name LIKE 'qianfan%' GROUP BY name ORDER BY name
SQL
	$simulator->wait_below('connections_open', 1);
	$figure{connections} = $simulator->get('connections_open');
	$figure{descriptors} = descriptors();
	$figure{resident_kb} = resident_kb();
	return \%figure;
}

my @problems;
sub soak
{
	my ($until) = @_;
	$mix->prepare;
	while ($mix->statements < $until)
	{
		my $problem = $mix->step;
		push @problems, $problem if defined $problem;
	}
	return;
}

# Whatever keeps its size once it is there: plans, caches, the heap itself.
my $first = measure();
soak(int $statements / 4);
my $before = measure();
soak($statements);
my $after = measure();

is(join("\n", @problems[ 0 .. ($#problems < 9 ? $#problems : 9) ]),
	'', 'every result is true, every error is one the README explains');
foreach my $what (qw(descriptors connections contexts))
{
	is($before->{$what}, $first->{$what}, "$what after the warm-up");
	is($after->{$what},  $first->{$what}, "$what at the end");
}
cmp_ok($after->{resident_kb}, '<', $before->{resident_kb} + $spare_kb,
	'resident memory has not grown');

my $outcomes = $mix->outcomes;
cmp_ok($outcomes->{''}, '>', $statements / 3, 'many statements succeeded');
cmp_ok($outcomes->{57014} // 0, '>', $statements / 200, 'many were cancelled');
note "seed $seed, $statements statements";
note 'outcomes: ', join ', ',
  map { ($_ || 'success') . " $outcomes->{$_}" } sort keys %$outcomes;
note "resident: $_->{resident_kb} kB; $_->{descriptors}; $_->{contexts}"
  foreach $first, $before, $after;

$session->quit;
$simulator->wait_below('connections_open', 0);
is($simulator->get('connections_open'), 0, 'no connection outlives the backend');
unlike(slurp_file($node->logfile), qr/PANIC|terminated by signal/,
	'no process crashed');
end_test($node);
