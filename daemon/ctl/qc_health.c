/* SPDX-License-Identifier: Apache-2.0 */
/* `wqctl qc` with our own tests: several columns, row by row, however long the file is. */
#include "qc.h"

#include "commands.h"

#include "wq/decimal.h"
#include "wq/err.h"
#include "wq/health.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS   64
#define NAME_TEXT 64

struct column {
	char name[NAME_TEXT];
	struct wq_health_settings settings;
	char *with; /* owned: as given; NULL */
	bool hangs_on[COLUMNS];
	char *unlike;             /* owned: as given; NULL */
	int original;             /* the column that it may be copied from; -1 */
	int index;                /* in the file */
	struct wq_health *health; /* owned */
	double value;             /* of this row */
};

struct qc_columns {
	size_t count;
	struct column items[COLUMNS];
};

/* -- settings -- */

enum form { NUMBER, COUNT, SPAN, SPIKE, LIKE, WITH, UNLIKE };

static const struct key {
	const char *name;
	enum form form;
	size_t offset;
	const char *wanted;
} keys[] = {
#define SETTING(field) offsetof(struct wq_health_settings, field)
	{ "like", LIKE, 0, "temp, ph, do, ec, turbidity, codmn, nh3n, tp, tn or chla" },
	{ "low", NUMBER, SETTING(low), "a number" },
	{ "high", NUMBER, SETTING(high), "a number" },
	{ "above", NUMBER, SETTING(above), "a number" },
	{ "with", WITH, 0, "columns parted by commas" },
	{ "unlike", UNLIKE, 0, "another column" },
	{ "trust", COUNT, SETTING(trust), "a whole number" },
	{ "spike", SPIKE, SETTING(spike), "none, level or step" },
	{ "log", NUMBER, SETTING(log), "a number above 0" },
	{ "previous", COUNT, SETTING(previous), "a whole number" },
	{ "memory", COUNT, SETTING(memory), "a whole number" },
	{ "floor", NUMBER, SETTING(floor), "a number above 0" },
	{ "k", NUMBER, SETTING(k), "a number above 0" },
	{ "back", NUMBER, SETTING(back), "a number from 0 to 1" },
	{ "slope", NUMBER, SETTING(slope), "a number from 0 to 1" },
	{ "alone", NUMBER, SETTING(alone), "a number" },
	{ "offset", COUNT, SETTING(offset), "a whole number" },
	{ "gap", SPAN, SETTING(gap), "a span such as 30m, 12h, 3d" },
	{ "gap_k", NUMBER, SETTING(gap_k), "a number above 0" },
	{ "flat_suspect", SPAN, SETTING(flat_suspect), "a span such as 30m, 12h, 3d" },
	{ "flat_fail", SPAN, SETTING(flat_fail), "a span such as 30m, 12h, 3d" },
	{ "flat_tolerance", NUMBER, SETTING(flat_tolerance), "a number" },
	{ "flat_above", NUMBER, SETTING(flat_above), "a number" },
	{ "cycle", SPAN, SETTING(cycle), "a span such as 30m, 12h, 3d" },
#undef SETTING
};
#define KEYS (sizeof keys / sizeof *keys)

static int no_such_key(const char *text, struct wq_err *err)
{
	char list[256] = "";

	for (size_t i = 0; i < KEYS; i++) {
		strncat(list, i > 0 ? ", " : "", sizeof list - strlen(list) - 1);
		strncat(list, keys[i].name, sizeof list - strlen(list) - 1);
	}
	return wq_fail(
	        err, WQ_E_INVALID, "'%.60s' is no COLUMN.KEY=VALUE; keys are %s", text, list);
}

static bool take_number(const char *text, void *to)
{
	double *value = to;

	return wq_value_parse(text, value, NULL) == 0;
}

static bool take_count(const char *text, void *to)
{
	size_t *value = to;

	if (*text == '\0' || strlen(text) > 6 || strspn(text, "0123456789") != strlen(text))
		return false;
	*value = strtoul(text, NULL, 10);
	return true;
}

static bool take_span(const char *text, void *to)
{
	wq_ms *value = to;

	return wq_span_parse(text, value, NULL) == 0;
}

static bool take_spike(const char *text, void *to)
{
	static const char *const words[] = { "none", "level", "step" };
	enum wq_health_spike *value = to;

	for (size_t i = 0; i < 3; i++)
		if (strcmp(words[i], text) == 0) {
			*value = (enum wq_health_spike)i;
			return true;
		}
	return false;
}

static bool take(struct column *column, const struct key *key, const char *text)
{
	static bool (*const takers[])(const char *text, void *to) = { [NUMBER] = take_number,
		[COUNT] = take_count,
		[SPAN] = take_span,
		[SPIKE] = take_spike };

	if (key->form == LIKE)
		return wq_health_like(&column->settings, text);
	if (key->form == UNLIKE) {
		free(column->unlike);
		column->unlike = strdup(text);
		return column->unlike != NULL && *text != '\0';
	}
	if (key->form != WITH)

		return takers[key->form](text, (char *)&column->settings + key->offset);
	free(column->with);
	column->with = strdup(text);
	column->settings.with = true;
	return column->with != NULL && *text != '\0';
}

static int find(const struct qc_columns *columns, const char *name, size_t length)
{
	for (size_t i = 0; i < columns->count; i++)
		if (strlen(columns->items[i].name) == length &&
		        strncmp(columns->items[i].name, name, length) == 0)
			return (int)i;
	return -1;
}

/* The column of that name, added when it is the first time. */
static struct column *column_of(
        struct qc_columns *columns, const char *name, size_t length, struct wq_err *err)
{
	const int known = find(columns, name, length);
	struct column *column;

	if (known >= 0)
		return &columns->items[known];
	if (columns->count == COLUMNS || length == 0 || length >= NAME_TEXT) {
		wq_fail(err, WQ_E_FULL, "'%.*s': at most %d columns, with names of up to %d bytes",
		        (int)length, name, COLUMNS, NAME_TEXT - 1);
		return NULL;
	}
	column = &columns->items[columns->count++];
	memcpy(column->name, name, length);
	wq_health_init(&column->settings);
	return column;
}

/* COLUMN.KEY=VALUE; the last point before '=' parts them. */
static int set(struct qc_columns *columns, const char *text, struct wq_err *err)
{
	const char *equals = strchr(text, '='), *point = NULL;
	struct column *column;

	for (const char *c = text; equals != NULL && c < equals; c++)
		if (*c == '.')
			point = c;
	for (size_t i = 0; point != NULL && i < KEYS; i++) {
		const struct key *key = &keys[i];

		if (strlen(key->name) != (size_t)(equals - point - 1) ||
		        strncmp(key->name, point + 1, strlen(key->name)) != 0)
			continue;
		column = column_of(columns, text, (size_t)(point - text), err);
		if (column == NULL)
			return WQ_E_FULL;
		return take(column, key, equals + 1)
		        ? 0
		        : wq_fail(err, WQ_E_INVALID, "%.100s: %s is wanted", text, key->wanted);
	}
	return no_such_key(text, err);
}

/* The columns that one hangs on have to be judged themselves. */
static int link_up(struct qc_columns *columns, struct column *column, struct wq_err *err)
{
	const char *name = column->with;

	column->original =
	        column->unlike != NULL ? find(columns, column->unlike, strlen(column->unlike)) : -1;
	if (column->unlike != NULL &&
	        (column->original < 0 || &columns->items[column->original] == column))
		return wq_fail(err, WQ_E_INVALID,
		        "%s.unlike: '%.60s' is no other column that has settings", column->name,
		        column->unlike);
	while (name != NULL) {
		const size_t length = strcspn(name, ",");
		const int other = find(columns, name, length);

		if (other < 0 || &columns->items[other] == column)
			return wq_fail(err, WQ_E_INVALID,
			        "%s.with: '%.*s' is no other column that has settings",
			        column->name, (int)length, name);
		column->hangs_on[other] = true;
		name = name[length] == ',' ? name + length + 1 : NULL;
	}
	return 0;
}

static int settle(struct qc_columns *columns, const struct qc_texts *sets, struct wq_err *err)
{
	struct wq_err inner;

	for (size_t i = 0; i < sets->count; i++)
		if (set(columns, sets->items[i], err) < 0)
			return WQ_E_INVALID;
	for (size_t i = 0; i < columns->count; i++) {
		struct column *column = &columns->items[i];

		if (wq_health_check(&column->settings, &inner) < 0)
			return wq_fail(err, WQ_E_INVALID, "%s: %s", column->name, inner.text);
		if (link_up(columns, column, err) < 0)
			return WQ_E_INVALID;
		column->health = calloc(1, wq_health_size(&column->settings));
		if (column->health == NULL)
			return wq_fail(
			        err, WQ_E_MEMORY, "no memory for %zu columns", columns->count);
	}
	return 0;
}

/* -- rows -- */

static void print(
        const struct column *column, const struct wq_health_verdict *verdicts, size_t count)
{
	char time[WQ_INSTANT_TEXT], value[WQ_DECIMAL_TEXT];

	for (size_t i = 0; i < count; i++) {
		printf("%s,", wq_instant_format(&wq_zone_china, verdicts[i].at, time));
		wq_csv_write(stdout, column->name);
		printf(",%s,%d,%s\n", wq_value_format(verdicts[i].value, value), verdicts[i].flag,
		        wq_health_test_name((enum wq_health_test)verdicts[i].test));
	}
}

static bool another_fails(const struct qc_columns *columns, const struct column *column)
{
	for (size_t i = 0; i < columns->count; i++)
		if (column->hangs_on[i] &&
		        wq_health_fails(&columns->items[i].settings, columns->items[i].value))
			return true;
	return false;
}

static void judge_row(
        struct qc_columns *columns, struct qc_input *input, const struct wq_csv_row *row)
{
	struct wq_health_verdict verdicts[WQ_HEALTH_VERDICTS];

	for (size_t i = 0; i < columns->count; i++)
		columns->items[i].value = qc_value(input, row, columns->items[i].index);
	for (size_t i = 0; i < columns->count; i++) {
		struct column *column = &columns->items[i];

		print(column, verdicts,
		        wq_health_next(column->health, &column->settings, row->at, column->value,
		                another_fails(columns, column),
		                column->original >= 0 ? columns->items[column->original].value
		                                      : (double)NAN,
		                verdicts));
	}
}

static int judge_file(struct qc_columns *columns, const char *file)
{
	struct wq_health_verdict verdicts[WQ_HEALTH_VERDICTS];
	struct qc_input input = { 0 };
	struct wq_csv_row row;
	int status = qc_open(&input, file);

	for (size_t i = 0; status == CTL_DONE && i < columns->count; i++) {
		columns->items[i].index = qc_column(&input, columns->items[i].name);
		if (columns->items[i].index < 0)
			status = CTL_WRONG;
	}
	if (status == CTL_DONE) {
		puts("time,parameter,value,flag,test");
		while (qc_next(&input, &row))
			judge_row(columns, &input, &row);
		for (size_t i = 0; i < columns->count; i++)
			print(&columns->items[i], verdicts,
			        wq_health_end(columns->items[i].health, verdicts));
		status = qc_status(&input);
	}
	qc_close(&input);
	return status;
}

int qc_health(const char *file, const struct qc_texts *sets)
{
	struct qc_columns *columns = calloc(1, sizeof *columns);
	struct wq_err err;
	int status = CTL_WRONG;

	if (columns == NULL)
		fprintf(stderr, "wqctl: no memory\n");
	else if (settle(columns, sets, &err) < 0) {
		fprintf(stderr, "wqctl qc: %s\n", err.text);
		status = err.code == WQ_E_MEMORY ? CTL_WRONG : CTL_USAGE;
	} else
		status = judge_file(columns, file);
	for (size_t i = 0; columns != NULL && i < columns->count; i++) {
		free(columns->items[i].with);
		free(columns->items[i].unlike);
		free(columns->items[i].health);
	}
	free(columns);
	return status;
}
