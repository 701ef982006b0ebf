#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# tools.sh
#
# Boots a Debian guest with VMware's own tools, the package open-vm-tools as it is, in QEMU against vmci-sim, and
# lets them read and set variables and run as a service. Prints TAP; what happened is left in $O/linux/tools-SUITE.
#
# Variables: O (build), SIM (another vmci-sim), SECONDS_OF_SERVICE (60), SUITE (bookworm, trixie: whose tools),
# KERNEL (6.1; see image.sh), BAR1 (256k).
set -uo pipefail
export LC_ALL=C

cd "$(dirname "$0")/../../.." || exit 2
# shellcheck source=.ci/debian
# shellcheck disable=SC1091
. .ci/debian
O=${O:-build}
SIM=${SIM:-$O/bin/vmci-sim}
SUITE=${SUITE:-bookworm}
KERNEL=${KERNEL:-6.1}
BAR1=${BAR1:-256k}
seconds=${SECONDS_OF_SERVICE:-60}
work=$O/linux/tools-$SUITE

skip() {
	echo "1..0 # SKIP $*"
	exit 0
}

# ---- The guest ---------------------------------------------------------------------------------------

# Unpacks the tools and what they depend on; nothing is installed, no script of a package runs.
unpack_tools() {
	local new=$work.new deb name
	rm -rf "$new"
	mkdir -p "$new"/root/{dev,proc,sys,run,tmp,modules,etc} "$new"/root/usr/{bin,sbin,lib,lib64}
	for name in bin sbin lib lib64; do
		ln -s "usr/$name" "$new/root/$name"
	done
	debian_open "$new/apt" "$SUITE" || return
	debian_apt apt-get install --download-only open-vm-tools busybox-static >"$new/apt/log/install" 2>&1 || {
		tail -n 3 "$new/apt/log/install" >&2
		return 1
	}
	for deb in "$new"/apt/archives/*.deb; do
		name=$(basename "$deb")
		case $name in
		# Needed by scripts of packages only.
		perl* | libperl* | dpkg* | debconf* | usrmerge*) continue ;;
		open-vm-tools_*) echo "$name" >"$new/package" ;;
		esac
		debian_unpack "$deb" "$new/root" --exclude './usr/share/doc*' --exclude './usr/share/man*' \
			--exclude './usr/share/locale*' --exclude './usr/share/perl*' || return
	done
	printf '%s\n' 'root:x:0:0:root:/root:/bin/sh' 'nobody:x:65534:65534:nobody:/:/bin/sh' >"$new/root/etc/passwd"
	printf '%s\n' 'root:x:0:' 'nogroup:x:65534:' >"$new/root/etc/group"
	archive "$new/root" >"$new/tools.cpio" || return
	rm -rf "$new/apt" "$new/root" "$work"
	mv "$new" "$work"
}

# Directory $1 as an archive that the kernel unpacks.
archive() {
	(cd "$1" && find . | sort | cpio -o -H newc --quiet -R 0:0)
}

# Two archives one behind the other: the packages, and what this test adds.
build_initrd() {
	rm -rf "$work/added"
	mkdir -p "$work/added/modules"
	${CC:-gcc} -std=c11 -D_GNU_SOURCE -Wall -O2 -static -o "$work/added/tools-iopl" \
		host-sim/test/linux/tools-iopl.c || return
	cp "$kernel"/modules/{vsock,vmw_vmci,vmw_vsock_vmci_transport}.ko "$work/added/modules" || return
	install -m 755 host-sim/test/linux/tools-init.sh "$work/added/init" || return
	{ cat "$work/tools.cpio" && archive "$work/added"; } >"$work/initrd"
}

[ -x "$SIM" ] || skip "no $SIM; make all"
command -v cpio >/dev/null || skip "no cpio"
kernel=$(KERNEL=$KERNEL host-sim/test/linux/image.sh) || skip "no kernel $KERNEL"
[ -e "$work/package" ] || unpack_tools || skip "the package open-vm-tools of $SUITE cannot be had"
build_initrd || skip "the initial file system cannot be made"

# ---- What is started here ends here ------------------------------------------------------------------

sim=
qemu=
sockets=
# shellcheck disable=SC2317  # called by the trap
cleanup() {
	[ -z "$qemu" ] || kill -KILL "$qemu" 2>/dev/null
	[ -z "$sim" ] || kill -TERM "$sim" 2>/dev/null
	[ -z "$sim" ] || wait "$sim" 2>/dev/null
	[ -z "$sockets" ] || rm -rf "$sockets"
}
trap cleanup EXIT
trap 'exit 130' INT TERM HUP

rm -f "$work"/{console.raw,console.log,guestinfo.out,trace.log,sim.log,qemu.log}
touch "$work/guestinfo.out"
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
		failed=1
	fi
}

# The guest said a line: the word and all that follows.
# shellcheck disable=SC2317  # called by check
said() {
	grep -qxF -- "tools: $*" "$work/console.log"
}

# What the guest said behind a word.
what() {
	sed -n "s/^tools: $1 //p" "$work/console.log" | head -n 1
}

# shellcheck disable=SC2317  # called by check
equal() {
	[ -n "$1" ] && [ "$1" = "$2" ]
}

# The newest value of a variable in the host's file.
of_guest() {
	sed -n "s/^guestinfo\.$1=//p" "$work/guestinfo.out" | tail -n 1
}

service_log() {
	sed -n 's/^tools: log //p' "$work/console.log"
}

sum() {
	sha256sum | cut -d' ' -f1
}

# ---- One boot ----------------------------------------------------------------------------------------

echo "1..19"
echo "# $(cat "$work/package"), Linux $(cat "$kernel/version"), $(cat "$O/qemu/from" 2>/dev/null), BAR1 $BAR1"
sockets=$(mktemp -d) || exit 2
long=$(head -c 37500 /dev/urandom | base64 | tr -d '\n')
"$SIM" serve --socket "$sockets/vmci" --bar1 "$BAR1" --trace "$work/trace.log" \
	--guestinfo 'greeting=hello from the host' --guestinfo "guestinfo.long=$long" \
	--guestinfo-out "$work/guestinfo.out" >"$work/sim.log" 2>&1 </dev/null &
sim=$!
for ((i = 0; i < 100; i++)); do
	[ ! -S "$sockets/vmci" ] || break
	sleep 0.05
done
timeout -k 5 $((seconds + 300)) "$O/qemu/run" -M q35,memory-backend=mem,vmport=on -accel tcg -cpu max -m 512 -nodefaults \
	-no-user-config -display none -monitor none -serial stdio -no-reboot \
	-object memory-backend-memfd,id=mem,size=512M,share=on \
	-kernel "$kernel/vmlinuz" -initrd "$work/initrd" \
	-append "console=ttyS0 loglevel=4 panic=-1 tools.seconds=$seconds" \
	-device "{\"driver\":\"vfio-user-pci\",\"socket\":{\"type\":\"unix\",\"path\":\"$sockets/vmci\"}}" \
	>"$work/console.raw" 2>"$work/qemu.log" </dev/null &
qemu=$!
wait "$qemu"
qemu=
tr -d '\r' <"$work/console.raw" >"$work/console.log"
sed -n 's/^tools: \(version\|get\|get-none\|get-set\|unknown\|nobody[^ ]*\) /# \1: /p' "$work/console.log"
sed -n 's/^tools: log /# log: /p' "$work/console.log" | grep -v '\[ *debug\]' | head -n 40

check 'info-get prints what the host set' said get 0 hello from the host
check 'a name without a value is an error' said get-none 1 No value found
check 'a value of 50 000 bytes arrives as it is' said get-long "$(printf %s "$long" | sum)" ${#long}
check 'info-set is done' said set 0
check 'and read back' said get-set 0 set by the guest
check 'the host reads what the guest set' equal "$(of_guest answer)" 'set by the guest'
check 'the guest sets 50 000 bytes' said set-big 0
check 'which the host reads as they were' equal "$(printf %s "$(of_guest big)" | sum) 50000" "$(what big-sum)"
check 'an unknown request is refused' said unknown 1 Unknown command
check 'a program without privilege reads' said nobody-get 0 hello from the host
check 'and sets what is its own' equal "$(of_guest mine)" 'of nobody'
check 'but not what the host set' said nobody-set-hosts 1 Permission denied
check "the service runs $seconds seconds" said service-seconds "$seconds"
check 'and ends when asked' said service-code 0
check 'the host has asked it over its channel' [ -n "$(service_log | grep 'Channel was reset successfully')" ]
# Without a graphics card one of its plugins warns and leaves.
check 'its log has no warning and no error' \
	[ -z "$(service_log | grep -E '\[ *(warning|critical|error)\]' | grep -v resolutionCheckForKMS)" ]
check 'and no request or connection that failed' \
	[ -z "$(service_log | grep -E 'Fallback to backdoor|connect failed|RPC failed|Stop vsock')" ]
check 'the kernel has no complaint' [ -z "$(what kernel)" ]
kill -TERM "$sim"
wait "$sim"
check 'the simulator ends when asked' [ $? = 0 ]
sim=
exit $failed
