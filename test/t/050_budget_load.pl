# Proves that a budget holds however the library comes to be loaded, and that
# one nobody can make out ends the statement instead of meaning "no limit".
# Runs where lines are counted.

use QianfanTest;

my $simulator = QianfanSimulator->new(tasks => 500);
my ($access_key, $secret_key) = map { $simulator->$_ } qw(access_key secret_key);
my $name  = 'qianfan_fdw.max_requests';
my @roles = qw(plain number word negative huge void unit mixed over granted);
my $node  = new_node(init => [ auth_extra => [ '--create-role', join ',', @roles ] ]);
my $boss = $node->safe_psql('postgres', 'SELECT current_user');

# All roles may read; these sessions do not load the library.
foreach my $database ('postgres', 'typo', 'fine')
{
	$node->safe_psql('postgres', "CREATE DATABASE $database")
	  if $database ne 'postgres';
	$node->safe_psql($database, $simulator->setup_sql('qianfan'));
	$node->safe_psql($database, <<"SQL");
CREATE USER MAPPING FOR PUBLIC SERVER qianfan
  OPTIONS (access_key '$access_key', secret_key '$secret_key');
GRANT SELECT ON model_comp_tasks TO PUBLIC;
SQL
}
$node->safe_psql('postgres', join "\n",
	(map { "CREATE ROLE $_ LOGIN;" } @roles),
	"ALTER ROLE number SET $name = 2;",
	"ALTER ROLE word SET $name = 'abc';",
	"ALTER ROLE negative SET $name = '-1';",
	"ALTER ROLE huge SET $name = '3000000000';",
	"ALTER ROLE void SET $name = '';",
	"ALTER ROLE unit SET $name = '2 calls';",
	"ALTER ROLE mixed SET $name = 3;",
	"ALTER ROLE mixed IN DATABASE typo SET $name = 'abc';",
	"ALTER ROLE over IN DATABASE typo SET $name = 4;",
	"ALTER DATABASE typo SET $name = 'O(1)';",
	"ALTER DATABASE fine SET \"QIANFAN_FDW.MAX_REQUESTS\" = 3;",
	"GRANT SET ON PARAMETER $name TO granted;");

# Read the list, which takes five calls; returns the last SQLSTATE and the calls.
sub read_list
{
	my ($role, %args) = @_;
	local $ENV{PGOPTIONS} = $args{options} // '';
	$simulator->reset;
	my (undef, undef, $error) = $node->psql(
		$args{database} // 'postgres',
		($args{before} // '') . "\nSELECT count(*) FROM model_comp_tasks;",
		on_error_stop => 0,
		extra_params  => [ '-U', $role, '-v', 'VERBOSITY=sqlstate' ]);
	my ($state) = $error =~ /.*ERROR:\s+(\w+)/s;
	$state = 'refused' if $error =~ /FATAL:  permission denied/;
	return ($state // 'none') . ' ' . $simulator->get('total');
}

sub try_all
{
	my ($way, $is_preloaded) = @_;
	my @settings = (
		[ plain    => 'none 5' ],
		[ number   => '54000 2' ],
		[ word     => '22023 0' ],
		[ negative => '22023 0' ],
		[ huge     => '22023 0' ],
		[ void     => '22023 0' ],
		[ unit     => '22023 0' ],
		[ mixed     => '54000 3' ],
		[ mixed     => '22023 0', database => 'typo' ],
		[ over     => '54000 4', database => 'typo' ],
		[ plain    => '22023 0', database => 'typo' ],
		[ plain    => '54000 3', database => 'fine' ],
		[ number   => '54000 2', database => 'fine' ],
		[ word     => '22023 0', database => 'fine' ]);
	foreach (@settings)
	{
		my ($role, $expected, %args) = @$_;
		is(read_list($role, %args), $expected, "$way: $role in " . ($args{database} // 'postgres'));
		is(read_list($role, %args, before => "SET $name = 100;"),
			$expected, '... which SET does not change') if $expected !~ /none/;
	}

	# What the startup packet may say.
	my $hidden = $is_preloaded ? 'refused 0' : '42501 0';
	foreach my $role ('plain', 'number', 'word')
	{
		is(read_list($role, options => "-c $name=100"), $hidden, "$way: PGOPTIONS of $role");
		is(read_list($role, options => "-c $name=1"), $hidden, 'though they ask for less');
	}
	is(read_list('granted', options => "-c $name=4"), '54000 4', "$way: PGOPTIONS of who may set it");
	is(read_list($boss, options => "-c $name=4"), '54000 4', "$way: of a superuser");
	is(read_list($boss, options => "-c $name=abc"), '22023 0', "$way: a superuser's typo")
	  unless $is_preloaded;

	# Whoever may set it can get out of there.
	is( read_list($boss, database => 'typo', before => "LOAD 'qianfan_fdw'; SET $name = 3;"),
		'54000 3', "$way: a superuser sets it");
	is( read_list($boss, database => 'typo', before => "SET $name = 0;"),
		'none 5', "$way: or lifts it, before the library is loaded");
	is( read_list($boss, database => 'typo', before => "LOAD 'qianfan_fdw'; SET $name = 0; RESET $name;"),
		'22023 0', "$way: RESET brings the typo back");
	is( read_list('plain', database => 'typo',
			before => "SELECT count(*) FROM model_comp_tasks WHERE id = ''; SELECT qianfan_fdw_version();\n"),
		'22023 0', "$way: what makes no call is no error");
	is(read_list('plain', options => '-c work_mem=1MB'), 'none 5',
		"$way: other options do no harm");
	return;
}

try_all('first use');

# postgresql.conf, hidden by the startup packet.
$node->append_conf('postgresql.conf', "$name = 4");
$node->reload;
is(read_list('plain'), '54000 4', 'the value of the configuration file');
is(read_list('plain', options => "-c $name=100"), '42501 0', 'which PGOPTIONS do not lift');
$node->append_conf('postgresql.conf', "$name = four");
$node->reload;
is(read_list('plain'), '22023 0', 'a typo in it');
is(read_list('number'), '54000 2', 'a role that has a value of its own');
$node->append_conf('postgresql.conf', "$name = 0");
$node->reload;

$node->append_conf('postgresql.conf', "session_preload_libraries = 'qianfan_fdw'");
$node->reload;
try_all('session_preload_libraries');
$node->append_conf('postgresql.conf', "session_preload_libraries = ''");

$node->append_conf('postgresql.conf', "shared_preload_libraries = 'qianfan_fdw'");
$node->restart;
try_all('shared_preload_libraries', 1);
$node->append_conf('postgresql.conf', "$name = four");
$node->restart;
is(read_list('plain'), '22023 0', 'a typo in the configuration file, preloaded');
is(read_list('number'), '54000 2', 'a role that has a value of its own, preloaded');
$node->append_conf('postgresql.conf', "$name = 3");
$node->reload;
is(read_list('plain'), '54000 3', 'and mended without a restart');

# What a message says.
my (undef, undef, $error) = $node->psql('postgres', 'SELECT count(*) FROM model_comp_tasks', extra_params => [ '-U', 'word' ]);
like($error, qr/invalid value for parameter "qianfan_fdw.max_requests": "abc"\nDETAIL:  It was set by ALTER ROLE/, 'where a typo is');

end_test($node);
