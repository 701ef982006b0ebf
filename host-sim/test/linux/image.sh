#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# image.sh
#
# Makes what a Linux guest starts from and prints its directory, $O/linux/NAME: vmlinuz, version (what uname -r
# says), modules/*.ko and initrd. The kernel is a package of Debian, downloaded and unpacked, not installed:
#
#   KERNEL=6.1   Debian 12's      KERNEL=6.12  Debian 13's      KERNEL=7  13-backports'
#   KERNEL=FILE  this linux-image-*.deb; of a kernel that comes in parts all of them, with commas between
#
# The initial file system holds vsock-peer (built with $CC) as /init, and modules, in /modules with a list of
# them in the order of loading. More in it: MODULES="vsock_diag ..." (those of the kernel's directories of vsock,
# VMCI and virtio, and e1000), FILES="/path/in/guest=FILE ..." (all mode 0755), INITRD=FILE writes it elsewhere.
#
# Variables: O (build), KERNEL (6.12), MODULES, FILES, INITRD, CC. Exit code 2 with one line when it cannot.
set -euo pipefail
export LC_ALL=C

cd "$(dirname "$0")/../../.."
# shellcheck source=.ci/debian
. .ci/debian
O=${O:-build}
KERNEL=${KERNEL:-6.12}
modules="vsock vmw_vmci vmw_vsock_vmci_transport ${MODULES:-}"

fail() {
	echo "linux: $*" >&2
	exit 2
}

# ---- Kernel ------------------------------------------------------------------------------------------

# The first dependency of package $1 that begins with $2.
dependency() {
	debian_apt apt-cache depends "$1" 2>/dev/null | sed -n "s/^ *Depends: \($2[^ ]*\)$/\1/p" | head -n 1
}

# Packages of the kernel of suite $1 go to $new/deb.
download() {
	local image part names
	debian_open "$new/apt" "$1" || fail "$debian_error"
	image=$(dependency linux-image-amd64 'linux-image-[0-9]')
	[ -n "$image" ] || fail "no package linux-image-amd64 in $1"
	names=$image
	# Newer packages are divided: kernel and modules are dependencies.
	for part in linux-binary- linux-modules-; do
		names+=" $(dependency "$image" "$part")"
	done
	echo "linux: downloading $image of $1" >&2
	# shellcheck disable=SC2086  # a list
	(cd "$new/deb" && debian_apt apt-get download $names) >"$new/apt/log/download" 2>&1 || {
		tail -n 3 "$new/apt/log/download" >&2
		fail "cannot download $names"
	}
}

make_kernel() {
	local new=$dir.new deb file name
	rm -rf "$new"
	mkdir -p "$new/deb" "$new/root" "$new/modules"
	case $KERNEL in
	6.1) download bookworm ;;
	6.12) download trixie ;;
	7) download trixie-backports ;;
	*) cp -- "${packages[@]}" "$new/deb" ;;
	esac
	for deb in "$new/deb"/*.deb; do
		# No package has all of them, and tar minds.
		debian_unpack "$deb" "$new/root" --wildcards '*/vmlinuz*' '*/net/vmw_vsock/*.ko*' '*/vmw_vmci/*.ko*' \
			'*/drivers/virtio/*.ko*' '*/intel/e1000/*.ko*' 2>/dev/null || true
	done
	find "$new/root" -name 'vmlinuz*' -type f -exec cp {} "$new/vmlinuz" \;
	[ -s "$new/vmlinuz" ] || fail "no kernel in $(cd "$new/deb" && echo *.deb)"
	find "$new/root" -path '*/modules/*' -name '[0-9]*' -type d -printf '%f\n' | head -n 1 >"$new/version"
	while read -r file; do
		name=${file##*/} name=${name%%.ko*} name=${name//-/_}
		case $file in
		*.xz) xz -dc "$file" ;;
		*.zst) zstd -qdc "$file" ;;
		*.gz) gzip -dc "$file" ;;
		*) cat "$file" ;;
		esac >"$new/modules/$name.ko" || fail "cannot unpack $file"
	done < <(find "$new/root" -name '*.ko*' -type f)
	rm -rf "$new/root" "$new/apt" "$new/deb" "$dir"
	mv "$new" "$dir"
}

case $KERNEL in
6.1 | 6.12 | 7) dir=$O/linux/$KERNEL ;;
*.deb)
	IFS=, read -r -a packages <<<"$KERNEL"
	for p in "${packages[@]}"; do
		[ -r "$p" ] || fail "KERNEL=$KERNEL: $p: no such file"
	done
	dir=$O/linux/$(basename "${packages[0]}" .deb)
	;;
*) fail "KERNEL=$KERNEL: expected 6.1, 6.12, 7 or a linux-image package (FILE.deb)" ;;
esac
mkdir -p "$O/linux"
exec 9>"$O/linux/lock"
flock 9
[ -e "$dir/modules/e1000.ko" ] || make_kernel

# ---- Initial file system -----------------------------------------------------------------------------

# One member of a newc archive: name, mode, size, device numbers major and minor.
inode=0
header() {
	inode=$((inode + 1))
	printf '070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%s\0' \
		"$inode" "$(($2))" 0 0 1 0 "$3" 0 0 "$4" "$5" $((${#1} + 1)) 0 "$1"
	fill $((110 + ${#1} + 1))
}

# Zeros up to the next multiple of 4.
fill() {
	head -c $(((4 - $1 % 4) % 4)) /dev/zero
}

directory() {
	header "$1" 040755 0 0 0
}

# member NAME FILE MODE
member() {
	local size
	size=$(stat -Lc %s "$2")
	header "$1" "$3" "$size" 0 0
	cat "$2"
	fill "$size"
}

make_initrd() {
	local m f name at
	directory dev
	# So that the first program has a voice before devtmpfs is mounted.
	header dev/console 020600 0 5 1
	member init "$O/linux/vsock-peer" 0100755
	directory modules
	# shellcheck disable=SC2086  # a list
	printf '%s\n' $modules >"$dir/list"
	member modules/list "$dir/list" 0100644
	for m in $modules; do
		[ -e "$dir/modules/$m.ko" ] || fail "Linux $(cat "$dir/version") has no module $m"
		member "modules/$m.ko" "$dir/modules/$m.ko" 0100644
	done
	for f in ${FILES:-}; do
		name=${f%%=*} name=${name#/}
		at=
		while [[ ${name#"$at"} == */* ]]; do
			at+=${name#"$at"}
			at=${at%%/*}/
		done
		[ -z "$at" ] || directory "${at%/}"
		member "$name" "${f#*=}" 0100755
	done
	header 'TRAILER!!!' 0 0 0 0
}

initrd=${INITRD:-$dir/initrd}
make_initrd >"$initrd.new"
mv "$initrd.new" "$initrd"
echo "$dir"
