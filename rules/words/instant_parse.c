/* SPDX-License-Identifier: Apache-2.0 */
/* Reading ISO 8601 instants: strict, because a time that is guessed at puts a reading into the
 * wrong day. */
#include "wq/instant.h"

#include "civil.h"
#include "wq/err.h"

#include <ctype.h>
#include <stdbool.h>

#define FIRST_YEAR 1970
#define LAST_YEAR  2199

/* The furthest that any zone is from UTC, with room: 18 hours. */
#define OFFSET_HOURS_MAX 18

/* Reads exactly `count` digits and moves on. */
static bool take_number(const char **text, int count, int *value)
{
	int read = 0;

	for (int i = 0; i < count; i++) {
		if (!isdigit((unsigned char)(*text)[i]))
			return false;
		read = read * 10 + ((*text)[i] - '0');
	}
	*text += count;
	*value = read;
	return true;
}

static bool take_date(const char **text, struct wq_civil *date)
{
	int year;
	char part;

	if (!take_number(text, 4, &year))
		return false;
	date->year = year;
	part = **text;
	if (part != '-' && part != '/')
		return false;
	(*text)++;
	if (!take_number(text, 2, &date->month) || **text != part)
		return false;
	(*text)++;
	return take_number(text, 2, &date->day);
}

/* ".25" -> 250; digits beyond milliseconds are read and dropped. */
static bool take_fraction(const char **text, int *milli)
{
	int weight = 100;

	*milli = 0;
	if (!isdigit((unsigned char)**text))
		return false;
	for (; isdigit((unsigned char)**text); (*text)++) {
		*milli += (**text - '0') * weight;
		weight /= 10;
	}
	return true;
}

/* "08:00", "08:00:00", "08:00:00.250" as milliseconds of the day; 24:00 is the next day. */
static bool take_clock(const char **text, wq_ms *clock)
{
	int hour, minute, second = 0, milli = 0;

	if (!take_number(text, 2, &hour) || **text != ':')
		return false;
	(*text)++;
	if (!take_number(text, 2, &minute))
		return false;
	if (**text == ':') {
		(*text)++;
		if (!take_number(text, 2, &second))
			return false;
		if (**text == '.' || **text == ',') {
			(*text)++;
			if (!take_fraction(text, &milli))
				return false;
		}
	}
	*clock = WQ_HOURS(hour) + WQ_MINUTES(minute) + WQ_SECONDS(second) + milli;
	return minute < 60 && second < 60 && *clock <= WQ_DAY_MS;
}

/* "Z", "+08:00", "+0800", "+08". */
static bool take_offset(const char **text, wq_ms *offset)
{
	int hours, minutes = 0;
	bool west = **text == '-';

	if (**text == 'Z' || **text == 'z') {
		(*text)++;
		*offset = 0;
		return true;
	}
	if (**text != '+' && **text != '-')
		return false;
	(*text)++;
	if (!take_number(text, 2, &hours))
		return false;
	if (**text == ':')
		(*text)++;
	else if (**text == '\0')
		goto done;
	if (!take_number(text, 2, &minutes))
		return false;
done:
	*offset = WQ_HOURS(hours) + WQ_MINUTES(minutes);
	if (west)
		*offset = -*offset;
	return hours <= OFFSET_HOURS_MAX && minutes < 60;
}

static bool read_instant(
        const char *text, const struct wq_zone *zone, struct wq_civil *date, wq_ms *at)
{
	wq_ms clock = 0, offset, local;

	if (!take_date(&text, date))
		return false;
	if (*text == 'T' || *text == 't' || *text == ' ') {
		text++;
		if (!take_clock(&text, &clock))
			return false;
	} else if (*text != '\0') {
		return false;
	}
	local = wq_civil_to_day(*date) * WQ_DAY_MS + clock;
	if (*text == '\0') {
		*at = wq_zone_instant(zone, local);
		return true;
	}
	if (!take_offset(&text, &offset) || *text != '\0')
		return false;
	*at = local - offset;
	return true;
}

int wq_instant_parse(const char *text, const struct wq_zone *zone, wq_ms *at, struct wq_err *err)
{
	struct wq_civil date;
	wq_ms read;

	if (!read_instant(text, zone, &date, &read))
		return wq_fail(err, WQ_E_INVALID,
		        "'%.40s' is not a time like 2021-04-01T08:00:00+08:00", text);
	if (!wq_civil_valid(date))
		return wq_fail(err, WQ_E_INVALID, "'%.40s': there is no such day", text);
	if (date.year < FIRST_YEAR || date.year > LAST_YEAR)
		return wq_fail(err, WQ_E_INVALID, "'%.40s': the year must be %d to %d", text,
		        FIRST_YEAR, LAST_YEAR);
	*at = read;
	return WQ_OK;
}
