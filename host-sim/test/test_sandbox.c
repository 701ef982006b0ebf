/* SPDX-License-Identifier: BSD-2-Clause */
/* test_sandbox.c - what serving needs still works inside, everything else ends the process. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include "../sandbox.h"
#include "tiny.h"

static bool with_bridge;

/* Status of a child that enters the sandbox and then does something. */
static int inside(int (*what)(void))
{
	pid_t pid = fork();
	int status = 0;

	assert_true(pid >= 0);
	if (pid == 0) {
		if (sandbox_limits(SANDBOX_DESCRIPTORS) || sandbox_enter(false, with_bridge))
			_exit(99);
		_exit(what());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static int do_open(void)
{
	return (int)syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY);
}
static int do_socket(void)
{
	return (int)syscall(SYS_socket, AF_INET, SOCK_STREAM, 0);
}
static int do_exec(void)
{
	char *none[] = { NULL };

	return (int)syscall(SYS_execve, "/bin/true", none, none);
}
static int do_ptrace(void)
{
	return (int)syscall(SYS_ptrace, PTRACE_TRACEME, 0, 0, 0);
}
static int do_kill(void)
{
	return (int)syscall(SYS_kill, 1, 0);
}
static int do_fork(void)
{
	return (int)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
}
static int do_exec_memory(void)
{
	return (int)syscall(SYS_mmap, 0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
			    -1, 0);
}
static int do_make_executable(void)
{
	return (int)syscall(SYS_mprotect, 0, 0, PROT_EXEC);
}
static int do_dup_descriptor(void)
{
	return (int)syscall(SYS_fcntl, 0, F_DUPFD, 3);
}
static int do_nothing(void)
{
	return 7;
}

static void everything_else_ends_the_process(void **state)
{
	static const struct {
		const char *name;
		int (*what)(void);
	} calls[] = {
		{ "open", do_open },
		{ "socket", do_socket },
		{ "execve", do_exec },
		{ "ptrace", do_ptrace },
		{ "kill", do_kill },
		{ "clone", do_fork },
		{ "mmap exec", do_exec_memory },
		{ "mprotect exec", do_make_executable },
		{ "fcntl dup", do_dup_descriptor },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		int status = inside(calls[i].what);

		if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
			fail_msg("%s: status %x", calls[i].name, (unsigned)status);
	}
	assert_int_equal(WEXITSTATUS(inside(do_nothing)), 7);
}

static int do_unix_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM, 0) < 0;
}

static void a_bridge_makes_unix_sockets_and_no_others(void **state)
{
	(void)state;
	with_bridge = true;
	assert_int_equal(inside(do_unix_socket), 0);
	assert_int_equal(WTERMSIG(inside(do_socket)), SIGSYS);
	assert_int_equal(WTERMSIG(inside(do_open)), SIGSYS);
	with_bridge = false;
	assert_int_equal(WTERMSIG(inside(do_unix_socket)), SIGSYS);
}

static void limits_are_lowered(void **state)
{
	int status = 0;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		struct rlimit files, core;

		_exit(sandbox_limits(SANDBOX_DESCRIPTORS) || getrlimit(RLIMIT_NOFILE, &files) ||
		      getrlimit(RLIMIT_CORE, &core) || files.rlim_max > SANDBOX_DESCRIPTORS ||
		      core.rlim_max != 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* Made outside, pumped inside. */
static struct {
	struct tiny tiny;
	struct vfu *vfu;
} served;

static void open_server(int fd)
{
	struct vfu_options options = { .spin_us = 50, .wake_fd = -1 };
	struct vfu_device d = tiny_device(&served.tiny, 3);

	served.vfu = vfu_new(&d, &options, -1);
	assert_non_null(served.vfu);
	assert_true(vfu_adopt(served.vfu, fd));
}

/* A client's whole life: version, map, eventfds, accesses, reset, a message, the end. */
static int serve_a_client(void)
{
	for (int i = 0; i < 64; i++)
		if (vfu_poll(served.vfu, 1000) == VFU_CLIENT_GONE)
			break;
	return guestmem_maps(vfu_memory(served.vfu)) == 0 && served.tiny.resets == 1 &&
			       served.tiny.disconnects == 1 && served.tiny.refusals == 1
		       ? 0
		       : 2;
}

static void send_all(int fd, unsigned command, const void *body, uint32_t len, int passed)
{
	struct vfu_header h = { 1, (uint16_t)command, (uint32_t)sizeof(h) + len, 0, 0 };
	uint8_t buf[128];
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = { buf, h.size };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	memcpy(buf, &h, sizeof(h));
	if (len)
		memcpy(buf + sizeof(h), body, len);
	if (passed >= 0) {
		struct cmsghdr *c;

		memset(&control, 0, sizeof(control));
		msg.msg_control = &control;
		msg.msg_controllen = sizeof(control);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &passed, sizeof(int));
	}
	assert_int_equal(sendmsg(fd, &msg, MSG_NOSIGNAL), h.size);
}

static void serving_works_inside(void **state)
{
	static const struct vfu_version version;
	struct vfu_dma_map map = { .argsz = sizeof(map), .flags = 3, .size = 4096 };
	struct vfu_irq_set irq = { .argsz = sizeof(irq), .flags = 0x24, .index = 2, .count = 1 };
	struct vfu_irq_set fire = { .argsz = sizeof(irq), .flags = 0x21, .index = 2, .count = 1 };
	struct vfu_region_access read = { .region = VFU_CONFIG, .count = 64 };
	int fd = memfd_create("test", MFD_CLOEXEC), event = eventfd(0, EFD_CLOEXEC);
	int pair[2] = { 0, 0 }, client;

	(void)state;
	assert_int_equal(ftruncate(fd, 4096), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
	open_server(pair[1]);
	client = pair[0];
	send_all(client, VFU_VERSION, &version, sizeof(version), -1);
	send_all(client, VFU_DMA_MAP, &map, sizeof(map), fd);
	send_all(client, VFU_DEVICE_SET_IRQS, &irq, sizeof(irq), event);
	send_all(client, VFU_DEVICE_SET_IRQS, &fire, sizeof(fire), -1);
	send_all(client, VFU_REGION_READ, &read, sizeof(read), -1);
	send_all(client, VFU_DMA_READ, NULL, 0, -1);
	send_all(client, VFU_DEVICE_RESET, NULL, 0, -1);
	shutdown(client, SHUT_WR);
	assert_int_equal(inside(serve_a_client), 0);
	close(client);
	close(fd);
	close(event);
	vfu_free(served.vfu);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_else_ends_the_process),
		cmocka_unit_test(a_bridge_makes_unix_sockets_and_no_others),
		cmocka_unit_test(limits_are_lowered),
		cmocka_unit_test(serving_works_inside),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("sandbox", tests, NULL, NULL);
}
