# Proves that credentials of the environment are sent whole and well formed, or
# not at all.

use QianfanTest;

my $simulator = QianfanSimulator->new(tasks => 10);
my $node      = new_node();
my ($endpoint, $ak, $sk) =
  ($simulator->endpoint, $simulator->access_key, $simulator->secret_key);
my ($id) = $simulator->ids(1);
my $query = "SELECT count(*) FROM model_comp_tasks WHERE id = '$id'";
$node->safe_psql('postgres', <<"SQL");
CREATE EXTENSION qianfan_fdw;
CREATE SERVER qianfan FOREIGN DATA WRAPPER qianfan_fdw
  OPTIONS (endpoint '$endpoint');
IMPORT FOREIGN SCHEMA qianfan FROM SERVER qianfan INTO public;
SQL

# Start the server anew with these credentials in its environment.
sub start_with
{
	my ($access_key, $secret_key) = @_;
	local %ENV = %ENV;
	delete @ENV{qw(QIANFAN_ACCESS_KEY QIANFAN_SECRET_KEY)};
	$ENV{QIANFAN_ACCESS_KEY} = $access_key if defined $access_key;
	$ENV{QIANFAN_SECRET_KEY} = $secret_key if defined $secret_key;
	$node->restart;
	$simulator->reset;
	return;
}

# Output and errors of the query, with their SQLSTATEs.
sub answer
{
	my ($stdout, $stderr);
	$node->psql('postgres', $query, stdout => \$stdout, stderr => \$stderr,
		extra_params => [ '-v', 'VERBOSITY=verbose' ]);
	return $stdout . $stderr;
}

start_with($ak, $sk);
is(answer(), 1, 'environment: good keys');

# Nothing, or half of it.
foreach ([], [$ak], [ undef, $sk ], [ '', '' ], [ $ak, '' ])
{
	start_with(@$_);
	like(answer(), qr/^psql:.*ERROR:  28000:/,
		'environment: ' . join ', ',
		map { !defined ? 'unset' : $_ eq '' ? 'empty' : 'given' } @$_);
	is($simulator->get('connections'), 0, 'and nobody was asked');
}

# What cannot be a key is not sent, and one that is refused is not the mapping's.
foreach ([ "$ak/x", $sk ], [ $ak, "$sk\r\nx: y" ], [ $ak, 'wrong' ])
{
	start_with(@$_);
	my $error = answer();
	like($error, $_->[1] eq 'wrong' ?
		qr/HINT:  Check QIANFAN_ACCESS_KEY and QIANFAN_SECRET_KEY in the environment/ :
		qr/invalid value of environment variable "QIANFAN_/, 'environment: bad keys');
	unlike($error, qr/\Q$ak\E|\Q$sk\E/, 'which are not repeated');
}

end_test($node);
