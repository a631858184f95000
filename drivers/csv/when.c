/* SPDX-License-Identifier: Apache-2.0 */
/* Times as tables have them: 2026-03-05T08:00:00+08:00, 2026/3/5 8:00, 2026年3月5日 8时, 03-05 08:00. They are brought to the
 * one form that wq_instant_parse() takes; what could mean two days is refused. */
#include "when.h"

#include "columns.h"
#include "wq/err.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PARTS 6 /* year, month, day, hour, minute, second */

/* Numbers of a time and what follows them: a fraction, an offset. */
struct parts {
	int value[PARTS], digits[PARTS];
	size_t count;
	const char *rest;
};

/* Steps over what stands between two numbers of a date or a time of day; false: nothing of the kind. */
static bool step(const char **at, size_t before)
{
	static const struct {
		const char *text;
		unsigned after; /* bit n: may follow the number n */
	} rows[] = { { "年", 1 }, { "月", 2 }, { "日", 4 }, { "时", 8 }, { "点", 8 }, { "分", 16 }, { "-", 3 },
		{ "/", 3 }, { ".", 3 }, { "T", 4 }, { "t", 4 }, { ":", 24 }, { "：", 24 } };
	bool any = false;

	for (size_t i = 0; i < sizeof rows / sizeof *rows && !any; i++) {
		size_t length = strlen(rows[i].text);

		if ((rows[i].after >> before & 1) != 0 && strncmp(*at, rows[i].text, length) == 0) {
			*at += length;
			any = true;
		}
	}
	while (before == 2 && **at == ' ') {
		(*at)++;
		any = true;
	}
	return any;
}

/* `first`: the number that the text begins with; 1 where it has no year. */
static void split(const char *text, size_t first, struct parts *parts)
{
	const char *at = text;

	*parts = (struct parts){ .count = first, .rest = text };
	while (parts->count < PARTS && isdigit((unsigned char)*at)) {
		int value = 0, digits = 0;

		while (isdigit((unsigned char)*at) && digits < 5) {
			value = value * 10 + (*at++ - '0');
			digits++;
		}
		parts->value[parts->count] = value;
		parts->digits[parts->count++] = digits;
		parts->rest = at;
		if (!step(&at, parts->count - 1))
			return;
		parts->rest = at;
	}
	/* What was stepped over belongs to no number: 时, 分, 秒 at the end. */
	parts->rest = at;
}

/* "46086.3333": days since 1900, or since 1904, as a spreadsheet keeps them. */
static bool is_serial(const char *text)
{
	size_t digits = strspn(text, "0123456789");

	return digits == 5 && (text[5] == '\0' || (text[5] == '.' && text[6 + strspn(text + 6, "0123456789")] == '\0'));
}

static bool has_year(const char *text)
{
	return strspn(text, "0123456789") == 4;
}

bool csv_when_month(const char *text, int *month)
{
	char buf[CSV_CELL_TEXT];
	const char *cell = csv_trim(text, buf);
	struct parts parts;

	if (cell == NULL || strspn(cell, "0123456789") > 2)
		return false;
	split(cell, 1, &parts);
	if (parts.count < 4)
		return false;
	*month = parts.value[1];
	return true;
}

static int compose(const char *text, const struct parts *p, const struct wq_zone *zone, wq_ms *at, struct wq_err *err)
{
	char iso[96];
	const char *rest = p->rest;

	if (strncmp(rest, "秒", strlen("秒")) == 0)
		rest += strlen("秒");
	if (p->value[3] == 24)
		return wq_fail(err, WQ_E_INVALID, "'%.40s': there is no hour 24; write 00:00 of the following day", text);
	int n = snprintf(iso, sizeof iso, "%04d-%02d-%02dT%02d:%02d:%02d%s", p->value[0], p->value[1], p->value[2], p->value[3],
	        p->value[4], p->value[5], rest);
	if (n < 0 || (size_t)n >= sizeof iso || wq_instant_parse(iso, zone, at, NULL) < 0)
		return wq_fail(err, WQ_E_INVALID,
		        "'%.40s' is no time; times look like 2026-03-05 08:00 or 2026/3/5 8:00", text);
	return 0;
}

int wq_table_time(const char *text, const struct wq_zone *zone, int year, wq_ms *at, struct wq_err *err)
{
	char buf[CSV_CELL_TEXT];
	const char *cell = csv_trim(text, buf);
	struct parts parts;

	if (cell == NULL || *cell == '\0')
		return wq_fail(err, WQ_E_INVALID, "the time is missing");
	if (is_serial(cell))
		return wq_fail(err, WQ_E_INVALID,
		        "'%.40s' is a spreadsheet's serial number, not a time; give the column the format yyyy-mm-dd hh:mm "
		        "and save it again",
		        cell);
	split(cell, has_year(cell) ? 0 : 1, &parts);
	if (!has_year(cell) && parts.count == 3 && *parts.rest != '\0' && strchr("/-.", *parts.rest) != NULL)
		return wq_fail(err, WQ_E_INVALID, "'%.40s' may be two days; the year comes first: 2026/3/5 8:00", cell);
	if (!has_year(cell) && (parts.count < 4 || parts.digits[1] > 2))
		return wq_fail(err, WQ_E_INVALID, "'%.40s' is no time; times look like 2026-03-05 08:00 or 2026/3/5 8:00", cell);
	if (!has_year(cell) && year == 0)
		return wq_fail(err, WQ_E_INVALID, "'%.40s' has no year; give --year, or --format national", cell);
	if (!has_year(cell))
		parts.value[0] = year;
	return compose(cell, &parts, zone, at, err);
}
