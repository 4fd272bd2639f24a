# Proves that a call that was given up says which option's time was over, and
# what may be wrong with the endpoint.
#
# Runs alone, because it measures time.

use QianfanTest;
use Sessions qw(open_session ask silent_listener full_listener);

my ($node, $simulator) = new_server(tasks => 10);
$node->safe_psql('postgres',
	"ALTER SERVER qianfan OPTIONS (ADD max_retries '0', ADD connect_timeout '200ms', ADD request_timeout '2s')");
my $plain  = $simulator->endpoint;
my $silent = silent_listener();
my ($full, @fill) = full_listener();
my ($session) = open_session($node);

sub failure
{
	my ($endpoint) = @_;
	$node->safe_psql('postgres', "ALTER SERVER qianfan OPTIONS (SET endpoint '$endpoint')");
	my $state = ask($session, 'SELECT count(*) FROM model_comp_tasks');
	return "$state\n$session->{stderr}";
}

(my $tls = $plain) =~ s/^http/https/;
like(failure($tls), qr/^HV00N.*DETAIL: .*HINT: .*"endpoint".*TLS/s,
	'https, and the port speaks HTTP: the hint is about TLS');
like(failure('https://127.0.0.1:' . $silent->sockport),
	qr/^HV00N.*DETAIL: .*no answer to a TLS handshake within 200 ms.*"connect_timeout".*HINT: .*http:/s,
	'https, and the port is silent');
like(failure('http://127.0.0.1:' . $full->sockport),
	qr/^HV00N.*DETAIL: .*no connection within 200 ms.*"connect_timeout"/s,
	'no connection');
$node->safe_psql('postgres', "ALTER SERVER qianfan OPTIONS (SET request_timeout '1s', SET connect_timeout '10s')");
like(failure('http://127.0.0.1:' . $full->sockport),
	qr/^HV00N.*DETAIL: .*no connection within 1 s.*"request_timeout"/s,
	'no connection in the time of the whole request');
like(failure('http://127.0.0.1:' . $silent->sockport),
	qr/^HV00N.*DETAIL: .*no complete answer within 1 s.*"request_timeout"/s,
	'no answer');
$session->quit;
end_test($node);
