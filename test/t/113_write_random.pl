# Proves that nothing that was written goes unnamed, under random cancels and faults.
#
# The short form of it: WRITE_ROUNDS says how many rounds, WRITE_SEED where to
# begin.  After each round every task that a result, an error or a warning calls
# done is in the simulator, every task in the simulator is called done or
# possible, and none is possible that was not in flight or lost.

use QianfanTest;
use Sessions qw(open_session);

my $rounds = $ENV{WRITE_ROUNDS} // 60;
my $seed   = $ENV{WRITE_SEED}   // 20;
srand($seed);

my ($node, $simulator) = new_server(tasks => 50);
$node->safe_psql('postgres', <<'SQL');
ALTER SERVER qianfan OPTIONS (ADD updatable 'true', ADD max_retries '1', ADD retry_delay '1ms',
  ADD max_concurrency '4', ADD request_timeout '200ms');
ALTER FOREIGN TABLE model_comp_tasks ADD COLUMN model_set_id text;
SQL

my @faults = ('http-503', 'http-500', 'reset-before-headers', 'close-before-headers', 'close-mid-body',
	'stall-before-headers', 'html-200', 'empty-body', 'http-429', 'http-400', 'AccessDenied');
my ($session, $pid) = open_session($node);

sub pick { return $_[ int(rand(@_)) ] }

# A statement of one of several kinds, and the names it may create.
sub statement
{
	my ($round) = @_;
	my $n = 1 + int(rand(9));
	my $rows = "SELECT 'r${round}x' || n, 'amv-1', 'am-1', 'Sparsity' FROM generate_series(1, $n) n";
	my $insert = "INSERT INTO model_comp_tasks (name, source_model_id, model_set_id, strategy) $rows";
	return pick(
		"$insert;", "$insert RETURNING 'DONE ' || id;", "BEGIN; $insert; ROLLBACK;",
		"$insert RETURNING 'DONE ' || id, 1 / (1 - length(name) + length(name) - (random() < 0.1)::int);",
		"UPDATE model_comp_tasks SET state = 'stopping' WHERE source_model_id = 'amv-1' AND state = 'creating' RETURNING 'CANCELLED ' || id;",
		"DELETE FROM model_comp_tasks WHERE source_model_id = 'amv-1' AND random() < 0.5 RETURNING 'DELETED ' || id;");
}

# What the simulator has: kind of change => { id => name }.
sub changes
{
	my %changes = (created => {}, cancelled => {}, deleted => {});
	foreach my $line (split /\n/, $simulator->ctl('changes'))
	{
		my ($kind, $id, $state, $name) = split / /, $line, 4;
		$changes{$kind}{$id} = $name // '' if defined $id;
	}
	return \%changes;
}

my %counts;
foreach my $round (1 .. $rounds)
{
	my $before = changes();
	my $fault = rand() < 0.6 ? pick(@faults) : undef;
	my $effect = $fault && $fault !~ /^(?:http-4|Access)/ && $fault ne 'close-mid-body' ? pick('before', 'after') : $fault && $fault eq 'close-mid-body' ? 'after' : 'before';
	my $action = pick('CreateModelCompTask', 'CancelModelCompTask', 'DeleteModelCompTask', 'CreateModelCompTask');
	$simulator->fail($fault, '--action', $action, '--effect', $effect, '--after', int(rand(4)), '--times', 1 + int(rand(3))) if $fault;
	my $sql = statement($round);
	my $cancel = rand() < 0.5;
	if ($cancel)
	{
		$simulator->set('latency_ms', int(rand(20)));
		$session->query_safe('SELECT 1');
		$session->query_safe("SET statement_timeout = '" . (1 + int(rand(60))) . "ms'");
	}
	$session->{stderr} = '';
	my $output = $session->query("\\set ECHO none\n$sql\n") // '';
	my $text = $output . "\n" . $session->{stderr};
	$simulator->wait_below('in_flight', 0);
	$simulator->heal;
	$simulator->set('latency_ms', 0);
	$session->{stderr} = '';
	$session->query("ROLLBACK; SET statement_timeout = 0");
	$session->{stderr} = '';
	my $after = changes();

	# What is said to be done, and what may have been.
	my (%done, %possible);
	$done{created}{$_}++   foreach $text =~ /DONE (amva-\w+)/g;
	$done{cancelled}{$_}++ foreach $text =~ /CANCELLED (amva-\w+)/g;
	$done{deleted}{$_}++   foreach $text =~ /DELETED (amva-\w+)/g;
	while ($text =~ /Created: \d+(?: \(([^)]*)\))?\. Cancelled: \d+(?: \(([^)]*)\))?\. Deleted: \d+(?: \(([^)]*)\))?\./g)
	{
		my %found = (created => $1, cancelled => $2, deleted => $3);
		foreach my $kind (keys %found) { $done{$kind}{$_}++ foreach split /, /, $found{$kind} // '' }
	}
	my $kind = $sql =~ /INSERT/ ? 'created' : $sql =~ /UPDATE/ ? 'cancelled' : 'deleted';
	while ($text =~ /Rows of this statement done before: \d+ \(([^)]*)\)/g) { $done{$kind}{$_}++ foreach split /, /, $1 }
	while ($text =~ /May have been done: (.*)\.$/mg) { my $list = $1; $possible{$_}++ foreach $list =~ /\("([^"]+)"/g }
	$possible{$_}++ foreach $text =~ /name "([^"]+)", sourceModelId/g, $text =~ /could not find out whether task "([^"]+)"/g;
	my $well = $text !~ /ERROR:/ && $sql !~ /ROLLBACK/;

	my @problems;
	foreach my $k (qw(created cancelled deleted))
	{
		my %is = map { $_ => $after->{$k}{$_} } grep { !exists $before->{$k}{$_} } keys %{ $after->{$k} };
		foreach my $id (keys %{ $done{$k} // {} })
		{
			push @problems, "$k $id is not so" unless exists $is{$id};
		}
		foreach my $id (keys %is)
		{
			my $name = $is{$id};
			$counts{$k}++;
			next if $done{$k}{$id} || $possible{$id} || ($name ne '' && $possible{$name});
			next if $well && $sql !~ /RETURNING/;
			push @problems, "$k $id ($name) is not named";
		}
	}
	my %names;
	$names{$_}++ foreach values %{ $after->{created} };
	push @problems, "two tasks $_" foreach grep { $names{$_} > 1 } keys %names;
	push @problems, 'more possible than in flight' if keys %possible > 4;
	$counts{possible} += keys %possible;
	$counts{errors}++ if $text =~ /ERROR:/;
	ok(!@problems, "round $round") or diag "@problems\n$sql\nfault: " . ($fault // '-') . " $effect $action\n$text";
}
note join ', ', map { "$_: $counts{$_}" } sort keys %counts;
ok($counts{$_}, "some $_") foreach qw(created errors possible);
$session->quit;
end_test($node);
