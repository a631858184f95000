/* SPDX-License-Identifier: Apache-2.0 */
/* Spans of time with their unit: "30s", "4h". */
#include "wq/instant.h"

#include "wq/err.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Largest first: a span is written in the first that divides it. */
static const struct {
	const char *name;
	wq_ms span;
} units[] = {
	{ "d", WQ_DAYS(1) },
	{ "h", WQ_HOURS(1) },
	{ "m", WQ_MINUTES(1) },
	{ "s", WQ_SECONDS(1) },
	{ "ms", 1 },
};

#define UNIT_COUNT (sizeof(units) / sizeof(units[0]))

/* Longer spans are mistakes; sums of allowed ones cannot overflow. */
#define LONGEST WQ_DAYS(36500)

/* Span of a unit, or 0. */
static wq_ms unit_span(const char *name)
{
	for (size_t i = 0; i < UNIT_COUNT; i++) {
		if (strcmp(units[i].name, name) == 0)
			return units[i].span;
	}
	return 0;
}

int wq_span_parse(const char *text, wq_ms *span, struct wq_err *err)
{
	const char *unit = text;
	int64_t number = 0;
	wq_ms each;

	for (; isdigit((unsigned char)*unit); unit++) {
		if (number <= LONGEST)
			number = number * 10 + (*unit - '0');
	}
	if (strcmp(text, "0") == 0) {
		*span = 0;
		return WQ_OK;
	}
	each = unit_span(unit);
	if (unit == text || each == 0)
		return wq_fail(err, WQ_E_INVALID,
		        "'%.40s' is not a span: a whole number and ms, s, m, h or d, like \"30s\" "
		        "or \"4h\"",
		        text);
	if (number > LONGEST / each)
		return wq_fail(err, WQ_E_INVALID, "'%.40s' is longer than 36500d", text);
	*span = number * each;
	return WQ_OK;
}

char *wq_span_format(wq_ms span, char buf[WQ_INSTANT_TEXT])
{
	size_t i = 0;

	if (span == 0 || span == WQ_NO_TIME) {
		snprintf(buf, WQ_INSTANT_TEXT, "%s", span == 0 ? "0" : "");
		return buf;
	}
	while (span % units[i].span != 0)
		i++;
	snprintf(buf, WQ_INSTANT_TEXT, "%" PRId64 "%s", span / units[i].span, units[i].name);
	return buf;
}
