/* SPDX-License-Identifier: Apache-2.0 */
/* Sections of rules: their settings, the hash that names them in evidence, and whether they make
 * sense where they apply. */
#include "fill.h"
#include "load.h"
#include "suggest.h"

#include "wq/err.h"

#include <stdlib.h>
#include <string.h>

#define FNV_BASIS UINT64_C(14695981039346656037)
#define FNV_PRIME UINT64_C(1099511628211)

static uint64_t hash_text(uint64_t hash, const char *text)
{
	for (; *text != '\0'; text++) {
		hash ^= (unsigned char)*text;
		hash *= FNV_PRIME;
	}
	return hash;
}

static int by_key(const void *a, const void *b)
{
	return strcmp((*(const struct wq_option *const *)a)->key,
	        (*(const struct wq_option *const *)b)->key);
}

/* key=value of every key that has a value, given or by default, sorted by key: a changed default is
 * a changed rule. */
static uint64_t hash_section(
        struct loader *l, const struct section *section, const struct wq_rule *rule)
{
	const struct wq_option *const tables[] = { schema_rule, rule->options };
	const struct wq_option **rows;
	uint64_t hash = hash_text(hash_text(FNV_BASIS, rule->name), "\n");
	size_t count = 0;

	for (size_t t = 0; t < 2; t++) {
		for (const struct wq_option *row = tables[t]; row != NULL && row->key != NULL;
		        row++)
			count++;
	}
	rows = arena_array(l->arena, count, sizeof *rows);
	count = 0;
	for (size_t t = 0; t < 2; t++) {
		for (const struct wq_option *row = tables[t]; row != NULL && row->key != NULL;
		        row++)
			rows[count++] = row;
	}
	qsort(rows, count, sizeof *rows, by_key);
	for (size_t i = 0; i < count; i++) {
		const struct entry *entry = section_entry(section, rows[i]->key);

		if (entry == NULL && rows[i]->fallback == NULL)
			continue;
		hash = hash_text(hash_text(hash, rows[i]->key), "=");
		if (entry == NULL)
			hash = hash_text(hash, rows[i]->fallback);
		for (size_t k = 0; entry != NULL && k < entry->count; k++)
			hash = hash_text(hash_text(hash, k == 0 ? "" : ","), entry->items[k]);
		hash = hash_text(hash, "\n");
	}
	return hash;
}

static void forbid(
        struct loader *l, const struct section *section, const char *key, const char *why)
{
	if (section_entry(section, key) != NULL)
		load_error(l, section, key, 0, "%s: %s", key, why);
}

static void check_scope(struct loader *l, const struct section *section, const struct wq_rule *rule)
{
	if (rule->scope != WQ_SCOPE_SERIES)
		forbid(l, section, "parameters",
		        rule->scope == WQ_SCOPE_STATION ? "this rule judges a station as a whole"
		                                        : "this rule judges the site as a whole");
	if (rule->scope == WQ_SCOPE_NETWORK) {
		forbid(l, section, "stations", "this rule judges the site as a whole");
		forbid(l, section, "kinds", "this rule judges the site as a whole");
		forbid(l, section, "focus", "this rule judges the site as a whole");
	}
}

/* One opening is no chatter. */
static void check_life(struct loader *l, const struct section *section, const struct wq_life *life)
{
	if (life->chatter == 1)
		load_error(l, section, "chatter", 0,
		        "chatter = 1: every alarm would be shelved as it opens; 0, or 2 to %d are allowed",
		        WQ_CHATTER_MAX);
}

void check_parameter_names(struct loader *l, const struct section *section, const struct wq_list *names)
{
	const struct wq_site *site = &l->config->site;

	for (size_t i = 0; i < names->count; i++) {
		const char *name = names->items[i];
		struct suggest suggest = { .wanted = name };
		char end[SUGGEST_TEXT];

		if (wq_parameter_find(site->parameters, site->parameter_count, name) >= 0 ||
		        document_lost(&l->document, name))
			continue;
		for (size_t k = 0; k < site->parameter_count; k++)
			suggest_offer(&suggest, site->parameters[k].alias);
		load_error(l, section, "parameters", i,
		        "parameters: there is no parameter \"%.63s\"%s", name,
		        suggest_end(&suggest, end));
	}
}

static void check_names(struct loader *l, const struct rule_plan *plan)
{
	for (size_t i = 0; i < plan->where.stations.count; i++) {
		if (strcmp(plan->where.stations.items[i], "*") != 0)
			load_reference(l, plan->section, "stations", i, "station",
			        plan->where.stations.items[i], &l->station_names);
	}
	check_parameter_names(l, plan->section, &plan->where.parameters);
}

void load_rules(struct loader *l)
{
	struct rule_plan *plans = arena_array(l->arena, load_count(l, SECTION_RULE), sizeof *plans);
	size_t n = 0;

	for (const struct section *s = load_next(l, SECTION_RULE, NULL); s != NULL;
	        s = load_next(l, SECTION_RULE, s)) {
		const size_t errors = l->report->error_count;
		struct rule_plan *plan = &plans[n++];

		*plan = (struct rule_plan){ .section = s, .title = s->title, .rule = s->kind->plugin };
		fill_settings(s, schema_rule, &plan->where, l->arena, l->report);
		plan->settings = fill_new(
		        s, plan->rule->options, plan->rule->settings_size, l->arena, l->report);
		check_scope(l, s, plan->rule);
		check_life(l, s, &plan->where.life);
		plan->kinds = load_kinds(l, s, &plan->where.kinds);
		plan->profiles = load_profile_bits(l, s, "profile", &plan->where.profile);
		plan->except_profiles =
		        load_profile_bits(l, s, "except_profile", &plan->where.except_profile);
		plan->usable = l->report->error_count == errors && !s->damaged;
		check_names(l, plan);
		plan->hash = hash_section(l, s, plan->rule);
	}
	l->internal->rules = plans;
	l->internal->rule_count = n;
}

/* Named parameters must all suit the rule. */
static void check_named(struct loader *l, const struct rule_plan *plan)
{
	const struct wq_site *site = &l->config->site;

	for (size_t i = 0; i < plan->where.parameters.count; i++) {
		const int found = wq_parameter_find(
		        site->parameters, site->parameter_count, plan->where.parameters.items[i]);
		struct wq_err err;

		if (found >= 0 &&
		        plan->rule->check(plan->settings, site, &site->parameters[found], &err) < 0)
			load_error(l, plan->section, "parameters", i, "parameter '%s': %s",
			        plan->where.parameters.items[i], err.text);
	}
}

/* Of those not named, at least one must; otherwise the first one's sentence tells what is wrong
 * with the rule. */
static void check_unnamed(struct loader *l, const struct rule_plan *plan)
{
	const struct wq_site *site = &l->config->site;
	struct wq_err err;

	for (size_t i = 0; i < site->parameter_count; i++) {
		if (plan->rule->check(plan->settings, site, &site->parameters[i], NULL) >= 0)
			return;
	}
	if (plan->rule->check(plan->settings, site, &site->parameters[0], &err) < 0)
		load_error(l, plan->section, NULL, 0, "%s", err.text);
}

static void check_rule(struct loader *l, const struct rule_plan *plan)
{
	struct wq_err err;

	if (!plan->usable || plan->rule->check == NULL)
		return;
	if (plan->rule->scope != WQ_SCOPE_SERIES) {
		if (plan->rule->check(plan->settings, &l->config->site, NULL, &err) < 0)
			load_error(l, plan->section, NULL, 0, "%s", err.text);
	} else if (plan->where.parameters.count > 0) {
		check_named(l, plan);
	} else {
		check_unnamed(l, plan);
	}
}

/* A named parameter that no station of the rule measures is most likely a forgotten point. */
static void warn_unmeasured(
        struct loader *l, const struct rule_plan *plan, const struct wq_rule_use *use)
{
	const struct wq_site *site = &l->config->site;

	for (size_t i = 0; i < plan->where.parameters.count; i++) {
		const int found = wq_parameter_find(
		        site->parameters, site->parameter_count, plan->where.parameters.items[i]);
		bool measured = false;

		for (size_t p = 0; p < use->place_count && !measured; p++)
			measured = found >= 0 &&
			        site->series[use->places[p]].parameter == (uint32_t)found;
		if (found >= 0 && !measured)
			load_warning(l, plan->section, "parameters",
			        "'%s' is measured at no station of this rule",
			        plan->where.parameters.items[i]);
	}
}

static bool spoken_for(const struct wq_site *site, uint32_t station)
{
	for (size_t r = 0; r < site->rule_count; r++) {
		const struct wq_rule_use *use = &site->rules[r];

		for (size_t p = 0; use->rule->parent && use->rule->scope == WQ_SCOPE_STATION && p < use->place_count; p++)
			if (use->places[p] == station)
				return true;
	}
	return false;
}

/* One dead logger would ring once for every parameter of its station. */
static void warn_unspoken(struct loader *l, const struct rule_plan *plan, const struct wq_rule_use *use)
{
	const struct wq_site *site = &l->config->site;
	uint32_t last = WQ_NONE;

	/* A rule of quality says nothing of silence. */
	if (plan->rule->about != WQ_ABOUT_DEVICE || plan->rule->scope != WQ_SCOPE_SERIES || plan->rule->on_sample != NULL)
		return;
	for (size_t p = 1; p < use->place_count; p++) {
		const uint32_t station = site->series[use->places[p]].station;

		if (station == last || station != site->series[use->places[p - 1]].station || spoken_for(site, station))
			continue;
		load_warning(l, plan->section, NULL,
		        "watches %s without a rule 'silent' for the station: when all of it is silent each of its parameters "
		        "rings by itself",
		        site->stations[station].id);
		return;
	}
}

void load_rule_places(struct loader *l)
{
	struct wq_site *site = &l->config->site;

	rules_resolve(l->internal, site, l->config, l->arena);
	for (size_t i = 0; i < l->internal->rule_count; i++) {
		const struct rule_plan *plan = &l->internal->rules[i];

		check_rule(l, plan);
		if (site->station_count == 0 || l->document.lost_count > 0 ||
		        plan->section->damaged)
			continue;
		if (site->rules[i].place_count == 0)
			load_warning(l, plan->section, NULL,
			        "applies nowhere: no station or point matches");
		else if (plan->rule->scope == WQ_SCOPE_SERIES)
			warn_unmeasured(l, plan, &site->rules[i]);
		warn_unspoken(l, plan, &site->rules[i]);
	}
}
