# Proves that no endpoint is spoken to with finite-field Diffie-Hellman, and
# that the usual ones are, up to TLS 1.3.

use POSIX ();
use PostgreSQL::Test::Cluster;
use QianfanTest;
use Sessions qw(open_session ask);

plan skip_all => 'needs openssl' if system('openssl version >/dev/null 2>&1') != 0;

my $node = new_node();
my $directory = PostgreSQL::Test::Utils::tempdir();
is( system(
		"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost -keyout $directory/key.pem -out $directory/cert.pem >/dev/null 2>&1"
	),
	0,
	'a certificate');
chmod 0644, "$directory/cert.pem";
$node->safe_psql('postgres', <<"SQL");
CREATE EXTENSION qianfan_fdw;
CREATE SERVER groups FOREIGN DATA WRAPPER qianfan_fdw
  OPTIONS (endpoint 'https://localhost:1', max_retries '0', request_timeout '1500ms', ca_file '$directory/cert.pem');
CREATE USER MAPPING FOR CURRENT_USER SERVER groups
  OPTIONS (access_key 'test-access-key', secret_key 'test-secret-key-0123456789');
IMPORT FOREIGN SCHEMA qianfan FROM SERVER groups INTO public;
SQL
my ($session) = open_session($node);

# Whatever happens, the endpoint ends with the test.
my $endpoint;
END { local $?; kill 'TERM', $endpoint if $endpoint }

# Whether a handshake with these options comes about.  Such an endpoint does not
# answer, so what else can be seen is that it was asked.
sub outcome
{
	my (@options) = @_;
	my $port = PostgreSQL::Test::Cluster::get_free_port();
	my $pid  = fork() // die "fork: $!";
	if ($pid == 0)
	{
		open(STDIN,  '<', '/dev/null');
		open(STDOUT, '>', "$directory/log");
		open(STDERR, '>&', \*STDOUT);
		exec('openssl', 's_server', '-accept', "127.0.0.1:$port", '-quiet',
			'-naccept', 100, '-key', "$directory/key.pem", '-cert', "$directory/cert.pem", @options)
		  or POSIX::_exit(1);
	}
	$endpoint = $pid;
	$node->safe_psql('postgres', "ALTER SERVER groups OPTIONS (SET endpoint 'https://localhost:$port')");
	my $tries = 0;
	do { ask($session, "SELECT count(*) FROM model_comp_tasks WHERE id = 'a'") }
	  while ($session->{stderr} =~ /Failed to connect|refused/ && $tries++ < 2000);
	kill 'TERM', $pid;
	waitpid($pid, 0);
	$endpoint = undef;
	note $session->{stderr};
	return $session->{stderr} =~ /handshake|SSL|TLS/ ? 'refused' : $session->{stderr} =~ /no complete answer|Empty reply/ ? 'asked' : 'neither';
}

is(outcome('-tls1_3'), 'asked', 'TLS 1.3');
is(outcome('-tls1_3', '-groups', 'P-384'), 'asked', 'TLS 1.3, a curve that is not our first');
is(outcome('-tls1_2'), 'asked', 'TLS 1.2');
is(outcome('-tls1_3', '-groups', 'ffdhe2048'), 'refused', 'TLS 1.3 with ffdhe2048');
is(outcome('-tls1_3', '-groups', 'ffdhe8192'), 'refused', 'TLS 1.3 with ffdhe8192');
is(outcome('-tls1_2', '-cipher', 'DHE:!ECDHE'), 'refused', 'TLS 1.2 with DHE');
$session->quit;
end_test($node);
