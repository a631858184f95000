/* SPDX-License-Identifier: Apache-2.0 */
/* surge: a concentration leaves what is usual for the place, on the way to its limit.
 *
 * Each reading is held against the median of the last `history` readings, the newest `lag` of them left out, on a
 * logarithmic scale (concentrations grow by shares), in units of the spread there (MAD × 1.4826, `floor` at least). Readings hang
 * together, so what the reading before let expect (`carry` of its deviation) is taken off. What is left, cut at ±`cut`, is summed
 * up: S = max(0, S + u - drift), the one-sided cumulative sum of Page (1954), at most one and a half times `threshold`. A single
 * outlier cannot fill it alone.
 *
 *   S > threshold, and the last two readings (their geometric mean) beyond `near` of the limit     RAISE
 *   the last two readings both beyond `close` of the limit                                        RAISE
 *   otherwise                                                                                     CLEAR
 *   fewer than FEWEST readings to compare with, or no limit                                       UNKNOWN
 *
 * While it raises, the history stands still; after `rebase` the new level is the usual one. Of limits that values must not fall
 * below (oxygen) everything is mirrored. Readings that come out of order or are revised change neither S nor history: it
 * follows the water as it was seen. */
#include "event.h"

#include "history.h"

#include "bound.h"
#include "levels.h"
#include "phrase.h"

#include "wq/decimal.h"
#include "wq/err.h"
#include "wq/parameter.h"

#include <math.h>
#include <string.h>

/* Readings that must have been seen to call anything usual. */
#define FEWEST 12

struct surge_settings {
	struct bound_settings bound;
	int64_t history, lag;
	double floor, carry, cut, drift, threshold, near, close;
	wq_ms rebase;
	int level;
};

struct surge_state {
	wq_ms last;           /* reading taken last; 0: none yet, as the memory is handed over */
	double deviation, sum; /* of that reading; S */
	double before;        /* its value, NaN-free: 0 none */
	wq_ms since;          /* raising since; 0: it does not */
	/* A struct history follows. */
};

#define AT(field) offsetof(struct surge_settings, field)

static const struct wq_option options[] = {
	BOUND_OPTIONS(struct surge_settings),
	{ .key = "history", .type = WQ_OPT_INTEGER, .min = FEWEST, .max = HISTORY_MAX, .fallback = "140",
		.offset = AT(history), .help = "readings that say what is usual (three weeks of six a day)" },
	{ .key = "lag", .type = WQ_OPT_INTEGER, .min = 0, .max = HISTORY_MAX, .fallback = "14", .offset = AT(lag),
		.help = "newest readings that do not count among them yet" },
	{ .key = "floor", .type = WQ_OPT_NUMBER, .min = 0.01, .max = 1, .fallback = "0.13", .offset = AT(floor),
		.help = "least spread, as a share of the value" },
	{ .key = "carry", .type = WQ_OPT_NUMBER, .min = 0, .max = 0.95, .fallback = "0.35", .offset = AT(carry),
		.help = "share of a deviation that the next reading is expected to have" },
	{ .key = "cut", .type = WQ_OPT_NUMBER, .min = 1, .max = 20, .fallback = "3", .offset = AT(cut),
		.unit = "spreads", .help = "most that a single reading counts" },
	{ .key = "drift", .type = WQ_OPT_NUMBER, .min = 0.1, .max = 5, .fallback = "1.3", .offset = AT(drift),
		.unit = "spreads", .help = "what a reading may deviate without adding to the sum" },
	{ .key = "threshold", .type = WQ_OPT_NUMBER, .min = 1, .max = 50, .fallback = "1.9", .offset = AT(threshold),
		.unit = "spreads", .help = "sum that raises" },
	{ .key = "near", .type = WQ_OPT_NUMBER, .min = 0.1, .max = 1, .fallback = "0.63", .unit = "share of the limit",
		.offset = AT(near), .help = "how near to the limit the last two readings must be" },
	{ .key = "close", .type = WQ_OPT_NUMBER, .min = 0.1, .max = 1, .fallback = "1", .unit = "share of the limit",
		.offset = AT(close), .help = "two readings so near raise, whatever is usual" },
	{ .key = "rebase", .type = WQ_OPT_SPAN, .min = 3600e3, .max = 366.0 * 86400e3, .fallback = "7d",
		.offset = AT(rebase), .help = "after raising for so long the new level is the usual one" },
	{ .key = "level", .type = WQ_OPT_CHOICE, .fallback = "warning", .choices = rule_levels + 1, .offset = AT(level),
		.help = "level of the alarm" },
	WQ_OPTION_END,
};

static int check(const void *settings, const struct wq_site *site, const struct wq_parameter *parameter,
	struct wq_err *err)
{
	const struct surge_settings *s = settings;

	if (s->near > s->close)
		return wq_fail(err, WQ_E_INVALID, "near = %g is beyond close = %g: it must not be", s->near, s->close);
	if (parameter != NULL && parameter->mean == WQ_MEAN_HYDROGEN)
		return wq_fail(err, WQ_E_INVALID, "%s is a logarithm already, this rule is for concentrations",
			parameter->name);
	return bound_check(&s->bound, site, parameter, err);
}

static size_t state_size(const void *settings)
{
	const struct surge_settings *s = settings;

	return sizeof(struct surge_state) + history_size((size_t)s->history, (size_t)s->lag);
}

static size_t window(const void *settings)
{
	(void)settings;
	return 2;
}

static wq_ms memory(const void *settings, wq_ms interval)
{
	const struct surge_settings *s = settings;

	return (s->history + s->lag + 2) * interval;
}

static struct history *history_of(struct surge_state *st)
{
	return (struct history *)(void *)(st + 1);
}

/* The limit that is approached; NaN: none. */
static double goal(const struct bound *bound)
{
	return isnan(bound->high) ? bound->low : bound->high;
}

/* Logarithm of a reading; what is nothing against the limit is nothing. */
static double scaled(double value, double limit)
{
	return log(fmax(value, limit / 1000));
}

/* What the reading deviates from the usual in spreads, positive toward the limit; false: nothing is usual yet. */
static bool deviate(const struct surge_settings *s, struct surge_state *st, double y, double sign, double *z,
	double *usual)
{
	double spread;

	if (!history_usual(history_of(st), FEWEST, usual, &spread))
		return false;
	*z = sign * (y - *usual) / fmax(spread, s->floor);
	return true;
}

static void sum_up(const struct surge_settings *s, struct surge_state *st, double z)
{
	const double expected = s->carry * fmax(-s->cut, fmin(st->deviation, s->cut + 1));
	const double u = (z - expected) / sqrt(1 - s->carry * s->carry);

	st->sum = fmax(0, st->sum + fmax(-s->cut, fmin(u, s->cut)) - s->drift);
	st->sum = fmin(st->sum, 1.5 * s->threshold);
	st->deviation = z;
}

/* Whether `value` is beyond a share of the limit, seen from the good side. */
static bool beyond(double value, double share, double limit, double sign)
{
	return sign > 0 ? value > share * limit : value * share < limit;
}

static bool approaches(const struct surge_settings *s, const struct surge_state *st, double value, double limit,
	double sign)
{
	const double before = st->before > 0 ? st->before : value;

	if (st->before > 0 && beyond(before, s->close, limit, sign) && beyond(value, s->close, limit, sign))
		return true;
	return st->sum > s->threshold && beyond(sqrt(before * fmax(value, 0)), s->near, limit, sign);
}

static void follow(const struct surge_settings *s, struct surge_state *st, const struct wq_reading *reading, double y,
	bool raises)
{
	if (!raises)
		st->since = 0;
	else if (st->since == 0)
		st->since = reading->at;
	if (raises && reading->at - st->since > s->rebase) {
		history_forget(history_of(st));
		st->since = reading->at;
		st->sum = 0;
	}
	history_add(history_of(st), y, raises);
	st->before = reading->value;
	st->last = reading->at;
}

static const char *nearness(const struct wq_verdict *out, const struct bound *bound)
{
	const double sign = isnan(bound->high) ? -1 : 1;

	if (!beyond(out->value, 1, out->limit, sign))
		return "正接近";
	return sign > 0 ? "已超过" : "已低于";
}

static void say(struct wq_verdict *out, const struct wq_view *view, const struct bound *bound, double usual, bool raises)
{
	const struct wq_parameter *parameter = wq_view_parameter(view);
	char number[WQ_DECIMAL_TEXT], value[PHRASE_TEXT], limit[BOUND_TEXT], level[PHRASE_TEXT], share[PHRASE_TEXT];
	const double change = (out->value / usual - 1) * 100;

	phrase_value(parameter, wq_value_format(out->value, number), value);
	bound_phrase_limit(bound, limit);
	phrase_significant(usual, 2, level);
	phrase_significant(fabs(change), 2, share);
	if (raises)
		wq_verdict_say(out, "%s,较常态(%s)%s%s%%,%s%s", value, level, change < 0 ? "低" : "高", share,
			nearness(out, bound), limit);
	else
		wq_verdict_say(out, "%s,已回到常态附近(%s)", value, level);
}

static void state_facts(struct wq_verdict *out, const struct surge_settings *s, const struct surge_state *st,
	double usual)
{
	wq_verdict_fact(out, "usual", usual);
	wq_verdict_fact(out, "deviation", st->deviation);
	wq_verdict_fact(out, "sum", st->sum);
	wq_verdict_fact(out, "threshold", s->threshold);
	wq_verdict_fact(out, "limit", out->limit);
}

static bool on_batch(void *state, const void *settings, const struct wq_view *view, struct wq_verdict *out)
{
	const struct surge_settings *s = settings;
	struct surge_state *st = state;
	const struct wq_reading *reading = wq_view_trigger(view);
	struct bound bound;
	double y, z = 0, usual = NAN, sign;
	bool known, raises;

	if (reading == NULL || reading->at <= st->last ||
		!bound_find(&s->bound, wq_view_site(view), wq_view_parameter(view), wq_view_station(view), &bound))
		return false;
	history_open(history_of(st), (size_t)s->history, (size_t)s->lag);
	out->series = wq_view_place(view);
	out->at = reading->at;
	out->value = reading->value;
	out->limit = goal(&bound);
	sign = isnan(bound.high) ? -1 : 1;
	y = scaled(reading->value, out->limit);
	known = deviate(s, st, y, sign, &z, &usual);
	if (known)
		sum_up(s, st, z);
	raises = approaches(s, st, reading->value, out->limit, sign);
	out->score = known ? st->sum / s->threshold : 0;
	follow(s, st, reading, y, raises);
	if (!known && !raises)
		return false;
	out->finding = raises ? WQ_FINDING_RAISE : WQ_FINDING_CLEAR;
	out->level = (enum wq_level)s->level;
	if (raises || wq_view_open(view)) {
		usual = known ? exp(usual) : reading->value;
		state_facts(out, s, st, usual);
		say(out, view, &bound, usual, raises);
	}
	return true;
}

const struct wq_rule wq_rule_surge = {
	.name = "surge",
	.help = "a concentration leaves what is usual, on the way to its limit",
	.scope = WQ_SCOPE_SERIES,
	.options = options,
	.settings_size = sizeof(struct surge_settings),
	.check = check,
	.state_size = state_size,
	.window = window,
	.memory = memory,
	.on_batch = on_batch,
};
