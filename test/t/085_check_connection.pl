# Proves that qianfan_fdw_check() says what is wrong with keys, rights and the
# way to the service.
# Runs where lines are counted.

use QianfanTest;
use ServerCheck qw(verdicts_are not_made service_steps);

my @service = service_steps();
my $plain = { tls => '-' };
my ($node, $simulator) = new_server(
	tasks => 100,
	sql   => 'CREATE ROLE reader; GRANT USAGE ON FOREIGN SERVER qianfan TO reader; CREATE ROLE stranger; CREATE ROLE keyless; GRANT USAGE ON FOREIGN SERVER qianfan TO keyless;'
	  . 'CREATE FOREIGN DATA WRAPPER other; CREATE SERVER elsewhere FOREIGN DATA WRAPPER other;');

sub check { return ServerCheck::check($node, $simulator, @_); }

# What is wrong on our side.
my $mapping = 'ALTER USER MAPPING FOR CURRENT_USER SERVER qianfan OPTIONS';
my $found;
my $wrong = { %$plain, signature => 'false', not_made(@service[ 2 .. 6 ]) };
foreach my $key ('access_key', 'secret_key')
{
	my $good = $key eq 'access_key' ? $simulator->access_key : $simulator->secret_key;
	$found = check('qianfan', title => "wrong $key",
		before => "$mapping (SET $key 'wrong-key-0123456789');");
	verdicts_are($found, $wrong, "wrong $key");
	$node->safe_psql('postgres', "$mapping (SET $key '$good')");
}
$found = check('qianfan', title => 'no mapping', before => 'SET ROLE keyless;');
verdicts_are($found, { credential => 'false', not_made(qw(resolve connect tls), @service) },
	'no mapping');
like($found->{credential}[2], qr/user mapping/, 'the hint says how');
$node->safe_psql('postgres', $simulator->server_sql('public_keys') =~ s/CURRENT_USER/PUBLIC/r
	  . '; GRANT USAGE ON FOREIGN SERVER public_keys TO reader');
$found = check('public_keys', title => 'public', before => 'SET ROLE reader;');
verdicts_are($found, $plain, 'a role without privileges, keys of PUBLIC');
like($found->{credential}[1], qr/user mapping of "public"/, 'of PUBLIC');


# The way there.
sub server_at
{
	my ($server, $options) = @_;
	$node->safe_psql('postgres', "DROP SERVER IF EXISTS $server CASCADE; CREATE SERVER $server FOREIGN DATA WRAPPER qianfan_fdw OPTIONS ($options);"
		  . "CREATE USER MAPPING FOR CURRENT_USER SERVER $server OPTIONS (access_key '@{[ $simulator->access_key ]}', secret_key '@{[ $simulator->secret_key ]}')");
	return;
}
server_at('closed', q{endpoint 'http://127.0.0.1:1'});
$found = check('closed', title => 'closed port');
verdicts_are($found, { connect => 'false', not_made('tls', @service) }, 'closed port');
server_at('nowhere', q{endpoint 'https://nowhere.invalid', connect_timeout '2s'});
$found = check('nowhere', title => 'no such host');
verdicts_are($found, { resolve => 'false', not_made(qw(connect tls), @service) }, 'no such host');
my $encrypted = QianfanSimulator->new(tasks => 100, tls => 1,
	secret_key => $simulator->secret_key);
my $tls_endpoint = $encrypted->endpoint;
server_at('trusted', "endpoint '$tls_endpoint', ca_file '@{[ $encrypted->ca_file ]}'");
$found = check('trusted', title => 'TLS');
verdicts_are($found, {}, 'TLS');
like($found->{tls}[1], qr/^TLSv1\.3; the certificate is good until 20\d\d-\d\d-\d\d\.$/, 'TLS version and end of the certificate');
server_at('untrusted', "endpoint '$tls_endpoint'");
$found = check('untrusted', title => 'untrusted certificate');
verdicts_are($found, { tls => 'false', not_made(@service) }, 'untrusted certificate');
like($found->{tls}[2], qr/"ca_file"/, 'untrusted certificate: hint');

foreach my $name (
	[ 'qianfan',   'SET ROLE stranger;', '42501' ],
	[ 'elsewhere', '',                   '42809' ],
	[ 'missing',   '',                   '42704' ],)
{
	my ($server, $role, $state) = @$name;
	my $stderr;
	$node->psql('postgres', "$role SELECT * FROM qianfan_fdw_check('$server')",
		stderr => \$stderr, extra_params => [ '-v', 'VERBOSITY=sqlstate' ]);
	like($stderr, qr/ERROR:  $state/, "$server, $role $state");
}
end_test($node);
