/* SPDX-License-Identifier: BSD-2-Clause */
/* What the fuzz targets of the device role share. */
#include "device_fuzz.h"

#include <stdlib.h>
#include <string.h>

uint32_t input_u8(struct input *in)
{
	if (!in->left)
		return 0;
	in->left--;
	return *in->at++;
}

uint32_t input_u16(struct input *in)
{
	uint32_t low = input_u8(in);

	return low | input_u8(in) << 8;
}

uint32_t input_u32(struct input *in)
{
	uint32_t low = input_u16(in);

	return low | input_u16(in) << 16;
}

const uint8_t *input_bytes(struct input *in, size_t n, size_t *got)
{
	const uint8_t *at = in->at;

	*got = n < in->left ? n : in->left;
	in->at += *got;
	in->left -= *got;
	return at;
}

static int echo(void *arg, const uint8_t *data, size_t len)
{
	struct world *w = arg;

	(void)vmci_context_send(w->host, vmci_get_handle(data + VMCI_DATAGRAM_SRC_CONTEXT),
				vmci_get_handle(data), data + VMCI_DATAGRAM_PAYLOAD,
				len - VMCI_DATAGRAM_SIZE);
	return 0;
}

static int refuse(void *arg, const uint8_t *data, size_t len)
{
	(void)arg;
	(void)data;
	(void)len;
	return VMCI_ERROR_CLIENT_MIN;
}

static void on_ring(void *arg, struct vmci_handle handle)
{
	(void)arg;
	(void)handle;
}

void fuzz_open(struct world *w)
{
	world_open(w);
	if (vmci_context_endpoint(w->host, 0x600, 0, 0, echo, w) < 0 ||
	    vmci_context_endpoint(vmci_hub_find(w->hub, 0), 13, 0, 0, refuse, w) < 0 ||
	    vmci_context_doorbell(w->host, 0x600, 0, on_ring, NULL) < 0)
		abort();
}

void fuzz_close(struct world *w)
{
	vmci_device_write(w->dev, VMCI_WINDOW_PORTS, VMCI_CONTROL_ADDR, 32, VMCI_CONTROL_RESET);
	if (!vmci_reset_is_clean(w->dev) || w->line)
		abort();
	world_close(w);
}
