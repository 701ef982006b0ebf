/* SPDX-License-Identifier: BSD-2-Clause */
/* store.c - the results directory. */
#include "store.h"
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void write_stream(void *ctx, const char *s, size_t n)
{
	fwrite(s, 1, n, ctx);
}

static int trouble(const char *path)
{
	fprintf(stderr, "vmci-conform: %s: %s\n", path, strerror(errno));
	return -1;
}

/* A line of an older run stays when it is of this table and its id was not run now. */
static bool stays(const char *line, const struct records *r, const char *crc)
{
	const char *id = strstr(line, "\"id\":\""), *end;

	if (!strstr(line, crc) || !id)
		return false;
	id += strlen("\"id\":\"");
	end = strchr(id, '"');
	if (!end)
		return false;
	for (size_t i = 0; i < r->count; i++)
		if (strlen(r->list[i].id) == (size_t)(end - id) &&
		    memcmp(r->list[i].id, id, (size_t)(end - id)) == 0)
			return false;
	return true;
}

static void keep_old(FILE *to, const char *path, const struct records *r)
{
	FILE *from = fopen(path, "r");
	char crc[32], *line = NULL;
	size_t room = 0;

	if (!from)
		return;
	snprintf(crc, sizeof(crc), "\"table\":\"%08x\"", r->table->header->crc32);
	while (getline(&line, &room, from) >= 0)
		if (stays(line, r, crc))
			fputs(line, to);
	free(line);
	fclose(from);
}

int store_save(const char *dir, struct report *rep, const struct records *r, const char *target)
{
	size_t n = strlen(dir) + strlen(target) + 16;
	char *path = must_alloc(n), *fresh = must_alloc(n);
	FILE *f;
	int rc = 0;

	snprintf(path, n, "%s/%s.jsonl", dir, target);
	snprintf(fresh, n, "%s/.%s.new", dir, target);
	if (mkdir(dir, 0777) && errno != EEXIST) {
		rc = trouble(dir);
	} else if (!(f = fopen(fresh, "w"))) {
		rc = trouble(fresh);
	} else {
		keep_old(f, path, r);
		rep->write = write_stream;
		rep->ctx = f;
		for (size_t i = 0; i < r->count; i++)
			report_json(rep, &r->list[i].result);
		if (fclose(f) || rename(fresh, path))
			rc = trouble(path);
	}
	free(path);
	free(fresh);
	return rc;
}

static void find_in(const char *path, const char *id, struct records *r)
{
	struct records all;
	bool cut = false;

	records_start(&all, r->table);
	if (records_read(&all, path, &cut) == 0) {
		for (size_t i = 0; i < all.count; i++) {
			struct record *rec;

			if (strcmp(all.list[i].id, id) != 0)
				continue;
			rec = records_add(r, id, all.list[i].target, all.list[i].role);
			rec->result = all.list[i].result;
			free(rec->where);
			rec->where = must_copy(all.list[i].where);
		}
	}
	records_free(&all);
}

void store_find(const char *dir, const char *id, struct records *r)
{
	DIR *d = opendir(dir);
	struct dirent *entry;

	if (!d)
		return;
	while ((entry = readdir(d))) {
		size_t len = strlen(entry->d_name), n = strlen(dir) + len + 2;
		char *path;

		if (entry->d_name[0] == '.' || len < 6 ||
		    strcmp(entry->d_name + len - 6, ".jsonl") != 0)
			continue;
		path = must_alloc(n);
		snprintf(path, n, "%s/%s", dir, entry->d_name);
		find_in(path, id, r);
		free(path);
	}
	closedir(d);
}
