#!/bin/busybox sh
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=dash
#
# Process 1 of the guest of tools.sh: starts VMware's tools as Debian packages them, and says what they say, in
# lines that begin with "tools: ". Argument of the kernel's command line: tools.seconds=N, how long the service runs.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
# Again, with the right to use I/O ports.
[ -n "$IOPL" ] || IOPL=1 exec /tools-iopl 0 /bin/busybox sh "$0"

/bin/busybox mkdir -p /usr/local/bin
/bin/busybox --install -s /usr/local/bin
export PATH=$PATH:/usr/local/bin
mount -t devtmpfs dev /dev
mount -t proc proc /proc
mount -t sysfs sys /sys
mkdir -p /var/log
for d in /tmp /run /var/log; do
	mount -t tmpfs tmp $d
done
chmod 1777 /tmp
hostname tools-guest
ip link set lo up
seconds=$(sed -n 's/.*tools\.seconds=\([0-9]*\).*/\1/p' /proc/cmdline)

say() {
	echo "tools: $*"
}

# Runs a request; says NAME, the exit code and what was printed.
request() {
	local name=$1 out code
	shift
	out=$("$@" 2>/tmp/error)
	code=$?
	out=$out$(cat /tmp/error)
	say "$name $code${out:+ $out}"
}

for m in vsock vmw_vmci vmw_vsock_vmci_transport; do
	insmod /modules/$m.ko || say "cannot load $m"
done
say version "$(vmtoolsd --version 2>/dev/null)"
request get vmtoolsd --cmd 'info-get guestinfo.greeting'
request get-none vmtoolsd --cmd 'info-get guestinfo.none'
vmtoolsd --cmd 'info-get guestinfo.long' >/tmp/long
say get-long "$(tr -d '\n' </tmp/long | sha256sum | cut -d' ' -f1)" "$(tr -d '\n' </tmp/long | wc -c)"
request set vmtoolsd --cmd 'info-set guestinfo.answer set by the guest'
request get-set vmtoolsd --cmd 'info-get guestinfo.answer'
big=$(head -c 37500 /dev/urandom | base64 | tr -d '\n')
say big-sum "$(printf %s "$big" | sha256sum | cut -d' ' -f1)" ${#big}
request set-big vmtoolsd --cmd "info-set guestinfo.big $big"
request unknown vmtoolsd --cmd 'no.such.request'
request nobody-get /tools-iopl 65534 /usr/bin/vmtoolsd --cmd 'info-get guestinfo.greeting'
request nobody-set /tools-iopl 65534 /usr/bin/vmtoolsd --cmd 'info-set guestinfo.mine of nobody'
request nobody-set-hosts /tools-iopl 65534 /usr/bin/vmtoolsd --cmd 'info-set guestinfo.greeting changed'
request get-again vmtoolsd --cmd 'info-get guestinfo.greeting'

cat >/etc/vmware-tools/tools.conf <<-'CONF'
	[logging]
	log=true
	vmsvc.level=debug
	vmsvc.handler=file
	vmsvc.data=/tmp/vmsvc.log
CONF
vmtoolsd -n vmsvc >/tmp/vmsvc.out 2>&1 &
service=$!
i=0
while [ $i -lt "${seconds:-60}" ] && kill -0 $service 2>/dev/null; do
	sleep 1
	i=$((i + 1))
done
say service-seconds $i
kill -TERM $service
wait $service
say service-code $?
sed 's/^/tools: log /' /tmp/vmsvc.log
sed 's/^/tools: out /' /tmp/vmsvc.out
dmesg -r | sed -n 's/^<[0-4]>\(.*\(vmci\|VMCI\|vsock\|WARNING\|BUG\|Call Trace\).*\)/tools: kernel \1/p'
say 'done'
poweroff -f
