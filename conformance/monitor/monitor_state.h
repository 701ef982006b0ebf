/* SPDX-License-Identifier: BSD-2-Clause */
/* monitor_state.h - inside of the monitor. */
#ifndef CONFORMANCE_MONITOR_STATE_H
#define CONFORMANCE_MONITOR_STATE_H

#include <vmci/defs.h>
#include <vmci/mem.h>
#include "monitor.h"

#define FINDINGS 128u
#define REFUSALS 64u
#define RINGS	 32u   /* rings whose byte is watched */
#define PAIRS	 2048u /* queue pairs whose headers are watched */
#define LINKS	 4096u /* doorbells */
#define REFUSED	 16u   /* handles that the device refused lately */
#define INDEXES	 65536u
#define STREAMS	 1024u /* handshakes of sockets */
#define BUSY	 16u   /* accesses that show that a guest runs */

/* What the guest owes since a moment. */
struct owed {
	bool is_due;
	uint64_t since_us, since_access;
};

/* Between two starts of a driver. */
struct session {
	uint32_t offer, caps; /* read from CAPS, written to CAPS */
	bool has_offer, wrote_caps, is_absent, lacks_datagram;
	bool wrote_shift, wrote_in_high, wrote_out_high, wrote_imr, is_enabled;
	bool called, has_sent, is_reset, was_used, had_pairs;
	bool owes_5, owes_10, owes_query; /* clauses by which it has to give up */
	bool looks_gone;
	uint32_t page_shift, imr;
};

struct pair {
	bool is_used, is_shared; /* shared: another end is or was there */
	struct vmci_handle handle;
	uint64_t produce, consume;
	struct vmci_gpa produce_header, consume_header;
};

struct link {
	bool is_used;
	struct vmci_handle handle;
	uint32_t index;
};

/* A stream of sockets, from its request on. */
struct stream {
	bool is_used, by_guest, is_old; /* who asked; by REQUEST */
	bool has_size, was_offered, was_misunderstood, owes_reset;
	enum monitor_rule reset_rule;
	uint32_t peer, port, peer_port;
	uint64_t size;	 /* asked for, then agreed on */
	uint16_t protos; /* asked for */
	struct vmci_handle offered;
};

struct ring {
	struct owed owed;
	uint32_t index;
	bool by_icr; /* a read of ICR told the guest */
};

struct monitor {
	struct monitor_port port;
	uint64_t patience_us, now_us, events, line, accesses;
	struct monitor_score scores[MONITOR_RULE_COUNT];
	struct monitor_finding findings[FINDINGS];
	struct monitor_refusal refusals[REFUSALS];
	unsigned nfindings, nrefusals;

	struct session s;

	/* who the guest is */
	uint32_t cid, former_cid, told_cid;
	bool has_cid, has_former, was_told;
	bool wants_cid;	  /* the answer to its question was all ones */
	bool has_new_cid; /* an event announced cid */
	struct owed cid_due;
	bool was_fooled; /* an event announced all ones */
	bool has_subscribed;

	/* interrupts, datagrams to the guest */
	uint64_t irq_mode;
	uint32_t messages;
	struct owed fetch, burst;
	enum monitor_rule fetch_rule;
	struct ring rings[RINGS];

	/* doorbells */
	bool has_bitmap;
	struct vmci_gpa bitmap;
	struct link links[LINKS];
	bool is_overfull; /* more doorbells than are watched: indexes are not judged */
	uint8_t handed_out[INDEXES / 8];
	uint32_t next_index; /* above all that were handed out */
	bool has_gap;	     /* an index above next_index was handed out, reordered perhaps */
	uint32_t gap;
	bool has_released;
	uint32_t released;
	struct vmci_handle refused_links[REFUSED];
	unsigned nrefused_links;

	/* queue pairs */
	bool has_attached; /* the request under way found another end */
	struct vmci_handle attached;
	struct pair pairs[PAIRS];
	unsigned npairs_top, look; /* slots in use end here; the next to be looked at */
	struct vmci_handle refused_pairs[REFUSED];
	unsigned nrefused_pairs;

	struct stream streams[STREAMS];
	unsigned next_stream;
};

/* ---- judging ---------------------------------------------------------------------------- */

void monitor_holds(struct monitor *m, enum monitor_rule rule);
/* what: static text; %u, %x: value, then other, in decimal and hexadecimal; %h: both as a handle;
 * %r: value as a register's name. */
void monitor_violates(struct monitor *m, enum monitor_rule rule, const char *what, uint64_t value,
		      uint64_t other);
/* One of both: holds when it is good. */
void monitor_judge(struct monitor *m, bool good, enum monitor_rule rule, const char *what,
		   uint64_t value, uint64_t other);

void monitor_owe(struct monitor *m, struct owed *o);
/* Due, the patience is over, and the guest was busy since. */
bool monitor_is_late(const struct monitor *m, const struct owed *o);

static inline uint64_t monitor_page(const struct monitor *m)
{
	return (uint64_t)1 << m->s.page_shift;
}

static inline bool monitor_reads(const struct monitor *m, uint64_t addr, void *dst, size_t len)
{
	struct vmci_gpa gpa = { addr };

	return m->port.mem_read && m->port.mem_read(m->port.ctx, gpa, dst, len) == 0;
}

/* The guest may call itself so. */
bool monitor_is_own(const struct monitor *m, uint32_t context);
/* The guest named this context as its own. */
void monitor_names_itself(struct monitor *m, uint32_t context);

/* ---- parts ------------------------------------------------------------------------------ */

void monitor_session_begin(struct monitor *m); /* nothing is set up in the device */
void monitor_register(struct monitor *m, const struct vmci_trace *ev);
void monitor_bytes_run(struct monitor *m, const struct vmci_trace *ev);
/* The guest does something that needs a working device. */
void monitor_uses_device(struct monitor *m);
/* The guest, or the machine for it, let go of the device. */
void monitor_session_end(struct monitor *m, bool by_guest);

/* A datagram is sent; at the first of a session: is the device set up for it? */
void monitor_first_datagram(struct monitor *m);
void monitor_datagram(struct monitor *m, const struct vmci_trace *ev);
void monitor_delivered(struct monitor *m, const struct vmci_trace *ev);
void monitor_hypercall(struct monitor *m, uint32_t rid, const uint8_t *dg, size_t len,
		       int32_t result);

void monitor_told(struct monitor *m, uint32_t causes);
void monitor_message(struct monitor *m, uint64_t vector);
void monitor_fetched(struct monitor *m);
void monitor_rung(struct monitor *m, uint64_t index);
void monitor_look_at_debts(struct monitor *m);

void monitor_bells_forget(struct monitor *m);
void monitor_link(struct monitor *m, const uint8_t *msg, int32_t result);
void monitor_unlink(struct monitor *m, const uint8_t *msg, int32_t result);

void monitor_pairs_forget(struct monitor *m);
/* How many pairs the guest still holds. */
unsigned monitor_pairs_held(const struct monitor *m);
void monitor_alloc(struct monitor *m, const uint8_t *msg, size_t len, int32_t result);
void monitor_detach(struct monitor *m, const uint8_t *msg, int32_t result);
void monitor_pair_event(struct monitor *m, const struct vmci_trace *ev);
/* The sizes of a pair that the guest holds; false: it holds none of that name. */
bool monitor_pair_sizes(struct monitor *m, struct vmci_handle h, uint64_t *produce,
			uint64_t *consume);
/* Look at the headers of the next pair. */
void monitor_look_at_pairs(struct monitor *m);

/* A datagram that the guest sent: judges it if it is a packet of a stream, else false. */
bool monitor_stream_packet(struct monitor *m, const uint8_t *dg, size_t len);
void monitor_stream_delivered(struct monitor *m, const uint8_t *dg, size_t len);
void monitor_streams_forget(struct monitor *m);

#endif
