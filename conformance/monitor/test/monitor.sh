#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# monitor.sh
#
# The protocol monitor looks on while the core's guest role runs its vectors. A guest without mistakes breaks no
# clause, whatever the device does to it. With a deliberate mistake the monitor names a clause that it breaks.
# Prints TAP.
set -uo pipefail
export LC_ALL=C

cd "$(dirname "$0")/../../.." || exit 2
O=${O:-build}

# A mistake of the guest (VMCI_FAULT), the vector that shows it, the clause that the monitor has to name.
faults='
guest.accepts-unoffered          dev/guest-accepts-offer       DEV.DRV.2
guest.dma-without-setup          dev/guest-dma-setup           DEV.DRV.4
guest.enables-first              dev/guest-order               DEV.DRV.6
guest.gives-up-without-reset     dev/guest-gives-up            DEV.DRV.11
guest.ignores-bitmap-result      dev/guest-bitmap-refused      DEV.DRV.10
guest.ignores-missing-datagram   dev/guest-wants-datagrams     DEV.DRV.1
guest.ignores-query-result       dev/guest-checks-query        DEV.DRV.5
guest.resets-before-detach       dev/guest-detaches-first      DEV.DRV.9
guest.sends-too-large            dg/guest-*                    DG.GST.7
guest.trusts-ones                dev/guest-absent-device       DEV.DRV.8
guest.writes-after-reset         dev/guest-leaves              DEV.DRV.7
guest.writes-read-only           dev/guest-*                   DEV.DRV.13
guest-call.dirty-padding         hc/guest-*                    HC.CALL.7
guest-call.named-source          hc/guest-*                    HC.CALL.6
guest-call.query-unchecked       hc/guest-*                    HC.QUERY.7
guest-doorbell.duplicate         db/guest-*                    DB.GUEST.6
guest-doorbell.foreign-context   db/guest-*                    DB.GUEST.5
guest-doorbell.index-not-reused  db/guest-*                    DB.INDEX.3
guest-doorbell.index-outside     db/guest-*                    DB.INDEX.1
guest-doorbell.index-start       db/guest-*                    DB.INDEX.2
guest-doorbell.refused-stays     db/guest-*                    DB.GUEST.3
guest-event.subscribes-at-device ev/*                          EV.GUEST.10
guest-pair.flags-unchecked       qp/guest-*                    QP.GUEST.3
guest-pair.left-attached         qp/guest-*                    QP.GUEST.6
guest-pair.ppn-width             qp/guest-*                    QP.GUEST.1
guest-pair.request-layout        qp/guest-*                    QP.GUEST.1
guest-pair.writes-headers        qp/guest-*                    QP.MEM.2
guest-dma.same-page              qp/guest-*                    QP.GUEST.1
ring.pointer-not-wrapped         qp/guest-*                    QP.RING.5
socket.agreed-proto-unchecked    s*                            STREAM.CONN.5
socket.answers-old               s*                            STREAM.LISTEN.1
socket.attach-wrong-handle       s*                            STREAM.LISTEN.7
socket.offer-wrong-handle        s*                            STREAM.CONN.2
socket.packet-size               s*                            STREAM.PKT.1
socket.pair-sizes-differ         s*                            STREAM.CONN.2
socket.proto-unchecked           s*                            STREAM.LISTEN.3
socket.request-no-proto          s*                            STREAM.CONN.1
socket.request-old               s*                            STREAM.CONN.1
socket.reserved-not-zero         s*                            STREAM.PKT.1
socket.value-not-zero            s*                            STREAM.PKT.1
socket.version                   s*                            STREAM.PKT.1
socket.zero-size-accepted        s*                            STREAM.LISTEN.4
'
n=0
failed=0

# shellcheck disable=SC2317  # called by check
says() {
	grep -q -- "$1" <<<"$out"
}

check() {
	local text=$1
	shift
	n=$((n + 1))
	if "$@"; then
		echo "ok $n - $text"
	else
		echo "not ok $n - $text"
		failed=1
	fi
}

out=$(comm -23 <(sed -n 's/.*X(.*, "\(.*\)").*/\1/p' conformance/monitor/rules.h | sort) \
	<("$O/bin/vmci-conform" list --clauses | awk '{print $1}' | sort))
check "each rule is a clause of the book" [ -z "$out" ]

out=$("$O/bin/vmci-conform" run --role guest --check --results= 2>&1)
check "a guest without mistakes breaks no clause" says 'vectors watched, 0 with a violation$'
check "and exercises the rules" says '^check    QP.GUEST.1 .*held [1-9]'

while read -r fault only clause; do
	[ -n "$fault" ] || continue
	out=$("$O/mut/bin/vmci-conform" run --role guest --check --results= --fault "$fault" --only "$only" 2>&1)
	check "$fault: $clause is named" says "^check    [^ ]*/[^ ]*: $clause: "
done <<<"$faults"

echo "1..$n"
exit $failed
