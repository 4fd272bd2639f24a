# Proves that a listener is told of each new task and each change of state, once
# the synchronization has committed, and of nothing else.

use Encode   ();
use JSON::PP ();
use QianfanTest;
use Sessions qw(open_session ask);

my ($node, $simulator) = new_server(tasks => 4);
my @ids = $simulator->ids(4);
my ($listener) = open_session($node);
my $sync = "CALL qianfan_fdw_sync('model_comp_tasks', 'watched')";

# What has come on a channel, in the order of the ids.
sub notices
{
	my $output = ask($listener, 'SELECT 1');
	return join ' ', sort map {
		my $notice = JSON::PP::decode_json($_);
		join '|', map { $notice->{$_} // 'null' } qw(table id old_state state)
	} $output =~ /payload "(.*)" received/g;
}

$node->safe_psql('postgres', <<'SQL');
SELECT qianfan_fdw_mirror('model_comp_tasks', 'watched');
CREATE TRIGGER notify AFTER INSERT OR UPDATE ON watched
	FOR EACH ROW EXECUTE FUNCTION qianfan_fdw_notify();
SQL
ask($listener, 'LISTEN qianfan_fdw');
$node->safe_psql('postgres', "BEGIN; $sync; ROLLBACK");
is(notices(), '', 'what is rolled back is not told');
my %states = map { split /\|/ } split /\n/,
  $node->safe_psql('postgres', 'SELECT id, state FROM model_comp_tasks');
$node->safe_psql('postgres', $sync);
is(notices(), join(' ', sort map { "public.watched|$_|null|$states{$_}" } @ids), 'new tasks');
$node->safe_psql('postgres', $sync);
is(notices(), '', 'nothing new');
$simulator->ctl('change', $ids[0], 'name', 'x');
$node->safe_psql('postgres', $sync);
is(notices(), '', 'another name is no news');
$simulator->ctl('change', $ids[0], 'status', 'a "state" \\ 状态');
$simulator->ctl('remove', $ids[1]);
$node->safe_psql('postgres', $sync);
is( Encode::decode('UTF-8', notices()),
	"public.watched|$ids[0]|$states{$ids[0]}|a \"state\" \\ \x{72b6}\x{6001}",
	'another state is, a task that is gone is not');

# Another channel, names and partitions.
$node->safe_psql('postgres', <<'SQL');
CREATE SCHEMA "Odd one";
CREATE FOREIGN TABLE odd ("Task" text OPTIONS (field 'id'), how text OPTIONS (field 'status')) SERVER qianfan;
CREATE TABLE "Odd one"."Copy" ("Task" text PRIMARY KEY, how text) PARTITION BY HASH ("Task");
CREATE TABLE "Odd one".part PARTITION OF "Odd one"."Copy" FOR VALUES WITH (MODULUS 1, REMAINDER 0);
CREATE TRIGGER notify AFTER INSERT OR UPDATE ON "Odd one"."Copy"
	FOR EACH ROW EXECUTE FUNCTION qianfan_fdw_notify('Other channel', 'Task', 'how');
SQL
ask($listener, 'LISTEN "Other channel"');
$node->safe_psql('postgres', q(CALL qianfan_fdw_sync('odd', '"Odd one"."Copy"')));
like(notices(), qr/^"Odd one"\."Copy"\|amva-\w+\|null\|/, 'a table of partitions by its own name');

end_test($node);
