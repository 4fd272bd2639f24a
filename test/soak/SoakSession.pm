
=pod

=head1 NAME

SoakSession - a session of a server, by the wire protocol itself

=head1 SYNOPSIS

  my $session = SoakSession->new($node);
  my $result  = $session->query($sql, cancel_after => 0.005);

=head1 DESCRIPTION

psql answers too slowly for tens of thousands of statements, and does not tell
when a statement was stopped.

  new($node)      connect to database "postgres"
  pid             process id of the backend
  query($sql, %o) run SQL; with cancel_after, cancel it after so many seconds
                  unless it has ended.  Returns a hash: sqlstate ('' for
                  success), message, rows (one string each, columns joined by
                  "|"), stop_s (seconds from cancel to end, if it was sent).
                  Seconds count from when it is sent; with begun, from when
                  the server has begun to run it: a cancel before that would
                  be for the statement before, and have no effect.  It then
                  runs in a transaction, with another statement
  quit            end the session and return when the backend is gone

=cut

package SoakSession;

use strict;
use warnings;

use Carp qw(croak);
use IO::Select ();
use IO::Socket::UNIX ();
use Time::HiRes qw(time sleep);

my $limit_s = 120;

sub new
{
	my ($class, $node) = @_;
	my $path   = $node->host . '/.s.PGSQL.' . $node->port;
	my $socket = IO::Socket::UNIX->new(Peer => $path)
	  or croak "could not connect to $path: $!";
	my $self = bless {
		socket => $socket,
		select => IO::Select->new($socket),
		buffer => ''
	}, $class;
	my $user    = $ENV{PGUSER} // (getpwuid($<))[0];
	my $startup = pack('N', 196608)
	  . join('', map { "$_\0" } 'user', $user, 'database', 'postgres', '');
	$self->_write(pack('N', 4 + length $startup) . $startup);
	$self->{result} = { sqlstate => '', rows => [] };
	$self->_read_result($limit_s) or croak 'the server does not answer';
	croak $self->{result}{message} if $self->{result}{sqlstate};
	return $self;
}

sub pid { return $_[0]{pid} }

sub query
{
	my ($self, $sql, %options) = @_;
	my $result = $self->{result} =
	  { sqlstate => '', message => '', rows => [] };

	$sql = "DO 'BEGIN RAISE NOTICE ''begun''; END'; $sql" if $options{begun};
	$self->_write('Q' . pack('N', 5 + length $sql) . "$sql\0");
	if ($options{begun})
	{
		delete $self->{noticed};
		$self->_read_result($limit_s, 'noticed') or croak "no begin of: $sql";
	}
	return $result
	  if defined $options{cancel_after}
	  && $self->_read_result($options{cancel_after});
	my $begun = time;
	kill('INT', $self->{pid}) if defined $options{cancel_after};
	$self->_read_result($limit_s) or croak "no end of: $sql";
	$result->{stop_s} = time - $begun if defined $options{cancel_after};
	return $result;
}

sub quit
{
	my ($self) = @_;
	$self->_write('X' . pack('N', 4));
	# Its end of the socket is closed by the end of the process.
	while (sysread($self->{socket}, my $rest, 4096)) { }
	close($self->{socket});
	return;
}

sub _write
{
	my ($self, $bytes) = @_;
	while (length $bytes)
	{
		my $written = syswrite($self->{socket}, $bytes)
		  // croak "could not write to the server: $!";
		substr($bytes, 0, $written, '');
	}
	return;
}

# Take in messages until the server is ready, or until one of them has set a
# member of ours; false if that takes longer.
sub _read_result
{
	my ($self, $timeout, $member) = @_;
	my $end = time + $timeout;
	while (1)
	{
		while (length $self->{buffer} >= 5)
		{
			my ($type, $length) = unpack('a N', $self->{buffer});
			last if length $self->{buffer} < $length + 1;
			my $message = substr($self->{buffer}, 5, $length - 4);
			substr($self->{buffer}, 0, $length + 1, '');
			return 1 if $type eq 'Z';
			$self->_take($type, $message);
			return 1 if defined $member && $self->{$member};
		}
		my $left = $end - time;
		return 0 if $left < 0 || !$self->{select}->can_read($left);
		sysread($self->{socket}, $self->{buffer}, 65536,
			length $self->{buffer})
		  or croak 'the server closed the connection';
	}
	return;
}

sub _take
{
	my ($self, $type, $message) = @_;
	my $result = $self->{result};
	if ($type eq 'E')
	{
		my %field = map { substr($_, 0, 1) => substr($_, 1) }
		  grep { length } split /\0/, $message;
		@$result{qw(sqlstate message)} = @field{qw(C M)};
		$result->{detail} = $field{D} // '';
	}
	elsif ($type eq 'D')
	{
		push @{ $result->{rows} },
		  join '|', map { $_ // '' } unpack('x2 (l>/a)*', $message =~ s/\xff{4}/\0\0\0\0/gr);
	}
	elsif ($type eq 'N')
	{
		$self->{noticed} = 1;
	}
	elsif ($type eq 'K')
	{
		$self->{pid} = unpack('N', $message);
	}
	return;
}

1;
