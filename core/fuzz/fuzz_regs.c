/* SPDX-License-Identifier: BSD-2-Clause */
/* fuzz_regs.c - any order of register accesses, machine events and host actions.
 *
 * Input: one byte of action, then its operands; see act(). Guest memory starts as the page pattern
 * that action 12 writes.
 */
#include "device_fuzz.h"

#include <string.h>

static void write_memory(struct world *w, struct input *in)
{
	uint32_t at = input_u32(in) % WORLD_RAM;
	size_t n;
	const uint8_t *src = input_bytes(in, input_u8(in), &n);

	if (n > WORLD_RAM - at)
		n = WORLD_RAM - at;
	if (n)
		memcpy(w->ram + at, src, n);
}

static void act(struct world *w, struct input *in, struct vmci_pair_end **end)
{
	static const unsigned widths[] = { 8, 16, 32, 32 };
	uint32_t what = input_u8(in);
	enum vmci_window window = what & 0x80 ? VMCI_WINDOW_MMIO : VMCI_WINDOW_PORTS;
	unsigned bits = widths[what >> 5 & 3];
	uint8_t buf[256];
	uint32_t a;
	size_t n;
	const uint8_t *src;

	switch (what % 20) {
	case 0:
	case 1:
		vmci_device_read(w->dev, window, input_u8(in), bits);
		break;
	case 2:
	case 3:
	case 4:
		a = input_u8(in);
		vmci_device_write(w->dev, window, a, bits, input_u32(in));
		break;
	case 5:
		src = input_bytes(in, input_u8(in), &n);
		vmci_device_write_bytes(w->dev, window, VMCI_DATA_OUT_ADDR, src, n);
		break;
	case 6:
		vmci_device_read_bytes(w->dev, window, VMCI_DATA_IN_ADDR, buf, input_u8(in));
		break;
	case 7:
		a = input_u8(in);
		vmci_device_set_irq_mode(w->dev, (enum vmci_irq_mode)(a % 4), a >> 2);
		break;
	case 8:
		a = input_u8(in);
		vmci_device_set_vector_usable(w->dev, a >> 1, a & 1);
		break;
	case 9:
		vmci_device_set_bus_master(w->dev, input_u8(in) & 1);
		break;
	case 10:
		if (input_u8(in) & 1)
			vmci_device_quiesce(w->dev);
		else
			vmci_device_unquiesce(w->dev);
		break;
	case 11:
		vmci_device_platform_reset(w->dev);
		vmci_device_set_bus_master(w->dev, true);
		break;
	case 12:
		write_memory(w, in);
		break;
	case 13:
		a = input_u16(in);
		vmci_context_ring(w->host, vmci_handle(WORLD_CID, a));
		break;
	case 14:
		a = input_u16(in);
		memset(buf, (int)a, sizeof(buf));
		vmci_context_send(w->host, vmci_handle(WORLD_CID, a),
				  vmci_handle(VMCI_INVALID_ID, 0x600), buf, a & 0xff);
		break;
	case 15:
		if (*end)
			vmci_pair_detach(*end);
		*end = NULL;
		a = input_u16(in);
		vmci_context_pair(w->host, vmci_handle(WORLD_CID, a), VMCI_INVALID_ID, input_u8(in),
				  0, input_u16(in), input_u16(in), NULL, NULL, end);
		break;
	case 16:
		src = input_bytes(in, input_u8(in), &n);
		if (*end)
			vmci_pair_enqueue(*end, src, n);
		break;
	case 17:
		if (*end) {
			vmci_pair_ready(*end);
			vmci_pair_dequeue(*end, buf, input_u8(in));
		}
		break;
	case 18:
		vmci_device_set_cid(w->dev, WORLD_CID + input_u8(in) % 4);
		break;
	default:
		vmci_device_intx_rearm(w->dev);
		vmci_device_intx_status(w->dev);
		vmci_device_resumed(w->dev);
		vmci_hub_run(w->hub);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct vmci_pair_end *end = NULL;
	struct world w;

	fuzz_open(&w);
	while (in.left)
		act(&w, &in, &end);
	vmci_device_unquiesce(w.dev);
	vmci_device_set_bus_master(w.dev, true);
	if (end)
		vmci_pair_detach(end);
	fuzz_close(&w);
	return 0;
}
