/* SPDX-License-Identifier: Apache-2.0 */
/* What was seen of each point -> the worst of it in words. */
#include "complaint.h"

#include "frame.h"

#include <stdio.h>

/* The default of evaluation.future_tolerance: a stamp beyond it makes the sample bad. */
#define AHEAD WQ_MINUTES(10)
/* The least that a measurement may be old. */
#define OLD WQ_HOURS(1)

/* The worst last. */
enum complaint {
	COMPLAINT_NONE,
	COMPLAINT_NOTHING,
	COMPLAINT_OLD,
	COMPLAINT_WORD,
	COMPLAINT_FLAG,
	COMPLAINT_GARBAGE,
	COMPLAINT_NONSENSE,
	COMPLAINT_STUCK,
	COMPLAINT_ZEROS,
	COMPLAINT_AHEAD,
	COMPLAINT_NO_TIME,
	COMPLAINTS,
};

/* Around the time of measurement, or the registers, of the point. */
static const struct {
	const char *before, *after;
} sentences[COMPLAINTS] = {
	[COMPLAINT_NOTHING] = { "no value (NaN, infinite or listed in invalid); kept as missing",
	        "" },
	[COMPLAINT_OLD] = { "nothing measured since ", "" },
	[COMPLAINT_GARBAGE] = { "a number that scale makes longer than 18 digits; kept as bad",
	        "" },
	[COMPLAINT_WORD] = { "", ": what is measured meanwhile is kept as bad" },
	[COMPLAINT_FLAG] = { "an unknown flag, ", "; kept as bad" },
	[COMPLAINT_NONSENSE] = { "its registers hold no number of its type; kept as missing", "" },
	[COMPLAINT_STUCK] = { "the value changes, its time stands still at ", "; not stored" },
	[COMPLAINT_ZEROS] = { "0 like all values of the device, as after a restart; kept as bad",
	        "" },
	[COMPLAINT_AHEAD] = { "measured at ", ", which is to come; kept as bad" },
	[COMPLAINT_NO_TIME] = { "no time in its time registers: ", "; kept as bad" },
};

void complaint_block(const struct plan_block *block, int exception, char *text, size_t cap)
{
	snprintf(text, cap, "%s %u to %u: exception %d, %s",
	        modbus_table_name(block->table), block->address,
	        block->address + block->registers - 1u, exception, frame_exception(exception));
}

static enum complaint of_time(const struct readings_seen *seen, wq_ms cycle, wq_ms now)
{
	wq_ms old = 2 * cycle > OLD ? 2 * cycle : OLD;

	if (seen->at == WQ_NO_TIME)
		return COMPLAINT_NONE;
	if (seen->at > now + AHEAD)
		return COMPLAINT_AHEAD;
	if (now - seen->at <= old)
		return COMPLAINT_NONE;
	return seen->moves ? COMPLAINT_STUCK : COMPLAINT_OLD;
}

static enum complaint worst(const struct readings_seen *seen, wq_ms cycle, wq_ms now)
{
	static const enum complaint of[] = {
		[READINGS_UNREAD] = COMPLAINT_NONE,
		[READINGS_GOOD] = COMPLAINT_NONE,
		[READINGS_NOTHING] = COMPLAINT_NOTHING,
		[READINGS_GARBAGE] = COMPLAINT_GARBAGE,
		[READINGS_NO_TIME] = COMPLAINT_NO_TIME,
		[READINGS_ZEROS] = COMPLAINT_ZEROS,
		[READINGS_NONSENSE] = COMPLAINT_NONSENSE,
		[READINGS_FLAG] = COMPLAINT_FLAG,
		[READINGS_WORD] = COMPLAINT_WORD,
	};
	enum complaint time = of_time(seen, cycle, now), value = of[seen->is];

	return time > value ? time : value;
}

static void write_registers(const struct readings *r, size_t point, char *text, size_t cap)
{
	size_t used = 0;

	for (size_t i = 0; i < r->maps[point].time_registers; i++) {
		int n = snprintf(text + used, cap - used, i == 0 ? "%u" : " %u",
		        r->seen[point].time_registers[i]);

		if (n < 0 || (size_t)n >= cap - used)
			return;
		used += (size_t)n;
	}
}

/* What the sentence of a complaint is filled with. */
static void write_detail(const struct readings *r, size_t point, enum complaint complaint,
        char *text, size_t cap)
{
	static const char *const words[MODBUS_WORDS] = { "status", "alarm", "fault" };
	const struct readings_seen *seen = &r->seen[point];
	char at[WQ_INSTANT_TEXT];

	text[0] = '\0';
	if (complaint == COMPLAINT_NO_TIME)
		write_registers(r, point, text, cap);
	else if (complaint == COMPLAINT_WORD)
		snprintf(text, cap, "%s %u", words[seen->word], seen->word_is);
	else if (complaint == COMPLAINT_FLAG)
		snprintf(text, cap, "\"%s\"", seen->flag);
	else if (complaint == COMPLAINT_OLD || complaint == COMPLAINT_STUCK ||
	        complaint == COMPLAINT_AHEAD)
		snprintf(text, cap, "%s", wq_instant_format(r->bus->zone, seen->at, at));
}

static void describe(const struct readings *r, size_t point, enum complaint complaint, size_t more,
        char *text, size_t cap)
{
	const struct wq_point *p = &r->bus->points[point];
	char detail[WQ_INSTANT_TEXT + 16], others[40] = "";

	write_detail(r, point, complaint, detail, sizeof detail);
	if (more > 0)
		snprintf(others, sizeof others, " (and %zu more)", more);
	snprintf(text, cap, "%s of %s%s: %s%s%s", p->parameter, p->station, others,
	        sentences[complaint].before, detail, sentences[complaint].after);
}

void complaint_points(const struct readings *r, uint8_t unit_id, wq_ms now, char *text, size_t cap)
{
	enum complaint most = COMPLAINT_NONE;
	size_t first = 0, count = 0;

	for (size_t i = 0; i < r->bus->point_count; i++) {
		const struct modbus_point_settings *s = r->bus->points[i].settings;
		enum complaint is = worst(&r->seen[i], r->bus->points[i].cycle, now);

		if (s->unit_id != unit_id || is == COMPLAINT_NONE)
			continue;
		count++;
		if (is <= most)
			continue;
		most = is;
		first = i;
	}
	if (count > 0)
		describe(r, first, most, count - 1, text, cap);
	else
		text[0] = '\0';
}
