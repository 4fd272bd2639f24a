# Proves that script/demo --psql fits the cookbook: the statements of README.md
# have the answers that are printed there, for the demo and for who goes on.

use Cwd qw(abs_path);
use FindBin;
use IPC::Run ();
use QianfanTest;

my $root = abs_path("$FindBin::Bin/../..");
my ($cookbook) = slurp_file("$root/README.md") =~ /^## Cookbook\n(.*?)^## /ms;
my @examples;    # [ SQL, words of its fence, output, words of its fence ]
push @examples, [ $1, $2, $3 ]
  while $cookbook =~ /^```sql[^\n]*\n(.*?)^```\n\n^```text([^\n]*)\n(.*?)^```\n/gms;
cmp_ok(scalar @examples, '>=', 4, 'there are examples');

# What psql fills up with spaces, the manual does not.
sub tidy { return $_[0] =~ s/ +$//gmr }

# Another server, whose data directory lies in the tree that the demo copies.
my $node = new_node();

# The table of the join is there, so only queries can be asked again.
my @queries = grep { $_->[1] !~ /unstable/ } @examples;
my $input   = join "\n", map { $_->[0] =~ s/^CREATE TABLE.*^ANALYZE[^\n]*\n//msr } @queries;
my $output  = '';
{
	local $ENV{PG_CONFIG} = (split /\n/, `command -v pg_config`)[0];
	delete local @ENV{qw(PGHOST PGPORT PGDATABASE PGUSER)};
	ok( IPC::Run::run(
			[ "$root/script/demo", '--installed', '--psql' ],
			'<', \$input, '>', \$output, '2>&1'),
		'the demo ends well') or diag($output);
}
$output = tidy($output);
my ($shown, $asked) = split /^Leave with .*\n/m, $output;
foreach my $example (@queries)
{
	my $title = (split /\n/, $example->[2])[2];
	foreach ([ 'shown', $shown ], [ 'asked again', $asked ])
	{
		ok(index($_->[1] // '', $example->[2]) >= 0, "$_->[0]: $title")
		  or diag($output);
	}
}
unlike($output, qr/could not|ERROR/, 'nothing to complain of');
like($output, qr/^==> cleaning up\n\z/m, 'the demo cleans up');
is($node->safe_psql('postgres', 'SELECT 1'), 1, '... and leaves other servers alone');
end_test($node);
