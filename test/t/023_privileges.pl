# Proves that nobody gets at another's option, credential or request.
#
# What sql/option_privileges.sql and sql/credentials.sql leave out: each form of
# DDL, roles that change under a cursor, and text that would be more than text.

use QianfanTest;

my $simulator = QianfanSimulator->new(tasks => 50);
my ($endpoint, $ak, $sk) =
  map { $simulator->$_ } qw(endpoint access_key secret_key);
my $node =
  new_node(env => { QIANFAN_ACCESS_KEY => $ak, QIANFAN_SECRET_KEY => $sk });
my @ids = $simulator->ids(5);
my $key = "id = '$ids[0]'";
my $quoted = $key =~ s/'/''/gr;
$node->safe_psql('postgres', $simulator->setup_sql('qianfan'));
$node->safe_psql('postgres', <<"SQL");
CREATE ROLE alice; CREATE ROLE bob; CREATE ROLE boss SUPERUSER;
GRANT CREATE ON SCHEMA public TO alice, bob;
GRANT USAGE ON FOREIGN DATA WRAPPER qianfan_fdw TO alice;
GRANT SELECT ON model_comp_tasks TO alice, bob;
CREATE USER MAPPING FOR alice SERVER qianfan OPTIONS (access_key '$ak', secret_key '$sk');
CREATE SERVER given FOREIGN DATA WRAPPER qianfan_fdw
  OPTIONS (endpoint 'http://example.com', allow_plaintext 'true');
ALTER SERVER given OWNER TO alice;
CREATE SERVER tunnel FOREIGN DATA WRAPPER qianfan_fdw
  OPTIONS (proxy 'http://127.0.0.1:3128', ca_file '/tmp/ca.pem');
ALTER SERVER tunnel OWNER TO alice;
CREATE TABLE local AS SELECT '$ids[0]'::text AS id;
GRANT SELECT ON local TO bob;
SET ROLE alice;
CREATE SERVER own FOREIGN DATA WRAPPER qianfan_fdw;
CREATE FUNCTION alter_own() RETURNS void LANGUAGE sql SECURITY DEFINER
  AS 'ALTER SERVER own OPTIONS (ADD proxy ''http://127.0.0.1:3128'')';
CREATE FUNCTION open_as_alice() RETURNS refcursor LANGUAGE plpgsql SECURITY DEFINER
  AS 'DECLARE c refcursor := ''c''; BEGIN OPEN c FOR SELECT state FROM model_comp_tasks WHERE $quoted; RETURN c; END';
SQL

# The last line of output, or the SQLSTATE.
sub try_as
{
	my ($role, $sql) = @_;
	my ($stdout, $stderr);
	$node->psql(
		'postgres', "SET ROLE $role; $sql",
		stdout        => \$stdout,
		stderr        => \$stderr,
		on_error_stop => 1,
		extra_params  => [ '-v', 'VERBOSITY=sqlstate' ]);
	return $stderr =~ /ERROR:  (\w{5})/ ? $1 : ($stdout =~ /([^\n]*)\Z/)[0];
}

# Options that are a superuser's.
foreach my $option ("proxy 'http://127.0.0.1:3128'",
	"ca_file '/tmp/ca.pem'", "allow_plaintext 'true'", "allow_plaintext 'false'")
{
	my ($name) = split ' ', $option;
	my $create = "CREATE SERVER new FOREIGN DATA WRAPPER qianfan_fdw OPTIONS ($option)";
	is(try_as('alice', $create), '42501', "CREATE SERVER with $option");
	is(try_as('alice', "ALTER SERVER own OPTIONS (ADD $option)"),
		'42501', "ALTER SERVER, ADD $option");
	is(try_as('alice', "ALTER SERVER own OPTIONS ($option)"),
		'42501', "ALTER SERVER, $option");
	is(try_as('alice', "ALTER SERVER own OPTIONS (SET $option)"),
		'42704', "ALTER SERVER, SET $option, which is not there");
	is(try_as('boss', "$create; DROP SERVER new"), '', "a superuser: $option");
	is(try_as('boss', "SET ROLE alice; $create"),
		'42501', "a superuser in the role of somebody else: $option");
	foreach my $other (
		"IMPORT FOREIGN SCHEMA qianfan FROM SERVER own INTO public OPTIONS ($option)",
		"CREATE FOREIGN TABLE new (id text) SERVER own OPTIONS ($option)",
		"CREATE USER MAPPING FOR alice SERVER own OPTIONS ($option)")
	{
		is(try_as('alice', $other), 'HV00D', $other);
	}
}
is(try_as('boss', 'SELECT alter_own()'), '42501', 'in a function of somebody else');
foreach my $change (
	"SET allow_plaintext 'false'",
	"SET endpoint 'http://evil.example'",
	"ADD max_retries '1'",
	"SET endpoint 'https://evil.example', SET allow_plaintext 'true'")
{
	is(try_as('alice', "ALTER SERVER given OPTIONS ($change)"), '42501', "given away: $change");
}
is(try_as('alice', "ALTER SERVER tunnel OPTIONS (DROP proxy)"), '42501',
	'one of two options dropped');
is(try_as('alice', "ALTER SERVER given OPTIONS (DROP allow_plaintext)"), 'HV024',
	'dropped without need of it');
is(try_as('alice', "ALTER SERVER given OPTIONS (DROP allow_plaintext, SET endpoint 'https://example.com')"), '',
	'given back');
is(try_as('alice', "ALTER SERVER given OPTIONS (ADD allow_plaintext 'true')"), '42501',
	'given back, for good');
is(try_as('alice', 'ALTER FOREIGN DATA WRAPPER qianfan_fdw NO VALIDATOR'), '42501', 'the validator stays');

# Whose credentials are used.
my $fetch = 'SELECT count(*) FROM model_comp_tasks WHERE ' . $key;
is(try_as('alice', $fetch), 1, 'with a mapping');
is(try_as('bob',   $fetch), '28000', 'without one');
foreach my $for ('alice', 'PUBLIC')
{
	is(try_as('bob', "CREATE USER MAPPING FOR $for SERVER qianfan"), '42501', "a mapping for $for");
	is(try_as('bob', "ALTER USER MAPPING FOR $for SERVER qianfan OPTIONS (SET secret_key 'x')"), $for eq 'alice' ? '42501' : '42704', "a changed one for $for");
}
is(try_as('bob', "SELECT count(umoptions) FROM pg_user_mappings WHERE usename = 'alice'"), 0, 'nor can it be read');
is(try_as('bob', 'SELECT umoptions FROM pg_user_mapping'), '42501', 'in no catalog');
my $cursor = "DECLARE c CURSOR FOR SELECT state FROM model_comp_tasks WHERE $key";
is(try_as('boss', "BEGIN; SET LOCAL ROLE bob; $cursor; SET LOCAL ROLE boss; FETCH c"), '28000', 'a cursor of somebody without');
is(try_as('boss', "BEGIN; SET LOCAL ROLE bob; $cursor; SET LOCAL ROLE alice; FETCH c"), '28000', 'not even for one with');
unlike(try_as('boss', "BEGIN; SET LOCAL ROLE alice; $cursor; SET LOCAL ROLE bob; FETCH c"), qr/^\d/, 'whoever declared it counts');
unlike(try_as('bob', 'BEGIN; SELECT open_as_alice(); FETCH c'), qr/^\d/, 'whoever opened it counts');
foreach my $join ('on', 'off')
{
	my $lookup = "SET qianfan_fdw.enable_lookup_join = $join; SET enable_hashjoin = off; SET enable_mergejoin = off; SELECT count(state) FROM local JOIN";
	is(try_as('bob', "$lookup model_comp_tasks USING (id)"), '28000', "a join, lookup join $join");
	$node->safe_psql('postgres', 'CREATE OR REPLACE VIEW by_alice AS SELECT * FROM model_comp_tasks; ALTER VIEW by_alice OWNER TO alice; GRANT SELECT ON by_alice TO bob');
	is(try_as('bob', "$lookup by_alice USING (id)"), 1, "a join with a view, lookup join $join");
}
$node->safe_psql('postgres', 'ALTER FOREIGN TABLE model_comp_tasks OWNER TO bob');
is(try_as('boss', 'ANALYZE model_comp_tasks'), '28000', 'ANALYZE asks as the owner');

# Text that would be more than text.
$simulator->reset;
my @nasty = ("a\r\nX-Injected: 1", "a\n\nGET / HTTP/1.1", '"}], "x": [{"', '\\', '\\u0000',
	'%00%0d%0a', '?Action=DeleteModelCompTask', '../../v1', "\x{1}\x{7f}", '#', '&Action=x');
foreach my $nasty (@nasty)
{
	(my $literal = "E'" . ($nasty =~ s/([\\'])/\\$1/gr) . "'") =~ s/[\r\n]/$& eq "\r" ? '\r' : '\n'/ge;
	is(try_as('alice', "SELECT count(*) FROM model_comp_tasks WHERE id = $literal"), 0, 'key ' . ($literal =~ s/[^ -~]/?/gr));
	is(try_as('alice', "SELECT count(*) FROM model_comp_tasks WHERE source_model_id = $literal"), 0, 'and as a filter');
	foreach my $ddl (
		"CREATE SERVER new FOREIGN DATA WRAPPER qianfan_fdw OPTIONS (endpoint E'https://example.com/' $literal)",
		"CREATE SERVER new FOREIGN DATA WRAPPER qianfan_fdw OPTIONS (proxy E'http://127.0.0.1:80' $literal)",
		"CREATE FOREIGN TABLE new (id text) SERVER own OPTIONS (resource $literal)",
		map { "CREATE USER MAPPING FOR boss SERVER own OPTIONS ($_ $literal)" } qw(access_key secret_key session_token))
	{
		(my $sql = $ddl) =~ s/E'([^']*)' E'/E'$1/;
		my $made = try_as('boss', "BEGIN; $sql; ROLLBACK");
		like($made, $literal =~ /[^!-~]|\\[rn]/ || $sql =~ /SERVER new|TABLE/ ? qr/^HV024$/ : qr/^(HV024)?$/, $sql =~ s/[^ -~]/?/gr) unless $nasty eq '../../v1' && 0;
	}
}
my @requests = @{ $simulator->state->{requests} };
# a session's first 404 has the list asked whether the address is right
is(scalar @requests, 3 * @nasty, 'one request each');
is($simulator->get('bad_requests'), 0, 'all well formed');
is($simulator->get('rejected'), scalar @nasty, 'and well signed: only keys are not found');
is( join(' ', sort keys %{ { map { $_ => 1 } map { keys %{ $_->{headers} } } @requests } }),
	'accept accept-encoding authorization content-length content-type host user-agent x-bce-date',
	'and no other header in them');

# Cookies.
$simulator->reset;
$simulator->fail('set-cookie', '--always');
is(try_as('alice', "$fetch; $fetch"), 1, 'an answer with a cookie');
is(scalar(grep { exists $_->{headers}{cookie} } @{ $simulator->state->{requests} }), 0, 'which is not sent back');
end_test($node);
