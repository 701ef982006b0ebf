/* SPDX-License-Identifier: BSD-2-Clause */
/* test_simdev.c - the served device and the life around it: memory that goes, clients that go,
 * resets, the interrupt status bit, the mailbox. What a guest sees of the protocol is for vectors.
 */
#include "raw.h"
#include <vmci/error.h>
#include <vmci/wire.h>
#include <peer_wire.h>
#include "../peer_link.h"

#define RAM	(UINT64_C(1) << 20)
#define BUFFER	0x1000u /* guest addresses */
#define QUEUES	0x10000u
#define MMIO	VMCI_MMIO_ACCESS_OFFSET
#define COMMAND 0x04u

struct world {
	struct simdev sim;
	struct peer_link peer;
	struct raw raw;
	int file;
	uint8_t *ram;
};

static void open_world(struct world *w, enum config_irq irq)
{
	const struct simdev_options options = {
		.pci = { .bar1_bytes = VMCI_BAR1_SIZE_MMIO,
			 .irq = irq,
			 .vectors = 3,
			 .peer = true },
		.device = { .cid = 16, .caps = 0x3c },
	};
	const struct vfu_options vfu = { .wake_fd = -1 };

	memset(w, 0, sizeof(*w));
	w->file = memory_file(RAM);
	w->ram = mmap(NULL, RAM, PROT_READ | PROT_WRITE, MAP_SHARED, w->file, 0);
	assert_ptr_not_equal(w->ram, MAP_FAILED);
	assert_int_equal(simdev_open(&w->sim, &options, &vfu, -1, peer_link_handle, &w->peer, NULL),
			 0);
	assert_int_equal(peer_link_open(&w->peer, &w->sim), 0);
	w->raw.vfu = w->sim.vfu;
	raw_connect(&w->raw);
	assert_int_equal(raw_hello(&w->raw), 0);
}

static void close_world(struct world *w)
{
	close(w->raw.fd);
	peer_link_close(&w->peer);
	simdev_close(&w->sim);
	munmap(w->ram, RAM);
	close(w->file);
}

static void map_ram(struct world *w)
{
	struct vfu_dma_map map = { .argsz = sizeof(map), .flags = 3, .size = RAM };

	assert_int_equal(raw_ask_fds(&w->raw, VFU_DMA_MAP, &map, sizeof(map), &w->file, 1), 0);
}

static int unmap_ram(struct world *w)
{
	struct vfu_dma_unmap unmap = { .argsz = sizeof(unmap), .size = RAM };

	return raw_ask(&w->raw, VFU_DMA_UNMAP, &unmap, sizeof(unmap));
}

static void put(struct world *w, unsigned region, uint64_t off, uint32_t value, uint32_t len)
{
	struct vfu_region_access a = { .offset = off, .region = region, .count = len };
	uint8_t body[sizeof(a) + 4];

	memcpy(body, &a, sizeof(a));
	vmci_put32(body + sizeof(a), value);
	assert_int_equal(raw_ask(&w->raw, VFU_REGION_WRITE, body, sizeof(a) + len), 0);
}

static uint32_t get(struct world *w, unsigned region, uint64_t off, uint32_t len)
{
	struct vfu_region_access a = { .offset = off, .region = region, .count = len };
	uint8_t body[64] = { 0 };
	size_t got;

	raw_send_fds(w->raw.fd, body, raw_message(body, VFU_REGION_READ, 0, &a, sizeof(a)), NULL,
		     0);
	raw_pump(&w->raw);
	memset(body, 0, sizeof(body));
	assert_int_equal(raw_answer(&w->raw, VFU_REGION_READ, body, &got), 0);
	return vmci_get32(body + sizeof(a));
}

static void negotiate(struct world *w)
{
	put(w, VFU_CONFIG, COMMAND, 7, 2);
	put(w, VFU_BAR1, MMIO + VMCI_CAPS_ADDR, 0x3c, 4);
	put(w, VFU_BAR1, MMIO + VMCI_GUEST_PAGE_SHIFT_ADDR, 12, 4);
}

/* A hypercall by DMA. Returns its result. */
static int32_t call(struct world *w, uint32_t rid, const uint8_t *payload, uint32_t len)
{
	uint8_t *b = w->ram + BUFFER;

	memset(b, 0, VMCI_DMA_HEADER_SIZE + VMCI_DATAGRAM_SIZE);
	vmci_put32(b + VMCI_DMA_HEADER_BUSY, 1);
	vmci_put32(b + VMCI_DMA_HEADER_SIZE_FIELD, VMCI_DATAGRAM_SIZE + len);
	b += VMCI_DMA_HEADER_DATA;
	vmci_put_handle(b, vmci_handle(VMCI_HYPERVISOR_CONTEXT_ID, rid));
	vmci_put_handle(b + 8, vmci_handle(VMCI_INVALID_ID, VMCI_INVALID_ID));
	vmci_put64(b + VMCI_DATAGRAM_PAYLOAD_SIZE, len);
	if (len)
		memcpy(b + VMCI_DATAGRAM_SIZE, payload, len);
	put(w, VFU_BAR1, MMIO + VMCI_DATA_OUT_LOW_ADDR, BUFFER, 4);
	return (int32_t)get(w, VFU_BAR1, MMIO + VMCI_RESULT_LOW_ADDR, 4);
}

/* A queue pair of one data page each way; four pages are pinned by it. */
static int32_t make_pair(struct world *w, uint32_t resource)
{
	uint8_t msg[VMCI_QUEUEPAIR_ALLOC_MSG_SIZE + 4 * 8] = { 0 };

	vmci_put_handle(msg, vmci_handle(16, resource));
	vmci_put32(msg + VMCI_QUEUEPAIR_ALLOC_MSG_PEER, VMCI_INVALID_ID);
	vmci_put64(msg + VMCI_QUEUEPAIR_ALLOC_MSG_PRODUCE_SIZE, 4096);
	vmci_put64(msg + VMCI_QUEUEPAIR_ALLOC_MSG_CONSUME_SIZE, 4096);
	vmci_put64(msg + VMCI_QUEUEPAIR_ALLOC_MSG_NUM_PPNS, 4);
	for (uint32_t i = 0; i < 4; i++)
		vmci_put64(msg + VMCI_QUEUEPAIR_ALLOC_MSG_PPNS + 8 * (size_t)i,
			   QUEUES / 4096 + resource * 4 + i);
	return call(w, VMCI_QUEUEPAIR_ALLOC, msg, sizeof(msg));
}

static void memory_goes_under_a_queue_pair(void **state)
{
	struct world w;

	(void)state;
	open_world(&w, CONFIG_IRQ_MSIX);
	map_ram(&w);
	negotiate(&w);
	assert_int_equal(call(&w, VMCI_GET_CONTEXT_ID, NULL, 0), 16);
	assert_true(make_pair(&w, 1) >= 0);
	assert_int_equal(guestmem_pins(vfu_memory(w.sim.vfu)), 4);
	assert_int_equal(unmap_ram(&w), 0);
	assert_int_equal(guestmem_pins(vfu_memory(w.sim.vfu)), 0);
	/* Nothing can be sent without memory, and nothing breaks. */
	put(&w, VFU_BAR1, MMIO + VMCI_DATA_OUT_LOW_ADDR, BUFFER, 4);
	map_ram(&w);
	assert_int_equal(call(&w, VMCI_GET_CONTEXT_ID, NULL, 0), 16);
	assert_true(make_pair(&w, 2) >= 0);
	assert_int_equal(raw_ask(&w.raw, VFU_DEVICE_RESET, NULL, 0), 0);
	assert_int_equal(guestmem_pins(vfu_memory(w.sim.vfu)), 0);
	close_world(&w);
}

static void clients_leave_with_queue_pairs_alive(void **state)
{
	unsigned before = open_descriptors();
	struct world w;

	(void)state;
	open_world(&w, CONFIG_IRQ_MSIX);
	for (int i = 0; i < 8; i++) {
		map_ram(&w);
		negotiate(&w);
		assert_true(make_pair(&w, 1) >= 0);
		close(w.raw.fd);
		raw_pump(&w.raw);
		assert_false(vfu_connected(w.sim.vfu));
		assert_int_equal(guestmem_maps(vfu_memory(w.sim.vfu)), 0);
		assert_int_equal(guestmem_pins(vfu_memory(w.sim.vfu)), 0);
		peer_link_reset(&w.peer);
		raw_connect(&w.raw);
		assert_int_equal(raw_hello(&w.raw), 0);
	}
	close_world(&w);
	assert_int_equal(open_descriptors(), before);
}

static void bus_mastering_follows_command(void **state)
{
	struct world w;

	(void)state;
	open_world(&w, CONFIG_IRQ_MSIX);
	map_ram(&w);
	negotiate(&w);
	assert_int_equal(call(&w, VMCI_GET_CONTEXT_ID, NULL, 0), 16);
	put(&w, VFU_CONFIG, COMMAND, 3, 2);
	vmci_put32(w.ram + BUFFER, 1);
	put(&w, VFU_BAR1, MMIO + VMCI_DATA_OUT_LOW_ADDR, BUFFER, 4);
	assert_int_equal(vmci_get32(w.ram + BUFFER), 1); /* still busy: it was not touched */
	put(&w, VFU_CONFIG, COMMAND, 7, 2);
	assert_int_equal(call(&w, VMCI_GET_CONTEXT_ID, NULL, 0), 16);
	assert_int_equal(vmci_get32(w.ram + BUFFER), 0);
	close_world(&w);
}

static int swallow(void *arg, const uint8_t *data, size_t len)
{
	(void)arg, (void)data, (void)len;
	return 0;
}

/* A datagram that waits is a cause: INTx line and status bit, until ICR is read. */
static void intx_line_and_status_bit(void **state)
{
	struct vfu_irq_set set = { .argsz = sizeof(set), .flags = 0x24, .index = 0, .count = 1 };
	struct vfu_irq_set unmask = { .argsz = sizeof(set), .flags = 0x11, .index = 0, .count = 1 };
	int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	struct vmci_context *host;
	uint64_t count = 0;
	struct world w;

	(void)state;
	open_world(&w, CONFIG_IRQ_INTX);
	map_ram(&w);
	negotiate(&w);
	assert_int_equal(raw_ask_fds(&w.raw, VFU_DEVICE_SET_IRQS, &set, sizeof(set), &event, 1), 0);
	put(&w, VFU_BAR1, MMIO + VMCI_IMR_ADDR, 7, 4);
	put(&w, VFU_BAR1, MMIO + VMCI_CONTROL_ADDR, VMCI_CONTROL_INT_ENABLE, 4);
	assert_int_equal(get(&w, VFU_CONFIG, 6, 2) & 8, 0);
	host = vmci_hub_find(w.sim.hub, VMCI_HOST_CONTEXT_ID);
	assert_int_equal(vmci_context_endpoint(host, 0x500, 0, 0, swallow, NULL), 0x500);
	assert_int_equal(vmci_context_send(host, vmci_handle(16, 0x500),
					   vmci_handle(VMCI_HOST_CONTEXT_ID, 0x500), "x", 1),
			 25);
	assert_int_equal(get(&w, VFU_CONFIG, 6, 2) & 8, 8);
	assert_int_equal(read(event, &count, sizeof(count)), sizeof(count));
	assert_int_equal(count, 1);
	assert_int_equal(raw_ask(&w.raw, VFU_DEVICE_SET_IRQS, &unmask, sizeof(unmask)), 0);
	assert_int_equal(read(event, &count, sizeof(count)), sizeof(count));
	assert_int_equal(get(&w, VFU_BAR1, MMIO + VMCI_ICR_ADDR, 4), VMCI_ICR_DATAGRAM);
	assert_int_equal(get(&w, VFU_CONFIG, 6, 2) & 8, 0);
	assert_int_equal(raw_ask(&w.raw, VFU_DEVICE_SET_IRQS, &unmask, sizeof(unmask)), 0);
	assert_int_equal(read(event, &count, sizeof(count)), -1);
	close_world(&w);
	close(event);
}

static void odd_accesses_do_nothing(void **state)
{
	static const uint32_t lengths[] = { 3, 5, 8, 64 };
	struct vfu_region_access a = { .region = VFU_BAR1, .offset = MMIO };
	uint8_t body[128];
	struct world w;
	size_t len;

	(void)state;
	open_world(&w, CONFIG_IRQ_MSIX);
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		a.count = lengths[i];
		raw_send_fds(w.raw.fd, body, raw_message(body, VFU_REGION_READ, 0, &a, sizeof(a)),
			     NULL, 0);
		raw_pump(&w.raw);
		assert_int_equal(raw_answer(&w.raw, VFU_REGION_READ, body, &len), 0);
		for (size_t b = sizeof(a); b < len; b++)
			assert_int_equal(body[b], 0);
		memset(body, 0xff, sizeof(body));
		memcpy(body, &a, sizeof(a));
		assert_int_equal(raw_ask(&w.raw, VFU_REGION_WRITE, body, sizeof(a) + a.count), 0);
	}
	/* The last byte of BAR1, the whole of the MSI-X table, the pending bits. */
	assert_int_equal(get(&w, VFU_BAR1, VMCI_BAR1_SIZE_MMIO - 1, 1), 0);
	put(&w, VFU_BAR1, 0x20, 0x12345678, 4);
	assert_int_equal(get(&w, VFU_BAR1, 0x20, 4), 0x12345678);
	put(&w, VFU_BAR1, 0x30, 0x12345678, 4);
	assert_int_equal(get(&w, VFU_BAR1, 0x30, 4), 0);
	assert_int_equal(get(&w, VFU_BAR1, VMCI_PBA_OFFSET_MMIO, 4), 0);
	close_world(&w);
}

/* A request through the mailbox's registers, as a guest makes it. */
static int64_t ask_peer(struct world *w, uint32_t op)
{
	const struct peer_request rq = { .op = op };
	struct peer_reply rp = { 0 };
	uint8_t message[64] = { 0 }, blob[256];
	size_t len = peer_encode_request(&rq, message, sizeof(message));
	uint32_t status;

	put(w, VFU_CONFIG, PEERBOX_LENGTH_REG, (uint32_t)len, 4);
	for (size_t i = 0; i < len; i += 4)
		put(w, VFU_CONFIG, PEERBOX_DATA_REG, vmci_get32(message + i), 4);
	put(w, VFU_CONFIG, PEERBOX_CONTROL_REG, PEERBOX_EXECUTE, 4);
	status = get(w, VFU_CONFIG, PEERBOX_CONTROL_REG, 4);
	assert_int_equal(status & 7, PEERBOX_READY);
	assert_true(status >> PEERBOX_COUNT_SHIFT <= sizeof(message));
	for (uint32_t i = 0; i < status >> PEERBOX_COUNT_SHIFT; i += 4)
		vmci_put32(message + i, get(w, VFU_CONFIG, PEERBOX_DATA_REG, 4));
	rp.blob = blob;
	rp.blob_max = sizeof(blob);
	assert_int_equal(peer_decode_reply(op, &rp, message, status >> PEERBOX_COUNT_SHIFT), 0);
	return rp.rc;
}

/* DG.RCV.16 over vfio-user: the client has to wait for its writes. */
static void writes_are_to_be_waited_for(void **state)
{
	struct vfu_region_info info = { .argsz = sizeof(info), .index = VFU_BAR5 };
	uint8_t body[64];
	struct world w;
	size_t len;

	(void)state;
	open_world(&w, CONFIG_IRQ_MSI);
	raw_send_fds(w.raw.fd, body,
		     raw_message(body, VFU_DEVICE_GET_REGION_INFO, 0, &info, sizeof(info)), NULL,
		     0);
	raw_pump(&w.raw);
	assert_int_equal(raw_answer(&w.raw, VFU_DEVICE_GET_REGION_INFO, &info, &len), 0);
	assert_int_equal(info.size, 0);
	assert_int_equal(info.flags, VFU_REGION_MMAP);
	close_world(&w);
}

static void the_peer_answers(void **state)
{
	struct world w;

	(void)state;
	open_world(&w, CONFIG_IRQ_MSIX);
	assert_int_equal(ask_peer(&w, PEER_NOP), 0);
	assert_int_equal(ask_peer(&w, PEER_INFO), 0);
	assert_int_equal(ask_peer(&w, PEER_RESET), 0);
	assert_true(ask_peer(&w, PEER_ASK_PROBE) < 0);
	assert_true(ask_peer(&w, 999) < 0);
	close_world(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_goes_under_a_queue_pair),
		cmocka_unit_test(clients_leave_with_queue_pairs_alive),
		cmocka_unit_test(bus_mastering_follows_command),
		cmocka_unit_test(writes_are_to_be_waited_for),
		cmocka_unit_test(intx_line_and_status_bit),
		cmocka_unit_test(odd_accesses_do_nothing),
		cmocka_unit_test(the_peer_answers),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("simdev", tests, NULL, NULL);
}
