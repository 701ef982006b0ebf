#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# vsock-test.sh
#
# The kernel's own tests of vsock, tools/testing/vsock of the linux-source package of the guest's kernel, as they
# are: one program in the guest, linked statically, the other on the host under libvmci-vsock.so. They talk over TCP
# beside what is tested. Each case runs with the host's program as client and as server. Prints KTAP; results, the
# consoles and the host's output are in $O/linux/vsock-test/KERNEL.
#
# Variables: O (build), KERNEL (6.12), BAR1 (256k), SIM, PORT (the first of two TCP ports on the loopback, 18765),
# ONLY=PATTERN (cases whose names match), ALL=1 (also those that cannot pass: do they still fail?), TURNS=N (all of it
# so many times), TRACE=1 (trace.log beside the results).
# Exit code: 0 all passed, 1 not all, 2 it could not start.
set -uo pipefail
export LC_ALL=C

cd "$(dirname "$0")/../../.." || exit 2
# shellcheck source=.ci/debian
. .ci/debian
export O=${O:-build}
KERNEL=${KERNEL:-6.12}
src=$O/linux/source-$KERNEL

fail() {
	echo "linux: $*" >&2
	exit 2
}

# $src/tools/testing/vsock and the headers that it includes.
fetch_source() {
	local suite package new=$src.new
	case $KERNEL in
	6.12) suite=trixie ;;
	7) suite=trixie-backports ;;
	6.1) suite=bookworm ;;
	*) fail "KERNEL=$KERNEL: expected 6.1, 6.12 or 7" ;;
	esac
	rm -rf "$new"
	mkdir -p "$new/deb"
	debian_open "$new/apt" "$suite" || fail "$debian_error"
	package=$(debian_apt apt-cache depends linux-source | sed -n 's/^ *Depends: //p' | head -n 1)
	[ -n "$package" ] || fail "no package linux-source in $suite"
	echo "linux: downloading $package of $suite" >&2
	(cd "$new/deb" && debian_apt apt-get download "$package") >"$new/log" 2>&1 || fail "cannot download $package"
	dpkg-deb --fsys-tarfile "$new"/deb/*.deb | tar -xO --wildcards './usr/src/linux-source-*.tar.xz' | xz -dc |
		tar -C "$new" --strip-components=1 -xf - --wildcards 'linux-source-*/tools/testing/vsock/*' \
			'linux-source-*/tools/include/*' || fail "cannot unpack $package"
	rm -rf "$new/deb" "$new/apt" "$src"
	mv "$new" "$src"
}

[ -e "$src/tools/testing/vsock/vsock_test.c" ] || fetch_source
tests=$src/tools/testing/vsock
# $1: name; then arguments of make.
build() {
	local name=$1
	shift
	make -s -C "$tests" "$@" vsock_test >"$src/make.log" 2>&1 || fail "vsock_test does not build, see $src/make.log"
	mv "$tests/vsock_test" "$tests/$name"
}
[ -x "$tests/vsock_test.host" ] || build vsock_test.host
[ -x "$tests/vsock_test.static" ] || build vsock_test.static LDFLAGS=-static
"$tests/vsock_test.host" --list >"$src/list" 2>/dev/null

image=$(MODULES=e1000 FILES="/vsock_test=$tests/vsock_test.static" INITRD="$src/initrd" \
	host-sim/test/linux/image.sh) || exit
out=$O/linux/vsock-test/$KERNEL
rm -rf "$out"
mkdir -p "$out/image" || exit 2
ln -s "$(realpath "$image/vmlinuz")" "$out/image/vmlinuz"
ln -s "$(realpath "$src/initrd")" "$out/image/initrd"
args=()
[ -z "${ONLY:-}" ] || args+=(--only "$ONLY")
[ -z "${ALL:-}" ] || args+=(--also-skipped)
[ -z "${TURNS:-}" ] || args+=(--turns "$TURNS")
[ -z "${TRACE:-}" ] || args+=(--trace)
child=
trap '[ -z "$child" ] || { kill -TERM "$child" && wait "$child"; } 2>/dev/null; exit 130' INT TERM HUP
"$O/linux/vsock-peer" suite --sim "${SIM:-$O/bin/vmci-sim}" --qemu "$O/qemu/run" --image "$out/image" --out "$out" \
	--name "vsock-test.$KERNEL" --bar1 "${BAR1:-256k}" --host-test "$(realpath "$tests/vsock_test.host")" \
	--preload "$(realpath "$O/lib/libvmci-vsock.so")" --list "$src/list" --port "${PORT:-18765}" "${args[@]}" &
child=$!
wait "$child"
