# Proves that no session reads what was not true while it read, whatever has
# become of tasks whose answers are remembered; with an age, none that is older.
# test/soak/histories.py has the long form.

use QianfanTest;

my $lives = $ENV{QIANFAN_HISTORIES} // 500;
my $node    = new_node(
	cache => 1,
	conf => "shared_preload_libraries = 'qianfan_fdw'\njit = off");
$node->safe_psql('postgres', 'CREATE EXTENSION qianfan_fdw');
local $ENV{PGHOST} = $node->host;
local $ENV{PGPORT} = $node->port;

foreach my $age (0, 0.3)
{
	my ($stdout, $stderr);
	$node->safe_psql('postgres', 'SELECT qianfan_fdw_stat_reset()');
	my $done = IPC::Run::run(
		[   'python3', 'test/soak/histories.py', '--lives', $lives,
			'--statements', $lives, '--age', $age, '--seed', 11 + $age * 10
		],
		'>', \$stdout, '2>', \$stderr);
	note $stdout, $stderr;
	ok($done, "age $age s: all that was read had been true");
	my %told = $stdout =~ /(\w+)=(\d+)/g;
	cmp_ok($told{lives}, '>=', $lives, '... of many histories');
	cmp_ok($told{reused}, '>=', $lives / 10, '... many answers were reused');
}
end_test($node);
