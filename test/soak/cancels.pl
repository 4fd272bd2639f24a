# Proves that a statement cancelled at a random moment stops at once, with
# 57014, and leaves descriptors and resident memory as they were.
#
# To be called by test/soak/run --cancels N.  How long it took to stop is told,
# not judged: that depends on the machine.

use FindBin;
use lib "$FindBin::Bin";

use QianfanTest;
use SoakSession;

my $cancels = $ENV{QIANFAN_SOAK_CANCELS} || 1000;
my $seed    = $ENV{QIANFAN_SOAK_SEED} // 1;
my %tls     = $ENV{QIANFAN_SOAK_TLS} ? (tls => 1) : ();
srand($seed);

my ($node, $simulator) = new_server(
	tasks => 20000,
	%tls,
	conf => "log_min_messages = panic\njit = off",
	sql  => <<'SQL');
ALTER SERVER qianfan OPTIONS (ADD max_concurrency '256');
CREATE TABLE inventory AS
  SELECT row_number() OVER () AS n, id AS task_id
  FROM (SELECT id FROM model_comp_tasks LIMIT 300) s;
SQL

my @ids = $simulator->ids(300);
my $many = join ',', map { "'$_'" } @ids;

# What runs for a long time, and how it is made to.
my @situations = (
	[ 'a call', 'id = ' . "'$ids[0]'", sub { $simulator->set('latency_ms', 5000) } ],
	[ '256 calls', "id IN ($many)", sub { $simulator->set('latency_ms', 5000) } ],
	[ 'calls that come and go', "id IN ($many)", sub { $simulator->set('latency_ms', 20) } ],
	[ 'a long list', "name <> ''", sub { $simulator->set('latency_ms', 1) } ],
	[ 'a list with details', "strategy <> ''", sub { $simulator->set('latency_ms', 1) } ],
	[ 'back-off', "id = '$ids[0]'", sub { $simulator->fail('http-503', '--always', '--retry-after', 15) } ],
	[ 'a body that stalls', "id IN ($many)", sub { $simulator->fail('stall-mid-body', '--always') } ],
	[ 'a slow body', "name <> ''", sub { $simulator->fail('slow-body:20', '--always') } ],
);

my $session = SoakSession->new($node);
my $pid     = $session->pid;

sub resident_kb
{
	return slurp_file("/proc/$pid/status") =~ /^VmRSS:\s+(\d+) kB/m ? $1 : 0;
}

# After a new pool has made one call.
sub descriptors
{
	$simulator->reset;
	my $result;
	$result = $session->query($_)
	  foreach "ALTER SERVER qianfan OPTIONS (SET max_concurrency '256')",
	  "SELECT id FROM model_comp_tasks WHERE id = '$ids[0]'";
	is("$result->{sqlstate}@{ $result->{rows} }",
		$ids[0], 'the session is healthy')
	  or diag "$result->{message}: $result->{detail}";
	return scalar grep { (readlink($_) // '') =~ /socket|anon_inode|pipe/ }
	  glob("/proc/$pid/fd/*");
}

# Cancel so many statements; returns SQLSTATEs and times by situation.
sub cancel_often
{
	my ($times) = @_;
	my (%states, %stops);
	foreach my $i (1 .. $times)
	{
		my ($name, $condition, $prepare) =
		  @{ $situations[ $i % @situations ] };
		$simulator->reset;
		$prepare->();
		# Short waits more often, for connecting is over soon.
		my $result = $session->query(
			"SELECT count(*) FROM model_comp_tasks WHERE $condition",
			begun        => 1,
			cancel_after => rand(rand 0.2));
		my $ended = defined $result->{stop_s} ? '' : ' before the cancel';
		$states{"$result->{sqlstate}$ended"}++;
		diag "$name: $result->{message}: $result->{detail}"
		  if $result->{sqlstate} !~ /^(57014)?$/;
		push @{ $stops{$name} }, 1000 * $result->{stop_s}
		  if defined $result->{stop_s};
	}
	return (\%states, \%stops);
}

sub report
{
	my ($title, @ms) = @_;
	@ms = sort { $a <=> $b } @ms;
	note sprintf '%-24s %5d  median %6.2f  90%% %6.2f  99%% %6.2f  worst %6.2f ms',
	  $title, scalar @ms,
	  map { $ms[ $_ * $#ms ] } 0.5, 0.9, 0.99, 1;
	return;
}

cancel_often(100);
my $before_count = descriptors();
my $before_kb    = resident_kb();
my ($states, $stops) = cancel_often($cancels);
my $after_count = descriptors();
my $after_kb    = resident_kb();

is( join(', ', grep { !/^57014$|before the cancel/ } sort keys %$states),
	'', 'always 57014');
is($after_count, $before_count, 'descriptors');
cmp_ok($after_kb, '<', $before_kb + 4096, 'resident memory');

note "seed $seed; SQLSTATEs: ",
  join ', ', map { ($_ || 'success') . " $states->{$_}" } sort keys %$states;
note "descriptors $before_count, then $after_count; "
  . "resident $before_kb kB, then $after_kb kB";
report($_, @{ $stops->{$_} }) foreach sort keys %$stops;
report('all', map { @$_ } values %$stops);

$session->quit;
$simulator->wait_below('connections_open', 0);
is($simulator->get('connections_open'), 0, 'no connection outlives the backend');
end_test($node);
