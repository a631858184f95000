/* SPDX-License-Identifier: Apache-2.0 */
/* wqctl backtest: last year's data against tomorrow's rules. The engine of the daemon, run on the
 * samples' own time; nobody is told. Deterministic: the same input gives the same bytes. */
#include "compare.h"
#include "ctl/commands.h"
#include "ctl/complaint.h"
#include "output.h"
#include "replay.h"

#include "wq/err.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EVERY_TICK = 256, COMPARE, JSON, OFFICERS, PER_OFFICER };

struct arguments {
	const char *config, *csv;
	struct output_paths outputs;
	bool every_tick;
	struct compare_arguments compare;
};

static const struct argp_option options[] = {
	{ "config", 'c', "FILE", 0,
	        "the rules; section station \"*\" serves stations that it does not name", 0 },
	{ "csv", 'i', "FILE", 0,
	        "readings: time, optional station, a column a parameter ('-': standard input)", 0 },
	{ "samples", 's', "FILE", 0, "write time,station,parameter,value,quality,event,score,test", 0 },
	{ "alarms", 'a', "FILE", 0, "write one JSON object a change of an alarm", 0 },
	{ "days", 'd', "FILE", 0, "write the verdicts of the days ('-': standard output)", 0 },
	{ "every-tick", EVERY_TICK, NULL, 0,
	        "ask the rules each minute, not only when they have something to do: the same "
	        "bytes, slowly",
	        0 },
	{ "compare", COMPARE, "OLD", 0,
	        "instead: what the rules of NEW would have told otherwise than those of OLD", 1 },
	{ "json", JSON, NULL, 0, "the comparison as JSON", 1 },
	{ "officers", OFFICERS, "N", 0,
	        "people on duty; by default all contacts in the lead of a route", 1 },
	{ "stations-per-officer", PER_OFFICER, "N", 0, "instead: one for so many stations", 1 },
	{ 0 },
};

static long count_of(const char *text, struct argp_state *state)
{
	char *end;
	long count = strtol(text, &end, 10);
	if (*end != '\0' || count < 1 || count > 1000000)
		argp_error(state, "'%s' is no number of people or stations (1 to 1000000)", text);
	return count;
}

static void check(const struct arguments *a, struct argp_state *state)
{
	const struct compare_arguments *c = &a->compare;
	bool outputs =
	        a->outputs.samples != NULL || a->outputs.alarms != NULL || a->outputs.days != NULL;
	if (c->old == NULL && c->new != NULL)
		argp_error(state, "what is '%s'? Files are given by --config and --csv", c->new);
	if (c->old == NULL && (c->json || c->officers > 0 || c->stations_per_officer > 0))
		argp_error(
		        state, "--json, --officers and --stations-per-officer go with --compare");
	if (c->old == NULL && (a->config == NULL || a->csv == NULL))
		argp_error(state, "--config and --csv are needed");
	if (c->old == NULL)
		return;
	if (c->new == NULL || a->csv == NULL)
		argp_error(state, "a comparison needs both: --compare OLD NEW --csv FILE");
	if (a->config != NULL || outputs || a->every_tick)
		argp_error(state, "a comparison writes no other outputs and takes no --config");
	if (c->officers > 0 && c->stations_per_officer > 0)
		argp_error(state, "either --officers or --stations-per-officer");
	if (strcmp(a->csv, "-") == 0)
		argp_error(state, "a comparison reads its CSV twice: it must be a file");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;
	const struct {
		int key;
		const char **to;
	} keys[] = { { 'c', &a->config }, { 'i', &a->csv }, { 's', &a->outputs.samples },
		{ 'a', &a->outputs.alarms }, { 'd', &a->outputs.days },
		{ COMPARE, &a->compare.old } };
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (keys[i].key == key) {
			*keys[i].to = arg;
			return 0;
		}
	switch (key) {
	case OFFICERS:
		a->compare.officers = count_of(arg, state);
		return 0;
	case PER_OFFICER:
		a->compare.stations_per_officer = count_of(arg, state);
		return 0;
	case EVERY_TICK:
		return a->every_tick = true, 0;
	case JSON:
		return a->compare.json = true, 0;
	case ARGP_KEY_ARG:
		if (a->compare.new != NULL)
			argp_error(state, "what is '%s'? One file of new rules is enough", arg);
		return a->compare.new = arg, 0;
	case ARGP_KEY_END:
		return check(a, state), 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = { .options = options,
	.parser = parse,
	.args_doc = "--config FILE --csv FILE\n--compare OLD NEW --csv FILE",
	.doc = "Runs the rules over recorded readings and writes what would have been told." };

static int write_all(const struct arguments *a, const struct config *config,
        const struct readings *readings, const uint32_t *parameters, struct wq_err *err)
{
	struct output output;
	struct replay_listener listener = output_listener(&output);
	int r = output_open(&output, &a->outputs, err);
	if (r == 0)
		r = replay_run(readings, &config->site, parameters, &listener, a->every_tick, err);
	int closed = output_close(&output, r < 0 ? NULL : err);
	if (r == 0 && closed == 0)
		output_summary(&output, readings);
	return r < 0 ? r : closed;
}

static int backtest(const struct arguments *a, const struct config *base, struct readings *readings,
        struct wq_err *err)
{
	uint32_t parameters[READINGS_COLUMNS];
	int r = readings_read(readings, a->csv, base, err);
	if (r < 0)
		return r;
	struct config *config = readings_config(readings, base, parameters, err);
	if (config == NULL)
		return WQ_E_INVALID;
	r = write_all(a, config, readings, parameters, err);
	config_free(config);
	return r;
}

static void say_wrong(const struct readings *readings)
{
	ctl_complained(readings->wrong);
	if (readings->wrong > 0)
		fprintf(stderr, "%zu places were wrong; the rest was used\n", readings->wrong);
}

int ctl_backtest(int argc, char **argv)
{
	static struct config_report report;
	struct arguments arguments = { .config = NULL };
	struct readings readings = { .rows = NULL };
	struct wq_err err = { .code = 0 };
	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	arguments.compare.csv = arguments.csv;
	if (arguments.compare.old != NULL)
		return compare_run(&arguments.compare);
	struct config *base = config_load(arguments.config, &report);
	if (base == NULL) {
		config_report_print(&report, "nothing was run.", stderr);
		return CTL_WRONG;
	}
	int r = backtest(&arguments, base, &readings, &err);
	int status = r < 0 || readings.wrong > 0 ? CTL_WRONG : CTL_DONE;
	if (r < 0)
		ctl_complain(&(size_t){ 0 }, "wqctl backtest: %s", err.text);
	else
		say_wrong(&readings);
	readings_free(&readings);
	config_free(base);
	return status;
}
