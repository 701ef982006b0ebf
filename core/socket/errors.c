/* SPDX-License-Identifier: BSD-2-Clause */
/* Results of the protocol as errors of sockets. Spec: chapter 82. */
#include "sock.h"

int errno_of(int64_t result)
{
	switch (result) {
	case VMCI_ERROR_NO_MEM:
	case VMCI_LOCAL_NO_MEMORY:
		return VMCI_ENOMEM;
	case VMCI_ERROR_DUPLICATE_ENTRY:
	case VMCI_ERROR_ALREADY_EXISTS:
		return VMCI_EADDRINUSE;
	case VMCI_ERROR_NO_ACCESS:
		return VMCI_EPERM;
	case VMCI_ERROR_NO_RESOURCES:
		return VMCI_FAULT("socket.errno-no-room") ? VMCI_EAGAIN : VMCI_ENOBUFS;
	case VMCI_ERROR_INVALID_RESOURCE:
		return VMCI_FAULT("socket.errno-no-endpoint") ? VMCI_EINVAL : VMCI_EHOSTUNREACH;
	case VMCI_LOCAL_GONE:
	case VMCI_LOCAL_NO_DEVICE:
		return VMCI_ENODEV;
	default:
		return VMCI_FAULT("socket.errno-rest") ? VMCI_ENOMEM : VMCI_EINVAL;
	}
}
