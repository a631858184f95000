/* SPDX-License-Identifier: Apache-2.0 */
/* What detectors and the watch over instruments have found, in English. */
#include "text_en_parts.h"

#include "wq/option.h"
#include "wq/rule.h"

#include <math.h>
#include <string.h>

bool en_trend(struct wording *line, const struct facts *f, bool over)
{
	const double slope = en_fact(f, "slope_per_hour"), hours = en_fact(f, "hours_to_exceed"), now = en_fact(f, "fitted_now");
	const bool days = isfinite(hours) && hours >= 72;

	if (over) {
		en_reading(line, f);
		wording_add(line, ", no trend towards ");
		en_limit(line, f);
		return true;
	}
	if (!isfinite(slope))
		return false;
	wording_add(line, "%s %s by %.15g a%s", f->item, slope > 0 ? "rises" : "falls", en_rounded(fabs(slope) * (days ? 24 : 1), 2), days ? " day" : "n hour");
	if (isfinite(now))
		wording_add(line, ", now about %.15g", en_rounded(now, 3));
	if (isfinite(hours) && hours > 0)
		wording_add(line, ", expected %s ", slope > 0 ? "over" : "below");
	else
		wording_add(line, ", the line has reached ");
	en_limit(line, f);
	if (isfinite(hours) && hours > 0)
		wording_add(line, " in about %.0f %s", fmax(1, days ? hours / 24 : hours), days ? "d" : "h");
	return true;
}

bool en_surge(struct wording *line, const struct facts *f, bool over)
{
	const double usual = en_fact(f, "usual"), value = f->change->value, limit = f->change->limit;

	if (!isfinite(value))
		return false;
	en_reading(line, f);
	if (over) {
		wording_add(line, ", near what is usual again");
		if (isfinite(usual))
			wording_add(line, " (%.15g)", en_rounded(usual, 2));
		return true;
	}
	if (isfinite(usual) && usual > 0)
		wording_add(line, ", %.0f%% %s the usual %.15g", fabs(value / usual - 1) * 100, value < usual ? "below" : "above",
		        en_rounded(usual, 2));
	if (!isfinite(limit))
		return true;
	/* On the far side of the limit, as seen from what is usual: it is crossed. */
	if (isfinite(usual) && (usual < limit) != (value < limit))
		en_side(line, f, value, false);
	else {
		wording_add(line, ", nearing ");
		en_limit(line, f);
	}
	return true;
}

/* The channels of an event are told by their places in its setting. */
static const char *channel_english(const struct facts *f, double place)
{
	const struct wq_rule_use *use = &f->site->rules[f->change->rule];

	for (const struct wq_option *row = use->rule->options; row != NULL && row->key != NULL && use->settings != NULL; row++) {
		const struct wq_list *list = (const void *)((const char *)use->settings + row->offset);

		if (strcmp(row->key, "channels") != 0 || row->type != WQ_OPT_LIST || !(place >= 1) || place > (double)list->count)
			continue;
		const int i = wq_parameter_find(f->site->parameters, f->site->parameter_count, list->items[(size_t)place - 1]);

		if (i >= 0 && f->site->parameters[i].english != NULL)
			return f->site->parameters[i].english;
		return list->items[(size_t)place - 1];
	}
	return NULL;
}

bool en_event(struct wording *line, const struct facts *f, bool over)
{
	static const char *const keys[][3] = { { "first_channel", "first_share", "first_deviation" },
		{ "second_channel", "second_share", "second_deviation" }, { "third_channel", "third_share", "third_deviation" } };
	int named = 0;

	if (over) {
		const bool lasting = f->change->value > f->change->limit;

		wording_add(line, "%s", lasting ? "the unusual state has lasted and counts as usual now" : "the water is as usual again");
		return true;
	}
	wording_add(line, "the water is not as usual");
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		const char *name = channel_english(f, en_fact(f, keys[i][0]));

		if (name != NULL)
			wording_add(line, "%s%s %s (%.0f%%)", named++ == 0 ? ": " : ", ", name, en_fact(f, keys[i][2]) > 0 ? "high" : "low",
			        en_fact(f, keys[i][1]) * 100);
	}
	return true;
}

/* The one station upstream whose newest reading is what was judged. */
static const struct wq_station *upstream_of(const struct facts *f)
{
	const struct wq_parameter *parameter = text_parameter(f->site, f->change);
	json_t *row;
	size_t i;

	json_array_foreach (json_object_get(f->evidence, "neighbours"), i, row) {
		const char *where = json_string_value(json_object_get(row, "where")), *alias = json_string_value(json_object_get(row, "parameter"));
		const char *id = json_string_value(json_object_get(row, "station"));
		const double value = json_number_value(json_object_get(row, "value"));

		if (where == NULL || alias == NULL || id == NULL || parameter == NULL || strcmp(where, "upstream") != 0 ||
		        strcmp(alias, parameter->alias) != 0 || fabs(value - f->change->value) > 1e-9 * fabs(value))
			continue;
		const uint32_t station = wq_site_station(f->site, id);

		return station < f->site->station_count ? &f->site->stations[station] : NULL;
	}
	return NULL;
}

bool en_upstream(struct wording *line, const struct facts *f, bool over)
{
	const double rise = en_fact(f, "rise"), travel = en_fact(f, "travel_hours"), value = f->change->value, limit = f->change->limit;
	const struct wq_station *station = upstream_of(f);
	char name[160];

	if (over) {
		wording_add(line, "%s upstream is down again, the affected water should have passed", f->item);
		return true;
	}
	if (!isfinite(value))
		return false;
	en_reading(line, f);
	wording_add(line, " upstream");
	if (station != NULL) {
		en_station(station, name, sizeof name);
		wording_add(line, " at %s", name);
	}
	if (isfinite(rise) && isfinite(limit) && (rise > 0) != (value > limit))
		wording_add(line, ", %.0f%% %s than before", fabs(rise) * 100, rise > 0 ? "higher" : "lower");
	else
		en_side(line, f, value, false);
	if (isfinite(travel)) {
		wording_add(line, ", here about ");
		en_hours(line, travel);
		wording_add(line, " after");
	}
	return true;
}

/* -- instruments -- */

/* By enum health_reason of rules/health, which evidence keeps as a number. */
enum { CARRIED = 1, RANGE, FLAT, COPIED, COARSE, REGULAR, CROSS };

bool en_health(struct wording *line, const struct facts *f, bool over)
{
	static const char *const words[] = { [COPIED] = " equal those of another parameter one by one, maybe not measured",
		[COARSE] = " have fewer decimals than before, maybe not measured or set up anew",
		[REGULAR] = " are too regular, maybe filled in or smoothed" };
	const int reason = isfinite(en_fact(f, "reason")) ? (int)en_fact(f, "reason") : 0;

	if (over) {
		wording_add(line, "%s readings are normal again", f->item);
		return true;
	}
	if (reason >= COPIED && reason <= REGULAR) {
		wording_add(line, "the last ");
		if (isfinite(en_fact(f, "looked_at")))
			wording_add(line, "%.0f ", en_fact(f, "looked_at"));
		wording_add(line, "readings of %s%s", f->item, words[reason]);
		return true;
	}
	if (reason == CARRIED) {
		wording_add(line, "%s is new only every ", f->item);
		en_hours(line, en_fact(f, "cycle_hours"));
		wording_add(line, ", between it is repeated: set its cycle");
		return true;
	}
	en_reading(line, f);
	if (reason == FLAT) {
		wording_add(line, " unchanged for ");
		en_hours(line, en_fact(f, "unchanged_hours"));
		wording_add(line, ", the instrument may be stuck");
	} else if (reason == CROSS) {
		wording_add(line, " contradicts another parameter (%.15g), the instrument may be at fault", en_rounded(en_fact(f, "other"), 3));
	} else if (reason == RANGE) {
		wording_add(line, " out of its plausible range again and again, not evaluated: check instrument and water");
	} else {
		wording_add(line, ", the instrument may be at fault");
	}
	return true;
}
