/* SPDX-License-Identifier: Apache-2.0 */
/* Words of a topic, filled in. */
#include "topic.h"

#include "wq/err.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	size_t length;
} places[] = { { "{station}", 9 }, { "{kind}", 6 } };

/* Which place begins here, or -1. */
static int place_at(const char *text)
{
	for (size_t i = 0; i < 2; i++)
		if (strncmp(text, places[i].name, places[i].length) == 0)
			return (int)i;
	return -1;
}

int topic_check(const char *template_, struct wq_err *err)
{
	if (template_[0] == '$')
		return wq_fail(err, WQ_E_INVALID, "topic \"%s\": topics that begin with $ are the broker's own", template_);
	for (const char *c = template_; *c != '\0'; c++) {
		int place = *c == '{' ? place_at(c) : -1;
		if (*c == '+' || *c == '#')
			return wq_fail(err, WQ_E_INVALID, "topic \"%s\": + and # have no place in a topic that is published to",
				template_);
		if (*c == '}' || (*c == '{' && place < 0))
			return wq_fail(err, WQ_E_INVALID, "topic \"%s\": only {station} and {kind} are filled in", template_);
		if (place >= 0)
			c += places[place].length - 1;
	}
	return 0;
}

int topic_station(const char *station, struct wq_err *err)
{
	if (strpbrk(station, "+#/") == NULL && strcmp(station, TOPIC_SITE) != 0)
		return 0;
	return wq_fail(err, WQ_E_INVALID, "station \"%.63s\" cannot stand in a topic: +, # and / may not be in its title", station);
}

bool topic_make(const char *template_, const char *station, const char *kind, char *buf, size_t cap)
{
	size_t length = 0;
	for (const char *c = template_; *c != '\0';) {
		int place = *c == '{' ? place_at(c) : -1;
		const char *from = place == 0 ? (station[0] != '\0' ? station : TOPIC_SITE) : place == 1 ? kind : c;
		size_t count = place >= 0 ? strlen(from) : 1;
		if (length + count >= cap)
			return false;
		memcpy(buf + length, from, count);
		length += count;
		c += place >= 0 ? places[place].length : 1;
	}
	buf[length] = '\0';
	return true;
}

static bool read_number(const json_t *object, const char *key, uint64_t *number)
{
	const json_t *value = json_object_get(object, key);
	if (!json_is_integer(value) || json_integer_value(value) < 0)
		return false;
	*number = (uint64_t)json_integer_value(value);
	return true;
}

/* What is said to be stored, after station and incarnation. */
static bool read_what(const json_t *object, const char *station, struct wq_uplink_event *event)
{
	const json_t *time = json_object_get(object, "time");
	event->at = WQ_NO_TIME;
	if (read_number(object, "note", &event->sequence)) {
		event->lane = WQ_LANE_NOTES;
		return true;
	}
	event->through = read_number(object, "through", &event->sequence);
	if (!event->through && !read_number(object, "sequence", &event->sequence))
		return false;
	if (time != NULL && (!json_is_string(time) || wq_instant_parse(json_string_value(time), &wq_zone_china, &event->at, NULL) < 0))
		return false;
	return station != NULL &&
		snprintf(event->station, sizeof event->station, "%s", station) < (int)sizeof event->station;
}

bool topic_read_committed(const char *payload, size_t length, struct wq_uplink_event *event)
{
	json_t *object = json_loadb(payload, length, JSON_REJECT_DUPLICATES, NULL);
	const char *incarnation = json_string_value(json_object_get(object, "incarnation"));
	char *end = NULL;
	bool good = incarnation != NULL && strlen(incarnation) == 16 && strspn(incarnation, "0123456789abcdef") == 16;
	*event = (struct wq_uplink_event){ .what = WQ_UPLINK_COMMITTED };
	if (good) {
		event->incarnation = strtoull(incarnation, &end, 16);
		good = read_what(object, json_string_value(json_object_get(object, "station")), event);
	}
	json_decref(object);
	return good;
}
