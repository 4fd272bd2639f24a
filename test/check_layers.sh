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
	# resource/ first: it has the words that the others may not have
	# shellcheck disable=SC2016 # the dollars are awk's
	{
		find src -path 'src/resource/*.[ch]' | sort
		find src -name '*.[ch]' ! -path 'src/resource/*' | sort
	} | xargs awk '
	BEGIN {
		may["resource"] = "resource"
		may["base"] = "base resource"
		may["http"] = "base http"
		may["data"] = "base resource data"
		may["shared"] = "base shared"
		may["api"] = "base resource http data shared api"
		may["fdw"] = "base resource data api fdw"
		may["join"] = "base resource data api fdw join"
		may["copy"] = "base resource data api fdw copy"
		may["."] = "fdw join base shared"
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

	/(PG|LIBCURL)_VERSION_NUM|CURL_AT_LEAST_VERSION/ && FILENAME != "src/base/compat.h" {
		bad("versions are asked for in base/compat.h only")
	}

	# members of the API are the words in camelCase in strings of resource/
	{
		n = split($0, part, "\"")
		for (i = 1; n > 1 && i <= n; i++)
		{
			m = split(part[i], word, /[^A-Za-z0-9_]/)
			for (j = 1; j <= m; j++)
			{
				if (word[j] !~ /^[a-z]+[A-Z][A-Za-z]*$/)
					continue
				if (layer == "resource")
					member[word[j]] = 1
				else if (word[j] in member)
					bad("members of the API are named in resource only: " \
						word[j])
			}
		}
	}
	layer != "resource" && /(qf_json_member|member_text) *\([^;]*"/ {
		bad("members of the API are named in resource only")
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
			FILENAME != "src/data/json.c" &&
			FILENAME != "src/data/json_parse.c")
			bad("cJSON belongs to data/json.c and json_parse.c")
		if (name ~ /^common\/cryptohash\.h$/ && layer != "base")
			bad("common/cryptohash.h belongs to base")
		if (name ~ /^(storage\/(dsm.*|lwlock)|port\/atomics|lib\/dshash)\.h$/ &&
			layer != "shared")
			bad("what sessions share belongs to shared")
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
	mkdir -p "$scratch/src/resource"
	[ -f "$scratch/src/resource/a.c" ] ||
		printf '%s\n' 'x = "nextMarker";' >"$scratch/src/resource/a.c"
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

	refuse "http including resource" src/http/loop.c '#include "resource/resource.h"'
	refuse "http including api" src/http/loop.c '#include "api/fetch.h"'
	refuse "base including http" src/base/guc.c '#include "http/loop.h"'
	refuse "resource including base" src/resource/a.c '# include "base/text.h"'
	refuse "data including http" src/data/row.c '#include "http/sign.h"'
	refuse "api including fdw" src/api/fetch.c '#include "fdw/plan.h"'
	refuse "fdw including http" src/fdw/scan.c '#include "http/sign.h"'
	refuse "fdw including join" src/fdw/scan.c '#include "join/exec.h"'
	refuse "qianfan_fdw.c including api" src/qianfan_fdw.c '#include "api/fetch.h"'
	refuse "an include without layer" src/data/row.c '#include "json.c"'
	refuse "an include that climbs" src/data/row.c '#include "../http/sign.h"'
	refuse "curl outside http" src/api/fetch.c '#include <curl/curl.h>'
	refuse "OpenSSL outside http" src/base/text.c '#include <openssl/hmac.h>'
	refuse "cJSON outside its files" src/data/row.c '#include <cjson/cJSON.h>'
	refuse "shared including http" src/shared/area.c '#include "http/sign.h"'
	refuse "shared including resource" src/shared/area.c '#include "resource/resource.h"'
	refuse "fdw including shared" src/fdw/scan.c '#include "shared/area.h"'
	refuse "shared memory outside shared" src/api/queue.c '#include "storage/dsm_registry.h"'
	refuse "locks outside shared" src/api/queue.c '#include "storage/lwlock.h"'
	refuse "hashing outside base" src/shared/area.c '#include "common/cryptohash.h"'
	refuse "fdwapi.h outside fdw" src/api/fetch.c '#include "foreign/fdwapi.h"'
	refuse "extensible.h outside join" src/fdw/plan.c '#include "nodes/extensible.h"'
	refuse "a version test elsewhere" src/fdw/plan.c '#if PG_VERSION_NUM >= 160000'
	refuse "a libcurl version test elsewhere" src/http/loop.c '#if LIBCURL_VERSION_NUM'
	refuse "a member of the API" src/api/fetch.c 'x = "nextMarker";'
	refuse "a member of the API in a message" src/api/fetch.c 'f("No \"nextMarker\".");'
	refuse "a member of any name" src/api/fetch.c 'x = qf_json_member(y, "a");'
	refuse "libcurl's macro elsewhere" src/http/pool.c '#if CURL_AT_LEAST_VERSION(8, 0, 0)'
	refuse "a base name used twice" src/http/json.c '#include "postgres.h"'
	refuse "an unknown layer" src/util/a.c '#include "postgres.h"'
	refuse "a stray file in src" src/util.c '#include "postgres.h"'
	refuse "a wrong header guard" src/http/sign.h '#ifndef SIGN_H' '#define SIGN_H'
	refuse "a half header guard" src/http/sign.h '#ifndef QF_HTTP_SIGN_H' '#define QF_HTTP_SIGN'

	rm -rf "$scratch/src"
	mkdir -p "$scratch/src/http" "$scratch/src/base" "$scratch/src/api" \
		"$scratch/src/shared"
	printf '%s\n' '#include "shared/area.h"' >"$scratch/src/api/queue.c"
	printf '%s\n' '#include "port/atomics.h"' >"$scratch/src/shared/area.c"
	printf '%s\n' '#include "postgres.h"' '#include <curl/curl.h>' \
		'#include "base/text.h"' '#include "http/sign.h"' \
		>"$scratch/src/http/sign.c"
	printf '%s\n' '#ifndef QF_HTTP_SIGN_H' '#define QF_HTTP_SIGN_H' '#endif' \
		>"$scratch/src/http/sign.h"
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
