/* SPDX-License-Identifier: BSD-2-Clause */
/* cat.c - a stream to a program of the host: files or the keyboard out, files or the console in. */
#include "cat.h"
#include <efilib.h>
#include "console.h"
#include "medium.h"
#include "sockets.h"

#define CTRL_C 0x03u
#define CTRL_D 0x04u
#define ESCAPE 0x1bu
#define CHUNK  65536u
#define SHOWN  512u

struct cat {
	struct efi_sockets *s;
	int fd;
	bool typed; /* the keyboard is the source */
	char *out;  /* what goes to the host: a file, or the line that is typed */
	size_t out_len, sent;
	bool said_end;
	char *in; /* what came, when it goes into a file */
	size_t in_len, in_size;
	uint64_t received;
	char line[128];
};

/* Grows by doubling; firmware has no realloc that keeps to a limit. */
static bool make_room(struct cat *c)
{
	size_t size = c->in_size ? c->in_size * 2 : 1024 * 1024;
	char *bigger;

	if (c->in_size - c->in_len >= CHUNK)
		return true;
	bigger = size <= CAT_FILE_MAX ? AllocatePool(size) : NULL;
	if (!bigger) {
		say("More than %d bytes came; there is no room for them.\n", (UINTN)c->in_len);
		return false;
	}
	if (c->in) {
		CopyMem(bigger, c->in, c->in_len);
		FreePool(c->in);
	}
	c->in = bigger;
	c->in_size = size;
	return true;
}

static void show(const char *bytes, size_t len)
{
	char text[SHOWN + 1];

	while (len) {
		size_t n = len < SHOWN ? len : SHOWN;

		/* Control characters of a stranger stay off the console. */
		for (size_t i = 0; i < n; i++)
			text[i] = bytes[i] == '\n' || (bytes[i] >= ' ' && bytes[i] <= '~')
					  ? bytes[i]
					  : '.';
		text[n] = '\0';
		say_text(text);
		bytes += n;
		len -= n;
	}
}

/* Take what the host sent. Returns bytes, 0: its end, or an error. */
static int64_t take(struct cat *c, bool to_file)
{
	char some[SHOWN];
	int64_t n;

	if (!to_file) {
		n = vmci_socket_recv(c->s->stack, c->fd, some, sizeof(some), 0);
		if (n > 0)
			show(some, (size_t)n);
	} else {
		if (!make_room(c))
			return -VMCI_ENOMEM;
		n = vmci_socket_recv(c->s->stack, c->fd, c->in + c->in_len, CHUNK, 0);
		if (n > 0)
			c->in_len += (size_t)n;
	}
	c->received += n > 0 ? (uint64_t)n : 0;
	return n;
}

/* One key. False: the person wants to leave. */
static bool type(struct cat *c)
{
	uint16_t key = efi_key();
	char echo[2] = { (char)key, '\0' };

	if (key == CTRL_C || key == ESCAPE)
		return false;
	if (!c->typed || key == 0 || c->out || c->said_end)
		return true;
	if (key == CTRL_D) {
		c->said_end = true;
		vmci_socket_shutdown(c->s->stack, c->fd, VMCI_SHUT_WR);
	} else if (key == '\r' || key == '\n') {
		say_text("\n");
		c->line[c->out_len++] = '\n';
		c->out = c->line;
		c->sent = 0;
	} else if (key >= ' ' && key <= '~' && c->out_len + 1 < sizeof(c->line)) {
		c->line[c->out_len++] = (char)key;
		say_text(echo);
	}
	return true;
}

/* Send a piece. Returns bytes, -VMCI_EAGAIN: nothing to do, or an error. */
static int64_t give(struct cat *c)
{
	int64_t n = -VMCI_EAGAIN;

	if (c->out && c->sent < c->out_len)
		n = vmci_socket_send(c->s->stack, c->fd, c->out + c->sent, c->out_len - c->sent, 0);
	if (n > 0)
		c->sent += (size_t)n;
	if (c->out && c->sent == c->out_len && c->typed) {
		c->out = NULL;
		c->out_len = 0;
	} else if (c->out && c->sent == c->out_len && !c->said_end) {
		c->said_end = true;
		vmci_socket_shutdown(c->s->stack, c->fd, VMCI_SHUT_WR);
	}
	return n;
}

/* Until the host ends the stream. Returns 0 or an error; 1: the person left. */
static int64_t talk(struct cat *c, bool to_file)
{
	for (;;) {
		int64_t in = take(c, to_file), out = give(c);

		if (in == 0)
			return 0;
		if (in < 0 && in != -VMCI_EAGAIN)
			return in;
		/* A host that takes no more may still have something to say. */
		if (out < 0 && out != -VMCI_EAGAIN && out != -VMCI_EPIPE)
			return out;
		if (!type(c))
			return 1;
		if (in < 0 && out < 0 && !efi_sockets_pump(c->s))
			return -VMCI_ENODEV;
	}
}

static int64_t reach(struct cat *c, uint32_t port)
{
	const struct vmci_sockaddr host = { VMCI_VMADDR_CID_HOST, port };
	int64_t rc = c->fd = vmci_socket(c->s->stack, VMCI_SOCK_STREAM);

	if (rc >= 0)
		rc = vmci_socket_connect(c->s->stack, c->fd, host);
	if (rc != -VMCI_EINPROGRESS)
		return rc;
	while (!(vmci_socket_poll(c->s->stack, c->fd) & (VMCI_POLLOUT | VMCI_POLLERR)))
		if (!efi_sockets_pump(c->s))
			return -VMCI_ENODEV;
	return -vmci_socket_error(c->s->stack, c->fd);
}

static bool save(EFI_HANDLE image, const char *name, const struct cat *c)
{
	EFI_STATUS status = medium_write(image, name, c->in_len ? c->in : "", c->in_len);

	if (EFI_ERROR(status))
		say("\\%a cannot be written: %r.\n", name, status);
	return !EFI_ERROR(status);
}

static enum suite_status converse(struct cat *c, EFI_HANDLE image, const struct options *o)
{
	bool to_file = o->save[0] != '\0';
	int64_t rc = reach(c, o->port);

	if (rc < 0) {
		say("Port %d of the host: %a.\n", (UINTN)o->port, efi_sockets_error(rc));
		return SUITE_FAILED;
	}
	say("Connected to port %d of the host.%a\n", (UINTN)o->port,
	    c->typed ? " Ctrl-D ends your side, Escape leaves." : "");
	rc = talk(c, to_file);
	say("%ld bytes sent, %ld received.\n", c->typed ? 0 : (UINT64)c->sent, c->received);
	if (rc < 0)
		say("The stream ended early: %a.\n", efi_sockets_error(rc));
	if (to_file && !save(image, o->save, c))
		return SUITE_FAILED;
	return rc < 0 || (!c->typed && c->sent < c->out_len) ? SUITE_FAILED : SUITE_PASSED;
}

enum suite_status cat_run(EFI_HANDLE image, const struct options *o, const struct pci_function *f,
			  const struct efi_clock *clock)
{
	enum suite_status status = SUITE_FAILED;
	struct cat *c = AllocateZeroPool(sizeof(*c));
	char *file = NULL;

	if (!c)
		return SUITE_ERROR;
	c->typed = o->send[0] == '\0';
	if (!c->typed && !medium_read(image, o->send, CAT_FILE_MAX, &file, &c->out_len)) {
		say("\\%a cannot be read; expected a file of at most %d bytes.\n", o->send,
		    (UINTN)CAT_FILE_MAX);
	} else {
		c->out = file;
		c->s = efi_sockets_open(f, clock);
		if (c->s) {
			status = converse(c, image, o);
			efi_sockets_close(c->s);
		}
	}
	if (file)
		FreePool(file);
	if (c->in)
		FreePool(c->in);
	FreePool(c);
	return status;
}
