# Proves on random histories of an account that the copy is the account's after
# each synchronization, whatever failed before; that the history has each change
# that a synchronization could see; and that notices are the same.
#
# QIANFAN_HISTORIES (15) histories are told, from QIANFAN_SEED (1) on.

use JSON::PP ();
use QianfanTest;
use Sessions qw(open_session ask);

my $count = $ENV{QIANFAN_HISTORIES} // 15;
my $first = $ENV{QIANFAN_SEED} // 1;

my ($node, $simulator) = new_server(tasks => 37,
	sql => "ALTER SERVER qianfan OPTIONS (ADD max_retries '0', page_size '10')");
my ($session)  = open_session($node);
my ($listener) = open_session($node);
my @states = qw(creating running succeeded failed stopping stopped Done);
my @faults = qw(http-500 http-403 http-429 truncated-json);
my $shown  = "id || ' ' || name || ' ' || coalesce(state, '-') || ' ' || coalesce(failed_reason, '-') || ' ' || coalesce(weight, '-')";

# What the account has, told without a wrapper: the lines of a query of ours.
sub account
{
	return { map { /^(\S+)/ => $_ } split /\n/,
		ask($session, "SELECT $shown FROM model_comp_tasks") };
}

sub copy
{
	return ask($session,
		"SELECT $shown FROM copy WHERE missing_since IS NULL ORDER BY id COLLATE \"C\"");
}

# Something happens to the account; returns ids that can be restored.
sub live
{
	my ($all, $gone) = @_;

	foreach (1 .. int(rand(6)))
	{
		my @there = grep { !$gone->{$_} } @$all;
		my $id = $there[ rand @there ];
		my $what = rand;

		if ($what < 0.15) { $simulator->ctl('add', 1 + int(rand(3))) }
		elsif ($what < 0.3 && @there > 3)
		{
			$simulator->ctl('remove', $id);
			$gone->{$id} = 1;
		}
		elsif ($what < 0.4 && %$gone)
		{
			my $back = (sort keys %$gone)[ rand keys %$gone ];
			$simulator->ctl('restore', $back);
			delete $gone->{$back};
		}
		elsif ($what < 0.5) { $simulator->ctl('change', $id, 'name', 'n' . int(rand(100))) }
		else { $simulator->ctl('change', $id, 'status', $states[ rand @states ]) }
	}
	return;
}

# States by id, of rows of the copy, those that are gone included.
sub states
{
	return { map { split /\|/ } split /\n/,
		ask($session, "SELECT id, coalesce(state, '-') FROM copy") };
}

sub changes
{
	my ($old, $new) = @_;
	return join "\n", sort map { "$_|" . ($old->{$_} // '') . "|$new->{$_}" }
	  grep { !exists $old->{$_} || $old->{$_} ne $new->{$_} } keys %$new;
}

sub notices
{
	return join "\n", sort map {
		my $notice = JSON::PP::decode_json($_);
		join '|', $notice->{id}, $notice->{old_state} // '', $notice->{state}
	} ask($listener, 'SELECT 1') =~ /payload "(.*)" received/g;
}

# One history; returns what was wrong with it.
sub history_of
{
	my ($seed) = @_;
	my (%gone, @wrong);

	srand($seed);
	$simulator->reset;
	$simulator->set('marker', qw(exclusive inclusive start)[ rand 3 ]);
	ask($session, "DROP TABLE IF EXISTS copy, copy_history;
		SELECT qianfan_fdw_mirror('model_comp_tasks', 'copy', true);
		CREATE TRIGGER notify AFTER INSERT OR UPDATE ON copy
			FOR EACH ROW EXECUTE FUNCTION qianfan_fdw_notify();");
	notices();
	foreach my $turn (1 .. 5)
	{
		my $old    = states();
		my $seen   = ask($session, 'SELECT count(*) FROM copy_history');
		my $delete = rand() < 0.2;
		my $every  = rand() < 0.3 ? 1 + int(rand(20)) : 0;
		my $call = sprintf "CALL qianfan_fdw_sync('model_comp_tasks', 'copy', missing => '%s', commit_every => %d)",
		  $delete ? 'delete' : 'mark', $every;

		if (rand() < 0.4)
		{
			$simulator->fail($faults[ rand @faults ], '--after', int(rand(20)));
			my $before = copy();
			my $result = ask($session, $call);
			push @wrong, "turn $turn: $result"
			  if $result !~ /\|/ && $every == 0 && copy() ne $before;
			$simulator->heal;
		}
		ask($session, "CALL qianfan_fdw_sync('model_comp_tasks', 'copy', only_new => true)")
		  if rand() < 0.2;
		my $result = ask($session, $call);
		push @wrong, "turn $turn: $result" if $result !~ /\|/;
		my $account = account();
		my $wanted = join "\n", map { $account->{$_} } sort keys %$account;
		push @wrong, "turn $turn: copy" if copy() ne $wanted;
		push @wrong, "turn $turn: missing"
		  if ask($session, 'SELECT count(*) FROM copy WHERE missing_since IS NOT NULL') != 
		  ($delete ? 0 : (split /\|/, $result)[3]);

		# A synchronization that committed and failed may have told of the
		# same change; nothing happens to the account in between.
		my $new = states();
		my $changes = changes($old, $new);
		push @wrong, "turn $turn: notices" if notices() ne $changes;
		push @wrong, "turn $turn: history"
		  if ask($session, "SELECT string_agg(id || '|' || coalesce(state, '-'), E'\\n' ORDER BY id COLLATE \"C\")
		         FROM (SELECT * FROM copy_history ORDER BY seen_at OFFSET $seen) h") ne
		  join "\n", map { s/\|.*\|/|/r } split /\n/, $changes;
		live([ sort keys %$account ], \%gone);
	}
	return @wrong;
}

ask($listener, 'LISTEN qianfan_fdw');
my @failed;
foreach my $seed ($first .. $first + $count - 1)
{
	my @wrong = history_of($seed);
	push @failed, "history $seed, $_" foreach @wrong;
}
is(join("\n", @failed), '', "$count histories");

end_test($node);
