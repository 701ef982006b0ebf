/* SPDX-License-Identifier: BSD-2-Clause */
/* line.h - lines from the guest's serial line and from programs on the host, and what they mean for
 * the scripts that run. Only for machine.c and line.c; the rest is in machine.h. */
#ifndef HOST_SIM_TEST_LINUX_LINE_H
#define HOST_SIM_TEST_LINUX_LINE_H

/* uds: where programs on the host find the bridge; borrowed.
 * times: how many times longer than they say waits for a guest or a program may take. */
void line_init(const char *uds, unsigned times);
/* The guest's serial line, taken over; -1: it is gone, and with it the guest's programs. */
void line_guest(int fd);

#endif
