/* SPDX-License-Identifier: Apache-2.0 */
/* wqsim mqtt: stations that publish JSON, from a scenario, from a CSV, or as many as a bench wants.
 */
#include "mqtt_options.h"
#include "publisher.h"
#include "scenario.h"
#include "sim.h"

#include "wq/csv.h"
#include "wq/decimal.h"
#include "wq/err.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PAYLOAD (64 * 1024)

struct run {
	const struct mqtt_options *options;
	struct publisher *publisher;
	wq_ms began; /* of the rate, monotonic */
	long attempted;
	char payload[PAYLOAD];
	size_t length;
	size_t values;
};

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
	(void)number;
	interrupted = 1;
}

/* -- time -- */

static wq_ms clock_ms(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (wq_ms)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void sleep_until(wq_ms at)
{
	const struct timespec until = { (time_t)(at / 1000), (long)(at % 1000) * 1000000 };

	while (!interrupted &&
	        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
		;
}

/* -- one message -- */

__attribute__((format(printf, 2, 3))) static void append(struct run *run, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	int wrote = vsnprintf(run->payload + run->length, PAYLOAD - run->length, format, arguments);
	va_end(arguments);
	run->length += (size_t)wrote;
	if (run->length >= PAYLOAD)
		run->length =
		        PAYLOAD - 1; /* cannot be with 256 columns; a broken message is refused */
}

static void begin_message(struct run *run, const char *station, wq_ms at)
{
	char time[WQ_INSTANT_TEXT];
	json_t *json = json_string(station);
	char *quoted = json != NULL ? json_dumps(json, JSON_ENCODE_ANY) : NULL;

	run->length = 0;
	run->values = 0;
	append(run, "{\"station\":%s,\"time\":\"%s\",\"values\":{",
	        quoted != NULL ? quoted : "\"?\"", wq_instant_format(&wq_zone_china, at, time));
	free(quoted);
	json_decref(json);
}

static void add_value(struct run *run, const char *name, double value)
{
	char number[WQ_DECIMAL_TEXT];

	append(run, "%s\"%s\":%s", run->values++ > 0 ? "," : "", name,
	        isnan(value) ? "null" : wq_value_format(value, number));
}

/* The topic of a station; false with a sentence when its name cannot stand in one. */
static bool build_topic(
        const struct mqtt_options *options, const char *station, char *topic, size_t size)
{
	const char *place = strstr(options->topic, "{station}");

	if (place == NULL) {
		snprintf(topic, size, "%s", options->topic);
		return true;
	}
	if (station[0] == '\0' || strpbrk(station, "+#/") != NULL) {
		fprintf(stderr, "wqsim mqtt: '%s' cannot be a level of a topic\n", station);
		return false;
	}
	snprintf(topic, size, "%.*s%s%s", (int)(place - options->topic), options->topic, station,
	        place + strlen("{station}"));
	return true;
}

static bool has_more(const struct run *run)
{
	return !interrupted && (run->options->count == 0 || run->attempted < run->options->count);
}

/* Ends the message and sends it when its turn by the rate has come. A message without values is not
 * sent. */
static bool finish_message(struct run *run, const char *station, wq_ms at)
{
	char topic[600], mark[600], time[WQ_INSTANT_TEXT];

	if (run->values == 0)
		return true;
	append(run, "}}");
	if (!build_topic(run->options, station, topic, sizeof topic))
		return false;
	snprintf(mark, sizeof mark, "%s,%s", station, wq_instant_format(&wq_zone_china, at, time));
	if (run->options->rate > 0)
		sleep_until(run->began + run->attempted * 1000 / run->options->rate);
	run->attempted++;
	return publisher_send(run->publisher, topic, run->payload, run->length, mark);
}

/* -- from a scenario: every station, every interval, with our clock -- */

static bool wanted(const struct mqtt_options *options, const char *station)
{
	if (options->station_count == 0)
		return true;
	for (size_t i = 0; i < options->station_count; i++)
		if (strcmp(options->stations[i], station) == 0)
			return true;
	return false;
}

static bool send_station(
        struct run *run, const struct scenario *scenario, size_t index, wq_ms elapsed)
{
	const char *station = scenario_station(scenario, index);
	wq_ms at = scenario_time(scenario, index, elapsed);

	if (!wanted(run->options, station))
		return true;
	if (at == WQ_NO_TIME)
		at = clock_ms(CLOCK_REALTIME);
	begin_message(run, station, at);
	for (size_t i = 0; i < scenario_parameters(scenario, index); i++)
		add_value(run, scenario_parameter(scenario, index, i),
		        scenario_value(scenario, index, i, elapsed));
	return finish_message(run, station, at);
}

static bool play_scenario(struct run *run)
{
	struct wq_err err = { .text = "" };
	struct scenario *scenario = scenario_load(run->options->scenario, &err);
	bool good = true;

	if (scenario == NULL) {
		fprintf(stderr, "wqsim mqtt: %s\n", err.text);
		return false;
	}
	const wq_ms end = scenario_end(scenario), began = clock_ms(CLOCK_MONOTONIC);
	for (wq_ms elapsed = 0; good && has_more(run) && (run->options->hold || elapsed <= end);
	        elapsed += run->options->interval) {
		sleep_until(began + elapsed);
		for (size_t i = 0; good && has_more(run) && i < scenario_stations(scenario); i++)
			good = send_station(run, scenario, i, elapsed);
	}
	scenario_free(scenario);
	return good;
}

/* -- from a CSV: row by row, with the row's time -- */

static bool send_row(struct run *run, const struct wq_csv_row *row, const int *parameters)
{
	const char *station = row->station;

	if (station[0] == '\0')
		station = run->options->station_count > 0 ? run->options->stations[0] : "station";
	else if (!wanted(run->options, station))
		return true;
	begin_message(run, station, row->at);
	for (size_t i = 0; i < row->count; i++)
		if (parameters[i] >= 0 &&
		        (row->fields[i].cell == WQ_CELL_VALUE ||
		                row->fields[i].cell == WQ_CELL_MISSING))
			add_value(run, wq_parameters[parameters[i]].alias, row->fields[i].value);
	return finish_message(run, station, row->at);
}

static bool play_rows(struct run *run, struct wq_csv *csv)
{
	const char *const *names;
	const int *parameters;
	struct wq_err err = { .text = "" };
	struct wq_csv_row row;
	wq_ms last = WQ_NO_TIME, due = clock_ms(CLOCK_MONOTONIC);
	bool good = true;
	int rc = 0;

	wq_csv_columns(csv, &names, &parameters);
	while (good && has_more(run) && (rc = wq_csv_next(csv, &row, &err)) > 0) {
		if (row.time_wrong || row.at == WQ_NO_TIME) {
			fprintf(stderr, "wqsim mqtt: line %zu: time '%s' is not one\n", row.line,
			        row.time_text);
			return false;
		}
		/* What was measured at one time is sent at one time. */
		if (run->options->step > 0 && last != WQ_NO_TIME && row.at != last)
			sleep_until(due += run->options->step);
		last = row.at;
		good = send_row(run, &row, parameters);
	}
	if (rc < 0)
		fprintf(stderr, "wqsim mqtt: %s\n", err.text);
	return good && rc >= 0;
}

static bool play_csv(struct run *run)
{
	const char *path = run->options->csv;
	FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	struct wq_err err = { .text = "" };

	if (file == NULL) {
		fprintf(stderr, "wqsim mqtt: %s: %s\n", path, strerror(errno));
		return false;
	}
	struct wq_csv *csv = wq_csv_open(
	        file, path, wq_parameters, wq_parameter_count, &wq_zone_china, true, &err);
	bool good = csv != NULL && play_rows(run, csv);
	if (csv == NULL)
		fprintf(stderr, "wqsim mqtt: %s\n", err.text);
	wq_csv_close(csv);
	if (file != stdin)
		fclose(file);
	return good;
}

/* -- load: as many messages as asked for, each later than the one before, none in the future -- */

static bool play_load(struct run *run)
{
	const struct mqtt_options *options = run->options;
	const size_t stations = options->station_count > 0 ? options->station_count : 1;
	const wq_ms base = clock_ms(CLOCK_REALTIME) - options->load;
	bool good = true;

	for (long i = 0; good && has_more(run) && i < options->load; i++) {
		const char *station = options->station_count > 0
		        ? options->stations[(size_t)i % stations]
		        : "load";

		begin_message(run, station, base + i);
		for (long k = 0; k < options->series; k++)
			add_value(run, wq_parameters[k].alias,
			        (double)(1000 + (i + k) % 1000) / 1000);
		good = finish_message(run, station, base + i);
	}
	return good;
}

/* -- the command -- */

static bool play(const struct mqtt_options *options, struct publisher *publisher)
{
	struct run *run = calloc(1, sizeof *run);
	bool good;

	if (run == NULL)
		return false;
	run->options = options;
	run->publisher = publisher;
	run->began = clock_ms(CLOCK_MONOTONIC);
	good = options->scenario != NULL ? play_scenario(run)
	        : options->csv != NULL   ? play_csv(run)
	                                 : play_load(run);
	free(run);
	return good;
}

static int publish_all(const struct mqtt_options *options)
{
	struct publisher *publisher = publisher_open(&options->publisher);
	wq_ms began = clock_ms(CLOCK_MONOTONIC);
	bool good;

	if (publisher == NULL)
		return 1;
	good = play(options, publisher);
	good = publisher_drain(publisher) && good;
	long sent = publisher_sent(publisher), acked = publisher_acked(publisher);
	double seconds = (double)(clock_ms(CLOCK_MONOTONIC) - began) / 1000;
	printf("published %ld, acknowledged %ld, in %.3f s (%.0f/s)\n", sent, acked, seconds,
	        seconds > 0 ? (double)acked / seconds : 0.0);
	publisher_close(publisher);
	return good && sent == acked ? 0 : 1;
}

int sim_mqtt(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct mqtt_options options;
	char client_id[40];
	int status;

	mqtt_options_parse(&options, argc, argv);
	snprintf(client_id, sizeof client_id, "wqsim-%d", (int)getpid());
	if (options.publisher.client_id == NULL)
		options.publisher.client_id = client_id;
	if (options.acked_path != NULL) {
		options.publisher.acked = fopen(options.acked_path, "ae");
		if (options.publisher.acked == NULL) {
			fprintf(stderr, "wqsim mqtt: %s: %s\n", options.acked_path,
			        strerror(errno));
			return 2;
		}
	}
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	unsetenv("http_proxy");
	unsetenv("https_proxy");
	status = publish_all(&options);
	if (options.publisher.acked != NULL && fclose(options.publisher.acked) != 0)
		status = 1;
	return status;
}
