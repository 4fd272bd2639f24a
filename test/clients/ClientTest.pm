
=pod

=head1 NAME

ClientTest - runs a real client against the foreign table and the simulator

=head1 SYNOPSIS

  use FindBin;
  use lib "$FindBin::Bin/../clients";
  use ClientTest;

  my ($simulator, $node) = start_server();
  need_client('psycopg2', $found);
  run_client($simulator, $node, 'psycopg2', $python, client_file('x.py'));

A client program connects as PGHOST, PGPORT, PGUSER and PGDATABASE say, asks
the simulator at QIANFAN_SIMULATOR_CONTROL, and prints "ok - title" or
"not ok - title" for each test, and "# ..." to explain.  It ends with "done".
The foreign table has 1000 tasks, in pages of 100; "expected" is a local table
with the same rows, and "n" is the place of a row in the list.

=cut

package ClientTest;

use Cwd qw(abs_path);
use Exporter qw(import);
use File::Basename qw(dirname);
use File::Temp ();
use IPC::Run ();
use QianfanTest;

our @EXPORT =
  qw(start_server need_client client_file find_program run_client
  take_tests check_nothing_left psql_session lines_of);

my $directory     = abs_path(dirname(__FILE__));
my $client_limit_s = 120;

# The path of a file of this directory.
sub client_file { return "$directory/$_[0]" }

# A program in PATH or where administrators' programs are; undef if nowhere.
sub find_program
{
	my ($name) = @_;
	my ($path) = grep { -x } map { "$_/$name" } split(/:/, $ENV{PATH}),
	  '/usr/sbin', '/usr/local/sbin';
	return $path;
}

# A client that is not there is a failure, unless the caller allowed it.
sub need_client
{
	my ($name, $found) = @_;
	return if $found;
	plan skip_all => "$name is not installed"
	  if ($ENV{QIANFAN_ALLOW_MISSING_CLIENTS} // '') =~ /^(?:yes|\Q$name\E)$/;
	plan tests => 1;
	fail("$name is installed");
	diag("script/bootstrap installs it, or set QIANFAN_ALLOW_MISSING_CLIENTS");
	exit 1;
}

# A simulator, and a server with the foreign table and its expected rows.
sub start_server
{
	# Java knows nothing but TCP.
	my ($node, $simulator) = new_server(
		tasks => 1000,
		init  => [ extra => [ '--encoding=UTF8', '--locale=C' ] ],
		conf  => "listen_addresses = '127.0.0.1'\ntimezone = 'Asia/Shanghai'");
	my $program = $simulator->data_command('--count', 1000) =~ s/'/''/gr;
	$node->safe_psql('postgres', <<"SQL");
CREATE TABLE expected (LIKE model_comp_tasks);
ALTER TABLE expected ADD n int GENERATED ALWAYS AS IDENTITY (MINVALUE 0);
COPY expected (id, name, state, source_model_id, model_id, strategy, weight,
  sparsity_ratio, create_time, finish_time, failed_reason, description, config)
  FROM PROGRAM '$program' ENCODING 'UTF8';
ANALYZE expected;
SQL
	return ($simulator, $node);
}

# Run a client program, take its tests for ours, and see that all is over.
sub run_client
{
	my ($simulator, $node, $title, @command) = @_;
	take_tests(@_);
	check_nothing_left($simulator, $node, $title);
	return;
}

# Run a client program and take its tests for ours.
sub take_tests
{
	my ($simulator, $node, $title, @command) = @_;
	my $home  = File::Temp->newdir(TMPDIR => 1);
	my $owner = getpwuid($>);
	my ($output, $errors, $done) = ('', '', 0);

	local %ENV = (
		%ENV,
		HOME => "$home",
		PGHOST => $node->host, PGPORT => $node->port, PGUSER => $owner,
		PGDATABASE => 'postgres', PGCLIENTENCODING => 'UTF8',
		QIANFAN_SIMULATOR_CONTROL => $simulator->control);
	my $ended = eval {
		IPC::Run::run(\@command, '<', \undef, '>', \$output, '2>', \$errors,
			IPC::Run::timeout($client_limit_s));
		1;
	};
	diag("$title: $@") unless $ended;
	my $status = $?;

	foreach my $line (split /\n/, $output)
	{
		if ($line =~ /^(not )?ok - (.*)/) { ok(!$1, "$title: $2") }
		elsif ($line eq 'done')           { $done = 1 }
		else                              { diag($line) }
	}
	ok($ended && $status == 0 && $done, "$title: the client came to its end")
	  or diag("status $status\n$errors");
	return;
}

# With the sessions gone there is no call, no connection and no session left.
sub check_nothing_left
{
	my ($simulator, $node, $title) = @_;
	foreach my $name ('in_flight', 'connections_open')
	{
		eval { $simulator->wait_below($name, 0) };
		is($simulator->get($name), 0, "$title: $name after the end");
	}
	ok( $node->poll_query_until('postgres', <<'SQL'), "$title: no session left");
SELECT count(*) = 0 FROM pg_stat_activity
WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
SQL
	unlike(slurp_file($node->logfile),
		qr/terminated by signal|PANIC/, "$title: no process crashed");
	return;
}

# A psql whose errors are just their SQLSTATE.
sub psql_session
{
	my ($node) = @_;
	return $node->background_psql(
		'postgres',
		on_error_stop => 0,
		extra_params  => [ '-v', 'VERBOSITY=sqlstate' ]);
}

# What such a session says to statements that may fail.
sub lines_of
{
	my ($session, $sql) = @_;
	my $output = $session->query($sql);
	my $errors = $session->{stderr};
	$session->{stderr} = '';
	return $output . $errors =~ s/^psql:<stdin>:\d+: //gmr =~ s/\n\z//r;
}

1;
