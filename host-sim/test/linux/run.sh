#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# run.sh [all]
#
# Boots Debian's kernel in QEMU against vmci-sim, and lets programs in the guest and on the host talk to each
# other. Prints KTAP; it is also in $O/linux/results/MODE/results.ktap, as JUnit in results.xml beside it, with the
# consoles of guest, QEMU and vmci-sim. With "all": every kernel, register model and kind of interrupt, a table at
# the end; a mode that has passed before is run again.
#
# Variables, beside those of image.sh (KERNEL):
#   BAR1=256k|8k  IRQ=msix|msi  VECTORS=N   of vmci-sim (256k, msix, its default)
#   ONLY=PATTERN  cases whose names match      QUICK=1  fewer bytes and turns
#   TRACE=1       trace.log beside the results, large     SIM=FILE another vmci-sim     O (build)
#   KERNELS=      for "all" (6.1 6.12 7); LONG=1 without QUICK
# Exit code: 0 all passed, 1 not all, 2 it could not start.
set -uo pipefail
export LC_ALL=C

cd "$(dirname "$0")/../../.." || exit 2
export O=${O:-build}
SIM=${SIM:-$O/bin/vmci-sim}
IRQ=${IRQ:-msix}
BAR1=${BAR1:-256k}
VECTORS=${VECTORS:-}
here=host-sim/test/linux

fail() {
	echo "linux: $*" >&2
	exit 2
}

check_mode() {
	case $BAR1 in 8k | 256k) ;; *) fail "BAR1=$BAR1: expected 8k or 256k" ;; esac
	case $IRQ in
	msix | msi) ;;
	intx) fail "IRQ=intx: Linux' driver does not bind without MSI; expected msix or msi" ;;
	*) fail "IRQ=$IRQ: expected msix or msi" ;;
	esac
	case $VECTORS in '' | [1-8]) ;; *) fail "VECTORS=$VECTORS: expected 1 to 8" ;; esac
	[ "$IRQ" = msix ] || [ -z "$VECTORS" ] || fail "VECTORS=$VECTORS: only with IRQ=msix"
}

# One run of the mode that the variables say; sets name and out.
run_one() {
	local image args=()
	image=$($here/image.sh) || return 2
	name=$(basename "$image").$BAR1.$IRQ$VECTORS
	out=$O/linux/results/$name
	rm -rf "$out"
	mkdir -p "$out" || return 2
	[ -z "$VECTORS" ] || args+=(--vectors "$VECTORS")
	[ -z "${ONLY:-}" ] || args+=(--only "$ONLY")
	[ -z "${QUICK:-}" ] || args+=(--quick)
	[ -z "${TRACE:-}" ] || args+=(--trace)
	# The program ends what it started, also when it is killed; this shell waits for it.
	"$O/linux/vsock-peer" run --sim "$SIM" --qemu "$O/qemu/run" --image "$image" --out "$out" \
		--name "linux.$name" --bar1 "$BAR1" --irq "$IRQ" "${args[@]}" &
	child=$!
	wait "$child"
}

child=
trap '[ -z "$child" ] || { kill -TERM "$child" && wait "$child"; } 2>/dev/null; exit 130' INT TERM HUP

if [ "${1:-}" != all ]; then
	check_mode
	run_one
	exit
fi

# ---- All of them -------------------------------------------------------------------------------------

[ -n "${LONG:-}" ] || QUICK=1
table=
worst=0
for KERNEL in ${KERNELS:-6.1 6.12 7}; do
	export KERNEL
	for BAR1 in 256k 8k; do
		for mode in msix: msix:1 msi:; do
			IRQ=${mode%:*} VECTORS=${mode#*:}
			echo "# Linux $KERNEL, BAR1 $BAR1, $IRQ${VECTORS:+ with $VECTORS vector}"
			start=$SECONDS
			run_one
			code=$?
			[ $code -le $worst ] || worst=$code
			table+=$(printf '%-8s %-6s %-6s %s' "$KERNEL" "$BAR1" "$IRQ$VECTORS" \
				"$(sed -n 's/^# .*\(pass:.*\) total.*/\1/p' "$out/results.ktap" 2>/dev/null | tail -n 1 | grep . || echo 'no result')")
			table+="  $((SECONDS - start)) s"$'\n'
			table+=$(sed -n 's/^not ok [0-9]* - /    fails: /p' "$out/results.ktap" 2>/dev/null)
			table=${table%$'\n'}$'\n'
		done
	done
done
printf '\n%s' "$table"
exit $worst
