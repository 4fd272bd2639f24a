# Proves that an answer which is there as soon as its request is sent is taken
# in at once, and not when some timeout is over.
#
# A library loaded into the server makes it so for each request.

use QianfanTest;

# Who does not look waits for a minute, and the statement has ten seconds.
my ($node, $simulator) = new_server(
	tasks => 60,
	cache => 1,
	conf  => "statement_timeout = '10s'\njit = off",
	env   => { LD_PRELOAD => preloaded('prompt') },
	sql   => <<'SQL');
ALTER SERVER qianfan OPTIONS (ADD connect_timeout '60s', ADD request_timeout '60s',
  ADD max_concurrency '1', ADD page_size '20');
CREATE TABLE inv AS SELECT id AS task_id FROM model_comp_tasks;
CREATE TABLE parts (LIKE model_comp_tasks) PARTITION BY LIST (state);
CREATE FOREIGN TABLE parts_a PARTITION OF parts DEFAULT SERVER qianfan;
CREATE FOREIGN TABLE parts_b PARTITION OF parts FOR VALUES IN ('none') SERVER qianfan;
SQL
my ($id) = $simulator->ids(1);
my $lookups = join ';', map { "SET enable_$_ = off" } qw(hashjoin mergejoin nestloop);
my %queries = (
	'key'         => [ '1',  "SELECT count(weight) FROM model_comp_tasks WHERE id = '$id'" ],
	'list'        => [ '60', 'SELECT count(*) FROM model_comp_tasks' ],
	'details'     => [ '60', 'SELECT count(config) FROM model_comp_tasks' ],
	'lookup join' => [
		'60', "$lookups; SELECT count(config) FROM inv JOIN model_comp_tasks t ON t.id = inv.task_id" ],
	'sorted' => [
		'5', 'SELECT count(config) FROM (SELECT config FROM model_comp_tasks ORDER BY create_time DESC LIMIT 5) t' ],
	'two scans in turns' => [
		'60', 'SELECT count(b.config) FROM model_comp_tasks a JOIN model_comp_tasks b USING (id)' ],
	'asynchronous' => [ '120', 'SELECT count(config) FROM parts' ]);

# Twice in one session, for what is remembered leaves gaps between the calls.
foreach ([ 1, 20 ], [ 1, 2 ], [ 3, 2 ], [ 16, 7 ])
{
	my ($concurrency, $page_size) = @$_;
	$node->safe_psql('postgres',
		"ALTER SERVER qianfan OPTIONS (SET max_concurrency '$concurrency', SET page_size '$page_size')");
	foreach my $title (sort keys %queries)
	{
		my ($rows, $query) = @{ $queries{$title} };
		my ($status, $stdout, $stderr) = $node->psql('postgres', "$query; $query");
		is($stdout, "$rows\n$rows", "$title, $concurrency at once, pages of $page_size") or diag $stderr;
	}
}

end_test($node);
