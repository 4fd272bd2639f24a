# Proves what a declared order is worth where the list moves: tasks created or
# deleted while it is read, details that disagree with the list, two accounts at once,
# an account that is read from its other end without waiting for the check.

use QianfanTest;
use Sessions qw(open_session ask begin_query);

my ($node, $simulator) = new_server(tasks => 400);
my %declared = (oldest => 'asc', newest => 'desc');

sub rows { return split /\n/, $node->safe_psql('postgres', $_[0]) }

sub declare
{
	my ($how) = @_;
	$simulator->reset;
	$simulator->set(list_order => $how);
	$node->safe_psql('postgres',
		"ALTER FOREIGN TABLE model_comp_tasks OPTIONS (SET list_order 'create_time $declared{$how}')"
	);
	return;
}

$node->safe_psql('postgres', <<'SQL');
CREATE TABLE copy AS SELECT id, create_time FROM model_comp_tasks;
ALTER FOREIGN TABLE model_comp_tasks OPTIONS (ADD page_size '20', ADD list_order 'none');
SQL

# ANALYZE finds out which order the option could declare, for nothing.
foreach my $how ('oldest', 'newest')
{
	$simulator->set(list_order => $how);
	$node->psql('postgres', 'ANALYZE VERBOSE model_comp_tasks',
		stderr => \my $said);
	like(
		$said,
		qr/the option "list_order" could be "create_time $declared{$how}"/,
		"ANALYZE VERBOSE, $how first");
	$simulator->set(swapped => 200);
	$node->psql('postgres', 'ANALYZE VERBOSE model_comp_tasks',
		stderr => \$said);
	unlike($said, qr/list_order/, "ANALYZE VERBOSE, $how first, two swapped");
	$simulator->reset;
}

# Three tasks are created after each page.
foreach my $how ('oldest', 'newest')
{
	foreach my $marker ('exclusive', 'inclusive', 'offset')
	{
		foreach my $direction ('', ' DESC')
		{
			my $title =
			  "$how first, marker $marker, ORDER BY create_time$direction";

			declare($how);
			$simulator->set(marker => $marker);
			$simulator->set(growth => 3);
			my @found = rows(
				"SELECT id FROM model_comp_tasks ORDER BY create_time$direction");
			my %times;
			$times{$_}++ foreach @found;
			is(scalar(@found), scalar(keys %times), "$title: none twice");
			my @old = rows(
				"SELECT id FROM copy ORDER BY create_time$direction");
			my %old = map { $_ => 1 } @old;
			is_deeply([ grep { $old{$_} } @found ],
				\@old, "$title: each old task, in order");

			# The call that looks at the list's other end may be a page, too.
			cmp_ok(scalar(@found), $direction ? '<=' : '>', 403,
				"$title: new tasks come last or not at all");
		}
	}
}

# Tasks vanish between two pages: five that were returned, the one that the next
# page begins with, and three behind.  What is left comes once, in order.
foreach my $how ('oldest', 'newest')
{
	foreach my $marker ('exclusive', 'inclusive')
	{
		foreach my $direction ('', ' DESC')
		{
			my $title =
			  "$how first, marker $marker, ORDER BY create_time$direction, some vanish";
			my @old = rows("SELECT id FROM copy ORDER BY create_time$direction");
			my @gone = @old[ 3 .. 7, 40, 90, 200, 399 ];
			my ($session) = open_session($node);

			declare($how);
			$simulator->set(marker => $marker);
			ask($session,
				"BEGIN; DECLARE c CURSOR FOR SELECT id FROM model_comp_tasks ORDER BY create_time$direction");
			my @found = split /\n/, ask($session, 'FETCH 15 FROM c');
			$simulator->ctl('remove', @gone);
			push @found, split /\n/, ask($session, 'FETCH ALL FROM c');
			$session->quit;
			my %gone = map { $_ => 1 } @gone[ 5 .. 8 ];
			is_deeply(\@found, [ grep { !$gone{$_} } @old ], $title);
		}
	}
}

# What the detail says of the time counts neither for the order nor for the end.
foreach my $how ('oldest', 'newest')
{
	declare($how);
	$simulator->set(detail_shift_s => 5000);
	foreach my $query (
		'SELECT id, create_time FROM (SELECT * FROM model_comp_tasks ORDER BY create_time DESC LIMIT 30) t WHERE weight IS DISTINCT FROM $$x$$',
		"SELECT id, create_time FROM (SELECT * FROM model_comp_tasks WHERE create_time > '2024-01-01 18:00+08' OFFSET 0) t WHERE weight IS DISTINCT FROM 'x' ORDER BY id",
		"SELECT id, create_time FROM (SELECT * FROM model_comp_tasks WHERE create_time > '2024-01-01 18:00+08' ORDER BY id LIMIT 9) t WHERE weight IS DISTINCT FROM 'x' ORDER BY id")
	{
		(my $local = $query) =~ s/model_comp_tasks/copy/g;
		$local =~ s/WHERE weight IS DISTINCT FROM \S+//;
		is_deeply([ rows($query) ], [ rows($local) ],
			"details of another time, $how first: $query");
	}
}

# Two accounts, merged, and read at once.
my @other = map { QianfanSimulator->new(tasks => 300) } 1, 2;
my $sql = "CREATE TABLE accounts (account text, id text, weight text, create_time timestamptz) PARTITION BY LIST (account);\n";
foreach my $i (1, 2)
{
	$other[ $i - 1 ]->set(list_order => 'newest');
	$other[ $i - 1 ]->set(time_shift_s => 48 * $i);
	$sql .= $other[ $i - 1 ]->server_sql("account_$i") . <<"SQL";
ALTER SERVER account_$i OPTIONS (ADD list_order 'create_time desc');
CREATE FOREIGN TABLE account_$i (account text OPTIONS (field 'account'),
  id text, weight text, create_time timestamptz) SERVER account_$i;
ALTER TABLE accounts ATTACH PARTITION account_$i FOR VALUES IN ('$i');
SQL
}
$node->safe_psql('postgres', $sql);
my $merged = 'SELECT id, weight FROM accounts ORDER BY create_time DESC LIMIT 10';
like($node->safe_psql('postgres', "EXPLAIN $merged"),
	qr/Merge Append.*Remote Order.*Remote Order/s, 'accounts are merged');
is(scalar(rows($merged)), 10, 'merged: rows');
my $calls = 0;
$calls += $_->get('total') foreach @other;
note("merged: $calls calls");
cmp_ok($calls, '<=', 24, 'merged: calls');

# From the other end: both first pages and both checks are sent before anything
# is waited for.
my $oldest =
  q{SELECT count(*) FROM accounts WHERE create_time < '2024-01-01 10:00+08'};
like($node->safe_psql('postgres', "EXPLAIN $oldest"),
	qr/Async Foreign Scan.*Remote Order.*Async Foreign Scan.*Remote Order/s,
	'accounts are read at once');
my ($session) = open_session($node);
foreach my $one (@other) { $one->reset; $one->set(list_order => 'newest'); $one->hold }
begin_query($session, $oldest);
$_->wait_for('held', 2) foreach @other;
pass('pages and checks are on their way together');
$_->release foreach @other;
like($session->query(''), qr/^150$/m, 'the rows of both');
$session->quit;

end_test($node);
