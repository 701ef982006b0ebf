/* SPDX-License-Identifier: BSD-2-Clause */
/* vfu.h - a vfio-user server for one PCI device and one client at a time.
 *
 * The client is QEMU or something that says so; every byte and descriptor of it is hostile. A
 * message that breaks the framing closes the connection; a well-framed one that asks for
 * something wrong gets an error reply and changes nothing. After a close the device is reset, the
 * guest's memory and eventfds are gone, and the server listens on.
 *
 * One thread, pumped by vfu_poll. The device's functions are called from inside it.
 */
#ifndef HOST_SIM_VFU_H
#define HOST_SIM_VFU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "guestmem.h"
#include "irqs.h"
#include "vfu_proto.h"

struct vfu;

enum vfu_why {
	VFU_ASKED,     /* DEVICE_RESET: memory maps stay, eventfds stay */
	VFU_DISCONNECT /* the client is gone, maps and eventfds go next */
};

/* What happens on the socket, for a trace. text is valid during the call only. */
enum vfu_note {
	VFU_NOTE_CONNECT,
	VFU_NOTE_CLOSE,	     /* text: why */
	VFU_NOTE_MAP,	     /* a = guest address, b = bytes, text = "rw", "ro", "unreachable" */
	VFU_NOTE_UNMAP,	     /* a, b */
	VFU_NOTE_IRQS,	     /* text = mode, a = bits of usable vectors */
	VFU_NOTE_RESET,	     /* DEVICE_RESET */
	VFU_NOTE_REFUSED,    /* a = command, b = errno, text = what was asked */
	VFU_NOTE_TURNED_AWAY /* a second client, or one of another user; text: why */
};

struct vfu_device {
	void *ctx;
	/* Bytes of each region, 0 = absent. Region 7 is configuration space. */
	uint64_t region_bytes[VFU_REGIONS];
	unsigned vectors[3]; /* of INTx, MSI, MSI-X */
	/* The client is asked to wait for the answer to each write, also where it would post it. */
	bool no_posted_writes;
	/* One access, inside the region. 1 <= len <= 256 KiB. */
	void (*read)(void *ctx, unsigned region, uint64_t off, uint8_t *dst, uint32_t len);
	void (*write)(void *ctx, unsigned region, uint64_t off, const uint8_t *src, uint32_t len);
	void (*reset)(void *ctx, enum vfu_why why);
	/* Mode or usable vectors of vfu_irqs() changed. */
	void (*irqs_changed)(void *ctx);
	/* See guestmem_changed. */
	guestmem_changed *memory_changed;
	/* May be NULL. */
	void (*note)(void *ctx, enum vfu_note what, uint64_t a, uint64_t b, const char *text);
};

struct vfu_options {
	unsigned spin_us;	 /* longest busy wait after activity, 0 = none */
	int wake_fd;		 /* vfu_poll returns when it becomes readable; -1 = none */
	void (*idle)(void *ctx); /* called before going to sleep, the time to flush; may be NULL */
	/* Asked while a client does not take a reply: true gives it up. May be NULL. */
	bool (*hurry)(void *ctx);
	void *ctx; /* of idle and hurry */
};
/* A guest under emulation comes back within some 15 us after an answer; a sleep and its end cost
 * two or three times that. */
#define VFU_SPIN_US 50
/* After so many busy waits in vain there is none until a message comes that soon again. */
#define VFU_SPIN_MISSES 4

/* Make a server. device is copied; fd is a listening UNIX stream socket that now
 * belongs to the server, or -1 (then clients come by vfu_adopt). NULL: no memory. */
struct vfu *vfu_new(const struct vfu_device *device, const struct vfu_options *options, int fd);
/* Closes the connection (as a disconnect) and the listener. */
void vfu_free(struct vfu *v);

/* Serve an already connected socket. False (fd is closed): there is a client. */
bool vfu_adopt(struct vfu *v, int fd);

enum vfu_result {
	VFU_IDLE,	/* nothing happened within the timeout */
	VFU_WORKED,	/* messages were handled; call again */
	VFU_WOKEN,	/* no message came, and wake_fd is readable */
	VFU_CLIENT_GONE /* a connection ended */
};

#define VFU_BUDGET 256 /* messages handled by one call at most */

/* Handle what is there; if nothing is, wait up to timeout_us (-1 = for ever) for it. After
 * activity the wait begins with a short busy wait (vfu_options.spin_us), never longer, as long as
 * that turns out to be of use. */
enum vfu_result vfu_poll(struct vfu *v, int64_t timeout_us);
/* Was wake_fd readable as well, whatever vfu_poll returned? */
bool vfu_woken(const struct vfu *v);
/* There was other work that the client may be waiting for: counts as activity. */
void vfu_active(struct vfu *v);

/* The guest's memory and interrupts. */
struct guestmem *vfu_memory(struct vfu *v);
struct irqs *vfu_irqs(struct vfu *v);
bool vfu_connected(const struct vfu *v);
/* End the connection from our side, as for a broken message. */
void vfu_hang_up(struct vfu *v, const char *why);

#endif
