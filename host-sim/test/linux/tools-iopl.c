/* SPDX-License-Identifier: BSD-2-Clause */
/* tools-iopl.c - runs a program that may use every I/O port: tools-iopl USER-ID PROGRAM
 * [ARGUMENT]...
 *
 * VMware's tools look for the hypervisor at an I/O port. VMware's hypervisor answers any program;
 * an emulated processor asks for the privilege, as a real one does. Children inherit it, also when
 * they are no longer root.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/io.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	unsigned id = argc > 2 ? (unsigned)strtoul(argv[1], NULL, 10) : 0;

	if (argc < 3)
		return 2;
	if (iopl(3))
		perror("iopl");
	if (id && (setgid(id) || setuid(id))) {
		perror("setuid");
		return 127;
	}
	execv(argv[2], argv + 2);
	perror(argv[2]);
	return 127;
}
