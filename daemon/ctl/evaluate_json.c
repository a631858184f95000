/* SPDX-License-Identifier: Apache-2.0 */
/* What wqctl evaluate says, as JSON. */
#include "evaluate.h"

#include "commands.h"
#include "number.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>

/* Fifteen digits: what was stored as a decimal comes out as one. */
#define FORM (JSON_COMPACT | JSON_REAL_PRECISION(15))

static json_t *class_json(int class_)
{
	return class_ == WQ_CLASS_NONE ? json_null() : json_integer(class_);
}

static json_t *period_json(const struct wq_period *period)
{
	char first[WQ_INSTANT_TEXT], last[WQ_INSTANT_TEXT], name[WQ_PERIOD_TEXT];

	return json_pack("{s:s, s:s, s:s, s:s}", "kind", wq_period_kind_name(period->kind), "from",
	        wq_day_format(period->first, first), "to", wq_day_format(period->last, last),
	        "name", wq_period_format(period, name));
}

static json_t *bits_json(const struct wq_site *site, unsigned bits)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < site->standard->evaluated_count; i++) {
		const int found = wq_parameter_find(
		        site->parameters, site->parameter_count, site->standard->evaluated[i]);

		if ((bits & 1U << i) != 0 && found >= 0)
			json_array_append_new(list, json_string(site->parameters[found].alias));
	}
	return list;
}

static json_t *item_json(const struct wq_site *site, const struct wq_period_item *item)
{
	return json_pack("{s:s, s:o, s:o, s:o, s:s, s:o, s:b, s:i, s:i, s:i, s:o, s:i}",
	        "parameter", site->parameters[item->parameter].alias, "mean", ctl_number(item->mean),
	        "mean_raw", ctl_number(item->mean_raw), "class", class_json(item->class_), "verdict",
	        wq_day_verdict_name(item->verdict), "exceedance", ctl_number(item->exceedance),
	        "evaluated", item->evaluated, "days", (int)item->days, "days_expected",
	        (int)item->days_expected, "readings", (int)item->readings, "readings_expected",
	        item->readings_expected > 0 ? json_integer(item->readings_expected) : json_null(),
	        "below_detection", (int)item->below);
}

static json_t *pollutants_json(const struct wq_site *site, const struct wq_period_report *report)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < report->pollutant_count; i++) {
		const struct wq_period_item *item = &report->items[report->pollutants[i]];

		json_array_append_new(list,
		        json_pack("{s:s, s:o}", "parameter",
		                site->parameters[item->parameter].alias, "exceedance",
		                ctl_number(item->exceedance)));
	}
	return list;
}

static json_t *line_json(const struct evaluation *e, const struct evaluated_line *line)
{
	const struct wq_period_report *now = &line->now;
	const struct wq_period_rules *rules = &e->site.evaluation.period;
	char says[WQ_PERIOD_SAYS];
	json_t *items = json_array();
	json_t *object = json_pack("{s:s, s:s, s:s, s:b, s:i, s:o, s:s, s:s, s:s}", "station",
	        line->station->id, "name", line->station->name, "kind",
	        wq_station_kind_name(line->station->kind), "commissioning",
	        line->station->commissioning, "target", line->station->target, "class",
	        class_json(now->class_), "grade", wq_grade_name(rules, now->class_), "colour",
	        wq_grade_colour(rules, now->class_), "verdict", wq_day_verdict_name(now->verdict));

	json_object_set_new(object, "determining", bits_json(&e->site, now->determining));
	json_object_set_new(object, "pollutants", pollutants_json(&e->site, now));
	json_object_set_new(object, "lacking", bits_json(&e->site, now->lacking));
	json_object_set_new(object, "unmeasured", bits_json(&e->site, now->unmeasured));
	json_object_set_new(object, "reason", json_string(wq_period_reason(&e->site, now, says)));
	json_object_set_new(object, "previous_class", class_json(line->before));
	json_object_set_new(object, "last_year_class", class_json(line->last_year));
	json_object_set_new(
	        object, "change", json_string(wq_class_change(line->before, now->class_)));
	json_object_set_new(
	        object, "change_year", json_string(wq_class_change(line->last_year, now->class_)));
	json_object_set_new(object, "days", json_integer(now->days));
	json_object_set_new(object, "days_expected", json_integer(now->days_expected));
	json_object_set_new(object, "oxygen_saturation", ctl_number(now->saturation));
	json_object_set_new(object, "trophic", ctl_number(now->trophic));
	json_object_set_new(object, "trophic_official",
	        isnan(now->trophic) ? json_null() : json_boolean(now->trophic_whole));
	for (uint32_t i = 0; i < now->count; i++)
		json_array_append_new(items, item_json(&e->site, &now->items[i]));
	json_object_set_new(object, "items", items);
	return object;
}

static json_t *group_json(const struct wq_group *group)
{
	return json_pack("{s:I, s:I, s:I, s:o, s:o}", "sections", (json_int_t)group->sections,
	        "assessable", (json_int_t)group->assessable, "commissioning",
	        (json_int_t)group->commissioning, "share_class_3_or_better",
	        ctl_number(wq_group_good(group)), "share_worse_than_5", ctl_number(wq_group_worst(group)));
}

static json_t *summary_json(const struct evaluation *e, const struct evaluated_groups *g)
{
	const struct wq_period_rules *rules = &e->site.evaluation.period;
	double points, points_year;
	const char *word = wq_group_change(rules, &g->before, &g->now, &points);
	const char *word_year = wq_group_change(rules, &g->last_year, &g->now, &points_year);

	return json_pack("{s:o, s:o, s:o, s:s, s:o, s:s, s:o}", "now", group_json(&g->now),
	        "previous", group_json(&g->before), "last_year", group_json(&g->last_year),
	        "change", word, "change_points", ctl_number(points), "change_year", word_year,
	        "change_year_points", ctl_number(points_year));
}

/* One station a line, so that a long list is not held as a tree. */
int evaluate_json(
        const struct evaluation *e, struct evaluated_line *line, struct evaluated_groups *groups)
{
	const char *between = "";
	char until[WQ_INSTANT_TEXT];
	json_t *part = json_pack("{s:o, s:s, s:o, s:o, s:s, s:s}", "period",
	        period_json(&e->periods[EVALUATED_NOW]), "until",
	        wq_day_format(evaluation_until(e), until), "previous",
	        period_json(&e->periods[EVALUATED_BEFORE]), "last_year",
	        period_json(&e->periods[EVALUATED_LAST_YEAR]), "standard", e->site.standard->name,
	        "standard_version", e->site.standard->version);

	fputs("{\"about\":", stdout);
	json_dumpf(part, stdout, FORM);
	json_decref(part);
	fputs(",\n\"stations\":[", stdout);
	for (size_t i = 0; i < e->site.station_count; i++) {
		if (!e->chosen[i])
			continue;
		evaluate_line(e, i, line);
		evaluate_count(groups, line);
		part = line_json(e, line);
		printf("%s\n", between);
		json_dumpf(part, stdout, FORM);
		json_decref(part);
		between = ",";
	}
	fputs("],\n\"summary\":", stdout);
	part = summary_json(e, groups);
	json_dumpf(part, stdout, FORM);
	json_decref(part);
	fputs("}\n", stdout);
	return CTL_DONE;
}
