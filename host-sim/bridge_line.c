/* SPDX-License-Identifier: BSD-2-Clause */
/* bridge_line.c - the words of the hybrid vsock convention. */
#include "bridge_line.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define NO_PORT UINT32_MAX

bool bridge_number(const char *text, size_t len, uint32_t max, uint32_t *out)
{
	uint64_t n = 0;

	if (len == 0 || len > BRIDGE_PORT_DIGITS)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		n = n * 10 + (uint64_t)(text[i] - '0');
	}
	if (n > max)
		return false;
	*out = (uint32_t)n;
	return true;
}

enum bridge_line bridge_line_parse(const char *text, size_t len, size_t *used, uint32_t *port)
{
	static const char word[] = "CONNECT ";
	const size_t head = sizeof(word) - 1;
	const char *end = memchr(text, '\n', len);
	size_t n = end ? (size_t)(end - text) : len;

	/* What cannot become a command is not waited for. */
	if (memcmp(text, word, n < head ? n : head) != 0 || (!end && len >= BRIDGE_LINE_MAX))
		return BRIDGE_LINE_BAD;
	if (!end)
		return BRIDGE_LINE_PART;
	*used = n + 1;
	return n > head && bridge_number(text + head, n - head, NO_PORT - 1, port)
		       ? BRIDGE_LINE_CONNECT
		       : BRIDGE_LINE_BAD;
}

void bridge_address(struct sockaddr_un *at, const char *path, uint32_t port)
{
	memset(at, 0, sizeof(*at));
	at->sun_family = AF_UNIX;
	snprintf(at->sun_path, sizeof(at->sun_path), "%.*s_%" PRIu32, (int)BRIDGE_PATH_MAX, path,
		 port);
}

bool bridge_port_of(const struct sockaddr_un *at, size_t len, const char *path, uint32_t *port)
{
	const size_t head = offsetof(struct sockaddr_un, sun_path);
	const char *own = strrchr(path, '/'), *name = at->sun_path, *slash;
	size_t have = len > head ? strnlen(name, len - head) : 0, n;

	own = own ? own + 1 : path;
	n = strlen(own);
	/* One may say the whole path, the other not. */
	slash = memrchr(name, '/', have);
	if (slash) {
		have -= (size_t)(slash + 1 - name);
		name = slash + 1;
	}
	return at->sun_family == AF_UNIX && have > n + 1 && memcmp(name, own, n) == 0 &&
	       name[n] == '_' && bridge_number(name + n + 1, have - n - 1, NO_PORT - 1, port);
}
