/* SPDX-License-Identifier: Apache-2.0 */
/* The evidence of a change as a JSON object: the rule with its settings, the limit and where it comes from, the arithmetic,
 * the newest readings and their neighbours: enough to draw the alarm and to argue it a year later. docs/store.md tells the
 * keys.
 *
 * Bounded: what must be there comes first; neighbours get what they need up to a bound; then readings, as many of the
 * newest as there is room for. */
#include "engine_parts.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Newest readings shown at most, and bytes that are kept free for as many. */
#define READINGS_SHOWN 24
#define READINGS_ROOM  1600
/* One reading, or one neighbour, takes at most this much; without it none is begun. */
#define READING_ROOM   96
#define NEIGHBOUR_ROOM 320

struct writer {
	char *buf;
	size_t used, cap;
	bool cut;
};

static void __attribute__((format(printf, 2, 3))) put(struct writer *w, const char *format, ...)
{
	va_list args;
	if (w->cut)
		return;
	va_start(args, format);
	int n = vsnprintf(w->buf + w->used, w->cap - w->used, format, args);
	va_end(args);
	if (n < 0 || (size_t)n >= w->cap - w->used) {
		w->buf[w->used] = '\0';
		w->cut = true;
	} else {
		w->used += (size_t)n;
	}
}

/* The same for what is there already: printf takes most of the time of evidence otherwise. */
static void put_plain(struct writer *w, const char *text)
{
	size_t n = strlen(text);
	if (w->cut)
		return;
	if (n >= w->cap - w->used) {
		w->buf[w->used] = '\0';
		w->cut = true;
		return;
	}
	memcpy(w->buf + w->used, text, n + 1);
	w->used += n;
}

/* There is room for it. */
static void put_char(struct writer *w, char c)
{
	if (w->cut)
		return;
	w->buf[w->used++] = c;
	w->buf[w->used] = '\0';
}

static void put_text(struct writer *w, const char *text)
{
	put_plain(w, "\"");
	for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++) {
		if (*c == '"' || *c == '\\')
			put(w, "\\%c", *c);
		else if (*c < 0x20)
			put(w, "\\u%04x", *c);
		else if (w->cap - w->used > 1)
			put_char(w, (char)*c);
		else
			w->cut = true;
	}
	put_plain(w, "\"");
}

static void put_number(struct writer *w, double value)
{
	char text[WQ_DECIMAL_TEXT];
	put_plain(w, isfinite(value) ? wq_value_format(value, text) : "null");
}

/* -- the rule -- */

static void put_key(struct writer *w, const char *separator, const char *key)
{
	put_plain(w, separator);
	put_plain(w, "\"");
	put_plain(w, key);
	put_plain(w, "\":");
}

static void put_span(struct writer *w, const char *key, wq_ms span, const char *separator)
{
	char text[WQ_INSTANT_TEXT];
	put_key(w, separator, key);
	put_plain(w, "\"");
	put_plain(w, wq_span_format(span, text));
	put_plain(w, "\"");
}

static const char *choice_name(const struct wq_option *row, int value)
{
	for (const struct wq_choice *c = row->choices; c != NULL && c->name != NULL; c++)
		if (c->value == value)
			return c->name;
	return NULL;
}

/* Whether it was given, or has a default; texts and lists only say where a rule applies. */
static bool has_value(const struct wq_option *row, const void *field)
{
	switch (row->type) {
	case WQ_OPT_NUMBER:
		return !isnan(*(const double *)field);
	case WQ_OPT_INTEGER:
		return *(const int64_t *)field != INT64_MIN;
	case WQ_OPT_SPAN:
		return *(const wq_ms *)field != WQ_NO_TIME;
	case WQ_OPT_CHOICE:
		return choice_name(row, *(const int *)field) != NULL;
	case WQ_OPT_SWITCH:
		return true;
	default:
		return false;
	}
}

static void put_setting(struct writer *w, const struct wq_option *row, const void *field, const char *separator)
{
	if (row->type == WQ_OPT_SPAN) {
		put_span(w, row->key, *(const wq_ms *)field, separator);
		return;
	}
	put_key(w, separator, row->key);
	if (row->type == WQ_OPT_NUMBER)
		put_number(w, *(const double *)field);
	else if (row->type == WQ_OPT_INTEGER)
		put(w, "%" PRId64, *(const int64_t *)field);
	else if (row->type == WQ_OPT_SWITCH)
		put_plain(w, *(const bool *)field ? "true" : "false");
	else {
		put_plain(w, "\"");
		put_plain(w, choice_name(row, *(const int *)field));
		put_plain(w, "\"");
	}
}

/* The life's keys where they say something. */
static void put_life(struct writer *w, const struct wq_life *life, const char *separator)
{
	const struct {
		const char *key;
		wq_ms span;
	} spans[] = { { "on_delay", life->on_delay }, { "off_delay", life->off_delay }, { "hold", life->hold } };
	for (size_t i = 0; i < sizeof spans / sizeof *spans; i++) {
		if (spans[i].span == 0)
			continue;
		put_span(w, spans[i].key, spans[i].span, separator);
		separator = ",";
	}
	if (life->latch)
		put(w, "%s\"latch\":true", separator);
}

static void put_settings(struct writer *w, const struct wq_rule_use *use)
{
	const char *separator = "";
	put(w, ",\"settings\":{");
	for (const struct wq_option *row = use->rule->options; use->settings != NULL && row != NULL && row->key != NULL;
		row++) {
		const void *field = (const char *)use->settings + row->offset;
		if (!has_value(row, field))
			continue;
		put_setting(w, row, field, separator);
		separator = ",";
	}
	put_life(w, &use->life, separator);
	put(w, "}");
}

static const double *fact_of(const struct wq_verdict *verdict, const char *key)
{
	for (size_t i = 0; i < verdict->fact_count; i++)
		if (strcmp(verdict->facts[i].key, key) == 0)
			return &verdict->facts[i].value;
	return NULL;
}

/* By which limits the site judges: they may be its own; and where the limit is a class's, which class in what water. */
static void put_standard(struct writer *w, const struct wq_site *site, uint32_t station, const struct wq_verdict *verdict)
{
	const double *class_ = fact_of(verdict, "target_class");
	put_plain(w, ",\"standard\":{\"name\":");
	put_text(w, site->standard->name);
	put_plain(w, ",\"version\":");
	put_text(w, site->standard->version);
	if (class_ != NULL && station != WQ_NONE)
		put(w, ",\"class\":%d,\"water\":\"%s\"", (int)*class_,
			site->stations[station].water == WQ_LAKE ? "lake" : "river");
	put_plain(w, "}");
}

static void put_limit(struct writer *w, const struct wq_engine *engine, const struct slot *slot,
	const struct wq_verdict *verdict)
{
	put_plain(w, ",\"value\":");
	put_number(w, verdict->value);
	put_plain(w, ",\"limit\":");
	put_number(w, verdict->limit);
	put_standard(w, engine->site, alarms_station(engine, slot), verdict);
}

static void put_facts(struct writer *w, const struct wq_verdict *verdict)
{
	put(w, ",\"facts\":{");
	for (size_t i = 0; i < verdict->fact_count; i++) {
		put_plain(w, i > 0 ? ",\"" : "\"");
		put_plain(w, verdict->facts[i].key);
		put_plain(w, "\":");
		put_number(w, verdict->facts[i].value);
	}
	put(w, "}");
}

static void put_first(struct writer *w, const struct wq_engine *engine, const struct slot *slot)
{
	char name[WQ_ALARM_NAME];
	int64_t first = slot->alarm != NULL ? wq_engine_first(engine, slot->alarm) : 0;
	if (first == 0)
		return;
	if (first == slot->alarm->id)
		put(w, ",\"first\":true");
	else
		put(w, ",\"first\":\"%s\"", wq_alarm_name(first, name));
}

/* -- readings -- */

static const char *quality_of(const struct wq_reading *r)
{
	return wq_quality_name((enum wq_quality)r->quality);
}

static void put_reading(struct writer *w, const struct wq_zone *zone, const struct wq_reading *r, bool first)
{
	char at[WQ_INSTANT_TEXT];
	put_plain(w, first ? "[\"" : ",[\"");
	put_plain(w, wq_instant_format(zone, r->at, at));
	put_plain(w, "\",");
	put_number(w, r->value);
	put_plain(w, ",\"");
	put_plain(w, quality_of(r));
	put_plain(w, "\"]");
}

static void put_readings(struct writer *w, const struct wq_engine *engine, uint32_t series)
{
	const struct track *track = &engine->tracks[series];
	const struct wq_zone *zone = engine->site->stations[engine->site->series[series].station].zone;
	size_t shown = track->count < READINGS_SHOWN ? track->count : READINGS_SHOWN;
	size_t fits = w->cap - w->used > 32 ? (w->cap - w->used - 32) / READING_ROOM : 0;
	if (shown > fits)
		shown = fits;
	put(w, ",\"readings\":[");
	for (size_t i = track->count - shown; i < track->count; i++)
		put_reading(w, zone, &track->readings[i], i == track->count - shown);
	put(w, "]");
}

/* -- neighbours: what else was known at the station, upstream and downstream -- */

struct neighbours {
	struct writer *w;
	const struct wq_engine *engine;
	size_t count;
	size_t until; /* no neighbour is begun beyond this many bytes */
};

static void put_neighbour(struct neighbours *n, uint32_t series, const char *where)
{
	const struct wq_site *site = n->engine->site;
	const struct wq_reading *r = window_newest(&n->engine->tracks[series]);
	const struct wq_station *station = &site->stations[site->series[series].station];
	const struct wq_parameter *parameter = &site->parameters[site->series[series].parameter];
	char at[WQ_INSTANT_TEXT];
	if (r == NULL || n->w->used + NEIGHBOUR_ROOM > n->until)
		return;
	put_plain(n->w, n->count > 0 ? ",{\"where\":\"" : "{\"where\":\"");
	put_plain(n->w, where);
	put_plain(n->w, "\",\"station\":");
	put_text(n->w, station->id);
	put_plain(n->w, ",\"parameter\":");
	put_text(n->w, parameter->alias);
	put_plain(n->w, ",\"time\":\"");
	put_plain(n->w, wq_instant_format(station->zone, r->at, at));
	put_plain(n->w, "\",\"value\":");
	put_number(n->w, r->value);
	put_plain(n->w, ",\"unit\":");
	put_text(n->w, parameter->unit != NULL ? parameter->unit : "");
	put_plain(n->w, ",\"quality\":\"");
	put_plain(n->w, quality_of(r));
	put_plain(n->w, "\"}");
	n->count++;
}

/* Of another station: the same parameter, which tells where it comes from; all where the alarm is about no single one. */
static void put_station(struct neighbours *n, uint32_t station, uint32_t series, bool same, const char *where)
{
	const struct wq_site *site = n->engine->site;
	const struct wq_station *s = &site->stations[station];
	for (uint32_t i = s->first_series; i < s->first_series + s->series_count; i++)
		if (series == WQ_NONE || (site->series[i].parameter == site->series[series].parameter) == same)
			put_neighbour(n, i, where);
}

static void put_neighbours(struct writer *w, const struct wq_engine *engine, uint32_t station, uint32_t series)
{
	const struct wq_site *site = engine->site;
	struct neighbours n = { .w = w, .engine = engine, .until = w->cap - READINGS_ROOM };
	put(w, ",\"neighbours\":[");
	for (uint32_t i = 0; i < site->station_count; i++)
		if (site->stations[i].flows_into == station)
			put_station(&n, i, series, true, "upstream");
	if (site->stations[station].flows_into < site->station_count)
		put_station(&n, site->stations[station].flows_into, series, true, "downstream");
	put_station(&n, station, series, false, "here");
	put(w, "]");
}

/* What needs no alarm of its own while this one is open. */
static void put_covers(struct writer *w, const struct wq_engine *engine, const struct slot *slot, wq_ms now)
{
	char names[WQ_EVIDENCE_TEXT / 2];
	size_t count = suppress_covers(engine, slot, now, names, sizeof names);
	put(w, ",\"covers\":%zu,\"covered\":[%s]", count, names);
}

void evidence_write(const struct wq_engine *engine, const struct slot *slot, const struct wq_verdict *verdict, wq_ms now,
	char buf[WQ_EVIDENCE_TEXT])
{
	const struct wq_rule_use *use = &engine->site->rules[slot->use];
	uint32_t station = alarms_station(engine, slot);
	struct writer w = { .buf = buf, .cap = WQ_EVIDENCE_TEXT };
	put(&w, "{\"rule\":");
	put_text(&w, use->name);
	put(&w, ",\"kind\":\"%s\",\"hash\":\"%016" PRIx64 "\"", use->rule->name, use->hash);
	put_limit(&w, engine, slot, verdict);
	put_facts(&w, verdict);
	if (verdict->about[0] != '\0') {
		put(&w, ",\"about\":");
		put_text(&w, verdict->about);
	}
	put_settings(&w, use);
	put_first(&w, engine, slot);
	if (use->rule->parent)
		put_covers(&w, engine, slot, now);
	if (station != WQ_NONE)
		put_neighbours(&w, engine, station, verdict->series);
	if (verdict->series != WQ_NONE)
		put_readings(&w, engine, verdict->series);
	put(&w, "}");
	if (w.cut)
		snprintf(buf, WQ_EVIDENCE_TEXT, "{\"hash\":\"%016" PRIx64 "\",\"cut\":true}", use->hash);
}
