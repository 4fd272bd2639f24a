# Proves that a connection that misbehaves in any way is an error, and no more.
#
# After each fault the same session must be able to go on.

use QianfanTest;
use Sessions qw(open_session ask peak_kb);

my ($node, $simulator) = new_server(tasks => 300);
$node->safe_psql('postgres',
	"ALTER SERVER qianfan OPTIONS (ADD max_retries '0', ADD retry_delay '1ms', ADD request_timeout '60s')"
);

my ($id) = $simulator->ids(1);
my ($session, $pid) = open_session($node);
my $by_key  = "SELECT count(state) FROM model_comp_tasks WHERE id = '$id'";
my $by_list = 'SELECT count(*) FROM model_comp_tasks';

sub set_server
{
	my ($options) = @_;
	$node->safe_psql('postgres', "ALTER SERVER qianfan OPTIONS ($options)");
	return;
}

# fault, SQLSTATE, is it retried?
my @faults = (
	# breaking off
	[ 'reset-before-headers', 'HV00N', 1 ],
	[ 'reset-mid-body',       'HV00N', 1 ],
	[ 'close-before-headers', 'HV00N', 1 ],
	[ 'close-mid-headers',    'HV00N', 1 ],
	[ 'close-mid-body',       'HV00N', 1 ],

	# lying
	[ 'wrong-content-length:long', 'HV00N', 1 ],
	[ 'wrong-content-length:short', 'HV00M', 0 ],
	[ 'not-http',       'HV00N', 1 ],
	[ 'truncated-json', 'HV00M', 0 ],
	[ 'invalid-json',   'HV00M', 0 ],
	[ 'empty-body',     'HV00M', 0 ],
	[ 'html-200',       'HV00M', 0 ],

	# too much of something
	[ 'huge-announced', 'HV00M', 0 ],
	[ 'huge-json:100',  'HV00M', 0 ],
	[ 'gzip-bomb:100',  'HV00M', 0 ],
	[ 'deep-json',      'HV00M', 0 ]);

foreach (@faults)
{
	my ($fault, $state, $retried) = @$_;

	foreach my $query ($by_key, $by_list)
	{
		my $title = $fault . ($query eq $by_key ? ', key' : ', list');
		$simulator->reset;
		$simulator->fail($fault);
		is(ask($session, $query), $state, "$title: SQLSTATE");
		is($simulator->get('total'), 1, "$title: one call");
		is(ask($session, $by_key), 1, "$title: the session goes on");
	}
	is(ask($session, $by_list), 300, "$fault: with a list too");
}

# Headers without an end: whichever limit is reached first.
foreach my $fault ('endless-headers', 'long-header', 'endless-1xx')
{
	$simulator->reset;
	$simulator->fail($fault, '--always');
	like(ask($session, $by_key), qr/^HV00[MN]$/, "$fault: SQLSTATE");
	like($session->{stderr}, qr/more than 65536 bytes of headers/, "$fault: the limit")
	  if $fault ne 'long-header';
	$simulator->heal;
	is(ask($session, $by_key), 1, "$fault: the session goes on");
}

# What stalls is given up when its time is over.
set_server("SET request_timeout '200ms'");
foreach my $fault ('stall-before-headers', 'stall-mid-headers',
	'stall-mid-body', 'slow-body:50')
{
	$simulator->reset;
	$simulator->fail($fault);
	is(ask($session, $by_key), 'HV00N', "$fault: SQLSTATE");
	$simulator->wait_below('in_flight', 0);
	$simulator->wait_below('connections_open', 0);
	is($simulator->get('connections_open'),
		0, "$fault: the connection is not used again");
	is(ask($session, $by_key), 1, "$fault: the session goes on");
}

# Failing once is not failing.
set_server("SET max_retries '1'");
foreach my $fault ((map { $_->[2] ? $_->[0] : () } @faults),
	'stall-before-headers', 'stall-mid-headers', 'stall-mid-body')
{
	$simulator->reset;
	$simulator->fail($fault);
	is(ask($session, $by_key), 1, "$fault, once: the row");
	is($simulator->get('total'), 2, "$fault, once: two calls");
	$simulator->fail($fault, '--after', 1);
	is(ask($session, $by_list), 300, "$fault, on the second page: all rows");
	is($simulator->get('total'), 6, "$fault, on the second page: four calls");
}

# Nothing may be repeated of what a retry replaces.
$simulator->reset;
$simulator->fail('close-mid-body');
is(ask($session, "SELECT count(*) || ' ' || count(DISTINCT id) FROM model_comp_tasks"),
	'300 300', 'no row comes twice');

# What is too large is refused while it is read.
set_server("SET max_retries '0', SET request_timeout '60s'");
ask($session, $by_key);

SKIP:
{
	skip 'there is no /proc', 1 unless -e "/proc/$pid/status";
	foreach my $fault ('huge-json:200', 'gzip-bomb:200')
	{
		my $peak = peak_kb($pid);
		$simulator->reset;
		$simulator->fail($fault);
		is(ask($session, $by_key), 'HV00M', "$fault: SQLSTATE");
		cmp_ok(peak_kb($pid) - $peak, '<', 64 * 1024, "$fault: peak of memory, kB");
		cmp_ok($simulator->get('bytes'), '<', 64 * 1024 * 1024,
			"$fault: bytes sent");
	}
	set_server("ADD max_response_size '1MB'");
	ask($session, $by_key);
	my $peak = peak_kb($pid);
	$simulator->reset;
	$simulator->fail('huge-json:200');
	is(ask($session, $by_key), 'HV00M', 'with a lower limit: SQLSTATE');
	cmp_ok(peak_kb($pid) - $peak, '<', 4 * 1024, 'with a lower limit: memory, kB');
	like($session->{stderr}, qr/1048576 bytes/, 'the limit is in the message');
}

# Nobody there.
my $port = PostgreSQL::Test::Cluster::get_free_port();
set_server("SET endpoint 'http://127.0.0.1:$port'");
is(ask($session, $by_key),  'HV00N', 'an unreachable port, key');
is(ask($session, $by_list), 'HV00N', 'an unreachable port, list');
my $endpoint = $simulator->endpoint;
set_server("SET endpoint '$endpoint'");
is(ask($session, $by_key), 1, 'the session goes on');
is($session->query_safe('SELECT pg_backend_pid()'), $pid, 'it is the same');

$session->quit;
end_test($node);
