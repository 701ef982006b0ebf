/* SPDX-License-Identifier: BSD-2-Clause */
/* connect.h - vmci-sim connect: standard input and output as a stream to a guest's socket. */
#ifndef HOST_SIM_CONNECT_H
#define HOST_SIM_CONNECT_H

/* The command `vmci-sim connect PATH PORT`; argv[0] is "connect". Serves as ssh's ProxyCommand:
 * nothing but the stream's bytes goes to the standard output.
 * Returns the exit code: 0 the guest ended the stream, 1 refused or broken off, 2 usage. Errors go
 * to the standard error, one line. */
int connect_main(int argc, char **argv);

#endif
