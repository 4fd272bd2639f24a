# Proves that a role keeps its budget, whatever its connection asks for.

use QianfanTest;

my ($node, $simulator) = new_server(tasks => 500);
my ($access_key, $secret_key) = map { $simulator->$_ } qw(access_key secret_key);
$node->safe_psql('postgres', <<"SQL");
CREATE ROLE by_role LOGIN;
ALTER ROLE by_role SET qianfan_fdw.max_requests = 2;
CREATE ROLE by_both LOGIN;
ALTER ROLE by_both SET qianfan_fdw.max_requests = 100;
ALTER ROLE by_both IN DATABASE postgres SET qianfan_fdw.max_requests = 3;
GRANT USAGE ON FOREIGN SERVER qianfan TO by_role, by_both;
GRANT SELECT ON model_comp_tasks TO by_role, by_both;
CREATE USER MAPPING FOR PUBLIC SERVER qianfan
  OPTIONS (access_key '$access_key', secret_key '$secret_key');
SQL

# Read the list, which takes five calls; returns the SQLSTATE, the limit that
# is in force afterwards, and the calls made.
sub read_list
{
	my ($role, $before, $options) = @_;
	local $ENV{PGOPTIONS} = $options // '';
	$simulator->reset;
	my (undef, $limit, $error) = $node->psql(
		'postgres',
		"$before\nSELECT count(*) FROM model_comp_tasks;\nSHOW qianfan_fdw.max_requests;",
		on_error_stop => 0,
		extra_params  => [ '-U', $role, '-v', 'VERBOSITY=sqlstate' ]);
	my ($state) = $error =~ /ERROR:\s+(\w+)/;
	return join ' ', $state // 'none', (split /\n/, $limit)[-1],
	  $simulator->get('total');
}

is(read_list('by_role', ''), '54000 2 2', 'the value of the role');
is(read_list('by_both', ''),
	'54000 3 3', 'the value of the role in the database goes first');
is( read_list('by_role', '', '-c qianfan_fdw.max_requests=100'),
	'42501 0 0',
	'PGOPTIONS do not raise it, but hide it');
is(read_list('by_both', '', '-c qianfan_fdw.max_requests=0'),
	'42501 0 0', 'nor do they take it away');
is(read_list('by_role', 'SET qianfan_fdw.max_requests = 100;'),
	'54000 2 2', 'SET before the library is loaded does not raise it');
is( read_list(
		'by_role',
		"SELECT qianfan_fdw_version();\nSET qianfan_fdw.max_requests = 100;"),
	'42501 2 2',
	'SET afterwards is refused');
is( read_list('by_role', 'RESET qianfan_fdw.max_requests;',
		'-c qianfan_fdw.max_requests=100'),
	'42501 0 0',
	'RESET does not bring it back');
is( read_list('by_role', 'SET qianfan_fdw.max_requests = 100;',
		'-c qianfan_fdw.max_requests=100'),
	'42501 0 0',
	'nor does SET');

# Who may set it may also do so when connecting.
my $superuser = $node->safe_psql('postgres', 'SELECT current_user');
is( read_list($superuser, '', '-c qianfan_fdw.max_requests=4'),
	'54000 4 4',
	'a superuser chooses');
is(read_list($superuser, ''), 'none 0 5', 'and has no limit by default');

end_test($node);
