# Proves that want of memory is told as such, and that the session goes on.

use QianfanTest;
use Sessions qw(open_session ask);

plan skip_all => 'needs prlimit and /proc'
  unless -r "/proc/$$/status" && system('prlimit --pid $$ >/dev/null 2>&1') == 0;

my ($node, $simulator) = new_server(tasks => 100, conf => 'jit = off');
$node->safe_psql('postgres',
	"ALTER SERVER qianfan OPTIONS (ADD max_response_size '512MB', ADD max_retries '3')");
my ($id) = $simulator->ids(1);
my $query = "SELECT count(state) FROM model_comp_tasks WHERE id = '$id'";
my ($session, $pid) = open_session($node);
is(ask($session, $query), 1, 'a session');

# Room for 64 MB more than there are, and an answer of 200.
my ($size) = slurp_file("/proc/$pid/status") =~ /^VmSize:\s+(\d+) kB/m;
my $limit = $size * 1024 + 64 * 1024 * 1024;
is(system("prlimit --pid $pid --as=$limit"), 0, 'a limit on its memory');
$simulator->reset;
$simulator->fail('huge-json:200', '--always');
is(ask($session, $query), '53200', 'an answer that there is no memory for');
is($simulator->get('total'), 1, 'is not asked for again');
$simulator->heal;
is(ask($session, $query), 1, 'the session goes on');
$session->quit;
end_test($node);
