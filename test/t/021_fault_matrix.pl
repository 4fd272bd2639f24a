# Proves that each fault of a hostile endpoint has its SQLSTATE and ends with the query.
#
# One row per fault, one session for all, and a healthy query after each.  Other
# files look closer: 009 at connections, 010 at retries, 008 at texts.

use QianfanTest;
use Sessions qw(open_session ask silent_listener full_listener);

my ($node, $simulator) = new_server(
	tasks => 300,
	init  => [ extra => [ '--encoding=UTF8', '--locale=C' ] ]);
my %secure = map { $_ => QianfanSimulator->new(tasks => 3, tls => 1, certificate => $_) }
  qw(good expired wrong-host self-signed);
$node->safe_psql('postgres',
	"ALTER SERVER qianfan OPTIONS (ADD max_retries '1', ADD retry_delay '1ms', ADD connect_timeout '300ms', ADD request_timeout '20s')"
);

# Listeners nobody accepts from: the first lets a connection come about, the
# second, with its backlog full, not even that.
my $silent = silent_listener();
my ($full, @fill) = full_listener();
my $closed = PostgreSQL::Test::Cluster::get_free_port();

# A fault of the simulator, or another server: [ SQLSTATE, calls it costs, fault or URL, CA ]
my @address = map { "http://127.0.0.1:$_" } $closed, $full->sockport, $silent->sockport;
(my $not_tls = $simulator->endpoint) =~ s/^http:/https:/;
(my $not_plain = $secure{good}->endpoint) =~ s/^https:/http:/;
(my $tls_silent = $address[2]) =~ s/^http:/https:/;
my @matrix = (
	[ 'refused connection',     'HV00N', 0, $address[0] ],
	[ 'stall of connecting',    'HV00N', 0, $address[1] ],
	[ 'stall of the handshake', 'HV00N', 0, $tls_silent ],
	[ 'TLS, and the server has none', 'HV00N', 0, $not_tls ],
	[ 'no TLS, and the server has', 'HV00N', 0, $not_plain ],
	(   map { [ "certificate: $_", 'HV00N', 0, $secure{$_}->endpoint, $secure{$_}->ca_file ] }
		  'expired', 'wrong-host', 'self-signed'),
	[ 'certificate: unknown CA', 'HV00N', 0, $secure{good}->endpoint ],

	[ 'reset-before-headers',         'HV00N', 2 ],
	[ 'reset-mid-body',               'HV00N', 2 ],
	[ 'close-before-headers',         'HV00N', 2 ],
	[ 'close-mid-headers',            'HV00N', 2 ],
	[ 'close-mid-body',               'HV00N', 2 ],
	[ 'stall-before-headers',         'HV00N', 2, 'short' ],
	[ 'stall-mid-headers',            'HV00N', 2, 'short' ],
	[ 'stall-mid-body',               'HV00N', 2, 'short' ],
	[ 'slow-body:50',                 'HV00N', 2, 'short' ],
	[ 'endless-chunk',                'HV00N', 2, 'short' ],
	[ 'endless-gzip',                 'HV00M', 1 ],
	[ 'wrong-content-length:long',    'HV00N', 2 ],
	[ 'wrong-content-length:short',   'HV00M', 1 ],
	[ 'not-http',                     'HV00N', 2 ],
	[ 'http2-frame:goaway',           'HV00N', 2 ],
	[ 'http2-frame:reset',            'HV00N', 2 ],
	[ 'http2-upgrade',                'HV000', 1 ],
	[ 'endless-headers',              'HV00M', 1 ],
	[ 'long-header',                  'HV00[MN]', '[12]' ],
	[ 'endless-1xx',                  'HV00M', 1 ],
	[ 'endless-trailers',             'HV00M', 1 ],
	[ 'redirect:301',                 'HV000', 1 ],
	[ 'redirect:307',                 'HV000', 1 ],
	[ 'huge-announced',               'HV00M', 1 ],
	[ 'huge-json:100',                'HV00M', 1 ],
	[ 'gzip-bomb:100',                'HV00M', 1 ],
	[ 'bad-gzip',                     'HV00M', 1 ],
	[ 'stacked-gzip',                 'HV00M', 1 ],
	[ 'trailers',                     '1',     1 ],
	[ 'early-hints',                  '1',     1 ],

	[ 'truncated-json',               'HV00M', 1 ],
	[ 'invalid-json',                 'HV00M', 1 ],
	[ 'byte-order-mark',              '1',     1 ],
	[ 'deep-json:100000',             'HV00M', 1 ],
	[ 'many-items:16',                'HV00M', 1 ],
	[ 'duplicate-keys',               '1',     1 ],
	[ 'wrong-type-result:string',     'HV00M', 1 ],
	[ 'wrong-type-result:array',      'HV00M', 1 ],
	[ 'wrong-type-result:number',     'HV00M', 1 ],
	[ 'wrong-type-field:id',          'HV00M', 1 ],
	[ 'bad-time',                     '22007', 1 ],
	[ 'long-time',                    '22P02', 1 ],
	[ 'repeats-request',              'HV00M', 1 ],
	[ 'bad-number',                   '22003', 1 ],
	[ 'bad-number:many',              '22P02', 1 ],
	[ 'non-utf8',                     '22021', 1 ],
	[ 'u0000',                        '22P05', 1 ],
	[ 'raw-nul',                      'HV00M', 1 ],
	[ 'lone-surrogate',               '22021', 1 ],
	[ 'html-200',                     'HV00M', 1 ],
	[ 'html-502',                     'HV000', 2 ],
	[ 'empty-body',                   'HV00M', 1 ],
	[ 'empty-body:204',               'HV00M', 1 ],
	[ 'wrong-id',                     'HV00M', 1 ],
	[ 'missing-id',                   'HV00M', 1 ],

	[ 'code-in-200',                  'HV000', 1 ],
	[ 'code-in-200:AccessDenied',     '42501', 1 ],
	[ 'numeric:110',                  '28000', 1 ],
	[ 'numeric:18',                   '53400', 2 ],
	[ 'numeric:336003',               'HV000', 1 ],
	[ 'error-object:200:bad',         'HV000', 1 ],
	[ 'error-object:200:rate_limit',  'HV000', 1 ],
	[ 'control-characters',           'HV000', 1 ],
	[ 'long-message:1048576',         'HV000', 1 ],
	[ 'long-request-id:1048576',      'HV000', 1 ],
	[ 'code:403:TaskNotExist:x',      '42501', 1 ],
	[ 'code:401:UserNotExist:x',      '28000', 1 ],
	[ 'code:429:QuotaNotFound:x',     '53400', 2 ],
	[ 'code:503:UpstreamNotFound:x',  'HV000', 2 ],
	[ 'code:400:TaskNotFound:x',      '0',     1 ],
	[ 'http-429',                     '53400', 2 ],
	[ 'date-1970',                    'HV000', 1 ],
	[ 'RequestExpired',               'HV000', 2 ]);

my ($id) = $simulator->ids(1);
my ($session, $pid) = open_session($node);

# All columns; a number of rows, or the SQLSTATE.
my $query = "SELECT count(t::text) FROM model_comp_tasks t WHERE id = '$id'";
sub set_server
{
	my ($options) = @_;
	$node->safe_psql('postgres', "ALTER SERVER qianfan OPTIONS ($options)");
	return;
}

my $endpoint = $simulator->endpoint;
foreach my $row (@matrix)
{
	my ($fault, $state, $calls, $how, $ca_file) = @$row;
	my $elsewhere = ($how // '') =~ /^http/;
	$simulator->reset;
	if ($elsewhere)
	{
		set_server("SET endpoint '$how'" . ($ca_file ? ", ADD ca_file '$ca_file'" : ''));
	}
	else
	{
		$simulator->fail($fault, '--always');
		set_server("SET request_timeout '200ms'") if $how;
	}

	like(ask($session, $query), qr/^(?:$state)$/, "$fault: SQLSTATE");
	my ($detail) = $session->{stderr} =~ /DETAIL:  (.*)/;
	note $detail // 'no detail';
	unlike($session->{stderr}, qr/[\x00-\x08\x0b-\x1f\x7f]/, "$fault: no control characters");
	cmp_ok(length($session->{stderr}), '<', 4096, "$fault: no endless message");
	like($simulator->get('total'), qr/^$calls$/, "$fault: calls");

	$simulator->heal;
	set_server("SET endpoint '$endpoint'" . ($ca_file ? ", DROP ca_file" : '')) if $elsewhere;
	set_server("SET request_timeout '20s'") if $how && !$elsewhere;
	is(ask($session, $query), 1, "$fault: a healthy query after");
}
is($session->query_safe('SELECT pg_backend_pid()'), $pid, 'all in one session');
is($_->get('total'), 0, 'no call over an untrusted connection') foreach values %secure;
$session->quit;
end_test($node);
