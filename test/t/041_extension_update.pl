# Proves that ALTER EXTENSION UPDATE leads from every released version to this
# one, and that it ends where a new installation begins.
#
# test/released_versions lists what was released.  Two versions that never
# were, made here from the installation script, show that the test would
# notice: one has an update script that does its work, the other one that
# does nothing.

use QianfanTest;

my ($sharedir) = run_command([ 'pg_config', '--sharedir' ]);
my $directory = "$sharedir/extension";
plan skip_all => "$directory cannot be written to" unless -w $directory;

my ($current) = slurp_file("$directory/qianfan_fdw.control") =~
  /^default_version\s*=\s*'([^']+)'/m;
my @made;

sub make_script
{
	my ($name, $text) = @_;
	my $file = "$directory/qianfan_fdw--$name.sql";
	die "$file exists" if -e $file;
	push @made, $file;
	append_to_file($file, $text);
	return;
}

END
{
	unlink @made;
}

# Versions that lack the function and its comment.
my $script   = slurp_file("$directory/qianfan_fdw--$current.sql");
my $function = qr/^(?:CREATE|COMMENT ON) FUNCTION qianfan_fdw_version\(\).*?;\n/ms;
my $missing  = join '', $script =~ /$function/g;
(my $rest = $script) =~ s/$function//g;
like($missing, qr/CREATE.*COMMENT/s, 'the script has what we take out');
make_script("0.9.sane", $rest);
make_script("0.9.sane--$current", $missing);
make_script("0.9.void", $rest);
make_script("0.9.void--$current", '');

my @released =
  grep { /\S/ && !/^#/ } split /\n/,
  slurp_file('test/released_versions');

my $simulator = QianfanSimulator->new(tasks => 50);
my $node      = new_node();
my ($id)      = $simulator->ids(1);

# What the extension in a database is: each member, its definition, who may use
# it, its comment, and what a dump takes along; of relations also the columns.
sub members
{
	my ($database) = @_;
	return $node->safe_psql($database, <<'SQL');
SELECT pg_describe_object(d.classid, d.objid, 0) COLLATE "C",
       CASE d.classid WHEN 'pg_proc'::regclass
                      THEN pg_get_functiondef(d.objid) END,
       (SELECT format('%s %s', proacl, proowner::regrole) FROM pg_proc p
         WHERE d.classid = 'pg_proc'::regclass AND p.oid = d.objid),
       (SELECT format('%s %s %s %s', fdwhandler::regproc, fdwvalidator::regproc,
                      fdwoptions, fdwacl)
          FROM pg_foreign_data_wrapper w
         WHERE d.classid = 'pg_foreign_data_wrapper'::regclass
           AND w.oid = d.objid),
       (SELECT format('%s %s %s %s %s', relkind, relacl, reloptions,
                      relpersistence, pg_get_viewdef(c.oid))
          FROM pg_class c
         WHERE d.classid = 'pg_class'::regclass AND c.oid = d.objid),
       (SELECT string_agg(format('%s %s %s', attname,
                                 format_type(atttypid, atttypmod),
                                 col_description(attrelid, attnum)), ', '
                          ORDER BY attnum)
          FROM pg_attribute a
         WHERE d.classid = 'pg_class'::regclass AND attrelid = d.objid
           AND attnum > 0 AND NOT attisdropped),
       (SELECT format('%s %s', privtype, initprivs) FROM pg_init_privs i
         WHERE i.classoid = d.classid AND i.objoid = d.objid AND objsubid = 0),
       obj_description(d.objid, d.classid::regclass::name)
  FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
 WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
   AND e.extname = 'qianfan_fdw'
 ORDER BY 1;
SELECT extowner::regrole, extrelocatable, extnamespace::regnamespace, extcondition,
       (SELECT array_agg(c::regclass) FROM unnest(extconfig) AS c)
  FROM pg_extension WHERE extname = 'qianfan_fdw';
SQL
}

# Does the library serve the objects that are there?
sub serves
{
	my ($database, $title) = @_;
	is( $node->safe_psql($database,
			"SELECT count(*) FROM states; SELECT count(state) FROM model_comp_tasks WHERE id = '$id';
			 SELECT qianfan_fdw_version(); ANALYZE model_comp_tasks;"),
		"50\n1\n$current", $title);
	is($node->psql($database, "ALTER SERVER qianfan OPTIONS (ADD page_size '0')"), 3,
		'... and its validator works');
	return;
}

# Install a version, use it, update it; returns the name of the database.
sub update_from
{
	my ($version) = @_;
	(my $database = "from_$version") =~ tr/./_/;
	$node->safe_psql('postgres', "CREATE DATABASE $database");
	$node->safe_psql($database,
		"CREATE EXTENSION qianfan_fdw VERSION '$version';\n"
		  . $simulator->setup_sql('qianfan')
		  . 'CREATE VIEW states AS SELECT id, state FROM model_comp_tasks;');
	serves($database, "the library serves the objects of $version")
	  if grep { $_ eq $version } @released;
	$node->safe_psql($database, "ALTER EXTENSION qianfan_fdw UPDATE TO '$current'");
	return $database;
}

$node->safe_psql('postgres', 'CREATE EXTENSION qianfan_fdw');
my $new = members('postgres');
like($new, qr/foreign-data wrapper qianfan_fdw/, 'members are found');

foreach my $version ('0.9.sane', @released)
{
	is( $node->safe_psql(
			'postgres',
			"SELECT path IS NOT NULL FROM pg_extension_update_paths('qianfan_fdw')
			  WHERE source = '$version' AND target = '$current'
			  UNION ALL SELECT true WHERE '$version' = '$current'"),
		't',
		"there is a way from $version");
	my $database = update_from($version);
	is( $node->safe_psql(
			$database,
			"SELECT extversion FROM pg_extension WHERE extname = 'qianfan_fdw'"
		),
		$current,
		"it leads to $current");
	is(members($database), $new, 'where a new installation begins');
	serves($database, 'and what was made before still works');
}

# PostgreSQL 18 shows what a library says of itself.
is( $node->safe_psql(
		'postgres',
		"SELECT current_setting('server_version_num')::int >= 180000")
	  eq 't'
	? $node->safe_psql(
		'postgres',
		"LOAD 'qianfan_fdw'; SELECT version FROM pg_get_loaded_modules() WHERE module_name = 'qianfan_fdw'"
	  )
	: $current,
	$current,
	'the library says the same');

isnt(members(update_from('0.9.void')),
	$new, 'an update script that forgets something is noticed');

end_test($node);
