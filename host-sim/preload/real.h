/* SPDX-License-Identifier: BSD-2-Clause */
/* real.h - the functions of the C library behind those of libvmci-vsock.so. */
#ifndef HOST_SIM_PRELOAD_REAL_H
#define HOST_SIM_PRELOAD_REAL_H

#include <dlfcn.h>
#include <stdlib.h>

/* REAL(connect)(fd, ...): found at the first call. */
#define REAL(name)                                                                                 \
	({                                                                                         \
		static __typeof__(&name) real_##name;                                              \
		if (!real_##name)                                                                  \
			*(void **)&real_##name = dlsym(RTLD_NEXT, #name);                          \
		if (!real_##name)                                                                  \
			abort();                                                                   \
		real_##name;                                                                       \
	})

#endif
