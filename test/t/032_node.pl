# Proves that node-postgres reads the foreign table: simple, parameterised and
# named statements, batches, and a pool of sessions.

use FindBin;
use lib "$FindBin::Bin/../clients";
use ClientTest;
use QianfanTest;

my $node_js = find_program('node') // find_program('nodejs');
my $found   = $node_js
  && system("'$node_js' '@{[ client_file('node_pg.js') ]}' >/dev/null 2>&1") == 0;
need_client('node with pg', $found);

my ($simulator, $node) = start_server();
run_client($simulator, $node, 'node', $node_js, client_file('node_client.js'));

end_test($node);
