/* SPDX-License-Identifier: Apache-2.0 */
/* Faults of an instrument, value by value. */
#include "wq/health.h"

#include "trust.h"
#include "usual.h"

#include "wq/err.h"

#include <math.h>
#include <string.h>

#define AROUND      16 /* residuals that a spike must stand out of */
#define RECENT      (AROUND + 1)
#define LEAST       20 /* level: residuals before which what is usual is not known */
#define LEAST_STEPS 8
#define UNKNOWN     5      /* level: the floor counts so many times as long as it is not */
#define OFFSET_NEAR 0.2    /* parts of the jump: so near to the level before it … */
#define OFFSET_JUMP 0.7    /* … by a jump of this much an offset is over */
#define NORMAL      1.4826 /* from the median of absolute deviations to the standard deviation */

struct waiting {
	bool there;
	struct wq_health_verdict verdict;
	double middle, residual; /* what it is off from, and by how much */
};

struct offset {
	double level, jump; /* before it, and how far it went */
	size_t age;         /* values since, itself included; 0: none */
};

struct wq_health {
	double previous[WQ_HEALTH_PREVIOUS]; /* level: accepted, a ring; step: the last two */
	size_t accepted, next;
	wq_ms last; /* of the newest value that is not missing */
	bool began;
	struct waiting waiting;
	double plateau; /* level: where the values are since a jump that was no spike; the median follows it later … */
	bool risen;     /* … and there is one */
	double recent[RECENT];      /* step: sizes of residuals, newest first */
	struct offset offset;       /* step: of the last jump */
	double flat_low, flat_high; /* of the run that may be flat */
	wq_ms flat_since;
	double analysis;                /* newest value that was no repeat … */
	wq_ms analysed;                 /* … its time */
	struct wq_health_verdict given; /* … and its flag */
};

/* Residuals: behind the struct. */
static struct usual *usual_of(struct wq_health *h)
{
	return (struct usual *)(void *)(h + 1);
}

/* Behind these, with settings that have one. */
static struct trust *trust_of(struct wq_health *h, const struct wq_health_settings *s)
{
	return (struct trust *)(void *)((char *)usual_of(h) + usual_size(s->memory));
}

void wq_health_init(struct wq_health_settings *settings)
{
	*settings = (struct wq_health_settings){ .low = NAN,
		.high = NAN,
		.above = NAN,
		.log = NAN,
		.previous = 5,
		.memory = 200,
		.floor = NAN,
		.k = 7,
		.back = NAN,
		.gap_k = NAN,
		.flat_above = NAN };
}

int wq_health_check(const struct wq_health_settings *s, struct wq_err *err)
{
	if (s->low > s->high)
		return wq_fail(err, WQ_E_INVALID, "low %g is above high %g", s->low, s->high);
	if (s->spike != WQ_SPIKE_NONE && !(s->floor > 0))
		return wq_fail(err, WQ_E_INVALID,
		        "a spike needs a floor above 0: about what the instrument resolves");
	if (s->spike != WQ_SPIKE_NONE && !(s->k > 0))
		return wq_fail(err, WQ_E_INVALID, "k must be above 0");
	if (!isnan(s->log) && !(s->log > 0))
		return wq_fail(err, WQ_E_INVALID, "log must be above 0");
	if (s->previous < 3 || s->previous > WQ_HEALTH_PREVIOUS)
		return wq_fail(
		        err, WQ_E_INVALID, "previous must be from 3 to %d", WQ_HEALTH_PREVIOUS);
	if (s->memory < LEAST || s->memory > WQ_HEALTH_MEMORY)
		return wq_fail(
		        err, WQ_E_INVALID, "memory must be from %d to %d", LEAST, WQ_HEALTH_MEMORY);
	if (s->back < 0 || s->back > 1 || !(s->slope >= 0 && s->slope <= 1) || !(s->alone >= 0))
		return wq_fail(err, WQ_E_INVALID,
		        "back and slope must be from 0 to 1, alone must not be below 0");
	if (s->offset > 0 && (s->spike != WQ_SPIKE_STEP || s->offset < 2 || s->offset > WQ_HEALTH_MEMORY))
		return wq_fail(err, WQ_E_INVALID, "offset must be from 2 to %d, and needs spike=step", WQ_HEALTH_MEMORY);
	if (s->trust > 0 && (s->trust < 8 || s->trust > WQ_HEALTH_TRUST))
		return wq_fail(err, WQ_E_INVALID, "trust must be from 8 to %d", WQ_HEALTH_TRUST);
	if (!isnan(s->gap_k) && (s->spike != WQ_SPIKE_LEVEL || !(s->gap_k > 0) || !(s->gap > 0)))
		return wq_fail(err, WQ_E_INVALID,
		        "gap_k must be above 0, and needs spike=level and a gap");
	return 0;
}

const char *wq_health_test_name(enum wq_health_test test)
{
	static const char *const names[WQ_HEALTH_TESTS] = { "", "missing", "range", "with", "flat", "copied",
		"coarse", "regular", "gap", "spike", "unusual", "rate", "season", "cross", "neighbour" };

	return names[test];
}

const char *wq_health_test_chinese(enum wq_health_test test)
{
	static const char *const names[WQ_HEALTH_TESTS] = { "", "缺测", "超出合理范围", "同探头故障", "数值不变", "与他项雷同",
		"小数位变少", "过于规则", "中断后首值", "突跳", "超出常见范围", "变化过快", "超出季节范围", "与他项矛盾",
		"与相邻站不符" };

	return names[test];
}

size_t wq_health_size(const struct wq_health_settings *settings)
{
	return sizeof(struct wq_health) + usual_size(settings->memory) +
	        (settings->trust > 0 ? trust_size() : 0);
}

bool wq_health_fails(const struct wq_health_settings *s, double value)
{
	return !isfinite(value) || value < s->low || value > s->high || value <= s->above;
}

static double scaled(const struct wq_health_settings *s, double value)
{
	return isnan(s->log) ? value : log(fmax(value, s->log));
}

/* -- flat -- */

static uint8_t flat(struct wq_health *h, const struct wq_health_settings *s, wq_ms at, double value)
{
	const wq_ms lasts = at - h->flat_since;

	if (!h->began || fmax(h->flat_high, value) - fmin(h->flat_low, value) > s->flat_tolerance ||
	        value <= s->flat_above) {
		h->flat_low = h->flat_high = value;
		h->flat_since = at;
		return WQ_QC_GOOD;
	}
	h->flat_low = fmin(h->flat_low, value);
	h->flat_high = fmax(h->flat_high, value);
	return s->flat_fail > 0 && lasts >= s->flat_fail          ? WQ_QC_FAIL
	        : s->flat_suspect > 0 && lasts >= s->flat_suspect ? WQ_QC_SUSPECT
	                                                          : WQ_QC_GOOD;
}

/* -- level -- */

static double median_of_previous(const struct wq_health *h, const struct wq_health_settings *s)
{
	const size_t n = h->accepted < s->previous ? h->accepted : s->previous;
	double sorted[WQ_HEALTH_PREVIOUS];

	for (size_t i = 0; i < n; i++) {
		size_t j = i;

		for (; j > 0 && sorted[j - 1] > h->previous[i]; j--)
			sorted[j] = sorted[j - 1];
		sorted[j] = h->previous[i];
	}
	return (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
}

static void accept(
        struct wq_health *h, const struct wq_health_settings *s, double y, double residual)
{
	h->previous[h->next] = y;
	h->next = (h->next + 1) % s->previous;
	h->accepted++;
	if (isfinite(residual))
		usual_add(usual_of(h), s->memory, fabs(residual));
}

static double part_of(const struct wq_health_settings *s)
{
	return isnan(s->back) ? .5 : s->back;
}

static double level_scale(struct wq_health *h, const struct wq_health_settings *s)
{
	return usual_of(h)->count >= LEAST
	        ? NORMAL * usual_median(usual_of(h), s->memory) + s->floor
	        : UNKNOWN * s->floor;
}

/* Much nearer to a level than the one that waits. */
static bool back_to(const struct wq_health *h, const struct wq_health_settings *s, double level, double y)
{
	const double waits = h->waiting.middle + h->waiting.residual;

	return fabs(y - level) < part_of(s) * fabs(waits - level);
}

/* The one that waits was a spike when this value is back: where it came from, or where the median still is. What was none is
 * a level of its own from now on, or each reading on it would be a spike until the median has followed. Returns how many
 * verdicts were written. */
static size_t settle(struct wq_health *h, const struct wq_health_settings *s, double y,
        struct wq_health_verdict *out)
{
	const struct waiting *w = &h->waiting;

	if (!w->there)
		return 0;
	*out = w->verdict;
	out->flag = WQ_QC_GOOD;
	out->test = WQ_HEALTH_NONE;
	if (back_to(h, s, w->middle, y) || (h->risen && back_to(h, s, median_of_previous(h, s), y))) {
		out->flag = WQ_QC_SUSPECT;
		out->test = WQ_HEALTH_SPIKE;
	} else if (s->spike == WQ_SPIKE_LEVEL) {
		accept(h, s, w->middle + w->residual, w->residual);
		h->plateau = w->middle + w->residual;
		h->risen = true;
	}
	h->waiting.there = false;
	return 1;
}

static void wait_for(
        struct wq_health *h, const struct wq_health_verdict *v, double middle, double residual)
{
	h->waiting = (struct waiting){ true, *v, middle, residual };
	h->waiting.verdict.flag = WQ_QC_UNKNOWN;
	h->waiting.verdict.test = WQ_HEALTH_SPIKE;
}

static bool after_gap(const struct wq_health *h, const struct wq_health_settings *s, wq_ms at)
{
	return s->gap > 0 && h->began && at - h->last > s->gap;
}

/* The level that a value is held against: the median, or the plateau where that is nearer. */
static double level_of(const struct wq_health *h, const struct wq_health_settings *s, double y)
{
	const double median = median_of_previous(h, s);

	return h->risen && fabs(y - h->plateau) < fabs(y - median) ? h->plateau : median;
}

/* A level goes on with what is near it, and is no more once the values are back at the other. */
static void follow_plateau(struct wq_health *h, double y, bool near)
{
	h->risen = h->risen && near;
	if (h->risen)
		h->plateau = y;
}

/* Returns true when *v waits. */
static bool level_judge(struct wq_health *h, const struct wq_health_settings *s, double y,
        struct wq_health_verdict *v)
{
	const bool known = h->accepted >= 3;
	const double middle = known ? level_of(h, s, y) : y;
	const double residual = known ? y - middle : (double)NAN, scale = level_scale(h, s);

	if (after_gap(h, s, v->at) && known && fabs(residual) > s->gap_k * scale &&
	        v->flag == WQ_QC_GOOD) {
		v->flag = WQ_QC_SUSPECT;
		v->test = WQ_HEALTH_GAP;
	}
	if (known && fabs(residual) > s->k * scale && v->flag == WQ_QC_GOOD) {
		wait_for(h, v, middle, residual);
		return true;
	}
	follow_plateau(h, y, middle == h->plateau);
	accept(h, s, y, residual);
	return false;
}

/* -- step -- */

static double step_residual(const struct wq_health *h, const struct wq_health_settings *s, double y)
{
	const double last = h->previous[0], before = h->previous[1];

	if (h->accepted == 0)
		return NAN;
	return y - last - (h->accepted > 1 ? s->slope * (last - before) : 0);
}

static double largest_around(const struct wq_health *h)
{
	double largest = 0;

	for (size_t i = 1; i <= AROUND;
	        i++) /* the one just before is left out: a spike may come in two steps */
		largest = fmax(largest, h->recent[i]);
	return largest;
}

/* Whether this value ends an offset: a jump away, some values there, a jump back to where it was. */
static bool ends_offset(struct wq_health *h, const struct wq_health_settings *s, double y)
{
	struct offset *o = &h->offset;
	const bool back = o->age > 1 && fabs(y - o->level) < OFFSET_NEAR * fabs(o->jump) &&
	        fabs(y - h->previous[0]) > OFFSET_JUMP * fabs(o->jump);

	if (o->age > 0)
		o->age = back || o->age >= s->offset ? 0 : o->age + 1;
	return back;
}

static void begin_offset(struct wq_health *h, const struct wq_health_settings *s, double y)
{
	if (s->offset > 0 && h->offset.age == 0)
		h->offset = (struct offset){ h->previous[0], y - h->previous[0], 1 };
}

static bool step_judge(struct wq_health *h, const struct wq_health_settings *s, double y,
        struct wq_health_verdict *v)
{
	const double residual = step_residual(h, s, y),
	             size = isfinite(residual) ? fabs(residual) : 0;
	double scale = s->floor;
	bool waits = false;

	if (usual_of(h)->count >= LEAST_STEPS)
		scale = fmax(scale, NORMAL * usual_median(usual_of(h), s->memory));
	if (ends_offset(h, s, y) && v->flag == WQ_QC_GOOD) {
		v->flag = WQ_QC_SUSPECT;
		v->test = WQ_HEALTH_SPIKE;
	}
	if (size > s->k * scale && v->flag == WQ_QC_GOOD && size > s->alone * largest_around(h)) {
		begin_offset(h, s, y);
		waits = !isnan(s->back);
		if (waits)
			wait_for(h, v, h->previous[0], y - h->previous[0]);
		else {
			v->flag = WQ_QC_SUSPECT;
			v->test = WQ_HEALTH_SPIKE;
		}
	}
	memmove(h->recent + 1, h->recent, (RECENT - 1) * sizeof *h->recent);
	h->recent[0] = size;
	if (isfinite(residual))
		usual_add(usual_of(h), s->memory, size);
	h->previous[1] = h->previous[0];
	h->previous[0] = y;
	h->accepted++;
	return waits;
}

/* -- all -- */

static bool repeats(
        const struct wq_health *h, const struct wq_health_settings *s, wq_ms at, double value)
{
	return s->cycle > 0 && h->began && value == h->analysis && at - h->analysed < s->cycle;
}

static size_t judge_usable(struct wq_health *h, const struct wq_health_settings *s,
        struct wq_health_verdict *v, struct wq_health_verdict *out)
{
	const double y = scaled(s, v->value);
	size_t count = s->spike != WQ_SPIKE_NONE ? settle(h, s, y, out) : 0;
	bool waits = false;

	if (s->spike == WQ_SPIKE_LEVEL)
		waits = level_judge(h, s, y, v);
	else if (s->spike == WQ_SPIKE_STEP)
		waits = step_judge(h, s, y, v);
	h->given = waits ? h->waiting.verdict : *v;
	if (!waits)
		out[count++] = *v;
	h->analysis = v->value;
	h->analysed = h->last = v->at;
	h->began = true;
	return count;
}

/* On a logarithm with its least value what fails is a level like any other: where the instrument
 * stays down there, coming back is no spike. Elsewhere it says nothing (-9999). */
static size_t failed(struct wq_health *h, const struct wq_health_settings *s,
        struct wq_health_verdict *v, struct wq_health_verdict *out)
{
	size_t count = 0;

	if (s->spike == WQ_SPIKE_LEVEL && s->log > 0 && isfinite(v->value)) {
		count = settle(h, s, scaled(s, v->value), out);
		level_judge(h, s, scaled(s, v->value), v);
	}
	if (!isnan(v->value))
		h->last = v->at;
	out[count] = *v;
	return count + 1;
}

static uint8_t doubt(
        struct wq_health *h, const struct wq_health_settings *s, double value, double other)
{
	static const uint8_t tests[] = { [TRUST_NONE] = WQ_HEALTH_NONE,
		[TRUST_REGULAR] = WQ_HEALTH_REGULAR,
		[TRUST_COARSE] = WQ_HEALTH_COARSE,
		[TRUST_COPIED] = WQ_HEALTH_COPIED };

	return s->trust > 0 ? tests[trust_next(trust_of(h, s), s->trust, value, other)]
	                    : (uint8_t)WQ_HEALTH_NONE;
}

size_t wq_health_next(struct wq_health *h, const struct wq_health_settings *s, wq_ms at,
        double value, bool with, double other, struct wq_health_verdict out[WQ_HEALTH_VERDICTS])
{
	uint8_t why;

	struct wq_health_verdict v = { at, value, WQ_QC_GOOD, WQ_HEALTH_NONE };

	if (wq_health_fails(s, value)) {
		v.flag = isnan(value) ? WQ_QC_MISSING : WQ_QC_FAIL;
		v.test = isnan(value) ? WQ_HEALTH_MISSING : WQ_HEALTH_RANGE;
		return failed(h, s, &v, out);
	}
	if (s->with && with) {
		v.flag = WQ_QC_FAIL;
		v.test = WQ_HEALTH_WITH;
	} else {
		v.flag = flat(h, s, at, value);
		v.test = v.flag == WQ_QC_GOOD ? WQ_HEALTH_NONE : WQ_HEALTH_FLAT;
	}
	if (v.flag == WQ_QC_GOOD && repeats(h, s, at, value)) {
		v.flag = h->given.flag;
		v.test = h->given.test;
		out[0] = v;
		return 1;
	}
	why = doubt(h, s, value, other);
	if (v.flag == WQ_QC_GOOD && why != WQ_HEALTH_NONE) {
		v.flag = WQ_QC_SUSPECT;
		v.test = why;
	}
	if (v.flag == WQ_QC_GOOD && isnan(s->gap_k) && after_gap(h, s, at)) {
		v.flag = WQ_QC_SUSPECT;
		v.test = WQ_HEALTH_GAP;
	}
	return judge_usable(h, s, &v, out);
}

size_t wq_health_end(struct wq_health *h, struct wq_health_verdict out[WQ_HEALTH_VERDICTS])
{
	if (!h->waiting.there)
		return 0;
	out[0] = h->waiting.verdict;
	h->waiting.there = false;
	return 1;
}
