/* SPDX-License-Identifier: BSD-2-Clause */
/* loop.c - many descriptors that are waited for together. */
#include "loop.h"
#include <stddef.h>
#include <unistd.h>

int loop_open(struct loop *loop)
{
	loop->have = loop->at = 0;
	loop->fd = epoll_create1(EPOLL_CLOEXEC);
	return loop->fd < 0 ? -1 : 0;
}

void loop_close(struct loop *loop)
{
	if (loop->fd >= 0)
		close(loop->fd);
	loop->fd = -1;
}

static int add(struct loop *loop, struct loop_source *source, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.ptr = source };

	return epoll_ctl(loop->fd, EPOLL_CTL_ADD, source->fd, &ev);
}

int loop_add(struct loop *loop, struct loop_source *source)
{
	return add(loop, source, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
}

int loop_add_level(struct loop *loop, struct loop_source *source)
{
	return add(loop, source, EPOLLIN);
}

void loop_remove(struct loop *loop, struct loop_source *source)
{
	struct epoll_event ev = { 0 };

	epoll_ctl(loop->fd, EPOLL_CTL_DEL, source->fd, &ev);
	for (int i = loop->at; i < loop->have; i++)
		if (loop->batch[i].data.ptr == source)
			loop->batch[i].data.ptr = NULL;
}

int loop_run(struct loop *loop)
{
	int told = 0;

	loop->heard = 0;
	loop->have = epoll_wait(loop->fd, loop->batch, LOOP_BATCH, 0);
	for (loop->at = 0; loop->at < loop->have;) {
		const struct epoll_event *ev = &loop->batch[loop->at++];
		struct loop_source *source = ev->data.ptr;

		if (!source)
			continue;
		loop->heard += ev->events != EPOLLOUT;
		source->ready(source, ev->events);
		told++;
	}
	loop->have = loop->at = 0;
	return told;
}
