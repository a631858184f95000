/* SPDX-License-Identifier: Apache-2.0 */
/* today: the day so far, before it closes.
 *
 * Judges, with each reading, the day that the newest reading belongs to. The mean of the whole day is
 * (sum so far + sum of what still comes) / (readings so far + readings still to come); readings to come
 * are counted by the series' interval from the newest one to the end of the day. Judged as daily
 * verdicts are: rounded for evaluation, unless the site judges raw means. Of several the highest level
 * holds:
 *
 *   even if all that comes is the best of the newest `recent` readings         RAISE certain_level
 *     (with 0, or while fewer than half of them are known: 0, or the best the
 *     instrument can show), the mean of the day exceeds: the day is lost
 *   the mean so far exceeds                                                    RAISE level
 *   the newest `forecast_readings` readings all exceed (those of the day        RAISE forecast_level
 *     before count as well), and if all that comes is like the newest one, the
 *     mean exceeds: this needs no `minimum` and no `after`
 *   none of these, and the mean so far and the forecast are within the limit
 *     by deadband                                                              CLEAR
 *   in between; without a forecast also: fewer than `minimum` readings, or     HOLD
 *     less than `after` of the day
 *
 * A newest reading that is suspect, and the first to be so, raises no higher than forecast_level. When the day
 * closes and met, and the new day gives no reason, it clears; when the day exceeded, the alarm stays until a
 * later day is better: one episode, however many days it takes. */
#include "registry.h"

#include "bound.h"
#include "doubt.h"
#include "levels.h"
#include "phrase.h"
#include "rest.h"

#include "wq/decimal.h"
#include "wq/err.h"
#include "wq/parameter.h"

#include <math.h>

struct today_settings {
	struct bound_settings bound;
	int64_t minimum, recent, forecast_readings;
	wq_ms after;
	int forecast_level, level, certain_level;
	double deadband;
};

static const struct wq_option options[] = {
	BOUND_OPTIONS(struct today_settings),
	{ .key = "minimum",
	        .type = WQ_OPT_INTEGER,
	        .min = 1,
	        .max = 100000,
	        .fallback = "3",
	        .offset = offsetof(struct today_settings, minimum),
	        .help = "readings of the day that are needed to judge it" },
	{ .key = "after",
	        .type = WQ_OPT_SPAN,
	        .min = 0,
	        .max = 86400000,
	        .fallback = "8h",
	        .offset = offsetof(struct today_settings, after),
	        .help = "how much of the day must have passed at the newest reading" },
	{ .key = "recent",
	        .type = WQ_OPT_INTEGER,
	        .min = 0,
	        .max = WQ_WINDOW_MAX,
	        .fallback = "18",
	        .offset = offsetof(struct today_settings, recent),
	        .help = "the best of so many newest readings is the best that may still come; 0: no "
	                "reading is known to be impossible" },
	{ .key = "forecast_readings",
	        .type = WQ_OPT_INTEGER,
	        .min = 1,
	        .max = WQ_WINDOW_MAX,
	        .fallback = "2",
	        .offset = offsetof(struct today_settings, forecast_readings),
	        .help = "so many newest readings must exceed before the day is forecast to" },
	{ .key = "forecast_level",
	        .type = WQ_OPT_CHOICE,
	        .fallback = "warning",
	        .choices = rule_levels,
	        .offset = offsetof(struct today_settings, forecast_level),
	        .help = "level when the day is forecast to exceed: if it went on like the newest one" },
	{ .key = "level",
	        .type = WQ_OPT_CHOICE,
	        .fallback = "warning",
	        .choices = rule_levels,
	        .offset = offsetof(struct today_settings, level),
	        .help = "level when the mean so far exceeds" },
	{ .key = "certain_level",
	        .type = WQ_OPT_CHOICE,
	        .fallback = "warning",
	        .choices = rule_levels + 1,
	        .offset = offsetof(struct today_settings, certain_level),
	        .help = "level when even the best readings could not save the day" },
	{ .key = "deadband",
	        .type = WQ_OPT_NUMBER,
	        .min = 0,
	        .max = 0.5,
	        .fallback = "0.05",
	        .unit = "share of the limit",
	        .offset = offsetof(struct today_settings, deadband),
	        .help = "how far within the limit the day must be to clear" },
	WQ_OPTION_END,
};

static int check(const void *settings, const struct wq_site *site,
        const struct wq_parameter *parameter, struct wq_err *err)
{
	const struct today_settings *s = settings;

	if (s->forecast_level > s->level || s->level > s->certain_level)
		return wq_fail(err, WQ_E_INVALID,
		        "levels must not fall from forecast_level '%s' over level '%s' to "
		        "certain_level '%s': each is surer than the one before",
		        wq_level_name((enum wq_level)s->forecast_level),
		        wq_level_name((enum wq_level)s->level),
		        wq_level_name((enum wq_level)s->certain_level));
	return bound_check(&s->bound, site, parameter, err);
}

static size_t window(const void *settings)
{
	const struct today_settings *s = settings;

	return (size_t)(s->recent > s->forecast_readings ? s->recent : s->forecast_readings);
}

/* What the day looks like at its newest reading. */
struct outlook {
	const struct wq_parameter *parameter;
	struct bound bound;
	struct rest rest;
	struct wq_reading newest;
	wq_day day;
	bool raw, upper; /* upper: the upper limit is the one at stake */
	int more;        /* readings still to come */
	double best;     /* the best that may come */
	bool seen;       /* it is one of the recent readings */
	bool doubted;    /* the newest one is suspect, and the first to be so */
	bool run;        /* the newest forecast_readings readings exceed */
	int suspect;     /* suspect ones of the day among the readings that the rule sees */
};

/* How many readings come after `at` and before the day ends. */
static int still_to_come(const struct wq_view *view, wq_day day, wq_ms at)
{
	wq_ms end = wq_day_start(wq_view_station(view)->zone, day + 1);
	wq_ms interval = wq_view_series(view)->interval;

	return at + interval < end ? (int)((end - 1 - at) / interval) : 0;
}

static double best_of(struct outlook *o, const struct today_settings *s,
        const struct wq_reading *readings, size_t count)
{
	double best = o->newest.value;
	size_t used = count < (size_t)s->recent ? count : (size_t)s->recent;

	if (s->recent == 0 || 2 * count < (size_t)s->recent)
		return rest_best_possible(&o->bound, o->upper, o->parameter);
	o->seen = true;
	for (size_t i = count - used; i < count; i++)
		best = o->upper ? fmin(best, readings[i].value) : fmax(best, readings[i].value);
	return rest_best(&o->bound, o->upper, best);
}

static int suspect_here(const struct wq_view *view, wq_day day)
{
	const struct wq_reading *readings;
	size_t count;
	int suspect = 0;

	readings = wq_view_readings(view, wq_view_place(view), &count);
	for (; count > 0 && wq_day_of(wq_view_station(view)->zone, readings[count - 1].at) == day; count--)
		suspect += readings[count - 1].quality == WQ_SUSPECT;
	return suspect;
}

/* False: there is no reading, no limit, or the day is over. */
static bool look(const struct today_settings *s, const struct wq_view *view, struct outlook *o,
        struct wq_day_so_far *so_far)
{
	const struct wq_station *station = wq_view_station(view);
	const struct wq_reading *readings;
	size_t count;

	readings = wq_view_readings(view, wq_view_place(view), &count);
	*o = (struct outlook){ .parameter = wq_view_parameter(view),
		.raw = wq_view_site(view)->evaluation.daily_raw };
	if (count == 0 || !bound_find(&s->bound, wq_view_site(view), o->parameter, station, &o->bound))
		return false;
	o->newest = readings[count - 1];
	o->doubted = doubt_alone(readings, count);
	o->day = wq_day_of(station->zone, o->newest.at);
	if (!wq_view_so_far(view, wq_view_place(view), o->day, so_far) || so_far->closed ||
	        so_far->valid <= 0)
		return false;
	o->rest.parameter = o->parameter;
	rest_add(&o->rest, so_far->mean, so_far->valid);
	o->more = still_to_come(view, o->day, o->newest.at);
	o->upper = isnan(o->bound.low) ||
	        (!isnan(o->bound.high) && so_far->mean - o->bound.low > o->bound.high - so_far->mean);
	o->best = best_of(o, s, readings, count);
	o->run = count >= (size_t)s->forecast_readings;
	for (int64_t i = 1; o->run && i <= s->forecast_readings; i++)
		o->run = bound_exceeds(&o->bound, readings[count - (size_t)i].value);
	return true;
}

static double judged(const struct outlook *o, double mean)
{
	return rest_judged(o->parameter, mean, o->raw);
}

static bool would_exceed(const struct outlook *o, const struct bound *bound, double coming)
{
	return bound_exceeds(bound, judged(o, rest_projected(&o->rest, coming, o->more)));
}

/* "余下3次须平均不高于0.12mg/L方可达标" */
static void add_allowed(struct phrase *says, const struct outlook *o)
{
	double allowed = rest_allowed(&o->rest, o->upper ? o->bound.high : o->bound.low, o->more);
	char number[WQ_DECIMAL_TEXT], amount[PHRASE_TEXT];

	if (!isfinite(allowed) || (o->upper && allowed < 0))
		return;
	wq_value_format(rest_told(o->parameter, allowed, o->upper), number);
	phrase_add(says, ",余下%d次平均须%s%s", o->more, o->upper ? "不高于" : "不低于",
	        phrase_amount(o->parameter, number, amount));
}

static void say(struct wq_verdict *out, const struct outlook *o, double mean, bool certain)
{
	char number[WQ_DECIMAL_TEXT], amount[PHRASE_TEXT], text[BOUND_TEXT];
	double projected = judged(o, rest_projected(&o->rest, o->newest.value, o->more));
	struct phrase says = { 0 };

	phrase_add(&says, "%s今日%d次均值%s", o->parameter->name, o->rest.count,
	        phrase_amount(o->parameter, wq_value_format(judged(o, mean), number), amount));
	if (o->suspect > 0)
		phrase_add(&says, "(含%d次疑似异常读数)", o->suspect);
	if (bound_exceeds(&o->bound, judged(o, mean)))
		phrase_add(&says, ",%s", bound_phrase(&o->bound, o->upper, text));
	else
		phrase_add(&says, ",按最新值推算日均%s,%s",
		        phrase_amount(o->parameter, wq_value_format(projected, number), amount),
		        bound_phrase(&o->bound, o->upper, text));
	if (o->more > 0)
		add_allowed(&says, o);
	phrase_amount(o->parameter, wq_value_format(o->best, number), amount);
	if (certain && o->more > 0)
		phrase_add(&says, ",即使均为%s%s,日均仍超标", o->seen ? "近期最好值" : "", amount);
	else if (certain)
		phrase_add(&says, ",日均超标已成定局");
	wq_verdict_say(out, "%s", says.text);
}

static void state_facts(struct wq_verdict *out, const struct outlook *o, double mean)
{
	wq_verdict_fact(out, "mean_so_far", mean);
	wq_verdict_fact(out, "readings", o->rest.count);
	if (o->suspect > 0)
		wq_verdict_fact(out, "suspect", o->suspect);
	wq_verdict_fact(out, "remaining", o->more);
	if (o->more > 0) {
		double limit = o->upper ? o->bound.high : o->bound.low;

		wq_verdict_fact(out, "remaining_may", rest_allowed(&o->rest, limit, o->more));
	}
	wq_verdict_fact(
	        out, "projected", rest_projected(&o->rest, o->newest.value, o->more));
	wq_verdict_fact(out, "best", o->best);
	wq_verdict_fact(out, "limit", out->limit);
	if (o->bound.class_)
		wq_verdict_fact(out, "target_class", o->bound.class_);
}

/* The highest level that holds; NONE: none. early: of the day there is only the forecast. */
static enum wq_level level_of(const struct today_settings *s, const struct outlook *o, double mean,
        bool early, bool *certain)
{
	bool sure = !early && !o->doubted;
	int level = WQ_LEVEL_NONE;

	*certain = sure && would_exceed(o, &o->bound, o->best);
	if (o->run && would_exceed(o, &o->bound, o->newest.value))
		level = s->forecast_level;
	if (sure && bound_exceeds(&o->bound, judged(o, mean)))
		level = s->level;
	return (enum wq_level)(*certain ? s->certain_level : level);
}

static bool judge(const struct today_settings *s, const struct wq_view *view, struct wq_verdict *out)
{
	struct wq_day_so_far so_far;
	struct outlook o;
	struct bound narrow;
	bool early, certain;

	if (!look(s, view, &o, &so_far))
		return false;
	early = so_far.valid < s->minimum ||
	        o.newest.at - wq_day_start(wq_view_station(view)->zone, o.day) < s->after;
	out->series = wq_view_place(view);
	out->at = o.newest.at;
	out->value = judged(&o, so_far.mean);
	out->limit = o.upper ? o.bound.high : o.bound.low;
	out->finding = WQ_FINDING_HOLD;
	out->level = level_of(s, &o, so_far.mean, early, &certain);
	narrow = bound_narrow(&o.bound, s->deadband);
	if (out->level > WQ_LEVEL_NONE)
		out->finding = WQ_FINDING_RAISE;
	else if (!early && !bound_exceeds(&narrow, judged(&o, so_far.mean)) &&
	        !would_exceed(&o, &narrow, o.newest.value))
		out->finding = WQ_FINDING_CLEAR;
	if (out->finding != WQ_FINDING_RAISE && !wq_view_open(view))
		return true;
	o.suspect = suspect_here(view, o.day);
	state_facts(out, &o, so_far.mean);
	if (out->finding == WQ_FINDING_RAISE) {
		say(out, &o, so_far.mean, certain);
	} else {
		char number[WQ_DECIMAL_TEXT], amount[PHRASE_TEXT], limit[BOUND_TEXT];

		phrase_amount(o.parameter, wq_value_format(out->value, number), amount);
		wq_verdict_say(out, "%s今日%d次均值%s,未超%s", o.parameter->name, so_far.valid,
		        amount, bound_phrase_limit(&o.bound, limit));
	}
	return true;
}

static bool on_batch(
        void *state, const void *settings, const struct wq_view *view, struct wq_verdict *out)
{
	(void)state;
	return judge(settings, view, out);
}

/* The day that was closed met, or no longer tells anything: only the open day may keep the alarm. */
static bool on_day(
        void *state, const void *settings, const struct wq_view *view, struct wq_verdict *out)
{
	const struct wq_day_report *report = wq_view_day(view);
	const struct wq_parameter *parameter = wq_view_parameter(view);
	const struct today_settings *s = settings;
	const struct wq_day_row *row = NULL;
	char number[WQ_DECIMAL_TEXT], amount[PHRASE_TEXT], limit[BOUND_TEXT];
	struct bound bound;
	double mean;
	wq_ms end;

	(void)state;
	for (uint32_t i = 1; i < report->count; i++)
		if (report->rows[i].parameter == wq_view_series(view)->parameter)
			row = &report->rows[i];
	if (!row || isnan(row->mean_raw) ||
	        !bound_find(&s->bound, wq_view_site(view), parameter, wq_view_station(view), &bound))
		return false;
	mean = wq_view_site(view)->evaluation.daily_raw ? row->mean_raw : row->mean;
	if (bound_exceeds(&bound, mean))
		return false;
	end = wq_day_start(wq_view_station(view)->zone, report->day + 1);
	if (!judge(s, view, out))
		out->at = end;
	else if (out->finding == WQ_FINDING_RAISE)
		return false; /* the day that is open has its own reason */
	/* It had none as of its newest reading: what that day opened is not over before. */
	out->at = out->at > end ? out->at : end;
	out->fact_count = 0;
	out->finding = WQ_FINDING_CLEAR;
	out->level = WQ_LEVEL_NONE;
	out->series = wq_view_place(view);
	out->value = mean;
	out->limit = bound_limit(&bound, mean);
	wq_verdict_fact(out, "mean", row->mean_raw);
	wq_verdict_say(out, "%s日均%s,未超%s", parameter->name,
	        phrase_amount(parameter, wq_value_format(mean, number), amount),
	        bound_phrase_limit(&bound, limit));
	return true;
}

const struct wq_rule wq_rule_today = {
	.name = "today",
	.help = "the mean of the day so far, and what the rest of it may average",
	.scope = WQ_SCOPE_SERIES,
	.options = options,
	.settings_size = sizeof(struct today_settings),
	.check = check,
	.window = window,
	.on_batch = on_batch,
	.on_day = on_day,
};
