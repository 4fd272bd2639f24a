# steps.sh
#	  Steps of a test run: several side by side, each counted and told about.
#
# script/steps.sh
#
# To be sourced by bash after lib.sh.  A job is a function that runs steps one
# after another, in a process of its own; jobs run side by side.  They tell
# the main process what they do through a pipe, and only the main process counts
# and prints, so that no two outputs mix.

# shellcheck shell=bash
# shellcheck disable=SC2317 # the counters are called by name

passed=0
failed=0
broken=				# titles of the steps that failed
events=				# descriptor of the pipe
job=main			# name of the job this process is
job_pids=			# processes of the jobs that run
step=0				# number of the last step of this job
declare -A running	# job -> what it does now, in the main process

# The counters print "passed failed" for a log.  They are called by name, from
# run.

# "ok 1 - a" and "not ok 2 - b"
count_tap()
{
	awk '
	/^ok( |$)/ { passed++ }
	/^not ok( |$)/ { if (/# *TODO/) passed++; else failed++ }
	END { print passed + 0, failed + 0 }' "$1"
}

# "test a ... ok 12 ms", or TAP since PostgreSQL 16
count_regress()
{
	awk '
	/^(test )? *[^ ]+ +\.\.\. ok( |$)/ || /^ok [0-9]/ { passed++ }
	/^(test )? *[^ ]+ +\.\.\. FAILED/ || /^not ok [0-9]/ { failed++ }
	END { print passed + 0, failed + 0 }' "$1"
}

# "Files=2, Tests=12", and for each file that failed a line such as
# "t/001.pl (Wstat: 512 Tests: 5 Failed: 2)"; a file that broke without a
# failed test counts as one
count_prove()
{
	awk '
	match($0, /\(Wstat: .* Tests: [0-9]+ Failed: [0-9]+\)/) {
		n = $0
		sub(/.* Failed: /, "", n)
		if (n + 0 > 0) among += n + 0; else beside++
	}
	match($0, /^Files=[0-9]+, Tests=[0-9]+/) {
		n = $0
		sub(/.*Tests=/, "", n)
		tests = n + 0
	}
	END { print tests - among, among + beside + 0 }' "$1"
}

# "Ran 12 tests in 0.1s" and "FAILED (failures=1, errors=2)", once per file
count_unittest()
{
	awk '
	/^Ran [0-9]+ tests? in / { ran += $2 }
	/^(OK|FAILED) \(/ {
		for (i = 2; i <= NF; i++)
		{
			n = $i
			gsub(/[^0-9]/, "", n)
			if ($i ~ /(failures|errors|successes)=/)
				failed += n
			else if ($i ~ /skipped=/)
				ran -= n
		}
	}
	END { print (ran > failed ? ran - failed : 0), failed + 0 }' "$1"
}

# the command itself is the test
count_one()
{
	echo 1 0
}

# preparation, which counts only when it fails
count_none()
{
	echo 0 0
}

# tell WORD...: one event, short enough to be written in one piece
tell()
{
	local IFS=$'\t'

	printf '%s\n' "$*" >&"$events"
}

# run TITLE KIND COMMAND...: one step, in $tree, as the server user
run()
{
	local title=$1 kind=$2 log status=0 good bad begun=$SECONDS

	shift 2
	step=$((step + 1))
	log=$work/log/$job-$(printf '%02d' "$step").log
	tell begin "$job" "$title"
	run_logged "$log" "$title" "$@" >/dev/null || status=$?
	read -r good bad < <("count_$kind" "$log")
	case $kind in
		one | none) ;;
		*) [ "$good" -gt 0 ] || [ "$bad" -gt 0 ] || status=1 ;;
	esac
	if [ "$status" -ne 0 ] && [ "$bad" -eq 0 ]
	then
		bad=1
		[ "$kind" != one ] || good=0
	fi
	tell end "$job" "$kind" "$good" "$bad" $((SECONDS - begun)) "$workspace" \
		"$log" "$title"
	[ "$status" -eq 0 ] && [ "$bad" -eq 0 ]
}

# note TEXT: a line for whoever watches
note()
{
	tell note "$*"
}

# give_up TITLE: something that cannot fail by a bug of ours did; ends the job
give_up()
{
	tell end "$job" none 0 1 0 "$workspace" /dev/null "$1"
	exit 1
}

# start_job NAME: call job_NAME in a process of its own
start_job()
{
	[ -n "$events" ] || open_events
	set -m
	(
		job=$1
		job_pids=
		trap 'exit 129' HUP
		trap 'exit 130' INT
		trap 'exit 143' TERM
		trap end_job EXIT
		cd "$tree" || exit 1
		"job_$1"
	) </dev/null &
	set +m
	job_pids="$job_pids $!"
	running[$1]='starting'
}

end_job()
{
	trap '' HUP INT TERM
	stop_step
	tell ended "$job"
}

# The pipe is open at both ends here, so that opening and closing wait for
# nobody.
open_events()
{
	mkfifo "$work/events" && exec {events}<>"$work/events" ||
		die "could not make a pipe"
}

# Print what the jobs do until none is left.
watch_jobs()
{
	local event words silent=$SECONDS

	while [ "${#running[@]}" -gt 0 ]
	do
		if IFS= read -r -t 15 -u "$events" event
		then
			# an empty word would be lost if tabs were only white space
			IFS=$'\037' read -r -a words <<<"${event//$'\t'/$'\037'}"
			handle_event "${words[@]}"
			silent=$SECONDS
		elif [ $((SECONDS - silent)) -ge 15 ]
		then
			find_dead_jobs
			tell_running
			silent=$SECONDS
		fi
	done
	# shellcheck disable=SC2086 # a list of processes
	wait $job_pids
	job_pids=
}

tell_running()
{
	local name list=

	for name in "${!running[@]}"
	do
		list="$list${list:+; }${running[$name]}"
	done
	[ -z "$list" ] || printf '%5d s  ... %s\n' $((SECONDS - begun)) "$list"
}

# A job that was killed said nothing.
find_dead_jobs()
{
	local pid

	for pid in $job_pids
	do
		! kill -0 "$pid" 2>/dev/null || return 0
	done
	running=()
	failed=$((failed + 1))
	broken="$broken
    a job of tests that ended without a word"
}

# handle_event WORD...: what tell was told
handle_event()
{
	case $1 in
		begin) running[$2]=$3 ;;
		note) printf '         %s\n' "$2" ;;
		ended) unset "running[$2]" ;;
		end) end_step "${@:3}" ;;
	esac
}

# end_step KIND PASSED FAILED SECONDS WORKSPACE LOG TITLE
end_step()
{
	local kind=$1 good=$2 bad=$3 seconds=$4 where=$5 log=$6 title=$7 counts=

	passed=$((passed + good))
	failed=$((failed + bad))
	case $kind in
		one | none) ;;
		*) counts=": $good passed, $bad failed" ;;
	esac
	if [ "$bad" -eq 0 ]
	then
		printf 'ok %4d s  %s%s\n' "$seconds" "$title" "$counts"
	else
		printf 'FAILED after %d s: %s%s\n' "$seconds" "$title" "$counts"
		broken="$broken
    $title"
		if [ "$log" != /dev/null ]
		then
			show_failure "$kind" "$log" "$where"
			broken="$broken
$(name_failures "$kind" "$log" "$where" | head -n 30 | sed 's/^/        /')"
		fi
	fi
}

# prove_logs LOG WORKSPACE: what the files that prove has found bad, or that
# stopped it, have to say
prove_logs()
{
	local name

	for name in $(
		sed -n 's/^\([^ ]*\)\.pl  *(Wstat: .*/\1/p' "$1"
		grep -l 'Bail out!' "$2"/tree/tmp_check/log/regress_log_* 2>/dev/null |
			sed 's/.*regress_log_//'
	)
	do
		name=$2/tree/tmp_check/log/regress_log_${name##*/}
		[ ! -s "$name" ] || echo "$name"
	done
}

# name_failures KIND LOG WORKSPACE: the tests that failed and the first words of
# why, for the end of a long output, which is what is read first
name_failures()
{
	local file

	case $1 in
		tap) grep '^not ok' "$2" ;;
		regress) grep -E '^(test )? *[^ ]+ +\.\.\. FAILED|^not ok' "$2" ;;
		unittest) grep -E '^(FAIL|ERROR):' "$2" ;;
		prove)
			for file in $(prove_logs "$2" "$3")
			do
				echo "${file##*/regress_log_}:"
				grep -E -A 6 '^(\[[^]]*\]\([^)]*\) )?not ok' "$file" | cut -c 1-200 |
					head -n 14
			done
			;;
	esac
}

# show_failure KIND LOG WORKSPACE
show_failure()
{
	local file

	case $1 in
		one | none)
			# the first complaint of a compiler is the one to read
			echo "---- its output begins ----"
			head -n 60 "$2"
			;;
		tap)
			echo "---- what failed ----"
			grep -A 20 '^not ok' "$2" | head -n 200
			echo "---- its output ends ----"
			tail -n 20 "$2"
			;;
		*)
			echo "---- its output ends ----"
			tail -n 60 "$2"
			;;
	esac
	case $1 in
		regress)
			file=$3/tree/regression.diffs
			if [ -s "$file" ]
			then
				echo "---- regression.diffs ----"
				head -n 400 "$file"
			fi
			grep -A 2 'PANIC:\|terminated by signal' "$3/log/server.log"
			;;
		prove)
			for file in $(prove_logs "$2" "$3")
			do
				echo "---- ${file##*/} ----"
				grep -E -A 8 '^(\[[^]]*\]\([^)]*\) )?not ok' "$file" | head -n 80
				echo "---- it ends ----"
				tail -n 50 "$file"
				# why a server is gone
				grep -h 'terminated by\|PANIC:\|FATAL:\|shut\(ting\)\? \?down\|shutdown' \
					"$3"/tree/tmp_check/log/"${file##*/regress_log_}"_*.log 2>/dev/null |
					tail -n 20
			done
			;;
	esac
	echo "----"
}

# End the jobs, which end their steps.
stop_jobs()
{
	# shellcheck disable=SC2086 # a list of processes
	[ -z "$job_pids" ] || kill -TERM $job_pids 2>/dev/null
	# shellcheck disable=SC2086
	wait $job_pids 2>/dev/null
	job_pids=
}

# Print the verdict and end.
finish()
{
	if [ -n "$broken" ]
	then
		printf 'failed:%s\n' "$broken"
	elif [ $((passed + failed)) -eq 0 ]
	then
		echo "no test ran"
	fi
	discard_work_directory
	say "$((SECONDS - begun)) s"
	say "$passed passed, $failed failed"
	[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
	exit
}
