/* SPDX-License-Identifier: BSD-2-Clause */
/* address.c - struct sockaddr_vm. */
#include "address.h"
#include <errno.h>
#include <linux/vm_sockets.h>
#include <string.h>
#include "call.h"

int address_get(const struct sockaddr *from, socklen_t len, struct addr *out)
{
	struct sockaddr_vm vm;

	if (!from || len < sizeof(vm))
		return fail(EINVAL);
	memcpy(&vm, from, sizeof(vm));
	if (vm.svm_family != AF_VSOCK)
		return fail(EINVAL);
	*out = (struct addr){ vm.svm_cid, vm.svm_port };
	return 0;
}

void address_put(struct sockaddr *to, socklen_t *len, struct addr a)
{
	struct sockaddr_vm vm = { .svm_family = AF_VSOCK, .svm_cid = a.cid, .svm_port = a.port };

	if (!to || !len)
		return;
	memcpy(to, &vm, *len < sizeof(vm) ? *len : sizeof(vm));
	*len = sizeof(vm);
}
