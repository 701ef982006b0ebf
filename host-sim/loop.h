/* SPDX-License-Identifier: BSD-2-Clause */
/* loop.h - many descriptors that are waited for together.
 *
 * Edges, not levels: a source is told once that it became readable or writable, remembers it, and
 * reads or writes until the kernel says no. So a reader that stalls costs nothing, and nobody has
 * to switch interest on and off.
 *
 * One thread.
 */
#ifndef HOST_SIM_LOOP_H
#define HOST_SIM_LOOP_H

#include <stdint.h>
#include <sys/epoll.h>

#define LOOP_BATCH 64

/* Part of what owns the descriptor. */
struct loop_source {
	int fd;
	/* events: EPOLLIN, EPOLLOUT, EPOLLRDHUP, EPOLLHUP, EPOLLERR that came. May remove and free
	 * any source. */
	void (*ready)(struct loop_source *source, uint32_t events);
};

struct loop {
	int fd; /* readable when some source has something */
	int have, at;
	int heard; /* sources that the last loop_run told more than that they can be written */
	struct epoll_event batch[LOOP_BATCH];
};

/* Returns 0, or -1 with errno. */
int loop_open(struct loop *loop);
/* Sources left are forgotten; their descriptors stay open. */
void loop_close(struct loop *loop);

/* Watch source->fd for input, output and its end. The source stays where it is until it is
 * removed. Returns 0, or -1 with errno: not watched. */
int loop_add(struct loop *loop, struct loop_source *source);
/* The same for one that must never be missed: as long as it is readable each loop_run tells it, and
 * whoever waits for the loop wakes. For what is not read, or read whole. */
int loop_add_level(struct loop *loop, struct loop_source *source);
/* No call for this source comes any more, not even of events that were seen already. To be called
 * before the descriptor is closed. */
void loop_remove(struct loop *loop, struct loop_source *source);

/* Tell the sources what happened, without waiting. Returns how many were told. */
int loop_run(struct loop *loop);

#endif
