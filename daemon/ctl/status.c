/* SPDX-License-Identifier: Apache-2.0 */
/* wqctl status: asks the daemon how it is and prints it. */
#include "status.h"

#include "client.h"
#include "commands.h"
#include "table.h"

#include <stdio.h>
#include <string.h>

#define CELL_TEXT 256

/* One cell from whatever stands at `key`. */
static const char *cell(const json_t *object, const char *key, char buf[CELL_TEXT])
{
	const json_t *value = json_object_get(object, key);

	if (json_string_length(value) > 0)
		snprintf(buf, CELL_TEXT, "%s", json_string_value(value));
	else if (json_is_integer(value))
		snprintf(buf, CELL_TEXT, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	else if (json_is_real(value))
		snprintf(buf, CELL_TEXT, "%.15g", json_real_value(value));
	else if (json_is_boolean(value))
		snprintf(buf, CELL_TEXT, "%s", json_is_true(value) ? "yes" : "no");
	else
		snprintf(buf, CELL_TEXT, "-");
	return buf;
}

/* "name   text", the text being cells joined by what stands between them. */
struct part {
	const char *before;
	const char *key;
};

static void print_line(const json_t *object, const char *title, const struct part *parts, FILE *to)
{
	char buf[CELL_TEXT];
	const char *separator = "";

	if (!json_is_object(object))
		return;
	fprintf(to, "%-9s ", title);
	for (; parts->key; parts++) {
		const char *text = cell(object, parts->key, buf);
		if (strcmp(text, "-") == 0)
			continue;
		fprintf(to, "%s%s", separator, parts->before);
		ctl_text_write(to, text);
		separator = ", ";
	}
	fputc('\n', to);
}

/* "3 d 4 h" or "5 min": enough to see whether it restarted. */
static void print_uptime(const json_t *status, FILE *to)
{
	const json_t *uptime = json_object_get(status, "uptime_s");
	long long minutes = (long long)json_number_value(uptime) / 60;

	if (!json_is_number(uptime))
		return;
	if (minutes >= 48 * 60)
		fprintf(to, "up        %lld d %lld h\n", minutes / 1440, minutes / 60 % 24);
	else
		fprintf(to, "up        %lld h %lld min\n", minutes / 60, minutes % 60);
}

/* What a bus brought and was not taken; nothing where all was. */
static void print_refusals(const json_t *status, FILE *to)
{
	const json_t *bus;
	size_t i;

	json_array_foreach(json_object_get(status, "buses"), i, bus)
	{
		long long refused = (long long)json_integer_value(json_object_get(bus, "refused"));
		long long early = (long long)json_integer_value(json_object_get(bus, "not_durable"));
		long long shed = (long long)json_integer_value(json_object_get(bus, "shed"));

		if (refused + early + shed == 0)
			continue;
		fprintf(to, "bus       %s: refused %lld, acknowledged before stored %lld, not taken %lld\n",
		        json_string_value(json_object_get(bus, "name")), refused, early, shed);
	}
}

static void print_summary(const json_t *status, FILE *to)
{
	static const struct part daemon[] = { { "", "site" }, { "wqd ", "version" },
		{ "pid ", "pid" }, { "started ", "started" },
		{ "clock trusted: ", "clock_trusted" }, { NULL, NULL } };
	static const struct part store[] = { { "", "state" }, { "", "text" },
		{ "committed ", "committed" }, { "waiting groups ", "waiting_groups" },
		{ NULL, NULL } };
	static const struct part inbox[] = { { "waiting ", "depth" }, { "room ", "room" },
		{ "refused ", "refused" }, { NULL, NULL } };
	static const struct part notices[] = { { "waiting ", "waiting" }, { "sent ", "sent" },
		{ "failed ", "failed" }, { NULL, NULL } };
	static const struct part standard[] = { { "", "name" }, { "version ", "version" },
		{ NULL, NULL } };
	static const struct part alarms[] = { { "open ", "open_alarms" },
		{ "stale ", "stale_alarms" }, { "shelved ", "shelves" },
		{ "in a flood, not told: ", "flood_held" }, { NULL, NULL } };

	print_line(status, "site", daemon, to);
	print_uptime(status, to);
	print_line(json_object_get(status, "standard"), "standard", standard, to);
	print_line(json_object_get(status, "store"), "store", store, to);
	print_line(json_object_get(status, "inbox"), "inbox", inbox, to);
	print_line(json_object_get(status, "notices"), "notices", notices, to);
	if (json_object_get(status, "open_alarms"))
		print_line(status, "alarms", alarms, to);
	print_refusals(status, to);
}

/* Who is under maintenance: nobody is told of it, so here it must be seen. */
static void print_maintenance(const json_t *status, FILE *to)
{
	static const struct part parts[] = { { "", "station" }, { "", "parameter" }, { "by ", "by" }, { "", "who" },
		{ "since ", "since" }, { "until ", "until" }, { "", "reason" }, { NULL, NULL } };
	const json_t *row;
	size_t i;

	json_array_foreach(json_object_get(status, "maintenance"), i, row)
	{
		print_line(row, "maintain", parts, to);
	}
}

/* Which rules are active hangs on these. */
static void print_profiles(const json_t *status, FILE *to)
{
	static const struct part parts[] = { { "", "profile" }, { "", "state" }, { "by ", "by" }, { "", "who" },
		{ "until ", "until" }, { "", "reason" }, { NULL, NULL } };
	const json_t *row;
	size_t i;

	json_array_foreach(json_object_get(status, "profiles"), i, row)
	{
		print_line(row, "profile", parts, to);
	}
}

/* How far each platform above is behind. */
static void print_uplinks(const json_t *status, FILE *to)
{
	static const struct part parts[] = { { "", "name" }, { "", "state" }, { "seconds behind ", "lag_s" },
		{ "acknowledged up to ", "sequence" }, { "of ", "newest" }, { "last acknowledged ", "acknowledged" },
		{ "newest forwarded ", "forwarded" }, { "sent again ", "again" }, { "failures ", "failures" },
		{ "gone ", "gone" }, { "", "why" }, { NULL, NULL } };
	const json_t *row;
	size_t i;

	json_array_foreach(json_object_get(status, "uplinks"), i, row)
	{
		print_line(row, "uplink", parts, to);
	}
}

/* What is told by the clock: who is on duty and when the next shift is handed over. */
static void print_duty(const json_t *status, FILE *to)
{
	static const struct part parts[] = { { "", "name" }, { "now ", "now" }, { "from ", "next_at" }, { "", "next" },
		{ NULL, NULL } };
	static const struct part ping[] = { { "", "state" }, { "last taken ", "last" }, { "answered ", "asked" }, { "failed ", "failed" },
		{ "left out ", "left_out" }, { "", "why" }, { NULL, NULL } };
	static const struct part bells[] = { { "", "what" }, { "", "name" }, { "to ", "to" }, { "last ", "last" }, { "next ", "next" },
		{ "passed ", "passed" }, { "failed ", "failed" }, { "under way ", "under_way" },
		{ NULL, NULL } };
	const json_t *row;
	size_t i;

	json_array_foreach(json_object_get(status, "duty"), i, row)
	{
		print_line(row, "duty", parts, to);
	}
	json_array_foreach(json_object_get(status, "bells"), i, row)
	{
		print_line(row, "clock", bells, to);
	}
	print_line(json_object_get(status, "ping"), "ping", ping, to);
}

/* Whether officers can open the links of their messages. */
static void print_links(const json_t *status, FILE *to)
{
	static const struct part parts[] = { { "", "state" }, { "on ", "listen" }, { NULL, NULL } };
	const json_t *links = json_object_get(status, "links");
	const char *const troubles[] = { json_string_value(json_object_get(links, "why")),
		json_string_value(json_object_get(links, "keys")) };

	print_line(links, "links", parts, to);
	for (size_t i = 0; i < 2; i++)
		if (troubles[i] != NULL && troubles[i][0] != '\0') {
			fputs("links     ", to);
			ctl_text_write(to, troubles[i]);
			fputc('\n', to);
		}
}

/* Adds a row whose first cells come from `outer` and the others from `inner` (NULL: "-"). */
static void add_row(struct ctl_table *table, const json_t *outer, const char *const *outer_keys,
        const json_t *inner, const char *const *inner_keys)
{
	char text[CTL_TABLE_COLUMNS][CELL_TEXT];
	const char *cells[CTL_TABLE_COLUMNS] = { NULL };
	size_t n = 0;

	for (; *outer_keys && n < table->columns; outer_keys++, n++)
		cells[n] = cell(outer, *outer_keys, text[n]);
	for (; *inner_keys && n < table->columns; inner_keys++, n++)
		cells[n] = cell(inner, *inner_keys, text[n]);
	ctl_table_row(table, cells);
}

/* An array of objects that each hold an array of objects, as one table: a row per inner object. */
struct nested {
	const char *outer, *inner;                         /* names of the arrays */
	const char *const *outer_keys, *const *inner_keys; /* NULL-terminated */
	const char *const *headings;
	size_t columns;
};

static void add_rows(struct ctl_table *table, const json_t *outer, const struct nested *shape)
{
	const json_t *list = json_object_get(outer, shape->inner);

	if (json_array_size(list) == 0)
		add_row(table, outer, shape->outer_keys, NULL, shape->inner_keys);
	for (size_t i = 0; i < json_array_size(list); i++)
		add_row(table, outer, shape->outer_keys, json_array_get(list, i),
		        shape->inner_keys);
}

static bool print_nested(const json_t *status, const struct nested *shape, FILE *to)
{
	struct ctl_table table;
	const json_t *list = json_object_get(status, shape->outer);
	bool whole;

	ctl_table_begin(&table, shape->columns, shape->headings);
	for (size_t i = 0; i < json_array_size(list); i++)
		add_rows(&table, json_array_get(list, i), shape);
	if (json_array_size(list) > 0)
		fputc('\n', to);
	whole = ctl_table_print(&table, to);
	ctl_table_free(&table);
	return whole;
}

/* What a person must know of an alarm beside its text. */
static void marks_of(const json_t *alarm, char marks[CELL_TEXT])
{
	const json_t *first = json_object_get(alarm, "first");
	char until[CELL_TEXT];

	marks[0] = '\0';
	if (json_is_true(first))
		strcat(marks, "首发 ");
	if (json_is_true(json_object_get(alarm, "stale")))
		strcat(marks, "证据陈旧 ");
	if (json_is_string(json_object_get(alarm, "shelved_until")))
		snprintf(marks + strlen(marks), CELL_TEXT - strlen(marks), "搁置至%.40s",
		        cell(alarm, "shelved_until", until));
}

static bool print_alarms(const json_t *status, FILE *to)
{
	static const char *const headings[] = { "ALARM", "LEVEL", "STATE", "STATION", "PARAMETER",
		"MARKS", "TEXT" };
	static const char *const keys[] = { "alarm", "level", "state", "station", "parameter" };
	const json_t *list = json_object_get(status, "alarms");
	char text[sizeof headings / sizeof *headings][CELL_TEXT];
	const char *cells[sizeof headings / sizeof *headings];
	struct ctl_table table;
	bool whole;

	if (json_array_size(list) == 0)
		return true;
	ctl_table_begin(&table, sizeof headings / sizeof *headings, headings);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *alarm = json_array_get(list, i);

		for (size_t c = 0; c < sizeof keys / sizeof *keys; c++)
			cells[c] = cell(alarm, keys[c], text[c]);
		marks_of(alarm, text[5]);
		cells[5] = text[5][0] != '\0' ? text[5] : NULL;
		cells[6] = cell(alarm, "text", text[6]);
		ctl_table_row(&table, cells);
	}
	fputc('\n', to);
	whole = ctl_table_print(&table, to);
	ctl_table_free(&table);
	return whole;
}

bool status_print(const json_t *status, FILE *to)
{
	static const char *const bus_headings[] = { "BUS", "DRIVER", "STATE", "UNIT", "STATE",
		"LAST OK", "FAILURES", "WHY" };
	static const char *const bus_keys[] = { "name", "driver", "state", NULL };
	static const char *const unit_keys[] = { "name", "state", "last_ok", "failures", "why",
		NULL };
	static const char *const station_headings[] = { "STATION", "NAME", "PARAMETER", "VALUE",
		"UNIT", "TIME" };
	static const char *const station_keys[] = { "id", "name", NULL };
	static const char *const reading_keys[] = { "parameter", "value", "unit", "time", NULL };
	static const struct nested buses = { "buses", "units", bus_keys, unit_keys, bus_headings,
		sizeof bus_headings / sizeof *bus_headings };
	static const struct nested stations = { "stations", "readings", station_keys, reading_keys,
		station_headings, sizeof station_headings / sizeof *station_headings };
	bool whole;

	print_summary(status, to);
	print_maintenance(status, to);
	print_profiles(status, to);
	print_uplinks(status, to);
	print_duty(status, to);
	print_links(status, to);
	whole = print_alarms(status, to);
	whole = print_nested(status, &buses, to) && whole;
	return print_nested(status, &stations, to) && whole;
}

struct arguments {
	struct ctl_target target;
	bool raw;
};

enum { KEY_JSON = 'j' };

static const struct argp_option options[] = {
	{ "json", KEY_JSON, NULL, 0, "print the daemon's answer as it is", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &arguments->target;
		return 0;
	case KEY_JSON:
		arguments->raw = true;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "unexpected argument '%s'", arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int ctl_status(int argc, char **argv)
{
	static const struct argp_child children[] = { { &ctl_target_argp, 0, NULL, 0 }, { 0 } };
	static const struct argp argp = { options, parse, "",
		"Shows how the daemon is: store, inbox, notices, who is on duty, what comes by the clock, links, uplinks, maintenance, "
		"open alarms, buses with their units, and the newest readings.\v"
		"Exit status 0: the daemon answered, not that all is well; 3: it does not answer.",
		children, NULL, NULL };
	struct arguments arguments = { 0 };
	struct ctl_answer answer;
	int r;

	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	r = ctl_ask(&arguments.target, "GET", "/v1/status", NULL, &answer);
	if (r != CTL_DONE)
		return r;
	if (arguments.raw) {
		json_dumpf(answer.json, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
		putchar('\n');
	} else if (!status_print(answer.json, stdout)) {
		fputs("wqctl: memory ran out, the tables are not complete\n", stderr);
		r = CTL_WRONG;
	}
	ctl_answer_free(&answer);
	return r;
}
