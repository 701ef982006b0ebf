/* SPDX-License-Identifier: BSD-2-Clause */
/* fuzz_peer.c - any requests to the conformance peer behind the mailbox, and register accesses
 * between them.
 *
 * Input: pieces of { u8 how, u8 length, bytes }. how even: the bytes go through the mailbox as a
 * request (u16 op, u16 nargs, u32 blob length, arguments, blob). how odd: the first byte is an
 * offset, the next four a value, written to the device's port window.
 */
#include <stdlib.h>
#include <string.h>
#include <vmci/wire.h>
#include "../peer_link.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void put(struct peerbox *box, uint32_t off, uint32_t value)
{
	uint8_t raw[4];

	vmci_put32(raw, value);
	peerbox_write(box, off, raw, sizeof(raw));
}

static uint32_t get(struct peerbox *box, uint32_t off)
{
	uint8_t raw[4] = { 0 };

	peerbox_read(box, off, raw, sizeof(raw));
	return vmci_get32(raw);
}

static void ask(struct peerbox *box, const uint8_t *request, size_t len)
{
	uint8_t word[4];

	put(box, PEERBOX_LENGTH_REG, (uint32_t)len);
	for (size_t at = 0; at < len; at += 4) {
		memset(word, 0, sizeof(word));
		memcpy(word, request + at, len - at < 4 ? len - at : 4);
		put(box, PEERBOX_DATA_REG, vmci_get32(word));
	}
	put(box, PEERBOX_CONTROL_REG, PEERBOX_EXECUTE);
	/* A whole request always gets an answer. */
	if (len && !(get(box, PEERBOX_CONTROL_REG) & PEERBOX_READY))
		abort();
	for (uint32_t at = 0; at < 64; at += 4)
		get(box, PEERBOX_DATA_REG);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct simdev_options options = {
		.pci = { .bar1_bytes = VMCI_BAR1_SIZE_MMIO,
			 .irq = CONFIG_IRQ_MSIX,
			 .vectors = 3,
			 .peer = true },
		.device = { .cid = 16, .caps = 0x3c },
	};
	static const struct vfu_options vfu = { .wake_fd = -1 };
	struct peer_link peer = { 0 };
	struct simdev *s = calloc(1, sizeof(*s));

	if (!s || simdev_open(s, &options, &vfu, -1, peer_link_handle, &peer, NULL) ||
	    peer_link_open(&peer, s))
		abort();
	vmci_device_set_bus_master(s->device, true);
	while (size >= 2) {
		uint8_t how = data[0];
		size_t len = data[1];

		data += 2;
		size -= 2;
		if (len > size)
			len = size;
		if (!(how & 1))
			ask(s->peerbox, data, len);
		else if (len >= 5)
			vmci_device_write(s->device, VMCI_WINDOW_PORTS, data[0], how & 2 ? 8 : 32,
					  vmci_get32(data + 1));
		vmci_hub_run(s->hub);
		data += len;
		size -= len;
	}
	peer_link_reset(&peer);
	peer_link_close(&peer);
	simdev_close(s);
	free(s);
	return 0;
}
