
=pod

=head1 NAME

QianfanTest - what nearly every TAP test begins and ends with

=head1 SYNOPSIS

  use QianfanTest;

  my ($node, $simulator) = new_server(tasks => 500, conf => 'jit = off');
  my @ids = $simulator->ids(20);
  is($node->safe_psql('postgres', 'SELECT count(*) FROM model_comp_tasks'),
	500, 'all tasks');
  end_test($node);

=head1 DESCRIPTION

Turns on strict and warnings, and brings along Test::More,
PostgreSQL::Test::Cluster, PostgreSQL::Test::Utils and QianfanSimulator.

=head1 FUNCTIONS

  new_server(%args)      a cluster that runs, with extension, server "qianfan",
                         user mapping and foreign table in database postgres,
                         and the simulator they lead to; args: conf, init, env,
                         name and cache as below, sql (what else to run in
                         postgres), and all that QianfanSimulator->new takes;
                         returns the cluster and the simulator
  new_node(%args)        a cluster alone, running; args: name (main), conf
                         (lines of postgresql.conf), init (list: arguments of
                         the cluster's init), env (hash: environment of the
                         server), cache (true: answers may be taken from
                         memory; else calls are counted without)
  preloaded($name, @flags)
                         what LD_PRELOAD has to be for a server to be loaded with
                         test/simulator/$name.c, compiled with these flags;
                         skips the test where that is not possible
  point_to($node, $simulator)
                         programs started from here on find both in their
                         environment, as under with-simulator
  end_test(@nodes)       no server process crashed; stops the servers, and no
                         test may follow

=cut

package QianfanTest;

use strict;
use warnings;

use Exporter ();
use FindBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use QianfanSimulator;
use Test::More;

our @EXPORT = qw(new_server new_node preloaded point_to end_test);

sub import
{
	my $caller = caller;

	strict->import;
	warnings->import;
	Exporter::export($_, $caller)
	  foreach 'Test::More', 'PostgreSQL::Test::Utils', __PACKAGE__;
	return;
}

sub new_node
{
	my (%args) = @_;
	my $node = PostgreSQL::Test::Cluster->new($args{name} // 'main');

	$node->init(@{ $args{init} // [] });
	$node->append_conf('postgresql.conf', 'qianfan_fdw.enable_cache = off')
	  unless $args{cache};
	$node->append_conf('postgresql.conf', $args{conf}) if defined $args{conf};
	local %ENV = (%ENV, %{ $args{env} // {} });
	$node->start;
	return $node;
}

sub new_server
{
	my (%args) = @_;
	my %of_node = map { $_ => delete $args{$_} } qw(name conf init env cache);
	my $sql = delete $args{sql} // '';
	my $simulator = QianfanSimulator->new(%args);
	my $node      = new_node(%of_node);

	$node->safe_psql('postgres', $simulator->setup_sql('qianfan') . $sql);
	return ($node, $simulator);
}

sub preloaded
{
	my ($name, @flags) = @_;
	my $directory = PostgreSQL::Test::Utils::tempdir();
	my $library   = "$directory/$name.so";
	my $source    = "$FindBin::Bin/../simulator/$name.c";

	plan skip_all => 'needs LD_PRELOAD' unless $^O eq 'linux';
	plan skip_all => 'no C compiler here'
	  if system("cc --version >$directory/cc.log 2>&1");
	system('cc', '-shared', '-fPIC', '-o', $library, $source, @flags) == 0
	  or die "could not compile $source";
	return $library;
}

sub point_to
{
	my ($node, $simulator) = @_;
	my %environment = (
		PGHOST                       => $node->host,
		PGPORT                       => $node->port,
		PGDATABASE                   => 'postgres',
		PYTHONDONTWRITEBYTECODE      => 1,
		QIANFAN_SIMULATOR_ENDPOINT   => $simulator->endpoint,
		QIANFAN_SIMULATOR_CONTROL    => $simulator->control,
		QIANFAN_SIMULATOR_ACCESS_KEY => $simulator->access_key,
		QIANFAN_SIMULATOR_SECRET_KEY => $simulator->secret_key);
	@ENV{ keys %environment } = values %environment;
	return;
}

sub end_test
{
	my (@nodes) = @_;

	foreach my $node (@nodes)
	{
		unlike(slurp_file($node->logfile),
			qr/terminated by signal|PANIC/, 'no process crashed');
		$node->stop;
	}
	done_testing();
	return;
}

1;
