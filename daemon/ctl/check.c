/* SPDX-License-Identifier: Apache-2.0 */
/* wqctl check: what `wqd --check` tells, without the daemon's privileges: every error of the file
 * in one run. */
#include "commands.h"

#include "config/config.h"

#include <argp.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>

struct request {
	const char *file;
	bool quiet;
};

static const struct argp_option options[] = {
	{ "quiet", 'q', NULL, 0, "say nothing when the file is right and nothing is doubtful", 0 },
	{ 0 },
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct request *request = state->input;

	switch (key) {
	case 'q':
		request->quiet = true;
		return 0;
	case ARGP_KEY_ARG:
		if (request->file != NULL)
			argp_error(state, "one FILE only");
		request->file = arg;
		return 0;
	case ARGP_KEY_END:
		if (request->file == NULL)
			argp_error(state, "FILE is missing");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp parser = {
	.options = options,
	.parser = parse_option,
	.args_doc = "FILE",
	.doc = "Checks a configuration file.\v"
	       "Every error is told in one run as file:line: [section] what was found, what is "
	       "allowed. Ports, network and secrets are not touched; a credential that is not "
	       "there is a warning.\n\nExit status: 0 the file can be used, 1 it cannot, 2 usage.",
};

static void print_summary(const struct config *config)
{
	const struct {
		size_t count;
		const char *one, *many;
	} rows[] = {
		{ config->site.station_count, "station", "stations" },
		{ config->site.series_count, "point", "points" },
		{ config->bus_count, "bus", "buses" },
		{ config_own_rules(&config->site), "rule", "rules" },
		{ config->route_count, "route", "routes" },
		{ config->channel_count, "channel", "channels" },
	};

	printf("%s:", config->file);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		printf("%s %zu %s", i == 0 ? "" : ",", rows[i].count,
		        rows[i].count == 1 ? rows[i].one : rows[i].many);
	printf("%s\n", config->any_station ? ", and station \"*\" for any other" : "");
	fflush(stdout); /* before what goes to stderr */
}

int ctl_check(int argc, char **argv)
{
	static struct config_report report;
	struct request request = { 0 };
	struct config *config;

	if (argp_parse(&parser, argc, argv, 0, NULL, &request) != 0)
		return CTL_USAGE;
	config = config_load(request.file, &report);
	if (config != NULL && !request.quiet)
		print_summary(config);
	if (config == NULL || report.warning_count > 0 || !request.quiet)
		config_report_print(
		        &report, config == NULL ? "it cannot be used." : "it can be used.", stderr);
	if (config != NULL && !request.quiet)
		config_remarks_print(config, stderr);
	if (config != NULL)
		config_rosters_print(config, WQ_SECONDS(time(NULL)), stderr);
	config_free(config);
	return config == NULL ? CTL_WRONG : CTL_DONE;
}
