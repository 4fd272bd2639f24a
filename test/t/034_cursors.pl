# Proves that cursors show the same rows in both directions without asking
# twice, and that they read at most one page ahead.

use FindBin;
use lib "$FindBin::Bin/../clients";
use ClientTest;
use QianfanTest;

my ($simulator, $node) = start_server();
my @ids  = $simulator->ids(200);
my $keys = "'{" . join(',', @ids) . "}'";

# title, columns and condition, the same of the local table, calls for all
my @sources = (
	[   'list', 'id, name', '', 'ORDER BY n',
		'DescribeModelCompTasks=10'
	],
	[   'keys', 'id, weight', "WHERE id = ANY ($keys)",
		'WHERE n < 200 ORDER BY n', 'DescribeModelCompTask=200'
	],
	[   'list with details', 'id, config', q{WHERE state = 'failed'},
		q{WHERE state = 'failed' ORDER BY n},
		'DescribeModelCompTask=%d DescribeModelCompTasks=10'
	]);
my $failed = $node->safe_psql('postgres',
	"SELECT count(*) FROM expected WHERE state = 'failed'");

my $session = psql_session($node);

# Both directions, against a cursor of the local table.
my @moves = (
	'FETCH 3',       'FETCH BACKWARD 1', 'FETCH RELATIVE 0', 'FETCH 120',
	'MOVE -60',      'FETCH 2',          'FETCH ABSOLUTE 5', 'FETCH FIRST',
	'FETCH PRIOR',   'FETCH NEXT',       'FETCH LAST',       'FETCH 1',
	'FETCH PRIOR',   'FETCH ABSOLUTE -7', 'FETCH BACKWARD 4', 'MOVE FIRST',
	'FETCH ALL',     'FETCH BACKWARD ALL');

foreach (@sources)
{
	my ($title, $columns, $where, $expected, $calls) = @$_;
	my %output;

	foreach ([ 'remote', "model_comp_tasks $where" ],
		[ 'local', "expected $expected" ])
	{
		my ($kind, $from) = @$_;
		$simulator->reset if $kind eq 'remote';
		$output{$kind} = lines_of(
			$session,
			"BEGIN; DECLARE c SCROLL CURSOR FOR SELECT $columns FROM $from;\n"
			  . join('', map { "$_ FROM c;\n" } @moves)
			  . 'CLOSE c; COMMIT');
	}
	is($output{remote}, $output{local}, "$title, SCROLL: same rows");
	is($simulator->calls, sprintf($calls, $failed), "$title, SCROLL: calls");

	$simulator->reset;
	$session->query_safe(
		"BEGIN; DECLARE c SCROLL CURSOR FOR SELECT $columns FROM model_comp_tasks $where; MOVE 5 FROM c"
	);
	$simulator->wait_below('in_flight', 0);
	my $before = $simulator->calls;
	$simulator->set('tasks', 0);
	is( $session->query_safe('FETCH BACKWARD 2 FROM c'),
		join("\n",
			reverse split /\n/,
			$session->query_safe(
				"SELECT $columns FROM expected $expected LIMIT 2 OFFSET 2")),
		"$title, SCROLL: what was seen stays");
	is($simulator->calls, $before, "$title, SCROLL: going back is free");
	is(lines_of($session, 'CLOSE c; COMMIT'), '', "$title, SCROLL: closed");

	is( lines_of(
			$session,
			"BEGIN; DECLARE c NO SCROLL CURSOR FOR SELECT $columns FROM model_comp_tasks $where; MOVE 5 FROM c; FETCH PRIOR FROM c; ROLLBACK"
		),
		"ERROR:  55000",
		"$title, NO SCROLL: cannot go back");
}

# No page but the one being read and the next.
foreach my $page_size (100, 10)
{
	$session->query_safe("ALTER SERVER qianfan OPTIONS ("
		  . ($page_size == 100 ? 'ADD' : 'SET')
		  . " page_size '$page_size')");
	$simulator->reset;
	$session->query_safe(
		'BEGIN; DECLARE c CURSOR FOR SELECT id FROM model_comp_tasks');
	is($simulator->calls, 'none', "page_size $page_size: DECLARE");
	foreach my $row (1 .. 120)
	{
		$session->query_safe('MOVE 1 FROM c');
		next if $row !~ /^(1|5|10|11|40|60|99|100|101|120)$/;
		$simulator->wait_below('in_flight', 0);
		cmp_ok($simulator->get('total'),
			'<=', int(($row + $page_size - 1) / $page_size) + 1,
			"page_size $page_size: pages for $row rows");
	}
	$session->query_safe('CLOSE c; COMMIT');
}
$session->query_safe('ALTER SERVER qianfan OPTIONS (DROP page_size)');
is( $session->query_safe(
		'SELECT count(*) FROM pg_cursors, pg_prepared_statements'),
	0,
	'no cursor left');

# psql itself reads in batches with a cursor, if asked to.
$simulator->reset;
is( $node->safe_psql(
		'postgres',
		'SELECT id FROM model_comp_tasks',
		extra_params => [ '-v', 'FETCH_COUNT=64' ]),
	$node->safe_psql('postgres', 'SELECT id FROM expected ORDER BY n'),
	'FETCH_COUNT: same rows');
is($simulator->calls, 'DescribeModelCompTasks=10', 'FETCH_COUNT: calls');

$session->quit;
check_nothing_left($simulator, $node, 'cursors');
end_test($node);
