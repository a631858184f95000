/* SPDX-License-Identifier: Apache-2.0 */
/* The arguments of `wqsim mqtt`. */
#include "mqtt_options.h"

#include "wq/parameter.h"

#include <argp.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum key {
	KEY_BROKER = 256,
	KEY_TOPIC,
	KEY_SCENARIO,
	KEY_CSV,
	KEY_STATION,
	KEY_STEP,
	KEY_INTERVAL,
	KEY_QOS,
	KEY_RATE,
	KEY_COUNT,
	KEY_CLIENT,
	KEY_USER,
	KEY_PASSWORD,
	KEY_ACKED,
	KEY_LOAD,
	KEY_SERIES,
	KEY_HOLD,
	KEY_PATIENCE
};

static const struct argp_option rows[] = {
	{ 0, 0, 0, 0, "What is published (one of these):", 1 },
	{ "scenario", KEY_SCENARIO, "FILE", 0, "a scenario, with our clock", 1 },
	{ "csv", KEY_CSV, "FILE", 0,
	        "the rows of a CSV in their order, with their time; - is standard input", 1 },
	{ "load", KEY_LOAD, "N", 0, "N made-up messages with ascending times", 1 },
	{ 0, 0, 0, 0, "Where:", 2 },
	{ "broker", KEY_BROKER, "URI", 0, "default tcp://127.0.0.1:1883", 2 },
	{ "topic", KEY_TOPIC, "TOPIC", 0, "{station} stands for the station; default wq/{station}",
	        2 },
	{ "qos", KEY_QOS, "0|1", 0, "default 1", 2 },
	{ "client-id", KEY_CLIENT, "ID", 0, "default wqsim and the process id", 2 },
	{ "username", KEY_USER, "NAME", 0, "user at the broker", 2 },
	{ "password", KEY_PASSWORD, "TEXT", 0,
	        "password of a simulated station: visible in the process list", 2 },
	{ "patience", KEY_PATIENCE, "SECONDS", 0,
	        "gives up after so long without a broker; default 30", 2 },
	{ 0, 0, 0, 0, "How much and how fast:", 3 },
	{ "station", KEY_STATION, "ID", 0,
	        "only this one, may be repeated; a CSV without a station column: its name", 3 },
	{ "step", KEY_STEP, "SPAN", 0, "CSV: pause between different times, 0 = none; default 1s",
	        3 },
	{ "interval", KEY_INTERVAL, "SPAN", 0,
	        "scenario: time between messages of a station; default 1s", 3 },
	{ "hold", KEY_HOLD, 0, 0, "scenario: goes on with the last values after its end", 3 },
	{ "rate", KEY_RATE, "N", 0, "at most N messages a second", 3 },
	{ "count", KEY_COUNT, "N", 0, "at most N messages", 3 },
	{ "series", KEY_SERIES, "K", 0, "load: values in a message; default 1", 3 },
	{ "acked", KEY_ACKED, "FILE", 0,
	        "appends station,time of every message the broker has acknowledged", 3 },
	{ 0 },
};

static long number(struct argp_state *state, const char *key, const char *text, long low, long high)
{
	char *end;
	errno = 0;
	long value = strtol(text, &end, 10);

	if (errno != 0 || end == text || *end != '\0' || value < low || value > high)
		argp_error(state, "--%s %s: must be %ld to %ld", key, text, low, high);
	return value;
}

static wq_ms span(struct argp_state *state, const char *key, const char *text, wq_ms low)
{
	wq_ms value = 0;

	if (wq_span_parse(text, &value, NULL) < 0 || value < low)
		argp_error(state, "--%s %s: must be a span such as 500ms, 1s or 4h%s", key, text,
		        low > 0 ? "" : ", or 0");
	return value;
}

static void add_station(struct argp_state *state, struct mqtt_options *options, const char *station)
{
	if (options->station_count == MQTT_STATIONS)
		argp_error(state, "at most %d stations", MQTT_STATIONS);
	options->stations[options->station_count++] = station;
}

static void check(struct argp_state *state, const struct mqtt_options *options)
{
	int sources = (options->scenario != NULL) + (options->csv != NULL) + (options->load > 0);

	if (sources != 1)
		argp_error(state, "give one of --scenario, --csv and --load");
	if (options->series > (long)wq_parameter_count)
		argp_error(state, "--series: at most %zu", wq_parameter_count);
	if (strlen(options->topic) > 256)
		argp_error(state, "--topic: at most 256 bytes");
}

/* The options whose text is kept as it is. */
static const struct {
	int key;
	size_t offset;
} texts[] = {
	{ KEY_BROKER, offsetof(struct mqtt_options, publisher.broker) },
	{ KEY_CLIENT, offsetof(struct mqtt_options, publisher.client_id) },
	{ KEY_USER, offsetof(struct mqtt_options, publisher.username) },
	{ KEY_PASSWORD, offsetof(struct mqtt_options, publisher.password) },
	{ KEY_TOPIC, offsetof(struct mqtt_options, topic) },
	{ KEY_SCENARIO, offsetof(struct mqtt_options, scenario) },
	{ KEY_CSV, offsetof(struct mqtt_options, csv) },
	{ KEY_ACKED, offsetof(struct mqtt_options, acked_path) },
};

/* The options that are whole numbers. */
static const struct {
	int key;
	const char *name;
	long low, high;
	size_t offset;
} numbers[] = {
	{ KEY_QOS, "qos", 0, 1, offsetof(struct mqtt_options, publisher.qos) },
	{ KEY_PATIENCE, "patience", 0, 86400, offsetof(struct mqtt_options, publisher.patience) },
	{ KEY_RATE, "rate", 1, 1000000, offsetof(struct mqtt_options, rate) },
	{ KEY_COUNT, "count", 1, 1000000000, offsetof(struct mqtt_options, count) },
	{ KEY_LOAD, "load", 1, 1000000000, offsetof(struct mqtt_options, load) },
	{ KEY_SERIES, "series", 1, MQTT_SERIES, offsetof(struct mqtt_options, series) },
};

static bool parse_row(int key, char *text, struct argp_state *state)
{
	char *options = state->input;

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (texts[i].key == key) {
			memcpy(options + texts[i].offset, &text, sizeof text);
			return true;
		}
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		if (numbers[i].key == key) {
			long value = number(
			        state, numbers[i].name, text, numbers[i].low, numbers[i].high);
			memcpy(options + numbers[i].offset, &value, sizeof value);
			return true;
		}
	return false;
}

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct mqtt_options *options = state->input;

	if (key == KEY_HOLD)
		options->hold = true;
	else if (key == KEY_STATION)
		add_station(state, options, text);
	else if (key == KEY_STEP)
		options->step = span(state, "step", text, 0);
	else if (key == KEY_INTERVAL)
		options->interval = span(state, "interval", text, 1);
	else if (key == ARGP_KEY_ARG)
		argp_error(state, "'%s' is not an option", text);
	else if (key == ARGP_KEY_END)
		check(state, options);
	else if (!parse_row(key, text, state))
		return ARGP_ERR_UNKNOWN;
	return 0;
}

void mqtt_options_parse(struct mqtt_options *options, int argc, char **argv)
{
	static char name[] = "wqsim mqtt";
	const struct argp argp = { .options = rows,
		.parser = parse,
		.doc = "Publishes simulated stations to an MQTT broker. Ends 0 when the broker has "
		       "acknowledged every message." };

	*options = (struct mqtt_options){
		.publisher = { .broker = "tcp://127.0.0.1:1883", .qos = 1, .patience = 30 },
		.topic = "wq/{station}",
		.step = WQ_SECONDS(1),
		.interval = WQ_SECONDS(1),
		.series = 1
	};
	argv[0] = name;
	argp_err_exit_status = 2;
	argp_parse(&argp, argc, argv, 0, NULL, options);
}
