/* SPDX-License-Identifier: Apache-2.0 */
/* What the program says of itself, in English: the name of what it is about is the evidence's `about`, its counts are facts or
 * the value. Either may be missing of an alarm of an earlier life. */
#include "text_en.h"
#include "text_en_parts.h"

#include "wq/rule.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* " NAME" */
static void add_about(struct wording *line, const struct facts *f)
{
	if (en_text(f, "about")[0] != '\0')
		wording_add(line, " %s", en_text(f, "about"));
}

static void say_store(struct wording *line, const struct facts *f)
{
	(void)f;
	wording_add(line, "the history cannot be written; readings wait in memory, notices leave before");
}

/* "12 readings were" */
static void add_readings(struct wording *line, const struct facts *f)
{
	if (f->change->value >= 1)
		wording_add(line, "%.0f ", f->change->value);
	wording_add(line, "readings were ");
}

static void say_shed(struct wording *line, const struct facts *f)
{
	wording_add(line, "memory is full; ");
	add_readings(line, f);
	wording_add(line, "judged but not stored");
}

static void say_receipt(struct wording *line, const struct facts *f)
{
	wording_add(line, "storing is slow; ");
	add_readings(line, f);
	wording_add(line, "acknowledged before they were stored");
}

static void say_channel(struct wording *line, const struct facts *f)
{
	const double failing = f->change->value, all = en_fact(f, "channels");

	wording_add(line, "%s", en_text(f, "about")[0] != '\0' ? "channel" : "a channel of notices");
	add_about(line, f);
	wording_add(line, " does not deliver");
	if (isfinite(all))
		wording_add(line, failing < all ? "; notices go by other channels" : "; there is no other, somebody must watch");
}

static void say_maintenance(struct wording *line, const struct facts *f)
{
	const double over = en_fact(f, "over_minutes"), flagged = en_fact(f, "flagged_hours");

	if (f->item[0] != '\0')
		wording_add(line, "%s ", f->item);
	wording_add(line, "maintenance that nobody ended");
	if (isfinite(over)) {
		wording_add(line, ", overdue for ");
		en_hours(line, over / 60);
	} else if (isfinite(flagged)) {
		wording_add(line, ", flagged by the station for ");
		en_hours(line, flagged);
	}
}

/* " for 35 min", of a value in minutes. */
static void add_minutes(struct wording *line, const char *before, double minutes, const char *behind)
{
	if (!isfinite(minutes))
		return;
	wording_add(line, "%s", before);
	en_hours(line, minutes / 60);
	wording_add(line, "%s", behind);
}

static void say_uplink(struct wording *line, const struct facts *f)
{
	wording_add(line, "uplink");
	add_about(line, f);
	wording_add(line, " is behind");
	add_minutes(line, " by ", f->change->value, "");
	wording_add(line, "; all is stored and will be sent");
}

/* "25 alarms within 10 min, 12 lesser ones held back, the first W20260305-001" */
static void say_flood(struct wording *line, const struct facts *f)
{
	const double first = en_fact(f, "first_alarm"), held = en_fact(f, "held_back");
	char number[WQ_ALARM_NAME];

	wording_add(line, "too many alarms at once");
	if (isfinite(f->change->value) && isfinite(f->change->limit)) {
		wording_add(line, ": %.0f, more than %.0f", f->change->value, f->change->limit);
		add_minutes(line, " within ", en_fact(f, "within_minutes"), "");
	}
	if (first >= 1)
		wording_add(line, ", the first %s", wq_alarm_name((int64_t)first, number));
	if (held >= 1)
		wording_add(line, "; %.0f lesser ones not told", held);
	else
		wording_add(line, "; lesser ones are not told");
}

static void say_roster(struct wording *line, const struct facts *f)
{
	wording_add(line, "nobody is on duty by %s", en_text(f, "about")[0] != '\0' ? "roster" : "a roster");
	add_about(line, f);
	wording_add(line, "; everybody in it is told");
}

static void say_drill(struct wording *line, const struct facts *f)
{
	static const char list[] = "、";

	if (f->change->value >= 1)
		wording_add(line, "%.0f of the drill's messages did not pass", f->change->value);
	else
		wording_add(line, "the drill did not pass");
	for (const char *at = en_text(f, "about"), *next; *at != '\0'; at = next) {
		const char *stop = strstr(at, list);

		next = stop != NULL ? stop + sizeof list - 1 : at + strlen(at);
		wording_add(line, "%s%.*s", at == en_text(f, "about") ? ": " : ", ", (int)((stop != NULL ? stop : next) - at), at);
	}
}

static void say_ping(struct wording *line, const struct facts *f)
{
	wording_add(line, "pings to outside fail");
	add_minutes(line, " for ", f->change->value, "");
	wording_add(line, "; nobody there would notice that this gateway is dead");
}

/* ": yigan, nanheng", the first stations of what the alarm stands for. */
static void add_stations(struct wording *line, const struct facts *f)
{
	const json_t *row;
	char last[64] = "", name[120];
	size_t i, named = 0;

	json_array_foreach (json_object_get(f->evidence, "covered"), i, row) {
		const char *text = json_string_value(row);
		char id[sizeof last];

		if (text == NULL || named == 2)
			continue;
		snprintf(id, sizeof id, "%.*s", (int)strcspn(text, "/"), text);
		if (strcmp(id, last) == 0)
			continue;
		const uint32_t station = wq_site_station(f->site, id);
		const char *english = station < f->site->station_count ? f->site->stations[station].english : NULL;

		wording_add(line, "%s%s", named++ == 0 ? ": " : ", ", english != NULL ? en_name(english, name, sizeof name) : id);
		memcpy(last, id, sizeof last);
	}
	if (named > 0 && en_fact(f, "stations") > (double)named)
		wording_add(line, " and others");
}

static void say_bus(struct wording *line, const struct facts *f)
{
	const double stations = en_fact(f, "stations"), items = en_fact(f, "items");

	wording_add(line, "bus %s is down", f->rule + sizeof "wqd:bus:" - 1);
	add_minutes(line, " for ", en_fact(f, "down_minutes"), "");
	if (!(stations >= 1) || !(items >= 1))
		return;
	wording_add(line, "; no data of %.0f parameter%s at %.0f station%s", items, items >= 2 ? "s" : "", stations, stations >= 2 ? "s" : "");
	add_stations(line, f);
}

/* By the title's beginning: while it lasts, what it is in short, and when it is over. */
static const struct {
	const char *title;
	void (*say)(struct wording *line, const struct facts *f);
	const char *brief, *over;
} rows[] = {
	{ "wqd:store", say_store, "history not written", "the history is written again" },
	{ "wqd:shed", say_shed, "memory full", "readings are stored again" },
	{ "wqd:receipt", say_receipt, "storing slow", "readings are stored in time again" },
	{ "wqd:channel", say_channel, "channel down", "the channel delivers again" },
	{ "wqd:maintenance", say_maintenance, "maintenance not ended", "the maintenance is over" },
	{ "wqd:uplink", say_uplink, "uplink behind", "the uplinks have caught up" },
	{ WQ_FLOOD_RULE, say_flood, "alarm flood", "the alarm flood is over" },
	{ "wqd:roster", say_roster, "nobody on duty", "somebody is on duty again" },
	{ "wqd:drill", say_drill, "drill not passed", "the drill passed as a whole" },
	{ "wqd:ping", say_ping, "pings to outside fail", "pings to outside arrive again" },
	{ "wqd:bus:", say_bus, "bus down: ", "" },
};

static size_t row_of(const char *title)
{
	size_t i = 0;

	while (i < sizeof rows / sizeof *rows && strncmp(title, rows[i].title, strlen(rows[i].title)) != 0)
		i++;
	return i;
}

bool en_own(struct wording *line, const struct facts *f, bool over)
{
	const size_t i = row_of(f->rule);

	if (i == sizeof rows / sizeof *rows)
		return false;
	if (!over)
		rows[i].say(line, f);
	else if (rows[i].say == say_bus)
		wording_add(line, "bus %s serves again", f->rule + strlen(rows[i].title));
	else
		wording_add(line, "%s", rows[i].over);
	if (over && rows[i].say == say_flood && f->change->value >= 1)
		wording_add(line, ": %.0f alarms in all", f->change->value);
	return true;
}

const char *text_rule_en(const char *title, const char *kind, char *buf, size_t cap)
{
	static const struct {
		const char *kind, *brief;
	} kinds[] = { { "silent", "no data" }, { "event", "unusual water" }, { "daily", "class of the day" }, { "fall", "class fell" },
		{ "network", "several sections fell" } };
	const size_t i = row_of(title);

	snprintf(buf, cap, "%s", title);
	if (i < sizeof rows / sizeof *rows)
		snprintf(buf, cap, "%s%s", rows[i].brief, rows[i].say == say_bus ? title + strlen(rows[i].title) : "");
	for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
		if (strcmp(kind, kinds[k].kind) == 0)
			snprintf(buf, cap, "%s", kinds[k].brief);
	return buf;
}
