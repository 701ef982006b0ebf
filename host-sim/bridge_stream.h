/* SPDX-License-Identifier: BSD-2-Clause */
/* bridge_stream.h - what is remembered of one stream. Private to bridge*.c. */
#ifndef HOST_SIM_BRIDGE_STREAM_H
#define HOST_SIM_BRIDGE_STREAM_H

#include "bridge_item.h"

enum stage {
	ASKED,	    /* a program is there and has not said where to */
	CONNECTING, /* the guest was asked */
	OPENING,    /* the guest asked, its handshake is under way */
	OPEN
};

/* Bytes that one side gave and the other did not take yet; memory only as long as there are any. */
struct rest {
	uint8_t *bytes;
	size_t len, at;
};

struct flow {
	struct rest rest;
	bool at_end; /* the giver gives no more */
	bool over;   /* the taker knows that, or takes no more */
};

struct stream {
	struct bridge_item item;
	enum stage stage;
	struct flow up;	   /* from the guest */
	struct flow down;  /* to the guest */
	uint64_t up_bytes; /* since something went down */
	size_t left;	   /* in the queue, at the last look */
};

/* Move what can be moved of an open stream. Returns and frees as bridge_item.run. */
bool stream_run(struct stream *s);
/* Close both ends, with a line for who listens. Frees the stream. */
void stream_end(struct stream *s, const char *why);

#endif
