# Proves that reading a large answer stays within its limits: memory, and errors that say what was missing.

use QianfanTest;
use Sessions qw(open_session peak_kb);

plan skip_all => 'needs /proc' unless -r "/proc/$$/status";

my ($node, $simulator) = new_server(tasks => 1000, conf => 'jit = off');
$node->safe_psql('postgres', <<'SQL');
ALTER SERVER qianfan OPTIONS (ADD max_retries '0');
CREATE FUNCTION outcome_of(statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE statement;
    RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE || ': ' || SQLERRM;
END $$;
SQL

my $lookup = q{SELECT outcome_of('SELECT id FROM model_comp_tasks WHERE id = ''amva-abciuctdx15t''')};

# A body of 15 MB, of the values that take most beside it: the body and 8 x 16 MB,
# and some for the transfer.
foreach my $item ('0', '[]', '{}', '""')
{
	my ($session, $pid) = open_session($node);
	$session->query_safe($lookup);
	my $before = peak_kb($pid);
	$simulator->fail("many-items:15:200:$item");
	like($session->query_safe($lookup), qr/^HV00M/, "15 MB of $item are refused");
	my $growth = (peak_kb($pid) - $before) / 1024;
	note(sprintf 'growth: %.0f MB', $growth);
	cmp_ok($growth, '<', 190, "and take less than body and limit together");
	like($session->query_safe($lookup), qr/^ok/, 'the session goes on');
	$session->quit;
}

# The limit is that of the answer, not of what is in it.
{
	my ($session) = open_session($node);
	$simulator->fail('description:' . 'x' x 1_000_000);
	like($session->query_safe($lookup), qr/^ok/, 'a long value is no matter');
	$simulator->fail('many-values');
	is($session->query_safe(q{SELECT jsonb_array_length(config->'layers') FROM model_comp_tasks WHERE id = 'amva-abciuctdx15t'}),
		400000, 'nor are many small ones');
	$session->query_safe(q{ALTER SERVER qianfan OPTIONS (ADD max_response_size '64MB')});
	$simulator->fail('many-items:20:400:[{}]');
	like($session->query_safe($lookup), qr/^HV000/, 'more room, and an error is read');
	$session->query_safe('ALTER SERVER qianfan OPTIONS (DROP max_response_size)');
	$session->quit;
}

# Where memory runs out, that is what is said.
SKIP:
{
	skip 'needs prlimit', 2 if system('prlimit --version >/dev/null 2>&1') != 0;
	my ($session, $pid) = open_session($node);
	$session->query_safe($lookup);
	my ($size) = slurp_file("/proc/$pid/status") =~ /^VmSize:\s+(\d+) kB/m;
	my $limit = ($size + 70 * 1024) * 1024;
	system_or_bail('prlimit', '--pid', $pid, "--as=$limit:unlimited");
	$simulator->fail('many-items:15:200:[]');
	like($session->query_safe($lookup), qr/^53200: out of memory/,
		'memory that runs out is 53200');
	like($session->query_safe($lookup), qr/^ok/, 'the session goes on');
	$session->quit;
}

end_test($node);
