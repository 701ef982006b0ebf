/* SPDX-License-Identifier: BSD-2-Clause */
/* linux-init.c - process 1 of the Linux guest in `make linux-smoke`: loads and unloads VMCI's
 * driver.
 *
 * The only program in the guest's initial file system, linked statically. Prints lines that start
 * with "smoke: " on the console, ends with "smoke: done" and powers the machine off. Arguments of
 * the kernel's command line: smoke.cycles=N (20), smoke.reboot=1 (start
 * again instead of powering off).
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>
#include <linux/vm_sockets.h>

static const char *const modules[] = { "vsock", "vmw_vmci", "vmw_vsock_vmci_transport" };
#define MODULES (sizeof(modules) / sizeof(modules[0]))
#define DRIVER	"/sys/bus/pci/drivers/vmw_vmci"

static int console = 1;

__attribute__((format(printf, 1, 2))) static void say(const char *format, ...)
{
	char text[512];
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(text, sizeof(text) - 2, format, ap);
	va_end(ap);
	dprintf(console, "smoke: %.*s\r\n", n, text);
}

static void leave(int again)
{
	say("done");
	usleep(100000);
	reboot(again ? RB_AUTOBOOT : RB_POWER_OFF);
	for (;;)
		pause();
}

static int load(const char *name)
{
	char path[64];
	int fd, rc;

	snprintf(path, sizeof(path), "/%s.ko", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	rc = (int)syscall(SYS_finit_module, fd, "", 0);
	close(fd);
	return rc;
}

static int unload(const char *name)
{
	/* The driver's last reference may still be on its way out. */
	for (int i = 0; i < 100; i++) {
		if (syscall(SYS_delete_module, name, O_NONBLOCK) == 0)
			return 0;
		if (errno != EAGAIN && errno != EWOULDBLOCK)
			return -1;
		usleep(20000);
	}
	return -1;
}

/* Number of PCI functions that the driver is bound to. */
static int bound(void)
{
	DIR *d = opendir(DRIVER);
	struct dirent *e;
	int n = 0;

	while (d && (e = readdir(d)) != NULL)
		n += strncmp(e->d_name, "0000:", 5) == 0;
	if (d)
		closedir(d);
	return n;
}

/* Lines of /proc/interrupts that belong to the driver. */
static int interrupts(void)
{
	FILE *f = fopen("/proc/interrupts", "r");
	char line[512];
	int n = 0;

	while (f && fgets(line, sizeof(line), f))
		n += strstr(line, "vmw_vmci") != NULL;
	if (f)
		fclose(f);
	return n;
}

/* The context id, asked from the device through the driver. */
static unsigned local_cid(void)
{
	unsigned cid = VMADDR_CID_ANY;
	int fd = open("/dev/vsock", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return cid;
	if (ioctl(fd, IOCTL_VM_SOCKETS_GET_LOCAL_CID, &cid))
		cid = VMADDR_CID_ANY;
	close(fd);
	return cid;
}

/* A stream connection to a host port where nobody listens: a datagram out, an answer in. */
static int refused_connection(void)
{
	struct sockaddr_vm to = { .svm_family = AF_VSOCK,
				  .svm_cid = VMADDR_CID_HOST,
				  .svm_port = 4242 };
	struct timeval limit = { .tv_sec = 5 };
	int fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0), rc;

	if (fd < 0)
		return errno;
	setsockopt(fd, AF_VSOCK, SO_VM_SOCKETS_CONNECT_TIMEOUT, &limit, sizeof(limit));
	rc = connect(fd, (const struct sockaddr *)&to, sizeof(to)) ? errno : 0;
	close(fd);
	return rc;
}

/* Print what the kernel complained about (warnings and worse) since the start. Returns the count.
 */
static int complaints(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC), n = 0;
	char record[4096];
	ssize_t len;

	while (fd >= 0 && ((len = read(fd, record, sizeof(record) - 1)) > 0 || errno == EPIPE)) {
		char *text;

		if (len <= 0)
			continue;
		record[len] = '\0';
		text = strchr(record, ';');
		if (!text || (text = text + 1) == NULL)
			continue;
		text[strcspn(text, "\n")] = '\0';
		if (!strstr(text, "vmci") && !strstr(text, "VMCI") && !strstr(text, "vsock") &&
		    !strstr(text, "WARNING") && !strstr(text, "BUG") && !strstr(text, "Call Trace"))
			continue;
		if ((atoi(record) & 7) <= 4) {
			say("complaint: %s", text);
			n++;
		} else if (strstr(text, "capabilities")) {
			say("log: %s", text);
		}
	}
	if (fd >= 0)
		close(fd);
	return n;
}

static int argument(const char *name, int otherwise)
{
	static char line[2048];
	int fd = open("/proc/cmdline", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, line, sizeof(line) - 1);
	char *at;

	if (fd >= 0)
		close(fd);
	line[n > 0 ? n : 0] = '\0';
	at = strstr(line, name);
	return at && at[strlen(name)] == '=' ? atoi(at + strlen(name) + 1) : otherwise;
}

static int cycle(int n)
{
	for (size_t i = 0; i < MODULES; i++) {
		if (load(modules[i])) {
			say("cycle %d: cannot load %s: %s", n, modules[i], strerror(errno));
			return -1;
		}
	}
	if (bound() != 1) {
		say("cycle %d: the driver is bound to %d devices", n, bound());
		return -1;
	}
	if (n == 1) {
		say("interrupts %d", interrupts());
		say("cid %u", local_cid());
		say("connect %s", strerror(refused_connection()));
	}
	for (size_t i = MODULES; i-- > 0;) {
		if (unload(modules[i])) {
			say("cycle %d: cannot unload %s: %s", n, modules[i], strerror(errno));
			return -1;
		}
	}
	return 0;
}

int main(void)
{
	int cycles, done = 0;

	mkdir("/dev", 0755);
	mkdir("/proc", 0755);
	mkdir("/sys", 0755);
	mount("dev", "/dev", "devtmpfs", 0, NULL);
	mount("proc", "/proc", "proc", 0, NULL);
	mount("sys", "/sys", "sysfs", 0, NULL);
	console = open("/dev/console", O_RDWR | O_CLOEXEC);
	cycles = argument("smoke.cycles", 20);
	say("start");
	while (done < cycles && cycle(done + 1) == 0)
		done++;
	say("cycles %d", done);
	say("complaints %d", complaints());
	leave(argument("smoke.reboot", 0));
	return 0;
}
