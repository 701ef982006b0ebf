#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# watch.sh
#
# What looks on while vmci-sim serves: --check and --pcap, inside the sandbox. The guest is a vector over vfio-user.
# Captures are decoded by tshark, where it is installed. Prints TAP.
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
		sed 's/^/# /' "$dir/out" "$dir/err" 2>/dev/null | head -n 40
		failed=1
	fi
}

start() {
	: >"$dir/out"
	"$SIM" serve --socket "$dir/s" "$@" >"$dir/out" 2>"$dir/err" </dev/null &
	sim=$!
	for _ in {1..100}; do
		grep -q '^listening on' "$dir/out" && return 0
		sleep 0.05
	done
	return 1
}

# Ends it by SIGTERM; its exit code is $code.
stop() {
	kill -TERM "$sim"
	for _ in {1..100}; do
		kill -0 "$sim" 2>/dev/null || break
		sleep 0.05
	done
	kill -KILL "$sim" 2>/dev/null
	wait "$sim"
	code=$?
	sim=
}

# shellcheck disable=SC2317  # called by check
vectors() {
	"$CONFORM" run --target "vfio-user:$dir/s" --only "$1" --results= >"$dir/vectors" 2>&1
}

# shellcheck disable=SC2317  # called by check
found() {
	jq -e -s "map(select($1)) | length > 0" "$dir/report" >/dev/null
}

# shellcheck disable=SC2317  # called by check
report_comes() {
	kill -USR1 "$sim"
	for _ in {1..100}; do
		grep -q '^vmci-sim: check: ' "$dir/out" && return 0
		sleep 0.05
	done
	return 1
}

# A guest that starts, asks and sends as the book says: vectors about the device can be well-behaved guests.
start --check --check-report "$dir/report" --trace "$dir/trace"
check "a good guest: its vector passes" vectors 'dev/probe-leave-and-return'
check "SIGUSR1 makes a report" report_comes
check "the report is also there as JSON lines" found '.type == "summary" and .violated == 0'
check "a clause that held" found '.clause == "DEV.DRV.6" and .verdict == "held"'
stop
check "a good guest: exit code 0" [ "$code" = 0 ]

start --check --check-report "$dir/report" --trace "$dir/trace"
check "a bad guest: its vector passes, for the device is good" vectors 'qp/alloc-*'
stop
check "a bad guest: exit code 1" [ "$code" = 1 ]
check "the clause is named" found '.type == "finding" and .clause == "QP.GUEST.1" and .event > 0 and .line > 0'
line=$(jq -r 'select(.type == "finding" and .clause == "QP.GUEST.1") | .line' "$dir/report" | head -n 1)
check "the trace has it there" grep -q QUEUEPAIR_ALLOC <(sed -n "$((line - 1)),${line}p" "$dir/trace")
check "and the trace says so" grep -q 'check .*violates QP.GUEST.1' "$dir/trace"
check "the error output says so at once" grep -q 'check: event [0-9]* violates QP.GUEST.1' "$dir/err"

# decode FILE: as text. tshark 4.4 runs no Lua script for root, so root becomes nobody, in a place nobody can read.
decode() {
	if [ "$(id -u)" -ne 0 ]; then
		tshark -X lua_script:host-sim/wireshark/vmci.lua -r "$1"
		return
	fi
	local open
	open=$(mktemp -d) || return
	chmod 755 "$open"
	install -m 644 "$1" "$open/capture"
	install -m 644 host-sim/wireshark/vmci.lua "$open"
	(cd "$open" && HOME=$open setpriv --reuid=65534 --regid=65534 --clear-groups \
		tshark -X lua_script:vmci.lua -r capture)
	rm -rf "$open"
}

start --pcap "$dir/capture"
check "a capture: the vector passes" vectors 'dg/*'
stop
check "a capture: exit code 0" [ "$code" = 0 ]
if command -v tshark >/dev/null; then
	decode "$dir/capture" >"$dir/text" 2>"$dir/err"
	check "tshark decodes it" grep -q ' VMCI .*sent: GET_CONTEXT_ID = 16$' "$dir/text"
	check "datagrams of sockets are there for its own dissector" grep -qE 'vSocket .*\[Payload\]' "$dir/text"
	check "nothing in it is malformed" [ -z "$(grep -iE 'malformed|lua error' "$dir/text")" ]
else
	echo "ok $((n + 1)) # SKIP no tshark"
	echo "ok $((n + 2)) # SKIP no tshark"
	echo "ok $((n + 3)) # SKIP no tshark"
	n=$((n + 3))
fi

echo "1..$n"
exit $failed
