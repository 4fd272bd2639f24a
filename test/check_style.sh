#!/bin/sh
#
# check_style.sh
#	  Refuse what pg_bsd_indent lets pass and CONTRIBUTING.md does not.
#
# test/check_style.sh [DIRECTORY]

LC_ALL=C
export LC_ALL

cd "${1:-$(dirname "$0")/..}" || exit 1
status=0

# In C: a banner that names the file's path, no line comments, no function
# longer than 100 lines, no white space at the end.
# shellcheck disable=SC2016 # the dollars are awk's
find src test/unit -name '*.[ch]' | sort | xargs awk '
	function bad(line, text)
	{
		print FILENAME ":" line ": " text
		failed = 1
	}

	function finish_file()
	{
		if (path && !banner)
		{
			print path ":1: no banner with the path of the file"
			failed = 1
		}
	}

	FNR == 1 { finish_file(); path = FILENAME; banner = 0; start = 0 }
	FNR <= 40 && index($0, FILENAME) { banner = 1 }
	/[ \t]$/ { bad(FNR, "white space at the end of the line") }
	/^[ \t]*\/\// || /[;{}][ \t]*\/\// { bad(FNR, "comments are /* */") }
	/^{/ { start = FNR }
	/^}/ {
		# declarations of types and tables end in something else
		if (start && $0 == "}" && FNR - start - 1 > 100)
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
