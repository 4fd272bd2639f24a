#!/bin/sh
#
# check_symbols.sh
#	  Refuse an exported symbol that does not carry our prefix, and another
#	  libcurl or OpenSSL than those in CURL_PREFIX, if that is set.
#
# test/check_symbols.sh MODULE.so
#
# The server loads modules with global symbol visibility, so a function called
# get_connection here would answer calls meant for another extension's.

LC_ALL=C
export LC_ALL

if [ $# -ne 1 ] || [ ! -f "$1" ]
then
	echo "usage: $0 MODULE.so" >&2
	exit 2
fi

if [ -n "${CURL_PREFIX-}" ]
then
	for library in libcurl libssl libcrypto
	do
		ldd "$1" | grep -q "^[[:space:]]*$library\.so\.[0-9.]* => $CURL_PREFIX/lib/" || {
			echo "$1: $library is not the one in $CURL_PREFIX"
			exit 1
		}
	done
fi

# _init, _fini and the like come from the C runtime, not from us
symbols=$(nm -D --defined-only "$1") || exit 1
echo "$symbols" | awk -v module="$1" '
	$2 !~ /^[A-Z]$/ { next }
	$3 ~ /^(_init|_fini|_edata|_end|__bss_start)$/ { next }
	{ seen++ }
	$3 ~ /^(qf_|qianfan|pg_finfo_qianfan|_PG_init$|Pg_magic_func$)/ { next }
	{ print module ": exported without prefix: " $3; bad = 1 }
	END {
		if (!seen) { print module ": no exported symbol at all"; bad = 1 }
		if (!bad) print "ok"
		exit bad
	}'
