/* SPDX-License-Identifier: Apache-2.0 */
/* The test's series through the engine, and what came against what was expected. */
#include "judge.h"

#include "ctl/backtest/replay.h"
#include "ctl/table.h"

#include "wq/err.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* One test concludes no more: a mistake in it must not fill the memory. */
#define CONCLUSIONS_MAX 100000

/* One test tells no more failures than this; the others are counted. */
#define FAILURES_SHOWN 20

/* A change of an alarm as it came. */
struct came {
	wq_ms at;
	int change, level;
	const char *rule, *station, *parameter; /* parameter "": the station as a whole */
	const struct wq_zone *zone;
	double value, limit;
	char text[WQ_SAYS_TEXT];
	bool used; /* it was expected */
};

struct day_came {
	struct wq_day_row row;
	const char *station, *parameter;
};

struct judge {
	const char *file;
	const struct rulefile_test *test;
	FILE *to;
	struct came *came;
	size_t came_count, came_room;
	struct day_came *days;
	size_t day_count, day_room;
	bool full;
	int failures;
};

/* -- what comes -- */

static void *room_for(struct judge *judge, void *rows, size_t count, size_t *room, size_t size)
{
	if (count < *room)
		return rows;
	size_t more = *room > 0 ? *room * 2 : 64;
	void *grown = count < CONCLUSIONS_MAX ? realloc(rows, more * size) : NULL;
	judge->full |= grown == NULL;
	if (grown != NULL)
		*room = more;
	return grown != NULL ? grown : rows;
}

static bool looked_at(const struct rulefile_test *test, const char *rule)
{
	for (size_t i = 0; i < test->rule_count; i++)
		if (strcmp(test->rules[i], rule) == 0)
			return true;
	return test->rule_count == 0;
}

static void take_change(void *owner, const struct wq_site *site, const struct wq_change *c)
{
	struct judge *judge = owner;
	const char *rule = site->rules[c->rule].name;
	if (!looked_at(judge->test, rule))
		return;
	judge->came = room_for(
	        judge, judge->came, judge->came_count, &judge->came_room, sizeof *judge->came);
	if (judge->full)
		return;
	const struct wq_station *station =
	        c->station != WQ_NONE ? &site->stations[c->station] : NULL;
	struct came *came = &judge->came[judge->came_count++];
	*came = (struct came){ .at = c->time,
		.change = (int)c->kind,
		.level = (int)c->level,
		.rule = rule,
		.station = station != NULL ? station->id : "",
		.zone = station != NULL ? station->zone : site->zone,
		.parameter = c->series == WQ_NONE
		        ? ""
		        : site->parameters[site->series[c->series].parameter].alias,
		.value = c->value,
		.limit = c->limit };
	memcpy(came->text, c->says, sizeof came->text);
}

static void take_day(void *owner, const struct wq_site *site, const struct wq_day_row *row)
{
	struct judge *judge = owner;
	judge->days = room_for(
	        judge, judge->days, judge->day_count, &judge->day_room, sizeof *judge->days);
	if (!judge->full)
		judge->days[judge->day_count++] = (struct day_came){
			*row, site->stations[row->station].id,
			row->parameter == WQ_NONE ? "all" : site->parameters[row->parameter].alias
		};
}

/* -- the series of the test as readings -- */

static size_t column_of(struct readings *readings, const char *parameter)
{
	for (size_t i = 0; i < readings->columns; i++)
		if (strcmp(readings->names[i], parameter) == 0)
			return i;
	readings_column(readings, parameter);
	return readings->columns - 1;
}

/* One row a step and station: what its series say then. */
static void fill_station(struct readings *readings, const struct rulefile_test *test,
        const struct rulefile_series *first, size_t step)
{
	struct readings_cell *cells =
	        readings_row(readings, first->station, test->start + (wq_ms)step * test->step);
	for (const struct rulefile_series *s = first; s < test->series + test->series_count; s++)
		if (strcmp(s->station, first->station) == 0 && step < s->count)
			cells[column_of(readings, s->parameter)] = s->cells[step];
}

static bool seen_before(const struct rulefile_test *test, const struct rulefile_series *series)
{
	for (const struct rulefile_series *s = test->series; s < series; s++)
		if (strcmp(s->station, series->station) == 0)
			return true;
	return false;
}

static void fill(struct readings *readings, const struct rulefile_test *test)
{
	size_t steps = 0;
	for (size_t i = 0; i < test->series_count; i++) {
		(void)column_of(readings, test->series[i].parameter);
		steps = test->series[i].count > steps ? test->series[i].count : steps;
	}
	for (size_t step = 0; step < steps; step++)
		for (size_t i = 0; i < test->series_count; i++)
			if (!seen_before(test, &test->series[i]))
				fill_station(readings, test, &test->series[i], step);
}

/* -- against what is expected -- */

static bool same_number(double expected, double found)
{
	return isnan(expected) || expected == found;
}

static bool same_text(const char *expected, const char *found)
{
	return expected == NULL || strcmp(expected, found) == 0;
}

/* In how much a change is as expected; ALARM_PARTS: in all. */
#define ALARM_PARTS 9
static int likeness(const struct rulefile_alarm *e, const struct came *c)
{
	const bool parts[ALARM_PARTS] = { e->at == c->at, e->change < 0 || e->change == c->change,
		e->level < 0 || e->level == c->level, same_text(e->rule, c->rule),
		same_text(e->station, c->station), same_text(e->parameter, c->parameter),
		e->text == NULL || strstr(c->text, e->text) != NULL,
		same_number(e->value, c->value), same_number(e->limit, c->limit) };
	int like = 0;
	for (int i = 0; i < ALARM_PARTS; i++)
		like += parts[i];
	return like;
}

static struct came *nearest(struct judge *judge, const struct rulefile_alarm *expected, int *like)
{
	struct came *best = NULL;
	*like = -1;
	for (size_t i = 0; i < judge->came_count; i++) {
		int l = judge->came[i].used ? -1 : likeness(expected, &judge->came[i]);
		if (l > *like) {
			*like = l;
			best = &judge->came[i];
		}
	}
	return best;
}

/* False: it is counted, not shown. */
static bool begin(struct judge *judge, const struct rulefile_place *place, const char *what)
{
	if (judge->failures++ >= FAILURES_SHOWN)
		return false;
	fprintf(judge->to, "%s:%d: %s %s\n", judge->file, place->line, place->where, what);
	return true;
}

static void put_part(FILE *to, const char *text)
{
	fputc(' ', to);
	ctl_text_write(to, text);
}

static void put_number(FILE *to, const char *name, double value)
{
	char text[WQ_DECIMAL_TEXT];
	if (isfinite(value))
		fprintf(to, " %s %s", name, wq_value_format(value, text));
}

static const char *whole(const char *parameter)
{
	return parameter[0] != '\0' ? parameter : "all";
}

static void put_expected(struct judge *judge, const struct rulefile_alarm *e)
{
	char at[WQ_INSTANT_TEXT];
	FILE *to = judge->to;
	fprintf(to, "    expected: %s",
	        wq_instant_format(judge->test->config->site.zone, e->at, at));
	if (e->change >= 0)
		put_part(to, wq_change_name((enum wq_change_kind)e->change));
	if (e->level >= 0)
		put_part(to, wq_level_name((enum wq_level)e->level));
	if (e->rule != NULL)
		put_part(to, e->rule);
	put_part(to, e->station);
	if (e->parameter != NULL)
		put_part(to, whole(e->parameter));
	put_number(to, "value", e->value);
	put_number(to, "limit", e->limit);
	if (e->text != NULL) {
		fputs(" …", to);
		ctl_text_write(to, e->text);
		fputs("…", to);
	}
	fputc('\n', to);
}

static void put_came(struct judge *judge, const char *what, const struct came *c)
{
	char at[WQ_INSTANT_TEXT];
	FILE *to = judge->to;
	if (c == NULL) {
		fprintf(to, "    %s nothing like it\n", what);
		return;
	}
	fprintf(to, "    %s %s", what, wq_instant_format(c->zone, c->at, at));
	put_part(to, wq_change_name((enum wq_change_kind)c->change));
	put_part(to, wq_level_name((enum wq_level)c->level));
	put_part(to, c->rule);
	put_part(to, c->station);
	put_part(to, whole(c->parameter));
	put_number(to, "value", c->value);
	put_number(to, "limit", c->limit);
	put_part(to, c->text);
	fputc('\n', to);
}

/* Whoever is there as expected is taken first; what is only like it is shown. */
static void judge_alarms(struct judge *judge)
{
	const struct rulefile_test *test = judge->test;
	bool *found = calloc(test->alarm_count + 1, sizeof *found);
	int like;
	judge->full |= found == NULL;
	for (size_t i = 0; found != NULL && i < test->alarm_count; i++) {
		struct came *came = nearest(judge, &test->alarms[i], &like);
		found[i] = like == ALARM_PARTS;
		if (found[i])
			came->used = true;
	}
	for (size_t i = 0; found != NULL && i < test->alarm_count; i++) {
		if (found[i])
			continue;
		struct came *came = nearest(judge, &test->alarms[i], &like);
		if (like < ALARM_PARTS / 2)
			came = NULL;
		if (begin(judge, &test->alarms[i].place, "did not come")) {
			put_expected(judge, &test->alarms[i]);
			put_came(judge, "got:     ", came);
		}
		if (came != NULL)
			came->used = true; /* told of here */
	}
	for (size_t i = 0; i < judge->came_count; i++)
		if (!judge->came[i].used && begin(judge, &test->place, "was not to come"))
			put_came(judge, "got:     ", &judge->came[i]);
	free(found);
}

static const char *class_text(int class_, char text[16])
{
	snprintf(text, 16, class_ > 0 ? "%d" : "none", class_);
	return text;
}

static bool same_day(const struct rulefile_day *e, const struct wq_day_row *row)
{
	return (e->class_ < 0 || e->class_ == row->class_) &&
	        (e->verdict < 0 || e->verdict == (int)row->verdict) &&
	        same_number(e->mean, row->mean);
}

static void put_day(struct judge *judge, const char *what, const char *parameter, wq_day day,
        int class_, int verdict, double mean)
{
	char date[WQ_INSTANT_TEXT], text[16];
	fprintf(judge->to, "    %s %s %s", what, wq_day_format(day, date), parameter);
	if (class_ >= 0)
		fprintf(judge->to, " class %s", class_text(class_, text));
	if (verdict >= 0)
		put_part(judge->to, wq_day_verdict_name((enum wq_day_verdict)verdict));
	put_number(judge->to, "mean", mean);
	fputc('\n', judge->to);
}

/* The newest word on the day counts. */
static const struct wq_day_row *day_of(const struct judge *judge, const struct rulefile_day *e)
{
	for (size_t i = judge->day_count; i-- > 0;) {
		const struct day_came *came = &judge->days[i];
		if (came->row.day == e->day && strcmp(came->station, e->station) == 0 &&
		        strcmp(came->parameter, e->parameter) == 0)
			return &came->row;
	}
	return NULL;
}

static void judge_days(struct judge *judge)
{
	for (size_t i = 0; i < judge->test->day_count; i++) {
		const struct rulefile_day *e = &judge->test->days[i];
		const struct wq_day_row *row = day_of(judge, e);
		if (row != NULL && same_day(e, row))
			continue;
		if (!begin(judge, &e->place, row != NULL ? "is another" : "was not judged"))
			continue;
		put_day(judge, "expected:", e->parameter, e->day, e->class_, e->verdict, e->mean);
		if (row != NULL)
			put_day(judge, "got:     ", e->parameter, row->day, row->class_,
			        (int)row->verdict, row->mean);
	}
}

static int play(struct judge *judge, struct wq_err *err)
{
	struct readings readings = { .rows = NULL };
	uint32_t parameters[READINGS_COLUMNS];
	struct replay_listener listener = {
		.owner = judge, .change = take_change, .day = take_day
	};
	fill(&readings, judge->test);
	readings_sort(&readings, judge->test->config);
	struct config *config = readings_config(&readings, judge->test->config, parameters, err);
	int r = config != NULL
	        ? replay_run(&readings, &config->site, parameters, &listener, false, err)
	        : WQ_E_INVALID;
	/* Before the configuration goes, whose names it shows. */
	if (r == 0) {
		judge_alarms(judge);
		judge_days(judge);
	}
	if (judge->failures > FAILURES_SHOWN)
		fprintf(judge->to, "… and %d more of this test\n",
		        judge->failures - FAILURES_SHOWN);
	if (r == 0 && judge->full)
		r = wq_fail(err, WQ_E_FULL, "more than %d conclusions, or no memory for them",
		        CONCLUSIONS_MAX);
	config_free(config);
	readings_free(&readings);
	return r;
}

int judge_test(const char *file, const struct rulefile_test *test, FILE *to, struct wq_err *err)
{
	struct judge judge = { .file = file, .test = test, .to = to };
	int r = play(&judge, err);
	free(judge.came);
	free(judge.days);
	return r < 0 ? r : judge.failures;
}
