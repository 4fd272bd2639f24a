# Proves that loading the library changes no setting of the session, whomever
# SET SESSION AUTHORIZATION has made of its user by then.

use QianfanTest;

my $simulator = QianfanSimulator->new(tasks => 500);
my $node      = new_node();
$node->safe_psql('postgres', $simulator->setup_sql('qianfan'));
my ($access_key, $secret_key) = map { $simulator->$_ } qw(access_key secret_key);
$node->safe_psql('postgres', <<"SQL");
CREATE SCHEMA evil;
CREATE ROLE other;
ALTER ROLE other SET search_path = evil, public;
ALTER ROLE other SET work_mem = '77MB';
ALTER ROLE other SET qianfan_fdw.max_requests = 2;
ALTER ROLE other SET qianfan_fdw.enable_lookup_join = off;
CREATE ROLE typo;
ALTER ROLE typo SET qianfan_fdw.max_requests = 'abc';
CREATE USER MAPPING FOR PUBLIC SERVER qianfan
  OPTIONS (access_key '$access_key', secret_key '$secret_key');
GRANT SELECT ON model_comp_tasks TO PUBLIC;
SQL

my @settings = qw(search_path work_mem qianfan_fdw.max_requests qianfan_fdw.enable_lookup_join);
my $show = join ' ', map { "SHOW $_;" } @settings;
my $usual = $node->safe_psql('postgres', "LOAD 'qianfan_fdw'; $show");
like($usual, qr/^"\$user", public\n4MB\n0\non$/, 'what the session begins with');
my $read = 'SELECT count(*) FROM model_comp_tasks;';

sub check
{
	my ($way) = @_;
	foreach my $role ('other', 'typo')
	{
		my $become = "SET SESSION AUTHORIZATION $role;";
		foreach my $use ('SELECT count(qianfan_fdw_version());',
			"SELECT count(*) + 1 FROM model_comp_tasks WHERE id = '';")
		{
			is( $node->safe_psql('postgres', "$become $use RESET SESSION AUTHORIZATION; $show"),
				"1\n$usual", "$way: after $use as $role");
			is( $node->safe_psql('postgres', "$become $use RESET SESSION AUTHORIZATION; RESET ALL; $show"),
				"1\n$usual", '... and RESET ALL');
			is( $node->safe_psql('postgres', "$become $use $show"), "1\n$usual", '... and meanwhile');
		}
		is($node->safe_psql('postgres', "$become $read RESET SESSION AUTHORIZATION; $read"),
			"500\n500", "$way: the limit is that of who has logged in");
	}
	return;
}

check('first use');
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'qianfan_fdw'");
$node->restart;
check('preloaded');
end_test($node);
