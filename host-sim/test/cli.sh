#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# cli.sh
#
# The command line of vmci-sim: options, the socket's life, the sandbox, the trace. Prints TAP.
# Variables: O (build), SIM (another vmci-sim), CONFORM (another vmci-conform).
set -uo pipefail
export LC_ALL=C

cd "$(dirname "$0")/../.." || exit 2
O=${O:-build}
SIM=${SIM:-$O/bin/vmci-sim}
CONFORM=${CONFORM:-$O/bin/vmci-conform}
dir=$(mktemp -d) || exit 2
sim=
# shellcheck disable=SC2317  # called by the trap
cleanup() {
	[ -z "$sim" ] || kill -KILL "$sim" 2>/dev/null
	rm -rf "$dir"
}
trap cleanup EXIT

n=0
failed=0
check() {
	local text=$1
	shift
	n=$((n + 1))
	if "$@"; then
		echo "ok $n - $text"
	else
		echo "not ok $n - $text"
		sed 's/^/# /' "$dir/out" "$dir/err" "$dir/err2" 2>/dev/null
		failed=1
	fi
}

# Runs vmci-sim with the arguments; true when it ends with 2 and one line on the error output that holds $1.
# shellcheck disable=SC2317  # called by check
refuses() {
	local what=$1
	shift
	timeout 10 "$SIM" "$@" >"$dir/out2" 2>"$dir/err2" </dev/null
	[ $? = 2 ] && [ ! -s "$dir/out2" ] && grep -qF -- "$what" "$dir/err2" && [ "$(grep -c . "$dir/err2")" -le 2 ]
}

start() {
	# Emptied here and not by the new process: the line of the one before must not be taken for this one's.
	: >"$dir/out"
	"$SIM" serve --socket "$dir/s" "$@" >"$dir/out" 2>"$dir/err" </dev/null &
	sim=$!
	for _ in {1..100}; do
		grep -q '^listening on' "$dir/out" && return 0
		kill -0 "$sim" 2>/dev/null || return 1
		sleep 0.05
	done
	return 1
}

# Ends it with signal $1; true when it went with 0 and took its socket along.
# shellcheck disable=SC2317  # called by check
stop() {
	kill "-$1" "$sim"
	wait "$sim"
	local code=$?
	sim=
	[ "$code" = 0 ] && [ ! -e "$dir/s" ] && [ ! -s "$dir/err" ]
}

# A client that looks at the device: true when it found one and all is well.
# shellcheck disable=SC2317  # called by check
visit() {
	timeout 60 "$CONFORM" run --target "vfio-user:$dir/s" --role device --only "$1" --results= \
		>"$dir/visit" 2>&1
}

# ---- options -----------------------------------------------------------------------------------------

lines=$("$SIM" --help | wc -l)
check "--help fits a screen" [ "$lines" -le 24 ]
check "--help has no line beyond 80 columns" [ -z "$("$SIM" --help | grep '.\{81,\}')" ]
check "--version says who it is" grep -q '^vmci-sim' <("$SIM" --version)
check "without a command" refuses 'serve' --socket "$dir/s"
check "with another command" refuses 'command dance: expected serve' dance
check "with an argument too many" refuses 'argument x' serve --socket "$dir/s" x
check "without a socket" refuses '--socket' serve
check "an unknown option" refuses 'unrecognized option' serve --socket "$dir/s" --colour
check "--cid 2 is reserved" refuses '--cid 2: expected' serve --socket "$dir/s" --cid 2
check "--cid of 33 bits" refuses '--cid' serve --socket "$dir/s" --cid 0x100000000
check "--cid -1" refuses '--cid' serve --socket "$dir/s" --cid -1
check "--cid with a tail" refuses '--cid 17x' serve --socket "$dir/s" --cid 17x
check "--bar1 16k" refuses '--bar1 16k: expected 8k or 256k' serve --socket "$dir/s" --bar1 16k
check "--irq none" refuses '--irq none: expected msix, msi or intx' serve --socket "$dir/s" --irq none
check "--vectors 0" refuses '--vectors 0' serve --socket "$dir/s" --vectors 0
check "--vectors 9" refuses '--vectors 9' serve --socket "$dir/s" --vectors 9
check "--caps of an unknown name" refuses '--caps datagram,foo' serve --socket "$dir/s" --caps datagram,foo
check "--caps with an empty name" refuses '--caps datagram,' serve --socket "$dir/s" --caps datagram,
check "--caps beyond the known bits" refuses '--caps 0x40' serve --socket "$dir/s" --caps 0x40
check "--qp-memory with an unknown unit" refuses '--qp-memory 1Q' serve --socket "$dir/s" --qp-memory 1Q
check "--guestinfo without a sign" refuses '--guestinfo name: expected KEY=VALUE' serve --socket "$dir/s" --guestinfo name
check "--guestinfo of a bad name" refuses '--guestinfo a b=c: expected a name of' serve --socket "$dir/s" --guestinfo 'a b=c'
check "a trace that cannot be written" refuses '/nonexistent/t' serve --socket "$dir/s" --trace /nonexistent/t
check "a file for variables that cannot be written" refuses '/nonexistent/i' serve --socket "$dir/s" --guestinfo-out /nonexistent/i

# ---- the socket --------------------------------------------------------------------------------------

check "a path that is too long" refuses 'a socket' serve --socket "$dir/$(printf 'x%.0s' {1..120})"
check "a directory that is missing" refuses 'No such file' serve --socket "$dir/no/s"
mkdir -m 0777 "$dir/open"
chmod 0777 "$dir/open"
check "a directory that others may write to" refuses 'other users may write' serve --socket "$dir/open/s"
echo text >"$dir/file"
check "a path where a file is" refuses 'is no socket' serve --socket "$dir/file"
check "and the file stays" grep -q text "$dir/file"
ln -s "$dir/file" "$dir/link"
check "a path where a symbolic link is" refuses 'is no socket' serve --socket "$dir/link"
check "it starts and says where it listens" start
check "the socket is its owner's alone" [ "$(stat -c %a "$dir/s")" = 600 ]
check "a second one is refused" refuses 'in use' serve --socket "$dir/s"
check "and the first one's socket stays" [ -S "$dir/s" ]
check "SIGINT ends it and the socket is gone" stop INT
start
kill -KILL "$sim"
wait "$sim" 2>/dev/null
check "after SIGKILL the socket is left" [ -S "$dir/s" ]
check "and the next start takes its place" start
rm "$dir/s"
echo other >"$dir/s"
kill -TERM "$sim"
wait "$sim"
sim=
check "what stands in the socket's place is not removed" grep -q other "$dir/s"
rm -f "$dir/s"

# ---- serving -----------------------------------------------------------------------------------------

if [ -x "$CONFORM" ]; then
	start --trace "$dir/trace"
	check "a client finds the device" visit 'dev/*'
	check "and a second client after it" visit 'hc/query-context-id*'
	check "SIGTERM ends it and the socket is gone" stop TERM
	check "the trace names hypercalls" grep -q ' call  .*GET_CONTEXT_ID(1)' "$dir/trace"
	check "the trace names registers and bits" grep -q 'CAPS -> 0x0000003c (DATAGRAM NOTIFICATIONS PPN64 DMA_DATAGRAM)' "$dir/trace"
	check "the trace names refusals" grep -q ' refused ' "$dir/trace"
	check "the trace holds no control characters" [ -z "$(tr -d '\n -~' <"$dir/trace")" ]
	start --once --bar1 8k --caps datagram --irq msi --cid 77 --trace -
	check "--once serves a client" visit 'dev/*'
	wait "$sim"
	check "--once ends with it" [ $? = 0 ]
	sim=
	check "--trace - goes to the standard output" grep -q 'client connected' "$dir/out"
	check "behind the line that says where it listens" grep -q '^listening on' <(head -n 1 "$dir/out")
	start --no-peer
	visit 'dev/*'
	check "--no-peer leaves host actors out" grep -q 'unobs' "$dir/visit"
	check "SIGHUP ends it too" stop HUP
else
	echo "# $CONFORM is not built; serving is not tested here"
fi

echo "1..$n"
exit $failed
