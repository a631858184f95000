/* SPDX-License-Identifier: Apache-2.0 */
/* wqctl test-rules: what the rules must say of readings made up for it, before anybody relies on
 * them. */
#include "ctl/commands.h"
#include "judge.h"

#include "wq/err.h"

#include <argp.h>
#include <stdio.h>

struct arguments {
	const char *file;
	bool verbose;
};

static const struct argp_option options[] = {
	{ "verbose", 'v', NULL, 0, "name the tests that pass as well", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;
	switch (key) {
	case 'v':
		a->verbose = true;
		return 0;
	case ARGP_KEY_ARG:
		if (a->file != NULL)
			argp_error(state, "what is '%s'? One file at a time", arg);
		a->file = arg;
		return 0;
	case ARGP_KEY_END:
		if (a->file == NULL)
			argp_error(state, "which file?");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = { .options = options,
	.parser = parse,
	.args_doc = "FILE",
	.doc = "Plays the tests of a file through the rules and tells what comes otherwise than "
	       "the file "
	       "asks for." };

/* Failed tests. */
static size_t run(const struct rulefile *file, bool verbose)
{
	size_t failed = 0;
	for (size_t i = 0; i < file->test_count; i++) {
		const struct rulefile_test *test = &file->tests[i];
		struct wq_err err;
		int r = judge_test(file->name, test, stdout, &err);
		if (r < 0)
			printf("%s:%d: %s %s\n", file->name, test->place.line, test->place.where,
			        err.text);
		if (r == 0 && verbose)
			printf("%s:%d: %s passed\n", file->name, test->place.line,
			        test->place.where);
		failed += r != 0;
	}
	printf("%zu tests, %zu failed\n", file->test_count, failed);
	return failed;
}

int ctl_test_rules(int argc, char **argv)
{
	static struct config_report report;
	struct arguments arguments = { .file = NULL };
	struct rulefile file;
	int status = CTL_WRONG;
	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	if (rulefile_read(&file, arguments.file, &report))
		status = run(&file, arguments.verbose) == 0 ? CTL_DONE : CTL_WRONG;
	else
		config_report_print(&report, "no test was run.", stderr);
	rulefile_free(&file);
	return status;
}
