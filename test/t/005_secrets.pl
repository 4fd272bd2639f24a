# Proves that no secret, token or signature reaches a message, log or view.
#
# The server logs all it can, the client is shown all it can be, and every
# failure there is is provoked.  Objects with secrets in their DDL are made by
# sessions that log nothing, so the whole log can be searched afterwards.

use QianfanTest;

my %secret = (
	access_key    => 'AK-xyzzy-1f3b',
	secret_key    => 'SK-plugh-77c2e5d9a4',
	session_token => 'ST-waldo-0d6e8b21c7',
	other_secret  => 'SK-fred-3a9c50ee61');
my $simulator = QianfanSimulator->new(
	tasks => 300,
	map { $_ => $secret{$_} } qw(access_key secret_key session_token));
my $secure = QianfanSimulator->new(
	tasks       => 10,
	tls         => 1,
	certificate => 'self-signed');

my ($library_directory) = run_command([ 'pg_config', '--pkglibdir' ]);
my @preload =
  grep { -e "$library_directory/$_.so" } qw(auto_explain pg_stat_statements);
my $node = new_node(
	conf => join "\n", "shared_preload_libraries = '" . join(',', @preload) . "'",
	(map { "debug_print_$_ = on" } qw(parse rewritten plan)), <<'CONF');
log_min_messages = debug5
log_min_error_statement = debug5
log_error_verbosity = verbose
log_statement = all
log_min_duration_statement = 0
log_duration = on
track_activity_query_size = 16384
auto_explain.log_min_duration = 0
auto_explain.log_analyze = on
auto_explain.log_verbose = on
pg_stat_statements.track = all
pg_stat_statements.track_utility = off
CONF

# DDL, unseen by log and views.
my $silence = join "\n", map { "SET $_;" } (
	'log_min_messages = panic', 'log_min_error_statement = panic',
	'log_statement = none', 'log_min_duration_statement = -1',
	'log_duration = off', 'client_min_messages = error',
	'track_activities = off', map { "debug_print_$_ = off" } qw(parse rewritten plan));

sub silently
{
	my ($sql) = @_;
	$node->safe_psql('postgres', "$silence\n$sql");
	return;
}

silently($simulator->setup_sql('qianfan'));
silently("CREATE EXTENSION $_") foreach grep { $_ eq 'pg_stat_statements' } @preload;
silently("ALTER SERVER qianfan OPTIONS (ADD max_retries '1', ADD retry_delay '1ms', ADD request_timeout '2s')");

# Other servers, each of them wrong in its own way.
my ($endpoint, $secure_endpoint) = ($simulator->endpoint, $secure->endpoint);
my ($ak, $sk, $st) = @secret{qw(access_key secret_key session_token)};
foreach (
	[ 'wrong_secret', $endpoint, $ak, $secret{other_secret}, $st ],
	[ 'wrong_key',    $endpoint, 'nobody', $sk, $st ],
	[ 'wrong_token',  $endpoint, $ak, $sk, "$st-not" ],
	[ 'no_token',     $endpoint, $ak, $sk ],
	[ 'dead',         'http://127.0.0.1:1', $ak, $sk, $st ],
	[ 'untrusted',    $secure_endpoint, $ak, $sk, $st ])
{
	my ($name, $address, $access_key, $secret_key, $token) = @$_;
	my $more = defined $token ? ", session_token '$token'" : '';
	silently(<<"SQL");
CREATE SERVER $name FOREIGN DATA WRAPPER qianfan_fdw
  OPTIONS (endpoint '$address', max_retries '1', retry_delay '1ms');
CREATE USER MAPPING FOR CURRENT_USER SERVER $name
  OPTIONS (access_key '$access_key', secret_key '$secret_key'$more);
CREATE FOREIGN TABLE $name (id text, state text) SERVER $name;
SQL
}

my ($id) = $simulator->ids(1);
my $seen = '';    # all that clients were shown

# Run SQL in a talkative session.
sub run_sql
{
	my ($sql) = @_;
	my ($stdout, $stderr) = ('', '');
	$node->psql('postgres', "SET client_min_messages = debug5;\n$sql",
		stdout => \$stdout, stderr => \$stderr, on_error_stop => 0,
		extra_params => [ '-v', 'VERBOSITY=verbose' ]);
	$seen .= "$stdout\n$stderr\n";
	return $stdout . $stderr;
}

sub select_from
{
	my ($table) = @_;
	return run_sql("SELECT * FROM $table WHERE id = '$id';");
}

like(select_from('model_comp_tasks'), qr/^amva-/m, 'a healthy query');
like(select_from($_), qr/28000/, $_)
  foreach qw(wrong_secret wrong_key wrong_token no_token);
like(select_from($_), qr/HV00N/, $_) foreach qw(dead untrusted);
$simulator->set('iam_errors', 'headers');
like(select_from('wrong_secret'), qr/28000/, 'refused in headers');
$simulator->set('iam_errors', 'body');

# Every fault the simulator knows, except those that take long.
eval { $simulator->fail('which are there?') };
my ($known) = $@ =~ /know: (.*) at /;
my @faults = grep { !/^(huge-json|gzip-bomb|slow-body|stall.*|endless.*|code)$/ } split ' ', $known;
cmp_ok(scalar @faults, '>', 50, 'there are many faults');
foreach my $fault (@faults)
{
	$simulator->heal;
	$simulator->fail($fault, '--always');
	select_from('model_comp_tasks');
}
is($simulator->get('faults_fired') >= @faults, 1, 'each of them struck');
$simulator->heal;
is($simulator->get('rejected') > 0, 1, 'the simulator refused some');

# An endpoint that repeats what it was told.
foreach my $name ('secret_key', 'session_token')
{
	$simulator->fail("code:400:Bad:You said $secret{$name}, did you?");
	$simulator->fail("code:400:$secret{$name}:Bad.");
	like(select_from('model_comp_tasks'), qr/HV000/, $name) for 1 .. 2;
}

# One that writes it down as a URL, a page or a program would.
my %spelling = (
	url    => sub { sprintf '%%%02x',   ord shift },
	nested => sub { sprintf '%%25%02X', ord shift },
	page   => sub { sprintf '&#%d;',    ord shift },
	string => sub { sprintf '\\u%04x',  ord shift });
my @spelled;
foreach my $name (sort keys %spelling)
{
	push @spelled, join '', map { $spelling{$name}->($_) } split //, $secret{session_token};
	$simulator->fail("header-message:You said $spelled[-1], did you?");
	like(select_from('model_comp_tasks'), qr/You said \[masked\], did/, "a token in a $name");
}

# One that does so where the text is cut off within the secret.
$simulator->fail('header-message:' . 'x' x 495 . $secret{session_token}, '--always');
my $cut = select_from('model_comp_tasks');
like($cut, qr/x{400}/, 'a long message in a header');
unlike($cut, qr/ST-waldo/, 'part of a token in it');
$simulator->heal;

# Statements that show a plan.
foreach my $format ('text', 'json', 'yaml', 'xml')
{
	my $output = run_sql(
		"EXPLAIN (ANALYZE, VERBOSE, BUFFERS, FORMAT $format) SELECT * FROM model_comp_tasks WHERE id = '$id';
		EXPLAIN (ANALYZE, VERBOSE, FORMAT $format) SELECT * FROM wrong_secret;
		EXPLAIN (VERBOSE, FORMAT $format) SELECT strategy FROM model_comp_tasks;"
	);
	like($output, qr/DescribeModelCompTask/, "EXPLAIN in $format");
}

# What others see while a call is on its way and after.
$simulator->hold;
my $session = $node->background_psql('postgres', on_error_stop => 0);
$session->query_until(qr/^begun$/m,
	"\\echo begun\nSELECT * FROM model_comp_tasks WHERE id = '$id';\n");
$simulator->wait_for('held', 1);
like(run_sql('SELECT * FROM pg_stat_activity;'),
	qr/Extension/, 'a call can be seen');
run_sql('SELECT pg_cancel_backend(pid), pg_log_backend_memory_contexts(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid();');
$session->query('');
$seen .= $session->{stderr};
$session->quit;
$simulator->release;
run_sql("SELECT * FROM $_;")
  foreach 'pg_backend_memory_contexts', 'pg_prepared_statements',
  'pg_cursors', grep { $_ eq 'pg_stat_statements' } @preload;

# The search, which must be able to find something.
my $log = slurp_file($node->logfile);
cmp_ok(length $log, '>', 1_000_000, 'the log is long');
foreach my $text ([ 'log', $log ], [ 'output', $seen ])
{
	my ($title, $content) = @$text;
	like($content, qr/qianfan_fdw: DescribeModelCompTask/,
		"$title: has our debug messages");
	foreach my $name ('secret_key', 'session_token', 'other_secret')
	{
		unlike($content, qr/\Q$secret{$name}\E/, "$title: has no $name");
	}
	unlike($content, qr/\Q$_\E/, "$title: has no spelling of the token") foreach @spelled;
	unlike($content, qr/bce-auth-v1|\bAuthorization:/i,
		"$title: has no signature");
}
end_test($node);
