# Proves that a name being resolved holds neither a statement nor a signal.
#
# libcurl resolves in a thread.  A library loaded into the server answers in
# the resolver's place for names of ours, so no network is needed: it tells
# the test who asks, and waits until the test says what to answer.
#
# libcurl before 7.87 waits for its thread, whatever ends the statement.  There,
# the test answers when the statement should have ended, and it ends then.

use Fcntl;
use IO::Select;
use POSIX qw(mkfifo);
use QianfanTest;
use Sessions qw(open_session ask begin_query stop_query);
use Time::HiRes qw(time);

my $directory = PostgreSQL::Test::Utils::tempdir();
my $resolver = preloaded('resolver', "-DDIRECTORY=\"$directory\"", '-ldl');

# By the headers: what libcurl is asked for was decided when they were read.
my $headers = $ENV{CURL_PREFIX} ? "-I$ENV{CURL_PREFIX}/include" : '';
my $waits = system(
	"printf '#include <curl/curlver.h>\n#if LIBCURL_VERSION_NUM >= 0x075700\n#error\n#endif\n' | cc $headers -E - >$directory/version.log 2>&1"
) == 0;
note($waits ? 'libcurl waits for its resolver' : 'libcurl leaves its resolver alone');

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

# Where libcurl waits, let it, from when a statement has been stopped after so
# many ms, and then let the name be unknown.
sub release
{
	my ($node, $pid, $n, $ms) = @_;
	return unless $waits;
	$node->poll_query_until('postgres',
		"SELECT state = 'active' AND wait_event IS NULL AND clock_timestamp() > query_start + interval '$ms ms' FROM pg_stat_activity WHERE pid = $pid"
	) or die 'it does not wait for the resolver';
	answer('n', $n);
	return;
}

my ($node, $simulator) =
  new_server(tasks => 300, env => { LD_PRELOAD => $resolver });
(my $blocked = $simulator->endpoint) =~ s/127\.0\.0\.1/blocked.invalid/;
(my $nowhere = $simulator->endpoint) =~ s/127\.0\.0\.1/nowhere.invalid/;
my ($ak, $sk) = ($simulator->access_key, $simulator->secret_key);
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
my @ids = $simulator->ids(256);
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
begin_query($session, "SELECT count(*) FROM patient WHERE $one");
threads_that_ask(1);
release($node, $pid, 1, 300);
$session->query('');
like($session->{stderr}, qr/ERROR:  HV00N(.|\n)*"connect_timeout"/, 'connect_timeout includes it');
answer('n', 1) unless $waits;
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
		my $state = stop_query($node, $session, $pid, $way,
			sub { release($node, $pid, $n, $way eq 'statement_timeout' ? 1000 : 0) });
		note sprintf '%s: ended after %.0f ms', $title, (time - $begun) * 1000;
		is($state, $way eq 'terminate' ? '57P01' : '57014', "$title: SQLSTATE");
		if ($way eq 'terminate')
		{
			($session, $pid) = open_session($node);
			next;
		}
		is(ask($session, "SELECT count(*) FROM model_comp_tasks WHERE $one"), 1,
			"$title: the session goes on");
		answer('n', $n) unless $waits;
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
end_test($node);
