/* SPDX-License-Identifier: BSD-2-Clause */
/* sandbox.c - give up what serving does not need. */
#include "sandbox.h"
#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

int sandbox_limits(unsigned descriptors)
{
	struct rlimit files = { descriptors, descriptors };
	struct rlimit core = { 0, 0 };
	struct rlimit now;

	if (getrlimit(RLIMIT_NOFILE, &now))
		return -1;
	if (now.rlim_max < files.rlim_max)
		files.rlim_cur = files.rlim_max = now.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &files) || setrlimit(RLIMIT_CORE, &core))
		return -1;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

/* The address sanitizer takes its signal stack down at the end. */
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif

/* What serving calls, and nothing that opens a file or makes a socket. */
static const int allowed[] = {
	/* the connection */
	SCMP_SYS(accept4),
	SCMP_SYS(recvmsg),
	SCMP_SYS(recvfrom),
	SCMP_SYS(sendto),
	SCMP_SYS(getsockopt),
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(epoll_wait),
	SCMP_SYS(epoll_pwait),
	SCMP_SYS(close),
	/* eventfds, the trace, standard output */
	SCMP_SYS(write),
	SCMP_SYS(writev),
	SCMP_SYS(read),
	SCMP_SYS(lseek),
	SCMP_SYS(ftruncate),
	/* guest memory and our own */
	SCMP_SYS(munmap),
	SCMP_SYS(mremap),
	SCMP_SYS(brk),
	SCMP_SYS(madvise),
	SCMP_SYS(fstat),
	SCMP_SYS(newfstatat),
	SCMP_SYS(statx),
	/* time, signals, the end */
	SCMP_SYS(clock_gettime),
	SCMP_SYS(sched_yield),
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(geteuid),
	SCMP_SYS(futex),
	SCMP_SYS(unlink),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
	/* abort() after a mistake of our own */
	SCMP_SYS(gettid),
	SCMP_SYS(getpid),
	SCMP_SYS(tgkill),
#ifdef SANITIZED
	SCMP_SYS(sigaltstack),
#endif
};

/* Streams come and go. */
static const int for_bridge[] = {
	SCMP_SYS(connect),     SCMP_SYS(bind),	    SCMP_SYS(shutdown),
	SCMP_SYS(getpeername), SCMP_SYS(epoll_ctl), SCMP_SYS(prlimit64),
};

static int allow_bridge(scmp_filter_ctx f)
{
	int rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
				  SCMP_A0(SCMP_CMP_EQ, AF_UNIX, 0));

	for (size_t i = 0; rc == 0 && i < sizeof(for_bridge) / sizeof(for_bridge[0]); i++)
		rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, for_bridge[i], 0);
	return rc;
}

int sandbox_enter(bool log, bool bridge)
{
	scmp_filter_ctx f = seccomp_init(log ? SCMP_ACT_ERRNO(EPERM) : SCMP_ACT_KILL_PROCESS);
	int rc = f ? 0 : -1;

	for (size_t i = 0; rc == 0 && i < sizeof(allowed) / sizeof(allowed[0]); i++)
		rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, allowed[i], 0);
	/* Memory that can be executed is never needed. */
	if (rc == 0)
		rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
				      SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	if (rc == 0)
		rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
				      SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	/* Only the question whether a write can block. */
	if (rc == 0)
		rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(fcntl), 1,
				      SCMP_A1(SCMP_CMP_EQ, F_GETFL, 0));
	if (rc == 0 && bridge)
		rc = allow_bridge(f);
	if (rc == 0)
		rc = seccomp_load(f);
	if (f)
		seccomp_release(f);
	return rc ? -1 : 0;
}
