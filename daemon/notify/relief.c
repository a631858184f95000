/* SPDX-License-Identifier: Apache-2.0 */
/* Handing a shift over. */
#include "relief.h"

#include "bell.h"
#include "memo.h"
#include "text.h"
#include "text_en.h"
#include "wording.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum relief_step relief_step(const struct roster_duty *duty, wq_ms mark, bool watched, wq_ms now)
{
	if (duty->from == INT64_MIN)
		return RELIEF_NOTHING; /* no shift begins or ends for days */
	if (mark != WQ_NO_TIME && mark > now + RELIEF_AHEAD)
		return RELIEF_RESET;
	if (mark != WQ_NO_TIME && duty->from <= mark)
		return RELIEF_NOTHING;
	return watched || now - duty->from < RELIEF_LATE ? RELIEF_TELL : RELIEF_MISSED;
}

static bool on_duty(const struct roster_duty *duty, uint32_t person)
{
	for (int role = 0; role < ROSTER_ROLES; role++)
		if (roster_has(duty, (enum roster_role)role, person))
			return true;
	return false;
}

bool relief_comes(const struct roster *roster, const struct roster_duty *duty, wq_ms mark, uint32_t person)
{
	struct roster_duty before;

	if (!on_duty(duty, person))
		return false;
	roster_at(roster, duty->from - 1, &before);
	if (!on_duty(&before, person))
		return true;
	if (mark == WQ_NO_TIME || mark >= duty->from)
		return false;
	/* Its own beginning lay in a time that nobody looked at. */
	roster_at(roster, mark, &before);
	return !on_duty(&before, person);
}

/* The highest level first; what nobody has taken up before what somebody has; then the oldest. */
static bool goes_before(const struct relief_alarm *a, const struct relief_alarm *b)
{
	if (a->level != b->level)
		return a->level > b->level;
	if ((a->state == WQ_LIFE_ACKNOWLEDGED) != (b->state == WQ_LIFE_ACKNOWLEDGED))
		return b->state == WQ_LIFE_ACKNOWLEDGED;
	return a->opened != b->opened ? a->opened < b->opened : a->id < b->id;
}

void relief_add(struct relief *relief, const struct relief_alarm *alarm)
{
	size_t at = relief->listed;

	relief->open++;
	relief->unacknowledged += alarm->state != WQ_LIFE_ACKNOWLEDGED;
	while (at > 0 && goes_before(alarm, &relief->alarms[at - 1]))
		at--;
	if (at == RELIEF_LISTED)
		return;
	if (relief->listed < RELIEF_LISTED)
		relief->listed++;
	memmove(&relief->alarms[at + 1], &relief->alarms[at], (relief->listed - 1 - at) * sizeof *alarm);
	relief->alarms[at] = *alarm;
}

/* -- the words -- */

static void add_span(struct wording *line, wq_ms span)
{
	const long long minutes = span > 0 ? (long long)(span / WQ_MINUTES(1)) : 0;

	if (minutes < 60)
		wording_add(line, "%lld分钟", minutes);
	else if (minutes < 2 * 24 * 60)
		wording_add(line, "%lld小时", minutes / 60);
	else
		wording_add(line, "%lld天", minutes / (24 * 60));
}

static void add_state(struct wording *line, const struct relief_alarm *alarm)
{
	static const char *const words[WQ_LIFE_STATES] = { [WQ_LIFE_ACTIVE] = "未确认",
		[WQ_LIFE_ESCALATED] = "已升级仍未确认",
		[WQ_LIFE_ACKNOWLEDGED] = "已确认",
		[WQ_LIFE_CORRECTED] = "更正待核",
		[WQ_LIFE_RECOVERED] = "恢复待确认" };

	if (alarm->state == WQ_LIFE_ACKNOWLEDGED && alarm->who != NULL)
		wording_add(line, "%.24s", alarm->who);
	if ((unsigned)alarm->state < WQ_LIFE_STATES && words[alarm->state] != NULL)
		wording_add(line, "%s", words[alarm->state]);
}

/* Of the reason of one alarm. */
#define SAYS_ROOM 64
#define CUT       "…"

/* As much of the reason as ends before a comma. */
static void shorten(const char *from, char out[SAYS_ROOM + sizeof CUT])
{
	static const char *const marks[] = { ",", ",", ";", ";", "、" };
	size_t end = 0;

	text_clean(from, out, SAYS_ROOM);
	if (strlen(out) == strlen(from))
		return;
	for (size_t at = 1; out[at] != '\0'; at++)
		for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
			if (strncmp(out + at, marks[i], strlen(marks[i])) == 0)
				end = at;
	strcpy(out + (end > 0 ? end : strlen(out)), CUT);
}

static void write_alarm(const struct relief *relief, const struct relief_alarm *alarm, struct wording *line)
{
	static const char *const levels[] = { "", "提示", "关注", "预警", "报警" };
	char name[WQ_ALARM_NAME], says[SAYS_ROOM + sizeof CUT];

	wording_add(line, "%s%s", alarm->test ? "(测试)" : "", (unsigned)alarm->level < 5 ? levels[alarm->level] : "");
	wording_add(line, "%s", alarm->station != NULL ? alarm->station : "系统");
	if (alarm->parameter != NULL) {
		wording_add(line, "%s", alarm->parameter);
		if (isfinite(alarm->value))
			wording_add(line, "%.6g%s", alarm->value,
			        alarm->unit != NULL && strcmp(alarm->unit, "-") != 0 ? alarm->unit : "");
	} else {
		shorten(alarm->says != NULL ? alarm->says : "", says);
		wording_add(line, "%s%s", wording_gap(alarm->station != NULL ? alarm->station : "", says), says);
	}
	wording_add(line, "已");
	add_span(line, relief->now - alarm->opened);
	wording_add(line, ",");
	add_state(line, alarm);
	wording_add(line, ",%s。", wq_alarm_name(alarm->id, name));
}

/* "03-05 " of the instant: the number says the day. */
#define DAY 6

static void write_head(const struct relief *relief, struct wording *line)
{
	static const char *const roles[] = { "值守", "配合", "带班" };
	char time[WQ_INSTANT_TEXT];

	const char *from = wq_instant_format_short(relief->zone, relief->from, time) + DAY;

	wording_add(line, "【%s】%.60s%s%s起由您%s。", memo_word(WQ_TOPIC_HANDOVER), relief->roster, wording_gap(relief->roster, from), from,
	        roles[relief->role]);
	if (relief->open == 0)
		wording_add(line, "目前无未结预警");
	else
		wording_add(line, "未结%zu起,未确认%zu起", relief->open, relief->unacknowledged);
	if (relief->shelved > 0)
		wording_add(line, ",搁置%zu", relief->shelved);
	if (relief->maintained > 0)
		wording_add(line, ",维护%zu站", relief->maintained);
	wording_add(line, "。");
}

/* -- in English: of its own words nothing is outside GSM 03.38 -- */

static void add_span_en(struct wording *line, wq_ms span)
{
	const long long minutes = span > 0 ? (long long)(span / WQ_MINUTES(1)) : 0;

	if (minutes < 60)
		wording_add(line, "%lld min", minutes);
	else if (minutes < 2 * 24 * 60)
		wording_add(line, "%lld h", minutes / 60);
	else
		wording_add(line, "%lld d", minutes / (24 * 60));
}

static const char *unit_en(const char *unit)
{
	static const struct {
		const char *unit, *plain;
	} rows[] = { { "-", "" }, { "℃", "deg C" }, { "μS/cm", "uS/cm" }, { "μg/L", "ug/L" }, { "m³/s", "m3/s" } };

	for (size_t i = 0; unit != NULL && i < sizeof rows / sizeof *rows; i++)
		if (strcmp(unit, rows[i].unit) == 0)
			return rows[i].plain;
	return unit != NULL ? unit : "";
}

static void write_alarm_en(const struct relief *relief, const struct relief_alarm *alarm, struct wording *line)
{
	static const char *const levels[] = { "", "INFO", "WATCH", "WARNING", "ALARM" };
	static const char *const words[WQ_LIFE_STATES] = { [WQ_LIFE_ACTIVE] = "not acknowledged",
		[WQ_LIFE_ESCALATED] = "escalated, still not acknowledged",
		[WQ_LIFE_ACKNOWLEDGED] = "acknowledged",
		[WQ_LIFE_CORRECTED] = "corrected",
		[WQ_LIFE_RECOVERED] = "recovered, not acknowledged" };
	char name[WQ_ALARM_NAME], brief[96];

	wording_add(line, " %s%s %s", alarm->test ? "(test) " : "", (unsigned)alarm->level < 5 ? levels[alarm->level] : "",
	        alarm->station != NULL ? alarm->station : "system");
	if (alarm->parameter != NULL)
		wording_add(line, " %s", alarm->parameter);
	else if (alarm->says != NULL)
		wording_add(line, ": %s", text_rule_en(alarm->says, alarm->kind != NULL ? alarm->kind : "", brief, sizeof brief));
	if (alarm->parameter != NULL && isfinite(alarm->value))
		wording_add(line, " %.6g %s", alarm->value, unit_en(alarm->unit));
	wording_add(line, " for ");
	add_span_en(line, relief->now - alarm->opened);
	wording_add(line, ", %s", (unsigned)alarm->state < WQ_LIFE_STATES && words[alarm->state] != NULL ? words[alarm->state] : "open");
	if (alarm->state == WQ_LIFE_ACKNOWLEDGED && alarm->who != NULL && alarm->who[0] != '\0')
		wording_add(line, " by %.24s", alarm->who);
	wording_add(line, ", %s.", wq_alarm_name(alarm->id, name));
}

static void write_head_en(const struct relief *relief, struct wording *line)
{
	static const char *const roles[] = { "in the lead", "assisting", "leader on call" };
	char time[WQ_INSTANT_TEXT];

	wording_add(line, "[Handover] %.60s from %s, you are %s.", relief->roster,
	        wq_instant_format_short(relief->zone, relief->from, time) + DAY, roles[relief->role]);
	if (relief->open == 0)
		wording_add(line, " Nothing is open");
	else
		wording_add(line, " %zu open, %zu not acknowledged", relief->open, relief->unacknowledged);
	if (relief->shelved > 0)
		wording_add(line, ", %zu shelved", relief->shelved);
	if (relief->maintained > 0)
		wording_add(line, ", %zu stations maintained", relief->maintained);
	wording_add(line, ".");
}

/* Bytes that are kept for the last sentence. */
#define REST_ROOM 72

void relief_text(const struct relief *relief, char out[WQ_NOTICE_TEXT])
{
	struct wording line = { out, WQ_NOTICE_TEXT - TEXT_MARK_ROOM, 0 };
	char number[WQ_INSTANT_TEXT];
	size_t told = 0;

	out[0] = '\0';
	(relief->english ? write_head_en : write_head)(relief, &line);
	for (; told < relief->listed; told++) {
		char buf[512];
		struct wording one = { buf, sizeof buf, 0 };

		(relief->english ? write_alarm_en : write_alarm)(relief, &relief->alarms[told], &one);
		if (line.length + one.length + REST_ROOM >= line.cap)
			break;
		wording_add(&line, "%s", buf);
	}
	if (told < relief->open)
		wording_add(&line, relief->english ? " %zu more: wqctl alarms." : "其余%zu起见wqctl alarms。", relief->open - told);
	wording_add(&line, "%s%s", relief->english ? " No. " : "编号", bell_number(relief->zone, relief->from, 'J', number));
}

/* -- for machines -- */

static json_t *instant(const struct wq_zone *zone, wq_ms at)
{
	char text[WQ_INSTANT_TEXT];

	return at == WQ_NO_TIME || at == INT64_MAX ? json_null() : json_string(wq_instant_format(zone, at, text));
}

static json_t *alarm_data(const struct relief *relief, const struct relief_alarm *alarm)
{
	char name[WQ_ALARM_NAME];
	json_t *row = json_pack("{s:s, s:s?, s:s?, s:s, s:s, s:o, s:o}", "alarm", wq_alarm_name(alarm->id, name),
	        "station", alarm->station, "parameter", alarm->parameter, "level", wq_level_name(alarm->level), "state",
	        wq_life_name(alarm->state), "opened", instant(relief->zone, alarm->opened), "value",
	        isfinite(alarm->value) ? json_real(alarm->value) : json_null());

	if (alarm->who != NULL && alarm->who[0] != '\0')
		json_object_set_new(row, "who", json_string(alarm->who));
	if (alarm->test)
		json_object_set_new(row, "test", json_true());
	return row;
}

json_t *relief_data(const struct relief *relief)
{
	json_t *open = json_array();

	for (size_t i = 0; i < relief->listed; i++)
		json_array_append_new(open, alarm_data(relief, &relief->alarms[i]));
	return json_pack("{s:s, s:s, s:s, s:o, s:o, s:I, s:I, s:I, s:I, s:o}", "roster", relief->roster, "shift",
	        relief->shift, "role", roster_role_name(relief->role), "from", instant(relief->zone, relief->from), "until",
	        instant(relief->zone, relief->until), "open_count", (json_int_t)relief->open, "unacknowledged",
	        (json_int_t)relief->unacknowledged, "shelved", (json_int_t)relief->shelved, "maintained",
	        (json_int_t)relief->maintained, "open", open);
}
