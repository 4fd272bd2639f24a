
=pod

=head1 NAME

QianfanSimulator - starts, stops and questions the API simulator

=head1 SYNOPSIS

  use QianfanSimulator;

  my $simulator = QianfanSimulator->new(tasks => 500, latency_ms => 20);
  $node->safe_psql('postgres', $simulator->setup_sql('qianfan'));
  is($simulator->calls, 'none', 'DDL calls nothing');

=head1 METHODS

  new(%args)             start one; args: tls, certificate and any setting of
                         the command line (tasks, latency_ms, variant, port,
                         session_token, access_key, secret_key, path_prefix,
                         strict, which is "on" unless said otherwise)
  endpoint               base URL of the API
  control                base URL of the control port
  ca_file                PEM file of the CA, undef without tls
  access_key             the key the simulator knows
  secret_key             its secret
  pid                    process id of the simulator
  data_command(@args)    shell command that prints the tasks: tasks.py @args
  ids($n)                the ids of the first n tasks
  server_sql($server, %options)
                         SQL for a server that leads here, with further
                         options, and a user mapping
  setup_sql($server)     SQL for extension, server, user mapping and table
  ctl(@words)            what the command "ctl @words" would print; dies if
                         the simulator complains
  calls                  "Action=count ..." since the last reset, or "none"
  get($name)             one counter
  set($name, $value)     change a mode
  fail($fault, @options) make the next call fail, e.g. fail('http-500',
                         '--times', 2)
  heal                   forget all faults ordered
  last_requests($n)      the last requests, one line each
  hold(@options)         requests wait from now on
  release(@n)            let all (or the oldest n) go on
  wait_for($name, $n)    block until a counter reaches n; dies after 180 s
  wait_below($name, $n)  block until a counter is at most n; dies after 180 s
  reset                  counters, modes, faults, tasks as at the start
  state                  everything the simulator knows, as a hash
  stop                   end the process; also done at scope end and exit

=cut

package QianfanSimulator;

use strict;
use warnings;

use Carp qw(croak);
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Temp ();
use HTTP::Tiny ();
use IO::Select ();
use JSON::PP   ();
use POSIX      ();
use Scalar::Util qw(weaken);

my $simulator_dir = abs_path(dirname(__FILE__) . '/../simulator');
my $start_limit_s = 30;
my $stop_limit_s  = 10;
my $http_limit_s  = 200;   # longer than the longest wait of the server side

# What END has to stop; weak, so that leaving a scope still stops one.
my %running;

sub new
{
	my ($class, %args) = @_;
	my $directory = File::Temp->newdir('qianfan-simulator-XXXXXX', TMPDIR => 1);
	my $ready_file = "$directory/ready.json";
	my @command = (
		$^O eq 'MSWin32' ? 'python' : 'python3',
		"$simulator_dir/simulator.py",
		'--exit-with-stdin', '--ready-file', $ready_file);

	$args{strict} //= 'on';
	push @command, '--tls' if delete $args{tls};
	foreach my $name (sort keys %args)
	{
		(my $option = $name) =~ tr/_/-/;
		push @command, "--$option=$args{$name}";
	}

	my $self = bless { directory => $directory, owner => $$ }, $class;
	$self->{session_token} = $args{session_token};
	$self->_start(@command);

	# Wakes up at the "ready" line, or at the end of output if it died.
	IO::Select->new($self->{output})->can_read($start_limit_s);
	if (!-e $ready_file)
	{
		$self->stop;
		croak 'the simulator did not start';
	}
	open(my $file, '<:raw', $ready_file) or croak "$ready_file: $!";
	local $/ = undef;
	$self->{facts} = JSON::PP::decode_json(<$file>);
	close($file);
	$self->{http} =
	  HTTP::Tiny->new(timeout => $http_limit_s, keep_alive => 0, proxy => undef,
		http_proxy => undef, https_proxy => undef);
	return $self;
}

# Run the simulator with our end of a pipe as its standard input: it ends
# with us, whatever happens to us.
sub _start
{
	my ($self, @command) = @_;

	pipe(my $input, my $our_input)   or croak "pipe: $!";
	pipe(my $our_output, my $output) or croak "pipe: $!";
	my $pid = fork() // croak "fork: $!";
	if ($pid == 0)
	{
		open(STDIN, '<&', $input)   or POSIX::_exit(126);
		open(STDOUT, '>&', $output) or POSIX::_exit(126);
		{ no warnings; exec { $command[0] } @command; }
		POSIX::_exit(127);
	}
	close($input);
	close($output);
	@$self{qw(pid input output)} = ($pid, $our_input, $our_output);
	$running{$pid} = $self;
	weaken($running{$pid});
	return;
}

sub pid        { return $_[0]{pid} }
sub endpoint   { return $_[0]{facts}{endpoint} }
sub control    { return $_[0]{facts}{control} }
sub ca_file    { return $_[0]{facts}{ca_file} }
sub access_key { return $_[0]{facts}{access_key} }
sub secret_key { return $_[0]{facts}{secret_key} }

sub calls   { return $_[0]->ctl('calls') }
sub heal    { return $_[0]->ctl('heal') }
sub reset   { return $_[0]->ctl('reset') }
sub get     { my ($self, @words) = @_; return $self->ctl('get', @words) }
sub set     { my ($self, @words) = @_; return $self->ctl('set', @words) }
sub fail    { my ($self, @words) = @_; return $self->ctl('fail', @words) }
sub hold    { my ($self, @words) = @_; return $self->ctl('hold', @words) }
sub release { my ($self, @words) = @_; return $self->ctl('release', @words) }

sub last_requests
{
	my ($self, @words) = @_;
	return $self->ctl('last', @words);
}

sub wait_for
{
	my ($self, $name, $n) = @_;
	return $self->ctl('wait', $name, $n);
}

sub wait_below
{
	my ($self, $name, $n) = @_;
	return $self->ctl('wait', $name, $n, '--at-most');
}

sub ctl
{
	my ($self, @words) = @_;
	# Quoted, because JSON::PP would send a Perl number without quotes.
	my $body = JSON::PP->new->utf8->encode([ map { "$_" } @words ]);
	my $answer =
	  $self->{http}->post($self->control . '/ctl', { content => $body });
	croak "ctl @words: $answer->{content}" unless $answer->{success};
	return $answer->{content};
}

sub state
{
	my ($self) = @_;
	my $answer = $self->{http}->get($self->control . '/state');
	croak "state: $answer->{content}" unless $answer->{success};
	return JSON::PP::decode_json($answer->{content});
}

sub data_command
{
	my ($self, @args) = @_;
	return join(' ', "'$simulator_dir/tasks.py'", @args);
}

sub ids
{
	my ($self, $n) = @_;
	my $command = $self->data_command('--ids', $n);
	my @ids = split /\n/, `$command`;
	croak "there are no $n tasks" unless @ids == $n;
	return @ids;
}

sub server_sql
{
	my ($self, $server, %options) = @_;
	my %user_options =
	  (access_key => $self->access_key, secret_key => $self->secret_key);
	$user_options{session_token} = $self->{session_token}
	  if defined $self->{session_token};
	my ($for_server, $for_user) = map { _options(%$_) } (
		{   endpoint => $self->endpoint,
			defined $self->ca_file ? (ca_file => $self->ca_file) : (),
			%options
		},
		\%user_options);

	(my $name = $server) =~ s/"/""/g;
	return <<"SQL";
CREATE SERVER "$name" FOREIGN DATA WRAPPER qianfan_fdw OPTIONS ($for_server);
CREATE USER MAPPING FOR CURRENT_USER SERVER "$name" OPTIONS ($for_user);
SQL
}

sub setup_sql
{
	my ($self, $server) = @_;
	(my $name = $server) =~ s/"/""/g;
	return "CREATE EXTENSION IF NOT EXISTS qianfan_fdw;\n"
	  . $self->server_sql($server)
	  . "IMPORT FOREIGN SCHEMA qianfan FROM SERVER \"$name\" INTO public;\n";
}

# Options of a DDL command, values quoted.
sub _options
{
	my (%options) = @_;
	my @list;
	foreach my $name (sort keys %options)
	{
		(my $value = $options{$name}) =~ s/'/''/g;
		push @list, "$name '$value'";
	}
	return join(', ', @list);
}

sub stop
{
	my ($self) = @_;
	my $pid = delete $self->{pid} or return;

	# A forked child of the test must not stop its parent's simulator.
	return unless $self->{owner} == $$;
	delete $running{$pid};
	close($self->{input});
	kill('TERM', $pid);

	# $? belongs to the test: waiting here must not change its exit status.
	local $?;
	my $select = IO::Select->new($self->{output});
	my $ended = 0;
	while (!$ended && $select->can_read($stop_limit_s))
	{
		# Its output ends when the process does, hence no polling.
		$ended = !sysread($self->{output}, my $rest, 4096);
	}
	kill('KILL', $pid) unless $ended;
	waitpid($pid, 0);
	close($self->{output});
	return;
}

sub DESTROY
{
	my ($self) = @_;
	local ($@, $!, $?);
	$self->stop;
	return;
}

END
{
	my $status = $?;
	foreach my $simulator (values %running)
	{
		$simulator->stop if defined $simulator;
	}
	$? = $status;
}

1;
