# Proves that a session reads every message of ours in its own language,
# preloaded or not, whatever LC_CTYPE and the encoding are.
# Runs where lines are counted.

use Encode qw(decode);
use QianfanTest;

$ENV{PGCLIENTENCODING} = 'UTF8';

# The locale comes from the test, not from the machine.
my $locales = PostgreSQL::Test::Utils::tempdir();
foreach my $locale ([ 'UTF-8', 'zh_CN.UTF-8' ], [ 'GB2312', 'zh_CN.GB2312' ])
{
	my ($charmap, $name) = @$locale;
	my $output =
	  `localedef -i zh_CN -f $charmap "$locales/$name" 2>&1`;
	-e "$locales/$name/LC_MESSAGES"
	  or die "could not make locale $name: $output";
}

my $simulator = QianfanSimulator->new(tasks => 20);
my ($id) = $simulator->ids(1);

# Errors of every layer: name, statement, faults that come before it.
my $task = "SELECT state FROM model_comp_tasks WHERE id = '$id'";
my @errors = (
	[ 'unknown option', 'ALTER SERVER qianfan OPTIONS (ADD colour \'x\')' ],
	[
		'misplaced option',
		'ALTER SERVER qianfan OPTIONS (ADD access_key \'x\')'
	],
	[ 'bad number', 'ALTER SERVER qianfan OPTIONS (ADD page_size \'0\')' ],
	[
		'bad duration',
		'ALTER SERVER qianfan OPTIONS (ADD connect_timeout \'soon\')'
	],
	[
		'bad endpoint',
		'ALTER SERVER qianfan OPTIONS (SET endpoint \'ftp://x\')'
	],
	[
		'plain text',
		'ALTER SERVER qianfan OPTIONS (SET endpoint \'http://example.org\')'
	],
	[
		'bearer key',
		'ALTER USER MAPPING FOR CURRENT_USER SERVER qianfan OPTIONS (SET access_key \'bce-v3/x\')'
	],
	[
		'unknown schema',
		'IMPORT FOREIGN SCHEMA nothing FROM SERVER qianfan INTO public'
	],
	[ 'no field', 'SELECT colour FROM odd' ],
	[ 'no keys',  "SET ROLE stranger; $task" ],
	[ 'wrong type', "SELECT state FROM odd WHERE id = '$id'" ],
	[ 'read only',  'TRUNCATE model_comp_tasks' ],
	[ 'budget', 'SET qianfan_fdw.max_requests = 1; SELECT weight FROM model_comp_tasks' ],
	[ 'key refused', $task, 'code:403:InvalidAccessKeyId:unknown key' ],
	[ 'forbidden',   $task, 'code:403:AccessDenied:no' ],
	[ 'throttled',   $task, 'http-429' ],
	[ 'server',      $task, 'http-500' ],
	[ 'no reason',   $task, 'html-502' ],
	[ 'redirect',    $task, 'redirect' ],
	[ 'not JSON',    $task, 'html-200' ],
	[ 'wrong id',    $task, 'wrong-id' ],
	[ 'no list', 'SELECT count(*) FROM model_comp_tasks', 'missing-result' ],
	[ 'too large', $task, 'huge-json:2' ],
	[ 'reset',     $task, 'reset-before-headers' ],
	[ 'no answer in time', $task, 'stall-before-headers' ],
	[ 'no connection', "SELECT state FROM nowhere WHERE id = '$id'" ],);

sub prepare_database
{
	my ($node, $database, $options) = @_;

	$node->safe_psql('postgres',
		"CREATE DATABASE $database TEMPLATE template0 $options");
	$node->safe_psql($database,
		$simulator->setup_sql('qianfan') . qq{
		ALTER SERVER qianfan OPTIONS (ADD max_retries '0', ADD request_timeout '500ms', ADD max_response_size '1MB');
		CREATE SERVER closed FOREIGN DATA WRAPPER qianfan_fdw
			OPTIONS (endpoint 'http://127.0.0.1:1', max_retries '0');
		CREATE USER MAPPING FOR CURRENT_USER SERVER closed
			OPTIONS (access_key 'a', secret_key 'b');
		CREATE FOREIGN TABLE nowhere (id text, state text) SERVER closed
			OPTIONS (resource 'model_comp_tasks');
		CREATE FOREIGN TABLE odd (id text, state integer, colour text)
			SERVER qianfan OPTIONS (resource 'model_comp_tasks');
		GRANT SELECT ON model_comp_tasks TO stranger;});
	return;
}

# What a statement says, one message for each of errmsg, errdetail, ...
sub messages_of
{
	my ($node, $database, $language, $error) = @_;
	my ($name, $sql, $fault) = @$error;
	my $stderr;

	$simulator->fail($fault, '--always') if defined $fault;
	$node->psql(
		$database, "SET lc_messages = '$language'; $sql",
		stderr       => \$stderr,
		extra_params => [ '-v', 'SHOW_CONTEXT=always' ]);
	$simulator->heal;
	my %messages;
	foreach my $line (split /\n/, decode('UTF-8', $stderr))
	{
		$messages{$1} = $2
		  if $line =~ /(ERROR|DETAIL|HINT|CONTEXT):  (.*)/;
	}
	return \%messages;
}

# Each is in Chinese, and as many are there as in English.
sub check_database
{
	my ($node, $database, $title, $few) = @_;

	foreach my $error (grep { !$few || $_->[0] =~ /$few/ } @errors)
	{
		my $english = messages_of($node, $database, 'C', $error);
		my $chinese = messages_of($node, $database, 'zh_CN.UTF-8', $error);
		my @kinds = sort keys %$english;
		my @untranslated = grep {
			($chinese->{$_} // '') !~ /\p{Han}/ || $chinese->{$_} =~ /\?\?/
		} @kinds;

		# The words of a type's input function are the server's.
		@untranslated = grep { $_ ne 'ERROR' } @untranslated
		  if $error->[0] eq 'wrong type';
		ok(@kinds > 0 && @untranslated == 0, "$title: $error->[0]")
		  or diag(explain({ english => $english, chinese => $chinese }));
	}
	return;
}

foreach my $preload ('', 'qianfan_fdw')
{
	my $node = new_node(
		name => $preload eq '' ? 'plain' : 'preloaded',
		conf => "shared_preload_libraries = '$preload'",
		env  => { LOCPATH => $locales },
		init => [ extra => [ '--encoding=UTF8', '--locale=C' ] ]);
	my $title = $preload eq '' ? 'loaded by need' : 'preloaded';

	$node->safe_psql('postgres', 'CREATE ROLE stranger');
	prepare_database($node, 'utf8_c',
		"ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'");
	prepare_database($node, 'utf8_zh',
		"ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'zh_CN.UTF-8'");
	prepare_database($node, 'euc_c',
		"ENCODING 'EUC_CN' LC_COLLATE 'C' LC_CTYPE 'C'");
	prepare_database($node, 'euc_zh',
		"ENCODING 'EUC_CN' LC_COLLATE 'C' LC_CTYPE 'zh_CN.GB2312'");
	check_database($node, 'utf8_c', "$title, utf8_c");
	check_database($node, $_, "$title, $_", qr/^(unknown|no|wrong) /)
	  foreach qw(utf8_zh euc_c euc_zh);
	$node->stop;
}
done_testing();
