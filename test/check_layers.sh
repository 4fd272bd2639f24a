#!/bin/sh
#
# check_layers.sh
#	  Refuse an include that points the wrong way.
#
# test/check_layers.sh [--self-test | DIRECTORY]
#
# Reads every C file below DIRECTORY/src (default: this checkout) and says
# where it breaks a rule of src/README.md: who may include whom, which outside
# header has which home, where versions may be asked for, what guards are
# called, and that no two files share a base name.  With PG_CONFIG set, or
# pg_config in PATH, it also compiles every header alone.
#
# --self-test feeds it trees that each break one rule and expects a refusal.

LC_ALL=C
export LC_ALL

self=$(cd "$(dirname "$0")" && pwd)/$(basename "$0")

# The rules.  Prints violations, fails if there are any.
check_text()
{
	# shellcheck disable=SC2016 # the dollars are awk's
	find src -name '*.[ch]' | sort | xargs awk '
	BEGIN {
		may["resource"] = "resource"
		may["base"] = "base resource"
		may["http"] = "base http"
		may["data"] = "base resource data"
		may["api"] = "base resource http data api"
		may["fdw"] = "base resource data api fdw"
		may["join"] = "base resource data api fdw join"
		may["."] = "fdw join base"
	}

	function bad(text)
	{
		print FILENAME ":" FNR ": " text
		failed = 1
	}

	FNR == 1 {
		n = split(FILENAME, part, "/")
		layer = n == 2 ? "." : part[2]
		base = part[n]
		if (n > 3 || !(layer in may))
			bad("no such layer: " FILENAME)
		if (n == 2 && base != "qianfan_fdw.c")
			bad("only qianfan_fdw.c lies outside a layer")
		if (base in seen)
			bad("base name also used by " seen[base])
		seen[base] = FILENAME
		guard = ""
		if (base ~ /\.h$/)
			guard = "QF_" toupper(layer) "_" \
				toupper(substr(base, 1, length(base) - 2)) "_H"
		guards = 0
	}

	# a guard is #ifndef and #define of the same word, in this order, first
	guard && /^[ \t]*#[ \t]*[a-z]/ && guards < 2 {
		guards++
		want = (guards == 1 ? "ifndef" : "define") " " guard
		line = $0
		gsub(/^[ \t]*#[ \t]*|[ \t]+$/, "", line)
		gsub(/[ \t]+/, " ", line)
		if (line != want)
		{
			bad("header guard must be " guard)
			guards = 2
		}
	}

	/(PG|LIBCURL)_VERSION_NUM/ && FILENAME != "src/base/compat.h" {
		bad("versions are asked for in base/compat.h only")
	}

	/^[ \t]*#[ \t]*include/ {
		if (!match($0, /["<][^">]*[">]/))
		{
			bad("include of a macro")
			next
		}
		name = substr($0, RSTART + 1, RLENGTH - 2)

		if (name ~ /^curl\// && layer != "http")
			bad("<curl/...> belongs to http")
		if (name ~ /^openssl\// && layer != "http")
			bad("<openssl/...> belongs to http")
		if (tolower(name) ~ /(^|\/)cjson(_utils)?\.h$/ &&
			FILENAME != "src/data/json.c")
			bad("cJSON belongs to data/json.c")
		if (name == "foreign/fdwapi.h" && layer != "fdw" && layer != ".")
			bad("foreign/fdwapi.h belongs to fdw")
		if (name == "nodes/extensible.h" && layer != "join" && layer != ".")
			bad("nodes/extensible.h belongs to join")

		# ours, if it names a layer, climbs, or names no directory but a file
		# that is not the server'"'"'s own entry header
		split(name, step, "/")
		if (name ~ /(^|\/)\.\.?\//)
			bad("an include names its layer: " name)
		else if ((step[1] in may) && index(name, "/"))
		{
			if (index(" " may[layer] " ", " " step[1] " ") == 0)
				bad((layer == "." ? "qianfan_fdw.c" : layer) \
					" may not include " name)
		}
		else if ((getline ignored < ("src/" layer "/" name)) >= 0)
		{
			close("src/" layer "/" name)
			bad("an include names its layer: " name)
		}
	}

	END {
		if (NR == 0) { print "no C files below src"; failed = 1 }
		exit failed
	}'
}

# Every header compiles alone, after postgres.h as the server's own do.
check_headers()
{
	pg_config=${PG_CONFIG:-pg_config}
	server=$("$pg_config" --includedir-server 2>/dev/null) || return 0
	[ -f "$server/postgres.h" ] || return 0

	failed=0
	for header in $(find src -name '*.h' | sort)
	do
		# shellcheck disable=SC2046 # flags are words
		printf '#include "postgres.h"\n#include "%s"\n' "${header#src/}" |
			${CC:-gcc} -fsyntax-only -std=gnu11 -Wall -Werror -Isrc \
				-I"$server" $("$pg_config" --cppflags) -x c - ||
			{
				echo "$header:1: does not compile alone"
				failed=1
			}
	done
	return $failed
}

# refuse WHAT FILE LINE...: a tree with this FILE must not pass
refuse()
{
	what=$1 file=$2
	shift 2
	rm -rf "$scratch/src"
	mkdir -p "$scratch/src/data" "$scratch/$(dirname "$file")"
	printf '%s\n' '#include "postgres.h"' '#include "base/text.h"' \
		>"$scratch/src/data/json.c"
	printf '%s\n' "$@" >"$scratch/$file"
	number=$((number + 1))
	if "$self" "$scratch" >"$scratch/log" 2>&1 ||
		! grep -q "^$file:[0-9]*: " "$scratch/log"
	then
		echo "not ok $number - refuses $what"
		failures=1
	else
		echo "ok $number - refuses $what"
	fi
}

self_test()
{
	scratch=$(mktemp -d) || exit 1
	trap 'rm -rf "$scratch"' EXIT
	trap 'exit 1' HUP INT TERM
	number=0 failures=0

	# text only: the trees have no headers to compile against
	PG_CONFIG=/nonexistent
	export PG_CONFIG

	refuse "http including resource" src/http/pool.c '#include "resource/resource.h"'
	refuse "http including api" src/http/pool.c '#include "api/fetch.h"'
	refuse "base including http" src/base/guc.c '#include "http/pool.h"'
	refuse "resource including base" src/resource/a.c '# include "base/text.h"'
	refuse "data including http" src/data/row.c '#include "http/call.h"'
	refuse "api including fdw" src/api/fetch.c '#include "fdw/plan.h"'
	refuse "fdw including http" src/fdw/scan.c '#include "http/call.h"'
	refuse "fdw including join" src/fdw/scan.c '#include "join/exec.h"'
	refuse "qianfan_fdw.c including api" src/qianfan_fdw.c '#include "api/fetch.h"'
	refuse "an include without layer" src/data/row.c '#include "json.c"'
	refuse "an include that climbs" src/data/row.c '#include "../http/call.h"'
	refuse "curl outside http" src/api/fetch.c '#include <curl/curl.h>'
	refuse "OpenSSL outside http" src/base/text.c '#include <openssl/hmac.h>'
	refuse "cJSON outside data/json.c" src/data/row.c '#include <cjson/cJSON.h>'
	refuse "fdwapi.h outside fdw" src/api/fetch.c '#include "foreign/fdwapi.h"'
	refuse "extensible.h outside join" src/fdw/plan.c '#include "nodes/extensible.h"'
	refuse "a version test elsewhere" src/fdw/plan.c '#if PG_VERSION_NUM >= 160000'
	refuse "a libcurl version test elsewhere" src/http/pool.c '#if LIBCURL_VERSION_NUM'
	refuse "a base name used twice" src/http/json.c '#include "postgres.h"'
	refuse "an unknown layer" src/util/a.c '#include "postgres.h"'
	refuse "a stray file in src" src/util.c '#include "postgres.h"'
	refuse "a wrong header guard" src/http/call.h '#ifndef CALL_H' '#define CALL_H'
	refuse "a half header guard" src/http/call.h '#ifndef QF_HTTP_CALL_H' '#define QF_HTTP_CALL'

	rm -rf "$scratch/src"
	mkdir -p "$scratch/src/http" "$scratch/src/base"
	printf '%s\n' '#include "postgres.h"' '#include <curl/curl.h>' \
		'#include "base/text.h"' '#include "http/call.h"' \
		>"$scratch/src/http/call.c"
	printf '%s\n' '#ifndef QF_HTTP_CALL_H' '#define QF_HTTP_CALL_H' '#endif' \
		>"$scratch/src/http/call.h"
	number=$((number + 1))
	if [ "$("$self" "$scratch")" = ok ]
	then
		echo "ok $number - accepts a good tree"
	else
		echo "not ok $number - accepts a good tree"
		failures=1
	fi
	echo "1..$number"
	exit $failures
}

case ${1-} in
	--self-test) self_test ;;
	-*)
		echo "usage: $0 [--self-test | DIRECTORY]" >&2
		exit 2
		;;
esac
cd "${1:-$(dirname "$self")/..}" || exit 1
status=0
check_text || status=1
check_headers || status=1
[ $status -ne 0 ] || echo ok
exit $status
