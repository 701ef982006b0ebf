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
