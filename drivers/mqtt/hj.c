/* SPDX-License-Identifier: Apache-2.0 */
/* HJ 212 frames as the text of a message. Which command carries what: HJ 212-2017, Annex C. */
#include "decode.h"

#include "wq/err.h"
#include "wq/hj212.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define NAME_BYTES 64

/* Commands that carry readings, and which of an item's values is the reading; the second where the
 * first is not given. */
static const struct {
	const char *command, *suffix, *instead;
} carriers[] = {
	{ "2011", "Rtd", "Avg" }, /* at the moment */
	{ "2051", "Avg", "Rtd" }, /* of some minutes */
	{ "2061", "Avg", "Rtd" }, /* of an hour or a cycle */
	{ "2031", "Avg", "Rtd" }, /* of a day */
};

static size_t copy_text(char *to, size_t cap, struct wq_text text)
{
	size_t length = text.length < cap ? text.length : cap - 1;

	if (length > 0)
		memcpy(to, text.at, length);
	to[length] = '\0';
	return text.length < cap ? length : 0; /* too long is none of ours */
}

static void take_item(struct message *message, const struct wq_hj212_item *item)
{
	struct wq_sample sample = { .quality = item->missing ? WQ_MISSING : WQ_UNCHECKED,
		.value = NAN,
		.at = message->at,
		.stamp = message->at == WQ_NO_TIME ? WQ_STAMP_ARRIVAL : WQ_STAMP_STATION };
	char name[NAME_BYTES + 1], value[NAME_BYTES];
	const struct wq_point *point;

	copy_text(name, sizeof name, item->code);
	point = mqtt_map_point(message->map, message->station, name);
	if (point == NULL) {
		mqtt_refuse(message, WQ_REFUSED_UNKNOWN, "station '%s': no parameter '%.64s'",
		        message->station, name);
		return;
	}
	/* The better of its values came already. */
	if (mqtt_has_series(message, point->series, message->count))
		return;
	if (!item->missing && (copy_text(value, sizeof value, item->value) == 0 ||
	            wq_value_parse(value, &sample.value, NULL) < 0)) {
		mqtt_refuse(message, WQ_REFUSED_VALUE, "station '%s', %.64s: not a number",
		        message->station, name);
		return;
	}
	copy_text(sample.flag, sizeof sample.flag, item->flag);
	mqtt_emit(message, point, name, sample);
}

static bool has_carrier(const struct wq_hj212_record *record, size_t *carrier)
{
	for (*carrier = 0; *carrier < sizeof carriers / sizeof *carriers; ++*carrier)
		if (wq_text_is(record->cn, carriers[*carrier].command))
			return true;
	return false;
}

static int take_head(struct message *message, const struct wq_hj212_record *record)
{
	struct wq_text mn = record->mn;
	/* The topic decides; the number of the device only where it names none. */
	const bool named = message->origin->station == NULL && mn.length > 0 &&
	        (message->map->only_station == NULL ||
	                mqtt_map_station(message->map, mn.at, mn.length) != NULL);

	if (mqtt_take_station(message, named ? mn.at : NULL, named ? mn.length : 0) < 0)
		return -1;
	if ((record->problems & (WQ_HJ212_TIME | WQ_HJ212_CLOCK)) != 0)
		return mqtt_refuse(message, WQ_REFUSED_TIME,
		        "station '%s': DataTime is not believed", message->station);
	message->at = record->time;
	return 0;
}

static void take_items(
        struct message *message, const struct wq_hj212_record *record, const char *suffix)
{
	for (size_t i = 0; i < record->count; i++)
		if (wq_text_is(record->items[i].suffix, suffix))
			take_item(message, &record->items[i]);
}

static const char *first_problem(unsigned problems)
{
	for (unsigned bit = 1; bit < 1U << WQ_HJ212_PROBLEMS; bit <<= 1)
		if ((problems & bit & WQ_HJ212_REFUSED) != 0)
			return wq_hj212_problem_name((enum wq_hj212_problem)bit);
	return "";
}

static void take_frame(struct message *message, const struct wq_hj212_frame *frame)
{
	struct wq_hj212_record record;
	size_t carrier, before = message->count;

	wq_hj212_read(frame->segment, message->map->zone, &record);
	const unsigned problems = (record.problems | frame->problems) & WQ_HJ212_REFUSED & ~(unsigned)WQ_HJ212_TIME;
	if (problems != 0) {
		mqtt_refuse(message, WQ_REFUSED_MALFORMED, "HJ 212: %s", first_problem(problems));
		return;
	}
	if (!has_carrier(&record, &carrier)) {
		mqtt_refuse(message, WQ_REFUSED_MALFORMED, "HJ 212: CN=%.*s carries no readings",
		        (int)(record.cn.length < 16 ? record.cn.length : 16),
		        record.cn.length > 0 ? record.cn.at : "");
		return;
	}
	message->begun = before;
	if (take_head(message, &record) < 0)
		return;
	take_items(message, &record, carriers[carrier].suffix);
	take_items(message, &record, carriers[carrier].instead);
	if (record.count == 0)
		mqtt_refuse(message, WQ_REFUSED_MALFORMED, "HJ 212: no items");
}

void mqtt_take_hj212(struct message *message, const char *bytes, size_t length)
{
	struct wq_hj212_frame frame;
	size_t at = 0, used, junk, frames = 0, lost = 0;

	while (!message->full) {
		enum wq_hj212_found found =
		        wq_hj212_next(bytes + at, length - at, true, &frame, &used, &junk);
		lost += junk;
		if (found != WQ_HJ212_FRAME)
			break;
		take_frame(message, &frame);
		at += used;
		frames++;
	}
	if (frames == 0 || lost > 0)
		mqtt_refuse(message, WQ_REFUSED_MALFORMED,
		        "HJ 212: %zu bytes that belong to no frame", frames == 0 ? length : lost);
}
