# Proves that an endpoint cannot hold a backend in the TLS library.

use IO::Socket::INET;
use POSIX ();
use QianfanTest;

# Enough to be busy with for a minute, were it all read.
my $most = 256 * 1024 * 1024;

# A HelloRequest, which clients have to skip, again and again.
my $records = ("\x16\x03\x03\x00\x04" . "\0" x 4) x 10000;

# For each connection, tells in the pipe how many bytes were taken.
my $listener = IO::Socket::INET->new(Listen => 4, LocalAddr => '127.0.0.1')
  or die "listen: $!";
pipe(my $reader, my $writer) or die "pipe: $!";
my $flooder = fork() // die "fork: $!";
if ($flooder == 0)
{
	# Not what the test modules do, which is for the test itself.
	$SIG{$_} = 'DEFAULT' foreach qw(TERM INT HUP);
	$SIG{PIPE} = 'IGNORE';
	$writer->autoflush(1);
	while (my $connection = $listener->accept)
	{
		my $sent = 0;
		sysread($connection, my $hello, 4096);
		while ($sent < $most)
		{
			my $n = syswrite($connection, $records) or last;
			$sent += $n;
		}
		print $writer "$sent\n";
		close($connection);
	}
	POSIX::_exit(0);
}
close($writer);
my $port = $listener->sockport;

my $node = new_node();
$node->safe_psql('postgres', <<"SQL");
CREATE EXTENSION qianfan_fdw;
CREATE SERVER flood FOREIGN DATA WRAPPER qianfan_fdw
  OPTIONS (endpoint 'https://127.0.0.1:$port', max_retries '0');
CREATE USER MAPPING FOR CURRENT_USER SERVER flood
  OPTIONS (access_key 'test-access-key', secret_key 'test-secret-key-0123456789');
IMPORT FOREIGN SCHEMA qianfan FROM SERVER flood INTO public;
SQL
my ($stdout, $stderr);
$node->psql(
	'postgres', "SELECT * FROM model_comp_tasks WHERE id = 'a'",
	stdout       => \$stdout,
	stderr       => \$stderr,
	extra_params => [ '-v', 'VERBOSITY=verbose' ]);
like($stderr, qr/ERROR:  HV00N/, 'a flood of handshake messages');
my $taken = <$reader>;
cmp_ok($taken, '<', 64 * 1024 * 1024, 'most of it was not waited for');
note "$taken bytes were taken";
kill 'TERM', $flooder;
waitpid($flooder, 0);
end_test($node);
