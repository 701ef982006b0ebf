#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# preload.sh
#
# Programs of the host that know AF_VSOCK and nothing of us, with libvmci-vsock.so, against a guest: socat,
# ncat, Python. Prints TAP. Variables: O (build).
set -uo pipefail
export LC_ALL=C

cd "$(dirname "$0")/../.." || exit 2
O=$(realpath "${O:-build}")
guest=$O/host-sim/vsock_guest
export LIB=$O/lib/libvmci-vsock.so
here=$PWD
dir=$(mktemp -d) || exit 2
pids=()
# shellcheck disable=SC2317  # called by the trap
cleanup() {
	[ ${#pids[@]} = 0 ] || kill -TERM "${pids[@]}" 2>/dev/null
	wait 2>/dev/null
	rm -rf "$dir"
}
trap cleanup EXIT
cd "$dir" || exit 2

n=0
failed=0
check() {
	local text=$1
	shift
	n=$((n + 1))
	if "$@" >log 2>&1; then
		echo "ok $n - $text"
	else
		echo "not ok $n - $text"
		sed 's/^/# /' log sim.err guest.err 2>/dev/null | head -n 40
		failed=1
	fi
}

# shellcheck disable=SC2317
host() {
	VMCI_VSOCK="16=$dir/v,17=$dir/w" LD_PRELOAD=$LIB timeout 20 "$@"
}

wait_for() {
	for _ in {1..100}; do
		"$@" 2>/dev/null && return 0
		sleep 0.05
	done
	return 1
}

# A machine $1 (name of its sockets) with context id $2.
machine() {
	"$O/bin/vmci-sim" serve --socket "$1.s" --cid "$2" --vsock-uds "$1" >sim.out 2>>sim.err &
	pids+=($!)
	wait_for [ -S "$1.s" ]
}

# A program of guest $1, until it listens.
service() {
	local s=$1
	shift
	: >guest.err
	"$guest" "$s.s" "$@" 2>guest.err &
	service=$!
	pids+=("$service")
	wait_for grep -q ready guest.err
}

end_service() {
	kill "$service"
	wait "$service" 2>/dev/null
}

# What came back is what went.
# shellcheck disable=SC2317
same() {
	"$@" <data >back && cmp data back
}

# shellcheck disable=SC2317
python() {
	host /usr/bin/python3 "$here/host-sim/test/preload.py" "$@"
}

head -c 5000000 /dev/urandom >data
machine v 16
machine w 17

# ---- the guest listens ---------------------------------------------------------------------------------

service v echo 5000
check "socat VSOCK-CONNECT sends and gets back 5 MB" same host socat -t 10 - VSOCK-CONNECT:16:5000
check "ncat --vsock too" same host ncat --vsock 16 5000
check "Python: addresses, options, errors, half-close" python streams 16 5000
check "Python: a port nobody listens at is refused at once" python refused 16 5001
check "Python: a machine that is not configured" python unknown
check "Python: poll waits for as many bytes as SO_RCVLOWAT says" python marks 16 5000
check "Python: after SHUT_RD there is nothing to read" python deaf 16 5000
check "Python: 100 streams at once" python many 16 5000
end_service

service v dgram-echo 6000
check "Python: datagrams of 0 to 69608 bytes and one too long" python dgrams 16 6000
end_service

# ---- the host listens ----------------------------------------------------------------------------------

host socat VSOCK-LISTEN:7000,fork EXEC:cat 2>socat.err &
pids+=($!)
wait_for [ -S v_7000 ]
check "socat VSOCK-LISTEN echoes to a guest" same "$guest" v.s connect 7000
check "and to the guest of another machine" same "$guest" w.s connect 7000
check "its socket is its owner's alone" [ "$(stat -c %a v_7000)" = 600 ]
kill "$!"

# One way each: with --exec, ncat drops what its program still says when the other side has ended.
host ncat --vsock -l 2 7001 --recv-only >received 2>ncat.err &
ncat=$!
wait_for [ -S v_7001 ]
"$guest" v.s connect 7001 <data >back 2>>guest.err
wait "$ncat"
check "ncat --vsock -l receives 5 MB" cmp data received
host ncat --vsock -l 2 7001 --send-only <data 2>ncat.err &
pids+=($!)
wait_for [ -S v_7001 ]
"$guest" w.s connect 7001 </dev/null >back 2>>guest.err
check "and sends them" cmp data back

python server 7002 >server.out 2>&1 &
server=$!
wait_for [ -S v_7002 ]
check "Python accepts and sees who called" "$guest" w.s connect 7002 </dev/null
wait "$server"
check "the caller is context 17" grep -q '^17$' server.out
check "the names are gone with the program" [ ! -e v_7002 -a ! -e w_7002 ]

python dgram-server 7003 >server.out 2>&1 &
server=$!
wait_for grep -q bound server.out
"$guest" v.s send 7003 hello >answer 2>>guest.err
wait "$server"
check "a datagram of the guest is answered from the port that was bound" grep -q '^HELLO from 2:7003$' answer

# ---- mistakes --------------------------------------------------------------------------------------------

# shellcheck disable=SC2317
refuses() {
	VMCI_VSOCK=$1 LD_PRELOAD=$LIB socat - VSOCK-CONNECT:16:1 </dev/null 2>err
	[ $? = 2 ] && grep -q 'VMCI_VSOCK: expected CID=PATH' err && [ "$(wc -l <err)" = 1 ]
}
check "a value without a path" refuses 16
check "a value with a reserved context" refuses "2=$dir/v"
check "a value with no number" refuses "x=$dir/v"
check "without a value everything is as ever" env -u VMCI_VSOCK LD_PRELOAD="$LIB" socat -u EXEC:true -

echo "1..$n"
exit $failed
