# Proves that a session that uses many servers needs few descriptors for them,
# and that any number of scans can be read at once.

use QianfanTest;
use Sessions qw(open_session ask begin_query);

plan skip_all => 'needs /proc' unless -r "/proc/$$/status";

my $accounts  = 150;
my $simulator = QianfanSimulator->new(tasks => 200);
my $node      = new_node();

# Servers of different names are different to libcurl only by their host.
my ($port) = $simulator->endpoint =~ /:(\d+)$/;
my ($access_key, $secret_key) = map { $simulator->$_ } qw(access_key secret_key);
my $sql = $simulator->setup_sql('qianfan');
foreach my $n (1 .. $accounts)
{
	$sql .= <<"SQL";
CREATE SERVER s$n FOREIGN DATA WRAPPER qianfan_fdw
  OPTIONS (endpoint 'http://127.0.0.$n:$port', max_retries '0');
CREATE USER MAPPING FOR CURRENT_USER SERVER s$n
  OPTIONS (access_key '$access_key', secret_key '$secret_key');
CREATE FOREIGN TABLE t$n (id text, strategy text) SERVER s$n;
SQL
}
$node->safe_psql('postgres', $sql);
my @ids = $simulator->ids(120);

sub descriptors
{
	my ($pid) = @_;
	my @files = glob("/proc/$pid/fd/*");
	return scalar @files;
}

# The simulator may listen on one address only.
my $reachable = eval {
	IO::Socket::INET->new(PeerAddr => '127.0.0.2', PeerPort => $port, Timeout => 5);
};
if (!$reachable)
{
	my $endpoint = $simulator->endpoint;
	$node->safe_psql('postgres', join '',
		map { "ALTER SERVER s$_ OPTIONS (SET endpoint '$endpoint');" } 1 .. $accounts);
}
undef $reachable;

# Twenty servers in turn, by key and with details.
foreach ([ 'one call each', "SELECT count(*) FROM t%d WHERE id = '$ids[0]'", 1 ],
	[ 'many calls each', 'SELECT count(strategy) FROM t%d', 200 ])
{
	my ($title, $query, $expected) = @$_;
	my ($session, $pid) = open_session($node);
	is(ask($session, sprintf($query, 1)), $expected, "$title: the first server");
	my $one = descriptors($pid);
	my @results = map { ask($session, sprintf($query, $_)) } 2 .. 20;
	is("@results", join(' ', ($expected) x 19), "$title: nineteen more");
	cmp_ok(descriptors($pid) - $one, '<=', 20, "$title: descriptors they need");
	note("$title: $one, then " . descriptors($pid));
	$session->quit;
}

# Servers that are used in turn keep their connections.
my ($session, $pid) = open_session($node);
$simulator->reset;
foreach my $round (1 .. 5)
{
	is(ask($session, "SELECT count(*) FROM t$_ WHERE id = '$ids[0]'"), 1, "round $round: server $_")
	  foreach 1 .. 3;
}
cmp_ok($simulator->get('connections'), '<=', 3, 'each has one connection');

# All of them in one statement.
my $union = join ' UNION ALL ', map { "SELECT id FROM t$_" } 1 .. $accounts;
is(ask($session, "SELECT count(*) FROM ($union) x"), 200 * $accounts,
	"$accounts servers in one statement");
$session->quit;

# A hundred and twenty scans of one server, each of them on its way.
($session) = open_session($node);
my $scans = join ' UNION ALL ', map { "SELECT id FROM model_comp_tasks WHERE id = '$_'" } @ids;
$simulator->reset;
$simulator->hold;
begin_query($session, "SELECT count(*), count(DISTINCT id) FROM ($scans) x");
$simulator->wait_for('held', 120);
pass('all scans of one server are read at once');
$simulator->release;
is(ask($session, ''), '120|120', 'and each gets its row');
is($simulator->calls, 'DescribeModelCompTask=120', 'by one call');

# Ends, rows and waits in every order, which is what an Append must not miss.
$simulator->reset;
$simulator->set('latency_ms', 2);
my @parts = (
	(map { "SELECT id FROM model_comp_tasks WHERE id = 'no such task $_'" } 1 .. 5),
	"SELECT id FROM model_comp_tasks WHERE id IN ('$ids[0]', '$ids[1]')",
	"SELECT id FROM model_comp_tasks WHERE id = ''",
	"SELECT id FROM t1 WHERE strategy = 'no such strategy'",
	"SELECT '$ids[2]'");
foreach my $round (1 .. @parts)
{
	push @parts, shift @parts;
	is( ask($session, "SELECT count(*) FROM (@{[ join ' UNION ALL ', @parts ]}) x"),
		3, "parts of an Append, order $round");
}
pop @parts;
is( ask($session, "SELECT count(*) FROM (SELECT id FROM model_comp_tasks WHERE id = 'no such task' UNION ALL SELECT id FROM model_comp_tasks WHERE id = 'nor this') x"),
	0, 'an Append of nothing');
$session->quit;
end_test($node);
