#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# sockets.sh
#
# Sockets between firmware and programs of the host: vmci.efi cat and echo, in OVMF against vmci-sim, with
# both register models. Prints TAP.
# Variables: O (build), SIM (another vmci-sim).
set -uo pipefail
export LC_ALL=C MTOOLS_SKIP_CHECK=1

cd "$(dirname "$0")/../.." || exit 2
O=${O:-build}
SIM=${SIM:-$O/bin/vmci-sim}
dir=$(mktemp -d) || exit 2
pids=()
# shellcheck disable=SC2317  # called by the trap
cleanup() {
	[ "${#pids[@]}" = 0 ] || { kill -KILL "${pids[@]}" && wait "${pids[@]}"; } 2>/dev/null
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
		sed 's/\x1b\[[0-9;?=]*[A-Za-z]//g; s/^/# /' "$dir/console" "$dir/sim.err" 2>/dev/null | tr -d '\r' | tail -25
		failed=1
	fi
}

# What the firmware said, without the terminal's controls.
said() {
	sed 's/\x1b\[[0-9;?=]*[A-Za-z]//g' "$dir/console" | tr -d '\r' | grep -qF -- "$1"
}

# shellcheck disable=SC2317  # called by check
equal() {
	cmp -s "$1" "$2"
}

# The device of one boot: $1 = register model.
serve() {
	"$SIM" serve --socket "$dir/vmci" --vsock-uds "$dir/vm" --bar1 "$1" --once >"$dir/sim.out" 2>"$dir/sim.err" </dev/null &
	pids+=($!)
	for _ in {1..100}; do
		[ -S "$dir/vmci" ] && return 0
		sleep 0.05
	done
	return 1
}

# A medium with the application, its options $1 and the file sent.bin.
medium() {
	truncate -s 32M "$dir/esp" && mformat -i "$dir/esp" -v VMCI :: && mmd -i "$dir/esp" ::/EFI ::/EFI/BOOT &&
		mcopy -i "$dir/esp" "$O/efi/vmci.efi" ::/EFI/BOOT/BOOTX64.EFI &&
		echo "$1 --results=none --shutdown" | mcopy -o -i "$dir/esp" - ::/vmci.cfg &&
		mcopy -o -i "$dir/esp" "$dir/sent.bin" ::/sent.bin
}

# Boot it; ends when the firmware powers off.
boot() {
	cp -L "$O/qemu/vars.fd" "$dir/vars" && chmod u+w "$dir/vars"
	timeout 240 "$O/qemu/run" -M q35,memory-backend=mem -accel tcg -m 512 \
		-object memory-backend-memfd,id=mem,size=512M,share=on \
		-nodefaults -display none -monitor none -serial stdio -no-reboot \
		-drive "if=pflash,format=raw,readonly=on,file=$O/qemu/code.fd" \
		-drive "if=pflash,format=raw,file=$dir/vars" \
		-drive "if=none,id=esp,format=raw,file=$dir/esp" -device virtio-blk-pci,drive=esp,bootindex=0 \
		-device "{\"driver\":\"vfio-user-pci\",\"x-msg-timeout\":60000,\"socket\":{\"type\":\"unix\",\"path\":\"$dir/vmci\"}}" \
		>"$dir/console" 2>"$dir/qemu.err" </dev/null
}

# A program of the host that sends everything back, at port 7000.
echo_program() {
	socat "UNIX-LISTEN:$dir/vm_7000" EXEC:cat &
	pids+=($!)
	for _ in {1..100}; do
		[ -S "$dir/vm_7000" ] && return 0
		sleep 0.05
	done
}

head -c 1048577 /dev/urandom >"$dir/sent.bin"
for bar1 in 256k 8k; do
	rm -f "$dir/back.bin"
	serve "$bar1"
	echo_program
	medium "cat 7000 --send=sent.bin --save=back.bin"
	boot
	mcopy -n -i "$dir/esp" ::/back.bin "$dir/back.bin" 2>/dev/null
	check "$bar1: a file goes to the host and comes back equal" equal "$dir/sent.bin" "$dir/back.bin"
	check "$bar1: cat tells how much" said "1048577 bytes sent, 1048577 received."
	check "$bar1: and that all is well" said "# status 0"
	wait "${pids[@]}" 2>/dev/null
	pids=()
done

serve 256k
medium "cat 7001 --send=sent.bin --save=back.bin"
boot
check "nobody listens at the host's port: cat says so" said "Port 7001 of the host: connection refused"
check "and fails" said "# status 1"
wait "${pids[@]}" 2>/dev/null
pids=()

serve 256k
medium "echo"
boot &
booted=$!
pids+=("$booted")
for _ in {1..400}; do
	said "Echo at context" 2>/dev/null && break
	sleep 0.2
done
# shellcheck disable=SC2317  # called by check
echoed() {
	timeout 120 "$SIM" connect "$dir/vm" 7 <"$dir/sent.bin" >"$dir/echoed.bin" && equal "$dir/sent.bin" "$dir/echoed.bin"
}
check "echo sends a stream of the host back" echoed
check "and another one" echoed
# shellcheck disable=SC2317  # called by check
refused() {
	! timeout 60 "$SIM" connect "$dir/vm" 8 </dev/null >"$dir/none" 2>"$dir/none.err" && grep -q refused "$dir/none.err"
}
check "a port of the firmware where nobody listens is refused" refused

echo "1..$n"
exit $failed
