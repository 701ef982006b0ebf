/* SPDX-License-Identifier: BSD-2-Clause */
/* device_fuzz.h - what the fuzz targets of the device role share: a cursor over the input,
 * endpoints that answer, and what must hold when an input is used up. */
#ifndef FUZZ_DEVICE_FUZZ_H
#define FUZZ_DEVICE_FUZZ_H

#include "../device/reset.h"
#include "../test/device_world.h"

struct input {
	const uint8_t *at;
	size_t left;
};

/* The next number of the input; 0 behind its end. */
uint32_t input_u8(struct input *in);
uint32_t input_u16(struct input *in);
uint32_t input_u32(struct input *in);
/* The next n bytes, or fewer. */
const uint8_t *input_bytes(struct input *in, size_t n, size_t *got);

/* A device that offers everything, a host endpoint 0x600 that sends back what it gets, one at the
 * hypervisor (13) that refuses, host doorbell 0x600. */
void fuzz_open(struct world *w);
/* Reset and compare with power-on; nothing may be left. */
void fuzz_close(struct world *w);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
