# Proves that pg_stat_activity tells who waits for the service, by a name of
# its own where PostgreSQL has names for extensions.

use PostgreSQL::Test::BackgroundPsql;
use QianfanTest;

my ($node, $simulator) = new_server(tasks => 50);

my $named = $node->safe_psql('postgres',
	"SELECT current_setting('server_version_num')::int >= 170000");
my $event = $named eq 't' ? 'QianfanApi' : 'Extension';

my $session = $node->background_psql('postgres');
my $pid     = $session->query_safe('SELECT pg_backend_pid()');

# What the session waits for, once its request has arrived.
sub seen_while
{
	my ($query) = @_;
	$simulator->hold;
	$session->query_until(qr/^begun$/m, "\\echo begun\n$query;\n");
	$simulator->wait_for('held', 1);
	$node->poll_query_until('postgres',
		"SELECT wait_event_type = 'Extension' FROM pg_stat_activity WHERE pid = $pid")
	  or die "the session never waited";
	my $seen = $node->safe_psql('postgres',
		"SELECT wait_event_type, wait_event FROM pg_stat_activity WHERE pid = $pid"
	);
	$simulator->release;
	$session->query_safe('SELECT 1');
	return $seen;
}

is( seen_while(
		"SELECT state FROM model_comp_tasks WHERE id = 'amva-abciuctdx15t'"),
	"Extension|$event",
	'a lookup');
is(seen_while('SELECT count(*) FROM model_comp_tasks'),
	"Extension|$event", 'a list');

# One name for all backends, known to the server, from PostgreSQL 17 on.
is( $named eq 't'
	? $node->safe_psql('postgres',
		"SELECT count(*) FROM pg_wait_events WHERE type = 'Extension' AND name ~* 'qianfan'"
	  )
	: '1',
	'1',
	'is listed once');

$session->quit;
end_test($node);
