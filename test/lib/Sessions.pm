
=pod

=head1 NAME

Sessions - sessions that stay open, asked one statement at a time

=head1 SYNOPSIS

  use Sessions qw(open_session ask begin_query stop_query);

  my ($session, $pid) = open_session($node);
  is(ask($session, 'SELECT 1/0'), '22012', 'an error');
  begin_query($session, 'SELECT * FROM model_comp_tasks');
  is(stop_query($node, $session, $pid, 'cancel'), '57014', 'canceled');

=head1 FUNCTIONS

  open_session($node)    a background psql in database postgres, which goes on
                         after errors, and the process id of its backend
  ask($session, $sql)    what psql prints, or the SQLSTATE of the last error;
                         after one, query_safe() dies until the next ask()
  begin_query($session, $sql)
                         send a query and return; ask($session, '') waits for
                         its end
  stop_query($node, $session, $pid, $way, $meanwhile)
                         end a query that runs: $way is cancel, terminate, or
                         statement_timeout, which only waits for it; returns
                         the SQLSTATE; $meanwhile, if given, is called after
                         the signal
  peak_kb($pid)          highest resident size of a process, 0 without /proc
  fail_often_sql         SQL that makes fail_often(query, times): run a query
                         so often, each time in a subtransaction; returns the
                         number of errors
  silent_listener        a socket nobody accepts from: connections come about,
                         and that is all
  full_listener          one with a full backlog, so that none comes about,
                         and the sockets that fill it, to be kept as long

=cut

package Sessions;

use strict;
use warnings;

use Exporter qw(import);
use IO::Socket::INET;
use PostgreSQL::Test::Utils qw(slurp_file);

our @EXPORT_OK = qw(open_session ask begin_query stop_query peak_kb
  fail_often_sql silent_listener full_listener);

sub open_session
{
	my ($node) = @_;
	my $session = $node->background_psql(
		'postgres',
		on_error_stop => 0,
		extra_params  => [ '-v', 'VERBOSITY=verbose' ]);
	return ($session, $session->query_safe('SELECT pg_backend_pid()'));
}

sub ask
{
	my ($session, $sql) = @_;
	# What an earlier begin_query() got belongs to the answer.
	$session->{stderr} = '' if $sql ne '';
	my $output = $session->query($sql);
	return _sqlstate($session) // $output;
}

sub begin_query
{
	my ($session, $sql) = @_;
	$session->{stderr} = '';
	$session->query_until(qr/^begun$/m, "\\echo begun\n$sql;\n");
	return;
}

sub stop_query
{
	my ($node, $session, $pid, $way, $meanwhile) = @_;
	$node->safe_psql('postgres', "SELECT pg_${way}_backend($pid)")
	  if $way ne 'statement_timeout';
	$meanwhile->() if $meanwhile;
	if   ($way eq 'terminate') { eval { $session->{run}->finish } }
	else                       { $session->query('') }
	return _sqlstate($session);
}

# Of the last error in what psql has written, or undef.
sub _sqlstate
{
	my ($session) = @_;
	my @errors = $session->{stderr} =~ /(?:ERROR|FATAL):  (\w{5}):/g;
	return $errors[-1];
}

sub peak_kb
{
	my ($pid) = @_;
	my $file = "/proc/$pid/status";
	return -r $file && slurp_file($file) =~ /^VmHWM:\s+(\d+) kB/m ? $1 : 0;
}

sub fail_often_sql
{
	return <<'SQL';
CREATE FUNCTION fail_often(query text, times int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE failed int := 0;
BEGIN
  FOR i IN 1 .. times LOOP
    BEGIN
      EXECUTE query;
    EXCEPTION WHEN OTHERS THEN failed := failed + 1;
    END;
  END LOOP;
  RETURN failed;
END $$;
SQL
}

sub silent_listener
{
	return IO::Socket::INET->new(Listen => 16, LocalAddr => '127.0.0.1')
	  // die "listen: $!";
}

sub full_listener
{
	my $listener = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1')
	  // die "listen: $!";
	my @fill = map {
		IO::Socket::INET->new(
			PeerAddr => '127.0.0.1',
			PeerPort => $listener->sockport,
			Blocking => 0)
	} 1 .. 8;
	return ($listener, @fill);
}

1;
