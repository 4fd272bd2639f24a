# Proves that connections that did not come about do not use up the sockets a
# session may have.
#
# libcurl 7.88 to 8.1 closes such a socket without telling (curl issue 11439).

use QianfanTest;
use Sessions qw(full_listener);

# Its backlog is full, so no connection comes about.
my ($full, @fill) = full_listener();
my $port = $full->sockport;
# A third of the descriptors may be sockets.
my ($node, $simulator) = new_server(
	tasks => 10,
	conf  => 'max_files_per_process = 100',
	sql   => <<"SQL");
CREATE SERVER backlog FOREIGN DATA WRAPPER qianfan_fdw
  OPTIONS (endpoint 'http://127.0.0.1:$port', max_retries '0', connect_timeout '10ms');
CREATE USER MAPPING FOR CURRENT_USER SERVER backlog
  OPTIONS (access_key 'a', secret_key 's');
CREATE FOREIGN TABLE backlog (id text, state text) SERVER backlog;
CREATE FUNCTION fail_often(times int) RETURNS int LANGUAGE plpgsql AS \$\$
DECLARE failed int := 0;
BEGIN
  FOR i IN 1 .. times LOOP
    BEGIN
      PERFORM * FROM backlog WHERE id = 'x';
    EXCEPTION WHEN fdw_unable_to_establish_connection THEN failed := failed + 1;
    END;
  END LOOP;
  RETURN failed;
END \$\$;
SQL

is( $node->safe_psql(
		'postgres', 'SELECT fail_often(100); SELECT count(*) FROM model_comp_tasks'),
	"100\n10",
	'a hundred timeouts, and the other server still answers');
end_test($node);
