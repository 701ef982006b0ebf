/* SPDX-License-Identifier: BSD-2-Clause */
/* machine.c - starting and ending vmci-sim and QEMU, and what the simulator costs. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include "line.h"
#include "machine.h"

#define BOOT_MS 120000

static struct machine_options options;
static char dir[64]; /* of sockets: short, so that their paths fit */
static char vmci_path[96], uds_path[96], line_path[96];
static char error[256];
static pid_t sim, qemu;
static unsigned kernel_version[3];

__attribute__((format(printf, 1, 2))) static bool fail(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(error, sizeof(error), format, ap);
	va_end(ap);
	return false;
}

const char *machine_error(void)
{
	return error;
}

static void remove_sockets(void)
{
	DIR *d = opendir(dir);
	struct dirent *e;

	while (d && (e = readdir(d)) != NULL)
		unlinkat(dirfd(d), e->d_name, 0);
	if (d)
		closedir(d);
	rmdir(dir);
}

/* Of this process only: its children forget the handler's work by ending with _exit. */
static void clean_up(void)
{
	machine_kill_qemu();
	run_kill_all();
	if (sim > 0) {
		kill(sim, SIGTERM);
		waitpid(sim, NULL, 0);
		sim = 0;
	}
	remove_sockets();
}

bool machine_is_port(void)
{
	return strcmp(options.bar1, "8k") == 0;
}

void machine_init(const struct machine_options *o)
{
	const char *tmp = getenv("TMPDIR");

	options = *o;
	mkdir(o->out, 0777);
	snprintf(dir, sizeof(dir), "%.40s/vmci-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	if (!mkdtemp(dir)) {
		fprintf(stderr, "linux: %s: %s\n", dir, strerror(errno));
		exit(2);
	}
	snprintf(vmci_path, sizeof(vmci_path), "%s/vmci", dir);
	snprintf(uds_path, sizeof(uds_path), "%s/v", dir);
	snprintf(line_path, sizeof(line_path), "%s/line", dir);
	atexit(clean_up);
	line_init(uds_path, machine_is_port() ? 6 : 1);
}

const char *machine_uds(void)
{
	return uds_path;
}

pid_t machine_sim_pid(void)
{
	return sim;
}

/* Start argv with its output in file `log` of the output directory. */
static pid_t spawn(const char *const *argv, const char *log)
{
	char path[512];
	pid_t parent = getpid(), pid;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", options.out, log);
	pid = fork();
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(1);
	/* The terminal's interrupt is for this process's parent, which ends things in order. */
	setpgid(0, 0);
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0666);
	dup2(fd, 1);
	dup2(fd, 2);
	fd = open("/dev/null", O_RDONLY);
	dup2(fd, 0);
	execvp(argv[0], (char *const *)argv);
	dprintf(2, "%s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

static bool ended(pid_t *pid, int *status)
{
	if (*pid > 0 && waitpid(*pid, status, WNOHANG) == *pid)
		*pid = 0;
	return *pid <= 0;
}

bool machine_lives(void)
{
	int status = 0;

	if (ended(&sim, &status))
		return fail("vmci-sim ended, status %#x", (unsigned)status);
	if (ended(&qemu, &status))
		return fail("QEMU ended, status %#x", (unsigned)status);
	return true;
}

bool machine_start_sim(void)
{
	char trace[512];
	const char *argv[24] = { options.sim, "serve",	"--socket",   vmci_path, "--vsock-uds",
				 uds_path,    "--bar1", options.bar1, "--irq",	 options.irq };
	size_t n = 10;
	int status = 0;

	if (options.vectors) {
		argv[n++] = "--vectors";
		argv[n++] = options.vectors;
	}
	if (options.trace) {
		snprintf(trace, sizeof(trace), "%s/trace.log", options.out);
		argv[n++] = "--trace";
		argv[n++] = trace;
	}
	sim = spawn(argv, "sim.log");
	for (int i = 0; i < 200; i++) {
		if (!access(vmci_path, F_OK) && !access(uds_path, F_OK))
			return true;
		if (ended(&sim, &status))
			return fail("vmci-sim ended at once, see %s/sim.log", options.out);
		machine_pass(50);
	}
	return fail("vmci-sim does not listen");
}

bool machine_stop_sim(void)
{
	int status = 0;

	kill(sim, SIGTERM);
	for (int i = 0; i < 200 && !ended(&sim, &status); i++)
		machine_pass(25);
	if (sim > 0)
		return fail("vmci-sim does not end within 5 s of being asked");
	return status == 0 || fail("vmci-sim ended with status %#x", (unsigned)status);
}

/* QEMU makes the socket when it starts. */
static int connect_line(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(a.sun_path, line_path, strlen(line_path) + 1);
	if (connect(fd, (const struct sockaddr *)&a, sizeof(a)) == 0)
		return fd;
	close(fd);
	return -1;
}

bool machine_start_qemu(void)
{
	char kernel[512], initrd[512], device[256], console[600], line[160], append[512], net[128];
	size_t n = 0;
	const char *argv[48] = { options.qemu,
				 "-M",
				 "q35,memory-backend=mem",
				 "-accel",
				 "tcg",
				 "-smp",
				 "2",
				 "-m",
				 "512",
				 "-nodefaults",
				 "-no-user-config",
				 "-display",
				 "none",
				 "-monitor",
				 "none",
				 "-object",
				 "memory-backend-memfd,id=mem,size=512M,share=on",
				 "-chardev",
				 console,
				 "-chardev",
				 line,
				 "-serial",
				 "chardev:console",
				 "-serial",
				 "chardev:line",
				 "-kernel",
				 kernel,
				 "-initrd",
				 initrd,
				 "-append",
				 append,
				 "-device",
				 device,
				 NULL };
	int fd = -1, status;

	snprintf(kernel, sizeof(kernel), "%s/vmlinuz", options.image);
	snprintf(initrd, sizeof(initrd), "%s/initrd", options.image);
	snprintf(console, sizeof(console), "file,id=console,append=on,path=%s/console.log",
		 options.out);
	snprintf(line, sizeof(line), "socket,id=line,server=on,wait=off,path=%s", line_path);
	snprintf(append, sizeof(append), "console=ttyS0 loglevel=5 panic=-1 %s",
		 options.append ? options.append : "");
	snprintf(device, sizeof(device),
		 "{\"driver\":\"vfio-user-pci\",\"socket\":{\"type\":\"unix\",\"path\":\"%s\"}}",
		 vmci_path);
	if (options.net_port) {
		while (argv[n])
			n++;
		snprintf(net, sizeof(net), "user,id=net,hostfwd=tcp:127.0.0.1:%u-:%u",
			 options.net_port, options.net_port);
		argv[n++] = "-netdev";
		argv[n++] = net;
		argv[n++] = "-device";
		argv[n++] = "e1000,netdev=net,romfile=";
	}
	unlink(line_path);
	qemu = spawn(argv, "qemu.log");
	for (int i = 0; i < 200 && fd < 0; i++) {
		if (ended(&qemu, &status))
			return fail("QEMU ended at once, see %s/qemu.log", options.out);
		machine_pass(50);
		fd = connect_line();
	}
	if (fd < 0)
		return fail("QEMU does not make its serial line");
	line_guest(fd);
	return machine_wait_hello();
}

/* Debian's releases do not always have the third number, its text of the version does. */
static void hear_version(const char *hello)
{
	const char *debian = strstr(hello, " Debian ");

	memset(kernel_version, 0, sizeof(kernel_version));
	sscanf(debian ? debian + strlen(" Debian ") : hello + strlen("hello "), "%u.%u.%u",
	       &kernel_version[0], &kernel_version[1], &kernel_version[2]);
}

bool machine_wait_hello(void)
{
	const char *hello = machine_ask(NULL, "hello ", BOOT_MS);

	if (!hello)
		return fail("the guest does not start, see %s/console.log", options.out);
	hear_version(hello);
	return true;
}

const unsigned *machine_kernel_version(void)
{
	return kernel_version;
}

bool machine_load(void)
{
	const char *answer = machine_ask("load", "load ", 60000);

	return (answer && !strcmp(answer, "load ok")) ||
	       fail("%s", answer ? answer : "the guest does not answer");
}

bool machine_wait_qemu(void)
{
	int status = 0;

	for (int i = 0; i < 300 && !ended(&qemu, &status); i++)
		machine_pass(50);
	if (qemu > 0)
		return fail("QEMU does not end within 15 s of the guest's power off");
	line_guest(-1);
	return status == 0 || fail("QEMU ended with status %#x", (unsigned)status);
}

void machine_kill_qemu(void)
{
	if (qemu > 0) {
		kill(-qemu, SIGKILL);
		kill(qemu, SIGKILL);
		waitpid(qemu, NULL, 0);
	}
	qemu = 0;
	line_guest(-1);
}

uint64_t sim_cpu_us(void)
{
	unsigned long long user = 0, system = 0;
	char path[64], text[1024], *at;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)sim);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);
	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = '\0';
	at = strrchr(text, ')');
	if (at)
		sscanf(at + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu", &user,
		       &system);
	return (user + system) * 1000000 / (uint64_t)sysconf(_SC_CLK_TCK);
}

uint64_t sim_memory_kb(void)
{
	unsigned long long kb = 0;
	char path[64], line[256];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)sim);
	f = fopen(path, "re");
	/* Not what it maps of the guest. */
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "RssAnon: %llu", &kb) == 1)
			break;
	if (f)
		fclose(f);
	return kb;
}

unsigned sim_descriptors(void)
{
	char path[64];
	unsigned n = 0;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)sim);
	d = opendir(path);
	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n;
}
