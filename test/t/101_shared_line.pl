# Proves that 20 sessions under a quota of 20 calls per second share it: hardly
# any refusals, no failure, nobody waits much longer than others.
# Runs alone, because it measures time.
#
# QIANFAN_PRELOAD=no script/test 101 tells the figures where sessions share no
# memory, as on PostgreSQL 15 and 16 without preload.

use QianfanTest;
use Time::HiRes qw(time);

my $quota    = 20;
my $nsession = 20;
my $preload  = ($ENV{QIANFAN_PRELOAD} // 'yes') eq 'yes';
my ($node, $simulator) = new_server(
	tasks => 5000,
	cache => 1,
	conf  => "jit = off\n"
	  . ($preload ? "shared_preload_libraries = 'qianfan_fdw'" : ''));

$simulator->set('quota_per_second', $quota);
my (@sessions, %ended);
foreach (1 .. $nsession)
{
	my $session = $node->background_psql('postgres', on_error_stop => 0);
	$session->query_safe("LOAD 'qianfan_fdw'");
	push @sessions, $session;
}
my $start = time();
foreach my $session (@sessions)
{
	$session->{stdin} .= "SELECT count(*) FROM model_comp_tasks;\n\\echo done\n";
	$session->{run}->pump_nb;
}
my $seen_waiting = 0;
while (keys %ended < $nsession && time() - $start < 180)
{
	foreach my $i (0 .. $#sessions)
	{
		next if exists $ended{$i};
		$sessions[$i]->{run}->pump_nb;
		$ended{$i} = time() - $start if $sessions[$i]->{stdout} =~ /done/;
	}
	$seen_waiting ||= $node->safe_psql('postgres',
		"SELECT count(*) > 5 FROM qianfan_fdw_activity WHERE waiting_for = 'line' AND since <= now()"
	) eq 't';
	select(undef, undef, undef, 0.1);
}
my @times  = sort { $a <=> $b } values %ended;
my $calls   = $simulator->get('total');
my $refused = $simulator->get('refused');
my $ngood   = grep { $_->{stdout} =~ /^5000$/m } @sessions;

note "$calls calls, $refused refused, $ngood sessions read all, $times[0] to $times[-1] s";
if (!$preload)
{
	is(scalar(keys %ended), $nsession, 'each session comes to an end');
	$_->quit foreach @sessions;
	$simulator->stop;
	end_test($node);
	exit;
}
is($ngood, $nsession, 'each session read the whole list');
cmp_ok($refused / $calls, '<=', 0.05, 'few calls are refused');
cmp_ok(50 * $nsession / $quota / $times[-1],
	'>=', 0.85, 'most of the quota is used');
cmp_ok($times[-1], '<=', 1.5 * $times[$nsession / 2],
	'no session takes much longer than others');
ok($seen_waiting, 'they are seen waiting in line');
like(
	$node->safe_psql(
		'postgres', 'SELECT state, calls_per_second BETWEEN 5 AND 100, refused > 0 FROM qianfan_fdw_accounts'
	),
	qr/^(known|searching|paused)\|t\|t$/m,
	'and what was found is shown');
is( $node->safe_psql('postgres',
		'SELECT sum(failed_throttled) FROM qianfan_fdw_stat'),
	$refused,
	'each refusal is counted');

# An account that is refused for good does not wait for ever.
$simulator->reset;
$simulator->fail('http-429', '--always');
my ($status, undef, $stderr) = $node->psql('postgres',
	'\set VERBOSITY sqlstate' . "\nSELECT count(*) FROM model_comp_tasks");
like($stderr, qr/53400/, 'refused for good is an error');
is($simulator->get('total'), 4, '... after the retries');

$_->quit foreach @sessions;
$simulator->stop;
end_test($node);
