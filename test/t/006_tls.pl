# Proves that only a trusted server is talked to, directly, whatever the environment.

use QianfanTest;

my %simulator =
  map { $_ => QianfanSimulator->new(tasks => 10, tls => 1, certificate => $_) }
  qw(good expired wrong-host self-signed);
my $good  = $simulator{good};
my $plain = QianfanSimulator->new(tasks => 10);

# Whoever listens to the environment ends up here.
my $decoy = QianfanSimulator->new(tasks => 10);
(my $proxy = $decoy->endpoint) =~ s/^https?/http/;

my $home = PostgreSQL::Test::Utils::tempdir();
append_to_file("$home/.netrc", "default login netrc-user password netrc-word\n");
chmod 0600, "$home/.netrc";
append_to_file("$home/.curlrc", "proxy = $proxy\n");
delete @ENV{qw(no_proxy NO_PROXY)};
my $node = new_node(
	env => {
		HOME      => $home,
		CURL_HOME => $home,
		NETRC     => "$home/.netrc",
		map { $_ => $proxy, uc $_ => $proxy } qw(http_proxy https_proxy all_proxy)
	});
$node->safe_psql('postgres', 'CREATE EXTENSION qianfan_fdw');

my ($id) = $good->ids(1);
my $n    = 0;

# Look up a task on a server with these options; returns the number of rows, or
# the SQLSTATE.
sub try_server
{
	my (%options) = @_;
	my ($stdout, $stderr);
	my $name = 's' . ++$n;
	my $list = join ', ', map { "$_ '$options{$_}'" } sort keys %options;
	my ($access_key, $secret_key) = ($good->access_key, $good->secret_key);
	$node->psql(
		'postgres', <<"SQL",
CREATE SERVER $name FOREIGN DATA WRAPPER qianfan_fdw
  OPTIONS ($list, max_retries '1', retry_delay '1ms');
CREATE USER MAPPING FOR CURRENT_USER SERVER $name
  OPTIONS (access_key '$access_key', secret_key '$secret_key');
CREATE FOREIGN TABLE $name (id text, state text) SERVER $name;
SELECT count(state) FROM $name WHERE id = '$id';
SQL
		stdout       => \$stdout,
		stderr       => \$stderr,
		extra_params => [ '-v', 'VERBOSITY=verbose' ]);
	note $stderr;
	return $stderr =~ /ERROR:  (\w{5}):/ ? $1 : $stdout;
}

# Certificates.  The simulator would rather speak HTTP/2, but is not offered it.
is( try_server(endpoint => $good->endpoint, ca_file => $good->ca_file),
	1, 'a certificate of the given authority');
(my $by_name = $good->endpoint) =~ s/127\.0\.0\.1/localhost/;
is(try_server(endpoint => $by_name, ca_file => $good->ca_file),
	1, 'and with the name of the host');
my $calls = $good->get('total');
is($calls, 2, 'one call each');

is(try_server(endpoint => $good->endpoint),
	'HV00N', 'an authority the system does not know');
is( try_server(
		endpoint => $good->endpoint,
		ca_file  => $simulator{expired}->ca_file),
	'HV00N',
	'not the given authority');
is(try_server(endpoint => $good->endpoint, ca_file => '/does/not/exist'),
	'HV00N', 'no such file');
is(try_server(endpoint => $good->endpoint, ca_file => "$home/.curlrc"),
	'HV00N', 'no certificate in the file');
foreach my $kind ('expired', 'wrong-host', 'self-signed')
{
	is( try_server(
			endpoint => $simulator{$kind}->endpoint,
			ca_file  => $simulator{$kind}->ca_file),
		'HV00N',
		"certificate: $kind");
	is($simulator{$kind}->get('total'), 0, "certificate: $kind: no request");
}
is($good->get('total'), $calls, 'no request to a server that is not trusted');

(my $not_tls = $plain->endpoint) =~ s/^http:/https:/;
is(try_server(endpoint => $not_tls, connect_timeout => '500ms'),
	'HV00N', 'TLS to a server without');
(my $tls = $good->endpoint) =~ s/^https:/http:/;
is(try_server(endpoint => $tls), 'HV00N', 'no TLS to a server with');

# Redirects.
foreach my $status (301, 302, 303, 307, 308)
{
	$plain->reset;
	$plain->fail("redirect:$status", '--always');
	is(try_server(endpoint => $plain->endpoint),
		'HV000', "redirect $status is an error");
	is($plain->get('redirected'), 0, "redirect $status is not followed");
	is($plain->get('total'),      1, "redirect $status is not retried");
}
$plain->reset;

# The environment.  That the requests above succeeded says most of it.
is(try_server(endpoint => $plain->endpoint), 1, 'a plain server');
is($decoy->get('connections'), 0, 'no proxy of the environment was asked');
my @requests = map { $_->{headers} }
  (@{ $plain->state->{requests} }, @{ $good->state->{requests} });
is(scalar(@requests), 3, 'there are requests to look at');
is(scalar(grep { exists $_->{'proxy-authorization'} } @requests),
	0, 'nothing for a proxy in them');

# What the decoy would have seen, a proxy of the server's options shows.
is(try_server(endpoint => $plain->endpoint, proxy => $proxy),
	'HV024', 'through a proxy, plain requests leave the machine');
isnt(
	try_server(
		endpoint        => $plain->endpoint,
		proxy           => $proxy,
		allow_plaintext => 'true'),
	1,
	'a proxy that is none');
cmp_ok($decoy->get('connections'), '>', 0, 'was asked');
is($plain->get('total'), 1, 'and nobody else');

end_test($node);
