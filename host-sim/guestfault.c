/* SPDX-License-Identifier: BSD-2-Clause */
/* guestfault.c - a shared file that shrinks must not kill the process. */
#include "guestfault.h"
#include <errno.h>
#include <sys/mman.h>

static struct guestfault *ranges;

static void on_sigbus(int sig, siginfo_t *info, void *context)
{
	uintptr_t at = (uintptr_t)info->si_addr;
	int saved = errno;

	(void)context;
	for (struct guestfault *g = ranges; g; g = g->next) {
		uintptr_t base = (uintptr_t)g->base;

		if (at < base || at - base >= g->len)
			continue;
		/* The whole mapping at once: a huge page cannot be replaced in part. */
		if (mmap(g->base, g->len, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1,
			 0) == MAP_FAILED)
			break;
		g->gone = 1;
		errno = saved;
		return;
	}
	/* Not ours: the access repeats and takes the default action. */
	signal(sig, SIG_DFL);
}

int guestfault_install(void)
{
	struct sigaction sa = { .sa_sigaction = on_sigbus, .sa_flags = SA_SIGINFO };

	sigemptyset(&sa.sa_mask);
	return sigaction(SIGBUS, &sa, NULL);
}

void guestfault_add(struct guestfault *g, void *base, size_t len)
{
	g->base = base;
	g->len = len;
	g->gone = 0;
	g->next = ranges;
	ranges = g;
}

void guestfault_remove(struct guestfault *g)
{
	struct guestfault **at = &ranges;

	while (*at && *at != g)
		at = &(*at)->next;
	if (*at)
		*at = g->next;
}
