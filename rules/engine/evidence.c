/* SPDX-License-Identifier: Apache-2.0 */
/* The evidence of a change as a JSON object: rule, its hash, the numbers and the newest readings, enough
 * to argue the alarm later. Bounded: readings are left out, oldest first, when room runs short. */
#include "engine_parts.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Newest readings shown at most. */
#define READINGS_SHOWN 24

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

static void put_text(struct writer *w, const char *text)
{
	put_plain(w, "\"");
	for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++) {
		if (*c == '"' || *c == '\\')
			put(w, "\\%c", *c);
		else if (*c < 0x20)
			put(w, "\\u%04x", *c);
		else
			put_plain(w, (const char[]){ (char)*c, '\0' });
	}
	put_plain(w, "\"");
}

/* By which limits it was judged: they may be the site's own. */
static void put_standard(struct writer *w, const struct wq_standard *standard)
{
	put(w, ",\"standard\":{\"name\":");
	put_text(w, standard->name);
	put(w, ",\"version\":");
	put_text(w, standard->version);
	put(w, "}");
}

static void put_number(struct writer *w, double value)
{
	char text[WQ_DECIMAL_TEXT];
	put_plain(w, isfinite(value) ? wq_value_format(value, text) : "null");
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

static void put_reading(struct writer *w, const struct wq_zone *zone, const struct wq_reading *r, bool first)
{
	char at[WQ_INSTANT_TEXT];
	put_plain(w, first ? "[\"" : ",[\"");
	put_plain(w, wq_instant_format(zone, r->at, at));
	put_plain(w, "\",");
	put_number(w, r->value);
	put_plain(w, r->quality == WQ_SUSPECT ? ",\"suspect\"]" : "]");
}

static void put_readings(struct writer *w, const struct wq_engine *engine, uint32_t series)
{
	const struct track *track = &engine->tracks[series];
	const struct wq_zone *zone = engine->site->stations[engine->site->series[series].station].zone;
	size_t shown = track->count < READINGS_SHOWN ? track->count : READINGS_SHOWN;
	/* "]}" must still fit behind the last reading; one takes at most this much. */
	const size_t each = 96;
	size_t fits = w->cap - w->used > 32 ? (w->cap - w->used - 32) / each : 0;
	if (shown > fits)
		shown = fits;
	put(w, ",\"readings\":[");
	for (size_t i = track->count - shown; i < track->count; i++)
		put_reading(w, zone, &track->readings[i], i == track->count - shown);
	put(w, "]");
}

void evidence_write(const struct wq_engine *engine, const struct slot *slot, const struct wq_verdict *verdict,
	char buf[WQ_EVIDENCE_TEXT])
{
	const struct wq_rule_use *use = &engine->site->rules[slot->use];
	struct writer w = { .buf = buf, .cap = WQ_EVIDENCE_TEXT };
	put(&w, "{\"rule\":");
	put_text(&w, use->name);
	put(&w, ",\"kind\":\"%s\",\"hash\":\"%016" PRIx64 "\"", use->rule->name, use->hash);
	put_standard(&w, engine->site->standard);
	put(&w, ",\"value\":");
	put_number(&w, verdict->value);
	put(&w, ",\"limit\":");
	put_number(&w, verdict->limit);
	put_facts(&w, verdict);
	if (verdict->series != WQ_NONE)
		put_readings(&w, engine, verdict->series);
	put(&w, "}");
	if (w.cut)
		snprintf(buf, WQ_EVIDENCE_TEXT, "{\"hash\":\"%016" PRIx64 "\",\"cut\":true}", use->hash);
}
