/* SPDX-License-Identifier: Apache-2.0 */
/* fall: the class of a closed day fell.
 *
 * Compares the class of the day that was closed with an earlier one (`against`):
 *   yesterday   the day before
 *   week-day    the same day of the week before
 *   week-mean   the mean class of the assessable days among the seven before (at least four), rounded half up
 *
 *   worse by `classes` or more, and (beyond_target) worse than the target     RAISE level
 *   meets the target, or is better than what it is compared with              CLEAR
 *   neither: still as bad as it was                                           HOLD
 *   either is not assessable                                                  UNKNOWN, but CLEAR where the
 *                                                                             day meets the target
 *
 * Without beyond_target: CLEAR when it is no worse than what it is compared with. */
#include "registry.h"

#include "levels.h"
#include "phrase.h"
#include "rest.h"

#include "wq/decimal.h"
#include "wq/parameter.h"
#include "wq/standard.h"

#include <math.h>
#include <string.h>

enum against { YESTERDAY, WEEK_DAY, WEEK_MEAN };

/* Assessable days that a mean class needs. */
#define WEEK_LEAST 4

struct fall_settings {
	int64_t classes;
	int against, level;
	bool beyond_target;
};

static const struct wq_choice comparisons[] = {
	{ "yesterday", YESTERDAY },
	{ "week-day", WEEK_DAY },
	{ "week-mean", WEEK_MEAN },
	{ NULL, 0 },
};

static const struct wq_option options[] = {
	{ .key = "classes",
	        .type = WQ_OPT_INTEGER,
	        .min = 1,
	        .max = 5,
	        .fallback = "1",
	        .offset = offsetof(struct fall_settings, classes),
	        .help = "how many classes it must fall" },
	{ .key = "against",
	        .type = WQ_OPT_CHOICE,
	        .fallback = "yesterday",
	        .choices = comparisons,
	        .offset = offsetof(struct fall_settings, against),
	        .help = "compared with the day before, the same day of the week before, or the mean "
	                "class of the seven days before" },
	{ .key = "beyond_target",
	        .type = WQ_OPT_SWITCH,
	        .fallback = "true",
	        .offset = offsetof(struct fall_settings, beyond_target),
	        .help = "true: only when the class is now worse than the station's target" },
	{ .key = "level",
	        .type = WQ_OPT_CHOICE,
	        .fallback = "warning",
	        .choices = rule_levels + 1,
	        .offset = offsetof(struct fall_settings, level),
	        .help = "level of the alarm" },
	WQ_OPTION_END,
};

static size_t days(const void *settings)
{
	(void)settings;
	return 8;
}

/* What the day is compared with. */
struct reference {
	int class_; /* 0: not assessable */
	int counted;
	const struct wq_past_day *day; /* NULL: a mean of several, or none */
};

static struct reference mean_class(const struct wq_past_day *days_, size_t count, wq_day before)
{
	struct reference r = { 0 };
	int sum = 0;

	for (wq_day day = before - 7; day < before; day++) {
		const struct wq_past_day *past = wq_past_find(days_, count, day);

		if (!past || past->class_ == 0)
			continue;
		sum += past->class_;
		r.counted++;
	}
	if (r.counted >= WEEK_LEAST)
		r.class_ = (2 * sum + r.counted) / (2 * r.counted);
	return r;
}

static struct reference refer(
        const struct fall_settings *s, const struct wq_past_day *days_, size_t count, wq_day day)
{
	struct reference r = { 0 };

	if (s->against == WEEK_MEAN)
		return mean_class(days_, count, day);
	r.day = wq_past_find(days_, count, s->against == WEEK_DAY ? day - 7 : day - 1);
	r.class_ = r.day ? r.day->class_ : 0;
	r.counted = r.class_ > 0;
	return r;
}

/* ":总磷Ⅲ→Ⅳ类(日均0.263mg/L)": the items that are worse than the section was before. */
static void add_items(struct phrase *says, const struct wq_view *view, const struct reference *before,
        const struct wq_past_day *now)
{
	const struct wq_site *site = wq_view_site(view);
	const struct wq_station *station = wq_view_station(view);
	const char *between = ":";

	for (uint32_t i = 0; i < station->series_count; i++) {
		const struct wq_parameter *p =
		        &site->parameters[site->series[station->first_series + i].parameter];
		const struct wq_past_item *item = &now->items[i];
		int was = before->day ? before->day->items[i].class_ : 0;
		char number[WQ_DECIMAL_TEXT], amount[PHRASE_TEXT];

		if (item->class_ <= before->class_)
			continue;
		wq_value_format(rest_judged(p, item->mean, site->evaluation.daily_raw), number);
		phrase_add(says, "%s%s%s%s%s类(日均%s)", between, p->name, wq_class_name(was),
		        was ? "→" : "", wq_class_name(item->class_),
		        phrase_amount(p, number, amount));
		between = "、";
	}
}

static const char *const compared[] = {
	[YESTERDAY] = "前一日",
	[WEEK_DAY] = "上周同日",
	[WEEK_MEAN] = "前7日平均",
};

static void say(struct wq_verdict *out, const struct fall_settings *s, const struct wq_view *view,
        const struct reference *before, const struct wq_past_day *now)
{
	char date[PHRASE_TEXT];
	struct phrase says = { 0 };

	phrase_add(&says, "%s水质%s类", phrase_day(now->day, date), wq_class_name(now->class_));
	if (now->class_ > before->class_ && before->class_ > 0)
		phrase_add(&says, ",较%s(%s类)下降%d类", compared[s->against],
		        wq_class_name(before->class_), now->class_ - before->class_);
	else if (before->class_ > 0)
		phrase_add(&says, ",%s%s类", compared[s->against], wq_class_name(before->class_));
	if (out->finding == WQ_FINDING_RAISE)
		add_items(&says, view, before, now);
	wq_verdict_say(out, "%s", says.text);
}

static enum wq_finding find(const struct fall_settings *s, int target, int before, int now)
{
	bool beyond = now > target;

	if (s->beyond_target && now > 0 && !beyond)
		return WQ_FINDING_CLEAR;
	if (now == 0 || before == 0)
		return WQ_FINDING_UNKNOWN;
	if (now - before >= s->classes && (beyond || !s->beyond_target))
		return WQ_FINDING_RAISE;
	if (now < before || (!s->beyond_target && now <= before))
		return WQ_FINDING_CLEAR;
	return WQ_FINDING_HOLD;
}

static bool on_day(
        void *state, const void *settings, const struct wq_view *view, struct wq_verdict *out)
{
	const struct fall_settings *s = settings;
	const struct wq_station *station = wq_view_station(view);
	const wq_day day = wq_view_day(view)->day;
	const struct wq_past_day *past, *now;
	struct reference before;
	char date[PHRASE_TEXT];
	size_t count;

	(void)state;
	past = wq_view_days(view, wq_view_place(view), &count);
	now = wq_past_find(past, count, day);
	if (!now)
		return false;
	before = refer(s, past, count, day);
	out->at = wq_day_start(station->zone, day + 1);
	out->value = now->class_ ? (double)now->class_ : NAN;
	out->limit = before.class_ ? (double)before.class_ : NAN;
	out->finding = find(s, station->target, before.class_, now->class_);
	out->level = out->finding == WQ_FINDING_RAISE ? (enum wq_level)s->level : WQ_LEVEL_NONE;
	wq_verdict_fact(out, "class", now->class_);
	wq_verdict_fact(out, "before", before.class_);
	wq_verdict_fact(out, "days_compared", before.counted);
	wq_verdict_fact(out, "target_class", station->target);
	if (now->class_)
		say(out, s, view, &before, now);
	else
		wq_verdict_say(out, "%s水质不可评价", phrase_day(day, date));
	return true;
}

const struct wq_rule wq_rule_fall = {
	.name = "fall",
	.help = "the class of the closed day fell",
	.scope = WQ_SCOPE_STATION,
	.options = options,
	.settings_size = sizeof(struct fall_settings),
	.days = days,
	.on_day = on_day,
};
