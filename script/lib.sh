# lib.sh
#	  What bootstrap, test and demo have in common.
#
# script/lib.sh
#
# To be sourced by bash.  Everything a script makes lives in one temporary
# directory, $work: a copy of the sources, a private copy of the PostgreSQL
# installation, the cluster, sockets, logs.  So two runs never meet, nothing
# is installed on the machine, and one "rm -rf" is the whole clean-up.

# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P) || exit 1

MINIMUM_VERSION=15

work=				# temporary directory; empty until there is one
keep=				# not empty: leave $work behind
workspace=				# $work, or where in it a copy of what follows is used
tree=				# copy of the sources, in $workspace
server_user=		# who runs the server, when we are root; else empty
pg_config=			# the pg_config of the PostgreSQL to build for
pg_bindir=			# its programs
public_pg_config=	# the one that make_private_server made a copy of
step_pid=			# process group of the step that is running
simulator_input=	# its standard input; see start_simulator
simulator_pid=		# set while there is a simulator of ours

# What compilers made is kept here between runs, if somebody made the directory
# (owned by $server_user) and ccache is installed.
compiler_cache=${QIANFAN_CCACHE:-/var/tmp/qianfan_fdw-ccache}

# see forbid_servers
cluster_policy=/etc/postgresql-common/createcluster.d/qianfan_fdw.conf
service_policy=/usr/sbin/policy-rc.d
wrote_cluster_policy=
wrote_service_policy=

say()
{
	printf '%s\n' "$*"
}

die()
{
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

have()
{
	command -v "$1" >/dev/null 2>&1
}

is_root()
{
	[ "$(id -u)" -eq 0 ]
}

as_root()
{
	if is_root
	then
		"$@"
	else
		sudo "$@"
	fi
}

have_header()
{
	local file

	for file in /usr/include/"$1" /usr/include/*/"$1" /usr/local/include/"$1"
	do
		[ ! -e "$file" ] || return 0
	done
	return 1
}

# Installing a server package makes a cluster and starts it, unless told not
# to.  Both files exist only while packages are being installed, and one that
# the administrator wrote is left as it is.
forbid_servers()
{
	trap allow_servers EXIT
	trap 'exit 130' INT
	trap 'exit 143' HUP TERM
	if [ ! -e "$cluster_policy" ]
	then
		wrote_cluster_policy=yes
		as_root mkdir -p "${cluster_policy%/*}"
		echo "create_main_cluster = false" |
			as_root tee "$cluster_policy" >/dev/null
	fi
	if [ ! -e "$service_policy" ]
	then
		wrote_service_policy=yes
		printf '#!/bin/sh\nexit 101\n' | as_root tee "$service_policy" >/dev/null
		as_root chmod 755 "$service_policy"
	fi
}

allow_servers()
{
	if [ -n "$wrote_cluster_policy" ]
	then
		as_root rm -f "$cluster_policy"
		as_root rmdir "${cluster_policy%/*}" 2>/dev/null
	fi
	[ -z "$wrote_service_policy" ] || as_root rm -f "$service_policy"
}

install_packages()
{
	as_root env DEBIAN_FRONTEND=noninteractive LC_ALL=C \
		apt-get -q -y -o DPkg::Lock::Timeout=600 \
		-o Dpkg::Options::=--force-confold \
		install --no-install-recommends "$@" ||
		die "could not install: $*"
}

# The caller's PATH may start with directories that only root can read
# (version managers in its home), and those would hide the system's python3
# from the server user.  So root gets the system's PATH.
set_path()
{
	local system=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

	if is_root
	then
		PATH=$system
	else
		PATH=$PATH:$system
	fi
	export PATH
}

# Forget what the caller's environment says about PostgreSQL, make, perl,
# proxies, time zone and language: a test that passes must pass everywhere.
# Further arguments name variables to keep.
clean_environment()
{
	local name kept="QIANFAN_ALLOW_MISSING_CLIENTS CURL_PREFIX"

	for name in $(compgen -e)
	do
		case " PATH HOME USER LOGNAME TERM TMPDIR PG_CONFIG PWD $kept $* " in
			*" $name "*) ;;
			*) unset "$name" 2>/dev/null || : ;;
		esac
	done
	export LC_ALL=C
	umask 022
}

# major version of the given pg_config, e.g. 15
pg_major()
{
	"$1" --version 2>/dev/null |
		sed -n 's/^PostgreSQL \([0-9][0-9]*\).*/\1/p'
}

# Does this pg_config belong to a PostgreSQL that can be built for and run?
pg_usable()
{
	local major

	major=$(pg_major "$1") &&
		[ -n "$major" ] && [ "$major" -ge "$MINIMUM_VERSION" ] &&
		[ -f "$("$1" --pgxs)" ] &&
		[ -f "$("$1" --includedir-server)/postgres.h" ] &&
		[ -x "$("$1" --bindir)/postgres" ]
}

# What PostgreSQLs there may be: $PG_CONFIG if given, else the one in PATH, else
# the newest of Debian's per-version directories.
pg_config_candidates()
{
	if [ -n "${PG_CONFIG:-}" ]
	then
		echo "$PG_CONFIG"
	else
		echo pg_config
		printf '%s\n' /usr/lib/postgresql/*/bin/pg_config | sort -t/ -k5,5nr
	fi
}

# Set pg_config and pg_bindir to the first that fulfils a condition, which is a
# command: by default, that one can build for it.
find_pg_config()
{
	local candidate condition=${1-pg_usable}

	for candidate in $(pg_config_candidates)
	do
		if have "$candidate" && "$condition" "$candidate"
		then
			pg_bindir=$("$candidate" --bindir)
			# Debian's /usr/bin/pg_config is a wrapper that would not follow
			# the copy made by make_private_server
			pg_config=$pg_bindir/pg_config
			return 0
		fi
	done
	return 1
}

# Does this pg_config belong to a server that has the wrapper installed?
has_wrapper()
{
	[ -f "$("$1" --sharedir)/extension/qianfan_fdw.control" ] &&
		[ -x "$("$1" --bindir)/postgres" ]
}

# clang in PATH, or the one PostgreSQL was built with
find_clang()
{
	local clang

	clang=$(sed -n 's/^CLANG[[:space:]]*=[[:space:]]*//p' \
		"$(dirname "$("$pg_config" --pgxs)")/../Makefile.global" 2>/dev/null)
	for clang in clang $clang
	do
		if have "$clang"
		then
			command -v "$clang"
			return 0
		fi
	done
	return 1
}

# can_fuzz CLANG: does it have libFuzzer and the sanitizers to go with it?
can_fuzz()
{
	local directory status=0

	directory=$(mktemp -d) || return 1
	echo 'int LLVMFuzzerTestOneInput(const char *d, unsigned long n) { return 0; }' |
		"$1" -x c - -fsanitize=fuzzer,address,undefined \
			-o "$directory/probe" 2>/dev/null || status=1
	rm -rf "$directory"
	return "$status"
}

# Run a command as the user who may run a server (initdb and postgres refuse
# root).  setpriv, not su or runuser: no PAM, no second session, so signals and
# terminals behave as if the command had been called directly.
run_as_server_user()
(
	# shellcheck disable=SC2030
	export PATH="$pg_bindir:$PATH" HOME="$work/home" TMPDIR="$work/tmp"

	unset PG_CONFIG
	if [ -d "$compiler_cache" ] && [ -d /usr/lib/ccache ]
	then
		# the same file in another temporary directory is the same
		export PATH="/usr/lib/ccache:$PATH" CCACHE_DIR="$compiler_cache"
		export CCACHE_BASEDIR="$work" CCACHE_NOHASHDIR=yes
	fi
	if [ -n "$server_user" ]
	then
		export USER="$server_user" LOGNAME="$server_user"
		exec setpriv --reuid="$server_user" \
			--regid="$(id -g "$server_user")" --init-groups -- "$@"
	fi
	exec "$@"
)

# Make $work, and have it removed whatever happens from here on.
make_work_directory()
{
	# shellcheck disable=SC2031
	local parent=${TMPDIR:-/tmp}

	if is_root
	then
		server_user=postgres
		id -u "$server_user" >/dev/null 2>&1 || server_user=nobody

		# nobody but root may enter root's own temporary directory
		setpriv --reuid="$server_user" --clear-groups \
			--regid="$(id -g "$server_user")" -- \
			test -x "$parent" || parent=/tmp
	fi

	# the path of a socket is limited to some 100 bytes
	[ "${#parent}" -le 40 ] || parent=/tmp

	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
	trap clean_up EXIT
	work=$(mktemp -d "$parent/qianfan.XXXXXX") || die "could not make a temporary directory"
	mkdir "$work/home" "$work/tmp"
	enter_workspace "$work"
}

# From here on, sources, server, cluster and its logs are those of another
# directory.
enter_workspace()
{
	workspace=$1
	tree=$workspace/tree
	mkdir -p "$workspace/log" "$workspace/socket" "$tree"
	give_to_server_user "$workspace"
}

give_to_server_user()
{
	[ -z "$server_user" ] ||
		chown -R "$server_user:$(id -g "$server_user")" "$@"
}

# Copy the sources as they are now: what git tracks and what it does not
# ignore, or everything when this is not a git checkout.
copy_tree()
{
	local file list=$work/files

	if [ -e "$root/.git" ] && have git
	then
		# The checkout may belong to somebody else than the caller, which git
		# refuses unless told on the command line.  A tracked file may be
		# gone from the working tree.
		git -c safe.directory='*' -C "$root" ls-files -z \
			--cached --others --exclude-standard |
			while IFS= read -r -d '' file
			do
				if [ -e "$root/$file" ] || [ -L "$root/$file" ]
				then
					printf '%s\0' "$file"
				fi
			done >"$list"
	else
		(cd "$root" && find . \( -name .git -o -name 'tmp_check*' \) -prune -o ! -type d \
			! -name '*.o' ! -name '*.bc' ! -name '*.so' ! -name '*.pyc' \
			-print0) >"$list"
	fi
	if [ ! -s "$list" ] ||
		! tar -C "$root" --null -T "$list" -cf - |
			tar -C "$tree" --no-same-owner -xf -
	then
		say "could not copy the files of $root"
		return 1
	fi
	rm -f "$list"
	give_to_server_user "$tree"
}

# Copy the PostgreSQL installation into $workspace and turn pg_config and pg_bindir
# to the copy.  The programs find everything else relative to themselves, so
# "make install" with this pg_config touches only the copy.  That needs no
# privilege, leaves the machine's PostgreSQL alone, and lets two runs install
# different builds at the same time.  Only the programs are really copied; the
# rest are links.
make_private_server()
{
	local copy=$workspace/server directory library

	[ -n "$public_pg_config" ] || public_pg_config=$pg_config
	pg_config=$public_pg_config
	pg_bindir=$("$pg_config" --bindir) || return 1
	for directory in --bindir --pkglibdir --sharedir --includedir-server
	do
		directory=$("$pg_config" "$directory") || return 1
		[ -d "$copy$directory" ] && continue
		mkdir -p "$copy$directory"
		cp -rs "$directory/." "$copy$directory/" || return 1
	done
	# unit programs want them; Debian has them in pkglibdir
	directory=$("$pg_config" --libdir) || return 1
	mkdir -p "$copy$directory"
	for library in libpgcommon libpgport
	do
		[ ! -e "$directory/$library.a" ] ||
			ln -sf "$directory/$library.a" "$copy$directory/" || return 1
	done
	rm -rf "$copy$pg_bindir"
	cp -rL "$pg_bindir" "$copy$pg_bindir" || return 1

	# an installed qianfan_fdw must not stand in for the one being built
	find "$copy" -name 'qianfan_fdw*' -prune -exec rm -rf {} +

	pg_bindir=$copy$pg_bindir
	pg_config=$pg_bindir/pg_config
	case $("$pg_config" --pkglibdir) in
		"$copy"/*) ;;
		*)
			say "this PostgreSQL cannot be relocated: $("$pg_config" --pkglibdir)"
			return 1
			;;
	esac
	give_to_server_user -h "$copy"
}

# From here on, initdb of the private server makes a cluster once, and copies
# for whoever wants the same.  Every TAP test wants one, and copying takes a
# tenth of the time.
remember_clusters()
{
	local templates=$workspace/templates

	mkdir "$templates" && mv "$pg_bindir/initdb" "$pg_bindir/initdb.real" ||
		return 1
	cat >"$pg_bindir/initdb" <<-SCRIPT
		#!/bin/bash
		templates='$templates'
		real='$pg_bindir/initdb.real'
	SCRIPT
	cat >>"$pg_bindir/initdb" <<-'SCRIPT'
		directory= arguments=("$@") others=()
		while [ $# -gt 0 ]
		do
			case $1 in
				-D) directory=$2 && shift ;;
				*) others+=("$1") ;;
			esac
			shift
		done
		[ -n "$directory" ] && [ ! -e "$directory" ] ||
			exec "$real" "${arguments[@]}"
		template=$templates/$(
			printf '%s\n' "${others[@]}" "$LC_ALL" "$LANG" | sha256sum | cut -c 1-16
		)
		exec 9>"$template.lock"
		flock 9
		if [ ! -e "$template.made" ]
		then
			"$real" -D "$template" "${others[@]}" || exit
			touch "$template.made"
		fi
		exec 9>&-
		cp -a --reflink=auto "$template" "$directory"
	SCRIPT
	chmod 755 "$pg_bindir/initdb"
	give_to_server_user "$templates"
}

# Initialize and start a cluster that listens on a socket in $workspace only, hence
# the port needs no search.  Arguments are further lines of postgresql.conf.
start_cluster()
{
	local data=$workspace/data

	rm -rf "$data"
	run_as_server_user initdb --pgdata="$data" --username=postgres \
		--auth=trust --encoding=UTF8 --locale=C --no-sync \
		>"$workspace/log/initdb.log" 2>&1 ||
		{
			say "initdb failed:"
			tail -n 20 "$workspace/log/initdb.log"
			return 1
		}
	cat >>"$data/postgresql.conf" <<-CONF
		listen_addresses = ''
		unix_socket_directories = '$workspace/socket'
		port = 5432
		fsync = off
		shared_buffers = 32MB
		timezone = 'UTC'
		log_timezone = 'UTC'
		log_line_prefix = '%m [%p] %q%d '
	CONF
	[ $# -eq 0 ] || printf '%s\n' "$@" >>"$data/postgresql.conf"

	run_as_server_user pg_ctl start -w -s -D "$data" \
		-l "$workspace/log/server.log" </dev/null >"$workspace/log/start.log" 2>&1 ||
		{
			say "the server did not start:"
			tail -n 20 "$workspace/log/start.log" "$workspace/log/server.log"
			return 1
		}
	export PGHOST=$workspace/socket PGPORT=5432 PGUSER=postgres
	export PGDATABASE=postgres PGCLIENTENCODING=UTF8
}

# Start the simulator and set simulator_endpoint, simulator_access_key and
# simulator_secret_key.  It lives until its standard input, which only we hold,
# is closed: by stop_simulator, or by the end of this process, whatever that is.
# A session of its own keeps it out of reach of the terminal's Ctrl-C.
start_simulator()
{
	# shellcheck disable=SC2016 # expanded by the inner shell
	coproc simulator {
		run_as_server_user setsid --wait \
			"$tree/test/simulator/with-simulator" "$@" -- sh -c '
				echo "$QIANFAN_SIMULATOR_ENDPOINT"
				echo "$QIANFAN_SIMULATOR_ACCESS_KEY"
				echo "$QIANFAN_SIMULATOR_SECRET_KEY"
				exec cat' 2>"$work/log/simulator.log"
	}
	# shellcheck disable=SC2154 # made by coproc
	simulator_pid=$simulator_PID
	simulator_input=${simulator[1]}
	# shellcheck disable=SC2034 # for the caller
	if ! read -r -t 60 -u "${simulator[0]}" simulator_endpoint ||
		! read -r -t 60 -u "${simulator[0]}" simulator_access_key ||
		! read -r -t 60 -u "${simulator[0]}" simulator_secret_key
	then
		say "the simulator did not start:"
		tail -n 20 "$work/log/simulator.log"
		return 1
	fi
}

stop_simulator()
{
	[ -n "$simulator_pid" ] || return 0
	exec {simulator_input}>&-
	wait "$simulator_pid" 2>/dev/null
	simulator_pid=
}

# stop_servers DIRECTORY: stop every server whose data directory is below it,
# those of a TAP test that was interrupted, too.  A copy of a data directory has
# the process id of somebody else's server; the second line tells.
stop_servers()
{
	local file

	find "$1" -name postmaster.pid 2>/dev/null |
		while IFS= read -r file
		do
			[ "$(sed -n 2p "$file")" -ef "${file%/*}" ] || continue
			run_as_server_user pg_ctl stop -w -s -m fast \
				-D "${file%/*}" </dev/null >/dev/null 2>&1 || :
		done
}

# End the running step with all its children.
stop_step()
{
	[ -n "$step_pid" ] || return 0
	kill -TERM -- "-$step_pid" 2>/dev/null
	wait "$step_pid" 2>/dev/null
	kill -KILL -- "-$step_pid" 2>/dev/null
	step_pid=
}

stop_cluster()
{
	stop_servers "$workspace/data"
	unset PGHOST PGPORT PGUSER PGDATABASE PGCLIENTENCODING
}

discard_work_directory()
{
	[ -n "$work" ] || return 0
	cd /
	stop_simulator
	stop_servers "$work"
	if [ -n "$keep" ]
	then
		say "kept: $work"
	else
		rm -rf "$work"
	fi
	work=
}

clean_up()
{
	local status=$?

	trap '' HUP INT TERM
	trap - EXIT
	stop_step
	stop_jobs
	discard_work_directory
	exit "$status"
}

# There are none, unless steps.sh is in use.
stop_jobs()
{
	:
}

# run_logged LOG TITLE COMMAND...
#
# Run a command as the server user in $tree, output to LOG, and tell how long
# it has been running if that is long.  Returns its exit status.  The command is
# a process group of its own, so that stop_step can end all of it.
run_logged()
{
	local log=$1 title=$2 done_fd status='' started=$SECONDS

	shift 2
	printf '==> %s\n' "$title"

	# the status comes through a pipe because read, unlike wait, has a timeout
	rm -f "$log.done"
	mkfifo "$log.done"
	exec {done_fd}<>"$log.done"
	rm -f "$log.done"
	set -m
	(
		trap - EXIT HUP INT TERM
		cd "$tree" || exit 1
		status=0
		run_as_server_user "$@" {done_fd}>&- || status=$?
		echo "$status" >&"$done_fd"
	) </dev/null >"$log" 2>&1 &
	step_pid=$!
	set +m
	until read -r -t 15 -u "$done_fd" status
	do
		kill -0 "$step_pid" 2>/dev/null || status=137
		[ -z "$status" ] || break
		printf '    still at it after %d s\n' $((SECONDS - started))
	done
	wait "$step_pid" 2>/dev/null
	stop_step
	exec {done_fd}>&-
	if [ "$status" -eq 0 ]
	then
		printf '    ok, %d s\n' $((SECONDS - started))
	else
		printf '    FAILED with status %d after %d s\n' "$status" \
			$((SECONDS - started))
	fi
	return "$status"
}
