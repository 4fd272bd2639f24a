# Proves that what may go away is tried again, as often as allowed, and nothing else.

use QianfanTest;
use Sessions qw(open_session ask);

my ($node, $simulator) = new_server(tasks => 100);

sub set_server
{
	my ($options) = @_;
	$node->safe_psql('postgres', "ALTER SERVER qianfan OPTIONS ($options)");
	return;
}

my @ids = $simulator->ids(40);
my $query = "SELECT count(state) FROM model_comp_tasks WHERE id = '$ids[0]'";
my $list  = 'SELECT count(*) FROM model_comp_tasks';
my $session;

sub connect_session
{
	$session->quit if defined $session;
	($session) = open_session($node);
	return;
}

# Which outcomes are retried: fault, SQLSTATE after all, is it retried?
set_server("ADD max_retries '2', ADD retry_delay '1ms'");
connect_session();
foreach (
	[ 'http-429', '53400', 1 ],
	(map { [ "http-$_", 'HV000', 1 ] } 500, 502, 503, 504),
	[ 'html-502',              'HV000', 1 ],
	[ 'numeric:18',            '53400', 1 ],
	[ 'numeric:336100',        '53400', 1 ],
	[ 'numeric:336501',        '53400', 1 ],
	[ 'numeric:336502',        '53400', 1 ],
	[ 'numeric:500000',        'HV000', 1 ],
	[ 'error-object:429:rpm',  '53400', 1 ],
	[ 'InternalError',         'HV000', 1 ],
	[ 'reset-mid-body',        'HV00N', 1 ],
	[ 'SignatureDoesNotMatch', '28000', 0 ],
	[ 'InvalidAccessKeyId',    '28000', 0 ],
	[ 'InvalidHTTPAuthHeader', '28000', 0 ],
	[ 'iam-header:signature',  '28000', 0 ],
	[ 'iam-header:credential', '28000', 0 ],
	[ 'credential-not-found',  '28000', 0 ],
	[ 'http-401',              '28000', 0 ],
	[ 'AccessDenied',          '42501', 0 ],
	[ 'OptInRequired',         '42501', 0 ],
	[ 'http-403',              '42501', 0 ],
	[ 'InappropriateJSON',     'HV000', 0 ],
	[ 'InvalidMarker',         'HV000', 0 ],
	[ 'MalformedJSON',         'HV000', 0 ],
	[ 'InvalidVersion',        'HV000', 0 ],
	[ 'PreconditionFailed',    'HV000', 0 ],
	(map { [ "http-$_", 'HV000', 0 ] } 400, 405, 408, 409, 412, 413, 501),
	[ 'error-object:400:bad',  'HV000', 0 ],
	[ 'numeric:336001',        'HV000', 0 ],
	[ 'redirect:302',          'HV000', 0 ],
	[ 'truncated-json',        'HV00M', 0 ])
{
	my ($fault, $state, $retried) = @$_;
	foreach my $sql ($query, $list)
	{
		my $title = $fault . ($sql eq $query ? ', key' : ', list');
		$simulator->reset;
		$simulator->fail($fault, '--always');
		is(ask($session, $sql), $state, "$title: SQLSTATE");
		is($simulator->get('total'), $retried ? 3 : 1, "$title: attempts");
	}
	next unless $retried;
	$simulator->reset;
	$simulator->fail($fault, '--times', 2);
	is(ask($session, $query), 1, "$fault, twice: the row");
	is($simulator->get('total'), 3, "$fault, twice: attempts");
}
$simulator->reset;
$simulator->fail('http-404', '--always');
is(ask($session, $query), 0, 'not found is no row');
is($simulator->get('total'), 1, 'and not asked for again');

# How often.
set_server("SET max_retries '0'");
$simulator->reset;
$simulator->fail('http-503', '--always');
is(ask($session, $query), 'HV000', 'no retries allowed');
is($simulator->get('total'), 1, 'none made');
set_server("SET max_retries '10'");
is(ask($session, $query), 'HV000', 'ten retries allowed');
is($simulator->get('total'), 12, 'ten made');

# Retries are counted for each call, and shown.
$simulator->reset;
$simulator->fail('http-503', '--times', 1, '--id', $_) foreach @ids[ 0 .. 7 ];
like(
	$session->query(
		"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) SELECT state FROM model_comp_tasks WHERE id = ANY ('{"
		  . join(',', @ids)
		  . "}')"),
	qr/API Calls: 48\n.*API Retries: 8\n/s,
	'EXPLAIN counts them');
is($simulator->get('total'), 48, 'as does the simulator');

# When: Retry-After wins over a short back-off, in both of its forms.  That
# the time was kept shows in the signed timestamps.
sub attempt_times
{
	my @times = $simulator->last_requests(100, '--headers') =~
	  /x-bce-date: \d+-\d+-\d+T(\d+:\d+:\d+)Z/g;
	return map { my ($h, $m, $s) = split /:/; ($h * 60 + $m) * 60 + $s } @times;
}
foreach my $after (2, 'date:3')
{
	$simulator->reset;
	$simulator->fail('http-429', '--retry-after', $after);
	is(ask($session, $query), 1, "Retry-After $after: the row");
	my @times = attempt_times();
	is(scalar @times, 2, "Retry-After $after: attempts");
	cmp_ok(($times[1] - $times[0]) % 86400,
		'>=', 1, "Retry-After $after: was waited for, and signed anew");
}
$simulator->reset;
$simulator->fail('http-503', '--times', 2, '--retry-after', $_)
  foreach 'soon', 'date:-5';
is(ask($session, $query), 1, 'a Retry-After that says nothing: the row');

# The clock.  A new session, for the one above may know about clocks already.
foreach my $offset (7200, -7200)
{
	connect_session();
	$simulator->reset;
	$simulator->set('clock_offset_s', $offset);
	is(ask($session, $query), 1, "clock $offset: the row");
	is($simulator->get('total'), 2, "clock $offset: the second attempt was right");
	is(ask($session, $query), 1, "clock $offset: another statement");
	is(ask($session, $list), 100, "clock $offset: and another");
	is($simulator->get('total'), 4, "clock $offset: it is known by then");
	is($simulator->get('rejected'), 1, "clock $offset: one refusal in all");
}
connect_session();
set_server("SET max_retries '0'");
$simulator->reset;
$simulator->set('clock_offset_s', 7200);
is(ask($session, $query), 1, 'the clock does not need a retry to be allowed');
connect_session();
$simulator->reset;
$simulator->fail('RequestExpired', '--always');
is(ask($session, $query), 'HV000', 'expired for ever');
is($simulator->get('total'), 2, 'is tried once more');
$simulator->heal;
connect_session();
$simulator->reset;
$simulator->fail('date-1970', '--always');
is(ask($session, $query), 'HV000', 'expired, says a clock of 1970');
is($simulator->get('total'), 1, 'which is not believed');
$simulator->heal;
is(ask($session, $query), 1, 'nor remembered');
is($simulator->get('rejected'), 0, 'at all');

# Another endpoint has another clock: what was learned of the one before would
# be wrong by two hours.
my $other = QianfanSimulator->new(tasks => 10);
connect_session();
$simulator->reset;
$simulator->set('clock_offset_s', 7200);
is(ask($session, $query), 1, 'a clock that is two hours off: the row');
set_server("SET endpoint '" . $other->endpoint . "'");
is(ask($session, $query), 1, 'another endpoint: the row');
is($other->get('total'), 1, 'its clock is right at once');
is($other->get('rejected'), 0, 'without a refusal');

$session->quit;
end_test($node);
