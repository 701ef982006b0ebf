/* SPDX-License-Identifier: BSD-2-Clause */
/* bridge_line.h - the words of the hybrid vsock convention.
 *
 * A host program says "CONNECT PORT\n" and hears "OK PORT\n"; numbers are decimal. Names of sockets
 * are PATH for these, PATH_PORT for what a guest connects to, PATH_dgram for datagrams.
 */
#ifndef HOST_SIM_BRIDGE_LINE_H
#define HOST_SIM_BRIDGE_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/un.h>

#define BRIDGE_LINE_MAX 32u /* bytes of a line with its end; one that is longer is no command */

/* How long a guest may take to answer. A guest that reads through the port, under load, needs more
 * than the two seconds that sockets wait by themselves; a program that does not want to wait so
 * long hangs up. */
#define BRIDGE_CONNECT_US UINT64_C(30000000)

enum bridge_line {
	BRIDGE_LINE_PART, /* no end of line yet */
	BRIDGE_LINE_BAD,
	BRIDGE_LINE_CONNECT
};

/* Look at the first bytes that a host program sent.
 *   text, len  at most BRIDGE_LINE_MAX bytes
 *   used       bytes of the line with its end
 *   port       0 to 0xfffffffe */
enum bridge_line bridge_line_parse(const char *text, size_t len, size_t *used, uint32_t *port);

/* A decimal number up to max, of exactly len digits without anything else. */
bool bridge_number(const char *text, size_t len, uint32_t max, uint32_t *out);

#define BRIDGE_PORT_DIGITS 10u
/* Longest PATH, bytes, so that the longest name behind it fits. */
#define BRIDGE_PATH_MAX (sizeof(((struct sockaddr_un *)0)->sun_path) - 2u - BRIDGE_PORT_DIGITS)

/* PATH_PORT as an address; path has at most BRIDGE_PATH_MAX bytes. */
void bridge_address(struct sockaddr_un *at, const char *path, uint32_t port);
/* The port in the name PATH_PORT that a program bound its end to, in whatever directory; false: it
 * has another name. */
bool bridge_port_of(const struct sockaddr_un *at, size_t len, const char *path, uint32_t *port);

#endif
