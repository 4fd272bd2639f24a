# Proves that connections are reused between statements and closed in time.

use QianfanTest;

my $plain  = QianfanSimulator->new(tasks => 100);
my $other  = QianfanSimulator->new(tasks => 100);
my $secure = QianfanSimulator->new(tasks => 100, tls => 1);
my $node   = new_node();

my @ids  = $plain->ids(64);
my $list = "'{" . join(',', @ids[ 0 .. 15 ]) . "}'";
my $next = "'{" . join(',', @ids[ 16 .. 31 ]) . "}'";

$node->safe_psql('postgres', "CREATE DATABASE secure");
$node->safe_psql('postgres', $plain->setup_sql('qianfan'));
$node->safe_psql('secure',   $secure->setup_sql('qianfan'));

sub count_of
{
	my ($session, $condition) = @_;
	return $session->query_safe(
		"SELECT count(*) FROM model_comp_tasks WHERE $condition");
}

# Run a statement in $session whose calls meet at the gate, all of them.
sub count_held
{
	my ($session, $simulator, $condition, $calls) = @_;
	$simulator->hold;
	$session->query_until(qr/^begun$/m,
		"\\echo begun\nSELECT count(*) FROM model_comp_tasks WHERE $condition;\n"
	);
	$simulator->wait_for('held', $calls);
	$simulator->release;
	my $output = $session->query('');
	$output =~ s/\s+\z//;
	return $output;
}

# Several statements of one session.
foreach ([ 'plain', $plain, 'postgres' ], [ 'TLS', $secure, 'secure' ])
{
	my ($title, $simulator, $database) = @$_;
	my $session = $node->background_psql($database);

	$simulator->reset;
	foreach my $i (0 .. 3)
	{
		is(count_of($session, "id = '$ids[$i]'"), 1, "$title: statement $i");
		is($simulator->get('connections'), 1, "$title: one connection so far");
	}
	is(count_of($session, 'true'), 100, "$title: a list");
	is($simulator->get('connections'), 1, "$title: on the same connection");

	is(count_held($session, $simulator, "id = ANY ($list)", 16),
		16, "$title: 16 keys at once");
	is($simulator->get('connections'), 16, "$title: 15 connections more");
	is(count_held($session, $simulator, "id = ANY ($next)", 16),
		16, "$title: 16 keys more");
	is($simulator->get('connections'), 16, "$title: no connection more");
	is($simulator->get('connections_open'), 16, "$title: all still open");

	# An error the API answers is no reason to close anything.
	$simulator->fail('http-400');
	$session->{stderr} = '';
	$session->query(
		"\\set ON_ERROR_STOP 0\nSELECT * FROM model_comp_tasks WHERE id = '$ids[0]'"
	);
	like($session->{stderr}, qr/ERROR/, "$title: an API error");
	$session->{stderr} = '';
	is(count_of($session, "id = '$ids[0]'"), 1, "$title: after an error");
	is($simulator->get('connections'), 16, "$title: on the same connections");

	$session->query_safe('DISCARD ALL');
	is(count_of($session, "id = '$ids[5]'"), 1, "$title: after DISCARD ALL");

	$session->quit;
	$simulator->wait_below('connections_open', 0);
	is($simulator->get('connections_open'), 0, "$title: closed at exit");
}

# Changed options hold from the next statement on.
$plain->reset;
my $session = $node->background_psql('postgres', on_error_stop => 0);
is(count_of($session, "id = '$ids[0]'"), 1, 'before ALTER SERVER');
my $endpoint = $other->endpoint;
$node->safe_psql('postgres',
	"ALTER SERVER qianfan OPTIONS (SET endpoint '$endpoint')");
is(count_of($session, "id = '$ids[0]'"), 1, 'after ALTER SERVER');
is($plain->get('total'), 1, 'the old server is not asked any more');
is($other->get('total'), 1, 'the new one is');
$plain->wait_below('connections_open', 0);
is($plain->get('connections_open'), 0, 'the old connection is closed');

$endpoint = $plain->endpoint;
$session->query_safe(
	"BEGIN; ALTER SERVER qianfan OPTIONS (SET endpoint '$endpoint')");
is(count_of($session, "id = '$ids[0]'"), 1, 'after ALTER SERVER of our own');
is($plain->get('total'), 2, 'asked within the transaction');
$session->query_safe('ROLLBACK');
is(count_of($session, "id = '$ids[0]'"), 1, 'after its rollback');
is($plain->get('total'), 2, 'not the server that was rolled back');
is($other->get('total'), 2, 'but the one before');
$plain->wait_below('connections_open', 0);
is($plain->get('connections_open'), 0, 'nothing of it stays open');

my $key = $other->secret_key;
$node->safe_psql('postgres',
	"ALTER USER MAPPING FOR CURRENT_USER SERVER qianfan OPTIONS (SET secret_key 'wrong')"
);
$session->{stderr} = '';
$session->query(
	"\\set VERBOSITY sqlstate\nSELECT * FROM model_comp_tasks WHERE id = '$ids[0]'"
);
like($session->{stderr}, qr/28000/, 'after ALTER USER MAPPING');
$session->{stderr} = '';
$node->safe_psql('postgres',
	"ALTER USER MAPPING FOR CURRENT_USER SERVER qianfan OPTIONS (SET secret_key '$key')"
);
is(count_of($session, "id = '$ids[0]'"), 1, 'after another one');
cmp_ok($other->get('connections_open'),
	'<=', 1, 'no connection of a former mapping stays');

# A change while a statement runs does not disturb it.
$other->reset;
$other->hold;
$session->query_until(qr/^begun$/m,
	"\\echo begun\nSELECT count(*) FROM model_comp_tasks WHERE id = ANY ($list);\n"
);
$other->wait_for('held', 16);
$node->safe_psql('postgres',
	"ALTER SERVER qianfan OPTIONS (ADD request_timeout '55s')");
$other->release;
like($session->query(''), qr/^16\s*$/, 'ALTER SERVER during a statement');
is($other->get('total'), 16, 'no call was made twice');

# A server that closes what is idle: it restarts on the same port.
is(count_of($session, "id = '$ids[0]'"), 1, 'before the server closes');
my ($port) = $other->endpoint =~ /:(\d+)$/;
$other->stop;
$other = QianfanSimulator->new(tasks => 100, port => $port);

# Recent versions of libcurl look only at connections not used for a second.
$session->query_safe('SELECT pg_sleep(1.5)');
like(
	$session->query_safe(
		"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) SELECT id FROM model_comp_tasks WHERE id = '$ids[0]'"
	),
	qr/API Calls: 1\n.*API Retries: 0/s,
	'a connection the server closed is not tried');
is($other->get('total'), 1, 'one call');

# One that closes after every answer.
$other->set('keep_alive', 'off');
is(count_of($session, "id = ANY ($list)"), 16, 'without keep-alive');
is(count_of($session, "id = ANY ($next)"), 16, 'without keep-alive, again');
is($other->get('total'), 33, 'no call is repeated');
$other->wait_below('connections_open', 0);
is($other->get('connections_open'), 0, 'and no connection is kept');
$other->set('keep_alive', 'on');

# Dropping it all.
is(count_of($session, "id = '$ids[0]'"), 1, 'before DROP EXTENSION');
is($other->get('connections_open'), 1, 'one connection');
$session->query("SET client_min_messages = warning");
$session->query_safe('DROP EXTENSION qianfan_fdw CASCADE');
$other->wait_below('connections_open', 0);
is($other->get('connections_open'), 0, 'none after DROP EXTENSION');
is($session->query_safe('SELECT 1'), 1, 'the session goes on');
$session->quit;

end_test($node);
