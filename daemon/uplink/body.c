/* SPDX-License-Identifier: Apache-2.0 */
/* Records as JSON. */
#include "body.h"

#include "wq/decimal.h"
#include "wq/verdict.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A text that grows up to its cap; longer ones are remembered as too long. */
struct text {
	char *buf;
	size_t cap, length;
	bool cut;
};

static void put_bytes(struct text *t, const char *bytes, size_t count)
{
	if (t->cut || count > t->cap - t->length) {
		t->cut = true;
		return;
	}
	memcpy(t->buf + t->length, bytes, count);
	t->length += count;
}

static void put(struct text *t, const char *text)
{
	put_bytes(t, text, strlen(text));
}

static void put_format(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void put_format(struct text *t, const char *format, ...)
{
	char buf[128];
	va_list args;
	va_start(args, format);
	int n = vsnprintf(buf, sizeof buf, format, args);
	va_end(args);
	put_bytes(t, buf, n > 0 ? (size_t)n < sizeof buf ? (size_t)n : sizeof buf - 1 : 0);
}

/* A JSON string. What the store holds is UTF-8. */
static void put_string(struct text *t, const char *text)
{
	put(t, "\"");
	for (const char *from = text; *from != '\0';) {
		size_t plain = 0;
		while ((unsigned char)from[plain] >= 0x20 && from[plain] != '"' && from[plain] != '\\')
			plain++;
		put_bytes(t, from, plain);
		from += plain;
		if (*from == '"' || *from == '\\')
			put_format(t, "\\%c", *from++);
		else if (*from != '\0')
			put_format(t, "\\u%04x", (unsigned char)*from++);
	}
	put(t, "\"");
}

static void put_member(struct text *t, const char *name, const char *value)
{
	put_format(t, ",\"%s\":", name);
	put_string(t, value);
}

/* The shortest decimal: a double's nearest text, never 0.15300000000000002. */
static void put_number(struct text *t, const char *name, double value)
{
	char text[WQ_DECIMAL_TEXT];
	put_format(t, ",\"%s\":%s", name, isfinite(value) ? wq_value_format(value, text) : "null");
}

static void put_time(struct text *t, const char *name, const struct wq_zone *zone, wq_ms at)
{
	char text[WQ_INSTANT_TEXT];
	if (at == WQ_NO_TIME)
		put_format(t, ",\"%s\":null", name);
	else
		put_member(t, name, wq_instant_format(zone, at, text));
}

static void put_flag(struct text *t, const char *name, bool yes)
{
	put_format(t, ",\"%s\":%s", name, yes ? "true" : "false");
}

static size_t finished(const struct text *t)
{
	return t->cut ? 0 : t->length;
}

/* -- readings -- */

static void put_reading(struct text *t, const struct backlog_reading *r)
{
	static const char *const stamps[] = { "arrival", "station", "analyser" };
	put_string(t, r->alias);
	put(t, ":{\"code\":");
	put_string(t, r->code);
	put_number(t, "value", r->value);
	put_member(t, "unit", r->unit);
	put_member(t, "quality", wq_quality_name(r->quality));
	put_member(t, "stamp", r->stamp <= WQ_STAMP_ANALYSER ? stamps[r->stamp] : "");
	if (r->flag[0] != '\0')
		put_member(t, "flag", r->flag);
	put_format(t, ",\"revision\":%" PRIu32, r->revision);
	put_flag(t, "late", r->late);
	put(t, "}");
}

size_t body_readings(const struct backlog_record *record, uint64_t incarnation, const struct wq_zone *zone, char *buf,
	size_t cap)
{
	struct text t = { .buf = buf, .cap = cap };
	put(&t, "{\"format\":1,\"kind\":\"readings\"");
	put_member(&t, "station", record->station);
	put_format(&t, ",\"incarnation\":\"%016" PRIx64 "\",\"sequence\":%" PRIu64, incarnation, record->place.sequence);
	put_time(&t, "time", zone, record->place.at);
	put_flag(&t, "last", record->last);
	put_time(&t, "received", zone, record->received);
	put_flag(&t, "trusted", record->trusted);
	put_member(&t, "source", record->count > 0 ? record->readings[0].source : "");
	put(&t, ",\"values\":{");
	for (size_t i = 0; i < record->count; i++) {
		put(&t, i > 0 ? "," : "");
		put_reading(&t, &record->readings[i]);
	}
	put(&t, "}}");
	return finished(&t);
}

/* -- notes -- */

const char *body_note_kind(const struct backlog_note *note)
{
	return note->kind == BACKLOG_CHANGE ? "change" : "day";
}

static void put_change(struct text *t, const struct backlog_note *n, const struct wq_zone *zone)
{
	char name[WQ_ALARM_NAME];
	put_member(t, "alarm", wq_alarm_name(n->alarm, name));
	put_format(t, ",\"number\":%" PRIu32, n->number);
	put_member(t, "change", wq_change_name(n->change));
	put_member(t, "rule", n->rule);
	put_member(t, "parameter", n->parameter);
	put_member(t, "level", wq_level_name(n->level));
	put_time(t, "time", zone, n->time);
	put_time(t, "decided", zone, n->decided);
	put_number(t, "value", n->value);
	put_number(t, "limit", n->limit);
	put_member(t, "text", n->text);
	put_member(t, "who", n->who);
	put_member(t, "said", n->note);
	put_member(t, "cause", n->cause);
	put_member(t, "action", n->action);
	put_member(t, "hushed", wq_hush_name(n->hush));
	/* Written by the engine as an object. */
	put(t, ",\"evidence\":");
	put(t, n->evidence[0] == '{' ? n->evidence : "null");
}

static void put_judged(struct text *t, const struct backlog_item *item)
{
	put_format(t, "\"class\":%d", item->class_);
	put_member(t, "verdict", wq_day_verdict_name(item->verdict));
	put_format(t, ",\"valid\":%" PRId32 ",\"expected\":%" PRId32, item->valid, item->expected);
}

static void put_day(struct text *t, const struct backlog_note *n)
{
	char day[WQ_INSTANT_TEXT];
	const char *between = "";
	put_member(t, "day", wq_day_format(n->day, day));
	put_format(t, ",\"revision\":%" PRIu32, n->revision);
	for (size_t i = 0; i < n->count; i++)
		if (n->items[i].code[0] == '\0') {
			put(t, ",");
			put_judged(t, &n->items[i]);
		}
	put(t, ",\"items\":{");
	for (size_t i = 0; i < n->count; i++) {
		if (n->items[i].code[0] == '\0')
			continue;
		put(t, between);
		between = ",";
		put_string(t, n->items[i].alias);
		put(t, ":{");
		put_judged(t, &n->items[i]);
		put_member(t, "code", n->items[i].code);
		put_number(t, "mean", n->items[i].mean);
		put_number(t, "exceedance", n->items[i].exceedance);
		put(t, "}");
	}
	put(t, "}");
}

size_t body_note(const struct backlog_note *note, uint64_t incarnation, const struct wq_zone *zone, char *buf, size_t cap)
{
	struct text t = { .buf = buf, .cap = cap };
	put_format(&t, "{\"format\":1,\"kind\":\"%s\"", body_note_kind(note));
	put_member(&t, "station", note->station);
	put_format(&t, ",\"incarnation\":\"%016" PRIx64 "\",\"note\":%" PRId64 ",\"after\":%" PRIu64, incarnation, note->seq,
		note->sequence);
	if (note->kind == BACKLOG_CHANGE)
		put_change(&t, note, zone);
	else
		put_day(&t, note);
	put(&t, "}");
	return finished(&t);
}
