# Proves that sessions go on by themselves while /dev/shm has no room for what
# they would share, at first use and in the middle of it, and share it when it has.

use QianfanTest;
use Sessions qw(open_session ask begin_query);

my $full = PostgreSQL::Test::Utils::tempdir() . '/full';
my ($node, $simulator) = new_server(
	tasks => 300,
	cache => 1,
	conf  => "shared_preload_libraries = 'qianfan_fdw'",
	env   => { LD_PRELOAD => preloaded('shm_full'), QIANFAN_SHM_FULL => $full });
my $all  = 'SELECT count(*), count(strategy) FROM model_comp_tasks';
my $told = qr/LOG:  qianfan_fdw shares no (answers|memory) with other sessions/;
my $cold = '300|300 303';
my $log  = -s $node->logfile;

# Calls of a query in a session, and what it printed.
sub read_all
{
	my ($session) = @_;
	$simulator->reset;
	return ask($session, $all) . ' ' . $simulator->get('total');
}

# How often sessions have said, since last asked, that they are alone.
sub lines_told
{
	my $text  = slurp_file($node->logfile, $log);
	my $count = () = $text =~ /$told/g;

	unlike($text, qr/ERROR|FATAL|PANIC/, 'nothing else is said')
	  or diag $text;
	$log += length $text;
	return $count;
}

sub fill { append_to_file($full, ''); return; }

fill();
my ($first) = open_session($node);
is(read_all($first), $cold, 'full at first use: all is read');
like(slurp_file($node->logfile, $log), qr/$told.*No space left on device/s,
	'why nothing is shared is said');
is(lines_told(), 1, '... once');
my $warm = read_all($first);
like($warm, qr/^300\|300 \d{1,2}$/, 'a session remembers for itself');
is(lines_told(), 0, '... and says nothing more');

# Five at the same time.
my @sessions = map { (open_session($node))[0] } 1 .. 5;
$simulator->reset;
begin_query($_, $all) foreach @sessions;
is_deeply([ map { ask($_, '') =~ /(300\|300)/ } @sessions ],
	[ ('300|300') x 5 ], 'five more read all of it at the same time');
is($simulator->get('total'), 5 * 303, '... each for itself');
is(lines_told(), 5, '... and say so');
is($first->query_safe('SELECT sum(calls) > 303 FROM qianfan_fdw_stat') . lines_told(),
	't0', 'calls are counted');

# Room again: new sessions share, those that did not go on as before.
unlink $full or die;
my ($second) = open_session($node);
my ($third)  = open_session($node);
is(read_all($second), $cold, 'with room again: cold');
is(read_all($third),  $warm, '... and shared by the next');
is(read_all($_), $warm, 'a session of before goes on') foreach $first, @sessions;
is(lines_told(), 0, 'nobody has anything to say');

# Full again, with everything in place.
fill();
my ($fourth) = open_session($node);
is(read_all($fourth), $warm, 'what is there is shared, room or not');
is(lines_told(), 0, '... silently');
$_->quit foreach $first, $second, $third, $fourth, @sessions;

$simulator->stop;
end_test($node);
