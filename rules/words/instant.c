/* SPDX-License-Identifier: Apache-2.0 */
/* Zones, natural days and how instants are written. */
#include "wq/instant.h"

#include "civil.h"

#include <inttypes.h>
#include <stdio.h>

static const struct wq_zone_row china_rows[] = { { INT64_MIN, WQ_HOURS(8) } };

const struct wq_zone wq_zone_china = { 1, china_rows };

/* Index of the row in force at an instant. */
static size_t row_at(const struct wq_zone *zone, wq_ms at)
{
	size_t low = 0, high = zone->count;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (zone->rows[middle].from <= at)
			low = middle;
		else
			high = middle;
	}
	return low;
}

wq_ms wq_zone_offset(const struct wq_zone *zone, wq_ms at)
{
	return zone->rows[row_at(zone, at)].offset;
}

wq_ms wq_zone_instant(const struct wq_zone *zone, wq_ms local)
{
	/* No clock differs from UTC by a day or more, so earlier rows cannot show `local`. */
	for (size_t i = row_at(zone, local - WQ_DAY_MS); i < zone->count; i++) {
		const struct wq_zone_row *row = &zone->rows[i];
		wq_ms at = local - row->offset;

		if (i > 0 && at < row->from)
			at = row->from;
		if (i + 1 == zone->count || at < zone->rows[i + 1].from)
			return at;
	}
	return local; /* not reached: the last row has no end */
}

static int64_t floor_divide(int64_t value, int64_t by)
{
	return value / by - (value % by < 0);
}

/* Local time of an instant; the ends of time stay where they are instead of overflowing. */
static wq_ms local_time(const struct wq_zone *zone, wq_ms at)
{
	wq_ms offset = wq_zone_offset(zone, at), local;

	return __builtin_add_overflow(at, offset, &local) ? at : local;
}

wq_day wq_day_of(const struct wq_zone *zone, wq_ms at)
{
	int64_t day = floor_divide(local_time(zone, at), WQ_DAY_MS);

	if (day > INT32_MAX)
		return INT32_MAX;
	return day < INT32_MIN ? INT32_MIN : (wq_day)day;
}

wq_ms wq_day_start(const struct wq_zone *zone, wq_day day)
{
	return wq_zone_instant(zone, WQ_DAYS(day));
}

/* Both directions count years from 1 March, so that the leap day is the last of its year. */
int64_t wq_civil_to_day(struct wq_civil date)
{
	int64_t year = date.year - (date.month <= 2);
	int64_t era = floor_divide(year, 400), of_era = year - era * 400;
	int64_t of_year = (153 * ((date.month + 9) % 12) + 2) / 5 + date.day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

struct wq_civil wq_civil_from_day(int64_t day)
{
	int64_t shifted = day + 719468, era = floor_divide(shifted, 146097);
	int64_t of_era = shifted - era * 146097;
	int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
	int64_t month = (5 * of_year + 2) / 153;
	struct wq_civil date;

	date.day = (int)(of_year - (153 * month + 2) / 5 + 1);
	date.month = (int)(month < 10 ? month + 3 : month - 9);
	date.year = year + era * 400 + (date.month <= 2);
	return date;
}

bool wq_civil_valid(struct wq_civil date)
{
	static const int lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = date.year % 4 == 0 && (date.year % 100 != 0 || date.year % 400 == 0);

	if (date.month < 1 || date.month > 12 || date.day < 1)
		return false;
	return date.day <= lengths[date.month - 1] + (date.month == 2 && leap);
}

/* A local instant taken apart. */
struct parts {
	struct wq_civil date;
	int hour, minute, second, milli;
};

static struct parts take_apart(wq_ms local)
{
	int64_t day = floor_divide(local, WQ_DAY_MS);
	int milli = (int)(local - day * WQ_DAY_MS);

	return (struct parts){
		.date = wq_civil_from_day(day),
		.hour = milli / 3600000,
		.minute = milli / 60000 % 60,
		.second = milli / 1000 % 60,
		.milli = milli % 1000,
	};
}

/* Two digits, and what follows them; returns the end. */
static char *put_two(char *to, int number, char after)
{
	to[0] = (char)('0' + number / 10 % 10);
	to[1] = (char)('0' + number % 10);
	to[2] = after;
	return to + (after != '\0' ? 3 : 2);
}

/* Whole seconds of years of four digits, by hand: evidence has dozens of them. */
static char *format_usual(const struct parts *p, char sign, int distance, char buf[WQ_INSTANT_TEXT])
{
	char *to = put_two(buf, (int)(p->date.year / 100), '\0');

	to = put_two(to, (int)(p->date.year % 100), '-');
	to = put_two(to, p->date.month, '-');
	to = put_two(to, p->date.day, 'T');
	to = put_two(to, p->hour, ':');
	to = put_two(to, p->minute, ':');
	to = put_two(to, p->second, sign);
	to = put_two(to, distance / 60, ':');
	put_two(to, distance % 60, '\0');
	return buf;
}

char *wq_instant_format(const struct wq_zone *zone, wq_ms at, char buf[WQ_INSTANT_TEXT])
{
	struct parts p = take_apart(local_time(zone, at));
	int minutes = (int)(wq_zone_offset(zone, at) / 60000);
	int distance = minutes < 0 ? -minutes : minutes;
	char fraction[8] = "";

	if (at == WQ_NO_TIME) {
		buf[0] = '\0';
		return buf;
	}
	if (p.milli == 0 && p.date.year >= 0 && p.date.year <= 9999 && distance < 6000)
		return format_usual(&p, minutes < 0 ? '-' : '+', distance, buf);
	if (p.milli != 0)
		snprintf(fraction, sizeof(fraction), ".%03d", p.milli);
	snprintf(buf, WQ_INSTANT_TEXT, "%04" PRId64 "-%02d-%02dT%02d:%02d:%02d%s%c%02d:%02d",
	        p.date.year, p.date.month, p.date.day, p.hour, p.minute, p.second, fraction,
	        minutes < 0 ? '-' : '+', distance / 60, distance % 60);
	return buf;
}

char *wq_instant_format_short(const struct wq_zone *zone, wq_ms at, char buf[WQ_INSTANT_TEXT])
{
	struct parts p = take_apart(local_time(zone, at));

	if (at == WQ_NO_TIME)
		buf[0] = '\0';
	else
		snprintf(buf, WQ_INSTANT_TEXT, "%02d-%02d %02d:%02d", p.date.month, p.date.day,
		        p.hour, p.minute);
	return buf;
}

char *wq_day_format(wq_day day, char buf[WQ_INSTANT_TEXT])
{
	struct wq_civil date = wq_civil_from_day(day);

	snprintf(buf, WQ_INSTANT_TEXT, "%04" PRId64 "-%02d-%02d", date.year, date.month, date.day);
	return buf;
}

char *wq_day_format_compact(wq_day day, char buf[WQ_INSTANT_TEXT])
{
	struct wq_civil date = wq_civil_from_day(day);

	snprintf(buf, WQ_INSTANT_TEXT, "%04" PRId64 "%02d%02d", date.year, date.month, date.day);
	return buf;
}
