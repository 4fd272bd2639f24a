# Proves that credentials of the environment serve superusers and nobody else.
#
# Whose rights count is what PostgreSQL decides for the table itself: those of
# the owner below a view or in a SECURITY DEFINER function, else of whoever asks.
# Runs where lines are counted.

use QianfanTest;

my $simulator = QianfanSimulator->new(tasks => 10);
my ($endpoint, $ak, $sk) =
  ($simulator->endpoint, $simulator->access_key, $simulator->secret_key);
my $node = new_node(
	init => [ auth_extra => [ '--create-role', 'plain,boss' ] ],
	env  => { QIANFAN_ACCESS_KEY => $ak, QIANFAN_SECRET_KEY => $sk });
my ($id) = $simulator->ids(1);
my $query = "SELECT count(*) FROM model_comp_tasks WHERE id = '$id'";
$node->safe_psql('postgres', <<"SQL");
CREATE ROLE plain LOGIN;
CREATE ROLE boss LOGIN SUPERUSER;
CREATE EXTENSION qianfan_fdw;
CREATE SERVER qianfan FOREIGN DATA WRAPPER qianfan_fdw
  OPTIONS (endpoint '$endpoint');
IMPORT FOREIGN SCHEMA qianfan FROM SERVER qianfan INTO public;
GRANT SELECT ON model_comp_tasks TO plain;
GRANT CREATE ON SCHEMA public TO plain;

CREATE VIEW of_superuser AS SELECT * FROM model_comp_tasks;
CREATE VIEW of_invoker WITH (security_invoker) AS SELECT * FROM model_comp_tasks;
CREATE VIEW of_plain AS SELECT * FROM model_comp_tasks;
ALTER VIEW of_plain OWNER TO plain;
CREATE VIEW of_superuser_over_plain AS SELECT * FROM of_plain;
CREATE VIEW of_plain_over_superuser AS SELECT * FROM of_superuser;
ALTER VIEW of_plain_over_superuser OWNER TO plain;
GRANT SELECT ON of_superuser, of_invoker, of_superuser_over_plain,
  of_plain_over_superuser TO plain;

CREATE FUNCTION by_superuser() RETURNS bigint LANGUAGE sql SECURITY DEFINER
AS \$\$ $query \$\$;
CREATE FUNCTION by_invoker() RETURNS bigint LANGUAGE sql AS \$\$ $query \$\$;
CREATE FUNCTION by_plain() RETURNS bigint LANGUAGE sql SECURITY DEFINER
AS \$\$ $query \$\$;
ALTER FUNCTION by_plain OWNER TO plain;
SQL

# The number of rows that a role is shown, or the SQLSTATE.
sub try_as
{
	my ($role, $sql) = @_;
	my ($stdout, $stderr);
	$node->psql(
		'postgres', $sql,
		stdout       => \$stdout,
		stderr       => \$stderr,
		extra_params => [ '-U', $role, '-v', 'VERBOSITY=sqlstate' ]);
	return $stderr =~ /ERROR:  (\w{5})/ ? $1 : $stdout;
}

# The whole error.
sub error_as
{
	my ($role, $sql) = @_;
	my ($stdout, $stderr);
	$node->psql('postgres', $sql, stdout => \$stdout, stderr => \$stderr,
		extra_params => [ '-U', $role ]);
	return $stderr;
}

sub from
{
	my ($relation) = @_;
	return $query =~ s/model_comp_tasks/$relation/r;
}

# Without a mapping.
is(try_as('boss',  $query), 1,       'a superuser');
is(try_as('plain', $query), '28000', 'nobody else');
is(try_as('boss', "SET ROLE plain; $query"),
	'28000', 'nor a superuser in the role of somebody else');
is(try_as('boss', "SET SESSION AUTHORIZATION plain; $query"),
	'28000', 'nor as somebody else');
is( try_as('boss',
		"PREPARE p AS $query; EXECUTE p; SET ROLE plain; EXECUTE p"),
	'28000',
	'nor with a plan of a superuser');
is( try_as('boss',
		"SET plan_cache_mode = force_generic_plan; PREPARE p AS $query; SET ROLE plain; PREPARE q AS $query; RESET ROLE; EXECUTE q"),
	1,
	'a superuser with a plan of somebody else');

# Views and functions: the checked user.
is(try_as('plain', from('of_superuser')), 1, 'a view of a superuser');
is(try_as('plain', from('of_invoker')), '28000', 'a view of the invoker');
is(try_as('boss',  from('of_invoker')), 1,
	'a view of the invoker, a superuser');
is(try_as('boss', from('of_plain')), '28000', 'a view of somebody else');
is(try_as('plain', from('of_plain')), '28000', 'a view of one\'s own');
is(try_as('boss', from('of_superuser_over_plain')),
	'28000', 'a view of somebody else below another');
is(try_as('boss', from('of_plain_over_superuser')),
	1, 'a view of a superuser below another');
is(try_as('plain', 'SELECT by_superuser()'), 1, 'a function of a superuser');
is(try_as('plain', 'SELECT by_invoker()'),
	'28000', 'a function of the invoker');
is(try_as('boss', 'SELECT by_plain()'),
	'28000', 'a function of somebody else');

# A server of somebody else: its endpoint may be anybody's.
$simulator->reset;
$node->safe_psql('postgres', <<"SQL");
CREATE SERVER others FOREIGN DATA WRAPPER qianfan_fdw OPTIONS (endpoint '$endpoint');
CREATE FOREIGN TABLE others (id text) SERVER others;
CREATE VIEW others_view AS SELECT * FROM others;
CREATE FUNCTION others_by_superuser() RETURNS bigint LANGUAGE sql SECURITY DEFINER
AS \$\$ @{[ from('others') ]} \$\$;
CREATE TABLE parent (id text);
CREATE FOREIGN TABLE child () INHERITS (parent) SERVER others;
ALTER SERVER others OWNER TO plain;
GRANT SELECT ON others, others_view TO plain;
SQL
foreach my $sql (from('others'), from('others_view'), 'SELECT others_by_superuser()',
	'SELECT count(*) FROM others', 'ANALYZE others', 'ANALYZE parent',
	"PREPARE p AS @{[ from('others') ]}; EXECUTE p")
{
	is(try_as('boss', $sql), '28000', "a superuser, a server of somebody else: $sql");
}
is(try_as('plain', from('others_view')), '28000', 'nor by a view of a superuser');
is(try_as('plain', 'SELECT others_by_superuser()'), '28000', 'nor by a function');
like(error_as('boss', from('others')),
	qr/DETAIL:  The keys in the environment .* belongs to a superuser/, 'which is said');
unlike(error_as('plain', from('others')), qr/environment/, 'to nobody else');
is($simulator->get('connections'), 0, 'and nobody was asked');
is(try_as('boss', 'CREATE SCHEMA imported; IMPORT FOREIGN SCHEMA qianfan FROM SERVER others INTO imported'),
	'', 'IMPORT needs no keys');
$node->safe_psql('postgres', 'ALTER SERVER others OWNER TO boss');
is(try_as('boss', from('others')), 1, 'a server of a superuser');
is(try_as('plain', from('others')), '28000', 'still for nobody else');

# A token alone is half a mapping.
$node->safe_psql('postgres',
	"CREATE USER MAPPING FOR boss SERVER qianfan OPTIONS (session_token 'ST')");
is(try_as('boss', $query), '28000', 'a superuser, with a token and no keys');
like(error_as('boss', $query), qr/user mapping of "boss" .* lacks "access_key"/, 'which is said');
$node->safe_psql('postgres', 'DROP USER MAPPING FOR boss SERVER qianfan');

# A mapping without keys is as good as none.
$node->safe_psql('postgres',
	"CREATE USER MAPPING FOR $_ SERVER qianfan") foreach qw(boss plain);
is(try_as('boss',  $query), 1,       'a superuser, with an empty mapping');
is(try_as('plain', $query), '28000', 'not others, with an empty mapping');

# A mapping with one of the two is a mistake, and nothing is added to it.
$node->safe_psql('postgres',
	"ALTER USER MAPPING FOR boss SERVER qianfan OPTIONS (ADD access_key '$ak')"
);
is(try_as('boss', $query), '28000', 'a superuser, with half a mapping');

# A mapping with keys wins over the environment.
$simulator->reset;
$node->safe_psql('postgres',
	"ALTER USER MAPPING FOR boss SERVER qianfan OPTIONS (ADD secret_key 'wrong')"
);
is(try_as('boss', $query), '28000', 'a superuser, with wrong keys');
is($simulator->get('rejected'), 1, 'which were sent');

# The mapping of PUBLIC serves those who have none.
$node->safe_psql('postgres', <<"SQL");
DROP USER MAPPING FOR boss SERVER qianfan;
DROP USER MAPPING FOR plain SERVER qianfan;
CREATE USER MAPPING FOR PUBLIC SERVER qianfan;
SQL
is(try_as('boss',  $query), 1, 'a superuser, with an empty mapping of PUBLIC');
is(try_as('plain', $query), '28000', 'not others, likewise');
like(error_as('plain', $query), qr/user mapping of "public" .* lacks "access_key"/,
	'whose mapping lacks something is said');
$node->safe_psql('postgres',
	"ALTER USER MAPPING FOR PUBLIC SERVER qianfan OPTIONS (ADD access_key '$ak', ADD secret_key '$sk')"
);
is(try_as('plain', $query), 1, 'others, with keys for PUBLIC');
$node->safe_psql('postgres', 'DROP USER MAPPING FOR PUBLIC SERVER qianfan');

end_test($node);
