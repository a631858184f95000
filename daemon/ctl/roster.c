/* SPDX-License-Identifier: Apache-2.0 */
/* wqctl roster show: who is on duty, until when, and who is next; from the configuration alone. */
#include "commands.h"
#include "table.h"

#include "config/config.h"
#include "notify/roster.h"

#include "wq/err.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DAYS_MOST 366
#define CELL      512

struct request {
	const char *file, *at, *roster, *verb;
	long days; /* 0: the one moment */
};

static const struct argp_option options[] = {
	{ "config", 'c', "FILE", 0, "configuration (default /etc/wqd/wqd.conf)", 0 },
	{ "at", 'a', "TIME", 0, "at this moment (2026-03-05T08:00, in the site's zone; default: now)", 0 },
	{ "days", 'd', "N", 0, "every change of duty within so many days, 1 to 366", 0 },
	{ 0 },
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct request *request = state->input;
	char *end;

	switch (key) {
	case 'c':
		request->file = arg;
		return 0;
	case 'a':
		request->at = arg;
		return 0;
	case 'd':
		request->days = strtol(arg, &end, 10);
		if (end == arg || *end != '\0' || request->days < 1 || request->days > DAYS_MOST)
			argp_error(state, "--days is 1 to %d, not '%s'", DAYS_MOST, arg);
		return 0;
	case ARGP_KEY_ARG:
		if (request->verb == NULL)
			request->verb = arg;
		else if (request->roster == NULL)
			request->roster = arg;
		else
			argp_error(state, "one ROSTER only");
		return 0;
	case ARGP_KEY_END:
		if (request->verb == NULL || strcmp(request->verb, "show") != 0)
			argp_error(state, "say what is wanted: show");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp parser = {
	.options = options,
	.parser = parse_option,
	.args_doc = "show [ROSTER]",
	.doc = "Shows who is on duty by the rosters of a configuration, until when, and who is next.\v"
	       "The daemon is not asked: the file is read as it would read it.\n\n"
	       "Exit status: 0 done, 1 the configuration cannot be used, there is no such roster, or nobody has the lead at "
	       "that moment; 2 usage.",
};

/* "张三 李四", or "-". */
static const char *names_of(const struct config *config, const struct roster_duty *duty, enum roster_role role,
        char out[CELL])
{
	size_t length = 0;

	snprintf(out, CELL, "-");
	for (size_t i = 0; i < duty->count[role] && length < CELL; i++)
		length += (size_t)snprintf(out + length, CELL - length, "%s%s", i > 0 ? " " : "",
		        config->contacts[duty->people[role][i]].name);
	return out;
}

static void add_row(struct ctl_table *table, const struct config *config, const struct roster *roster,
        const struct roster_duty *duty)
{
	char from[WQ_INSTANT_TEXT], until[WQ_INSTANT_TEXT], people[ROSTER_ROLES][CELL];
	const char *cells[] = { roster->name, wq_instant_format_short(roster->zone, duty->from, from),
		wq_instant_format_short(roster->zone, duty->until, until),
		duty->shift == UINT32_MAX ? "-" : roster->shifts[duty->shift].name, people[0], people[1], people[2] };

	for (int role = 0; role < ROSTER_ROLES; role++)
		names_of(config, duty, (enum roster_role)role, people[role]);
	if (duty->vacant)
		cells[4] = "无人值班";
	ctl_table_row(table, cells);
}

/* The moment and the next change, or all changes of some days. False: nobody has the lead at that moment. */
static bool add_roster(struct ctl_table *table, const struct request *request, const struct config *config,
        const struct roster *roster, wq_ms at)
{
	struct roster_duty duty, next;
	bool vacant;

	roster_at(roster, at, &duty);
	vacant = duty.vacant;
	add_row(table, config, roster, &duty);
	if (request->days == 0 && roster_next(roster, at, WQ_DAYS(ROSTER_AHEAD), &next))
		add_row(table, config, roster, &next);
	while (request->days > 0 && duty.until < at + WQ_DAYS(request->days)) {
		roster_at(roster, duty.until, &duty);
		add_row(table, config, roster, &duty);
	}
	return !vacant;
}

static int show(const struct request *request, const struct config *config, wq_ms at)
{
	static const char *const headings[] = { "值班表", "从", "到", "班次", "牵头", "配合", "领导带班" };
	struct ctl_table table = { 0 };
	int status = CTL_DONE;
	size_t shown = 0;

	ctl_table_begin(&table, 7, headings);
	for (size_t i = 0; i < config->roster_count; i++) {
		const struct roster *roster = &config->rosters[i];

		if (request->roster != NULL && strcmp(request->roster, roster->id) != 0)
			continue;
		shown++;
		if (add_roster(&table, request, config, roster, at))
			continue;
		fprintf(stderr, "wqctl roster: %s: nobody has the lead at that moment; everybody of it would be told\n", roster->id);
		status = CTL_WRONG;
	}
	if (shown == 0) {
		fprintf(stderr, "wqctl roster: %s has no roster%s%s\n", config->file, request->roster != NULL ? " " : "",
		        request->roster != NULL ? request->roster : "");
		status = CTL_WRONG;
	} else if (!ctl_table_print(&table, stdout)) {
		fprintf(stderr, "wqctl roster: no memory\n");
		status = CTL_WRONG;
	}
	ctl_table_free(&table);
	return status;
}

int ctl_roster(int argc, char **argv)
{
	static struct config_report report;
	struct request request = { .file = "/etc/wqd/wqd.conf" };
	wq_ms at = WQ_SECONDS(time(NULL));
	struct config *config;
	struct wq_err err;
	int status;

	if (argp_parse(&parser, argc, argv, 0, NULL, &request) != 0)
		return CTL_USAGE;
	config = config_load(request.file, &report);
	if (config == NULL) {
		config_report_print(&report, "it cannot be used.", stderr);
		return CTL_WRONG;
	}
	if (request.at != NULL && wq_instant_parse(request.at, config->site.zone, &at, &err) < 0) {
		fprintf(stderr, "wqctl roster: --at: %s\n", err.text);
		status = CTL_USAGE;
	} else {
		status = show(&request, config, at);
	}
	config_free(config);
	return status;
}
