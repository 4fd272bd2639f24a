# Proves that answers are remembered, or not, as memory for them is there: sizes,
# none, none configured to who hides it, more accounts than places, another
# database, an extension that is dropped, a standby, and no server at all.
# Runs where lines are counted.

use QianfanTest;

my ($node, $simulator) = new_server(
	tasks => 300,
	cache => 1,
	conf  => "shared_preload_libraries = 'qianfan_fdw'");
my $all = 'SELECT count(*), count(strategy) FROM model_comp_tasks';
$node->safe_psql('postgres', <<'SQL');
CREATE FUNCTION ring_check() RETURNS text
    AS 'qianfan_fdw', 'qianfan_fdw_ring_check' LANGUAGE C;
SQL

# Calls of a query, and what it printed.
sub read_all
{
	my (%options) = @_;
	my $database = delete $options{database} // 'postgres';
	$simulator->reset;
	my $rows = $node->safe_psql($database, $all, %options);
	return $rows . ' ' . $simulator->get('total');
}

sub configure
{
	my (%values) = @_;
	$node->append_conf('postgresql.conf', "$_ = '$values{$_}'")
	  foreach sort keys %values;
	$node->restart;
	return;
}

my $unfinished = 3 + $node->safe_psql('postgres',
	"SELECT count(*) FROM model_comp_tasks WHERE state NOT IN ('succeeded', 'failed', 'stopped')"
);
my ($cold, $warm) = ('300|300 303', "300|300 $unfinished");

# Sizes.
foreach my $size ('16MB', '1GB', '64kB')
{
	configure('qianfan_fdw.cache_size' => $size);
	is(read_all(), $cold, "$size: cold");
	my $again = read_all();
	if ($size eq '64kB')
	{
		like($again, qr/^300\|300 /, "$size: the same rows");
		cmp_ok((split / /, $again)[1], '<', 303, '... for fewer calls');
	}
	else
	{
		is($again, $warm, "$size: what has ended is remembered");
	}
	is($node->safe_psql('postgres', 'SELECT ring_check()'), '', 'all in order');
}
configure('qianfan_fdw.cache_size' => 0);
is(read_all(), $cold, 'no memory: cold');
is(read_all(), $cold, 'and again');
is($node->safe_psql('postgres', 'SELECT sum(calls) > 0 FROM qianfan_fdw_stat'),
	't', 'calls are counted nevertheless');
$node->append_conf('postgresql.conf', "qianfan_fdw.cache_size = '32kB'");
$node->reload;
is($node->safe_psql('postgres', 'SHOW qianfan_fdw.cache_size'), 0,
	'too small a size is refused');

# A reload: from nothing to something at once, and back.
$node->append_conf('postgresql.conf', "qianfan_fdw.cache_size = '16MB'");
$node->reload;
$node->poll_query_until('postgres', "SELECT current_setting('qianfan_fdw.cache_size') = '16MB'");
read_all();
is(read_all(), $warm, 'remembered after a reload');
$node->append_conf('postgresql.conf', 'qianfan_fdw.cache_size = 0');
$node->reload;
$node->poll_query_until('postgres', "SELECT current_setting('qianfan_fdw.cache_size') = '0'");
is(read_all(), $cold, 'not any more after another');
configure('qianfan_fdw.cache_size' => '16MB');

# Another database: of its own extension, the same memory.
$node->safe_psql('postgres', 'CREATE DATABASE second');
$node->safe_psql('second', $simulator->setup_sql('qianfan'));
read_all();
is(read_all(database => 'second'), $warm, 'another database finds answers');

# An extension that is dropped while others read.
my $reader = $node->background_psql('second');
$reader->query_safe('BEGIN; DECLARE c CURSOR FOR SELECT id, weight FROM model_comp_tasks; FETCH 5 FROM c');
$node->safe_psql('postgres', 'DROP EXTENSION qianfan_fdw CASCADE');
is(scalar(() = $reader->query_safe('FETCH ALL FROM c') =~ /^amva-/mg), 295,
	'others read on');
$reader->quit;
$node->safe_psql('postgres', $simulator->setup_sql('qianfan'));
is(read_all(), $warm, 'what was known is known to the next');

# More accounts than there are places for.
my $endpoint = $simulator->endpoint;
$simulator->set('strict', 'off');
my $accounts = join "\n", map {
	"CREATE SERVER s$_ FOREIGN DATA WRAPPER qianfan_fdw OPTIONS (endpoint '$endpoint', cache_max_age '1h', max_retries '0');
	 CREATE USER MAPPING FOR CURRENT_USER SERVER s$_ OPTIONS (access_key 'a$_', secret_key 's$_');
	 CREATE FOREIGN TABLE t$_ (id text) SERVER s$_;"
} 1 .. 70;
$node->safe_psql('postgres', $accounts);
my ($id) = $simulator->ids(1);
my $refused = 0;
foreach my $n (1 .. 70)
{
	my ($status, undef, $stderr) = $node->psql('postgres',
		"\\set VERBOSITY sqlstate\nSELECT count(*) FROM t$n WHERE id = '$id'");
	$refused++ if $stderr =~ /28000/;
}
is($refused, 70, '70 accounts that the service does not know');
is($node->safe_psql('postgres', 'SELECT count(*) FROM qianfan_fdw_accounts'),
	64, 'have 64 places');
is(read_all(), $cold, 'the one asked longest ago begins anew');
is(read_all(), $warm, 'and is remembered again');
is($node->safe_psql('postgres', 'SELECT ring_check()'), '', 'all in order');

# Where the library is not preloaded, whoever connects cannot decide about
# memory that all share.
$node->append_conf('postgresql.conf', "shared_preload_libraries = ''\nlog_min_messages = log");
$node->restart;
my $shared = $node->safe_psql('postgres',
	"SELECT current_setting('server_version_num')::int >= 170000") eq 't';
read_all();
is(read_all(), $shared ? $warm : $cold,
	'without preload, sessions share memory from PostgreSQL 17 on');
my $session = $node->background_psql('postgres');
$session->query_safe($all);
$simulator->reset;
$session->query_safe($all);
is($simulator->get('total'), $unfinished, 'a session remembers for itself');
$session->quit;
{
	local $ENV{PGOPTIONS} = '-c qianfan_fdw.cache_size=1GB';
	my $hiding = $node->background_psql('postgres');
	$hiding->query($all);		# with a warning of core's
	$simulator->reset;
	$hiding->query($all);
	is($simulator->get('total'), 303,
		'who hides what is configured uses no memory for answers');
	$hiding->quit;
}

# A single-user server has no shared memory to speak of.
$node->stop;
$simulator->reset;
my ($stdout, $stderr) = ('', '');
my $input = "$all\n";
ok( IPC::Run::run(
		[ 'postgres', '--single', '-D', $node->data_dir, 'postgres' ],
		'<', \$input, '>', \$stdout, '2>', \$stderr),
	'a single-user server');
like($stdout, qr/count = "300"/, '... reads') or note $stderr;
$node->start;

$simulator->stop;
end_test($node);
