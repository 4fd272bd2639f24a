# Proves that nobody finds an answer in shared memory who could not have asked
# for it himself, and that no key, secret or token lies there.
# Runs where lines are counted.

use QianfanTest;

my %secret = (
	access_key    => 'AK-xyzzy-51c0d2aa',
	secret_key    => 'SK-plugh-90b1e7c4d3f2',
	session_token => 'ST-waldo-4f7be2c89d10');
my ($node, $simulator) = new_server(
	tasks => 60,
	cache => 1,
	conf  => "shared_preload_libraries = 'qianfan_fdw'",
	%secret);
my ($id)  = $simulator->ids(1);
my $query = "SELECT name FROM model_comp_tasks WHERE id = '$id'";
my $list  = 'SELECT count(*) FROM model_comp_tasks';

sub mapping
{
	my ($role, $server, %changed) = @_;
	my %options = (%secret, %changed);
	return "CREATE USER MAPPING FOR $role SERVER $server OPTIONS ("
	  . join(', ', map { "$_ '$options{$_}'" } sort keys %options) . ');';
}

# What a role gets, with its number of calls: "rows, calls" or an SQLSTATE.
sub reads
{
	my ($role, $sql) = @_;
	$simulator->reset;
	my ($status, $stdout, $stderr) = $node->psql('postgres',
		"\\set VERBOSITY sqlstate\nSET ROLE $role;\n$sql");
	return $1 if $stderr =~ /ERROR:  (\w{5})/;
	return ($stdout ne '' ? 'row' : 'none') . ', ' . $simulator->get('total');
}

my $endpoint = $simulator->endpoint;
$node->safe_psql('postgres', <<"SQL");
ALTER SERVER qianfan OPTIONS (ADD cache_max_age '1h', ADD max_retries '0');
CREATE ROLE twin; CREATE ROLE thief; CREATE ROLE stale; CREATE ROLE nobody; CREATE ROLE viewer;
@{[ mapping('twin', 'qianfan') ]}
@{[ mapping('thief', 'qianfan', secret_key => 'SK-guessed') ]}
@{[ mapping('stale', 'qianfan', session_token => 'ST-expired') ]}
CREATE SERVER elsewhere FOREIGN DATA WRAPPER qianfan_fdw OPTIONS (endpoint '$endpoint/prefix', cache_max_age '1h', max_retries '0');
@{[ mapping('twin', 'elsewhere') ]}
CREATE FOREIGN TABLE other (id text, name text) SERVER elsewhere;
CREATE VIEW guarded WITH (security_barrier) AS SELECT id, name FROM model_comp_tasks WHERE state <> 'failed';
GRANT SELECT ON model_comp_tasks, other TO twin, thief, stale, nobody;
GRANT SELECT ON guarded TO viewer;
SQL

is(reads('postgres', $query), 'row, 1', 'somebody asks');
is(reads('postgres', $query), 'row, 0', '... and need not ask again');
is(reads('twin', $query), 'row, 0', 'nor who has the very same keys');
is(reads('postgres', $list), 'row, 1', 'the list, too');
is(reads('twin', $list), 'row, 0', '... with the very same keys');
foreach my $sql ($query, $list)
{
	is(reads('thief', $sql), '28000', 'another secret finds nothing');
	is(reads('stale', $sql), '28000', 'another token finds nothing');
	is(reads('nobody', $sql), '28000', 'no keys find nothing');
	is(reads('viewer', $sql), '42501', 'no privilege finds nothing');
	(my $other = $sql) =~ s/model_comp_tasks/other/;
	is(reads('twin', $other), 'HV000', 'another prefix finds nothing');
}
is(reads('viewer', "SELECT name FROM guarded WHERE id = '$id'"),
	'row, 0', 'a view reads with the rights of its owner');

# In one session, one role after the other.
my $session = $node->background_psql('postgres', on_error_stop => 0,
	extra_params => [ '-v', 'VERBOSITY=sqlstate' ]);
like($session->query("$query;"), qr/./, 'a superuser reads');
foreach my $role (qw(thief nobody))
{
	$session->query("SET ROLE $role");
	$session->{stderr} = '';
	$session->query("$query;");
	like($session->{stderr}, qr/28000/, "after SET ROLE $role nothing is found");
	$session->{stderr} = '';
	$session->query('RESET ROLE');
}

# A mapping that is altered or dropped while a cursor is open.
$session->query('ALTER SERVER qianfan OPTIONS (ADD page_size \'10\')');
$session->query("BEGIN; DECLARE c CURSOR FOR SELECT id FROM model_comp_tasks; FETCH 1 FROM c;");
$node->safe_psql('postgres',
	"ALTER USER MAPPING FOR postgres SERVER qianfan OPTIONS (SET secret_key 'SK-rotated')");
is(scalar(() = $session->query('FETCH ALL FROM c') =~ /^amva-/mg),
	59, 'a cursor reads on with the keys it began with');
$session->query('COMMIT');
is(reads('postgres', $query), '28000', 'new keys find nothing of the old');
is(reads('twin', $query), 'row, 0', 'the old keys do');
$node->safe_psql('postgres',
	"DROP USER MAPPING FOR postgres SERVER qianfan; DROP USER MAPPING FOR twin SERVER qianfan");
is(reads('twin', $query), '28000', 'without a mapping there is nothing');
$session->quit;

# What lies in memory.  The struct is a segment of its own, or a part of the
# main shared memory, of which pg_shmem_allocations says where.
my $dump = '';
foreach my $file (glob '/dev/shm/PostgreSQL.*')
{
	next unless -O $file;
	$dump .= slurp_file($file) // '';
}
my $place = $node->safe_psql('postgres', <<'SQL');
SELECT off, allocated_size FROM pg_shmem_allocations WHERE name = 'qianfan_fdw'
SQL
if (my ($offset, $size) = $place =~ /^(\d+)\|(\d+)$/)
{
	my $hex = $node->safe_psql('postgres', <<"SQL");
SELECT encode(pg_read_binary_file('/proc/self/mem',
    (('x' || lpad(split_part(line, '-', 1), 16, '0'))::bit(64)::bigint) + $offset, $size), 'hex')
  FROM regexp_split_to_table(pg_read_file('/proc/self/maps'), E'\\n') AS line
 WHERE line ~ '^[0-9a-f]+-[0-9a-f]+ rw-s .*(/dev/zero|anon_hugepage)' LIMIT 1;
SQL
	$dump .= pack('H*', $hex);
}
my ($host) = $endpoint =~ m{//(.*)};
like($dump, qr/\Q$host\E/, 'the memory was found');
like($dump, qr/"\Q$id\E"/, 'with answers in it');
foreach my $value (values %secret, 'SK-guessed', 'ST-expired', 'SK-rotated')
{
	unlike($dump, qr/\Q$value\E/, 'and no secret');
	unlike($dump, qr/\Q@{[ substr($value, 3) ]}\E/, 'nor a part of one');
}

# Who sees what.
$node->safe_psql('postgres', mapping('twin', 'qianfan') . 'GRANT pg_read_all_stats TO twin;');
is(reads('twin', "$query; SELECT count(*) FROM qianfan_fdw_accounts HAVING count(*) > 1"),
	'row, 0', 'members of pg_read_all_stats see accounts');
foreach my $view (qw(accounts activity stat))
{
	is($node->safe_psql('postgres', "SET ROLE nobody; SELECT count(*) FROM qianfan_fdw_$view"),
		0, "others see nothing in qianfan_fdw_$view");
}
$node->safe_psql('postgres', 'GRANT USAGE ON FOREIGN SERVER qianfan TO nobody');
is( $node->safe_psql('postgres',
		'SET ROLE nobody; SELECT DISTINCT srvname FROM qianfan_fdw_stat'),
	'qianfan',
	'but statistics of servers they may use');
foreach my $call ('qianfan_fdw_stat_reset()', 'qianfan_fdw_forget()', "qianfan_fdw_forget('qianfan')")
{
	is(reads('nobody', "SELECT $call"), '42501', "and may not call $call");
}
$node->safe_psql('postgres', 'SELECT qianfan_fdw_stat_reset()');
is($node->safe_psql('postgres', 'SELECT count(*) FROM qianfan_fdw_stat'),
	0, 'a reset leaves nothing');

$simulator->stop;
end_test($node);
