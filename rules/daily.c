/* SPDX-License-Identifier: Apache-2.0 */
/* daily: the verdict of the closed day of a station, as a whole or of one item.
 *
 * Says what the day's report found; means, rounding and the number of valid readings that a mean
 * needs are the site's (wq_evaluation) and were applied before.
 *
 *   exceeds the station's target class     RAISE level
 *   meets                                  CLEAR
 *   not assessable                         UNKNOWN: an open alarm stays
 *
 * `item` = "": the class of the station by single factor; otherwise the daily mean of that item.
 * Nothing is said where the item is not measured. */
#include "registry.h"

#include "bound.h"
#include "levels.h"
#include "phrase.h"

#include "wq/decimal.h"
#include "wq/err.h"
#include "wq/parameter.h"
#include "wq/standard.h"

#include <math.h>
#include <string.h>

struct daily_settings {
	const char *item; /* NULL or "": the station's class */
	int level;
};

static const struct wq_option options[] = {
	{ .key = "item",
	        .type = WQ_OPT_TEXT,
	        .fallback = "",
	        .offset = offsetof(struct daily_settings, item),
	        .help = "the parameter whose daily mean is judged (\"tp\"); empty: the station's "
	                "class" },
	{ .key = "level",
	        .type = WQ_OPT_CHOICE,
	        .fallback = "warning",
	        .choices = rule_levels + 1,
	        .offset = offsetof(struct daily_settings, level),
	        .help = "level of the alarm" },
	WQ_OPTION_END,
};

static const struct bound_settings target = { .class_ = INT64_MIN, .above = NAN, .below = NAN };

static bool whole_station(const struct daily_settings *s)
{
	return !s->item || s->item[0] == '\0';
}

static int check(const void *settings, const struct wq_site *site,
        const struct wq_parameter *parameter, struct wq_err *err)
{
	const struct daily_settings *s = settings;
	int found;

	(void)parameter;
	if (whole_station(s))
		return WQ_OK;
	found = wq_parameter_find(site->parameters, site->parameter_count, s->item);
	if (found < 0)
		return wq_fail(err, WQ_E_INVALID,
		        "item '%s' is no parameter with class limits; allowed: empty, or one of GB "
		        "3838 "
		        "such as tp, nh3n, codmn, do, ph",
		        s->item);
	return bound_check(&target, site, &site->parameters[found], err);
}

/* What one item's mean is: "日均0.213mg/L,超Ⅲ类限值(0.2)0.06倍". Where the mean before rounding
 * falls on the other side of the limit, both are shown. */
static void add_mean(struct phrase *says, const struct wq_site *site,
        const struct wq_station *station, const struct wq_day_row *row)
{
	const struct wq_parameter *parameter = &site->parameters[row->parameter];
	double judged = site->evaluation.daily_raw ? row->mean_raw : row->mean;
	char number[WQ_DECIMAL_TEXT], amount[PHRASE_TEXT], text[BOUND_TEXT], raw[PHRASE_TEXT];
	struct bound bound;
	bool differ;

	phrase_add(says, "日均%s",
	        phrase_amount(parameter, wq_value_format(row->mean, number), amount));
	if (!bound_find(&target, site, parameter, station, &bound))
		return;
	differ = bound_exceeds(&bound, row->mean) != bound_exceeds(&bound, row->mean_raw);
	if (differ)
		phrase_add(says, ",修约前%s", phrase_significant(row->mean_raw, 6, raw));
	if (!bound_exceeds(&bound, judged))
		return;
	phrase_add(says, ",%s", bound_phrase(&bound, judged > bound.high, text));
	if (!isnan(row->exceedance))
		phrase_add(says, "%s倍", phrase_multiple(row->exceedance, amount));
}

/* "氨氮、总磷" of the evaluated items in `bits`. */
static void add_items(struct phrase *says, const struct wq_site *site, unsigned bits)
{
	const char *between = "";

	for (unsigned i = 0; i < site->standard->evaluated_count; i++) {
		int found = wq_parameter_find(
		        site->parameters, site->parameter_count, site->standard->evaluated[i]);
		if (!(bits & 1u << i) || found < 0)
			continue;
		phrase_add(says, "%s%s", between, site->parameters[found].name);
		between = "、";
	}
}

static const struct wq_day_row *row_of(const struct wq_day_report *report, int parameter)
{
	for (uint32_t i = 1; parameter >= 0 && i < report->count; i++)
		if (report->rows[i].parameter == (uint32_t)parameter)
			return &report->rows[i];
	return NULL;
}

/* Evaluated items that are not measured here: without them a class can look better than the water is. */
static unsigned unmeasured(const struct wq_site *site, const struct wq_station *station,
        const struct wq_day_report *report)
{
	unsigned bits = 0;

	for (unsigned i = 0; i < site->standard->evaluated_count; i++) {
		const char *code = site->standard->evaluated[i];
		const struct wq_standard_row *limits = wq_site_limits(site, station, code);

		if (limits != NULL && limits->evaluated &&
		        row_of(report, wq_parameter_find(site->parameters, site->parameter_count,
		                               code)) == NULL)
			bits |= 1u << i;
	}
	return bits;
}

static void add_determining(struct phrase *says, const struct wq_site *site,
        const struct wq_station *station, const struct wq_day_report *report)
{
	const char *before = ",定类因子:";

	for (unsigned i = 0; i < site->standard->evaluated_count; i++) {
		const struct wq_day_row *row = row_of(report,
		        wq_parameter_find(
		                site->parameters, site->parameter_count, site->standard->evaluated[i]));
		if (!(report->determining & 1u << i) || !row)
			continue;
		phrase_add(says, "%s%s", before, site->parameters[row->parameter].name);
		add_mean(says, site, station, row);
		before = ";";
	}
}

static const struct {
	enum wq_finding finding;
	const char *words;
} findings[] = {
	[WQ_DAY_NOT_ASSESSABLE] = { WQ_FINDING_UNKNOWN, "不可评价" },
	[WQ_DAY_MEETS] = { WQ_FINDING_CLEAR, "达标" },
	[WQ_DAY_EXCEEDS] = { WQ_FINDING_RAISE, "超标" },
};

static void begin(struct wq_verdict *out, const struct daily_settings *s,
        const struct wq_station *station, const struct wq_day_row *row, struct phrase *says)
{
	char date[WQ_INSTANT_TEXT];
	int month = 0, day = 0;

	out->finding = findings[row->verdict].finding;
	out->level = row->verdict == WQ_DAY_EXCEEDS ? (enum wq_level)s->level : WQ_LEVEL_NONE;
	out->at = wq_day_start(station->zone, row->day + 1);
	wq_day_format(row->day, date); /* "2021-11-22" */
	if (strlen(date) == 10) {
		month = (date[5] - '0') * 10 + date[6] - '0';
		day = (date[8] - '0') * 10 + date[9] - '0';
	}
	phrase_add(says, "%d月%d日", month, day);
	wq_verdict_fact(out, "valid", row->valid);
	wq_verdict_fact(out, "expected", row->expected);
	if (row->class_)
		wq_verdict_fact(out, "class", row->class_);
	wq_verdict_fact(out, "target_class", station->target);
}

static void judge_station(struct wq_verdict *out, const struct daily_settings *s,
        const struct wq_view *view, const struct wq_day_report *report)
{
	const struct wq_site *site = wq_view_site(view);
	const struct wq_station *station = wq_view_station(view);
	const struct wq_day_row *row = &report->rows[0];
	const unsigned missing = unmeasured(site, station, report);
	struct phrase says = { 0 };

	begin(out, s, station, row, &says);
	out->series = WQ_NONE;
	out->value = row->class_ ? (double)row->class_ : NAN;
	out->limit = station->target;
	if (row->class_)
		phrase_add(&says, "水质%s类", wq_class_name(row->class_));
	else
		phrase_add(&says, "水质%s", findings[row->verdict].words);
	if (row->verdict == WQ_DAY_EXCEEDS)
		add_determining(&says, site, station, report);
	else if (row->verdict == WQ_DAY_MEETS)
		phrase_add(&says, ",达标(目标%s类)", wq_class_name(station->target));
	if (report->lacking) {
		phrase_add(&says, "%s有效数据不足:", row->class_ ? ";" : ",");
		add_items(&says, site, report->lacking);
	}
	if (row->class_ && missing) {
		phrase_add(&says, ";未监测:");
		add_items(&says, site, missing);
	}
	wq_verdict_say(out, "%s", says.text);
}

static void judge_item(struct wq_verdict *out, const struct daily_settings *s,
        const struct wq_view *view, const struct wq_day_row *row)
{
	const struct wq_site *site = wq_view_site(view);
	const struct wq_station *station = wq_view_station(view);
	const struct wq_parameter *parameter = &site->parameters[row->parameter];
	struct phrase says = { 0 };
	struct bound bound;

	begin(out, s, station, row, &says);
	out->series = wq_site_series(site, wq_view_place(view), row->parameter);
	out->value = site->evaluation.daily_raw ? row->mean_raw : row->mean;
	out->limit = NAN;
	if (bound_find(&target, site, parameter, station, &bound))
		out->limit = bound_limit(&bound, out->value);
	if (!isnan(row->exceedance))
		wq_verdict_fact(out, "exceedance", row->exceedance);
	phrase_add(&says, "%s", parameter->name);
	if (!isnan(row->mean))
		add_mean(&says, site, station, row);
	if (row->verdict != WQ_DAY_EXCEEDS)
		phrase_add(
		        &says, "%s%s", isnan(row->mean) ? "" : ",", findings[row->verdict].words);
	if (isnan(row->mean))
		phrase_add(&says, "(有效数据%d个)", (int)row->valid);
	wq_verdict_say(out, "%s", says.text);
}

/* So far back late data are told of; what is older is corrected in the record. */
static size_t days(const void *settings)
{
	(void)settings;
	return 7;
}

/* Late data made this older day exceed. */
static bool turned(const struct daily_settings *s, const struct wq_site *site,
        const struct wq_day_report *report)
{
	const struct wq_day_row *row = whole_station(s)
	        ? &report->rows[0]
	        : row_of(report, wq_parameter_find(site->parameters, site->parameter_count, s->item));

	return row != NULL && (report->turned >> (row - report->rows) & 1) != 0;
}

static bool on_day(
        void *state, const void *settings, const struct wq_view *view, struct wq_verdict *out)
{
	const struct wq_day_report *report = wq_view_day(view);
	const struct wq_site *site = wq_view_site(view);
	const struct daily_settings *s = settings;
	const struct wq_day_row *row;

	(void)state;
	if (!report || report->count == 0)
		return false;
	if (report->older && !turned(s, site, report))
		return false;
	if (whole_station(s)) {
		judge_station(out, s, view, report);
		return true;
	}
	row = row_of(report, wq_parameter_find(site->parameters, site->parameter_count, s->item));
	if (!row)
		return false;
	judge_item(out, s, view, row);
	return true;
}

const struct wq_rule wq_rule_daily = {
	.name = "daily",
	.help = "the closed day of a station against its target class",
	.scope = WQ_SCOPE_STATION,
	.options = options,
	.settings_size = sizeof(struct daily_settings),
	.check = check,
	.days = days,
	.on_day = on_day,
	.older = true,
};
