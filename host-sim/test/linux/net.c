/* SPDX-License-Identifier: BSD-2-Clause */
/* net.c - the guest's Ethernet, as QEMU's user network wants it. */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include "guest.h"

static int set(int fd, unsigned long request, const char *name, const char *address)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	struct ifreq r = { 0 };

	strncpy(r.ifr_name, name, sizeof(r.ifr_name) - 1);
	inet_pton(AF_INET, address, &a.sin_addr);
	memcpy(&r.ifr_addr, &a, sizeof(a));
	return ioctl(fd, request, &r);
}

static int raise_interface(int fd, const char *name)
{
	struct ifreq r = { .ifr_flags = IFF_UP | IFF_RUNNING };

	strncpy(r.ifr_name, name, sizeof(r.ifr_name) - 1);
	return ioctl(fd, SIOCSIFFLAGS, &r);
}

int net_up(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), rc;

	if (fd < 0)
		return -errno;
	rc = raise_interface(fd, "lo") || set(fd, SIOCSIFADDR, "eth0", "10.0.2.15") ||
			     set(fd, SIOCSIFNETMASK, "eth0", "255.255.255.0") ||
			     raise_interface(fd, "eth0")
		     ? -errno
		     : 0;
	close(fd);
	return rc;
}
