# Proves how many calls sessions spare each other, with the queries of
# test/bars/queries.sql: a list read at once, with details, again, a fingerprint
# of each column, and a dashboard.
# Runs where lines are counted.
#
# QIANFAN_PRELOAD=no script/test 100 tells the figures where sessions share no
# memory, as on PostgreSQL 15 and 16 without preload.

use QianfanTest;

my $preload = ($ENV{QIANFAN_PRELOAD} // 'yes') eq 'yes';
my ($node, $simulator) = new_server(
	tasks => 5000,
	cache => 1,
	conf  => "jit = off\n"
	  . ($preload ? "shared_preload_libraries = 'qianfan_fdw'" : ''));
my $by_age = "ALTER SERVER qianfan OPTIONS (ADD cache_max_age '10s')";
my $at_once = "ALTER SERVER qianfan OPTIONS (DROP cache_max_age)";

# Run a query in each of several sessions at once; returns what they print.
sub at_once
{
	my (@queries) = @_;
	my @sessions = map {
		my $session =
		  $node->background_psql('postgres', on_error_stop => 0);
		$session->query_safe("LOAD 'qianfan_fdw'");
		$session;
	} @queries;
	foreach my $i (0 .. $#queries)
	{
		$sessions[$i]->{stdin} .= "$queries[$i];\n\\echo done_$i\n";
		$sessions[$i]->{run}->pump_nb;
	}
	my @results;
	foreach my $i (0 .. $#queries)
	{
		$sessions[$i]->{run}->pump
		  until $sessions[$i]->{stdout} =~ /done_$i\n/;
		my $result = $sessions[$i]->{stdout} =~ s/done_$i\n//r;
		$sessions[$i]->{stdout} = '';
		push @results, $result . $sessions[$i]->{stderr};
		$sessions[$i]->quit;
	}
	return @results;
}

sub calls
{
	my $calls = $simulator->get('total');
	$simulator->reset;
	return $calls;
}

# The bars hold where sessions share memory; elsewhere it is 1.0's figures that
# must not be exceeded.
sub few
{
	my ($most, $as_before, $name) = @_;
	my $calls = calls();
	note "$name: $calls calls";
	cmp_ok($calls, '<=', $preload ? $most : $as_before, $name);
	return;
}

sub unique
{
	my %seen = map { $_ => 1 } @_;
	return join '|', sort keys %seen;
}

my ($fingerprint, $dashboard) =
  map { [ /^(SELECT .*);$/mg ] }
  split /^-- dashboard/m, slurp_file('test/bars/queries.sql');
is(@$fingerprint, 12, 'a query for each of 12 columns');
is(@$dashboard,   8,  'a panel on each of 8 connections');
my $unfinished = $node->safe_psql('postgres',
	"SELECT count(*) FROM model_comp_tasks WHERE state NOT IN ('succeeded', 'failed', 'stopped')"
);
my $all = 'SELECT count(*), md5(string_agg(t::text, chr(10) ORDER BY id)) FROM model_comp_tasks t';

# Nothing configured.
calls();
my $first = $node->safe_psql('postgres', $all);
is(calls(), 5050, 'all details, cold');
is($node->safe_psql('postgres', $all), $first, 'the same rows again');
few(50 + $unfinished, 5050, '... for those that may have changed');
$simulator->reset;
my $session = $node->background_psql('postgres');
$session->query_safe($all);
$simulator->reset;
is($session->query_safe($all), $first, 'the same rows in the same session');
cmp_ok(calls(), '<=', 50 + $unfinished, '... for those that may have changed');
$session->query_safe('SET qianfan_fdw.enable_cache = off');
is($session->query_safe($all), $first, 'the same rows without');
is(calls(), 5050, '... for all calls');
$session->quit;

$node->safe_psql('postgres', $_) foreach @$fingerprint;
calls();
$node->safe_psql('postgres', $_) foreach @$fingerprint;
few(600 + 12 * $unfinished, 20600, 'the fingerprint again');

# With an age.
$simulator->set('latency_ms', 20);
$node->safe_psql('postgres', $by_age);
$node->safe_psql('postgres', 'SELECT qianfan_fdw_forget()');
is(unique(at_once(('SELECT count(name) FROM model_comp_tasks') x 8)),
	"5000\n", '8 sessions read the list at once');
few(60, 400, 'a list for 8 sessions');
$simulator->set('latency_ms', 20);
$node->safe_psql('postgres', 'SELECT qianfan_fdw_forget()');
is(unique(at_once(($all) x 8)), "$first\n", '8 sessions read details');
few(5200, 40400, 'details for 8 sessions');
at_once(@$dashboard);
calls();
my @panels = at_once(@$dashboard);
unlike(join('', @panels), qr/ERROR/, 'a dashboard is shown');
few(120 + $unfinished, 6161, 'a dashboard again');
like(
	$node->safe_psql(
		'postgres',
		'SELECT sum(shared) > 0, sum(reused_by_age) > 0, sum(reused_validated) > 0 FROM qianfan_fdw_stat'
	),
	qr/^t\|t\|t$/,
	'and all that is counted') if $preload;
$node->safe_psql('postgres', $at_once);

$simulator->stop;
end_test($node);
