/* SPDX-License-Identifier: BSD-2-Clause */
/* call.h - what the calls have in common that libvmci-vsock.so stands before. What is not about
 * vsock goes on to the C library (real.h). */
#ifndef HOST_SIM_PRELOAD_CALL_H
#define HOST_SIM_PRELOAD_CALL_H

#include <errno.h>

/* A function that programs call in place of the C library's. */
#define EXPORT __attribute__((visibility("default")))

/* Sets errno. Always returns -1. */
static inline int fail(int error)
{
	errno = error;
	return -1;
}

#endif
