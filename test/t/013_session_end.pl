# Proves that calls end with the session, however the session ends.

use QianfanTest;
use Sessions qw(open_session begin_query);

my ($node, $simulator) = new_server(
	tasks => 1000,
	conf => 'client_connection_check_interval = 100ms');
$node->safe_psql('postgres',
	"ALTER SERVER qianfan OPTIONS (ADD max_concurrency '256')");

my @ids = $simulator->ids(600);
my $all = "id = ANY ('{" . join(',', @ids) . "}')";
my ($session, $pid);

# A session with a cursor, one of whose FETCHes waits, with 256 calls on their
# way.  The first asks for no more than it returns.
sub begin_fetch
{
	$simulator->reset;
	($session, $pid) = open_session($node);
	$session->query_safe(
		"BEGIN; DECLARE c CURSOR FOR SELECT id FROM model_comp_tasks WHERE $all; MOVE 256 FROM c"
	);
	$simulator->hold;
	begin_query($session, 'FETCH 1 FROM c');
	$simulator->wait_for('held', 256);
	return;
}

sub check_ended
{
	my ($title) = @_;
	$simulator->wait_below('connections_open', 0);
	is($simulator->get('connections_open'), 0, "$title: nothing open");
	is($simulator->get('in_flight'), 0, "$title: nothing in flight");
	ok( $node->poll_query_until('postgres',
			"SELECT count(*) = 0 FROM pg_stat_activity WHERE pid = $pid"),
		"$title: the backend has ended");
	return;
}

foreach my $timeout ('idle_in_transaction_session_timeout',
	'idle_session_timeout')
{
	my $title = $timeout;
	begin_fetch();
	$simulator->release('--id', $ids[256]);
	is($session->query(''), $ids[256], "$title: a row is fetched");
	cmp_ok($simulator->get('in_flight'),
		'>=', 255, "$title: other calls are on their way");
	if ($timeout eq 'idle_session_timeout')
	{
		# calls do not outlive the transaction, connections do
		$simulator->release;
		is($session->query_safe('FETCH ALL FROM c; COMMIT') =~ tr/\n//,
			342, "$title: all rows are fetched");
		cmp_ok($simulator->get('connections_open'),
			'>', 200, "$title: connections are open");
	}
	$session->query_safe("SET $timeout = '100ms'");
	check_ended($title);
	eval { $session->{run}->finish };
}

# While the transaction only waits for its client, nothing is wrong.
begin_fetch();
$simulator->release;
$session->query('');
$simulator->wait_below('in_flight', 0);
is($session->query_safe('FETCH 2 FROM c'),
	"$ids[257]\n$ids[258]", 'a cursor that was left alone goes on');
$session->query_safe('COMMIT');
$session->quit;

begin_fetch();
$session->{run}->kill_kill;
check_ended('client gone');

begin_fetch();
ok($node->stop('fast', fail_ok => 1), 'fast shutdown: the server stops');
$simulator->wait_below('connections_open', 0);
is($simulator->get('connections_open'), 0, 'fast shutdown: nothing open');
eval { $session->{run}->finish };
like($session->{stderr}, qr/FATAL:  57P01\b/, 'fast shutdown: SQLSTATE');

my $log = slurp_file($node->logfile);
like($log, qr/terminating connection due to idle-in-transaction timeout/,
	'the log tells of one timeout');
like($log, qr/terminating connection due to idle-session timeout/,
	'and of the other');
unlike($log, qr/terminated by signal|PANIC/, 'no process crashed');

end_test($node);
