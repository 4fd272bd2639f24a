# Proves that the rate limit holds within a statement and across statements.
#
# Runs alone, because it measures time.

use QianfanTest;
use Time::HiRes qw(time);

my ($node, $simulator) = new_server(tasks => 100);
my @ids = $simulator->ids(40);
my $one = "SELECT count(*) FROM model_comp_tasks WHERE id = '$ids[0]'";
my $many = "SELECT count(*) FROM model_comp_tasks WHERE id = ANY ('{"
  . join(',', @ids) . "}')";
my $session = $node->background_psql('postgres');

sub set_rate
{
	my ($option) = @_;
	$simulator->reset;
	$node->safe_psql('postgres', "ALTER SERVER qianfan OPTIONS ($option)");
	return;
}

set_rate("ADD rate_limit '20'");
is($session->query_safe($many), 40, 'all rows');
is($simulator->get('total'), 40, 'and calls');
cmp_ok($simulator->get('max_per_second'), '<=', 23, 'in no second too many');

# It holds across statements, and connections that are made anew.
set_rate("SET rate_limit '2'");
$session->query_safe($one);
my $begun = time;
foreach my $n (1 .. 4)
{
	$node->safe_psql('postgres',
		"ALTER USER MAPPING FOR CURRENT_USER SERVER qianfan OPTIONS (SET secret_key '@{[ $simulator->secret_key ]}')"
	) if $n > 2;
	is($session->query_safe($one), 1, "statement $n");
}
cmp_ok(time - $begun, '>=', 1.9, 'four calls take two seconds');

# One that is hardly a rate can still be cancelled.
set_rate("SET rate_limit '1e-14'");
is( $session->query_safe(
		"SET statement_timeout = '200ms';
		CREATE FUNCTION state_of(text) RETURNS text LANGUAGE plpgsql AS 'BEGIN RETURN (SELECT t.state FROM model_comp_tasks t WHERE t.id = \$1); EXCEPTION WHEN query_canceled THEN RETURN SQLSTATE; END';
		SELECT state_of('$ids[0]')"),
	'57014',
	'a wait of ages ends by a timeout');
$session->quit;
end_test($node);
