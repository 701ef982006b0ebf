/* SPDX-License-Identifier: BSD-2-Clause */
/* target.c - what vectors can be run against, by name. */
#include "target.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include "target_core.h"
#include "target_guest.h"
#include "target_null.h"
#include "target_serve.h"
#include "target_vfu.h"

static const char *behind(const char *spec, const char *prefix)
{
	size_t n = strlen(prefix);

	return strncmp(spec, prefix, n) == 0 && spec[n] ? spec + n : NULL;
}

unsigned target_roles(const char *spec)
{
	if (strcmp(spec, "core") == 0)
		return VCT_ROLE_DEVICE | VCT_ROLE_GUEST;
	if (behind(spec, "core:") || behind(spec, "vfio-user:") || behind(spec, "null:"))
		return VCT_ROLE_DEVICE;
	if (behind(spec, "guest:") || behind(spec, "guest8k:"))
		return VCT_ROLE_GUEST;
	return 0;
}

/* Its results are not those of the usual core: "core:8k,msi" is called core-8k-msi. */
static int open_other_core(struct target *t, const char *words, char *error, size_t size)
{
	int rc = target_core_open(t, words, error, size);

	if (rc == 0) {
		snprintf(t->name, sizeof(t->name), "core-%.26s", words);
		for (char *p = t->name; *p; p++)
			if (!isalnum((unsigned char)*p))
				*p = '-';
	}
	return rc;
}

int target_open(struct target *t, const char *spec, unsigned role, uint32_t seed, char *error,
		size_t size)
{
	const char *rest;

	memset(t, 0, sizeof(*t));
	if (!(target_roles(spec) & role)) {
		snprintf(error, size, "%s: has no %s to test", spec,
			 role == VCT_ROLE_GUEST ? "guest" : "device");
		return -1;
	}
	if (strcmp(spec, "core") == 0 && role == VCT_ROLE_DEVICE)
		return target_core_open(t, "", error, size);
	if (strcmp(spec, "core") == 0)
		return target_guest_open(t, seed, error, size);
	if ((rest = behind(spec, "core:")))
		return open_other_core(t, rest, error, size);
	if ((rest = behind(spec, "vfio-user:")))
		return target_vfu_open(t, rest, error, size);
	if ((rest = behind(spec, "guest:")))
		return target_serve_open(t, rest, false, error, size);
	if ((rest = behind(spec, "guest8k:")))
		return target_serve_open(t, rest, true, error, size);
	if ((rest = behind(spec, "null:")))
		return target_null_open(t, rest, seed, error, size);
	snprintf(error, size, "%s: not in this build", spec);
	return -1;
}

void target_close(struct target *t)
{
	if (t->close)
		t->close(t);
	memset(t, 0, sizeof(*t));
}
