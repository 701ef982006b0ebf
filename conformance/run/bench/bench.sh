#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# bench.sh
#
# Measures what is in $O: the queues, datagrams and hypercalls in process (bench), the suite's speed, and the size of
# the core, each role compiled for size. The numbers depend on the machine and on what else it does; ratios less so.
set -euo pipefail
export LC_ALL=C

cd "$(dirname "$0")/../../.."
O=${O:-build}
CC=${CC:-gcc}
work=$O/bench
mkdir -p "$work"

"$O/bin/bench" "$work/ring.svg"

echo
start=$(date +%s%N)
"$O/bin/vmci-conform" run --results= >"$work/suite.log" || true
end=$(date +%s%N)
vectors=$(grep -oE '^[0-9]+ passed' "$work/suite.log" | grep -oE '[0-9]+' || echo 0)
awk -v n="$vectors" -v ns="$((end - start))" 'BEGIN {
	printf "Suite in process: %d vectors passed in %.2f s, %.0f a second.\n\n", n, ns / 1e9, n * 1e9 / ns
}'

# The same device behind a socket.
socket=$(mktemp -u "${TMPDIR:-/tmp}/vmci-bench.XXXXXX")
"$O/bin/vmci-sim" serve --socket "$socket" --once >"$work/sim.log" &
sim=$!
trap 'kill "$sim" 2>/dev/null || true' EXIT
for _ in $(seq 100); do
	[ -S "$socket" ] && break
	sleep 0.05
done
"$O/bin/bench-served" "$socket"
wait "$sim" || true
trap - EXIT
echo

# From firmware: all device vectors, and the same boot with a single one for what the boot itself costs.
boot() {
	local start end
	start=$(date +%s%N)
	OUT=$work/efi ROLE=device ONLY=$1 .ci/run-efi --tap >"$work/efi.tap" 2>"$work/efi.log" || true
	end=$(date +%s%N)
	awk -v ns="$((end - start))" -v n="$(grep -c '^ok' "$work/efi.tap")" -v what="$2" 'BEGIN {
		printf "%-42s %8.1f s, %d ok\n", what, ns / 1e9, n
	}'
}
boot 'dev/icr-idle@ports' 'OVMF, start to verdict, one vector'
boot '' 'OVMF, start to verdict, all device vectors'
echo

echo "Size of the core, compiled with -Os, bytes of text:"
for role in 'queue data path' 'queue, all' 'guest role' 'device role' 'both roles'; do
	case $role in
	queue*) dirs=(core/queue) ;;
	guest*) dirs=(core/queue core/guest) ;;
	device*) dirs=(core/queue core/device) ;;
	*) dirs=(core/queue core/guest core/device) ;;
	esac
	objects=()
	while read -r source; do
		object=$work/$(echo "$source" | tr / _).o
		"$CC" -std=c11 -Os -ffreestanding -fno-asynchronous-unwind-tables -Icore/include -c -o "$object" "$source"
		objects+=("$object")
	done < <(find "${dirs[@]}" -name '*.c' | sort)
	if [ "$role" = 'queue data path' ]; then
		total=0
		while read -r _ bytes _ name; do
			case $name in
			vmci_ring_enqueue | vmci_ring_dequeue | vmci_ring_peek | vmci_ring_span | vmci_ring_advance | move_runs | \
				look | read_peer | run_at | copy | step | publish | publish_moved | nothing | is_short)
				total=$((total + 16#$bytes))
				;;
			esac
		done < <(nm -S "${objects[@]}" | grep -i ' t ')
		printf '  %-18s %6d\n' "$role" "$total"
	else
		size "${objects[@]}" | awk -v role="$role" 'NR > 1 { n += $1; data += $2 + $3 }
			END { printf "  %-18s %6d%s\n", role, n, data ? "  and " data " of data" : "" }'
	fi
done
