/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a scenario file (the form is told in scenario.h). */
#include "scenario_parts.h"

#include "wq/decimal.h"
#include "wq/err.h"
#include "wq/parameter.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLANK " \t\r\n"
#define LINE  16384

struct reader {
	struct scenario *scenario;
	const char *path;
	int line;
	bool end_given;
	char *rest; /* strtok_r's */
	struct wq_err *err;
};

static int wrong(struct reader *r, const char *what, const char *found)
{
	return wq_fail(r->err, WQ_E_INVALID, "%s:%d: '%s': %s", r->path, r->line,
	        found ? found : "", what);
}

static char *word(struct reader *r)
{
	return strtok_r(NULL, BLANK, &r->rest);
}

static int read_number(struct reader *r, const char *text, double *number)
{
	struct wq_decimal d;

	if (!text || wq_decimal_parse(text, &d, NULL) < 0)
		return wrong(r, "a decimal number is needed here", text);
	*number = wq_decimal_to_double(d);
	return 0;
}

static int read_whole(struct reader *r, const char *text, long max, long *number)
{
	char *end;

	if (!text || *text < '0' || *text > '9')
		return wrong(r, "a whole number is needed here", text);
	*number = strtol(text, &end, 10);
	return *end || *number > max ? wrong(r, "a whole number is needed here", text) : 0;
}

static int read_seed(struct reader *r, struct scenario_station **station)
{
	long seed = 0;
	int code = read_whole(r, word(r), INT32_MAX, &seed);

	(void)station;
	if (code == 0)
		r->scenario->seed = (uint64_t)seed;
	return code;
}

static int read_end(struct reader *r, struct scenario_station **station)
{
	char *text = word(r);

	(void)station;
	if (!text || wq_span_parse(text, &r->scenario->end, NULL) < 0)
		return wrong(r, "a span like 80s is needed here", text);
	r->end_given = true;
	return 0;
}

static int read_station(struct reader *r, struct scenario_station **station)
{
	char *id = word(r);

	if (!id)
		return wrong(r, "the name of the station is missing", "station");
	for (size_t i = 0; i < r->scenario->count; i++)
		if (strcmp(r->scenario->stations[i].id, id) == 0)
			return wrong(r, "this station was there before", id);
	if (r->scenario->count == SCENARIO_STATIONS)
		return wrong(r, "too many stations", id);
	*station = scenario_add_station(r->scenario, id);
	return *station ? 0 : wq_fail(r->err, WQ_E_MEMORY, "no memory for station %s", id);
}

/* "45s:0.28", "30s:none" */
static int read_break(struct reader *r, struct scenario_series *series, char *text)
{
	struct scenario_break b = { .value = NAN }, *grown;
	char *colon = strchr(text, ':');
	int code;

	*colon = '\0';
	if (wq_span_parse(text, &b.at, NULL) < 0)
		return wrong(r, "a span like 45s is needed before the colon", text);
	if (strcmp(colon + 1, "none") != 0 && (code = read_number(r, colon + 1, &b.value)) < 0)
		return code;
	if (series->break_count > 0 && b.at <= series->breaks[series->break_count - 1].at)
		return wrong(r, "times must ascend", text);
	if (series->break_count == SCENARIO_BREAKS)
		return wrong(r, "too many breakpoints", text);
	grown = reallocarray(series->breaks, series->break_count + 1, sizeof *grown);
	if (!grown)
		return wq_fail(r->err, WQ_E_MEMORY, "no memory for breakpoints");
	series->breaks = grown;
	series->breaks[series->break_count++] = b;
	if (!r->end_given && b.at > r->scenario->end)
		r->scenario->end = b.at;
	return 0;
}

static int read_course(struct reader *r, struct scenario_series *series)
{
	char *text;

	while ((text = word(r))) {
		long places = 0;
		int code;

		if (strcmp(text, "noise") == 0) {
			code = read_number(r, word(r), &series->noise);
		} else if (strcmp(text, "places") == 0) {
			code = read_whole(r, word(r), 9, &places);
			if (code == 0)
				series->places = (int)places;
		} else if (strchr(text, ':')) {
			code = read_break(r, series, text);
		} else {
			code = wrong(r, "neither a breakpoint like 45s:0.28, nor noise, nor places",
			        text);
		}
		if (code < 0)
			return code;
	}
	return series->break_count > 0 ? 0 : wrong(r, "no breakpoint like 0s:0.12", series->alias);
}

static int read_series(struct reader *r, struct scenario_station *station, const char *name)
{
	int index = wq_parameter_find(wq_parameters, wq_parameter_count, name);
	struct scenario_series *series;

	if (index < 0)
		return wrong(r, "neither a parameter, nor station, seed or end", name);
	if (!station)
		return wrong(r, "a station line must come before its parameters", name);
	for (size_t i = 0; i < station->count; i++)
		if (strcmp(station->series[i].alias, wq_parameters[index].alias) == 0)
			return wrong(r, "the station has this parameter already", name);
	if (station->count == SCENARIO_SERIES)
		return wrong(r, "too many parameters", name);
	series = scenario_add_series(station, wq_parameters[index].alias);
	if (!series)
		return wq_fail(r->err, WQ_E_MEMORY, "no memory for %s", name);
	return read_course(r, series);
}

static int read_line(struct reader *r, char *line, struct scenario_station **station)
{
	static const struct {
		const char *key;
		int (*read)(struct reader *, struct scenario_station **);
	} keys[] = { { "seed", read_seed }, { "end", read_end }, { "station", read_station } };
	char *first, *more;
	int code;

	line[strcspn(line, "#")] = '\0';
	first = strtok_r(line, BLANK, &r->rest);
	if (!first)
		return 0;
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		if (strcmp(first, keys[i].key) != 0)
			continue;
		code = keys[i].read(r, station);
		more = code == 0 ? word(r) : NULL;
		return more ? wrong(r, "nothing more is allowed on this line", more) : code;
	}
	return read_series(r, *station, first);
}

static int read_file(struct reader *r, FILE *from)
{
	struct scenario_station *station = NULL;
	char line[LINE];

	while (fgets(line, sizeof line, from)) {
		int code;

		r->line++;
		if (!strchr(line, '\n') && strlen(line) + 1 == sizeof line)
			return wrong(r, "the line is too long", "");
		code = read_line(r, line, &station);
		if (code < 0)
			return code;
	}
	if (ferror(from))
		return wq_fail(r->err, WQ_E_IO, "%s: cannot be read", r->path);
	return r->scenario->count > 0 ? 0
	                              : wq_fail(r->err, WQ_E_INVALID, "%s: no station", r->path);
}

struct scenario *scenario_load(const char *path, struct wq_err *err)
{
	FILE *from = fopen(path, "r");
	struct reader r = { .path = path, .err = err };
	char why[128];

	if (!from) {
		wq_fail(err, WQ_E_IO, "%s: %s", path, strerror_r(errno, why, sizeof why));
		return NULL;
	}
	r.scenario = calloc(1, sizeof *r.scenario);
	if (!r.scenario)
		wq_fail(err, WQ_E_MEMORY, "no memory for a scenario");
	if (r.scenario && read_file(&r, from) < 0) {
		scenario_free(r.scenario);
		r.scenario = NULL;
	}
	fclose(from);
	return r.scenario;
}
