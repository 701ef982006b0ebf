/* SPDX-License-Identifier: BSD-2-Clause */
/* fuzz_rpcframe.c - the fields of a GuestRPC message, straight from the input.
 *
 * What is accepted is written again and read again: it must say the same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <vmci/rpcframe.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vmci_rpcframe f, again;
	uint8_t *copy;
	size_t bytes;

	if (vmci_rpcframe_decode(&f, data, size))
		return 0;
	require(f.type == VMCI_GUESTRPC_DATA || f.type == VMCI_GUESTRPC_PING);
	require(!f.payload || (f.payload >= data && f.len > 0 && f.payload + f.len <= data + size));
	bytes = vmci_rpcframe_size(&f);
	if (!bytes)
		return 0;
	copy = malloc(bytes);
	vmci_rpcframe_encode(&f, copy);
	require(vmci_rpcframe_length(copy) == (int64_t)(bytes - VMCI_GUESTRPC_LENGTH_SIZE));
	require(!vmci_rpcframe_decode(&again, copy + VMCI_GUESTRPC_LENGTH_SIZE,
				      bytes - VMCI_GUESTRPC_LENGTH_SIZE));
	require(again.type == f.type && again.fast_close == f.fast_close && again.len == f.len);
	require(!f.payload || memcmp(again.payload, f.payload, f.len) == 0);
	free(copy);
	return 0;
}
