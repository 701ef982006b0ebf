/* SPDX-License-Identifier: BSD-2-Clause */
/* faults.c - deliberate mistakes of the core. */
#include "faults.h"
#include <stdio.h>
#include <string.h>
#include <vmci/fault.h>

#ifdef VMCI_FAULTS

#define MOST 1024

static const char *selected;
static const char *met[MOST];
static size_t met_count;
static unsigned long made;

static void remember(const char *name)
{
	for (size_t i = 0; i < met_count; i++)
		if (strcmp(met[i], name) == 0)
			return;
	if (met_count < MOST)
		met[met_count++] = name;
}

int vmci_fault_active(const char *name)
{
	remember(name);
	if (!selected || strcmp(selected, name) != 0)
		return 0;
	made++;
	return 1;
}

int faults_select(const char *name)
{
	selected = name;
	made = 0;
	return 0;
}

bool faults_built_in(void)
{
	return true;
}

const char *const *faults_met(size_t *count)
{
	*count = met_count;
	return met;
}

unsigned long faults_made(void)
{
	return made;
}

#else

int faults_select(const char *name)
{
	if (!name)
		return 0;
	fprintf(stderr,
		"vmci-conform: --fault=%s: this program has no deliberate mistakes built in\n",
		name);
	return -1;
}

bool faults_built_in(void)
{
	return false;
}

const char *const *faults_met(size_t *count)
{
	*count = 0;
	return NULL;
}

unsigned long faults_made(void)
{
	return 0;
}

#endif
