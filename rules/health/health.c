/* SPDX-License-Identifier: Apache-2.0 */
/* health: whether an instrument measures.
 *
 * Says of each sample, before any other rule sees it, whether it is to be trusted (on_sample), and tells a device that is not to
 * be, once, with its reason. Values are judged in the order of their stamps; what comes out of order stays as it is.
 *
 * Quality (the first that holds is stored as `test`): outside the plausible range bad (not by this rule); unchanged for
 * flat_suspect, copied, coarse, regular, after a gap, a spike, outside what is usual or of the season, a jump, impossible
 * beside another parameter, far off from the neighbours: suspect. A suspect reading stays among those that are judged: what
 * that means to each rule is the table in docs/rules.md. A spike, a jump and what comes out of what is usual are shown suspect at once;
 * when the next reading is not back they are good after all (a judgement of the reading before). A spike, a jump or an unusual value is none while
 * another parameter of the station jumps with it.
 *
 * Alarm about the device:
 *   unchanged for flat_fail; copied, coarse, regular; `confirm` in a row out of range, or
 *   impossible beside another (told of total nitrogen and oxygen)                               RAISE level
 *   a value only carried forward, no cycle configured or a shorter one                           RAISE info
 *   `confirm` readings without any of these                                                      CLEAR
 *   in between                                                                                   RAISE, as it was
 * With level none nothing is told. Of samples that are no readings (bad) it is told by a tick. */
#include "health.h"

#include "parts.h"

#include "wq/parameter.h"

#include <math.h>
#include <string.h>

#define ALIGNED(size) (((size) + _Alignof(max_align_t) - 1) / _Alignof(max_align_t) * _Alignof(max_align_t))

static size_t state_size(const void *settings)
{
	const struct wq_health_settings sized = health_sized(settings);

	return ALIGNED(sizeof(struct health_state)) + wq_health_size(&sized);
}

static struct wq_health *health_of(struct health_state *st)
{
	return (struct wq_health *)(void *)((char *)st + ALIGNED(sizeof *st));
}

/* What is usual is known after so many readings; flat needs its span. Of what is measured rarely a few dozen do: all series of the
 * site are read back as far as the one that asks for most. */
static wq_ms memory(const void *settings, wq_ms interval)
{
	const struct health_section *s = settings;
	const wq_ms usual = s->memory * interval < WQ_DAYS(10) ? s->memory * interval : WQ_DAYS(10);
	const wq_ms flat = s->flat_fail != WQ_NO_TIME ? s->flat_fail : WQ_HOURS(96);

	return usual > flat ? usual : flat;
}

/* What was learnt is true whatever the clock says. */
static void forget(struct health_state *st, const struct health_section *s)
{
	memset((char *)st + sizeof st->learnt, 0, state_size(s) - sizeof st->learnt);
}

/* -- one sample -- */

/* What a test before the others found; on the way to a judgement. */
struct finding {
	uint8_t test; /* NONE: good so far */
	bool waits;   /* it is a spike unless the next one is not back */
	bool failed;  /* flat for long enough to be told */
};

/* A jump that the reading before made is confirmed when this one is nearer to it than to where it came from. */
static size_t settle_jump(struct health_state *st, double value, struct wq_judgement *out)
{
	const struct jump jump = st->jump;

	st->jump.there = false;
	if (!jump.there || fabs(value - jump.before) < fabs(value - jump.value))
		return 0;
	*out = (struct wq_judgement){ jump.at, jump.value, WQ_GOOD, WQ_HEALTH_NONE };
	return 1;
}

static bool jumped(const struct health_state *st, wq_ms at, double value)
{
	const double steps = fmax(1, (double)(at - st->known) / (double)WQ_HOURS(4));
	const double most = st->usual.share ? st->usual.rate * fabs(st->value) : st->usual.rate;

	/* Back to where a jump came from is none. */
	return st->known > 0 && fabs(value - st->value) > most * steps && fabs(value - st->base) > most * steps; /* false beside NaN */
}

static bool out_of_season(const struct health_section *s, const struct wq_view *view, wq_ms at, double value)
{
	double low, high;

	return s->season.count > 0 && health_season(&s->season, wq_view_station(view)->zone, at, &low, &high) &&
		(value < low || value > high);
}

/* Tests that health.c of the room `validate` does not make. */
static uint8_t look_beside(struct health_state *st, const struct health_section *s, const struct wq_view *view, wq_ms at,
	double value, bool crossed, bool copied)
{
	if (copied)
		return WQ_HEALTH_COPIED;
	if (crossed)
		return WQ_HEALTH_CROSS;
	if (unusual_is(st, s, at, value))
		return WQ_HEALTH_UNUSUAL;
	if (out_of_season(s, view, at, value))
		return WQ_HEALTH_SEASON;
	if (jumped(st, at, value))
		return WQ_HEALTH_RATE;
	return doubts_neighbour(s, view, value) ? WQ_HEALTH_NEIGHBOUR : WQ_HEALTH_NONE;
}

/* What is moving with other parameters is the water's. */
static bool excusable(uint8_t test)
{
	return test == WQ_HEALTH_SPIKE || test == WQ_HEALTH_RATE || test == WQ_HEALTH_UNUSUAL;
}

static void note_reason(struct health_state *st, const struct health_section *s, uint8_t reason, wq_ms at, double value)
{
	if (reason != REASON_NONE) {
		st->calm = 0;
		if (st->reason != reason) {
			st->reason = reason;
			st->since = at;
		}
		st->shown = value;
	} else if (st->calm < UINT16_MAX)
		st->calm++;
	if (st->calm >= s->confirm || (st->reason == REASON_NONE && st->calm > 0))
		st->reason = REASON_NONE;
	/* With a cycle configured its repeats do not come here: what still repeats has a longer one. */
	if (st->reason == REASON_NONE && s->carried &&
		(st->cycle = carried_cycle(&st->carried)) > st->settings.cycle + st->settings.cycle / 2)
		st->reason = REASON_CARRIED;
}

static uint8_t reason_of(const struct health_state *st, const struct health_section *s, const struct finding *found)
{
	static const uint8_t reasons[WQ_HEALTH_TESTS] = { [WQ_HEALTH_COPIED] = REASON_COPIED,
		[WQ_HEALTH_COARSE] = REASON_COARSE,
		[WQ_HEALTH_REGULAR] = REASON_REGULAR };

	if (found->failed)
		return REASON_FLAT;
	if (st->crossed >= s->confirm)
		return REASON_CROSS;
	return reasons[found->test];
}

/* Both of a pair are suspect; told is the one of which the other is a part or a condition. */
static void count_crossed(struct health_state *st, const struct wq_view *view, bool crossed)
{
	const char *alias = wq_view_parameter(view)->alias;
	const bool told = strcmp(alias, "tn") == 0 || strcmp(alias, "do") == 0;

	st->crossed = !crossed || !told ? 0 : (uint16_t)(st->crossed + (st->crossed < UINT16_MAX));
}

/* The tests of wq/health.h; what they make final of a reading before becomes a judgement. */
static size_t test_alone(struct health_state *st, const struct wq_reading *sample, double value, struct finding *found,
	struct wq_judgement *out)
{
	struct wq_health_verdict verdicts[WQ_HEALTH_VERDICTS];
	const size_t count = wq_health_next(health_of(st), &st->settings, sample->at, value, false, NAN, verdicts);
	size_t judged = 0;

	*found = (struct finding){ .test = WQ_HEALTH_SPIKE, .waits = true };
	for (size_t i = 0; i < count; i++) {
		const struct wq_health_verdict *v = &verdicts[i];

		if (v->at == sample->at)
			*found = (struct finding){ .test = v->test,
				.failed = v->test == WQ_HEALTH_FLAT && v->flag == WQ_QC_FAIL };
		else if (v->flag == WQ_QC_GOOD && judged == 0)
			out[judged++] = (struct wq_judgement){ v->at, v->value, WQ_GOOD, WQ_HEALTH_NONE };
	}
	return judged;
}

/* A reading of the water, or what passes for one. */
static size_t judge_reading(struct health_state *st, const struct health_section *s, const struct wq_view *view,
	const struct wq_reading *sample, struct wq_judgement out[WQ_JUDGEMENTS])
{
	struct finding found;
	size_t count = test_alone(st, sample, sample->value, &found, out);
	const bool crossed = doubts_cross(st, s, view, sample->at, sample->value);
	const bool copied = doubts_copied(st, s, view, sample->at, sample->value);
	bool jump;

	if (count == 0)
		count = settle_jump(st, sample->value, out);
	st->jump.there = false;
	learns_apply(st, s);
	unusual_count(st, sample->at, sample->value);
	if (found.test == WQ_HEALTH_NONE)
		found.test = look_beside(st, s, view, sample->at, sample->value, crossed, copied);
	jump = found.test == WQ_HEALTH_SPIKE || unusual_waits(s, found.test, sample->value);
	if (s->coherent && excusable(found.test) && doubts_coherent(view, sample->at))
		found.test = WQ_HEALTH_NONE;
	if (unusual_waits(s, found.test, sample->value))
		st->jump = (struct jump){ true, sample->at, sample->value, st->value };
	count_crossed(st, view, crossed);
	st->ranged = 0;
	if (s->carried)
		carried_next(&st->carried, sample->at, sample->value);
	st->value = sample->value;
	/* One that was excused is one all the same: back from it is no jump. */
	if (!jump)
		st->base = sample->value;
	st->known = sample->at;
	note_reason(st, s, reason_of(st, s, &found), sample->at, sample->value);
	if (s->learn_after > 0 && unusual_teaches(st, found.test, wq_view_alarmed(view), sample->at))
		learns_take(&st->learnt, sample->at, sample->value);
	out[count++] = (struct wq_judgement){ sample->at, sample->value,
		found.test != WQ_HEALTH_NONE ? WQ_SUSPECT : WQ_GOOD, found.test };
	return count;
}

/* Out of its plausible range, or no value: no level for the next one to come back from. */
static size_t judge_failure(struct health_state *st, const struct health_section *s, const struct wq_reading *sample,
	struct wq_judgement out[WQ_JUDGEMENTS])
{
	struct finding found;
	const bool missing = sample->quality == WQ_MISSING;
	size_t count = test_alone(st, sample, NAN, &found, out);

	if (missing)
		return count;
	st->ranged = (uint16_t)(st->ranged + (st->ranged < UINT16_MAX));
	note_reason(st, s, st->ranged >= s->confirm ? REASON_RANGE : REASON_NONE, sample->at, sample->value);
	if (st->ranged < s->confirm)
		st->calm = 0;
	out[count++] = (struct wq_judgement){ sample->at, sample->value, sample->quality, WQ_HEALTH_RANGE };
	return count;
}

static size_t on_sample(void *state, const void *settings, const struct wq_view *view, const struct wq_reading *sample,
	struct wq_judgement out[WQ_JUDGEMENTS])
{
	const struct health_section *s = settings;
	struct health_state *st = state;
	const wq_ms latest = wq_view_now(view) + wq_view_site(view)->evaluation.future_tolerance;
	const bool bad = sample->quality == WQ_BAD;

	/* The clock was set back: what was judged ahead of it is no past. */
	if (st->last > latest)
		forget(st, s);
	if (!st->ready)
		health_prepare(st, s, view);
	if (sample->at > latest || sample->at <= st->last)
		return 0;
	/* The station's own flag says what is wrong. */
	if (bad && sample->value >= st->settings.low && sample->value <= st->settings.high)
		return 0;
	st->late = wq_view_now(view) - sample->at > wq_view_series(view)->late_after;
	st->last = sample->at;
	return bad || sample->quality == WQ_MISSING ? judge_failure(st, s, sample, out) : judge_reading(st, s, view, sample, out);
}

/* -- the device -- */

static void state_facts(struct wq_verdict *out, const struct health_state *st, const struct health_section *s)
{
	wq_verdict_fact(out, "reason", st->reason);
	if (st->reason == REASON_FLAT)
		wq_verdict_fact(out, "unchanged_hours", (double)(st->last - st->since + st->settings.flat_fail) / 3600e3);
	else if (st->reason == REASON_CROSS)
		wq_verdict_fact(out, "other", st->other);
	else if (st->reason == REASON_CARRIED)
		wq_verdict_fact(out, "cycle_hours", (double)st->cycle / 3600e3);
	else if (st->reason != REASON_RANGE)
		wq_verdict_fact(out, "looked_at", (double)s->trust);
}

static bool judge(const struct health_state *st, const struct health_section *s, const struct wq_view *view,
	struct wq_verdict *out)
{
	if (st->last == 0 || s->level == WQ_LEVEL_NONE)
		return false;
	out->series = wq_view_place(view);
	out->at = st->last;
	out->value = st->reason == REASON_RANGE ? st->shown : st->known > 0 ? st->value : (double)NAN;
	out->finding = st->reason == REASON_NONE ? WQ_FINDING_CLEAR : WQ_FINDING_RAISE;
	out->level = st->reason == REASON_CARRIED ? WQ_LEVEL_INFO : (enum wq_level)s->level;
	if (st->reason == REASON_NONE && !wq_view_open(view))
		return true;
	if (st->reason != REASON_NONE)
		state_facts(out, st, s);
	says_reason(out, st, s, view);
	return true;
}

static bool on_batch(void *state, const void *settings, const struct wq_view *view, struct wq_verdict *out)
{
	struct health_state *st = state;

	st->told = st->reason;
	return judge(st, settings, view, out);
}

/* What came was no reading: it is said now, once. */
static bool on_time(void *state, const void *settings, const struct wq_view *view, struct wq_verdict *out)
{
	struct health_state *st = state;

	if (st->told == st->reason || st->late)
		return false;
	st->told = st->reason;
	return judge(st, settings, view, out);
}

static wq_ms wake(const void *state, const void *settings, const struct wq_view *view)
{
	(void)state, (void)settings, (void)view;
	return INT64_MAX;
}

const struct wq_rule wq_rule_health = {
	.name = "health",
	.help = "whether the instrument measures: the quality of each reading, and the device that is not to be trusted",
	.scope = WQ_SCOPE_SERIES,
	.about = WQ_ABOUT_DEVICE,
	.options = health_options,
	.settings_size = sizeof(struct health_section),
	.check = health_check,
	.state_size = state_size,
	.memory = memory,
	.on_batch = on_batch,
	.on_time = on_time,
	.wake = wake,
	.on_sample = on_sample,
	.learnt = learns_tell,
	.relearn = learns_restore,
	.sole = true,
};
