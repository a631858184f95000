/* SPDX-License-Identifier: Apache-2.0 */
/* Which days make a week, a month, a quarter, a year, and what they are called. */
#include "wq/period.h"

#include "civil.h"

#include <stdio.h>
#include <string.h>

static const char *const names[WQ_PERIOD_KINDS] = { [WQ_PERIOD_DAY] = "day",
	[WQ_PERIOD_WEEK] = "week",
	[WQ_PERIOD_MONTH] = "month",
	[WQ_PERIOD_MTD] = "mtd",
	[WQ_PERIOD_QUARTER] = "quarter",
	[WQ_PERIOD_YEAR] = "year" };

const char *wq_period_kind_name(enum wq_period_kind kind)
{
	return names[kind];
}

int wq_period_kind_find(const char *name)
{
	for (int i = 0; i < WQ_PERIOD_KINDS; i++) {
		if (strcmp(names[i], name) == 0)
			return i;
	}
	return -1;
}

static wq_day day_of(int64_t year, int month, int day)
{
	return (wq_day)wq_civil_to_day((struct wq_civil){ year, month, day });
}

/* The first of the month that lies `months` after that of `date`. */
static wq_day month_start(struct wq_civil date, int months)
{
	int64_t index = date.year * 12 + date.month - 1 + months;

	return day_of(index / 12, (int)(index % 12) + 1, 1);
}

static struct wq_period months_from(enum wq_period_kind kind, struct wq_civil first, int count)
{
	return (struct wq_period){ kind, month_start(first, 0), month_start(first, count) - 1 };
}

struct wq_period wq_period_of(enum wq_period_kind kind, wq_day day)
{
	struct wq_civil date = wq_civil_from_day(day);
	/* 1970-01-01 was a Thursday. */
	wq_day monday = day - (((day + 3) % 7) + 7) % 7;

	switch (kind) {
	case WQ_PERIOD_DAY:
		return (struct wq_period){ kind, day, day };
	case WQ_PERIOD_WEEK:
		return (struct wq_period){ kind, monday, monday + 6 };
	case WQ_PERIOD_MTD:
		return (struct wq_period){ kind, month_start(date, 0), day };
	case WQ_PERIOD_QUARTER:
		date.month = (date.month - 1) / 3 * 3 + 1;
		return months_from(kind, date, 3);
	case WQ_PERIOD_YEAR:
		date.month = 1;
		return months_from(kind, date, 12);
	case WQ_PERIOD_MONTH:
		break;
	}
	return months_from(kind, date, 1);
}

/* The days first … day of another month, as far as it has them. */
static struct wq_period same_days(wq_day first, int days)
{
	wq_day end = month_start(wq_civil_from_day(first), 1) - 1;
	wq_day last = first + days - 1;

	return (struct wq_period){ WQ_PERIOD_MTD, first, last < end ? last : end };
}

struct wq_period wq_period_previous(const struct wq_period *period)
{
	struct wq_civil first = wq_civil_from_day(period->first);

	if (period->kind == WQ_PERIOD_MTD)
		return same_days(month_start(first, -1), period->last - period->first + 1);
	return wq_period_of(period->kind, period->first - 1);
}

struct wq_period wq_period_last_year(const struct wq_period *period)
{
	struct wq_civil first = wq_civil_from_day(period->first);

	if (period->kind == WQ_PERIOD_WEEK)
		return (struct wq_period){ WQ_PERIOD_WEEK, period->first - 364,
			period->last - 364 };
	if (period->kind == WQ_PERIOD_MTD)
		return same_days(month_start(first, -12), period->last - period->first + 1);
	first.year--;
	if (first.month == 2 && first.day == 29)
		first.day = 28;
	return wq_period_of(period->kind, day_of(first.year, first.month, first.day));
}

/* "2026年3月2日至8日": what both ends share is said once. */
static void format_days(struct wq_civil a, struct wq_civil b, char buf[WQ_PERIOD_TEXT])
{
	int n = snprintf(buf, WQ_PERIOD_TEXT, "%lld年%d月%d日", (long long)a.year, a.month, a.day);

	if (a.year == b.year && a.month == b.month && a.day == b.day)
		return;
	n += snprintf(buf + n, WQ_PERIOD_TEXT - (size_t)n, "至");
	if (a.year != b.year)
		n += snprintf(buf + n, WQ_PERIOD_TEXT - (size_t)n, "%lld年", (long long)b.year);
	if (a.year != b.year || a.month != b.month)
		n += snprintf(buf + n, WQ_PERIOD_TEXT - (size_t)n, "%d月", b.month);
	snprintf(buf + n, WQ_PERIOD_TEXT - (size_t)n, "%d日", b.day);
}

char *wq_period_format(const struct wq_period *period, char buf[WQ_PERIOD_TEXT])
{
	struct wq_civil a = wq_civil_from_day(period->first), b = wq_civil_from_day(period->last);
	const long long year = (long long)a.year;

	if (period->kind == WQ_PERIOD_MONTH)
		snprintf(buf, WQ_PERIOD_TEXT, "%lld年%d月", year, a.month);
	else if (period->kind == WQ_PERIOD_QUARTER)
		snprintf(buf, WQ_PERIOD_TEXT, "%lld年第%d季度", year, (a.month + 2) / 3);
	else if (period->kind == WQ_PERIOD_YEAR)
		snprintf(buf, WQ_PERIOD_TEXT, "%lld年", year);
	else
		format_days(a, b, buf);
	return buf;
}
