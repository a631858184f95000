/* SPDX-License-Identifier: Apache-2.0 */
/* What we ask of one station. */
#include "dialog.h"

#include <stdio.h>
#include <string.h>

static const struct {
	enum wq_hj212_kind kind;
	char cn[5];
	wq_ms most; /* asked for at once */
} asks[HJ212_ASKS] = {
	[HJ212_ASK_MINUTE] = { WQ_HJ212_MINUTE, "2051", WQ_HOURS(6) },
	[HJ212_ASK_HOUR] = { WQ_HJ212_HOUR, "2061", WQ_DAYS(7) },
	[HJ212_ASK_DAY] = { WQ_HJ212_DAY, "2031", WQ_DAYS(31) },
};

void hj212_dialog_init(struct hj212_dialog *dialog)
{
	memset(dialog, 0, sizeof *dialog);
	dialog->clock_set = WQ_NO_TIME;
	for (size_t i = 0; i < HJ212_ASKS; i++)
		dialog->gaps[i] = (struct hj212_gap){ .newest = WQ_NO_TIME, .from = WQ_NO_TIME };
}

static int index_of(enum wq_hj212_kind kind)
{
	for (int i = 0; i < HJ212_ASKS; i++)
		if (asks[i].kind == kind)
			return i;
	return -1;
}

static void close_gap(struct hj212_gap *gap)
{
	gap->from = WQ_NO_TIME;
	gap->rounds = 0;
}

static void open_gap(struct hj212_gap *gap, wq_ms from, wq_ms to, wq_ms span)
{
	if (from < to + 1000 - span)
		from = to + 1000 - span;
	if (from > to)
		return;
	if (gap->from == WQ_NO_TIME) {
		gap->from = from;
		gap->rounds = 0;
		gap->not_before = WQ_NO_TIME;
	}
	gap->to = to;
	/* What has become too old meanwhile is left. */
	if (gap->from < to + 1000 - span)
		gap->from = to + 1000 - span;
}

/* Learns how far apart records are; the whole of a gap may be no multiple of it. */
static void learn(struct hj212_gap *gap, wq_ms apart, wq_ms step)
{
	if (step > 0)
		gap->step = step;
	else if (apart == gap->last_step)
		gap->step = apart;
	gap->last_step = apart;
}

/* To a newest record of years ahead everything that comes would be old, and nothing would ever be lacking. */
static bool is_ahead(wq_ms at, wq_ms wall)
{
	return wall != WQ_NO_TIME && at > wall + HJ212_AHEAD;
}

/* One that was taken while our clock was not trusted, and what was asked for by it. */
static void forget_ahead(struct hj212_dialog *dialog, int index, wq_ms wall)
{
	struct hj212_gap *gap = &dialog->gaps[index];

	if (!is_ahead(gap->newest, wall))
		return;
	gap->newest = WQ_NO_TIME;
	close_gap(gap);
	if (dialog->asks == index)
		dialog->state = HJ212_QUIET;
}

void hj212_dialog_record(struct hj212_dialog *dialog, enum wq_hj212_kind kind, wq_ms at, wq_ms span, wq_ms step, wq_ms now,
	wq_ms wall)
{
	int index = index_of(kind);

	if (index < 0 || is_ahead(at, wall))
		return;
	struct hj212_gap *gap = &dialog->gaps[index];

	forget_ahead(dialog, index, wall);
	wq_ms apart = gap->newest != WQ_NO_TIME ? at - gap->newest : 0;

	if (dialog->state != HJ212_QUIET && dialog->asks == index && at <= dialog->asked_to) {
		dialog->got = true;
		dialog->state = HJ212_RUNNING;
		dialog->until = now + HJ212_RUN_FOR;
	}
	if (gap->newest != WQ_NO_TIME && apart <= 0)
		return;
	if (span > 0 && gap->newest == WQ_NO_TIME)
		open_gap(gap, at - span, at - 1000, span);
	if (gap->newest != WQ_NO_TIME) {
		wq_ms known = step > 0 ? step : gap->step;

		/* Both ends are there already, so they are not asked for. */
		if (span > 0 && known > 0 && apart > known + known / 2)
			open_gap(gap, gap->newest + 1000, at - 1000, span);
		learn(gap, apart, step);
	}
	gap->newest = at;
}

void hj212_dialog_clock(struct hj212_dialog *dialog, wq_ms now)
{
	if (dialog->clock_set == WQ_NO_TIME || now - dialog->clock_set >= HJ212_CLOCK_EVERY)
		dialog->wants_clock = true;
}

/* -- the request under way -- */

static void end_request(struct hj212_dialog *dialog, bool done, wq_ms now)
{
	struct hj212_gap *gap = dialog->asks >= 0 ? &dialog->gaps[dialog->asks] : NULL;

	dialog->state = HJ212_QUIET;
	if (gap == NULL || gap->from == WQ_NO_TIME)
		return;
	if (done) {
		gap->rounds = 0;
		gap->from = dialog->asked_to + 1000;
	} else {
		gap->rounds++;
		gap->not_before = now + HJ212_FAILED_REST;
	}
	if (gap->from > gap->to || gap->rounds >= HJ212_ROUNDS)
		close_gap(gap);
}

/* The number of an item of the content; -1: it has none. */
static long number_of(const struct wq_hj212_record *record, const char *name)
{
	for (size_t i = 0; i < record->count; i++) {
		const struct wq_hj212_item *item = &record->items[i];
		long value = 0;

		if (!wq_text_is(item->code, name) || item->value.length == 0 || item->value.length > 4)
			continue;
		for (size_t k = 0; k < item->value.length; k++) {
			if (item->value.at[k] < '0' || item->value.at[k] > '9')
				return -1;
			value = value * 10 + (item->value.at[k] - '0');
		}
		return value;
	}
	return -1;
}

#define READY   1   /* QnRtn */
#define DONE    1   /* ExeRtn */
#define NO_DATA 100 /* ExeRtn */

bool hj212_dialog_answer(struct hj212_dialog *dialog, const struct wq_hj212_record *record, wq_ms now)
{
	if (dialog->state == HJ212_QUIET || !wq_text_is(record->qn, dialog->qn))
		return false;
	if (wq_text_is(record->cn, "9011")) {
		if (number_of(record, "QnRtn") != READY) {
			end_request(dialog, false, now);
		} else if (dialog->state == HJ212_ASKED) {
			dialog->state = HJ212_RUNNING;
			dialog->until = now + HJ212_RUN_FOR;
		}
		return true;
	}
	if (!wq_text_is(record->cn, "9012"))
		return false;
	long result = number_of(record, "ExeRtn");

	end_request(dialog, result == DONE || result == NO_DATA, now);
	return true;
}

void hj212_dialog_lost(struct hj212_dialog *dialog)
{
	if (dialog->state != HJ212_QUIET && dialog->asks < 0)
		dialog->wants_clock = false; /* tomorrow, then */
	dialog->state = HJ212_QUIET;
}

/* -- a new request -- */

static bool begin(struct hj212_dialog *dialog, int index, wq_ms now, wq_ms wall, const struct wq_zone *zone)
{
	dialog->state = HJ212_ASKED;
	dialog->asks = index;
	dialog->tries = 0;
	dialog->got = false;
	dialog->until = now; /* to be sent at once */
	wq_hj212_qn(zone, wall, dialog->qn);
	return true;
}

static bool begin_next(struct hj212_dialog *dialog, wq_ms now, wq_ms wall, bool trusted, const struct wq_zone *zone)
{
	if (dialog->wants_clock && trusted) {
		dialog->wants_clock = false;
		dialog->clock_set = now;
		dialog->asked_to = WQ_NO_TIME;
		return begin(dialog, -1, now, wall, zone);
	}
	for (int i = 0; i < HJ212_ASKS; i++) {
		struct hj212_gap *gap = &dialog->gaps[i];

		if (gap->from == WQ_NO_TIME || (gap->not_before != WQ_NO_TIME && now < gap->not_before))
			continue;
		dialog->asked_to = gap->to - gap->from > asks[i].most ? gap->from + asks[i].most : gap->to;
		return begin(dialog, i, now, wall, zone);
	}
	return false;
}

static void word(const struct hj212_dialog *dialog, wq_ms wall, int time_command, const struct wq_zone *zone,
	struct hj212_request *request)
{
	char from[15], to[15];

	memcpy(request->qn, dialog->qn, sizeof request->qn);
	if (dialog->asks < 0) {
		snprintf(request->cn, sizeof request->cn, "%04u", (unsigned)time_command % 10000u);
		snprintf(request->content, sizeof request->content, "SystemTime=%s", wq_hj212_time(zone, wall, from));
		return;
	}
	memcpy(request->cn, asks[dialog->asks].cn, sizeof request->cn);
	snprintf(request->content, sizeof request->content, "BeginTime=%s;EndTime=%s",
		wq_hj212_time(zone, dialog->gaps[dialog->asks].from, from), wq_hj212_time(zone, dialog->asked_to, to));
}

bool hj212_dialog_due(struct hj212_dialog *dialog, wq_ms now, wq_ms wall, bool trusted, bool may_ask, int time_command,
	const struct wq_zone *zone, struct hj212_request *request)
{
	if (dialog->state == HJ212_RUNNING && now >= dialog->until)
		end_request(dialog, dialog->got, now);
	if (dialog->state == HJ212_QUIET && (!may_ask || !begin_next(dialog, now, wall, trusted, zone)))
		return false;
	if (dialog->state != HJ212_ASKED || now < dialog->until)
		return false;
	/* A clock that is no longer trusted is not told again. */
	if (dialog->tries == HJ212_TRIES || (dialog->asks < 0 && !trusted)) {
		end_request(dialog, false, now);
		return false;
	}
	dialog->tries++;
	dialog->until = now + HJ212_ASK_AGAIN;
	word(dialog, wall, time_command, zone, request);
	return true;
}
