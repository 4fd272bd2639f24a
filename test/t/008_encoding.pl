# Proves that text is converted to the database encoding, or refused as a whole.

use Encode qw(decode);
use QianfanTest;

# Bytes everywhere: this file, the simulator's data and the client are UTF-8.
$ENV{PGCLIENTENCODING} = 'UTF8';

my $simulator = QianfanSimulator->new(tasks => 100);
my $node = new_node(init => [ extra => [ '--encoding=UTF8', '--locale=C' ] ]);
foreach my $encoding ('UTF8', 'LATIN1', 'EUC_CN', 'SQL_ASCII')
{
	my $database = lc $encoding;
	$node->safe_psql('postgres',
		"CREATE DATABASE $database ENCODING '$encoding' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'"
	);
	$node->safe_psql($database, $simulator->setup_sql('qianfan'));
	$node->safe_psql($database,
		'ALTER SERVER qianfan OPTIONS (ADD max_retries \'0\')');
}

# A task whose row, as the simulator generates it, has the given text.
my @rows = split /\n/, `@{[ $simulator->data_command('--count', 100, '--format', 'copy') ]}`;

sub task_with
{
	my ($text) = @_;
	my ($row) = grep { /$text/ } @rows;
	my ($id, $name) = split /\t/, $row;
	return ($id, $name);
}
my ($english, $english_name) = task_with('demo-');
my ($french,  $french_name)  = task_with('naïve');
my ($chinese, $chinese_name) = task_with('压缩任务-');
my ($rocket) = task_with("\xf0\x9f\x9a\x80");

# Output and errors of a statement, each error with its SQLSTATE and context.
sub output
{
	my ($database, $sql) = @_;
	my ($stdout, $stderr);
	$node->psql(
		$database, $sql,
		stdout       => \$stdout,
		stderr       => \$stderr,
		extra_params => [ '-v', 'VERBOSITY=verbose' ]);
	return $stdout . $stderr;
}

sub column_of
{
	my ($database, $column, $id) = @_;
	return output($database,
		"SELECT $column FROM model_comp_tasks WHERE id = '$id'");
}

# That an error has a SQLSTATE and says which column of which task.
sub error_is
{
	my ($output, $state, $column, $id, $title) = @_;
	like($output, qr/ERROR:  $state:/, "$title: SQLSTATE $state");
	like(
		$output,
		qr/CONTEXT:  column "$column" of foreign table "model_comp_tasks", task "$id"/,
		"$title: column and task");
	return;
}

# What an encoding has is converted.
foreach my $database ('utf8', 'latin1', 'euc_cn', 'sql_ascii')
{
	is(column_of($database, 'name', $english),
		$english_name, "$database: English");
	is(output($database, 'SELECT count(*), count(state) FROM model_comp_tasks'),
		'100|100', "$database: columns nobody asks for do not matter");
}
is(column_of($_, 'name', $french), $french_name, "$_: French")
  foreach 'utf8', 'latin1', 'sql_ascii';
is(column_of('latin1', 'octet_length(name)', $french),
	length($french_name) - 1, 'latin1: is converted');
is(column_of($_, 'name', $chinese), $chinese_name, "$_: Chinese")
  foreach 'utf8', 'euc_cn', 'sql_ascii';
is(column_of('euc_cn', 'char_length(name)', $chinese),
	length($chinese_name) - 8, 'euc_cn: is converted');

# SQL_ASCII knows no characters: bytes as they come, like any other input.
is(column_of('sql_ascii', 'octet_length(name)', $chinese),
	length($chinese_name), 'sql_ascii: bytes of UTF-8');

# What it lacks is an error, with the column and the task.
error_is(column_of('latin1', 'name', $chinese),
	'22P05', 'name', $chinese, 'latin1: Chinese');
error_is(column_of('latin1', 'description', $rocket),
	'22P05', 'description', $rocket, 'latin1: an emoji');
error_is(column_of('euc_cn', 'description', $rocket),
	'22P05', 'description', $rocket, 'euc_cn: an emoji');
like(output('latin1', 'SELECT name FROM model_comp_tasks'),
	qr/ERROR:  22P05:.*CONTEXT:  column "name" of foreign table "model_comp_tasks", task "amva-/s,
	'latin1: Chinese in a list');
is(column_of('latin1', 'state IS NOT NULL', $chinese),
	't', 'latin1: other columns of the task are there');

# Keys and filters go the other way.
foreach ([ 'latin1', 'Läuft-ñ' ], [ 'euc_cn', '任务' ],
	[ 'utf8', "任务-\xf0\x9f\x9a\x80" ])
{
	my ($database, $key) = @$_;
	is(output($database, "SELECT count(*) FROM model_comp_tasks WHERE id = '$key'"),
		0, "$database: a key that is not ASCII");
	# a session's first 404 has the list asked whether the address is right
	is($simulator->last_requests(2),
		qq(DescribeModelCompTask {"modelCompTaskId":"$key"}\n) .
		'DescribeModelCompTasks {"maxKeys":1}',
		"$database: is sent as UTF-8");
	is(output($database, "SELECT count(*) FROM model_comp_tasks WHERE source_model_id = '$key'"),
		0, "$database: a filter that is not ASCII");
	like($simulator->last_requests,
		qr/"sourceModelId":"\Q$key\E"/, "$database: is sent as UTF-8");
}
is( output('latin1',
		"SELECT id FROM model_comp_tasks WHERE id IN ('$english', '$french') AND name = '$french_name'"
	),
	$french,
	'latin1: a local condition');

# A key that is no UTF-8 is no id: the same by every plan, and without a call.
$node->safe_psql('sql_ascii', "CREATE TABLE inv (task_id text); INSERT INTO inv VALUES (E'\\xe9'), ('$english')");
$simulator->reset;
is(output('sql_ascii', "SELECT count(*) FROM model_comp_tasks WHERE $_"), 0, "sql_ascii: $_")
  foreach "id = E'\\xe9'", "id = ANY (ARRAY[E'\\xe9', E'\\xff'])", "source_model_id = E'\\xe9'";
is($simulator->calls, 'none', 'sql_ascii: keys that are no UTF-8 are not sent');
is( output('sql_ascii', "$_; SELECT count(*), count(t.id) FROM inv LEFT JOIN model_comp_tasks t ON t.id = task_id"),
	'2|1', "sql_ascii: a join, $_")
  foreach 'SET qianfan_fdw.enable_lookup_join = off', 'SET enable_hashjoin = off';

# Nor is an id of the list that is none.
$simulator->reset;
$simulator->fail('non-utf8-id');
like(output('utf8', 'SELECT failed_reason FROM model_comp_tasks'),
	qr/ERROR:  HV00M:.*id is not text in UTF-8/s, 'utf8: an id that is no UTF-8');
is($simulator->calls, 'DescribeModelCompTasks=1', 'utf8: is not sent');

# Messages of the API are shown as far as they can be, and never in the way.
foreach my $database ('utf8', 'latin1', 'euc_cn', 'sql_ascii')
{
	$simulator->fail(decode('UTF-8', 'code:400:参数错误:模型 é 不存在'));
	my $message = column_of($database, 'state', $english);
	like($message, qr/ERROR:  HV000:/, "$database: an error in Chinese");
	like($message, qr/模型/, "$database: can be read")
	  if $database eq 'utf8' || $database eq 'euc_cn';
	like($message, qr/é/, "$database: what is left of it can be read")
	  if $database eq 'latin1';
	unlike($message, qr/22P05|22021/, "$database: is not one of conversion");
	$simulator->fail('long-message:100000');
	like(column_of($database, 'state', $english),
		qr/ERROR:  HV000:/, "$database: a long one");
}

# What is no text at all.
foreach my $database ('utf8', 'latin1', 'euc_cn', 'sql_ascii')
{
	foreach ([ 'u0000', '22P05' ], [ 'non-utf8', '22021' ],
		[ 'lone-surrogate', '22021' ], [ 'raw-nul', 'HV00M' ])
	{
		my ($fault, $state) = @$_;
		foreach my $query (
			"SELECT name FROM model_comp_tasks WHERE id = '$english'",
			'SELECT name FROM model_comp_tasks')
		{
			my $title = "$database: $fault";
			$simulator->reset;
			$simulator->fail($fault, '--always');
			my $output = output($database, $query);

			# the last makes the whole body something else than JSON
			if ($state eq 'HV00M')
			{
				like($output, qr/ERROR:  HV00M:/, "$title: SQLSTATE");
			}
			else
			{
				error_is($output, $state, 'name', 'amva-\w+', $title);
			}
			is($simulator->get('total'), 1, "$title: no retry");
		}
	}
	$simulator->reset;
	$simulator->fail('u0000', '--always');
	is(column_of($database, 'state IS NOT NULL', $english),
		't', "$database: u0000 where nobody asks for it");
}
end_test($node);
