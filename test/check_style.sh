#!/bin/sh
#
# check_style.sh
#	  Refuse what pg_bsd_indent lets pass and CONTRIBUTING.md does not.
#
# test/check_style.sh [--self-test | DIRECTORY]
#
# --self-test feeds it trees that each break one rule and expects a refusal.

LC_ALL=C
export LC_ALL

self=$(cd "$(dirname "$0")" && pwd)/$(basename "$0")

# refuse WHAT FILE: what lies in $scratch/new, as this FILE, must not pass
refuse()
{
	rm -rf "$scratch/src" "$scratch/sql"
	mkdir -p "$scratch/src/api" "$scratch/sql"
	cp "$scratch/new" "$scratch/$2"
	number=$((number + 1))
	if sh "$self" "$scratch" >"$scratch/log" 2>&1 ||
		! grep -q "^$2:[0-9]*: " "$scratch/log"
	then
		echo "not ok $number - refuses $1"
		failures=1
	else
		echo "ok $number - refuses $1"
	fi
}

# c_file LINES-OF-FUNCTION: a file with one function of that length
c_file()
{
	echo "/* src/api/a.c */"
	echo "{"
	seq "$1"
	echo "}"
}

self_test()
{
	scratch=$(mktemp -d) || exit 1
	trap 'rm -rf "$scratch"' EXIT
	trap 'exit 1' HUP INT TERM
	mkdir -p "$scratch/test/unit"
	number=0 failures=0

	c_file 81 >"$scratch/new"
	refuse "a function of 81 lines" src/api/a.c
	{ c_file 1; seq 617; } >"$scratch/new"
	refuse "a file of 621 lines" src/api/a.c
	echo "int a;" >"$scratch/new"
	refuse "a file without banner" src/api/a.c
	{ c_file 1; echo "int a; // b"; } >"$scratch/new"
	refuse "a line comment" src/api/a.c
	{ c_file 1; echo "int a; "; } >"$scratch/new"
	refuse "a space at the end" src/api/a.c
	echo "SELECT 1;" >"$scratch/new"
	refuse "a test that proves nothing" sql/a.sql
	{ echo "-- Proves."; seq 199; } >"$scratch/new"
	refuse "a test of 200 lines" sql/a.sql

	rm -rf "$scratch/sql"
	c_file 80 >"$scratch/src/api/a.c"
	number=$((number + 1))
	if [ "$(sh "$self" "$scratch")" = ok ]
	then
		echo "ok $number - accepts a good tree"
	else
		echo "not ok $number - accepts a good tree"
		failures=1
	fi
	echo "1..$number"
	exit $failures
}

[ "${1-}" != --self-test ] || self_test
cd "${1:-$(dirname "$0")/..}" || exit 1
status=0

# In C: a banner that names the file's path, no line comments, no function
# longer than 80 lines, no file longer than 620, no white space at the end.
# shellcheck disable=SC2016 # the dollars are awk's
find src test/unit -name '*.[ch]' | sort | xargs awk '
	function bad(line, text)
	{
		print FILENAME ":" line ": " text
		failed = 1
	}

	function finish_file()
	{
		if (lines > 620)
		{
			print path ":" lines ": has " lines " lines, too many for one question"
			failed = 1
		}
		if (path && !banner)
		{
			print path ":1: no banner with the path of the file"
			failed = 1
		}
	}

	FNR == 1 { finish_file(); path = FILENAME; banner = 0; start = 0 }
	{ lines = FNR }
	FNR <= 40 && index($0, FILENAME) { banner = 1 }
	/[ \t]$/ { bad(FNR, "white space at the end of the line") }
	/^[ \t]*\/\// || /[;{}][ \t]*\/\// { bad(FNR, "comments are /* */") }
	/^{/ { start = FNR }
	/^}/ {
		# declarations of types and tables end in something else
		if (start && $0 == "}" && FNR - start - 1 > 80)
			bad(start, "function of " FNR - start - 1 " lines")
		start = 0
	}
	END { finish_file(); exit failed }' || status=1

# A test says in its first line what it proves, and has one subject.
for file in sql/*.sql test/t/*.pl
do
	[ -f "$file" ] || continue
	case $file in
		*.sql) comment='^--' ;;
		*) comment='^#' ;;
	esac
	head -n 1 "$file" | grep -q -e "$comment" ||
		{
			echo "$file:1: does not begin with what it proves"
			status=1
		}
	lines=$(wc -l <"$file")
	[ "$lines" -lt 200 ] ||
		{
			echo "$file:$lines: has $lines lines, one subject needs fewer"
			status=1
		}
done

[ $status -ne 0 ] || echo ok
exit $status
