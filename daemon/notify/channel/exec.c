/* SPDX-License-Identifier: Apache-2.0 */
/* A program of the administrator's that is given the notice as JSON on its standard input. No
 * shell, no environment, no open files of ours; what it exits with is the verdict. */
#include "envelope.h"

#include "wq/err.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARGUMENTS 16

struct exec_settings {
	const char *program;
	struct wq_list arguments;
	wq_ms timeout;
};

struct exec {
	const struct exec_settings *settings;
	char body[ENVELOPE_TEXT];
};

static const struct wq_option options[] = {
	{ .key = "program",
	        .type = WQ_OPT_TEXT,
	        .required = true,
	        .min = 2,
	        .max = PATH_MAX - 1,
	        .offset = offsetof(struct exec_settings, program),
	        .help = "absolute path; it and every folder above must be root's, and nobody else "
	                "may write there" },
	{ .key = "arguments",
	        .type = WQ_OPT_LIST,
	        .max = ARGUMENTS,
	        .offset = offsetof(struct exec_settings, arguments),
	        .help = "what it is called with, word by word; no shell looks at them" },
	{ .key = "timeout",
	        .type = WQ_OPT_SPAN,
	        .min = 100,
	        .max = 15000,
	        .fallback = "10s",
	        .offset = offsetof(struct exec_settings, timeout),
	        .help = "after that it and what it started are killed, and it is tried again" },
	WQ_OPTION_END,
};

static int exec_check(const void *settings, struct wq_err *err)
{
	const struct exec_settings *s = settings;

	if (s->program[0] != '/')
		return wq_fail(
		        err, WQ_E_INVALID, "program = %.80s: must be an absolute path", s->program);
	return 0;
}

/* Whether only root can have written what stands at `path`. */
static bool is_root_s(const char *path, struct wq_result *result)
{
	struct stat status;

	if (stat(path, &status) < 0)
		snprintf(result->text, sizeof result->text, "%.120s: %s", path,
		        strerrordesc_np(errno));
	else if (status.st_uid != 0 || (status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		snprintf(result->text, sizeof result->text,
		        "%.100s belongs to user %u with mode %04o: it must be root's, and nobody "
		        "else's to write",
		        path, (unsigned)status.st_uid, (unsigned)status.st_mode & 07777);
	else
		return true;
	return false;
}

/* The program and every folder above it, as they are now: links are followed first. */
static bool is_trusted(const char *program, struct wq_result *result)
{
	char path[PATH_MAX];

	result->kind = WQ_CONFIG;
	if (realpath(program, path) == NULL) {
		snprintf(result->text, sizeof result->text, "%.120s: %s", program,
		        strerrordesc_np(errno));
		return false;
	}
	for (;;) {
		if (!is_root_s(path, result))
			return false;
		char *slash = strrchr(path, '/');

		if (slash == path)
			return is_root_s("/", result);
		*slash = '\0';
	}
}

static int exec_open(void *state, const void *settings,
        int (*secret)(
                void *owner, const char *reference, char *buf, size_t cap, struct wq_err *err),
        void *owner, struct wq_err *err)
{
	(void)secret, (void)owner, (void)err;
	((struct exec *)state)->settings = settings;
	return 0;
}

/* Starts it with the message in an unlinked file as its input: nothing of ours waits for it to
 * read. */
static int start(const struct exec_settings *s, int input, pid_t *child)
{
	char *arguments[ARGUMENTS + 2] = { (char *)(uintptr_t)s->program };
	char *environment[] = { (char *)(uintptr_t) "PATH=/usr/bin:/bin",
		(char *)(uintptr_t) "LC_ALL=C.UTF-8", NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t how;
	sigset_t none, all;

	for (size_t i = 0; i < s->arguments.count && i < ARGUMENTS; i++)
		arguments[i + 1] = (char *)(uintptr_t)s->arguments.items[i];
	sigemptyset(&none);
	sigfillset(&all);
	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&how);
	posix_spawn_file_actions_adddup2(&files, input, STDIN_FILENO);
	posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
	posix_spawnattr_setsigmask(&how, &none);
	posix_spawnattr_setsigdefault(&how, &all);
	posix_spawnattr_setpgroup(&how, 0);
	posix_spawnattr_setflags(
	        &how, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	int error = posix_spawn(child, s->program, &files, &how, arguments, environment);

	posix_spawnattr_destroy(&how);
	posix_spawn_file_actions_destroy(&files);
	return error;
}

/* Waits for its end for at most `span`; then kills it and all of its group. False: it had to be
 * killed. */
static bool wait_for(pid_t child, wq_ms span, int *status)
{
	int handle = (int)syscall(SYS_pidfd_open, child, 0);
	struct pollfd end = { .fd = handle, .events = POLLIN };
	bool ended = handle >= 0 && poll(&end, 1, (int)span) > 0;

	/* What it left running goes too: the group is ours alone. */
	if (!ended)
		kill(-child, SIGKILL);
	while (waitpid(child, status, 0) < 0 && errno == EINTR)
		;
	kill(-child, SIGKILL);
	if (handle >= 0)
		close(handle);
	return ended;
}

/* What it exits with: sysexits.h; the first row that holds it counts. */
static const struct {
	int code;
	enum wq_result_kind kind;
	const char *text;
} exits[] = {
	{ 0, WQ_SENT, "done" },
	{ 64, WQ_CONFIG, "it is called wrongly (EX_USAGE)" },
	{ 67, WQ_DROP, "it does not know the recipient (EX_NOUSER)" },
	{ 68, WQ_DROP, "it does not know the recipient (EX_NOHOST)" },
	{ 69, WQ_RETRY, "its service is not available (EX_UNAVAILABLE)" },
	{ 75, WQ_RETRY, "not now (EX_TEMPFAIL)" },
	{ 77, WQ_CONFIG, "it is not allowed to (EX_NOPERM)" },
	{ 78, WQ_CONFIG, "its configuration is wrong (EX_CONFIG)" },
	{ 126, WQ_CONFIG, "it cannot be run" },
	{ 127, WQ_CONFIG, "it cannot be run" },
	{ -1, WQ_RETRY, "it failed" },
};

static void judge_exit(int status, struct wq_result *result)
{
	size_t row = 0;

	if (!WIFEXITED(status)) {
		result->kind = WQ_RETRY;
		snprintf(result->text, sizeof result->text, "it was ended by signal %d",
		        WTERMSIG(status));
		return;
	}
	while (exits[row].code >= 0 && exits[row].code != WEXITSTATUS(status))
		row++;
	result->kind = exits[row].kind;
	snprintf(result->text, sizeof result->text, "exit status %d: %s", WEXITSTATUS(status),
	        exits[row].text);
}

/* An unlinked file in memory with the message, at its beginning; or -1. */
static int input_of(const char *bytes, size_t length)
{
	int fd = memfd_create("notice", MFD_CLOEXEC);

	if (fd >= 0 &&
	        (write(fd, bytes, length) != (ssize_t)length || lseek(fd, 0, SEEK_SET) != 0)) {
		close(fd);
		return -1;
	}
	return fd;
}

static void exec_send(
        void *state, const struct wq_notice *notice, wq_ms now, struct wq_result *result)
{
	struct exec *exec = state;
	size_t length = envelope_write(notice, exec->body);
	pid_t child;
	int status = 0;

	(void)now;
	if (!is_trusted(exec->settings->program, result))
		return;
	result->kind = WQ_RETRY;
	int input = length > 0 ? input_of(exec->body, length) : -1;

	if (input < 0) {
		snprintf(result->text, sizeof result->text, "no memory for the message");
		return;
	}
	int error = start(exec->settings, input, &child);

	close(input);
	if (error != 0) {
		result->kind = error == EAGAIN || error == ENOMEM ? WQ_RETRY : WQ_CONFIG;
		snprintf(result->text, sizeof result->text, "%.120s: %s", exec->settings->program,
		        strerrordesc_np(error));
	} else if (!wait_for(child, exec->settings->timeout, &status)) {
		snprintf(result->text, sizeof result->text, "not done within %lld ms, killed",
		        (long long)exec->settings->timeout);
	} else {
		judge_exit(status, result);
	}
}

const struct wq_channel exec_channel;
const struct wq_channel exec_channel = {
	.name = "exec",
	.machine = true,
	.help = "runs a program with the notice as JSON on its standard input",
	.options = options,
	.settings_size = sizeof(struct exec_settings),
	.state_size = sizeof(struct exec),
	.link = WQ_LINK_ASKED,
	.check = exec_check,
	.open = exec_open,
	.send = exec_send,
};
