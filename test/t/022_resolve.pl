# Proves that a name being resolved holds neither a statement nor a signal.
#
# libcurl resolves in a thread.  A library loaded into the server answers in
# the resolver's place for names of ours, so no network is needed: it tells
# the test who asks, and waits until the test says what to answer.

use strict;
use warnings;

use Fcntl;
use FindBin;
use IO::Select;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use POSIX qw(mkfifo);
use QianfanSimulator;
use Sessions qw(open_session ask begin_query stop_query);
use Test::More;
use Time::HiRes qw(time);

plan skip_all => 'needs /proc and LD_PRELOAD' unless $^O eq 'linux';

my $directory = PostgreSQL::Test::Utils::tempdir();
my $source = "$FindBin::Bin/../simulator/resolver.c";
plan skip_all => 'no C compiler here'
  if system(
	"cc -shared -fPIC -DDIRECTORY='\"$directory\"' -o $directory/resolve.so $source -ldl >$directory/cc.log 2>&1"
  );

# Opened for both ends, a pipe never ends.
my %pipe;
foreach my $name ('asked', 'answer')
{
	mkfifo("$directory/$name", 0600) or die "mkfifo: $!";
	sysopen($pipe{$name}, "$directory/$name", O_RDWR) or die "$name: $!";
}

# The threads of the next $n questions; dies if they do not come.
sub threads_that_ask
{
	my ($n) = @_;
	my @threads;
	while ($n-- > 0)
	{
		IO::Select->new($pipe{asked})->can_read(30) or die 'nobody asks';
		sysread($pipe{asked}, my $line, 64);
		$line =~ s/\0.*//s;
		push @threads, $line + 0;
	}
	return @threads;
}

# Answer them: y, or n.
sub answer { return syswrite($pipe{answer}, $_[0] x $_[1]) }

my $simulator = QianfanSimulator->new(tasks => 300);
my $node      = PostgreSQL::Test::Cluster->new('main');
$node->init;
{
	local $ENV{LD_PRELOAD} = "$directory/resolve.so";
	$node->start;
}
(my $blocked = $simulator->endpoint) =~ s/127\.0\.0\.1/blocked.invalid/;
(my $nowhere = $simulator->endpoint) =~ s/127\.0\.0\.1/nowhere.invalid/;
my ($ak, $sk) = ($simulator->access_key, $simulator->secret_key);
$node->safe_psql('postgres', $simulator->setup_sql('qianfan'));
foreach (
	[ 'blocked', $blocked, '60s' ],
	[ 'patient', $blocked, '300ms' ],
	[ 'nowhere', $nowhere, '60s' ])
{
	my ($name, $endpoint, $timeout) = @$_;
	$node->safe_psql('postgres', <<"SQL");
CREATE SERVER $name FOREIGN DATA WRAPPER qianfan_fdw
  OPTIONS (endpoint '$endpoint', allow_plaintext 'true', max_retries '0',
    connect_timeout '$timeout', max_concurrency '256');
CREATE USER MAPPING FOR CURRENT_USER SERVER $name
  OPTIONS (access_key '$ak', secret_key '$sk');
CREATE FOREIGN TABLE $name (id text, state text) SERVER $name;
SQL
}
my @ids = split /\n/, `@{[ $simulator->data_command('--ids', 256) ]}`;
my $one = "id = '$ids[0]'";
my $all = "id = ANY ('{" . join(',', @ids) . "}')";

# Failures, and the time there is.
my ($session, $pid) = open_session($node);
is(ask($session, "SELECT count(*) FROM nowhere WHERE $one"), 'HV00N', 'a name nobody knows');
is(ask($session, "SELECT count(*) FROM nowhere WHERE $all"), 'HV00N', 'a name nobody knows, often');
begin_query($session, "SELECT count(*) FROM blocked WHERE $one");
threads_that_ask(1);
answer('n', 1);
$session->query('');
like($session->{stderr}, qr/ERROR:  HV00N/, 'a resolver that fails');
is(ask($session, "SELECT count(*) FROM patient WHERE $one"), 'HV00N', 'connect_timeout includes it');
threads_that_ask(1);
answer('n', 1);
is(ask($session, "SELECT count(*) FROM model_comp_tasks WHERE $one"), 1, 'the session goes on');

# The thread takes no signal, and the name it finds is used.
begin_query($session, "SELECT count(*) FROM blocked WHERE $one");
my ($thread) = threads_that_ask(1);
my ($blocked_signals) =
  slurp_file("/proc/$pid/task/$thread/status") =~ /^SigBlk:\s*(\w+)/m;
my ($caught_signals) =
  slurp_file("/proc/$pid/task/$thread/status") =~ /^SigCgt:\s*(\w+)/m;
isnt($thread, $pid, 'a thread resolves');
# of the 32 classic ones, the server catches these
my ($caught, $blocked_too) =
  map { hex(substr($_, -8)) } $caught_signals, $blocked_signals;
isnt($caught, 0, 'the server catches signals');
is($caught & ~$blocked_too, 0, 'the thread catches none');
answer('y', 1);
like($session->query(''), qr/^1$/m, 'a name that is found late');

# Stopping.
foreach ([ 'once', $one, 1 ], [ '256 times', $all, 256 ])
{
	my ($name, $condition, $n) = @$_;
	foreach my $way ('cancel', 'statement_timeout', 'terminate')
	{
		# It strikes by itself, maybe before all of them have asked.
		next if $way eq 'statement_timeout' && $n > 1;
		my $title = "$name, $way";
		$session->quit;
		($session, $pid) = open_session($node);
		$session->query_safe("SET statement_timeout = '1s'")
		  if $way eq 'statement_timeout';
		begin_query($session, "SELECT count(*) FROM blocked WHERE $condition");
		threads_that_ask($n);
		ok( $node->poll_query_until('postgres',
				"SELECT wait_event_type = 'Extension' AND state = 'active' FROM pg_stat_activity WHERE pid = $pid"
			),
			"$title: the wait is visible") if $way ne 'statement_timeout';
		my $begun = time;
		my $state = stop_query($node, $session, $pid, $way);
		note sprintf '%s: ended after %.0f ms', $title, (time - $begun) * 1000;
		is($state, $way eq 'terminate' ? '57P01' : '57014', "$title: SQLSTATE");
		if ($way eq 'terminate')
		{
			($session, $pid) = open_session($node);
			next;
		}
		is(ask($session, "SELECT count(*) FROM model_comp_tasks WHERE $one"), 1,
			"$title: the session goes on");
		answer('n', $n);
		# not long after, the late threads have ended
		foreach ([ 'task', 1 ], [ 'fd', 50 ])
		{
			ok( $node->poll_query_until('postgres',
					"SELECT count(*) <= $_->[1] FROM pg_ls_dir('/proc/$pid/$_->[0]')"
				),
				"$title: little is left in /proc/PID/$_->[0]");
		}
	}
}
$session->quit;
unlike(slurp_file($node->logfile),
	qr/terminated by signal|PANIC/, 'no process crashed');
$node->stop;
done_testing();
