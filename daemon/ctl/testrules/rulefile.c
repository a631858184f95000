/* SPDX-License-Identifier: Apache-2.0 */
/* The file by the parser of configurations, with sections of its own. */
#include "rulefile.h"

#include "config/arena.h"
#include "config/document.h"
#include "config/fill.h"
#include "config/load.h"
#include "config/suggest.h"
#include "values.h"

#include "wq/err.h"
#include "wq/option.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct rulefile_config {
	const char *path;
	struct config *config; /* NULL: it is wrong, and that was said */
};

/* -- the keys -- */

struct test_settings {
	const char *config, *start, *station;
	wq_ms step;
	struct wq_list rules;
};

struct series_settings {
	const char *station, *parameter, *values;
};

struct alarm_settings {
	const char *at, *rule, *station, *parameter, *text;
	int change, level;
	double value, limit;
};

struct day_settings {
	const char *day, *station, *parameter;
	int64_t class_;
	int verdict;
	double mean;
};

#define ROW(kind, s, f, text, ...)                                                                 \
	{                                                                                          \
		.key = text, .type = WQ_OPT_##kind, .offset = offsetof(struct s, f), __VA_ARGS__   \
	}
#define NAME .min = 1, .max = WQ_NAME_TEXT - 1

static const struct wq_choice levels[] = { { "info", WQ_LEVEL_INFO }, { "watch", WQ_LEVEL_WATCH },
	{ "warning", WQ_LEVEL_WARNING }, { "alarm", WQ_LEVEL_ALARM }, { NULL, 0 } };
static const struct wq_choice verdicts[] = { { "meets", WQ_DAY_MEETS },
	{ "exceeds", WQ_DAY_EXCEEDS }, { "not assessable", WQ_DAY_NOT_ASSESSABLE }, { NULL, 0 } };
static struct wq_choice changes[WQ_CHANGE_KINDS + 1]; /* named by wq_change_name() */

static const struct wq_option test_rows[] = {
	ROW(TEXT, test_settings, config, "config", .min = 1, .max = 1000,
	        .help = "the rules: a configuration, seen from this file's folder"),
	ROW(TEXT, test_settings, start, "start", .min = 1, .max = 40,
	        .help = "time of the first value"),
	ROW(SPAN, test_settings, step, "step", .min = 1000, .max = 2678400000.0,
	        .help = "from one value to the next"),
	ROW(TEXT, test_settings, station, "station", NAME,
	        .help = "where series, alarms and days name none"),
	ROW(LIST, test_settings, rules, "rules",
	        .help = "rules whose changes must all be listed; default: all"),
	WQ_OPTION_END,
};

static const struct wq_option series_rows[] = {
	ROW(TEXT, series_settings, station, "station", NAME, .help = "where it is measured"),
	ROW(TEXT, series_settings, parameter, "parameter", NAME, .required = true,
	        .help = "what is measured"),
	ROW(TEXT, series_settings, values, "values", .required = true, .min = 1, .max = 60000,
	        .help = "\"0.1 0.12x3 0.1+0.02x4 _ *\""),
	WQ_OPTION_END,
};

static const struct wq_option alarm_rows[] = {
	ROW(TEXT, alarm_settings, at, "at", .required = true, .min = 1, .max = 40,
	        .help = "event time, or the span from the start"),
	ROW(CHOICE, alarm_settings, change, "change", .choices = changes, .help = "what happens"),
	ROW(CHOICE, alarm_settings, level, "level", .choices = levels, .help = "its level then"),
	ROW(TEXT, alarm_settings, rule, "rule", NAME, .help = "title of the rule"),
	ROW(TEXT, alarm_settings, station, "station", NAME, .help = "where"),
	ROW(TEXT, alarm_settings, parameter, "parameter", NAME,
	        .help = "what it is about; \"all\": the station as a whole"),
	ROW(TEXT, alarm_settings, text, "text", .min = 1, .max = 255,
	        .help = "a part of the sentence"),
	ROW(NUMBER, alarm_settings, value, "value", .help = "the number judged"),
	ROW(NUMBER, alarm_settings, limit, "limit", .help = "what it was held against"),
	WQ_OPTION_END,
};

static const struct wq_option day_rows[] = {
	ROW(TEXT, day_settings, day, "day", .required = true, .min = 1, .max = 40,
	        .help = "the date"),
	ROW(TEXT, day_settings, station, "station", NAME, .help = "where"),
	ROW(TEXT, day_settings, parameter, "parameter", NAME, .fallback = "all",
	        .help = "one item, or \"all\": the station as a whole"),
	ROW(INTEGER, day_settings, class_, "class", .min = 0, .max = 6, .help = "1 to 6; 0: none"),
	ROW(CHOICE, day_settings, verdict, "verdict", .choices = verdicts,
	        .help = "against the target class"),
	ROW(NUMBER, day_settings, mean, "mean", .help = "the evaluation value"),
	WQ_OPTION_END,
};

static const struct section_kind kinds[] = {
	{ "defaults", SECTION_SITE, false, test_rows, NULL, NULL },
	{ "test", SECTION_STATION, true, test_rows, NULL, NULL },
	{ "series", SECTION_POINT, false, series_rows, NULL, series_rows },
	{ "alarm", SECTION_POINT, false, alarm_rows, NULL, alarm_rows },
	{ "day", SECTION_POINT, false, day_rows, NULL, day_rows },
};

static const struct schema schema = { sizeof kinds / sizeof *kinds, kinds };

/* 2200-01-01T00:00:00Z: times end there. */
#define LAST WQ_SECONDS(7258118400)

/* -- reading -- */

struct reader {
	struct rulefile *file;
	struct config_report *report;
	struct document document;
	struct test_settings defaults;
	struct rulefile_test *test; /* the one being read */
	const char *station;        /* its own */
};

static int line_of(const struct section *section, const char *key)
{
	const struct entry *entry = key != NULL ? section_entry(section, key) : NULL;
	return entry != NULL ? entry->line : section->line;
}

__attribute__((format(printf, 4, 5))) static void wrong(
        struct reader *r, const struct section *section, const char *key, const char *format, ...)
{
	char text[WQ_ERR_TEXT];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	report_add(r->report, line_of(section, key), false, section->where, "%s", text);
}

static struct rulefile_place place_of(const struct section *section)
{
	return (struct rulefile_place){ section->line, section->where };
}

static const struct section *next_of(const struct reader *r, const void *plugin,
        const struct section *parent, const struct section *after)
{
	const struct section *end = r->document.sections + r->document.count;
	for (const struct section *s = after != NULL ? after + 1 : r->document.sections; s < end;
	        s++)
		if (s->kind->plugin == plugin && s->parent == parent)
			return s;
	return NULL;
}

static size_t count_of(const struct reader *r, const void *plugin, const struct section *parent)
{
	size_t count = 0;
	for (const struct section *s = next_of(r, plugin, parent, NULL); s != NULL;
	        s = next_of(r, plugin, parent, s))
		count++;
	return count;
}

/* A configuration is read once, however many tests use it. Paths are seen from the folder of the
 * file. */
static const struct config *config_of(struct reader *r, const char *name)
{
	static struct config_report report;
	struct rulefile *file = r->file;
	const char *slash = strrchr(file->name, '/');
	const size_t folder =
	        name[0] != '/' && slash != NULL ? (size_t)(slash - file->name) + 1 : 0;
	char *path = arena_take(file->scratch, folder + strlen(name) + 1);
	memcpy(path, file->name, folder);
	memcpy(path + folder, name, strlen(name) + 1);
	for (size_t i = 0; i < file->config_count; i++)
		if (strcmp(file->configs[i].path, path) == 0)
			return file->configs[i].config;
	struct config *config = config_load(path, &report);
	if (config == NULL)
		config_report_print(&report, "its rules cannot be tested.", stderr);
	file->configs[file->config_count++] = (struct rulefile_config){ path, config };
	return config;
}

static const char *station_of(struct reader *r, const struct section *section, const char *given)
{
	const struct config *config = r->test->config;
	const char *id = given != NULL ? given : r->station;
	if (id == NULL)
		wrong(r, section, NULL, "station is missing, and the test names none");
	else if (wq_site_station(&config->site, id) == WQ_NONE && !config->any_station)
		wrong(r, section, "station",
		        "station = \"%s\": there is none in %s, and no station \"*\"", id,
		        config->file);
	return id;
}

/* The alias of a parameter; `whole` where "all" is allowed: what it stands for. */
static const char *parameter_of(
        struct reader *r, const struct section *section, const char *given, const char *whole)
{
	const struct wq_site *site = &r->test->config->site;
	struct suggest suggest = { .wanted = given };
	char end[SUGGEST_TEXT];
	if (given == NULL || (whole != NULL && strcmp(given, "all") == 0))
		return given != NULL ? whole : NULL;
	const int found = wq_parameter_find(site->parameters, site->parameter_count, given);
	if (found >= 0)
		return site->parameters[found].alias;
	for (size_t i = 0; i < site->parameter_count; i++)
		suggest_offer(&suggest, site->parameters[i].alias);
	wrong(r, section, "parameter", "parameter = \"%s\": there is no such parameter%s", given,
	        suggest_end(&suggest, end));
	return NULL;
}

static void check_rule(
        struct reader *r, const struct section *section, const char *key, const char *name)
{
	const struct wq_site *site = &r->test->config->site;
	struct suggest suggest = { .wanted = name };
	char end[SUGGEST_TEXT];
	for (size_t i = 0; i < site->rule_count; i++) {
		if (strcmp(site->rules[i].name, name) == 0)
			return;
		suggest_offer(&suggest, site->rules[i].name);
	}
	wrong(r, section, key, "%s = \"%s\": there is no such rule in %s%s", key, name,
	        r->test->config->file, suggest_end(&suggest, end));
}

static void read_series(
        struct reader *r, const struct section *section, struct rulefile_series *series)
{
	struct series_settings s;
	struct wq_err err;
	fill_settings(section, series_rows, &s, r->file->scratch, r->report);
	*series = (struct rulefile_series){ .place = place_of(section) };
	if (s.parameter == NULL || s.values == NULL)
		return; /* said already */
	series->station = station_of(r, section, s.station);
	series->parameter = parameter_of(r, section, s.parameter, NULL);
	int count = values_parse(s.values, NULL, &err);
	if (count > 0) {
		struct readings_cell *cells =
		        arena_array(r->file->scratch, (size_t)count, sizeof *cells);
		count = values_parse(s.values, cells, &err);
		series->cells = cells;
	}
	if (count < 0)
		wrong(r, section, "values", "values: %s", err.text);
	series->count = count > 0 ? (size_t)count : 0;
	if (count > 0 && r->test->step > (LAST - r->test->start) / count)
		wrong(r, section, "values", "values: with this start and step they go beyond 2199");
	for (const struct rulefile_series *other = r->test->series; other < series; other++)
		if (series->station != NULL && series->parameter != NULL &&
		        other->station != NULL && other->parameter != NULL &&
		        strcmp(series->station, other->station) == 0 &&
		        strcmp(series->parameter, other->parameter) == 0)
			wrong(r, section, NULL, "%s of %s is given on line %d already",
			        series->parameter, series->station, other->place.line);
}

/* "8h" from the start, or a time. */
static void read_instant(struct reader *r, const struct section *section, const char *key,
        const char *text, wq_ms *at)
{
	wq_ms span;
	struct wq_err err;
	if (wq_span_parse(text, &span, NULL) == 0)
		*at = r->test->start + span;
	else if (wq_instant_parse(text, r->test->config->site.zone, at, &err) < 0)
		wrong(r, section, key,
		        "%s = %s: is neither a time (2026-03-05T08:00) nor a span from the start "
		        "(8h)",
		        key, text);
}

static void read_alarm(
        struct reader *r, const struct section *section, struct rulefile_alarm *alarm)
{
	struct alarm_settings s;
	fill_settings(section, alarm_rows, &s, r->file->scratch, r->report);
	*alarm = (struct rulefile_alarm){ .place = place_of(section),
		.change = s.change,
		.level = s.level,
		.rule = s.rule,
		.station = station_of(r, section, s.station),
		.parameter = parameter_of(r, section, s.parameter, ""),
		.text = s.text,
		.value = s.value,
		.limit = s.limit };
	if (s.at != NULL)
		read_instant(r, section, "at", s.at, &alarm->at);
	if (s.rule != NULL)
		check_rule(r, section, "rule", s.rule);
}

static bool given(const struct section *section, const char *key)
{
	return section_entry(section, key) != NULL;
}

static void read_day(struct reader *r, const struct section *section, struct rulefile_day *day)
{
	struct day_settings s;
	wq_ms at = 0;
	fill_settings(section, day_rows, &s, r->file->scratch, r->report);
	if (s.day != NULL &&
	        (strlen(s.day) != strlen("2026-03-05") ||
	                wq_instant_parse(s.day, r->test->config->site.zone, &at, NULL) < 0))
		wrong(r, section, "day", "day = %s: is no date; write it like 2026-03-05", s.day);
	if (!given(section, "class") && !given(section, "verdict") && !given(section, "mean"))
		wrong(r, section, NULL, "it asks for nothing: give class, verdict or mean");
	*day = (struct rulefile_day){ .place = place_of(section),
		.day = wq_day_of(r->test->config->site.zone, at),
		.station = station_of(r, section, s.station),
		.parameter = parameter_of(r, section, s.parameter, "all"),
		.class_ = s.class_ == INT64_MIN ? -1 : (int)s.class_,
		.verdict = s.verdict,
		.mean = s.mean };
}

static void read_parts(struct reader *r, const struct section *section)
{
	struct rulefile_test *test = r->test;
	struct arena *arena = r->file->scratch;
	test->series = arena_array(arena, count_of(r, series_rows, section), sizeof *test->series);
	test->alarms = arena_array(arena, count_of(r, alarm_rows, section), sizeof *test->alarms);
	test->days = arena_array(arena, count_of(r, day_rows, section), sizeof *test->days);
	const struct section *s = NULL;
	while ((s = next_of(r, series_rows, section, s)) != NULL)
		read_series(r, s, &test->series[test->series_count++]);
	while ((s = next_of(r, alarm_rows, section, s)) != NULL)
		read_alarm(r, s, &test->alarms[test->alarm_count++]);
	while ((s = next_of(r, day_rows, section, s)) != NULL)
		read_day(r, s, &test->days[test->day_count++]);
	if (test->series_count == 0 && !section->damaged)
		wrong(r, section, NULL, "nothing happens in it: it has no series");
}

/* What the test does not give is taken from the defaults. */
static void inherit(struct test_settings *s, const struct test_settings *defaults)
{
	if (s->config == NULL)
		s->config = defaults->config;
	if (s->start == NULL)
		s->start = defaults->start;
	if (s->station == NULL)
		s->station = defaults->station;
	if (s->step == WQ_NO_TIME)
		s->step = defaults->step;
	if (s->rules.count == 0)
		s->rules = defaults->rules;
}

static void check_head(
        struct reader *r, const struct section *section, const struct test_settings *s)
{
	const struct {
		const char *key;
		bool there;
	} needed[] = { { "config", s->config != NULL }, { "start", s->start != NULL },
		{ "step", s->step != WQ_NO_TIME } };
	for (size_t i = 0; i < sizeof needed / sizeof *needed && !section->damaged; i++)
		if (!needed[i].there)
			wrong(r, section, NULL, "%s is missing, here and in the defaults",
			        needed[i].key);
}

static void read_test(struct reader *r, const struct section *section)
{
	struct test_settings s;
	struct rulefile_test *test = &r->file->tests[r->file->test_count++];
	fill_settings(section, test_rows, &s, r->file->scratch, r->report);
	inherit(&s, &r->defaults);
	check_head(r, section, &s);
	*test = (struct rulefile_test){ .place = place_of(section),
		.title = section->title,
		.step = s.step,
		.config = s.config != NULL ? config_of(r, s.config) : NULL,
		.rules = s.rules.items,
		.rule_count = s.rules.count };
	r->test = test;
	r->station = s.station;
	if (test->config == NULL) {
		if (s.config != NULL)
			wrong(r, section, "config", "config = \"%s\" cannot be used", s.config);
		return;
	}
	if (s.start != NULL &&
	        wq_instant_parse(s.start, test->config->site.zone, &test->start, NULL) < 0)
		wrong(r, section, "start", "start = %s: is no time; write it like 2026-03-05T08:00",
		        s.start);
	for (size_t i = 0; i < s.rules.count; i++)
		check_rule(r, section, "rules", s.rules.items[i]);
	read_parts(r, section);
}

static void read_all(struct reader *r)
{
	const struct section *s, *defaults = NULL, *end = r->document.sections + r->document.count;
	size_t count = 0;
	fill_settings(&(struct section){ .where = "" }, test_rows, &r->defaults, r->file->scratch,
	        r->report);
	for (s = r->document.sections; s < end; s++) {
		count += s->kind->role == SECTION_STATION;
		if (s->kind->role != SECTION_SITE)
			continue;
		if (defaults != NULL)
			wrong(r, s, NULL, "defaults are given twice; first on line %d",
			        defaults->line);
		defaults = s;
		fill_settings(s, test_rows, &r->defaults, r->file->scratch, r->report);
	}
	r->file->tests = arena_array(r->file->scratch, count, sizeof *r->file->tests);
	r->file->configs = arena_array(r->file->scratch, count, sizeof *r->file->configs);
	for (s = r->document.sections; s < end; s++)
		if (s->kind->role == SECTION_STATION)
			read_test(r, s);
	if (count == 0)
		report_add(r->report, 0, false, "", "there is no test in it");
}

static void name_changes(void)
{
	for (int kind = 0; kind < WQ_CHANGE_KINDS; kind++)
		changes[kind] =
		        (struct wq_choice){ wq_change_name((enum wq_change_kind)kind), kind };
}

bool rulefile_read(struct rulefile *file, const char *path, struct config_report *report)
{
	struct reader r = { .file = file, .report = report };
	struct wq_err err;
	size_t length;
	*file = (struct rulefile){ .name = path, .arena = arena_new(), .scratch = arena_new() };
	*report = (struct config_report){ .file = path };
	name_changes();
	char *text = file->arena != NULL && file->scratch != NULL
	        ? load_whole(path, CONFIG_FILE_MAX, &length, &err)
	        : (wq_fail(&err, WQ_E_MEMORY, "no memory to read it"), NULL);
	if (text == NULL)
		report_add(report, 0, false, "", "%s", err.text);
	else if (document_read(
	                 &r.document, text, length, &schema, file->arena, file->scratch, report))
		read_all(&r);
	free(text);
	report_sort(report);
	return report->error_count == 0;
}

void rulefile_free(struct rulefile *file)
{
	for (size_t i = 0; i < file->config_count; i++)
		config_free(file->configs[i].config);
	arena_free(file->arena);
	arena_free(file->scratch);
}
