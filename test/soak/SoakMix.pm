
=pod

=head1 NAME

SoakMix - statements of all kinds, faults and cancels, from a seed

=head1 DESCRIPTION

  setup_sql       objects the statements need, after those of the simulator
  new(%args)      session, truth (another session), simulator, ids, seed
  prepare         the prepared statements, after whatever discards them
  step            one random thing: a statement or a few, perhaps with a fault
                  and a cancel; returns what is wrong, if anything is
  statements      how many were sent so far
  outcomes        SQLSTATE => how often, '' for success

A statement that succeeds must show what it shows on a local copy of the
tasks, whatever was done to it; one that fails must do so with an SQLSTATE that
the README explains.

=cut

package SoakMix;

use strict;
use warnings;

# What a fault may end in, however it is timed.
my %expected = map { $_ => 1 }
  ('', qw(57014 HV00N HV00M HV000 28000 42501 53400 54000 22007 22021 22P02 22P05),
	# statements of an aborted transaction, and cursors it took along
	qw(25P02 34000));

# None that makes a good answer with other values.
my @faults = (
	qw(reset-before-headers reset-mid-body close-before-headers
	  close-mid-headers close-mid-body stall-before-headers stall-mid-headers
	  stall-mid-body slow-body:20 wrong-content-length:short
	  wrong-content-length:long huge-json:2 huge-announced gzip-bomb:2
	  endless-headers long-header endless-1xx not-http code:403:AccessDenied:no
	  code:400:InvalidArgument:no control-characters long-message date-1970
	  numeric:18 error-object:400:no iam-header:credential
	  truncated-json invalid-json deep-json empty-body html-200 html-502
	  redirect u0000 non-utf8 byte-order-mark missing-id missing-result wrong-id
	  raw-nul duplicate-keys http-429 http-500 http-503 http-400
	  SignatureDoesNotMatch));

sub setup_sql
{
	return <<'SQL';
CREATE TABLE tasks AS SELECT * FROM model_comp_tasks;
CREATE TABLE inventory AS
  SELECT row_number() OVER (ORDER BY id) AS n, id AS task_id FROM tasks;
ANALYZE;
ALTER SERVER qianfan OPTIONS (ADD max_retries '1', ADD retry_delay '5ms',
  ADD request_timeout '250ms', ADD max_response_size '1MB',
  ADD max_concurrency '16', ADD page_size '100');

-- Run a query in a subtransaction: its result, or nothing.
CREATE FUNCTION attempt(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE result text;
BEGIN
  EXECUTE query INTO result;
  RETURN result;
EXCEPTION WHEN OTHERS THEN
  RETURN 'failed';
END $$;
SQL
}

sub new
{
	my ($class, %args) = @_;
	srand($args{seed});
	my $self = bless { %args, statements => 0, outcomes => {}, known => {} },
	  $class;
	$self->prepare;
	return $self;
}

sub statements { return $_[0]{statements} }
sub outcomes   { return $_[0]{outcomes} }

sub step
{
	my ($self) = @_;
	my @kinds = (
		(\&_plain) x 10, (\&_cursor) x 3, (\&_savepoint) x 2,
		(\&_prepared) x 3, (\&_exception) x 3, \&_alter, \&_discard,
		\&_budget, \&_planner);

	$self->{problem} = undef;
	if (rand() < 0.3)
	{
		my $fault = $faults[ rand @faults ];
		# In a list it gives all items one id, and they are taken for one task.
		my @action =
		  $fault eq 'wrong-id' ? ('--action', 'DescribeModelCompTask') : ();
		$self->{simulator}->fail($fault, '--times', 1 + int rand 4,
			'--after', int rand 4, @action);
	}
	elsif (rand() < 0.3)
	{
		$self->{simulator}->heal;
		$self->{simulator}->set('latency_ms', int rand 4);
	}
	$kinds[ rand @kinds ]->($self);
	return $self->{problem};
}

# Send a statement, one in six with a cancel; returns its result.
sub _run
{
	my ($self, $sql) = @_;
	my @cancel = rand() < 1 / 6 ? (cancel_after => rand(rand 0.06)) : ();
	my $result = $self->{session}->query($sql, @cancel);
	$self->{statements}++;
	$self->{outcomes}{ $result->{sqlstate} }++;
	$self->{problem} //= "$sql: $result->{sqlstate} $result->{message}"
	  unless $expected{ $result->{sqlstate} };
	return $result;
}

# Begin what the next statements need, and so without a cancel.
sub _begin
{
	my ($self, $sql) = @_;
	$self->{session}->query($sql);
	$self->{statements}++;
	return;
}

# A query and what it shows when all is well.
sub _query
{
	my ($self) = @_;
	my @ids = map { $self->{ids}[ rand @{ $self->{ids} } ] } 1 .. 1 + rand 20;
	my $list   = join ',', map { "'$_'" } @ids;
	my $number = 1 + int rand 60;
	my @texts  = (
		"SELECT id, state, strategy FROM %s WHERE id = '$ids[0]'",
		"SELECT id, weight FROM %s WHERE id = 'amva-nobody'",
		"SELECT count(*), min(state), max(strategy) FROM %s WHERE id IN ($list)",
		"SELECT count(*), max(config::text) FROM %s WHERE id = ANY (ARRAY[$list])",
		'SELECT count(*), count(name) FROM %s',
		"SELECT count(*) FROM (SELECT id FROM %s LIMIT $number) s",
		"SELECT count(strategy) FROM %s WHERE state = 'failed'",
		"SELECT count(*), max(t.strategy) FROM inventory i JOIN %s t ON t.id = i.task_id WHERE i.n <= $number",
		"SELECT count(t.id) FROM inventory i LEFT JOIN %s t ON t.id = i.task_id WHERE i.n > 250 - $number",
		"SELECT count(*), max(s.state) FROM inventory i, LATERAL (SELECT * FROM %s t WHERE t.id = i.task_id LIMIT 1) s WHERE i.n <= $number");
	my $text = $texts[ rand @texts ];
	return map { sprintf $text, $_ } 'model_comp_tasks', 'tasks';
}

# What a query shows on the local copy.
sub _truth
{
	my ($self, $local) = @_;
	return $self->{known}{$local} //=
	  join "\n", @{ $self->{truth}->query($local)->{rows} };
}

sub _compare
{
	my ($self, $result, $local) = @_;
	return if $result->{sqlstate} ne '';
	my $got = join "\n", @{ $result->{rows} };
	$self->{problem} //= "$local: got $got, not " . $self->_truth($local)
	  if $got ne $self->_truth($local);
	return;
}

sub _plain
{
	my ($self) = @_;
	my ($foreign, $local) = $self->_query;
	$self->_compare($self->_run($foreign), $local);
	return;
}

sub _cursor
{
	my ($self) = @_;
	my ($foreign) = $self->_query;
	my $hold = rand() < 0.3 ? 'WITH HOLD' : '';
	$foreign = 'SELECT * FROM model_comp_tasks' if rand() < 0.5;
	$self->_begin('BEGIN');
	$self->_run("DECLARE c CURSOR $hold FOR $foreign");
	$self->_run('FETCH ' . int(1 + rand 50) . ' FROM c') for 0 .. rand 3;
	$self->_run('CLOSE c') if rand() < 0.3;
	$self->_run(rand() < 0.5 ? 'COMMIT' : 'ROLLBACK');
	$self->_end;
	return;
}

sub _savepoint
{
	my ($self) = @_;
	$self->_begin('BEGIN');
	foreach (0 .. rand 2)
	{
		my ($foreign, $local) = $self->_query;
		$self->_begin('SAVEPOINT s');
		$self->_compare($self->_run($foreign), $local);
		$self->_run('ROLLBACK TO s') if rand() < 0.8;
	}
	$self->_run('COMMIT');
	$self->_end;
	return;
}

# A cancel may have hit the end of a transaction, or what closes a cursor.
sub _end
{
	my ($self) = @_;
	$self->{session}->query($_) foreach 'ROLLBACK', 'CLOSE ALL';
	return;
}

sub prepare
{
	my ($self) = @_;
	$self->{session}->query($_)
	  foreach 'DEALLOCATE ALL',
	  'PREPARE one(text) AS SELECT id, state, strategy FROM model_comp_tasks WHERE id = $1',
	  'PREPARE many(text[]) AS SELECT count(*), count(strategy) FROM model_comp_tasks WHERE id = ANY ($1)';
	return;
}

sub _prepared
{
	my ($self) = @_;
	my $id = $self->{ids}[ rand @{ $self->{ids} } ];
	if (rand() < 0.5)
	{
		$self->_compare($self->_run("EXECUTE one('$id')"),
			"SELECT id, state, strategy FROM tasks WHERE id = '$id'");
		return;
	}
	$self->_compare($self->_run("EXECUTE many('{$id,amva-nobody}')"),
		"SELECT count(*), count(strategy) FROM tasks WHERE id = '$id'");
	return;
}

sub _exception
{
	my ($self) = @_;
	my ($foreign, $local) = $self->_query;
	my $result = $self->_run('SELECT attempt($q$' . $foreign . '$q$)');
	return if $result->{sqlstate} ne '' || $result->{rows}[0] eq 'failed';
	# Only the first column of the first row comes back.
	my $first = (split /[|\n]/, $self->_truth($local))[0] // '';
	$self->{problem} //= "attempt of $local: got $result->{rows}[0], not $first"
	  if $result->{rows}[0] ne $first;
	return;
}

sub _alter
{
	my ($self) = @_;
	my ($name, @values) = @{
		(   [ 'page_size', 7, 30, 100 ], [ 'max_concurrency', 1, 3, 16 ],
			[ 'rate_limit', 0, 2000 ], [ 'connect_timeout', '1s', '2s' ]
		)[ rand 4 ] };
	my $value = $values[ rand @values ];
	my $add = $name =~ /rate|connect/ && !$self->{added}{$name};
	my $result = $self->_run("ALTER SERVER qianfan OPTIONS ("
		  . ($add ? 'ADD' : 'SET') . " $name '$value')");
	$self->{added}{$name} = 1 if $result->{sqlstate} eq '';
	return;
}

sub _discard
{
	my ($self) = @_;
	$self->_run('DISCARD ALL');
	$self->prepare;
	return;
}

sub _budget
{
	my ($self) = @_;
	my ($foreign, $local) = $self->_query;
	$self->{session}->query('SET qianfan_fdw.max_requests = ' . int rand 8);
	$self->_compare($self->_run($foreign), $local);
	$self->{session}->query('RESET qianfan_fdw.max_requests');
	return;
}

sub _planner
{
	my ($self) = @_;
	my @names = qw(enable_hashjoin enable_mergejoin qianfan_fdw.enable_lookup_join);
	$self->_run("SET $names[rand @names] = " . (rand() < 0.5 ? 'on' : 'off'));
	return;
}

1;
