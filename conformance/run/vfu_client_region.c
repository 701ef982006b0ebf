/* SPDX-License-Identifier: BSD-2-Clause */
/* vfu_client_region.c - regions of the vfio-user client: accesses, and configuration space. */
#include "vfu_client_state.h"
#include "../../host-sim/vfu_proto.h"
#include <string.h>
#include <vmci/wire.h>

#define CAP_LIST    0x34u
#define STATUS_CAPS 0x10u

uint64_t vfuc_region_bytes(const struct vfuc *c, unsigned region)
{
	return region < VFUC_REGIONS ? c->region_bytes[region] : 0;
}

bool vfuc_may_post(const struct vfuc *c)
{
	return !c->no_posting;
}

int vfuc_read(struct vfuc *c, unsigned region, uint64_t off, void *dst, uint32_t len)
{
	struct vfu_region_access a = { .offset = off, .region = region, .count = len };
	uint8_t answer[sizeof(a) + VFUC_ACCESS_MAX];
	int rc;

	if (len == 0 || len > VFUC_ACCESS_MAX)
		return vfuc_misuse(c, "an access is 1 to 4096 bytes");
	rc = vfuc_exact(c, VFU_REGION_READ, &a, sizeof(a), answer, sizeof(a) + len);
	if (rc == 0)
		memcpy(dst, answer + sizeof(a), len);
	return rc;
}

int vfuc_write(struct vfuc *c, unsigned region, uint64_t off, const void *src, uint32_t len)
{
	struct vfu_region_access a = { .offset = off, .region = region, .count = len };
	uint8_t answer[sizeof(a) + VFUC_ACCESS_MAX];
	size_t got = 0;

	if (len == 0 || len > VFUC_ACCESS_MAX)
		return vfuc_misuse(c, "an access is 1 to 4096 bytes");
	return vfu_call(&c->call, VFU_REGION_WRITE, &a, sizeof(a), src, len, NULL, 0, answer,
			sizeof(answer), &got);
}

int vfuc_write_posted(struct vfuc *c, unsigned region, uint64_t off, const void *src, uint32_t len)
{
	struct vfu_region_access a = { .offset = off, .region = region, .count = len };

	if (len == 0 || len > VFUC_ACCESS_MAX)
		return vfuc_misuse(c, "an access is 1 to 4096 bytes");
	return vfu_post(&c->call, VFU_REGION_WRITE, &a, sizeof(a), src, len);
}

/* One burst of single-byte accesses; src NULL: reads. */
static int burst(struct vfuc *c, unsigned region, uint64_t off, uint8_t *dst, const uint8_t *src,
		 unsigned n)
{
	struct vfu_region_access a = { .offset = off, .region = region, .count = 1 };
	size_t ask = sizeof(a) + (src ? 1 : 0), answer = sizeof(a) + (src ? 0 : 1);
	uint8_t asks[VFU_CALL_BURST * (sizeof(a) + 1)] = { 0 };
	uint8_t answers[VFU_CALL_BURST * (sizeof(a) + 1)];
	unsigned refused;
	int rc;

	memset(answers, 0xff, sizeof(answers));
	for (unsigned i = 0; i < n; i++) {
		memcpy(asks + i * ask, &a, sizeof(a));
		if (src)
			asks[i * ask + sizeof(a)] = src[i];
	}
	rc = vfu_call_burst(&c->call, src ? VFU_REGION_WRITE : VFU_REGION_READ, n, asks, ask,
			    answers, answer, &refused);
	for (unsigned i = 0; rc == 0 && dst && i < n; i++)
		dst[i] = answers[i * answer + sizeof(a)];
	return rc == 0 && refused ? VFUC_REFUSED : rc;
}

static int string_access(struct vfuc *c, unsigned region, uint64_t off, uint8_t *dst,
			 const uint8_t *src, size_t len)
{
	int worst = 0;

	for (size_t at = 0; at < len; at += VFU_CALL_BURST) {
		size_t n = len - at < VFU_CALL_BURST ? len - at : VFU_CALL_BURST;
		int rc = burst(c, region, off, dst ? dst + at : NULL, src ? src + at : NULL,
			       (unsigned)n);

		if (rc == VFUC_DEAD)
			return rc;
		worst = rc ? rc : worst;
	}
	return worst;
}

int vfuc_read_bytes(struct vfuc *c, unsigned region, uint64_t off, uint8_t *dst, size_t len)
{
	return string_access(c, region, off, dst, NULL, len);
}

int vfuc_write_bytes(struct vfuc *c, unsigned region, uint64_t off, const uint8_t *src, size_t len)
{
	return string_access(c, region, off, NULL, src, len);
}

int vfuc_cfg_read(struct vfuc *c, unsigned bits, uint32_t off, uint32_t *value)
{
	uint8_t raw[4] = { 0 };
	int rc;

	if (bits != 8 && bits != 16 && bits != 32)
		return vfuc_misuse(c, "a configuration access is 8, 16 or 32 bits");
	rc = vfuc_read(c, VFUC_CONFIG, off, raw, bits / 8);
	*value = vmci_get32(raw);
	return rc;
}

int vfuc_cfg_write(struct vfuc *c, unsigned bits, uint32_t off, uint32_t value)
{
	uint8_t raw[4];

	if (bits != 8 && bits != 16 && bits != 32)
		return vfuc_misuse(c, "a configuration access is 8, 16 or 32 bits");
	vmci_put32(raw, value);
	return vfuc_write(c, VFUC_CONFIG, off, raw, bits / 8);
}

int vfuc_find_capability(struct vfuc *c, uint8_t id, uint32_t *off)
{
	uint32_t at, word;
	int rc = vfuc_cfg_read(c, 16, 0x06, &word);

	*off = 0;
	if (rc || !(word & STATUS_CAPS))
		return rc;
	rc = vfuc_cfg_read(c, 8, CAP_LIST, &at);
	for (unsigned i = 0; rc == 0 && at >= 0x40 && at <= 0xfc && i < 48; i++) {
		at &= 0xfcu;
		rc = vfuc_cfg_read(c, 16, at, &word);
		if (rc == 0 && (word & 0xff) == id) {
			*off = at;
			return 0;
		}
		at = word >> 8;
	}
	return rc;
}
