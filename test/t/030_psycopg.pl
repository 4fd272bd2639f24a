# Proves that psycopg2 reads the foreign table with every kind of its cursors, and writes to it.

use FindBin;
use lib "$FindBin::Bin/../clients";
use ClientTest;
use QianfanTest;

# The system's python3, for it is the one Debian's modules are for.
my ($python) =
  grep { system("$_ -c 'import psycopg2.extras' >/dev/null 2>&1") == 0 }
  '/usr/bin/python3', 'python3';
need_client('psycopg2', $python);

my ($simulator, $node) = start_server();
$node->safe_psql('postgres',
	"CREATE SCHEMA writable; IMPORT FOREIGN SCHEMA qianfan FROM SERVER qianfan INTO writable OPTIONS (updatable 'true')");
run_client($simulator, $node, 'psycopg2', $python,
	client_file('psycopg_client.py'));
run_client($simulator, $node, 'named cursors', $python,
	client_file('psycopg_cursors.py'));
run_client($simulator, $node, 'writes', $python,
	client_file('psycopg_writes.py'));

end_test($node);
