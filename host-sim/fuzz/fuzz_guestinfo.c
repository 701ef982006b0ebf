/* SPDX-License-Identifier: BSD-2-Clause */
/* fuzz_guestinfo.c - requests of the guest's tools, one behind the other.
 *
 * Input: pieces of { u8 who, u8 length, request }; bit 0 of who: a privileged program asks.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "../guestinfo.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *written = NULL;
	size_t written_len = 0;
	FILE *out = open_memstream(&written, &written_len);
	struct guestinfo *g = guestinfo_new(out);
	uint8_t reply[512];

	require(g && !guestinfo_preset(g, "host=secret"));
	while (size >= 2) {
		struct vmci_guestrpc_caller caller = { .is_privileged = data[0] & 1 };
		size_t len = data[1] < size - 2 ? data[1] : size - 2, n = 0, value_len;
		/* Exactly the bytes, so that one too far is seen. */
		uint8_t *request = malloc(len + !len);
		uint8_t before[64];
		size_t before_len;
		const uint8_t *value = guestinfo_value(g, "guestinfo.host", &before_len);

		if (before_len > sizeof(before))
			before_len = sizeof(before);
		memcpy(before, value, before_len);

		memcpy(request, data + 2, len);
		(void)guestinfo_request(g, &caller, request, len, reply, sizeof(reply), &n);
		require(n <= sizeof(reply));
		free(request);
		value = guestinfo_value(g, "guestinfo.host", &value_len);
		require(value);
		require(caller.is_privileged ||
			(value_len >= before_len && memcmp(value, before, before_len) == 0));
		data += 2 + len;
		size -= 2 + len;
	}
	guestinfo_free(g);
	fclose(out);
	/* What reaches a terminal is printable. */
	for (size_t i = 0; i < written_len; i++)
		require(written[i] == '\n' || (written[i] >= ' ' && written[i] <= '~'));
	free(written);
	return 0;
}
