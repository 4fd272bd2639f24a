# Proves that sessions that share answers and a line read what is right, while
# they are cancelled, terminated and killed, and the service fails; and that a
# fast shutdown in the middle of it is one.  test/soak/chaos.py has the long form.

use QianfanTest;

my $seconds = $ENV{QIANFAN_CHAOS_SECONDS} // 40;
my ($node, $simulator) = new_server(
	tasks      => 200,
	latency_ms => 5,
	cache      => 1,
	conf       => "shared_preload_libraries = 'qianfan_fdw'\nrestart_after_crash = on\nqianfan_fdw.cache_size = '256kB'");
point_to($node, $simulator);

sub chaos
{
	my (@options) = @_;
	my ($stdout, $stderr);
	my $done = IPC::Run::run([ 'python3', 'test/soak/chaos.py', @options ],
		'>', \$stdout, '2>', \$stderr);
	note $stdout, $stderr;
	return ($done, $stdout);
}

my ($done, $told) = chaos('--seconds', $seconds * 0.6, '--seed', 7);
ok($done, 'cancels, terminations, failures');
like($told, qr/right=\d{2,}.* wrong=0 .*bad_checks=0 .*spared=\d{2,}/,
	'all that was read is right');
$node->safe_psql('postgres', 'ALTER SERVER qianfan OPTIONS (DROP cache_max_age, DROP request_timeout, DROP retry_delay)');
($done, $told) = chaos('--seconds', $seconds * 0.4, '--seed', 8, '--kill', 2);
ok($done, 'also with backends killed');
like($told, qr/wrong=0 .*kills=2 .*bad_checks=0/, 'after which the memory is new');

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
