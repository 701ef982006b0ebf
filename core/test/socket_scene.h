/* SPDX-License-Identifier: BSD-2-Clause */
/* socket_scene.h - sockets at one end and a bare hand as their peer, for tests. Included after
 * cmocka.h.
 */
#ifndef TEST_SOCKET_SCENE_H
#define TEST_SOCKET_SCENE_H

#include "socket_world.h"

#define SCENE_PORT  5000u /* of a listener */
#define SCENE_HAND  6000u /* of the hand */
#define SCENE_SIZE  8192u
#define SCENE_SIDES 4u

struct scene {
	struct socket_world w;
	enum which own, hand;
	struct vmci_sockets *s;
	int listener, client;
	struct vmci_transport_pair *pair; /* the hand's end */
	struct vmci_handle handle;
};

/* side: which end has the sockets, 0 to SCENE_SIDES - 1. */
void scene_open(struct scene *c, size_t side);
void scene_open_limited(struct scene *c, size_t side, struct vmci_socket_limits limits);
void scene_close(struct scene *c);

int scene_say(struct scene *c, uint8_t type, uint16_t proto, uint32_t port, uint64_t value);
/* The next packet has this type and the form of all packets. */
const struct seen *scene_hear(struct scene *c, uint8_t type);
void scene_hear_nothing(struct scene *c);
uint64_t scene_value(struct vmci_handle h);
void scene_expect_count(struct scene *c, uint32_t sockets, uint32_t pairs);

void scene_listen(struct scene *c, uint32_t backlog);
void scene_hand_creates_pair(struct scene *c, uint64_t size);
void scene_hand_attaches(struct scene *c, uint64_t size);
void scene_hand_detaches(struct scene *c);
/* The hand connects. Returns the accepted socket. */
int scene_hand_connects(struct scene *c, bool old);
/* The sockets connect to the hand, as c->client. */
void scene_connect(struct scene *c);
const struct seen *scene_hear_offer(struct scene *c);
void scene_client_connects(struct scene *c);
uint32_t scene_client_port(struct scene *c);

/* Bytes at the hand's end of the queue pair. */
int64_t scene_put(struct scene *c, const void *bytes, size_t len);
int64_t scene_take(struct scene *c, void *bytes, size_t len);

/* A test that runs on all sides. */
#define SCENE_ON_ALL_SIDES(name)                                                                   \
	static void name##_test(void **state)                                                      \
	{                                                                                          \
		(void)state;                                                                       \
		for (size_t side = 0; side < SCENE_SIDES; side++)                                  \
			name(side);                                                                \
	}

#endif
