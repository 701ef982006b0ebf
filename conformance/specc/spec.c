/* SPDX-License-Identifier: BSD-2-Clause */
#include "spec.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "clause.h"
#include "compile.h"
#include "head.h"
#include "lint.h"
#include "lock.h"
#include "markdown.h"
#include "names.h"
#include "text.h"

static bool is_chapter(const char *name)
{
	size_t n = strlen(name);

	return isdigit((unsigned char)name[0]) && isdigit((unsigned char)name[1]) &&
	       name[2] == '-' && n > 6 && strcmp(name + n - 3, ".md") == 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static size_t find_chapters(struct spec *sp, char ***paths)
{
	VEC(char *) list = { 0 };
	DIR *d = opendir(sp->dir);
	struct dirent *e;

	if (!d) {
		diag_error(sp->diags, sp->dir, 0, "cannot be read: %s", strerror(errno));
		return 0;
	}
	while ((e = readdir(d)) != NULL)
		if (is_chapter(e->d_name))
			*vec_add(&list) = mem_printf("%s/%s", sp->dir, e->d_name);
	closedir(d);
	if (list.n)
		qsort(list.v, list.n, sizeof(list.v[0]), by_name);
	else
		diag_error(sp->diags, sp->dir, 0, "has no chapter NN-name.md");
	*paths = list.v;
	return list.n;
}

static void read_version(struct spec *sp)
{
	const char *path = mem_printf("%s/VERSION", sp->dir);
	char *s = file_read(path, NULL);
	unsigned major = 0, minor = 1;
	int end = 0;

	if (s && (sscanf(s, "%u.%u %n", &major, &minor, &end) != 2 || s[end] || major > 0xffff ||
		  minor > 0xffff))
		diag_error(sp->diags, path, 1, "expected MAJOR.MINOR");
	sp->version = major << 16 | minor;
	sp->version_text = mem_printf("%u.%u", major, minor);
}

struct spec *spec_load(const char *dir, char *const *paths, size_t n)
{
	struct spec *sp = mem_alloc(sizeof(*sp));
	const char *slash;
	char **found = NULL;

	sp->diags = diag_new();
	sp->dir = dir ? dir : "spec";
	if (!dir && n) {
		slash = strrchr(paths[0], '/');
		sp->dir = slash ? mem_strndup(paths[0], (size_t)(slash - paths[0])) : ".";
	}
	if (!n) {
		n = find_chapters(sp, &found);
		paths = found;
	}
	read_version(sp);
	markdown_read(sp, paths, n);
	names_read(sp);
	clause_read(sp);
	head_read(sp);
	compile_all(sp);
	lint_all(sp);
	lock_check(sp);
	return sp;
}

void spec_release(struct spec *sp)
{
	markdown_release(sp);
}
