# Proves that JDBC reads the foreign table in each of its query modes, in
# batches, and in all types, learns of the table from the catalog, and writes to it.

use File::Temp ();
use FindBin;
use lib "$FindBin::Bin/../clients";
use ClientTest;
use QianfanTest;

my ($java, $javac) = (find_program('java'), find_program('javac'));
my ($driver) = grep { -r } '/usr/share/java/postgresql.jar';
need_client('a JDK with the JDBC driver', $java && $javac && $driver);

# Java looks for the home directory in the password file, and leaves a file
# about itself in /tmp, unless told not to.
my $directory = File::Temp->newdir(TMPDIR => 1);
my @switches  = (
	'-XX:-UsePerfData', '-XX:TieredStopAtLevel=1', '-Xmx128m',
	"-Duser.home=$directory", "-Djava.io.tmpdir=$directory",
	'-Dfile.encoding=UTF-8');
my @compile = (
	$javac, (map { "-J$_" } @switches),
	'-encoding', 'UTF-8', '-Xlint:all', '-Werror', '-cp', $driver, '-d',
	"$directory", glob(client_file('jdbc/*.java')));
is(system(@compile), 0, 'the clients compile')
  or do { done_testing(); exit 1 };

my ($simulator, $node) = start_server();
$node->safe_psql('postgres',
	"CREATE SCHEMA writable; IMPORT FOREIGN SCHEMA qianfan FROM SERVER qianfan INTO writable OPTIONS (updatable 'true')");
foreach my $class ('Reading', 'Stopping', 'Writing')
{
	run_client($simulator, $node, "JDBC $class", $java, @switches, '-cp',
		"$directory:$driver", $class);
}

end_test($node);
