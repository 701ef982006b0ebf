/* SPDX-License-Identifier: BSD-2-Clause */
/* What vectors make the conformance peer do to the device under test. */
#include "peer_device.h"

#include "peer_state.h"
#include "table.h"

static int64_t apply(struct peer_actor *p, const struct vmci_device_config *config,
		     unsigned vectors)
{
	int64_t rc;

	if (p->world.configure)
		rc = p->world.configure(p->world.ctx, config, vectors);
	else if (vectors)
		return PEER_RC_UNSUPPORTED;
	else
		rc = vmci_device_configure(p->world.device, config);
	if (!rc)
		p->config = *config;
	return rc;
}

int64_t peer_device_configure(struct peer_actor *p, const uint64_t *a)
{
	struct vmci_device_config c = p->world.startup;
	uint64_t mask = a[0];
	uint64_t vectors = mask >> VCT_CFG_VECTORS & 1 ? a[1 + VCT_CFG_VECTORS] : 0;

	if (mask >> VCT_CONFIG_KEYS || vectors > UINT32_MAX)
		return PEER_RC_UNSUPPORTED;
	if (mask >> VCT_CFG_CID & 1)
		c.cid = (uint32_t)a[1 + VCT_CFG_CID];
	if (mask >> VCT_CFG_CAPS & 1)
		c.caps = (uint32_t)a[1 + VCT_CFG_CAPS];
	if (mask >> VCT_CFG_QP_MEMORY & 1)
		c.qp_memory_bytes = a[1 + VCT_CFG_QP_MEMORY];
	if (mask >> VCT_CFG_PRIV & 1)
		c.priv = (uint32_t)a[1 + VCT_CFG_PRIV];
	return apply(p, &c, (unsigned)vectors);
}

int64_t peer_device_quiesce(struct peer_actor *p, bool on)
{
	p->is_quiesced = on;
	if (on)
		vmci_device_quiesce(p->world.device);
	else
		vmci_device_unquiesce(p->world.device);
	return 0;
}

int64_t peer_device_restore(struct peer_actor *p)
{
	struct vmci_device *dev = p->world.device;

	if (p->is_quiesced)
		vmci_device_unquiesce(dev);
	p->is_quiesced = false;
	/* A vector moved the VM to another context id. */
	if (vmci_context_cid(vmci_device_context(dev)) != p->config.cid)
		return vmci_device_configure(dev, &p->config);
	return 0;
}
