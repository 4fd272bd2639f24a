# Proves that sessions that share answers and a line read what is right, while
# they are cancelled, terminated and killed, and the service fails, with much, little
# and no memory for answers; and that a fast shutdown in the middle of it is one.
# test/soak/chaos.py is what runs: QIANFAN_CHAOS_SECONDS (40) in all, from
# QIANFAN_SEED (7) on.

use QianfanTest;

my $seconds = $ENV{QIANFAN_CHAOS_SECONDS} // 40;
my $full    = PostgreSQL::Test::Utils::tempdir() . '/full';
local @ENV{qw(LD_PRELOAD QIANFAN_SHM_FULL)} = (preloaded('shm_full'), $full);
my ($node, $simulator) = new_server(
	tasks      => 200,
	latency_ms => 5,
	cache      => 1,
	conf       => "shared_preload_libraries = 'qianfan_fdw'\nrestart_after_crash = on");
point_to($node, $simulator);

# One phase: memory for answers, backends killed, whether /dev/shm is full.
my $seed = $ENV{QIANFAN_SEED} // 7;
my %count;		# what chaos.py counts, of all phases

sub chaos
{
	my ($size, $kills, $is_full) = @_;
	my ($title, $stdout, $stderr) = ("cache_size $size, $kills killed" . ($is_full ? ', /dev/shm full' : ''));

	$node->append_conf('postgresql.conf', "qianfan_fdw.cache_size = '$size'");
	$node->restart;
	append_to_file($full, '') if $is_full;
	my $done = IPC::Run::run(
		[ 'python3', 'test/soak/chaos.py', '--seconds', $seconds / 5, '--seed', $seed++, '--kill', $kills ],
		'>', \$stdout, '2>', \$stderr);
	unlink $full;
	note $stdout, $stderr;
	ok($done, "$title: nobody is stuck");
	like($stdout, qr/right=\d{2,}.* wrong=0 .*kills=$kills bad_checks=0 /,
		'... all that was read is right, and the memory in order');
	like($stdout, qr/ spared=\d{2,}/, '... calls were spared')
	  if $size && !$kills && !$is_full;
	$count{$1} += $2 while $stdout =~ /(\w+)=(\d+)/g;
	return;
}

chaos('256kB', 0, 0);
chaos('64kB',  2 + int($seconds / 100), 0);
chaos('1GB',   0, 0);
chaos('0',     0, 0);
chaos('16MB',  0, 1);
cmp_ok($count{neighbours_right}, '>', 2, 'another database was read');
cmp_ok($count{refused}, '>', 70, '70 accounts were asked, and refused');
note join ' ', map { "$_=$count{$_}" } sort keys %count;

# A fast shutdown while sessions wait for each other and for the line.
$simulator->reset;
$simulator->set('latency_ms', 60000);
my @sessions = map { $node->background_psql('postgres', on_error_stop => 0) } 1 .. 5;
foreach my $session (@sessions)
{
	$session->{stdin} .= "SELECT count(*) FROM model_comp_tasks;\n";
	$session->{run}->pump_nb;
}
$simulator->wait_for('in_flight', 1);
$node->stop('fast');
pass('a fast shutdown ends them');
foreach my $session (@sessions)
{
	$session->{run}->finish;
}
$node->start;
$simulator->reset;
is($node->safe_psql('postgres', 'SELECT count(*) FROM model_comp_tasks'),
	200, 'and the next start begins anew');

# The log has what chaos left; only what nobody ordered must not be there.
unlike(slurp_file($node->logfile), qr/PANIC|TRAP|signal (?!9)\d+/,
	'no process crashed by itself');
$simulator->stop;
$node->stop;
done_testing();
