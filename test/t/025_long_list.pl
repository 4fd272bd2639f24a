# Proves that rows of a list are told apart, each shown once, when there are too
# many ids to keep in memory, and that the file they go to does not outlive
# the scan.

use QianfanTest;

# One more page than src/api/seen.c keeps in memory, and some.
my $tasks     = 106000;
my ($node, $simulator) = new_server(tasks => $tasks);

my $session = $node->background_psql('postgres', on_error_stop => 0);

sub temporary_files
{
	return scalar grep { -f } glob $node->data_dir . '/base/pgsql_tmp/*';
}

# Each page repeats the last row of the one before.  With pages of 68 rows, one
# of them does so just when src/api/seen.c has as many ids as it keeps in memory,
# which are 104856 = 1 + 1565 * 67.
$simulator->set('marker', 'inclusive');
$node->safe_psql('postgres', "ALTER SERVER qianfan OPTIONS (ADD page_size '68')");
is( $session->query_safe(
		'SELECT count(*), count(DISTINCT id) FROM model_comp_tasks'),
	"$tasks|$tasks",
	'every task is shown, and none twice');
is(temporary_files(), 0, 'no file is left after the end of the list');
$node->safe_psql('postgres', "ALTER SERVER qianfan OPTIONS (DROP page_size)");

# The last page leads back to the first row, whose id is in the file by then.
$simulator->set('marker', 'exclusive');
$simulator->set('paging', 'cycle');
$session->query_safe(<<'SQL');
CREATE FUNCTION caught() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	detail text;
BEGIN
	PERFORM count(*) FROM model_comp_tasks;
	RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	RETURN SQLSTATE || ' ' || detail;
END
$$;
SQL
like($session->query_safe('SELECT caught()'),
	qr/^HV00M A page of the list has nothing new/,
	'rows of a page that were all seen long ago are recognized');
is(temporary_files(), 0, 'no file is left after an error that was caught');

# The file cannot be written: one error, also where it is caught.
$simulator->set('paging', 'normal');
$session->query_safe("SET temp_file_limit = '1MB'");
like($session->query_safe('SELECT caught()'), qr/^53400/, 'no space, caught');
is($session->query_safe('SELECT 1'), 1, 'no space, caught: the session goes on');
my ($stdout, $stderr);
$node->psql(
	'postgres', "SET temp_file_limit = '1MB'; SELECT count(*) FROM model_comp_tasks; RESET temp_file_limit; SELECT count(*) FROM (SELECT generate_series(1, 300000) n ORDER BY n OFFSET 0) x",
	stdout        => \$stdout,
	stderr        => \$stderr,
	on_error_stop => 0);
is(scalar(() = $stderr =~ /ERROR|WARNING/g), 1, 'no space: one error');
is($stdout, 300000, 'no space: the session goes on');
$session->query_safe('RESET temp_file_limit');
is(temporary_files(), 0, 'no file is left after no space');

# A cursor keeps the file until it is closed, or rolled back.
my $past = $tasks - 500;
$simulator->set('paging', 'normal');
foreach my $end ('CLOSE c', 'ROLLBACK TO s')
{
	$session->query_safe(
		'BEGIN; SAVEPOINT s; DECLARE c CURSOR FOR SELECT id FROM model_comp_tasks'
	);
	$session->query_safe("MOVE $past FROM c");
	is(temporary_files(), 1, 'there is a file while the list is being read');
	$session->query_safe($end);
	is(temporary_files(), 0, "there is none after $end");
	$session->query_safe('COMMIT');
}
$session->quit;
unlike(slurp_file($node->logfile), qr/leak/, 'nothing leaked');

end_test($node);
