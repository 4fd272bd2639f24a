# Proves that DDL the validator refuses does not reach the server's log, for it
# may hold keys: each option of each object, with each kind of bad value.

use QianfanTest;

my $node = new_node(
	init => [ auth_extra => [ '--create-role', 'plain' ] ],
	conf => "log_error_verbosity = verbose\nlog_statement = none");
my @secrets = ('SK-plugh-77c2e5d9a4', 'ST-waldo-0d6e8b21c7');
my $keys = "secret_key '$secrets[0]', session_token '$secrets[1]'";
my $boss = $node->safe_psql('postgres', 'SELECT current_user');
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION qianfan_fdw;
CREATE ROLE plain LOGIN;
CREATE SERVER qianfan FOREIGN DATA WRAPPER qianfan_fdw;
CREATE FOREIGN TABLE tasks (id text) SERVER qianfan;
CREATE USER MAPPING FOR CURRENT_USER SERVER qianfan;
GRANT USAGE ON FOREIGN DATA WRAPPER qianfan_fdw TO plain;
GRANT CREATE ON SCHEMA public TO plain;
SQL

# Run it, and tell what the log got of it.
sub log_of
{
	my ($sql, $role) = @_;
	my $start = -s $node->logfile;
	my (undef, undef, $error) = $node->psql('postgres', $sql, on_error_stop => 0,
		extra_params => [ '-U', $role // $boss, '-v', 'VERBOSITY=verbose' ]);
	$node->safe_psql('postgres', "DO 'BEGIN RAISE LOG ''written''; END'");
	return ($error, slurp_file($node->logfile, $start));
}

sub check
{
	my ($title, $sql, $state, $role) = @_;
	my ($error, $log) = log_of($sql, $role);
	my @found = grep { index($log, $_) >= 0 } @secrets;
	ok( ($error =~ /ERROR:  ($state)/ && $log =~ /ERROR:  $1/ && !@found), $title)
	  or diag("$sql\n$error\n$log");
	return;
}

# The other options, as the hints list them.
sub options_of
{
	my ($sql) = @_;
	my ($error) = log_of($sql);
	my ($names) = $error =~ /Valid options of a [\w -]+ are: (.*)\./;
	return split /, /, $names // '';
}

my %forms = (
	server => [
		'CREATE SERVER new FOREIGN DATA WRAPPER qianfan_fdw OPTIONS (%s)',
		'ALTER SERVER qianfan OPTIONS (%s)',
		'ALTER SERVER qianfan OPTIONS (ADD %s)' ],
	mapping => [
		'CREATE USER MAPPING FOR PUBLIC SERVER qianfan OPTIONS (%s)',
		'ALTER USER MAPPING FOR CURRENT_USER SERVER qianfan OPTIONS (%s)' ],
	table => [
		'CREATE FOREIGN TABLE new (id text) SERVER qianfan OPTIONS (%s)',
		'ALTER FOREIGN TABLE tasks OPTIONS (%s)' ],
	column => [
		'CREATE FOREIGN TABLE new (id text OPTIONS (%s)) SERVER qianfan',
		'ALTER FOREIGN TABLE tasks ALTER id OPTIONS (%s)',
		'ALTER FOREIGN TABLE tasks ADD x text OPTIONS (%s)' ],
	wrapper => [
		'CREATE FOREIGN DATA WRAPPER new VALIDATOR qianfan_fdw_validator OPTIONS (%s)',
		'ALTER FOREIGN DATA WRAPPER qianfan_fdw OPTIONS (%s)' ],
	import => [
		'IMPORT FOREIGN SCHEMA qianfan FROM SERVER qianfan INTO public OPTIONS (%s)' ]);
my @bad = ('', ' ', 'x y', '-1', '1e99', '..', "https://u:$secrets[0]\@h", "https://h/?k=$secrets[0]",
	'http://example.com', 'https://h/v2', 'relative', "bce-v3/$secrets[0]/x", '"', "\x{1}");
my @statements;
foreach my $object (sort keys %forms)
{
	my $probe   = $forms{$object}[0];
	my @options = ('unknown', $object eq 'import' ? () : options_of(sprintf $probe, "unknown ''"));
	foreach my $option (@options)
	{
		foreach my $value (@bad)
		{
			(my $literal = "E'" . $value . "'") =~ s/\x{1}/\\x01/;
			foreach my $form (@{ $forms{$object} })
			{
				# Beside what is bad, a key: on all but mappings, misplaced.
				foreach my $list ("$option $literal, $keys", "$keys, $option $literal")
				{
					next if $object eq 'mapping' && $list =~ /\b$option\b.*\b$option\b/s;
					push @statements, sprintf $form, $list;
				}
			}
		}
	}
}

# One session for all: each ends in an error, or is rolled back.
my $start = -s $node->logfile;
$node->psql('postgres', join("\n", map { "BEGIN; $_; ROLLBACK;" } @statements), on_error_stop => 0);
my $log = slurp_file($node->logfile, $start);
my $errors = () = $log =~ /ERROR:  (?:HV00D|HV024|42501)/g;
cmp_ok($errors, '>', @statements * 0.9, "most of ${\ scalar @statements} statements are refused by the validator");
is((grep { index($_, $secrets[0]) >= 0 || index($_, $secrets[1]) >= 0 } split /\n/, $log)[0],
	undef, 'the log has no secret');
is((grep { /ERROR:  (?!HV00D|HV024|25P02)/ } split /\n/, $log)[0], undef, 'and no error of another kind');

# A superuser's option, set by somebody else, in a multiple statement.
check("$_, not a superuser", "CREATE SERVER new FOREIGN DATA WRAPPER qianfan_fdw OPTIONS ($_, $keys)", '42501|HV00D', 'plain')
  foreach "proxy 'http://h:1'", "ca_file '/x'", "allow_plaintext 'true'";
check('statements sent together', "SELECT '$secrets[0]' \\; ALTER SERVER qianfan OPTIONS (page_size '0');", 'HV024');
check('plain http', "SELECT '$secrets[0]' \\; ALTER SERVER qianfan OPTIONS (endpoint 'http://h');", 'HV024');

# Below other statements, which would be the context.
check('a DO block', "DO \$\$BEGIN CREATE USER MAPPING FOR PUBLIC SERVER qianfan OPTIONS (access_key '', $keys); END\$\$", 'HV024');
check('EXECUTE', "DO \$\$BEGIN EXECUTE 'CREATE USER MAPPING FOR PUBLIC SERVER qianfan OPTIONS (access_key '''', ' || '" . $keys =~ s/'/''/gr . ")'; END\$\$", 'HV024');
check('IMPORT', "IMPORT FOREIGN SCHEMA other FROM SERVER qianfan INTO public OPTIONS ($keys)", 'HV00D');

# What is no business of the validator's is logged as ever.
my (undef, $usual) = log_of("SELECT 'xyzzy', 1/0");
like($usual, qr/STATEMENT:  SELECT 'xyzzy'/, 'other statements are logged');
end_test($node);
