/* SPDX-License-Identifier: Apache-2.0 */
/* month: the month to date, and what the days that are left may average.
 *
 * Judged when a day closes. The mean of the month is taken over its days with a valid daily mean, each
 * unrounded (pH over [H+]); what the days left may average is
 *   (limit × (valid days + days left) − sum of the daily means) / days left
 * where the limit itself meets. Whether a mean exceeds is judged as for days: rounded for evaluation,
 * unless the site judges raw means. Of several the highest level holds:
 *
 *   no days like the best possible (0, or the best the instrument can show)     RAISE lost_level
 *     could bring the month within the limit, or it is over and exceeded
 *   every day left must be better than the best one of the month so far        RAISE tight_level
 *   the month to date exceeds                                                  RAISE over_level
 *   if the days left are like the newest `recent` ones, the month exceeds      RAISE forecast_level
 *   none of these                                                              CLEAR
 *   fewer than `minimum_days` valid days, or less than `minimum_share` of      UNKNOWN
 *     the days that have passed
 *
 * In the first days of a month (fewer than minimum_days have passed) an alarm of the last month clears: that
 * month is over. */
#include "registry.h"

#include "bound.h"
#include "levels.h"
#include "phrase.h"
#include "rest.h"

#include "wq/decimal.h"
#include "wq/err.h"
#include "wq/parameter.h"
#include "wq/period.h"

#include <math.h>
#include <stdlib.h>

struct month_settings {
	struct bound_settings bound;
	int64_t minimum_days, recent;
	double minimum_share;
	int forecast_level, over_level, tight_level, lost_level;
};

#define LEVEL(key_, fallback_, first, text)                                                        \
	{                                                                                          \
		.key = #key_, .type = WQ_OPT_CHOICE, .fallback = fallback_,                        \
		.choices = rule_levels + (first), .offset = offsetof(struct month_settings, key_), \
		.help = text                                                                       \
	}

static const struct wq_option options[] = {
	BOUND_OPTIONS(struct month_settings),
	{ .key = "minimum_days",
	        .type = WQ_OPT_INTEGER,
	        .min = 1,
	        .max = 28,
	        .fallback = "5",
	        .offset = offsetof(struct month_settings, minimum_days),
	        .help = "days with a valid mean that are needed to judge the month" },
	{ .key = "minimum_share",
	        .type = WQ_OPT_NUMBER,
	        .min = 0,
	        .max = 1,
	        .fallback = "0.6",
	        .offset = offsetof(struct month_settings, minimum_share),
	        .help = "share of the days that have passed which must have one" },
	{ .key = "recent",
	        .type = WQ_OPT_INTEGER,
	        .min = 1,
	        .max = 31,
	        .fallback = "7",
	        .offset = offsetof(struct month_settings, recent),
	        .help = "newest valid days that the forecast continues" },
	LEVEL(forecast_level, "info", 0,
	        "level when the month would exceed if it went on like the recent days"),
	LEVEL(over_level, "watch", 0, "level when the month to date exceeds"),
	LEVEL(tight_level, "warning", 0,
	        "level when every day left must be better than the best one so far"),
	LEVEL(lost_level, "warning", 1, "level when the target can no longer be met"),
	WQ_OPTION_END,
};

static int check(const void *settings, const struct wq_site *site,
        const struct wq_parameter *parameter, struct wq_err *err)
{
	const struct month_settings *s = settings;

	if (s->forecast_level > s->over_level || s->over_level > s->tight_level ||
	        s->tight_level > s->lost_level)
		return wq_fail(err, WQ_E_INVALID,
		        "levels must not fall from forecast_level '%s' over over_level '%s' and "
		        "tight_level '%s' to lost_level '%s': each is graver than the one before",
		        wq_level_name((enum wq_level)s->forecast_level),
		        wq_level_name((enum wq_level)s->over_level),
		        wq_level_name((enum wq_level)s->tight_level),
		        wq_level_name((enum wq_level)s->lost_level));
	return bound_check(&s->bound, site, parameter, err);
}

/* A month, and as many recent days before it as its first day may ask for. */
static size_t days(const void *settings)
{
	const struct month_settings *s = settings;

	return 31 + (size_t)s->recent;
}

/* The month that a day is in. */
struct calendar {
	wq_day first, last;
	int month;
};

static struct calendar month_of(wq_day day)
{
	const struct wq_period period = wq_period_of(WQ_PERIOD_MONTH, day);
	char date[WQ_INSTANT_TEXT]; /* "2026-03-05" */

	wq_day_format(day, date);
	return (struct calendar){ period.first, period.last, atoi(date + 5) };
}

struct account {
	const struct wq_parameter *parameter;
	struct bound bound;
	struct calendar month;
	struct rest rest, recent; /* the month to date; the newest `recent` valid days */
	double best;              /* the best day of the month so far */
	int passed, left;
	bool raw, upper;
};

/* Sums the valid days of the month, and of the recent past. */
static void add_up(struct account *a, const struct month_settings *s, const struct wq_past_day *past,
        size_t count, uint32_t item, wq_day today)
{
	a->rest.parameter = a->recent.parameter = a->parameter;
	a->best = NAN;
	for (size_t i = count; i > 0; i--) {
		double mean = past[i - 1].items[item].mean;

		if (past[i - 1].day > today || isnan(mean))
			continue;
		if (a->recent.count < s->recent)
			rest_add(&a->recent, mean, 1);
		if (past[i - 1].day < a->month.first)
			continue;
		rest_add(&a->rest, mean, 1);
		a->best = a->upper ? fmin(a->best, mean) : fmax(a->best, mean);
	}
}

/* Of a range the end at stake is the one that the recent days are nearer to. */
static bool upper_end(const struct bound *bound, const struct wq_past_day *past, size_t count, uint32_t item)
{
	double newest = NAN;

	if (isnan(bound->low) || isnan(bound->high))
		return isnan(bound->low);
	for (size_t i = 0; i < count; i++)
		newest = isnan(past[i].items[item].mean) ? newest : past[i].items[item].mean;
	return !(newest - bound->low < bound->high - newest);
}

static double limit_of(const struct account *a)
{
	return a->upper ? a->bound.high : a->bound.low;
}

static bool exceeds(const struct account *a, double mean)
{
	return bound_exceeds(&a->bound, rest_judged(a->parameter, mean, a->raw));
}

static bool must_be_better_than_best(const struct account *a, double allowed)
{
	return a->upper ? allowed < a->best : allowed > a->best;
}

enum state { FINE, FORECAST, OVER, TIGHT, LOST };

static enum state state_of(const struct account *a)
{
	double mean = rest_mean(&a->rest);
	double best_possible = rest_best_possible(&a->bound, a->upper, a->parameter);
	bool over = exceeds(a, mean);

	if (a->left == 0)
		return over ? LOST : FINE;
	if (exceeds(a, rest_projected(&a->rest, best_possible, a->left)))
		return LOST;
	if (over && must_be_better_than_best(a, rest_allowed(&a->rest, limit_of(a), a->left)))
		return TIGHT;
	if (over)
		return OVER;
	return exceeds(a, rest_projected(&a->rest, rest_mean(&a->recent), a->left)) ? FORECAST : FINE;
}

static char *amount_of(const struct account *a, double value, char amount[PHRASE_TEXT])
{
	char number[PHRASE_TEXT];

	phrase_estimate(value, a->parameter->display_places, number);
	return phrase_amount(a->parameter, number, amount);
}

static void say(struct wq_verdict *out, const struct account *a, enum state state)
{
	char number[WQ_DECIMAL_TEXT], amount[PHRASE_TEXT], text[BOUND_TEXT];
	double mean = rest_judged(a->parameter, rest_mean(&a->rest), a->raw);
	double allowed = a->left > 0 ? rest_allowed(&a->rest, limit_of(a), a->left) : NAN;
	struct phrase says = { 0 };

	phrase_add(&says, "%d月%s%s均值%s(%d天,有效%d天)", a->month.month, a->parameter->name,
	        a->left > 0 ? "累计" : "",
	        phrase_amount(a->parameter, wq_value_format(mean, number), amount), a->passed,
	        a->rest.count);
	if (exceeds(a, mean))
		phrase_add(&says, ",%s", bound_phrase(&a->bound, a->upper, text));
	else
		phrase_add(&says, ",未超%s", bound_phrase_limit(&a->bound, text));
	if (state == LOST && a->left > 0)
		phrase_add(&says, ",余下%d天已无法使本月达标", a->left);
	else if (state == LOST)
		phrase_add(&says, ",本月未达标");
	else if (a->left > 0 && isfinite(allowed))
		phrase_add(&says, ",余下%d天日均须%s%s", a->left, a->upper ? "不高于" : "不低于",
		        amount_of(a, rest_told(a->parameter, allowed, a->upper), amount));
	if (state == TIGHT)
		phrase_add(&says, ",比本月最好的一天(%s)还要好", amount_of(a, a->best, amount));
	if (state == FORECAST)
		phrase_add(&says, ",按近%d天均值%s推算将超标", a->recent.count,
		        amount_of(a, rest_mean(&a->recent), amount));
	wq_verdict_say(out, "%s", says.text);
}

static void state_facts(struct wq_verdict *out, const struct account *a)
{
	wq_verdict_fact(out, "days_valid", a->rest.count);
	wq_verdict_fact(out, "days_passed", a->passed);
	wq_verdict_fact(out, "days_left", a->left);
	if (a->rest.count == 0)
		return;
	wq_verdict_fact(out, "mean_to_date", rest_mean(&a->rest));
	if (a->left > 0)
		wq_verdict_fact(out, "remaining_may", rest_allowed(&a->rest, limit_of(a), a->left));
	wq_verdict_fact(out, "recent_mean", rest_mean(&a->recent));
	wq_verdict_fact(out, "best_day", a->best);
	if (a->bound.class_)
		wq_verdict_fact(out, "target_class", a->bound.class_);
}

static void judge(struct wq_verdict *out, const struct month_settings *s, const struct account *a)
{
	const int levels[] = { WQ_LEVEL_NONE, s->forecast_level, s->over_level, s->tight_level,
		s->lost_level };
	bool covered = a->rest.count >= s->minimum_days &&
	        a->rest.count >= s->minimum_share * a->passed;
	enum state state;

	state_facts(out, a);
	if (a->passed < s->minimum_days) {
		out->finding = WQ_FINDING_CLEAR;
		wq_verdict_say(out, "%d月刚开始,%s月均值重新累计", a->month.month,
		        a->parameter->name);
		return;
	}
	if (!covered) {
		out->finding = WQ_FINDING_UNKNOWN;
		wq_verdict_say(out, "%d月%s有效数据不足(%d天中有效%d天),月均值不可评价", a->month.month,
		        a->parameter->name, a->passed, a->rest.count);
		return;
	}
	state = state_of(a);
	out->value = rest_judged(a->parameter, rest_mean(&a->rest), a->raw);
	out->level = (enum wq_level)levels[state];
	out->finding = out->level > WQ_LEVEL_NONE ? WQ_FINDING_RAISE
	        : state == FINE                   ? WQ_FINDING_CLEAR
	                                          : WQ_FINDING_HOLD;
	say(out, a, state);
}

static bool on_day(
        void *state, const void *settings, const struct wq_view *view, struct wq_verdict *out)
{
	const struct month_settings *s = settings;
	const struct wq_station *station = wq_view_station(view);
	const wq_day today = wq_view_day(view)->day;
	const uint32_t item = wq_view_place(view) - station->first_series;
	struct account a = { .parameter = wq_view_parameter(view),
		.month = month_of(today),
		.raw = wq_view_site(view)->evaluation.daily_raw };
	const struct wq_past_day *past;
	size_t count;

	(void)state;
	past = wq_view_days(
	        view, (uint32_t)(station - wq_view_site(view)->stations), &count);
	if (!bound_find(&s->bound, wq_view_site(view), a.parameter, station, &a.bound))
		return false;
	a.upper = upper_end(&a.bound, past, count, item);
	a.passed = today - a.month.first + 1;
	a.left = a.month.last - today;
	add_up(&a, s, past, count, item, today);
	out->series = wq_view_place(view);
	out->at = wq_day_start(station->zone, today + 1);
	out->value = NAN;
	out->limit = limit_of(&a);
	judge(out, s, &a);
	return true;
}

const struct wq_rule wq_rule_month = {
	.name = "month",
	.help = "the month to date, and what the days left may average",
	.scope = WQ_SCOPE_SERIES,
	.options = options,
	.settings_size = sizeof(struct month_settings),
	.check = check,
	.days = days,
	.on_day = on_day,
};
