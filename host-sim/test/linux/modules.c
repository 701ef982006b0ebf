/* SPDX-License-Identifier: BSD-2-Clause */
/* modules.c - the driver in the guest: how it comes, goes, and what the kernel says about it. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/vm_sockets.h>
#include "guest.h"

#define DRIVER	    "/sys/bus/pci/drivers/vmw_vmci"
#define MODULES_MAX 16

static char names[MODULES_MAX][64];
static char reason[160];

static size_t read_list(void)
{
	FILE *f = fopen("/modules/list", "re");
	size_t n = 0;

	while (f && n < MODULES_MAX && fscanf(f, "%63s", names[n]) == 1)
		n++;
	if (f)
		fclose(f);
	return n;
}

static int fail(const char **why, const char *what, const char *name)
{
	snprintf(reason, sizeof(reason), "cannot %.16s %.64s: %.60s", what, name, strerror(errno));
	*why = reason;
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

static int load(const char *name)
{
	char path[96];
	int fd, rc;

	snprintf(path, sizeof(path), "/modules/%.80s.ko", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	rc = (int)syscall(SYS_finit_module, fd, "", 0);
	close(fd);
	return rc && errno != EEXIST ? -1 : 0;
}

static int unload(const char *name)
{
	/* The driver's last reference may still be on its way out. */
	for (int i = 0; i < 150; i++) {
		if (syscall(SYS_delete_module, name, O_NONBLOCK) == 0 || errno == ENOENT)
			return 0;
		if (errno != EAGAIN && errno != EWOULDBLOCK)
			return -1;
		usleep(20000);
	}
	return -1;
}

int modules_load(const char **why)
{
	size_t n = read_list();

	for (size_t i = 0; i < n; i++)
		if (load(names[i]))
			return fail(why, "load", names[i]);
	if (bound() != 1) {
		snprintf(reason, sizeof(reason), "the driver is bound to %d devices", bound());
		*why = reason;
		return -1;
	}
	return 0;
}

/* The kernel's list is the other way round, and the transport has to go before what it uses. */
int modules_unload(const char **why)
{
	size_t n = read_list();

	while (n-- > 0)
		if (unload(names[n]))
			return fail(why, "unload", names[n]);
	return 0;
}

int modules_interrupts(void)
{
	FILE *f = fopen("/proc/interrupts", "re");
	char line[512];
	int n = 0;

	while (f && fgets(line, sizeof(line), f))
		n += strstr(line, "vmw_vmci") != NULL;
	if (f)
		fclose(f);
	return n;
}

unsigned modules_cid(void)
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

int modules_complaints(void (*say)(const char *text))
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
		if (!text || (atoi(record) & 7) > 4)
			continue;
		text++;
		text[strcspn(text, "\n")] = '\0';
		if (!strcasestr(text, "vmci") && !strstr(text, "vsock") &&
		    !strstr(text, "WARNING") && !strstr(text, "BUG") && !strstr(text, "Call Trace"))
			continue;
		say(text);
		n++;
	}
	if (fd >= 0)
		close(fd);
	return n;
}
