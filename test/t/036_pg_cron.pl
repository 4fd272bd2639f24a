# Proves that pg_cron keeps the local copy of doc/bi.md up to date, with every
# line of SQL and of configuration on that page.

use Cwd qw(abs_path);
use FindBin;
use lib "$FindBin::Bin/../clients";
use ClientTest;
use IPC::Run ();
use QianfanTest;

chomp(my $share = `pg_config --sharedir`);
need_client('pg_cron', -e "$share/extension/pg_cron.control");

my $root      = abs_path("$FindBin::Bin/../..");
my $simulator = QianfanSimulator->new(tasks => 240);
my ($settings) = slurp_file("$root/doc/bi.md") =~ /^```ini\n(.*?)^```/ms;
like($settings, qr/pg_cron/, 'the page has settings');

my $node = new_node(
	init => [ extra => [ '--encoding=UTF8', '--locale=C' ] ],
	conf => $settings);

# The page's own SQL makes the role, the copy and the job.
{
	local %ENV = (
		%ENV,
		PGHOST => $node->host, PGPORT => $node->port,
		PGUSER => scalar getpwuid($>),
		QIANFAN_SIMULATOR_CONTROL    => $simulator->control,
		QIANFAN_SIMULATOR_CTL        => "$root/test/simulator/ctl",
		QIANFAN_SIMULATOR_ENDPOINT   => $simulator->endpoint,
		QIANFAN_SIMULATOR_ACCESS_KEY => $simulator->access_key,
		QIANFAN_SIMULATOR_SECRET_KEY => $simulator->secret_key);
	my $output = '';
	my $passed = IPC::Run::run(
		[ "$root/test/readme/check", '--in', 'postgres', 'doc/bi.md' ],
		'<', \undef, '>', \$output, '2>&1',
		IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default));
	ok($passed, 'the page runs from its first line to its last')
	  or diag($output);
	unlike($output, qr/left out/, 'nothing was left out');
}
is( $node->safe_psql(
		'postgres', 'SELECT jobname, active FROM cron.job ORDER BY jobid'),
	"refresh tasks|t\nforget old runs|t",
	'the jobs are there');

# A quarter of an hour is too long to wait, and a minute still is, but pg_cron
# also has jobs that run when the server starts.  A quarter of an hour may just
# have passed, though.
$node->safe_psql('postgres', <<'SQL');
SELECT cron.alter_job(jobid, schedule := '@reboot')
FROM cron.job WHERE jobname = 'refresh tasks'
SQL
my $runs = q(FROM cron.job_run_details d JOIN cron.job j USING (jobid)
WHERE j.jobname = 'refresh tasks' AND d.end_time IS);
ok($node->poll_query_until('postgres', "SELECT count(*) = 0 $runs NULL"),
	'no run is under way');
my ($ended, $before) = map { $node->safe_psql('postgres', $_) }
  "SELECT count(*) $runs NOT NULL", 'SELECT refreshed_at FROM bi.task_refresh';

$simulator->reset;
$simulator->set('tasks', 250);
$node->restart;
ok( $node->poll_query_until(
		'postgres', "SELECT count(*) = $ended + 1 $runs NOT NULL"),
	'a run comes to its end');
is( $node->safe_psql('postgres', <<"SQL"),
SELECT status, d.command $runs NOT NULL ORDER BY runid DESC LIMIT 1
SQL
	'succeeded|CALL bi.refresh_tasks()',
	'and to a good one')
  or diag($node->safe_psql('postgres', "SELECT return_message $runs NOT NULL"));
is( $node->safe_psql('postgres', <<"SQL"), '250|250|t', 'the copy is new');
SELECT (SELECT count(*) FROM bi.task_copy),
       (SELECT count(*) FROM bi.task_detail WHERE strategy IS NOT NULL),
       (SELECT refreshed_at > '$before' FROM bi.task_refresh)
SQL
is( $simulator->calls,
	'DescribeModelCompTask=10 DescribeModelCompTasks=3',
	'details were asked for only where something was new');
is( $node->safe_psql(
		'postgres', 'SELECT count(*) FROM task_report',
		extra_params => [ '-U', 'bi_reader' ]),
	'250',
	'the role of the tools reads the copy');
is( $simulator->calls,
	'DescribeModelCompTask=10 DescribeModelCompTasks=3',
	'which costs no call');

end_test($node);
