/* SPDX-License-Identifier: Apache-2.0 */
/* limit: readings against a class of GB 3838 or a number.
 *
 * Judges the newest assessable readings of a series as measured (raw); the limit itself meets.
 * Without memory of its own: out-of-order and revised readings are where they belong in the view.
 *
 *   the newest reading exceeds, and so did the n-1 before it (n = readings)   RAISE level
 *   … fewer than n                                                            RAISE first_level,
 *                                                                             HOLD where it is none
 *   the newest clear_readings readings are all within the limit by deadband   CLEAR
 *   in between                                                                HOLD
 *   no reading yet, or no limit for this parameter in this water              UNKNOWN
 *
 * A suspect reading counts, but never alone: a run of one suspect reading raises no higher than
 * first_level and clears nothing. */
#include "registry.h"

#include "bound.h"
#include "levels.h"
#include "phrase.h"

#include "wq/decimal.h"
#include "wq/err.h"
#include "wq/parameter.h"

#include <string.h>

struct limit_settings {
	struct bound_settings bound;
	int64_t readings, clear_readings;
	int first_level, level;
	double deadband;
};

static const struct wq_option options[] = {
	BOUND_OPTIONS(struct limit_settings),
	{ .key = "readings",
	        .type = WQ_OPT_INTEGER,
	        .min = 1,
	        .max = WQ_WINDOW_MAX - 1,
	        .fallback = "2",
	        .offset = offsetof(struct limit_settings, readings),
	        .help = "consecutive readings over the limit that confirm it" },
	{ .key = "first_level",
	        .type = WQ_OPT_CHOICE,
	        .fallback = "watch",
	        .choices = rule_levels,
	        .offset = offsetof(struct limit_settings, first_level),
	        .help = "level until it is confirmed; none: silent until then" },
	{ .key = "level",
	        .type = WQ_OPT_CHOICE,
	        .fallback = "alarm",
	        .choices = rule_levels + 1,
	        .offset = offsetof(struct limit_settings, level),
	        .help = "level once it is confirmed" },
	{ .key = "deadband",
	        .type = WQ_OPT_NUMBER,
	        .min = 0,
	        .max = 0.5,
	        .fallback = "0",
	        .unit = "share of the limit",
	        .offset = offsetof(struct limit_settings, deadband),
	        .help = "how far within the limit a reading must be to clear" },
	{ .key = "clear_readings",
	        .type = WQ_OPT_INTEGER,
	        .min = 1,
	        .max = WQ_WINDOW_MAX - 1,
	        .fallback = "1",
	        .offset = offsetof(struct limit_settings, clear_readings),
	        .help = "consecutive readings within the limit that clear" },
	WQ_OPTION_END,
};

static int check(const void *settings, const struct wq_site *site,
        const struct wq_parameter *parameter, struct wq_err *err)
{
	const struct limit_settings *s = settings;

	if (s->first_level > s->level)
		return wq_fail(err, WQ_E_INVALID,
		        "first_level '%s' is higher than level '%s': a confirmed exceedance is no "
		        "less",
		        wq_level_name((enum wq_level)s->first_level),
		        wq_level_name((enum wq_level)s->level));
	return bound_check(&s->bound, site, parameter, err);
}

/* One more than is judged, so that "3 in a row" and "3 or more" can be told apart. */
static size_t window(const void *settings)
{
	const struct limit_settings *s = settings;
	int64_t most = s->readings > s->clear_readings ? s->readings : s->clear_readings;

	return (size_t)most + 1;
}

/* How many of the newest readings exceed (or do not exceed) the bound without a break. */
static size_t run_of(
        const struct bound *bound, bool exceeding, const struct wq_reading *readings, size_t count)
{
	size_t run = 0;

	while (run < count && bound_exceeds(bound, readings[count - 1 - run].value) == exceeding)
		run++;
	return run;
}

static void say_exceeds(struct wq_verdict *out, const struct limit_settings *s,
        const struct wq_parameter *parameter, const struct bound *bound, size_t run,
        const struct wq_reading *newest)
{
	const bool suspect = newest->quality == WQ_SUSPECT;
	char number[WQ_DECIMAL_TEXT], value[PHRASE_TEXT], over[BOUND_TEXT], times[PHRASE_TEXT];
	double multiple = bound_exceedance(bound, out->value);
	struct phrase says = { 0 };

	phrase_add(&says, "%s,%s",
	        phrase_value(parameter, wq_value_format(out->value, number), value),
	        bound_phrase(bound, out->value > bound->high, over));
	if (!isnan(multiple))
		phrase_add(&says, "%s倍", phrase_multiple(multiple, times));
	if (run > 1)
		phrase_add(&says, ",连续%zu次%s", run, run == window(s) ? "以上" : "");
	phrase_doubt(&says, newest, run > 1);
	if (run < (size_t)s->readings || (suspect && run == 1))
		phrase_add(&says, ",待下次读数确认");
	wq_verdict_say(out, "%s", says.text);
}

static void state_facts(
        struct wq_verdict *out, const struct wq_view *view, const struct bound *bound, size_t run)
{
	const struct wq_standard_row *row = wq_site_limits(
	        wq_view_site(view), wq_view_station(view), wq_view_parameter(view)->code);
	double multiple = bound_exceedance(bound, out->value);

	if (!isnan(multiple))
		wq_verdict_fact(out, "exceedance", multiple);
	wq_verdict_fact(out, "consecutive", (double)run);
	wq_verdict_fact(out, "limit", out->limit);
	if (row && !row->single)
		wq_verdict_fact(out, "class", wq_standard_class(row, out->value));
	if (bound->class_)
		wq_verdict_fact(out, "target_class", bound->class_);
}

static void exceeds(struct wq_verdict *out, const struct limit_settings *s,
        const struct wq_view *view, const struct bound *bound, size_t run,
        const struct wq_reading *newest)
{
	const bool suspect = newest->quality == WQ_SUSPECT;
	bool confirmed = run >= (size_t)s->readings && !(suspect && run == 1);

	out->level = (enum wq_level)(confirmed ? s->level : s->first_level);
	out->finding = out->level == WQ_LEVEL_NONE ? WQ_FINDING_HOLD : WQ_FINDING_RAISE;
	state_facts(out, view, bound, run);
	say_exceeds(out, s, wq_view_parameter(view), bound, run, newest);
}

static void meets(struct wq_verdict *out, const struct limit_settings *s,
        const struct wq_view *view, const struct bound *bound, size_t run, bool suspect)
{
	char number[WQ_DECIMAL_TEXT], value[PHRASE_TEXT], limit[WQ_DECIMAL_TEXT];
	bool clear = run >= (size_t)s->clear_readings && !(suspect && run == 1);

	out->finding = clear ? WQ_FINDING_CLEAR : WQ_FINDING_HOLD;
	if (!wq_view_open(view))
		return;
	state_facts(out, view, bound, run);
	phrase_value(wq_view_parameter(view), wq_value_format(out->value, number), value);
	wq_value_format(out->limit, limit);
	if (!clear)
		wq_verdict_say(out, "%s,未超限值(%s),尚未稳定达标", value, limit);
	else if (bound->class_)
		wq_verdict_say(
		        out, "%s,已达%s类(限值%s)", value, wq_class_name(bound->class_), limit);
	else
		wq_verdict_say(out, "%s,已达标(限值%s)", value, limit);
}

static bool on_batch(
        void *state, const void *settings, const struct wq_view *view, struct wq_verdict *out)
{
	const struct limit_settings *s = settings;
	const struct wq_parameter *parameter = wq_view_parameter(view);
	const struct wq_reading *readings, *newest;
	struct bound bound, narrow;
	size_t count;
	bool suspect;

	(void)state;
	readings = wq_view_readings(view, wq_view_place(view), &count);
	if (count == 0)
		return false;
	if (count > window(s)) {
		readings += count - window(s);
		count = window(s);
	}
	newest = &readings[count - 1];
	out->series = wq_view_place(view);
	out->at = newest->at;
	out->value = newest->value;
	out->limit = NAN;
	if (!bound_find(&s->bound, wq_view_site(view), parameter, wq_view_station(view), &bound)) {
		out->finding = WQ_FINDING_UNKNOWN;
		wq_verdict_say(out, "%s对此水体未设%s限值,不可评价",
		        wq_view_site(view)->standard->name, parameter->name);
		return true;
	}
	out->limit = bound_limit(&bound, newest->value);
	suspect = newest->quality == WQ_SUSPECT;
	narrow = bound_narrow(&bound, s->deadband);
	if (bound_exceeds(&bound, newest->value))
		exceeds(out, s, view, &bound, run_of(&bound, true, readings, count), newest);
	else
		meets(out, s, view, &bound, run_of(&narrow, false, readings, count), suspect);
	return true;
}

const struct wq_rule wq_rule_limit = {
	.name = "limit",
	.help = "n consecutive readings over a class of GB 3838 or a number",
	.scope = WQ_SCOPE_SERIES,
	.options = options,
	.settings_size = sizeof(struct limit_settings),
	.check = check,
	.window = window,
	.on_batch = on_batch,
};
