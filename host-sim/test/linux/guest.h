/* SPDX-License-Identifier: BSD-2-Clause */
/* guest.h - process 1 of the Linux guest, and what it is told over the second serial line.
 *
 *   run ID SCRIPT      a script over AF_VSOCK; its reports come back as they are (script.h), and
 *                      "done ID died SIGNAL" when a signal ended it
 *   exec ID PATH ...   a program, its output on the console; "done ID ok" or "done ID fail CODE"
 *   wake ID, kill ID   SIGUSR1, or SIGKILL to all its processes
 *   load, unload       modules; "load ok" or "load fail WHY"
 *   cycles N           load and unload; "cycles DONE"
 *   look               "complaint TEXT" lines, then "look interrupts=N cid=N complaints=N"
 *   net                the first Ethernet gets the address of QEMU's user network; "net ok"
 *   reboot, poweroff
 *
 * Says "hello RELEASE" when it is ready.
 */
#ifndef HOST_SIM_TEST_LINUX_GUEST_H
#define HOST_SIM_TEST_LINUX_GUEST_H

_Noreturn void guest_main(void);

/* ---- net.c: returns 0 or a negative errno ---- */

int net_up(void);

/* ---- modules.c: the driver, as the kernel shows it ---- */

/* Load all of /modules/list, the driver bound to one device at the end. Returns 0, or -1 and *why.
 */
int modules_load(const char **why);
int modules_unload(const char **why);
/* Lines of /proc/interrupts that are the driver's; the context id that it learned. */
int modules_interrupts(void);
unsigned modules_cid(void);
/* What the kernel complained about since the start: each is handed to say. Returns how many. */
int modules_complaints(void (*say)(const char *text));

#endif
