#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# bench.sh
#
# Streams between a Linux guest and its host: VMCI by vmci-sim, and beside it virtio-vsock by Debian's
# vhost-device-vsock, in the same QEMU, kernel and file system, in turn. Prints a table; it is also in
# $O/linux-bench/results. Without vhost-device-vsock VMCI is measured alone, and the table says so.
#
# Variables, beside those of image.sh (KERNEL):
#   ROUNDS=N (5)   QUICK=1  a fifth of everything   BAR1=256k|8k
#   SMP=N (2)      processors of the guest          APPEND="..."  more for its kernel's command line
#   VHOST=FILE     this vhost-device-vsock; none: VMCI alone   SIM=FILE  another vmci-sim   O (build)
# Exit code: 0 measured, 2 not.
set -euo pipefail
export LC_ALL=C

cd "$(dirname "$0")/../../.."
# shellcheck source=.ci/debian
. .ci/debian
export O=${O:-build}
SIM=${SIM:-$O/bin/vmci-sim}
work=$O/linux-bench
mkdir -p "$work"

fail() {
	echo "bench-sockets: $*" >&2
	exit 2
}

# Debian's, unpacked, from the newest suite: it runs on Debian 12 too.
find_vhost() {
	VHOST=${VHOST:-$(command -v vhost-device-vsock || true)}
	[ -z "$VHOST" ] || return 0
	if [ ! -x "$work/vhost/usr/bin/vhost-device-vsock" ]; then
		mkdir -p "$work/vhost"
		debian_open "$work/apt" sid || return 0
		(cd "$work" && debian_apt apt-get download vhost-device-vsock) >"$work/download.log" 2>&1 || {
			# shellcheck disable=SC2034
			debian_error="vhost-device-vsock cannot be downloaded"
			return 0
		}
		debian_unpack "$(find "$work" -maxdepth 1 -name 'vhost-device-vsock_*.deb' | head -n 1)" "$work/vhost"
	fi
	VHOST=$work/vhost/usr/bin/vhost-device-vsock
}

find_vhost
[ "${VHOST:-none}" != none ] || VHOST=

modules='virtio virtio_ring virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci
	vmw_vsock_virtio_transport_common vmw_vsock_virtio_transport'
# image.sh writes the directory's name; the modules are there from then on.
image=$(INITRD=$work/initrd host-sim/test/linux/image.sh)
files=/flow=$O/linux/sock-bench
for m in $modules; do
	[ ! -e "$image/modules/$m.ko" ] || files+=" /modules/$m.ko=$image/modules/$m.ko"
done
INITRD=$work/initrd FILES=$files host-sim/test/linux/image.sh >/dev/null

dir=$(mktemp -d "${TMPDIR:-/tmp}/vmci-bench.XXXXXX")
children=()
# shellcheck disable=SC2329  # called by trap
tidy() {
	local c
	for c in "${children[@]}"; do
		kill "$c" 2>/dev/null || true
		wait "$c" 2>/dev/null || true
	done
	rm -rf "$dir"
}
trap tidy EXIT
trap 'exit 2' INT TERM HUP

# wait_for FILE WHO PID
wait_for() {
	for _ in $(seq 200); do
		[ ! -S "$1" ] || return 0
		kill -0 "$3" 2>/dev/null || break
		sleep 0.05
	done
	fail "$2 does not start, see $work"
}

"$SIM" serve --socket "$dir/vmci" --vsock-uds "$dir/v" --bar1 "${BAR1:-256k}" >"$work/sim.log" 2>&1 &
sim=$!
children+=("$sim")
wait_for "$dir/vmci" "$SIM" "$sim"
transports=(vmci "$sim" "$dir/v")
devices=()
if [ -n "$VHOST" ]; then
	"$VHOST" --vm "guest-cid=16,socket=$dir/vhost,uds-path=$dir/w" >"$work/vhost.log" 2>&1 &
	vhost=$!
	children+=("$vhost")
	wait_for "$dir/vhost" "$VHOST" "$vhost"
	transports+=(virtio "$vhost" "$dir/w")
	devices=(-chardev "socket,id=virtio,path=$dir/vhost" -device 'vhost-user-vsock-pci,chardev=virtio')
fi
"$O/qemu/run" -M q35,memory-backend=mem -accel tcg -smp "${SMP:-2}" -m 512 -nodefaults -no-user-config -display none \
	-monitor none -object memory-backend-memfd,id=mem,size=512M,share=on \
	-chardev "file,id=console,path=$work/console.log" -serial chardev:console \
	-chardev "socket,id=line,server=on,wait=on,path=$dir/line" -serial chardev:line \
	-kernel "$image/vmlinuz" -initrd "$work/initrd" \
	-append 'console=ttyS0 loglevel=5 panic=-1 rdinit=/flow '"${APPEND:-}" \
	-device "{\"driver\":\"vfio-user-pci\",\"x-msg-timeout\":60000,\"socket\":{\"type\":\"unix\",\"path\":\"$dir/vmci\"}}" \
	"${devices[@]}" >"$work/qemu.log" 2>&1 </dev/null &
qemu=$!
children+=("$qemu")
wait_for "$dir/line" QEMU "$qemu"

{
	echo "Linux $(cat "$image/version") in QEMU under TCG, $(nproc) processors, ${SMP:-2} of the guest, BAR1 ${BAR1:-256k}${APPEND:+, $APPEND}."
	if [ -n "$VHOST" ]; then
		echo "virtio: $("$VHOST" --version); the guest writes 32 000 bytes at once there, else 64 KiB."
	else
		echo "No virtio-vsock beside it: ${debian_error:-not asked for}."
	fi
	"$O/linux/sock-bench" "$dir/line" "${ROUNDS:-5}" "${QUICK:-0}" "${transports[@]}"
} | tee "$work/results"
