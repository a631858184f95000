/* SPDX-License-Identifier: Apache-2.0 */
/* wqd: reads the command line, loads the configuration, runs the daemon. */
#include "clock.h"
#include "daemon.h"
#include "log.h"
#include "wq/err.h"

#include <argp.h>
#include <pthread.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define DEFAULT_CONFIG "/etc/wqd/wqd.conf"

const char *argp_program_version = "wqd " WQ_VERSION;

struct arguments {
	const char *config;
	bool check;
};

static const struct argp_option options[] = {
	{ "config", 'c', "FILE", 0, "configuration (default " DEFAULT_CONFIG ")", 0 },
	{ "check", 'k', "FILE", OPTION_ARG_OPTIONAL, "check the configuration, touch nothing, exit 0 or 1", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *arguments = state->input;
	if (key == 'c') {
		arguments->config = arg;
		return 0;
	}
	if (key == 'k') {
		arguments->check = true;
		if (arg != NULL)
			arguments->config = arg;
		return 0;
	}
	/* `wqd --check FILE`: an optional argument that stands apart. */
	if (key == ARGP_KEY_ARG && arguments->check && state->arg_num == 0) {
		arguments->config = arg;
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = { .options = options,
	.parser = parse,
	.doc = "Watches water-quality stations and tells duty officers before a section fails." };

static struct config *load(const struct arguments *arguments)
{
	static struct config_report report;
	struct config *config = config_load(arguments->config, &report);
	const char *consequence = arguments->check
		? config != NULL ? "it can be used." : "it cannot be used; nothing was started."
		: config != NULL ? "starting."
				 : "nothing was started.";
	if (arguments->check)
		config_report_print(&report, consequence, stderr);
	else if (report.error_count + report.warning_count > 0)
		daemon_log_report(&report, consequence);
	return config;
}

/* A connection each to thousands of devices: as many files as the system lets us. Nothing of ours and none of the
 * libraries waits with select(), which takes descriptors below 1024 only. */
static void raise_open_files(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

/* Signals are main's, through its loop; threads inherit the mask. A peer that hangs up is an error code, not
 * a signal. Proxies from the environment are nobody's wish on a gateway. */
static void settle_process(void)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a limit on file sizes is a full disk */
	/* Without it the C library looks at /etc/localtime each time a library of ours asks for local time. */
	setenv("TZ", ":/etc/localtime", 0);
	unsetenv("http_proxy");
	unsetenv("https_proxy");
	unsetenv("all_proxy");
}

/* Starts anew in this process, with nothing inherited but the standard streams. */
static int start_anew(char **argv)
{
	if (syscall(SYS_close_range, 3U, ~0U, 4U /* CLOSE_RANGE_CLOEXEC */) != 0)
		log_warning("reload: descriptors stay open in the new start");
	execv("/proc/self/exe", argv);
	log_error("reload: cannot start anew; stopping, the service manager starts again");
	return EXIT_FAILURE;
}

/* By itself the C library raises the size from which a block has pages of its own to that of the largest that was freed, the
 * text of the configuration: rooms for a bad day, of megabytes, would then be cleared in memory used before, and be there
 * from the first day. */
static void settle_memory(void)
{
	mallopt(M_MMAP_THRESHOLD, 128 * 1024);
}

int main(int argc, char **argv)
{
	struct arguments arguments = { .config = DEFAULT_CONFIG };
	static struct daemon daemon;
	struct wq_err err = { .code = 0 };
	argp_err_exit_status = 2;
	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	settle_process();
	settle_memory();
	struct config *config = load(&arguments);
	if (config != NULL && arguments.check) {
		config_remarks_print(config, stderr);
		config_rosters_print(config, clock_now(), stderr);
	}
	if (config == NULL || arguments.check) {
		config_free(config);
		return config != NULL ? EXIT_SUCCESS : EXIT_FAILURE;
	}
	/* Reading the file took more than all that follows. */
	malloc_trim(0);
	raise_open_files();
	int r = daemon_open(&daemon, arguments.config, config, &err);
	/* So did reading the history and asking the systems. */
	malloc_trim(0);
	if (r == 0)
		r = daemon_run(&daemon, &err);
	if (r < 0)
		log_error("wqd: %s", err.text);
	bool reload = r == 0 && daemon.reload;
	bool whole = daemon_close(&daemon);
	return reload ? start_anew(argv) : r < 0 || !whole ? EXIT_FAILURE : EXIT_SUCCESS;
}
