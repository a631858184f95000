/* SPDX-License-Identifier: Apache-2.0 */
/* Names -> samples -> inbox, and the count of what became of them. */
#include "importer.h"

#include "clock.h"
#include "config/suggest.h"
#include "wq/err.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* 2100-01-01T00:00Z: whatever our own clock says, nothing was measured then. */
#define TIME_END INT64_C(4102444800000)

struct importer {
	const struct wq_site *site;
	struct inbox *inbox;
	struct receipts *receipts;
	pthread_mutex_t lock; /* what follows */
	pthread_cond_t freed;
	bool busy;             /* one piece at a time */
	uint32_t source;       /* whose batches after `after` count */
	uint64_t after;
	struct wq_fate fate;
	uint64_t last;         /* of our newest batch; whoever made it busy has it */
};

struct importer *importer_new(const struct wq_site *site, struct inbox *inbox, struct receipts *receipts, uint64_t last)
{
	struct importer *importer = calloc(1, sizeof *importer);
	if (importer == NULL)
		return NULL;
	importer->site = site;
	importer->inbox = inbox;
	importer->receipts = receipts;
	importer->last = last;
	pthread_mutex_init(&importer->lock, NULL);
	clock_condition(&importer->freed);
	return importer;
}

void importer_free(struct importer *importer)
{
	if (importer == NULL)
		return;
	pthread_cond_destroy(&importer->freed);
	pthread_mutex_destroy(&importer->lock);
	free(importer);
}

/* -- names -- */

static uint32_t find_station(const struct wq_site *site, const char *name)
{
	uint32_t found = wq_site_station(site, name);
	for (uint32_t i = 0; found == WQ_NONE && i < site->station_count; i++)
		if (strcmp(site->stations[i].name, name) == 0)
			found = i;
	return found;
}

static uint32_t no_station(const struct wq_site *site, const char *name, struct wq_err *err)
{
	struct suggest names = { .wanted = name };
	char end[SUGGEST_TEXT];
	for (uint32_t i = 0; i < site->station_count; i++) {
		suggest_offer(&names, site->stations[i].id);
		suggest_offer(&names, site->stations[i].name);
	}
	wq_fail(err, WQ_E_MISSING, "there is no station \"%.63s\"%s", name, suggest_end(&names, end));
	return WQ_NONE;
}

bool importer_time_is_one(wq_ms at)
{
	return at >= 0 && at < TIME_END;
}

/* The series a value belongs to; WQ_NONE with why it is not taken. */
static uint32_t find_series(const struct wq_site *site, const struct wq_named *value, wq_ms latest, struct wq_err *err)
{
	uint32_t station = find_station(site, value->station);
	char when[WQ_INSTANT_TEXT];
	if (station == WQ_NONE)
		return no_station(site, value->station, err);
	uint32_t series = value->parameter < site->parameter_count ? wq_site_series(site, station, value->parameter) : WQ_NONE;
	if (series == WQ_NONE) {
		wq_fail(err, WQ_E_MISSING, "station %.63s does not measure %s (no point of its is %s)", value->station,
			value->parameter < site->parameter_count ? site->parameters[value->parameter].name : "it",
			value->parameter < site->parameter_count ? site->parameters[value->parameter].alias : "it");
		return WQ_NONE;
	}
	if (!importer_time_is_one(value->at)) {
		wq_fail(err, WQ_E_INVALID, "a time before 1970 or after 2099 (UTC) is none");
		return WQ_NONE;
	}
	if (value->at <= latest)
		return series;
	wq_fail(err, WQ_E_INVALID, "%s lies in the future",
		wq_instant_format(site->stations[station].zone, value->at, when));
	return WQ_NONE;
}

/* -- one piece -- */

struct piece {
	struct importer *importer;
	uint32_t source;
	const struct wq_import *origin;
	wq_ms until; /* boot clock */
	struct wq_sample samples[WQ_NAMED_MAX];
	size_t count;
};

/* Values of one station and time are one batch, as a poll's are. */
static size_t run_of(const struct piece *piece, size_t first)
{
	const struct wq_series *series = piece->importer->site->series;
	const struct wq_sample *s = piece->samples;
	size_t n = first + 1;
	while (n < piece->count && s[n].at == s[first].at && series[s[n].series].station == series[s[first].series].station)
		n++;
	return n - first;
}

static int put(struct piece *piece)
{
	struct importer *importer = piece->importer;
	for (size_t i = 0, n; i < piece->count; i += n) {
		wq_ms left = piece->until - clock_boot();
		n = run_of(piece, i);
		int r = inbox_put_import(importer->inbox, piece->source, clock_now(), clock_trusted(), piece->origin,
			piece->samples + i, n, left > 0 ? left : 0, &importer->last);
		if (r < 0)
			return r;
	}
	return 0;
}

/* The file's time is that of the measurement: it identifies the analysis, whatever its value is. So the same file given
 * twice changes nothing, however much came in between. */
static void resolve(struct piece *piece, const struct wq_named *values, size_t count,
	void (*refused)(void *to, size_t index, const char *why), void *to, struct wq_fate *fate)
{
	const struct wq_site *site = piece->importer->site;
	wq_ms latest = clock_trusted() ? clock_now() + site->evaluation.future_tolerance : INT64_MAX;
	for (size_t i = 0; i < count; i++) {
		struct wq_err err;
		uint32_t series = find_series(site, &values[i], latest, &err);
		if (series == WQ_NONE) {
			fate->refused++;
			refused(to, i, err.text);
			continue;
		}
		struct wq_sample *sample = &piece->samples[piece->count++];
		*sample = (struct wq_sample){ .series = series, .quality = WQ_UNCHECKED, .stamp = WQ_STAMP_ANALYSER,
			.at = values[i].at, .value = values[i].value };
		memcpy(sample->flag, values[i].flag, sizeof sample->flag);
	}
}

/* Waits for its turn, until `deadline` at most; from then on what becomes of our batches is counted. */
static bool begin(struct importer *importer, uint32_t source, const struct timespec *deadline)
{
	int waited = 0;
	pthread_mutex_lock(&importer->lock);
	while (importer->busy && waited == 0)
		waited = pthread_cond_timedwait(&importer->freed, &importer->lock, deadline);
	bool ours = !importer->busy;
	if (ours) {
		importer->busy = true;
		importer->source = source;
		importer->after = importer->last;
		importer->fate = (struct wq_fate){ 0 };
	}
	pthread_mutex_unlock(&importer->lock);
	return ours;
}

static void finish(struct importer *importer, struct wq_fate *fate)
{
	pthread_mutex_lock(&importer->lock);
	importer->busy = false;
	fate->taken += importer->fate.taken;
	fate->repeated += importer->fate.repeated;
	fate->revised += importer->fate.revised;
	pthread_cond_signal(&importer->freed);
	pthread_mutex_unlock(&importer->lock);
}

int importer_take(struct importer *importer, uint32_t source, const struct wq_import *origin, const struct wq_named *values,
	size_t count, void (*refused)(void *to, size_t index, const char *why), void *to, struct wq_fate *fate)
{
	struct timespec until = clock_deadline(IMPORTER_PATIENCE);
	struct wq_fate own = { 0 };
	if (count > WQ_NAMED_MAX)
		return WQ_E_INVALID;
	struct piece *piece = malloc(sizeof *piece);
	if (piece == NULL)
		return WQ_E_MEMORY;
	piece->importer = importer;
	piece->source = source;
	piece->origin = origin;
	piece->until = clock_boot() + IMPORTER_PATIENCE;
	piece->count = 0;
	resolve(piece, values, count, refused, to, &own);
	int r = piece->count > 0 && !begin(importer, source, &until) ? WQ_E_TIMEOUT : 0;
	if (r == 0 && piece->count > 0) {
		r = put(piece);
		wq_ms left = piece->until - clock_boot();
		if (r == 0)
			r = receipts_wait(importer->receipts, importer->last, left > 0 ? left : 0);
		finish(importer, &own);
	}
	free(piece);
	if (r < 0)
		return r;
	fate->taken += own.taken;
	fate->repeated += own.repeated;
	fate->revised += own.revised;
	fate->refused += own.refused;
	return 0;
}

/* -- what became of them -- */

static void count_one(struct importer *importer, uint32_t source, uint64_t sequence, uint8_t became)
{
	size_t *const counts[] = { [WQ_RECORD_NEW] = &importer->fate.taken, [WQ_RECORD_REPEAT] = &importer->fate.repeated,
		[WQ_RECORD_REVISION] = &importer->fate.revised };
	if (source == importer->source && sequence > importer->after && became < sizeof counts / sizeof *counts)
		++*counts[became];
}

void importer_committed(struct importer *importer, const struct commit_group *group)
{
	if (importer == NULL || group->import_count == 0)
		return;
	pthread_mutex_lock(&importer->lock);
	for (size_t i = 0; importer->busy && i < group->outcome.sample_count; i++) {
		const struct wq_stored *s = &group->outcome.samples[i];
		count_one(importer, s->source, s->sequence, s->became);
	}
	for (size_t i = 0; importer->busy && i < group->manual_count; i++) {
		const struct store_manual *m = &group->manuals[i];
		count_one(importer, m->source, m->sequence, m->became);
	}
	pthread_mutex_unlock(&importer->lock);
}
