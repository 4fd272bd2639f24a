# Proves that qianfan_fdw_check() says what a service is like and what is wrong
# with it.
# Runs where lines are counted.

use QianfanTest;
use ServerCheck qw(verdicts_are not_made service_steps);

my @service = service_steps();
my $plain = { tls => '-' };
my ($node, $simulator) = new_server(tasks => 100);

sub check { return ServerCheck::check($node, $simulator, @_); }

# Healthy.
$simulator->reset;
my $found = check('qianfan', title => 'healthy');
verdicts_are($found, $plain, 'healthy');
is($simulator->calls,
	'DescribeModelCompTask=2 DescribeModelCompTasks=4', 'six calls');
like($found->{options}[1],
	qr/^endpoint 'http:.*connect_timeout '10s'.*max_response_size '16MB'/,
	'options in force');
like($found->{credential}[1],
	qr/^Access key "test\.\.\.", from the user mapping of "\w+"\.$/,
	'whose keys, and four characters of one');
like($found->{resolve}[1], qr/is at 127\.0\.0\.1/, 'address');
like($found->{list}[1], qr/first page: 10, and more follow/, 'list');
like($found->{absence}[1], qr/HTTP 404, ModelCompTaskNotFound/, 'absence');

# The list as it can be: mode, value, what the step says.
foreach my $mode (
	[ marker => 'exclusive', 'paging', qr/exclusive.*"create_time asc"/ ],
	[ marker => 'inclusive', 'paging', qr/inclusive.*last task.*asc"/ ],
	[ marker => 'start',     'paging', qr/inclusive.*names the first/ ],
	[ marker => 'offset',    'paging', qr/not the id of a task/ ],
	[ list_order => 'newest', 'paging', qr/fits is "create_time desc"/ ],
	[ page_reverse => 'ignored', 'paging', qr/fits is "none"/ ],
	[ page_reverse => 'page',    'paging', qr/fits is "none"/ ],
	[ tied_times => 100, 'paging', qr/cannot be told/ ],
	[ tasks => 5, 'paging', qr/exclusive.*asc"/ ],
	[ variant => 'table', 'spelling', qr/list: status, modelId; in a detail: status, modelId\./ ],
	[ variant => 'example', 'spelling', qr/list: state, targetModelId; in a detail: state, targetModelId\./ ],
	[ list_detail => 'off', 'spelling', qr/"failedReason": no, "config": no/ ],
	[ list_detail => 'on', 'spelling', qr/"failedReason": yes, "config": yes/ ],
	[ not_found => 'null', 'absence', qr/answered with HTTP 200\./ ],
	[ not_found => 'code400', 'absence', qr/HTTP 400, NoSuchModelCompTask/ ],)
{
	my ($name, $value, $step, $words) = @$mode;
	$simulator->reset;
	$simulator->set($name, $value);
	$found = check('qianfan', title => "$name $value");
	verdicts_are($found, $plain, "$name $value");
	like($found->{$step}[1], $words, "$name $value: $step says so");
	cmp_ok($simulator->get('total'), '<=', 10, "$name $value: ten calls");
}

# What the option claims, against what is seen.
foreach my $case ([ 'create_time asc', 'true', '' ],
	[ 'create_time desc', 'false', qr/list_order" of the server to "create_time asc"/ ])
{
	my ($declared, $verdict, $hint) = @$case;
	$simulator->reset;
	$node->safe_psql('postgres', "ALTER SERVER qianfan OPTIONS (ADD list_order '$declared')");
	$found = check('qianfan', title => $declared);
	verdicts_are($found, { %$plain, paging => $verdict }, $declared);
	like($found->{paging}[2], $hint eq '' ? qr/^$/ : $hint, "$declared: hint");
	$node->safe_psql('postgres', 'ALTER SERVER qianfan OPTIONS (DROP list_order)');
}
foreach my $tasks (0, 1)
{
	$simulator->reset;
	$simulator->set('tasks', $tasks);
	$found = check('qianfan', title => "$tasks tasks");
	verdicts_are(
		$found,
		{
			%$plain,
			not_made($tasks == 0 ? qw(paging detail spelling) : 'paging')
		},
		"$tasks tasks");
}

# What is wrong with the service or the account.
foreach my $fault (
	[ 'no permission', [ 'AccessDenied', '--always' ],
		{ list => 'false', absence => 'false', not_made(qw(paging detail spelling)) } ],
	[ 'refused list', [ 'AccessDenied', '--always', '--action', 'DescribeModelCompTasks' ],
		{ list => 'false', not_made(qw(paging detail spelling)) } ],
	[ 'refused detail', [ 'AccessDenied', '--always', '--action', 'DescribeModelCompTask' ],
		{ detail => 'false', absence => 'false' } ],
	[ 'throttled', [ 'http-429', '--always' ],
		{ list => 'false', not_made(qw(signature paging detail absence spelling)) } ],
	[ 'a page of a proxy', [ 'html-200', '--always' ],
		{ list => 'false', not_made(qw(signature paging detail absence spelling)) } ],
	[ 'connection lost', [ 'reset-before-headers', '--always' ],
		{ list => 'false', not_made(qw(clock signature paging detail absence spelling)) } ],
	[ 'second page refused', [ 'http-500', '--after', 2, '--action', 'DescribeModelCompTasks' ],
		{ paging => 'false' } ],)
{
	my ($title, $words, $expected) = @$fault;
	$simulator->reset;
	$simulator->fail(@$words);
	verdicts_are(check('qianfan', title => $title),
		{ %$plain, %$expected }, $title);
}
$simulator->reset;
$simulator->set('clock_offset_s', 3600);
$found = check('qianfan', title => 'clock');
verdicts_are($found, { %$plain, clock => 'false' }, 'clock an hour off');
like($found->{clock}[1], qr/3(599|60\d) s slow/, 'by how much');
$simulator->reset;
$simulator->set('path_prefix', '/elsewhere');
verdicts_are(
	check('qianfan', title => 'wrong path'),
	{ %$plain, list => 'false', not_made(qw(signature paging detail absence spelling)) },
	'wrong path');
$simulator->reset;
end_test($node);
