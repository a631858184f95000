/* SPDX-License-Identifier: Apache-2.0 */
/* A view without an engine, so that a rule is tested alone. */
#include "view.h"

#include "rule_settings.h"

#include "wq/parameter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What rules call. */

wq_ms wq_view_now(const struct wq_view *view)
{
	return view->now;
}

const struct wq_site *wq_view_site(const struct wq_view *view)
{
	return &view->site;
}

uint32_t wq_view_place(const struct wq_view *view)
{
	return view->place;
}

const struct wq_station *wq_view_station(const struct wq_view *view)
{
	return view->scope == WQ_SCOPE_NETWORK ? NULL : &view->station;
}

const struct wq_series *wq_view_series(const struct wq_view *view)
{
	return view->scope == WQ_SCOPE_SERIES ? &view->series[view->place] : NULL;
}

const struct wq_parameter *wq_view_parameter(const struct wq_view *view)
{
	const struct wq_series *series = wq_view_series(view);

	return series ? &view->site.parameters[series->parameter] : NULL;
}

const struct wq_reading *wq_view_readings(
        const struct wq_view *view, uint32_t series, size_t *count)
{
	*count = view->count[series];
	return view->readings[series];
}

const struct wq_reading *wq_view_trigger(const struct wq_view *view)
{
	return view->trigger;
}

bool wq_view_beside(const struct wq_view *view, uint32_t series, wq_ms at, double *value)
{
	for (size_t i = view->count[series]; i-- > 0;)
		if (view->readings[series][i].at == at) {
			*value = view->readings[series][i].value;
			return true;
		}
	return false;
}

bool wq_view_alarmed(const struct wq_view *view)
{
	return !view->no_alarm;
}

double wq_view_replaced(const struct wq_view *view)
{
	return view->replaced;
}

bool wq_view_open(const struct wq_view *view)
{
	return !view->no_alarm;
}

wq_ms wq_view_last_reading(const struct wq_view *view, uint32_t series)
{
	size_t n = view->count[series];

	return n > 0 ? view->readings[series][n - 1].at : WQ_NO_TIME;
}

wq_ms wq_view_last_arrival(const struct wq_view *view, uint32_t series)
{
	return view->last_arrival[series];
}

wq_ms wq_view_excused(const struct wq_view *view, uint32_t series)
{
	return view->excused[series];
}

bool wq_view_undecided(const struct wq_view *view)
{
	return view->undecided;
}

wq_ms wq_view_last_seen(const struct wq_view *view, uint32_t series)
{
	return view->seen[series] > view->now ? view->now : view->seen[series];
}

wq_ms wq_view_started(const struct wq_view *view)
{
	return view->started;
}

const struct wq_day_report *wq_view_day(const struct wq_view *view)
{
	return view->day;
}

/* Days are looked back on in the real engine: river.h. */
const struct wq_past_day *wq_view_days(const struct wq_view *view, uint32_t station, size_t *count)
{
	(void)view, (void)station;
	*count = 0;
	return NULL;
}

bool wq_view_so_far(
        const struct wq_view *view, uint32_t series, wq_day day, struct wq_day_so_far *so_far)
{
	(void)view, (void)series, (void)day, (void)so_far;
	return false;
}

/* The station. */

static void furnish(struct fake_rule *f, enum wq_water water, char *parameters)
{
	struct wq_view *v = &f->view;
	char *rest = NULL;

	v->station = (struct wq_station){ .id = "yigan",
		.name = "一干河",
		.water = water,
		.target = 3,
		.flows_into = WQ_NONE,
		.zone = &wq_zone_china };
	for (char *name = strtok_r(parameters, " ", &rest); name;
	        name = strtok_r(NULL, " ", &rest)) {
		int found = wq_parameter_find(wq_parameters, wq_parameter_count, name);
		uint32_t i = v->station.series_count++;

		assert_true(found >= 0);
		assert_true(i < FAKE_SERIES);
		v->series[i] = (struct wq_series){ .parameter = (uint32_t)found,
			.cycle = WQ_HOURS(4),
			.interval = WQ_HOURS(4),
			.late_after = WQ_HOURS(8),
			.high = 1e9 };
		v->last_arrival[i] = v->excused[i] = v->seen[i] = WQ_NO_TIME;
	}
	v->site = (struct wq_site){ .name = "site",
		.zone = &wq_zone_china,
		.standard = &wq_gb3838,
		.parameter_count = wq_parameter_count,
		.parameters = wq_parameters,
		.station_count = 1,
		.stations = &v->station,
		.series_count = v->station.series_count,
		.series = v->series };
}

void fake_rule_open(struct fake_rule *f, const struct wq_rule *rule, const char *settings,
        enum wq_water water, const char *parameters)
{
	static char texts[512]; /* TEXT settings point into it: valid until the next open */
	char names[128];

	memset(f, 0, sizeof *f);
	assert_true(rule->settings_size <= sizeof f->settings);
	snprintf(names, sizeof names, "%s", parameters);
	snprintf(texts, sizeof texts, "%s", settings);
	f->rule = rule;
	f->view.scope = rule->scope;
	f->view.started = f->view.now = WQ_NO_TIME;
	f->view.replaced = NAN;
	furnish(f, water, names);
	fake_settings(rule->options, f->settings, texts);
	if (rule->state_size)
		assert_true(rule->state_size(f->settings) <= sizeof f->state);
}

int fake_rule_check(struct fake_rule *f, struct wq_err *err)
{
	return f->rule->check ? f->rule->check(f->settings, &f->view.site, wq_view_parameter(&f->view), err) : 0;
}

static void begin(struct fake_rule *f, wq_ms now)
{
	if (f->view.now == WQ_NO_TIME || now > f->view.now)
		f->view.now = now;
	if (f->view.started == WQ_NO_TIME)
		f->view.started = now;
}

static bool ask(struct fake_rule *f,
        bool (*call)(void *, const void *, const struct wq_view *, struct wq_verdict *))
{
	struct wq_verdict out;

	memset(&out, 0, sizeof out);
	if (!call || !call(f->state, f->settings, &f->view, &out))
		return false;
	f->said = out;
	return true;
}

/* Where a reading belongs; the oldest goes when there is no room. */
static const struct wq_reading *insert(struct wq_view *v, struct wq_reading reading)
{
	struct wq_reading *list = v->readings[v->place];
	size_t n = v->count[v->place], i = n;

	v->replaced = NAN;
	while (i > 0 && list[i - 1].at > reading.at)
		i--;
	if (i > 0 && list[i - 1].at == reading.at) {
		v->replaced = list[i - 1].value;
		list[i - 1] = reading;
		return &list[i - 1];
	}
	if (n == WQ_WINDOW_MAX) {
		assert_true(i > 0);
		memmove(list, list + 1, --i * sizeof *list);
	} else {
		memmove(list + i + 1, list + i, (n - i) * sizeof *list);
		v->count[v->place]++;
	}
	list[i] = reading;
	return &list[i];
}

enum wq_finding fake_rule_read(struct fake_rule *f, wq_ms at, double value, enum wq_quality quality)
{
	bool spoke;

	begin(f, at);
	f->view.last_arrival[f->view.place] = f->view.now;
	f->view.trigger = insert(&f->view, (struct wq_reading){ .at = at, .value = value, .quality = (uint8_t)quality });
	spoke = ask(f, f->rule->on_batch);
	f->view.trigger = NULL;
	f->view.replaced = NAN;
	return spoke ? f->said.finding : WQ_FINDING_UNKNOWN;
}

void fake_rule_arrive(struct fake_rule *f, wq_ms now)
{
	begin(f, now);
	f->view.last_arrival[f->view.place] = now;
}

bool fake_rule_tick(struct fake_rule *f, wq_ms now)
{
	begin(f, now);
	return ask(f, f->rule->on_time);
}

bool fake_rule_day(struct fake_rule *f, const struct wq_day_report *report)
{
	bool spoke;

	f->view.day = report;
	spoke = ask(f, f->rule->on_day);
	f->view.day = NULL;
	return spoke;
}

double fake_rule_fact(const struct fake_rule *f, const char *key)
{
	for (size_t i = 0; i < f->said.fact_count; i++)
		if (strcmp(f->said.facts[i].key, key) == 0)
			return f->said.facts[i].value;
	return NAN;
}
