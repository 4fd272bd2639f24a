# Proves that a hot standby reads tasks with what it got from its primary.

use QianfanTest;

my $simulator = QianfanSimulator->new(tasks => 240);
my $primary   = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 1);
$primary->start;
$primary->backup('copy');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'copy', has_streaming => 1);
$standby->start;

$primary->safe_psql('postgres', $simulator->setup_sql('qianfan'));
$primary->safe_psql('postgres',
	'CREATE TABLE inventory AS SELECT id FROM model_comp_tasks LIMIT 20');
$primary->wait_for_catchup($standby);

my %expected = (
	'SELECT count(*), count(failed_reason) FROM model_comp_tasks' => [ '240|43', 'list and details' ],
	'SELECT count(*) FROM inventory JOIN model_comp_tasks USING (id)' => [ '20', 'a join' ]);
foreach my $query (sort keys %expected)
{
	my ($answer, $title) = @{ $expected{$query} };
	$simulator->reset;
	is($standby->safe_psql('postgres', $query),
		$answer, "$title on the standby");
	cmp_ok($simulator->get('total'), '>', 0, 'which makes its own calls');
}

# New keys come from the primary, too.
$primary->safe_psql('postgres',
	"ALTER USER MAPPING FOR CURRENT_USER SERVER qianfan OPTIONS (SET secret_key 'changed')"
);
$primary->wait_for_catchup($standby);
my ($status, undef, $errors) = $standby->psql('postgres',
	'\set VERBOSITY sqlstate' . "\nSELECT count(*) FROM model_comp_tasks");
like($errors, qr/ERROR: +28000/, 'and keys that are changed there');

($status, undef, $errors) =
  $standby->psql('postgres', 'ANALYZE model_comp_tasks');
like($errors, qr/cannot execute ANALYZE during recovery/,
	'but ANALYZE is for the primary');

end_test($standby, $primary);
