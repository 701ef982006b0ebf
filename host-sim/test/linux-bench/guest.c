/* SPDX-License-Identifier: BSD-2-Clause */
/* guest.c - the guest's side: process 1, one command after the other. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <termios.h>
#include <unistd.h>
#include <linux/vm_sockets.h>
#include "flow.h"

#define IDLE_MAX 1024

static const char *const vmci[] = { "vsock", "vmw_vmci", "vmw_vsock_vmci_transport", NULL };
static const char *const virtio[] = { "vsock",
				      "virtio",
				      "virtio_ring",
				      "virtio_pci_legacy_dev",
				      "virtio_pci_modern_dev",
				      "virtio_pci",
				      "vmw_vsock_virtio_transport_common",
				      "vmw_vsock_virtio_transport",
				      NULL };

static int load(const char *name)
{
	char path[96];
	int fd, rc;

	snprintf(path, sizeof(path), "/modules/%s.ko", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno; /* part of the kernel */
	rc = syscall(SYS_finit_module, fd, "", 0) && errno != EEXIST ? -errno : 0;
	close(fd);
	return rc;
}

/* Sockets that were closed hold their transport for some seconds. */
static int unload(const char *name)
{
	for (int i = 0; i < 200; i++) {
		if (syscall(SYS_delete_module, name, O_NONBLOCK) == 0 || errno == ENOENT)
			return 0;
		if (errno != EAGAIN && errno != EWOULDBLOCK)
			return -errno;
		usleep(100000);
	}
	return -EBUSY;
}

/* Only one of them can stand below AF_VSOCK. */
static int use(bool is_virtio)
{
	const char *const *names = is_virtio ? virtio : vmci;
	int rc = unload(is_virtio ? "vmw_vsock_vmci_transport" : "vmw_vsock_virtio_transport");

	for (; *names && !rc; names++)
		rc = load(*names);
	return rc;
}

static int call(unsigned port)
{
	struct sockaddr_vm a = { .svm_family = AF_VSOCK,
				 .svm_cid = VMADDR_CID_HOST,
				 .svm_port = port };
	struct timeval t = { .tv_sec = FLOW_PATIENCE_S };
	int fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0), error;

	if (fd < 0)
		return -errno;
	flow_patience(fd);
	setsockopt(fd, AF_VSOCK, SO_VM_SOCKETS_CONNECT_TIMEOUT, &t, sizeof(t));
	if (connect(fd, (const struct sockaddr *)&a, sizeof(a)) == 0)
		return fd;
	error = errno;
	close(fd);
	return -error;
}

static int be_called(unsigned port, int line)
{
	struct sockaddr_vm a = { .svm_family = AF_VSOCK,
				 .svm_cid = VMADDR_CID_ANY,
				 .svm_port = port };
	int listener = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0), fd = -1;

	if (listener < 0)
		return -errno;
	flow_patience(listener);
	if (bind(listener, (const struct sockaddr *)&a, sizeof(a)) == 0 &&
	    listen(listener, 4) == 0) {
		dprintf(line, "up\n");
		fd = accept(listener, NULL, NULL);
	}
	if (fd < 0)
		fd = -errno;
	else
		flow_patience(fd);
	close(listener);
	return fd;
}

static int ping(int fd, unsigned long times, size_t len)
{
	int rc = 0;

	while (times-- && !rc) {
		rc = flow_put(fd, len);
		if (!rc)
			rc = flow_take(fd, len);
	}
	return rc;
}

static int connects(unsigned port, unsigned long times)
{
	while (times--) {
		int fd = call(port);

		if (fd < 0)
			return fd;
		close(fd);
	}
	return 0;
}

static int idle(unsigned port, unsigned long count, unsigned long ms)
{
	static int fds[IDLE_MAX];
	unsigned long n = 0;
	int rc = 0;

	for (; n < count && n < IDLE_MAX && rc >= 0; n++) {
		rc = call(port);
		fds[n] = rc;
	}
	if (rc >= 0)
		usleep((useconds_t)ms * 1000);
	while (n--)
		if (fds[n] >= 0)
			close(fds[n]);
	return rc < 0 ? rc : 0;
}

static int obey(const char *text, int line)
{
	unsigned long a = 0, b = 0;
	char word[16] = "", name[16] = "";
	unsigned port = 0;
	int rc, fd;

	if (sscanf(text, "use %15s", name) == 1)
		return use(strcmp(name, "virtio") == 0);
	if (sscanf(text, "%15s %u %lu %lu", word, &port, &a, &b) < 1)
		return -EINVAL;
	if (!strcmp(word, "connect"))
		return connects(port, a);
	if (!strcmp(word, "idle"))
		return idle(port, a, b);
	if (!strcmp(word, "poweroff"))
		reboot(RB_POWER_OFF);
	fd = strcmp(word, "sink") ? call(port) : be_called(port, line);
	if (fd < 0)
		return fd;
	if (!strcmp(word, "send"))
		rc = flow_send(fd, a, b);
	else if (!strcmp(word, "ping"))
		rc = ping(fd, a, b);
	else
		rc = flow_receive(fd, a);
	close(fd);
	return rc;
}

void guest_main(void)
{
	struct rlimit files = { 65536, 65536 };
	struct termios t;
	char text[128];
	FILE *in;
	int line;

	mkdir("/proc", 0755);
	mount("dev", "/dev", "devtmpfs", 0, NULL);
	mount("proc", "/proc", "proc", 0, NULL);
	setrlimit(RLIMIT_NOFILE, &files);
	line = open("/dev/ttyS1", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (line < 0)
		reboot(RB_POWER_OFF);
	if (tcgetattr(line, &t) == 0) {
		cfmakeraw(&t);
		t.c_cflag |= CLOCAL;
		tcsetattr(line, TCSANOW, &t);
	}
	in = fopen("/dev/ttyS1", "re");
	dprintf(line, "ok\n");
	while (in && fgets(text, sizeof(text), in)) {
		int rc = obey(text, line);

		if (rc < 0)
			dprintf(line, "fail %s\n", strerror(-rc));
		else
			dprintf(line, "ok\n");
	}
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}
