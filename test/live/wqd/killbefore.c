/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a program and kills it (SIGKILL) exactly before its N-th call of a kind, counted over all
 * its threads in the order in which the kernel sees them; strace counts each thread apart, so its
 * N-th call is not a place of the program. Without
 * --at it only counts. At the end one line a kind, "CALL COUNT", goes to FILE; "killed CALL N
 * TARGET" before them when it was killed there. SIGTERM is passed on. Exit status: the program's;
 * 128 + signal when one ended it; 125: this tool failed. */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define FAILED 125

/* What is known of a call's first arguments: a descriptor, a path, or a folder's descriptor and a
 * path. */
enum shape { FD, PATH, AT };

static struct call {
	const char *name;
	long number;
	enum shape shape;
	long count;
} calls[] = {
#define ROW(name, shape)                                                                           \
	{                                                                                          \
#name, SYS_##name, shape, 0                                                        \
	}
	ROW(write, FD),
	ROW(writev, FD),
	ROW(pwrite64, FD),
	ROW(fdatasync, FD),
	ROW(fsync, FD),
	ROW(ftruncate, FD),
	ROW(fallocate, FD),
	ROW(sendto, FD),
	ROW(sendmsg, FD),
	ROW(sendmmsg, FD),
	ROW(connect, FD),
	ROW(openat, AT),
	ROW(unlinkat, AT),
	ROW(renameat2, AT),
#ifdef SYS_unlink
	ROW(unlink, PATH),
	ROW(rename, PATH),
#endif
};

#define CALLS (sizeof calls / sizeof *calls)

struct run {
	const char *folder; /* openat counts below it only */
	const char *file;
	struct call *call; /* NULL: only count */
	long at;
	bool killed;
	char where[512];
};

static volatile sig_atomic_t child;

static void pass_on(int number)
{
	if (child > 0)
		kill((pid_t)child, number);
}

static void die(const char *what)
{
	fprintf(stderr, "killbefore: %s: %s\n", what, strerror(errno));
	exit(FAILED);
}

/* The listed calls stop for us, all others run at full speed. */
static void filter_calls(void)
{
	struct sock_filter code[CALLS + 3];
	size_t n = 0;

	code[n++] = (struct sock_filter)BPF_STMT(
	        BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < CALLS; i++)
		code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
		        (unsigned)calls[i].number, (unsigned char)(CALLS - i), 0);
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE);
	struct sock_fprog program = { (unsigned short)n, code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
		die("seccomp");
}

static void start(char **command)
{
	int ready[2];
	char byte;

	if (pipe2(ready, O_CLOEXEC) < 0)
		die("pipe");
	pid_t pid = fork();
	if (pid < 0)
		die("fork");
	if (pid == 0) {
		close(ready[1]);
		if (read(ready[0], &byte, 1) != 1)
			_exit(FAILED);
		filter_calls();
		execvp(command[0], command);
		die(command[0]);
	}
	child = pid;
	close(ready[0]);
	if (ptrace(PTRACE_SEIZE, pid, NULL,
	            (void *)(long)(PTRACE_O_EXITKILL | PTRACE_O_TRACESECCOMP |
	                    PTRACE_O_TRACECLONE)) < 0)
		die("ptrace");
	if (write(ready[1], "x", 1) != 1)
		die("pipe");
	close(ready[1]);
}

static void read_path(pid_t pid, unsigned long long address, char *path, size_t size)
{
	size_t length = 0;

	/* Byte by byte: what lies behind the end may not be readable. */
	while (length + 1 < size) {
		struct iovec to = { path + length, 1 },
		             from = { (void *)(uintptr_t)(address + length), 1 };

		if (process_vm_readv(pid, &to, 1, &from, 1, 0) != 1 || path[length] == '\0')
			break;
		length++;
	}
	path[length] = '\0';
}

static void read_link(pid_t pid, unsigned long long fd, char *path, size_t size)
{
	char link[64];

	snprintf(link, sizeof link, "/proc/%d/fd/%d", (int)pid, (int)fd);
	ssize_t length = readlink(link, path, size - 1);
	path[length > 0 ? length : 0] = '\0';
}

/* A call is about to be made. */
static void look(struct run *run, pid_t pid)
{
	struct __ptrace_syscall_info info;
	char target[400];
	struct call *call = NULL;

	if (run->killed || ptrace(PTRACE_GET_SYSCALL_INFO, pid, (void *)sizeof info, &info) <= 0)
		return;
	for (size_t i = 0; i < CALLS; i++)
		if (calls[i].number == (long)info.seccomp.nr)
			call = &calls[i];
	if (call == NULL)
		return;
	bool last = call == run->call && call->count + 1 == run->at;
	if (call->shape == FD && last)
		read_link(pid, info.seccomp.args[0], target, sizeof target);
	else if (call->shape != FD)
		read_path(pid, info.seccomp.args[call->shape == AT ? 1 : 0], target, sizeof target);
	if (call->number == SYS_openat && strncmp(target, run->folder, strlen(run->folder)) != 0)
		return;
	call->count++;
	if (!last)
		return;
	snprintf(run->where, sizeof run->where, "killed %s %ld %s", call->name, run->at, target);
	kill((pid_t)child, SIGKILL);
	run->killed = true;
}

/* Lets a stopped thread go on. */
static void resume(struct run *run, pid_t pid, int status)
{
	int number = WSTOPSIG(status), event = status >> 16;
	bool group = event == PTRACE_EVENT_STOP && number != SIGTRAP;

	if (event == PTRACE_EVENT_SECCOMP)
		look(run, pid);
	/* After the kill the call must not be made: the thread is left where it is, SIGKILL takes
	 * it from there. */
	if (run->killed)
		return;
	if (ptrace(group ? PTRACE_LISTEN : PTRACE_CONT, pid, NULL,
	            (void *)(long)(event != 0 ? 0 : number)) < 0 &&
	        errno != ESRCH)
		die("ptrace");
}

static int attend(struct run *run)
{
	int status;

	for (;;) {
		pid_t pid = waitpid(-1, &status, __WALL);
		if (pid < 0 && errno == EINTR)
			continue;
		if (pid < 0)
			die("waitpid");
		if (WIFSTOPPED(status))
			resume(run, pid, status);
		else if (pid == (pid_t)child)
			return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	}
}

static void tell(const struct run *run)
{
	FILE *file = fopen(run->file, "we");

	if (file == NULL)
		die(run->file);
	if (run->killed)
		fprintf(file, "%s\n", run->where);
	for (size_t i = 0; i < CALLS; i++)
		if (calls[i].count > 0)
			fprintf(file, "%s %ld\n", calls[i].name, calls[i].count);
	fclose(file);
}

static void usage(void)
{
	fputs("usage: killbefore FILE FOLDER [--at CALL:N] PROGRAM [ARGUMENT]...\n", stderr);
	exit(FAILED);
}

/* "CALL:N" */
static void aim(struct run *run, const char *text)
{
	size_t length = strcspn(text, ":");

	for (size_t i = 0; i < CALLS; i++)
		if (strlen(calls[i].name) == length && strncmp(calls[i].name, text, length) == 0)
			run->call = &calls[i];
	run->at = text[length] == ':' ? atol(text + length + 1) : 0;
	if (run->call == NULL || run->at <= 0)
		usage();
}

int main(int argc, char **argv)
{
	static struct run run;
	struct sigaction action = { .sa_handler = pass_on };

	if (argc < 4)
		usage();
	run.file = argv[1];
	run.folder = argv[2];
	argv += 3;
	if (strcmp(argv[0], "--at") == 0) {
		if (argc < 6)
			usage();
		aim(&run, argv[1]);
		argv += 2;
	}
	sigaction(SIGTERM, &action, NULL);
	start(argv);
	int code = attend(&run);
	tell(&run);
	return code;
}
