/* SPDX-License-Identifier: Apache-2.0 */
/* wqctl trend: is there a trend in a series, how steep is it, and when will it be at a limit? */
#include "trend.h"

#include "commands.h"
#include "table.h"

#include "wq/err.h"
#include "wq/trend.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	KEY_CSV = 'i',
	KEY_TEST = 't',
	KEY_LAG = 'l',
	KEY_PERIOD = 'P',
	KEY_CONFIDENCE = 'C',
	KEY_LIMIT = 'L',
	KEY_DIRECTION = 'd',
	KEY_SCALE = 'S'
};

static const struct argp_option options[] = {
	{ "csv", KEY_CSV, "FILE|-", 0, "readings instead of a history, ascending by time", 0 },
	{ "test", KEY_TEST, "TEST", 0, "mk, hamed-rao, ar1 (default), seasonal or spearman", 0 },
	{ "lag", KEY_LAG, "N", 0, "hamed-rao: the first N lags (3); 0: all", 0 },
	{ "period", KEY_PERIOD, "N", 0, "seasonal: readings of a cycle (those of a day)", 0 },
	{ "confidence", KEY_CONFIDENCE, "C", 0, "of test and interval, between 0 and 1 (0.95)", 0 },
	{ "limit", KEY_LIMIT, "L", 0, "when will it be there?", 0 },
	{ "direction", KEY_DIRECTION, "WORD", 0,
	        "above (default): values above the limit exceed it; below: values below", 0 },
	{ "scale", KEY_SCALE, "SCALE", 0, "linear (default), or log: all of it on logarithms", 0 },
	{ NULL, 0, NULL, 0, "Which series, from where, how:", 1 },
	{ 0 },
};

struct arguments {
	struct trend_source source;
	struct wq_series_request request;
	bool direction, lag, period; /* given */
};

static double number(struct argp_state *state, const char *option, const char *text)
{
	char *end;
	const double value = strtod(text, &end);

	if (end == text || *end != '\0' || !isfinite(value))
		argp_error(state, "%s: '%s' is no number", option, text);
	return value;
}

static size_t count(struct argp_state *state, const char *option, const char *text, size_t least)
{
	const size_t length = strlen(text);
	const size_t value = length > 0 && length < 6 ? strtoul(text, NULL, 10) : 0;

	if (length == 0 || length > 5 || strspn(text, "0123456789") != length || value < least ||
	        value > WQ_SERIES_ROWS)
		argp_error(state, "%s: '%s' is no whole number from %zu to %d", option, text, least,
		        WQ_SERIES_ROWS);
	return value;
}

/* The index of a word among those allowed. */
static int choice(struct argp_state *state, const char *option, const char *text,
        const char *const *words, int words_count, const char *allowed)
{
	for (int i = 0; i < words_count; i++)
		if (strcmp(words[i], text) == 0)
			return i;
	argp_error(state, "%s: '%s'; %s are allowed", option, text, allowed);
	return 0;
}

static void choose_test(struct argp_state *state, struct arguments *a, const char *text)
{
	const char *names[WQ_SERIES_TESTS];

	for (int i = 0; i < WQ_SERIES_TESTS; i++)
		names[i] = wq_series_test_name((enum wq_series_test)i);
	a->request.test = (enum wq_series_test)choice(state, "--test", text, names, WQ_SERIES_TESTS,
	        "mk, hamed-rao, ar1, seasonal and spearman");
}

static void check_whole(struct argp_state *state, const struct arguments *a)
{
	const struct query *query = &a->source.query;

	if (query->parameter == NULL)
		argp_error(state, "--parameter is missing");
	if (a->source.csv == NULL && query->station == NULL)
		argp_error(state, "give --csv FILE, or --station for a series of the history");
	if (a->source.csv != NULL && (query->config != NULL || query->database != NULL))
		argp_error(state,
		        "a series is of --csv or of a history (--config, --database), not of both");
	if (a->request.logarithm && a->request.limit <= 0)
		argp_error(state, "--limit %g has no logarithm (--scale log)", a->request.limit);
}

/* What is asked for and has no effect is said, and harmless. */
static void tell_unused(const struct arguments *a)
{
	const struct {
		bool given, used;
		const char *option, *belongs;
	} options_of[] = {
		{ a->lag, a->request.test == WQ_SERIES_HAMED_RAO, "--lag", "--test hamed-rao" },
		{ a->period, a->request.test == WQ_SERIES_SEASONAL, "--period", "--test seasonal" },
		{ a->direction, !isnan(a->request.limit), "--direction", "a --limit" },
	};

	for (size_t i = 0; i < sizeof options_of / sizeof *options_of; i++)
		if (options_of[i].given && !options_of[i].used)
			fprintf(stderr, "wqctl: %s belongs to %s: it is not used\n",
			        options_of[i].option, options_of[i].belongs);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	static const char *const directions[] = { "above", "below" };
	static const char *const scales[] = { "linear", "log" };
	struct arguments *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &a->source.query;
		return 0;
	case KEY_CSV:
		a->source.csv = arg;
		return 0;
	case KEY_TEST:
		choose_test(state, a, arg);
		return 0;
	case KEY_LAG:
		a->request.lag = count(state, "--lag", arg, 0);
		a->lag = true;
		return 0;
	case KEY_PERIOD:
		a->request.period = count(state, "--period", arg, 2);
		a->period = true;
		return 0;
	case KEY_CONFIDENCE:
		a->request.confidence = number(state, "--confidence", arg);
		if (!(a->request.confidence > 0 && a->request.confidence < 1))
			argp_error(state, "--confidence: %s is not between 0 and 1", arg);
		return 0;
	case KEY_LIMIT:
		a->request.limit = number(state, "--limit", arg);
		return 0;
	case KEY_DIRECTION:
		a->request.below =
		        choice(state, "--direction", arg, directions, 2, "above and below") == 1;
		a->direction = true;
		return 0;
	case KEY_SCALE:
		a->request.logarithm =
		        choice(state, "--scale", arg, scales, 2, "linear and log") == 1;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "'%s' is one argument too many; a file is --csv FILE", arg);
		return 0;
	case ARGP_KEY_END:
		check_whole(state, a);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_child children[] = { { &query_argp, 0, NULL, 1 }, { 0 } };
static const struct argp argp = { options, parse, NULL,
	"Tests a series for a trend, fits Sen's line and says when it will be at a limit.\v"
	"All numbers are printed whatever they are worth; only 'verdict' says what may be told to "
	"others.\n\n"
	"Examples:\n"
	"  wqctl trend -i april.csv -p tp --test ar1 --limit 0.2 --json\n"
	"  wqctl trend -s yigan -p do --from 2026-03-01 --limit 5 --direction below\n\n"
	"Exit status: 0 done, 1 something in the readings is wrong (nothing is printed then), 2 "
	"usage.",
	children, NULL, NULL };

/* -- the answer -- */

struct field {
	const char *name;
	json_t *value; /* owned */
};

#define FIELDS 19

static json_t *real(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}

static json_t *whole(double value)
{
	return isfinite(value) ? json_integer((json_int_t)value) : json_null();
}

/* The order is the form of the answer. */
static void answer(
        const struct arguments *a, const struct wq_series_result *r, struct field fields[FIELDS])
{
	const struct field all[FIELDS] = {
		{ "test", json_string(wq_series_test_name(a->request.test)) },
		{ "n", json_integer((json_int_t)r->n) },
		{ "s", whole(r->s) },
		{ "var_s", real(r->variance) },
		{ "z", real(r->z) },
		{ "p", real(r->p) },
		{ "p_exact", real(r->p_exact) },
		{ "tau_a", real(r->tau_a) },
		{ "tau_b", real(r->tau_b) },
		{ "rho", real(r->rho) },
		{ "slope_per_hour", real(r->slope) },
		{ "slope_low", real(r->low) },
		{ "slope_high", real(r->high) },
		{ "intercept", real(r->intercept) },
		{ "fitted_now", real(r->fitted_now) },
		{ "hours_to_exceed", real(r->hours) },
		{ "hours_earliest", real(r->earliest) },
		{ "hours_latest", real(r->latest) },
		{ "verdict", json_string(wq_series_verdict_name(r->verdict)) },
	};

	memcpy(fields, all, sizeof all);
}

static const char *as_text(const json_t *value, char text[32])
{
	if (json_is_string(value))
		return json_string_value(value);
	if (json_is_integer(value))
		snprintf(text, 32, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	else if (json_is_real(value))
		snprintf(text, 32, "%.6g", json_real_value(value));
	else
		return NULL;
	return text;
}

static bool print_json(const struct field fields[FIELDS])
{
	json_t *object = json_object();
	bool ok = object != NULL;

	for (size_t i = 0; i < FIELDS && ok; i++)
		ok = json_object_set(object, fields[i].name, fields[i].value) == 0;
	ok = ok && json_dumpf(object, stdout, 0) == 0 && putchar('\n') != EOF;
	json_decref(object);
	return ok;
}

static bool print_csv(const struct field fields[FIELDS])
{
	for (size_t i = 0; i < FIELDS; i++)
		printf("%s%s", i > 0 ? "," : "", fields[i].name);
	putchar('\n');
	for (size_t i = 0; i < FIELDS; i++) {
		if (i > 0)
			putchar(',');
		if (json_is_string(fields[i].value))
			fputs(json_string_value(fields[i].value), stdout);
		else if (!json_is_null(fields[i].value))
			json_dumpf(fields[i].value, stdout, JSON_ENCODE_ANY);
	}
	putchar('\n');
	return true;
}

static bool print_table(const struct field fields[FIELDS])
{
	static const char *const headings[] = { "what", "value" };
	struct ctl_table table = { 0 };
	bool ok;

	ctl_table_begin(&table, 2, headings);
	for (size_t i = 0; i < FIELDS; i++) {
		char text[32];

		ctl_table_row(&table,
		        (const char *const[]){ fields[i].name, as_text(fields[i].value, text) });
	}
	ok = ctl_table_print(&table, stdout);
	ctl_table_free(&table);
	return ok;
}

static int print(const struct arguments *a, const struct wq_series_result *result)
{
	static bool (*const printers[])(const struct field fields[FIELDS]) = {
		[QUERY_TABLE] = print_table, [QUERY_CSV] = print_csv, [QUERY_JSON] = print_json
	};
	struct field fields[FIELDS];
	bool ok = true;

	answer(a, result, fields);
	for (size_t i = 0; i < FIELDS; i++)
		ok = ok && fields[i].value != NULL;
	ok = ok && printers[a->source.query.format](fields);
	for (size_t i = 0; i < FIELDS; i++)
		json_decref(fields[i].value);
	if (ok)
		return CTL_DONE;
	fprintf(stderr, "wqctl: not all of it could be written: %s\n", strerror(errno));
	return CTL_WRONG;
}

/* Hours after the first row, whose date would otherwise cost digits. */
static double *hours_of(const struct trend_rows *rows)
{
	double *t = malloc((rows->count + 1) * sizeof *t); /* of no row as well */

	for (size_t i = 0; t != NULL && i < rows->count; i++)
		t[i] = (double)(rows->at[i] - rows->at[0]) / 3600e3;
	return t;
}

static int judge(const struct arguments *a, const struct trend_rows *rows)
{
	struct wq_series_result result;
	double *t = hours_of(rows);
	void *room = malloc(wq_series_room(rows->count));
	struct wq_err err;
	int r;

	if (t == NULL || room == NULL)
		r = wq_fail(&err, WQ_E_MEMORY, "no memory for %zu rows", rows->count);
	else
		r = wq_series_judge(t, rows->value, rows->count, &a->request, room, &result, &err);
	free(room);
	free(t);
	if (r == 0)
		return print(a, &result);
	fprintf(stderr, "wqctl: %s of these %zu rows: %s\n", a->source.query.parameter, rows->count,
	        err.text);
	return CTL_WRONG;
}

int ctl_trend(int argc, char **argv)
{
	struct arguments a = { .request = { .test = WQ_SERIES_AR1,
		                       .lag = WQ_SERIES_LAGS,
		                       .confidence = 0.95,
		                       .limit = NAN } };
	struct trend_rows rows = { 0 };
	int status;

	argp_parse(&argp, argc, argv, 0, NULL, &a);
	tell_unused(&a);
	a.source.positive = a.request.logarithm;
	status = trend_read(&a.source, &rows);
	if (status == CTL_DONE && rows.count == 0)
		fprintf(stderr, "wqctl: there are no readings of %s that were asked for\n",
		        a.source.query.parameter);
	if (status == CTL_DONE)
		status = judge(&a, &rows);
	trend_free(&rows);
	return status;
}
