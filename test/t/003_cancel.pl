# Proves that a statement can be stopped wherever it waits, and leaves nothing.
#
# It is stopped in each situation below, and in each of the ways there are.

use QianfanTest;
use Sessions qw(open_session begin_query stop_query silent_listener full_listener);
use Time::HiRes qw(time);

my ($node, $simulator) = new_server(tasks => 1000);
$node->safe_psql('postgres',
	"ALTER SERVER qianfan OPTIONS (ADD max_concurrency '256')");

my @ids = $simulator->ids(300);
my $one = "id = '$ids[0]'";
my ($sorted, $sorted_page) = map {
	"(SELECT weight FROM model_comp_tasks $_ ORDER BY create_time LIMIT 5) t WHERE weight IS NOT NULL"
} '', q{WHERE source_model_id = 'amv-ckj6megznty6'};
my $all = "id = ANY ('{" . join(',', @ids) . "}')";

# Two listeners nobody accepts from.  The kernel completes connections to the
# first, so a TLS handshake starts and stalls; the backlog of the second is
# full, so not even a connection comes about.
my $silent = silent_listener();
my ($full, @fill) = full_listener();

foreach ([ 'silent', 'https', $silent ], [ 'backlog', 'http', $full ])
{
	my ($name, $scheme, $listener) = @$_;
	my $port = $listener->sockport;
	$node->safe_psql('postgres', <<"SQL");
CREATE SERVER $name FOREIGN DATA WRAPPER qianfan_fdw
  OPTIONS (endpoint '$scheme://127.0.0.1:$port', connect_timeout '60s');
CREATE USER MAPPING FOR CURRENT_USER SERVER $name
  OPTIONS (access_key 'a', secret_key 's');
CREATE FOREIGN TABLE $name (id text, state text) SERVER $name;
SQL
}

# name, preparation, table and condition, what to wait for at the simulator
my @situations = (
	[   'before headers', sub { $simulator->hold },
		"model_comp_tasks WHERE $one", [ 'held', 1 ]
	],
	[   'in mid body',
		sub { $simulator->fail('stall-mid-body', '--always') },
		"model_comp_tasks WHERE $one", [ 'faults_fired', 1 ]
	],
	[   'in a page of the list',
		sub { $simulator->fail('stall-mid-body', '--after', 3) },
		"model_comp_tasks WHERE state <> 'x'", [ 'faults_fired', 1 ]
	],
	[   'in the list of a scan that sorts',
		sub { $simulator->fail('stall-mid-body', '--after', 3) },
		$sorted, [ 'faults_fired', 1 ]
	],
	[   'in the details of a scan that sorts',
		sub { $simulator->hold('--action', 'DescribeModelCompTask') },
		$sorted_page, [ 'held', 5 ]
	],
	[   'in back-off',
		sub { $simulator->fail('http-503', '--always', '--retry-after', 15) },
		"model_comp_tasks WHERE $one", [ 'faults_fired', 1 ]
	],
	[   'with 256 calls', sub { $simulator->hold },
		"model_comp_tasks WHERE $all", [ 'held', 256 ]
	],
	[ 'while connecting',     sub { }, "backlog WHERE $one" ],
	[ 'in the TLS handshake', sub { }, "silent WHERE $one" ]);

my ($session, $pid);

# Start a statement in $session.
sub begin_situation
{
	my ($name, $prepare, $from) = @{ $_[0] };
	$simulator->reset;
	$prepare->();
	begin_query($session, "SELECT count(*) FROM $from");
	return;
}

# Return when it waits where it should.
sub wait_until_it_waits
{
	my ($sign) = $_[0][3];
	$simulator->wait_for(@$sign) if $sign;
	return $node->poll_query_until('postgres',
		"SELECT wait_event_type = 'Extension' AND state = 'active' FROM pg_stat_activity WHERE pid = $pid"
	);
}

# The kernel's table of TCP connections, each as a list of words.
sub tcp_table
{
	return map { [split] } grep { /:/ } split /\n/,
	  slurp_file('/proc/net/tcp');
}

# How many connections to a port wait for an answer to their SYN, our own
# attempts to fill the backlog left out?
sub syn_sent_to
{
	my ($port) = @_;
	my %ours = map { (stat $_)[1] => 1 } grep { defined } @fill;
	my $address = sprintf ':%04X', $port;
	return scalar
	  grep { $_->[2] =~ /$address$/ && $_->[3] eq '02' && !$ours{ $_->[9] } }
	  tcp_table();
}

# How many TCP connections a process has.
sub tcp_of
{
	my ($process) = @_;
	my %tcp = map { $_->[9] => 1 } tcp_table();
	return scalar grep { (readlink($_) // '') =~ /^socket:\[(\d+)\]/ && $tcp{$1} }
	  glob("/proc/$process/fd/*");
}

foreach my $situation (@situations)
{
	foreach my $way ('cancel', 'statement_timeout', 'terminate')
	{
		my $title = "$situation->[0], $way";

		# Between two attempts the connection is idle, and worth keeping.
		my $stays =
		  $situation->[0] eq 'in back-off' && $way ne 'terminate' ? 1 : 0;

		($session, $pid) = open_session($node);
		# The timeout strikes by itself, maybe before we could have looked.
		$session->query_safe("SET statement_timeout = '400ms'")
		  if $way eq 'statement_timeout';
		begin_situation($situation);
		ok(wait_until_it_waits($situation),
			"$title: the wait is visible in pg_stat_activity")
		  if $way ne 'statement_timeout';
		is(syn_sent_to($full->sockport), 1, "$title: it is connecting")
		  if $situation->[0] eq 'while connecting' && $way eq 'cancel';

		my $begun = time;
		my $state = stop_query($node, $session, $pid, $way);
		note sprintf '%s: ended after %.0f ms', $title,
		  (time - $begun) * 1000;

		is($state, $way eq 'terminate' ? '57P01' : '57014', "$title: SQLSTATE");
		$simulator->wait_below('in_flight', 0);
		is($simulator->get('in_flight'), 0, "$title: nothing in flight");
		$simulator->wait_below('connections_open', $stays);
		is($simulator->get('connections_open'), $stays,
			"$title: connections left open");
		next if $way eq 'terminate';

		is(tcp_of($pid), $stays, "$title: no other socket either") if -d '/proc/self/fd';
		$session->{stderr} = '';
		$simulator->reset;
		is( $session->query_safe(
				"SELECT count(*) FROM model_comp_tasks WHERE $one"),
			1,
			"$title: the session goes on");
		$session->quit;
	}
}

end_test($node);
