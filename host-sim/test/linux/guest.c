/* SPDX-License-Identifier: BSD-2-Clause */
/* guest.c - process 1 of the Linux guest: does what the host says over the second serial line. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <linux/vm_sockets.h>
#include "guest.h"
#include "ops.h"
#include "script.h"

#define RUNNING_MAX 64

static int line_fd;

static struct {
	unsigned id;
	pid_t pid;
	bool is_script;
} children[RUNNING_MAX];

__attribute__((format(printf, 1, 2))) static void say(const char *format, ...)
{
	char text[512];
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	if (n > 0)
		dprintf(line_fd, "%s\n", text);
}

static void complain(const char *text)
{
	say("complaint %.400s", text);
}

static int open_line(void)
{
	struct termios t;
	int fd = open("/dev/ttyS1", O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (fd < 0 || tcgetattr(fd, &t))
		return fd;
	cfmakeraw(&t);
	cfsetspeed(&t, B115200);
	t.c_cflag |= CLOCAL;
	tcsetattr(fd, TCSANOW, &t);
	return fd;
}

/* Arguments of the program, divided by blanks. Its output goes to the console. */
_Noreturn static void exec_program(char *text)
{
	char *argv[64], *save = NULL;
	int n = 0, console = open("/dev/console", O_RDWR);

	for (char *w = strtok_r(text, " ", &save); w && n < 63; w = strtok_r(NULL, " ", &save))
		argv[n++] = w;
	argv[n] = NULL;
	for (int fd = 0; fd < 3; fd++)
		dup2(console, fd);
	if (n)
		execv(argv[0], argv);
	_exit(127);
}

static void start(unsigned id, char *text, bool is_script)
{
	static const struct place host = { NULL, VMADDR_CID_HOST };
	sigset_t none;
	pid_t pid = fork();

	if (pid < 0) {
		say("done %u fail fork: %s", id, strerror(errno));
		return;
	}
	if (pid == 0) {
		setpgid(0, 0);
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		if (is_script)
			script_run(&host, line_fd, id, text);
		exec_program(text);
	}
	setpgid(pid, pid);
	for (int i = 0; i < RUNNING_MAX; i++) {
		if (!children[i].pid) {
			children[i].id = id;
			children[i].pid = pid;
			children[i].is_script = is_script;
			return;
		}
	}
}

static void tell(unsigned id, int sig)
{
	for (int i = 0; i < RUNNING_MAX; i++)
		if (children[i].pid && children[i].id == id)
			kill(sig == SIGKILL ? -children[i].pid : children[i].pid, sig);
}

static void ended(pid_t pid, int status)
{
	for (int i = 0; i < RUNNING_MAX; i++) {
		if (children[i].pid != pid)
			continue;
		children[i].pid = 0;
		if (WIFSIGNALED(status))
			say("done %u died %d", children[i].id, WTERMSIG(status));
		else if (!children[i].is_script && WEXITSTATUS(status))
			say("done %u fail %d", children[i].id, WEXITSTATUS(status));
		else if (!children[i].is_script)
			say("done %u ok", children[i].id);
	}
}

static void reap(void)
{
	pid_t pid;
	int status;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		ended(pid, status);
}

static void cycle(int n)
{
	const char *why = "";
	int done = 0;

	while (done < n && !modules_load(&why) && !modules_unload(&why))
		done++;
	if (done < n)
		say("complaint cycle %d: %s", done + 1, why);
	say("cycles %d", done);
}

static void obey(char *line)
{
	const char *why = "";
	unsigned id = 0;
	int rest = 0, n;

	if (sscanf(line, "run %u %n", &id, &rest) == 1 && rest)
		start(id, line + rest, true);
	else if (sscanf(line, "exec %u %n", &id, &rest) == 1 && rest)
		start(id, line + rest, false);
	else if (sscanf(line, "wake %u", &id) == 1)
		tell(id, SIGUSR1);
	else if (sscanf(line, "kill %u", &id) == 1)
		tell(id, SIGKILL);
	else if (!strcmp(line, "load"))
		say(modules_load(&why) ? "load fail %s" : "load ok%s", why);
	else if (!strcmp(line, "unload"))
		say(modules_unload(&why) ? "unload fail %s" : "unload ok%s", why);
	else if (sscanf(line, "cycles %d", &n) == 1)
		cycle(n);
	else if (!strcmp(line, "look"))
		n = modules_complaints(complain), say("look interrupts=%d cid=%u complaints=%d",
						      modules_interrupts(), modules_cid(), n);
	else if (!strcmp(line, "net"))
		say(net_up() ? "net fail%s" : "net ok%s", "");
	else if (!strcmp(line, "reboot"))
		reboot(RB_AUTOBOOT);
	else if (!strcmp(line, "poweroff"))
		reboot(RB_POWER_OFF);
	else if (*line)
		say("what %.100s", line);
}

/* Lines may come in pieces. */
static void hear(void)
{
	static char text[SCRIPT_MAX + 64];
	static size_t have;
	ssize_t n = read(line_fd, text + have, sizeof(text) - 1 - have);
	char *end;

	if (n <= 0)
		return;
	have += (size_t)n;
	text[have] = '\0';
	while ((end = strchr(text, '\n')) != NULL) {
		*end = '\0';
		obey(text);
		have -= (size_t)(end + 1 - text);
		memmove(text, end + 1, have + 1);
	}
	if (have == sizeof(text) - 1)
		have = 0;
}

_Noreturn void guest_main(void)
{
	struct rlimit files = { 65536, 65536 };
	struct pollfd fds[2];
	struct utsname u;
	sigset_t set;

	mkdir("/proc", 0755);
	mkdir("/sys", 0755);
	mkdir("/tmp", 01777);
	mount("dev", "/dev", "devtmpfs", 0, NULL);
	mount("proc", "/proc", "proc", 0, NULL);
	mount("sys", "/sys", "sysfs", 0, NULL);
	mount("tmp", "/tmp", "tmpfs", 0, NULL);
	setrlimit(RLIMIT_NOFILE, &files);
	line_fd = open_line();
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fds[0] = (struct pollfd){ .fd = line_fd, .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK),
				  .events = POLLIN };
	uname(&u);
	say("hello %s %s", u.release, u.version);
	for (;;) {
		struct signalfd_siginfo info;

		poll(fds, 2, -1);
		while (read(fds[1].fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
			;
		reap();
		if (fds[0].revents)
			hear();
	}
}
