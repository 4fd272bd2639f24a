# roots.sh
#	  Debian systems in directories, to build and test in.
#
# script/roots.sh
#
# To be sourced by bash after lib.sh, and used as root.  A root is made from
# nothing by mmdebstrap, kept as an archive in $cache, and unpacked afresh for
# each use.  What runs in one has its own mounts, processes, network (just a
# loopback device) and shared memory, so that nothing of it stays behind.

# shellcheck shell=bash

cache=${QIANFAN_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/qianfan_fdw}
fresh=				# not empty: make roots anew, whatever $cache has
mirror=				# where Debian's packages come from

# The one suite that still has pg_bsd_indent, and may be asked for it alone.
INDENT_SUITE=bookworm

# Install the tools this machine lacks, and find its mirror.
prepare_roots()
{
	local missing=

	is_root || die "only root can make and enter roots; try sudo"
	have mmdebstrap || missing="$missing mmdebstrap"
	have zstd || missing="$missing zstd"
	if [ -n "$missing" ]
	then
		have apt-get || die "please install:$missing"
		say "==> installing$missing"
		# shellcheck disable=SC2086 # a list of packages
		{
			apt-get -q update &&
				DEBIAN_FRONTEND=noninteractive apt-get -q -y \
					-o DPkg::Lock::Timeout=600 \
					install --no-install-recommends $missing
		} >/dev/null || die "could not install:$missing"
	fi
	find_mirror
	mkdir -p "$cache" || die "could not make $cache"
}

# The mirror this machine itself uses, unless QIANFAN_MIRROR names another.
find_mirror()
{
	# shellcheck disable=SC2016 # apt's own placeholders
	mirror=${QIANFAN_MIRROR:-$(
		apt-get indextargets --format '$(REPO_URI)' \
			'Created-By: Packages' 'Origin: Debian' 'Label: Debian' \
			2>/dev/null | head -n 1
	)}
	mirror=${mirror%/}
	[ -n "$mirror" ] ||
		die "apt knows no mirror of Debian; set QIANFAN_MIRROR to one"
}

# Make $work in $cache, where there is room, with a copy of the sources in $tree,
# and have all of it removed in the end.  Not make_work_directory's clean-up:
# the process ids that roots leave in their files mean nothing out here.
make_roots_directory()
{
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
	trap clean_up_roots EXIT
	work=$(mktemp -d "$cache/run.XXXXXX") ||
		die "could not make a temporary directory"
	chmod 755 "$work"
	tree=$work/tree
	mkdir "$tree" "$cache/log" 2>/dev/null
	copy_tree || die "could not copy the sources"
}

# End the jobs, which are process groups, before the roots under their feet.
clean_up_roots()
{
	local status=$? job

	trap '' HUP INT TERM
	trap - EXIT
	cd / || :
	for job in $(jobs -p)
	do
		kill -TERM -- "-$job" 2>/dev/null
	done
	wait
	[ -z "$work" ] || rm -rf --one-file-system "$work"
	exit "$status"
}

# root_sources SUITE: lines of sources.list
root_sources()
{
	[ "$1" != experimental ] || echo "deb $mirror sid main"
	[ "$1" = "$INDENT_SUITE" ] || echo "deb $mirror $INDENT_SUITE main"
	echo "deb $mirror $1 main"
}

# root_preferences SUITE: what may come from where
root_preferences()
{
	[ "$1" != "$INDENT_SUITE" ] || return 0
	cat <<-PIN
		Package: pg-bsd-indent
		Pin: release n=$INDENT_SUITE
		Pin-Priority: 500

		Package: *
		Pin: release n=$INDENT_SUITE
		Pin-Priority: -1
	PIN
	[ "$1" = experimental ] || return 0
	cat <<-PIN

		Package: src:postgresql-19
		Pin: release a=experimental
		Pin-Priority: 990
	PIN
}

# make_root NAME SUITE INPUT... -- OPTION...
#
# Set "archive" to an archive of the root NAME, which mmdebstrap makes of SUITE
# with these options unless it has done so before.  The contents of the files
# INPUT decide, with the options, whether an old one will do.  Hooks find the
# sources in $SOURCE.
make_root()
{
	local name=$1 suite=$2 inputs=() options key lock status=0

	shift 2
	while [ "$1" != -- ]
	do
		inputs+=("$1")
		shift
	done
	shift

	# A mirror's lists may have run out, which for a test is no harm.
	# shellcheck disable=SC2016 # for the shell of the hook
	options=(--mode=root --variant=apt
		--aptopt='Acquire::Languages "none"'
		--aptopt='Acquire::Check-Valid-Until "false"'
		--aptopt='Acquire::Retries "3"'
		--dpkgopt=force-unsafe-io
		--setup-hook='cp "$PREFERENCES" "$1/etc/apt/preferences.d/roots"'
		"$@")
	root_preferences "$suite" >"$work/$name.preferences"
	root_sources "$suite" >"$work/$name.sources"
	key=$(
		printf '%s\n' "${options[@]}" |
			cat - "$work/$name".* "${inputs[@]}" | sha256sum | cut -c 1-12
	)
	archive=$cache/$name-$key.tar.zst

	# two runs may want the same root at the same time
	exec {lock}>"$cache/$name.lock"
	flock "$lock"
	if [ -n "$fresh" ] || [ ! -s "$archive" ]
	then
		rm -f "$cache/$name"-*.tar.zst
		SOURCE=$tree PREFERENCES=$work/$name.preferences \
			mmdebstrap "${options[@]}" "$suite" \
			"$cache/$name.part.tar.zst" - <"$work/$name.sources" &&
			mv "$cache/$name.part.tar.zst" "$archive" || status=1
		rm -f "$cache/$name.part.tar.zst"
	fi
	exec {lock}>&-
	return "$status"
}

# unpack_root ARCHIVE DIRECTORY
unpack_root()
{
	mkdir -p "$2" &&
		zstd -q -d -c "$1" | tar -C "$2" --numeric-owner --xattrs -xf -
}

# in_root DIRECTORY COMMAND...
#
# Run a command in a root, alone in the world: when it ends, however it ends,
# its processes end and its mounts go away.  With online=yes it shares the
# network of the machine.
in_root()
{
	local directory=$1 namespaces=(--mount --pid --ipc --uts)

	shift
	[ -n "${online:-}" ] || namespaces+=(--net)
	# shellcheck disable=SC2016 # expanded by the inner shell
	unshare "${namespaces[@]}" --fork --kill-child -- sh -c '
		set -e
		directory=$1
		network=$2
		shift 2
		mount -t proc proc "$directory/proc"
		mount --rbind /dev "$directory/dev"
		mount -t tmpfs tmpfs "$directory/dev/shm"
		if [ -z "$network" ]
		then
			mount -t sysfs sysfs "$directory/sys"
			chroot "$directory" ip link set lo up
		else
			cat /etc/resolv.conf >"$directory/etc/resolv.conf"
			cat /etc/hosts >"$directory/etc/hosts"
		fi
		exec chroot "$directory" env -i LC_ALL=C.UTF-8 HOME=/root \
			PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
			"$@"' in_root "$directory" "${online:-}" "$@"
}
