/* SPDX-License-Identifier: Apache-2.0 */
/* The English messages: from the fields of a change and the facts of its evidence, never from the Chinese. */
#include "text_en.h"

#include "text_en_parts.h"

#include "wq/rule.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define ASK_WITHIN WQ_MINUTES(30)
#define FACTS_MOST 4

bool text_is_english(const char *text)
{
	return text[0] == '[';
}

static void span_english(wq_ms span, char out[32])
{
	static const struct {
		wq_ms unit;
		const char *name;
	} units[] = { { WQ_DAYS(1), "d" }, { WQ_HOURS(1), "h" }, { WQ_MINUTES(1), "min" }, { WQ_SECONDS(1), "s" }, { 1, "ms" } };
	size_t i = 0;

	while (i < 4 && (span % units[i].unit != 0 || span < units[i].unit))
		i++;
	snprintf(out, 32, "%lld %s", (long long)(span / units[i].unit), units[i].name);
}

/* As in Chinese: whole minutes, then hours, from three days on days. */
static void elapsed_english(wq_ms span, char out[32])
{
	const wq_ms unit = span >= WQ_DAYS(3) ? WQ_DAYS(1) : span >= WQ_HOURS(1) ? WQ_HOURS(1) : WQ_MINUTES(1);

	snprintf(out, 32, "%lld %s", (long long)(span > 0 ? span / unit : 0), span >= WQ_DAYS(3) ? "d" : span >= WQ_HOURS(1) ? "h" : "min");
}

static const char *unit_english(const struct wq_parameter *parameter)
{
	static const struct {
		const char *unit, *plain;
	} rows[] = { { "-", "" }, { "℃", " deg C" }, { "μS/cm", " uS/cm" }, { "μg/L", " ug/L" }, { "m³/s", " m3/s" } };
	static const char spaced[] = " ";

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (strcmp(parameter->unit, rows[i].unit) == 0)
			return rows[i].plain;
	return spaced; /* and the unit itself */
}

void en_amount(struct wording *line, const struct facts *f, double value)
{
	const struct wq_parameter *parameter = text_parameter(f->site, f->change);
	const char *unit = parameter == NULL ? "" : unit_english(parameter);

	wording_add(line, "%.15g%s%s", value, unit, strcmp(unit, " ") == 0 ? parameter->unit : "");
}

void en_hours(struct wording *line, double hours)
{
	char text[32];

	if (!isfinite(hours) || hours < 0 || hours > 1e6)
		return;
	if (hours < 1.0 / 60)
		snprintf(text, sizeof text, "%.0f s", hours * 3600);
	else
		elapsed_english((wq_ms)(hours * 3600e3 + 0.5), text);
	wording_add(line, "%s", text);
}

double en_fact(const struct facts *f, const char *key)
{
	const json_t *number = json_object_get(json_object_get(f->evidence, "facts"), key);

	return json_is_number(number) ? json_number_value(number) : (double)NAN;
}

const char *en_text(const struct facts *f, const char *key)
{
	const char *text = json_string_value(json_object_get(f->evidence, key));

	return text != NULL ? text : "";
}

const char *en_name(const char *name, char *buf, size_t cap)
{
	size_t used = 0;

	for (; *name != '\0' && used + 1 < cap; name++)
		if (*name != ' ' || used == 0 || buf[used - 1] != '.')
			buf[used++] = *name;
	buf[used] = '\0';
	return buf;
}

void en_station(const struct wq_station *station, char *buf, size_t cap)
{
	char name[120];

	if (station->english != NULL)
		snprintf(buf, cap, "%s (%s)", en_name(station->english, name, sizeof name), station->id);
	else
		snprintf(buf, cap, "%s", station->id);
}

/* -- what it is about -- */

/* Any other rule: its title, what it judged, and the first of its facts. */
static void add_facts(struct wording *line, const struct facts *f, bool over)
{
	const char *key;
	json_t *value;
	int count = 0;

	if (f->item[0] != '\0')
		wording_add(line, "%s ", f->item);
	if (f->item[0] != '\0' && isfinite(f->change->value))
		en_amount(line, f, f->change->value);
	wording_add(line, "%srule %s%s", f->item[0] != '\0' ? (isfinite(f->change->value) ? ", " : "") : "", f->rule, over ? " is met again" : "");
	json_object_foreach (json_object_get(f->evidence, "facts"), key, value)
		if (!over && json_is_number(value) && count++ < FACTS_MOST)
			wording_add(line, "%s%s %.3g", count == 1 ? ": " : ", ", key, json_number_value(value));
}

static void add_what(struct wording *line, const struct facts *f, bool over)
{
	if (!en_own(line, f, over) && !en_rule(line, f, over))
		add_facts(line, f, over);
}

/* "total phosphorus warning", "fault": the alarm as a thing. */
static void add_alarm(struct wording *line, const struct facts *f)
{
	if (f->item[0] != '\0')
		wording_add(line, "%s ", f->item);
	wording_add(line, "%s", f->device ? "fault" : wq_level_name(f->change->level));
}

/* -- what is asked -- */

static wq_ms escalation(const struct facts *f)
{
	wq_ms span;

	if (f->change->rule >= f->site->rule_count || f->change->level < 1 || f->change->level > 4)
		return 0;
	span = wq_site_escalation(f->site, f->change->rule, f->change->level, f->change->decided);
	return span > 0 ? span : 0;
}

static void add_downstream(struct wording *line, const struct facts *f)
{
	const struct wq_station *station = text_station(f->site, f->change);
	char name[120];

	if (station != NULL && station->flows_into < f->site->station_count) {
		const struct wq_station *down = &f->site->stations[station->flows_into];

		wording_add(line, "Downstream: %s. ", down->english != NULL ? en_name(down->english, name, sizeof name) : down->id);
	}
}

static void add_ask(struct wording *line, const struct facts *f)
{
	char within[32];

	add_downstream(line, f);
	if (f->flood)
		wording_add(line, "%s", f->assist ? "For your information. " : "Look at all alarms. ");
	else if (f->device)
		wording_add(line, "%s", f->assist ? "For your information. " : "Have it checked. ");
	else if (f->assist)
		wording_add(line, "Please assist. ");
	else if (f->change->level <= WQ_LEVEL_INFO)
		wording_add(line, "Keep an eye on it. ");
	else {
		span_english(escalation(f) > 0 ? escalation(f) : ASK_WITHIN, within);
		wording_add(line, "Check and answer within %s. ", within);
	}
}

/* -- one sentence a kind of change -- */

/* "yigan 03-05 16:00 "; of the program's own rules a sentence of its own follows. */
static void begin(struct wording *body, const struct facts *f, bool timed)
{
	wording_add(body, "%s%s%s%s ", f->place, timed ? " " : "", timed ? f->time : "", f->own ? ":" : "");
}

static void say_told(struct wording *body, struct wording *tail, const struct facts *f)
{
	static const char *const words[WQ_CHANGE_KINDS] = { [WQ_REOPENED] = "; once more", [WQ_UNSHELVED] = "; still open" };
	const char *word = words[f->change->kind];

	begin(body, f, true);
	add_what(body, f, false);
	/* Of what we say of ourselves more came to it, at the same level. */
	if (f->change->kind == WQ_RAISED && f->site->rules[f->change->rule].rule != &wq_rule_system)
		wording_add(tail, "; raised to %s", wq_level_name(f->change->level));
	wording_add(tail, "%s. ", word != NULL ? word : "");
	add_ask(tail, f);
}

static void say_escalated(struct wording *body, struct wording *tail, const struct facts *f)
{
	char within[32];

	begin(body, f, false);
	add_what(body, f, false);
	const wq_ms waited = f->change->waited > 0 ? f->change->waited : escalation(f);

	span_english(waited, within);
	if (waited > 0)
		wording_add(tail, "; not acknowledged for %s%s. ", within,
		        f->change->escalation > 1 ? ", escalated again" : "");
	else
		wording_add(tail, "; not acknowledged. ");
	add_downstream(tail, f);
	wording_add(tail, "%s", f->assist ? "Please assist. " : "Act now and answer. ");
}

static void say_reminded(struct wording *body, struct wording *tail, const struct facts *f)
{
	const struct wq_change *change = f->change;
	const bool acknowledged = change->state == WQ_LIFE_ACKNOWLEDGED, recovered = change->state == WQ_LIFE_RECOVERED;
	char waited[32];

	elapsed_english(change->decided - (acknowledged ? change->opened : change->since), waited);
	begin(body, f, false);
	add_what(body, f, recovered);
	wording_add(tail, "; %s%s for %s, reminder %u. %s", recovered ? "it has recovered, " : "", acknowledged ? "open" : "not acknowledged", waited, (unsigned)change->reminder,
	        acknowledged ? "Follow up and answer. " : recovered ? "Please acknowledge. " : "Act now and answer. ");
}

static void say_by_person(struct wording *body, struct wording *tail, const struct facts *f)
{
	const struct wq_change *change = f->change;

	(void)tail;
	wording_add(body, "%s ", f->place);
	add_alarm(body, f);
	wording_add(body, " %s at %s by %s", change->kind == WQ_CLOSED ? "closed" : "acknowledged", f->time, change->who);
	if (change->cause[0] != '\0')
		wording_add(body, ", cause: %s; measure: %s", change->cause, change->action);
	if (change->note[0] != '\0')
		wording_add(body, "%s%s", change->cause[0] != '\0' ? "; " : ": ", change->note);
	wording_add(body, ". ");
}

static void say_cleared(struct wording *body, struct wording *tail, const struct facts *f)
{
	begin(body, f, true);
	/* At once: digests leave the bracket word out and cut what is long. */
	if (f->change->kind == WQ_RECOVERED)
		wording_add(body, "recovered, not acknowledged: ");
	add_what(body, f, true);
	if (f->change->kind == WQ_RECOVERED)
		wording_add(tail, ". %s", f->assist ? "For your information. " : "Please acknowledge. ");
	else if (f->flood)
		wording_add(tail, ". ");
	else
		wording_add(tail, "; the %s has ended. ", f->device ? "fault" : "alarm");
}

static void say_corrected(struct wording *body, struct wording *tail, const struct facts *f)
{
	wording_add(body, "%s %s late data: ", f->place, f->time);
	add_what(body, f, !isfinite(f->change->value) || !(f->change->value > f->change->limit));
	wording_add(tail, ". This replaces what was told before. ");
}

static void say_shelved(struct wording *body, struct wording *tail, const struct facts *f)
{
	char until[WQ_INSTANT_TEXT];

	wording_add(body, "%s ", f->place);
	add_alarm(body, f);
	if (f->change->who[0] != '\0')
		wording_add(body, " shelved by %s", f->change->who);
	else
		wording_add(body, " opens too often, shelved");
	if (f->change->until != WQ_NO_TIME)
		wording_add(body, " until %s", wq_instant_format_short(text_zone(f->site, f->change), f->change->until, until));
	if (f->change->note[0] != '\0' && f->change->who[0] != '\0')
		wording_add(body, ": %s", f->change->note);
	wording_add(tail, ". Recorded, not told meanwhile. ");
}

static const struct {
	const char *word; /* NULL: by level, or FAULT */
	void (*say)(struct wording *body, struct wording *tail, const struct facts *f);
} kinds[WQ_CHANGE_KINDS] = {
	[WQ_OPENED] = { NULL, say_told },
	[WQ_RAISED] = { NULL, say_told },
	[WQ_ESCALATED] = { "ESCALATED", say_escalated },
	[WQ_ACKNOWLEDGED] = { "ACKNOWLEDGED", say_by_person },
	[WQ_CLEARED] = { "CLEARED", say_cleared },
	[WQ_CLOSED] = { "CLOSED", say_by_person },
	[WQ_CORRECTED] = { "CORRECTED", say_corrected },
	[WQ_RECOVERED] = { "RECOVERED", say_cleared },
	[WQ_REOPENED] = { NULL, say_told },
	[WQ_SHELVED] = { "SHELVED", say_shelved },
	[WQ_UNSHELVED] = { "SHELF ENDED", say_told },
	[WQ_REMINDED] = { "REMINDER", say_reminded },
};

static const char *word_of(const struct facts *f)
{
	static const char *const levels[] = { "NOTICE", "NOTICE", "WATCH", "WARNING", "ALARM" };

	if (f->flood && (f->change->kind == WQ_OPENED || f->change->kind == WQ_CLEARED))
		return f->change->kind == WQ_OPENED ? "ALARM FLOOD" : "FLOOD OVER";
	if (kinds[f->change->kind].word != NULL)
		return kinds[f->change->kind].word;
	return f->device ? "FAULT" : levels[f->change->level <= WQ_LEVEL_ALARM ? f->change->level : 0];
}

/* What has the time of the readings or the day that were judged. */
#define BY_TIME (1u << WQ_OPENED | 1u << WQ_RAISED | 1u << WQ_CLEARED | 1u << WQ_CORRECTED | 1u << WQ_RECOVERED | 1u << WQ_REOPENED)

static void gather(struct facts *f)
{
	const struct wq_change *change = f->change;
	const struct wq_station *station = text_station(f->site, change);
	const struct wq_parameter *parameter = text_parameter(f->site, change);
	const struct wq_rule *rule = change->rule < f->site->rule_count ? f->site->rules[change->rule].rule : NULL;

	if (station != NULL)
		en_station(station, f->place, sizeof f->place);
	else
		en_name(f->site->english != NULL ? f->site->english : "The site", f->place, sizeof f->place);
	f->item = parameter == NULL ? "" : parameter->english != NULL ? parameter->english : parameter->alias;
	f->rule = rule != NULL ? f->site->rules[change->rule].name : "";
	f->kind = rule != NULL ? rule->name : "";
	f->device = rule != NULL && rule->about == WQ_ABOUT_DEVICE;
	f->own = strncmp(f->rule, "wqd:", 4) == 0;
	f->by_time = (BY_TIME >> change->kind & 1u) != 0;
	f->flood = strcmp(f->rule, WQ_FLOOD_RULE) == 0;
	wq_instant_format_short(text_zone(f->site, change), change->time, f->time);
	f->evidence = json_loads(change->evidence, 0, NULL);
}

void text_message_en(const struct wq_site *site, const struct wq_change *change, bool assist, char out[WQ_NOTICE_TEXT])
{
	char body_text[2 * WQ_NOTICE_TEXT] = "", tail_text[WQ_NOTICE_TEXT / 2] = "", number[WQ_ALARM_NAME];
	struct wording body = { body_text, sizeof body_text, 0 }, tail = { tail_text, sizeof tail_text - WQ_ALARM_NAME - 8, 0 };
	struct facts f = { .site = site, .change = change, .assist = assist };
	const struct wq_station *station = text_station(site, change);

	gather(&f);
	if (station != NULL && station->commissioning)
		wording_add(&body, "[TEST] ");
	wording_add(&body, "[%s] ", word_of(&f));
	kinds[change->kind].say(&body, &tail, &f);
	json_decref(f.evidence);
	tail.cap = sizeof tail_text;
	wording_add(&tail, "No. %s", wq_alarm_name(change->alarm, number));
	text_clean(body_text, out, WQ_NOTICE_TEXT - TEXT_MARK_ROOM - tail.length);
	text_clean(tail_text, out + strlen(out), WQ_NOTICE_TEXT - strlen(out));
}
