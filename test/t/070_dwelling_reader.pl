# Proves that a reader who dwells costs no call twice: time in which nobody
# attends to the network is not held against an answer.
#
# Runs alone, because it measures time.

use QianfanTest;
use Sessions qw(open_session ask begin_query);

my ($node, $simulator) = new_server(tasks => 200);
$node->safe_psql('postgres',
	"ALTER SERVER qianfan OPTIONS (ADD request_timeout '400ms', ADD page_size '10')");
my ($session) = open_session($node);

# Twenty pages, a pause behind each of ten FETCHes that is longer than a request
# may take; each FETCH has read a page ahead by then.
ask($session, 'BEGIN; DECLARE c CURSOR FOR SELECT id FROM model_comp_tasks');
my $rows = 0;
foreach my $n (1 .. 10)
{
	$simulator->set('latency_ms', 20);
	$rows += ask($session, 'FETCH 20 FROM c') =~ tr/\n// + 1;
	$session->query_safe('SELECT pg_sleep(0.6)');
}
is($rows, 200, 'all rows');
is(ask($session, 'FETCH ALL FROM c'), '', 'and no more');
is($simulator->calls, 'DescribeModelCompTasks=20', 'no page is asked for twice');
$session->query_safe('COMMIT');

# What comes while the reader is away counts, however late he comes back: the
# answer is there before it is found to be late.
$simulator->reset;
$simulator->set('latency_ms', 300);
ask($session, 'BEGIN; DECLARE c CURSOR FOR SELECT id FROM model_comp_tasks; FETCH 10 FROM c');
$simulator->wait_for('calls:DescribeModelCompTasks', 2);
$session->query_safe('SELECT pg_sleep(1)');
is(ask($session, 'FETCH 1 FROM c') =~ tr/\n// + 1, 1, 'the page that was read ahead');
is($simulator->calls, 'DescribeModelCompTasks=3', 'is not asked for again, but the next one is');
$session->query_safe('COMMIT');

# What does not come while somebody waits for it is given up in time.
$simulator->reset;
$node->safe_psql('postgres', "ALTER SERVER qianfan OPTIONS (ADD max_retries '0')");
ask($session, 'BEGIN; DECLARE c CURSOR FOR SELECT id FROM model_comp_tasks; FETCH 5 FROM c');
$simulator->fail('stall-before-headers', '--always');
is(ask($session, 'FETCH 100 FROM c'), 'HV00N', 'a stall, while somebody waits');
like($session->{stderr}, qr/DETAIL: .*no complete answer within 400 ms.*"request_timeout"/,
	'names the option and its value');
ask($session, 'ROLLBACK');
$simulator->heal;
is(ask($session, 'SELECT count(*) FROM model_comp_tasks'), 200, 'the session goes on');
$session->quit;
end_test($node);
