/* SPDX-License-Identifier: Apache-2.0 */
/* Alarm ids as people say them: 2026030500007 <-> "W20260305-007". */
#include "wq/alarm.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PER_DAY INT64_C(100000)

/* yyyymmdd has eight digits, so ids lie between these. */
#define LOWEST_ID  (INT64_C(10000000) * PER_DAY)
#define HIGHEST_ID (INT64_C(99999999) * PER_DAY + PER_DAY - 1)

char *wq_alarm_name(int64_t id, char buf[WQ_ALARM_NAME])
{
	if (id < LOWEST_ID || id > HIGHEST_ID)
		snprintf(buf, WQ_ALARM_NAME, "W?");
	else
		snprintf(buf, WQ_ALARM_NAME, "W%08" PRId64 "-%03" PRId64, id / PER_DAY,
		        id % PER_DAY);
	return buf;
}

/* Reads `count` digits; -1 when one of them is none. */
static int64_t digits(const char *text, size_t count)
{
	int64_t value = 0;

	for (size_t i = 0; i < count; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -1;
		value = value * 10 + (text[i] - '0');
	}
	return value;
}

int64_t wq_alarm_id(const char *name)
{
	char again[WQ_ALARM_NAME];
	size_t length = strnlen(name, WQ_ALARM_NAME);
	int64_t date, number, id;

	if (length < 13 || length > 15 || name[0] != 'W' || name[9] != '-')
		return -1;
	date = digits(name + 1, 8);
	number = digits(name + 10, length - 10);
	if (date < 0 || number < 0)
		return -1;
	id = date * PER_DAY + number;
	/* One alarm, one name: "W20260305-0007" is not how it is written. */
	return strcmp(wq_alarm_name(id, again), name) == 0 ? id : -1;
}
