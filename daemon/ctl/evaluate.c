/* SPDX-License-Identifier: Apache-2.0 */
/* wqctl evaluate: stations and groups of sections over a day, a week, a month, a quarter, a year.
 */
#include "evaluate.h"

#include "commands.h"
#include "complaint.h"

#include "wq/err.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_CONFIG "/etc/wqd/wqd.conf"

enum { KEY_GROUP = 'g', KEY_KIND = 'k', KEY_CSV = 'i', KEY_WATER = 'w', KEY_DATABASE = 'D' };

static const struct argp_option options[] = {
	{ "period", 'p', "PERIOD", 0, "day, week, month, mtd (month to date), quarter or year", 0 },
	{ "at", 'a', "DATE", 0,
	        "a day of the period (2026-03-05); default: the last day that is over, of a CSV "
	        "its "
	        "last",
	        0 },
	{ NULL, 0, NULL, 0, "Which stations (default: all):", 1 },
	{ "station", 's', "ID", 0, "this station; may be repeated", 1 },
	{ "group", KEY_GROUP, "NAME", 0, "stations whose groups name it", 1 },
	{ "kind", KEY_KIND, "KIND", 0, "stations of a kind (national, provincial …)", 1 },
	{ NULL, 0, NULL, 0, "From where, and how:", 2 },
	{ "config", 'c', "FILE", 0,
	        "the site, and where its history is (" DEFAULT_CONFIG
	        "); with --csv: the site only",
	        2 },
	{ "database", KEY_DATABASE, "FILE", 0,
	        "this history; without --config: target class III, every station a river unless "
	        "--water "
	        "lake",
	        2 },
	{ "csv", KEY_CSV, "FILE", 0,
	        "readings instead of a history, ascending by time within a station", 2 },
	{ "water", KEY_WATER, "river|lake", 0, "of stations that no configuration knows", 2 },
	{ "format", 'f', "FORMAT", 0, "table (default), csv or json", 2 },
	{ "json", 'j', NULL, 0, "the same as --format json", 2 },
	{ 0 },
};

static void choose_format(
        struct argp_state *state, struct evaluate_request *request, const char *name)
{
	static const char *const names[] = {
		[EVALUATE_TABLE] = "table", [EVALUATE_CSV] = "csv", [EVALUATE_JSON] = "json"
	};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (strcmp(names[i], name) == 0) {
			request->format = (enum evaluate_format)i;
			return;
		}
	}
	argp_error(state, "--format: '%s'; table, csv and json are allowed", name);
}

static void choose_kind(
        struct argp_state *state, struct evaluate_request *request, const char *name)
{
	for (int kind = 0; kind < WQ_STATION_KINDS; kind++) {
		if (strcmp(wq_station_kind_name((enum wq_station_kind)kind), name) == 0) {
			request->kind_of_station = name;
			return;
		}
	}
	argp_error(state, "--kind: there is no kind of station '%s'", name);
}

static void check_whole(struct argp_state *state, const struct evaluate_request *request)
{
	if ((int)request->kind < 0)
		argp_error(state, "--period is missing: day, week, month, mtd, quarter or year");
	if (request->csv != NULL && request->database != NULL)
		argp_error(state, "--csv and --database exclude each other");
	if (request->csv != NULL && request->config == NULL && request->water < 0)
		argp_error(state, "--csv needs --config FILE, or --water river or --water lake");
	if (request->config != NULL && request->water >= 0)
		argp_error(
		        state, "--water is for stations without a configuration; --config has it");
	if (request->water >= 0 && request->csv == NULL && request->database == NULL)
		argp_error(state, "--water goes with --csv or --database");
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct evaluate_request *request = state->input;
	const struct {
		int key;
		const char **to;
	} texts[] = { { 'a', &request->at }, { KEY_GROUP, &request->group },
		{ 'c', &request->config }, { KEY_DATABASE, &request->database },
		{ KEY_CSV, &request->csv } };

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		if (texts[i].key == key) {
			*texts[i].to = arg;
			return 0;
		}
	}
	switch (key) {
	case 'p':
		request->kind = (enum wq_period_kind)wq_period_kind_find(arg);
		if ((int)request->kind < 0)
			argp_error(
			        state, "--period: '%s'; day, week, month, mtd, quarter, year", arg);
		return 0;
	case 's':
		if (request->station_count == EVALUATE_STATIONS)
			argp_error(state, "at most %d --station", EVALUATE_STATIONS);
		request->stations[request->station_count++] = arg;
		return 0;
	case KEY_KIND:
		choose_kind(state, request, arg);
		return 0;
	case KEY_WATER:
		if (strcmp(arg, "river") != 0 && strcmp(arg, "lake") != 0)
			argp_error(state, "--water is 'river' or 'lake', not '%s'", arg);
		request->water = strcmp(arg, "lake") == 0 ? WQ_LAKE : WQ_RIVER;
		return 0;
	case 'f':
		choose_format(state, request, arg);
		return 0;
	case 'j':
		request->format = EVALUATE_JSON;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "'%s' is one argument too many", arg);
		return 0;
	case ARGP_KEY_END:
		check_whole(state, request);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp parser = { .options = options,
	.parser = parse_option,
	.doc = "Evaluates stations over a period: class by single factor, items that determine it, "
	       "main "
	       "pollutants, coverage, changes against the period before and the same of last year; "
	       "and "
	       "the share of sections at Class III or better.\v"
	       "Means of weeks and longer are those of the valid daily means. What is missing is "
	       "named; "
	       "without enough data there is no class. Stations in commissioning are shown and "
	       "never "
	       "counted.\n\n"
	       "Examples:\n"
	       "  wqctl evaluate --period mtd --kind national\n"
	       "  wqctl evaluate --period month --at 2026-03-01 --json\n"
	       "  wqctl evaluate --period day --csv april.csv --water river" };

/* -- the site and the periods -- */

int evaluation_site(struct evaluation *e, const struct wq_site *site)
{
	e->site = *site;
	e->stations = calloc(site->station_count + 1, sizeof *e->stations);
	e->chosen = calloc(site->station_count + 1, sizeof *e->chosen);
	e->works = calloc(site->station_count + 1, sizeof *e->works);
	if (e->stations == NULL || e->chosen == NULL || e->works == NULL) {
		fprintf(stderr, "wqctl: no memory for %zu stations\n", site->station_count);
		return CTL_WRONG;
	}
	if (site->station_count > 0)
		memcpy(e->stations, site->stations, site->station_count * sizeof *e->stations);
	e->site.stations = e->stations;
	return CTL_DONE;
}

static bool in_group(const struct wq_station *station, const char *group)
{
	for (size_t i = 0; i < station->group_count; i++) {
		if (strcmp(station->groups[i], group) == 0)
			return true;
	}
	return false;
}

static bool wanted(const struct evaluate_request *request, const struct wq_station *station)
{
	bool named = request->station_count == 0;

	for (size_t i = 0; i < request->station_count && !named; i++)
		named = strcmp(request->stations[i], station->id) == 0;
	return named && (request->group == NULL || in_group(station, request->group)) &&
	        (request->kind_of_station == NULL ||
	                strcmp(request->kind_of_station, wq_station_kind_name(station->kind)) == 0);
}

/* The groups that there are, each once. */
static void tell_groups(const struct evaluation *e)
{
	const char *between = "; groups: ";

	for (size_t i = 0; i < e->site.station_count; i++) {
		const struct wq_station *station = &e->stations[i];

		for (size_t k = 0; k < station->group_count; k++) {
			bool told = false;

			for (size_t j = 0; j < i && !told; j++)
				told = in_group(&e->stations[j], station->groups[k]);
			if (told)
				continue;
			fprintf(stderr, "%s%s", between, station->groups[k]);
			between = ", ";
		}
	}
}

static int choose_stations(struct evaluation *e)
{
	size_t chosen = 0;

	for (size_t i = 0; i < e->request->station_count; i++) {
		if (wq_site_station(&e->site, e->request->stations[i]) != WQ_NONE)
			continue;
		fprintf(stderr, "wqctl: there is no station '%s'\n", e->request->stations[i]);
		return CTL_WRONG;
	}
	for (size_t i = 0; i < e->site.station_count; i++) {
		e->chosen[i] = wanted(e->request, &e->stations[i]);
		chosen += e->chosen[i];
	}
	if (chosen > 0)
		return CTL_DONE;
	fprintf(stderr, "wqctl: no station is meant: %zu are known, none of that group and kind",
	        e->site.station_count);
	if (e->request->group != NULL)
		tell_groups(e);
	fputc('\n', stderr);
	return CTL_WRONG;
}

int evaluation_begin(struct evaluation *e, wq_day last)
{
	wq_day at = last;
	struct wq_err err;
	wq_ms instant;

	if (e->request->at != NULL) {
		if (wq_instant_parse(e->request->at, e->site.zone, &instant, &err) < 0) {
			fprintf(stderr, "wqctl: --at: %s\n", err.text);
			return CTL_USAGE;
		}
		at = wq_day_of(e->site.zone, instant);
	}
	e->until = last;
	e->periods[EVALUATED_NOW] = wq_period_of(e->request->kind, at);
	e->periods[EVALUATED_BEFORE] = wq_period_previous(&e->periods[EVALUATED_NOW]);
	e->periods[EVALUATED_LAST_YEAR] = wq_period_last_year(&e->periods[EVALUATED_NOW]);
	for (size_t i = 0; i < e->site.station_count; i++) {
		for (int p = 0; p < EVALUATED_PERIODS; p++)
			wq_period_open(
			        &e->works[i][p], &e->site, (uint32_t)i, &e->periods[p], e->until);
	}
	return choose_stations(e);
}

wq_day evaluation_until(const struct evaluation *e)
{
	const wq_day last = e->periods[EVALUATED_NOW].last;

	return e->until < last ? e->until : last;
}

void evaluation_row(struct evaluation *e, const struct wq_day_row *row)
{
	for (int p = 0; p < EVALUATED_PERIODS; p++)
		wq_period_add(&e->works[row->station][p], row);
}

/* -- running -- */

static int load(struct evaluation *e, const char *path)
{
	struct config_report report;

	e->config = config_load(path, &report);
	if (e->config != NULL)
		return CTL_DONE;
	config_report_print(&report, "nothing was evaluated", stderr);
	return CTL_WRONG;
}

static int run(struct evaluation *e)
{
	const struct evaluate_request *request = e->request;
	const bool plain =
	        request->config == NULL && (request->csv != NULL || request->database != NULL);
	int status = CTL_DONE;

	if (plain)
		e->config =
		        config_plain(request->water < 0 ? WQ_RIVER : (enum wq_water)request->water);
	else
		status = load(e, request->config != NULL ? request->config : DEFAULT_CONFIG);
	if (e->config == NULL)
		return CTL_WRONG;
	if (status == CTL_DONE && request->csv != NULL)
		status = evaluate_csv(e);
	else if (status == CTL_DONE)
		status = evaluate_history(e,
		        request->database != NULL ? request->database : e->config->paths.database,
		        !plain);
	return status;
}

int ctl_evaluate(int argc, char **argv)
{
	struct evaluate_request request = { .kind = (enum wq_period_kind) - 1, .water = -1 };
	struct evaluation e = { .request = &request };
	int status;

	if (argp_parse(&parser, argc, argv, 0, NULL, &request) != 0)
		return CTL_USAGE;
	status = run(&e);
	if (status == CTL_DONE)
		status = evaluate_print(&e);
	if (status == CTL_DONE && e.wrong > 0)
		status = CTL_WRONG;
	for (size_t i = 0; e.names != NULL && i < e.site.station_count; i++)
		free(e.names[i]);
	free(e.names);
	free(e.works);
	free(e.chosen);
	free(e.stations);
	config_free(e.of_series);
	config_free(e.config);
	return status;
}
