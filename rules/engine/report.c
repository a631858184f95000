/* SPDX-License-Identifier: Apache-2.0 */
/* The verdict of one natural day: means, class, meets / exceeds / not assessable. */
#include "engine_parts.h"

#include "wq/mean.h"

#include <math.h>
#include <string.h>

double report_mean(const struct wq_parameter *parameter, const struct day_sum *sum)
{
	double raw, evaluated;
	if (sum->sum.count == 0)
		return NAN;
	wq_mean(parameter, &sum->sum, sum->hydrogen, &raw, &evaluated);
	return raw;
}

static void judge(const struct wq_site *site, const struct wq_station *station, struct wq_day_row *row)
{
	const struct wq_standard_row *limits =
		wq_site_limits(site, station, site->parameters[row->parameter].code);
	if (limits == NULL || row->valid == 0 || isnan(row->mean))
		return;
	double judged = site->evaluation.daily_raw ? row->mean_raw : row->mean;
	row->class_ = wq_standard_class(limits, judged);
	row->verdict = wq_standard_exceeds(limits, station->target, judged) ? WQ_DAY_EXCEEDS : WQ_DAY_MEETS;
	row->exceedance = wq_standard_exceedance(limits, station->target, judged);
}

static struct wq_day_row empty_row(uint32_t station, uint32_t parameter, wq_day day)
{
	return (struct wq_day_row){ .station = station,
		.parameter = parameter,
		.day = day,
		.mean = NAN,
		.mean_raw = NAN,
		.exceedance = NAN,
		.verdict = WQ_DAY_NOT_ASSESSABLE };
}

/* Bit of a parameter that is an evaluated item in the station's water, or 0. */
static unsigned evaluated_bit(const struct wq_site *site, const struct wq_station *station, uint32_t parameter)
{
	const char *code = site->parameters[parameter].code;
	const struct wq_standard_row *limits = wq_site_limits(site, station, code);
	return limits != NULL && limits->evaluated ? wq_standard_bit(site->standard, code) : 0;
}

/* Single factor: the worst item decides. A class is withheld while an item that is measured here is not
 * assessable, because the class could look better than the water is; an exceedance is known all the same. */
static void judge_station(struct wq_day_report *report, unsigned measured, const struct wq_day_row *worst)
{
	struct wq_day_row *whole = &report->rows[0];
	whole->expected = __builtin_popcount(measured);
	whole->valid = whole->expected - __builtin_popcount(report->lacking);
	if (worst == NULL)
		return;
	if (worst->verdict == WQ_DAY_EXCEEDS)
		whole->verdict = WQ_DAY_EXCEEDS;
	else if (report->lacking == 0)
		whole->verdict = WQ_DAY_MEETS;
	if (whole->verdict != WQ_DAY_NOT_ASSESSABLE)
		whole->class_ = worst->class_;
}

static bool worse(const struct wq_day_row *a, const struct wq_day_row *b)
{
	return b == NULL || a->class_ > b->class_;
}

void report_make(const struct wq_site *site, uint32_t station, wq_day day, const struct day_sum *const *sums,
	struct wq_day_report *report)
{
	const struct wq_station *where = &site->stations[station];
	wq_ms length = wq_day_start(where->zone, day + 1) - wq_day_start(where->zone, day);
	const struct wq_day_row *worst = NULL;
	unsigned measured = 0;
	memset(report, 0, sizeof *report);
	report->station = station;
	report->day = day;
	report->rows[report->count++] = empty_row(station, WQ_NONE, day);
	for (uint32_t i = 0; i < where->series_count && report->count < WQ_DAY_ITEMS; i++) {
		const struct wq_series *series = &site->series[where->first_series + i];
		struct wq_day_row *row = &report->rows[report->count++];
		*row = empty_row(station, series->parameter, day);
		int32_t least = wq_readings_needed(&site->evaluation, series, length, &row->expected);
		row->valid = sums[i]->sum.count;
		row->below = sums[i]->below;
		if (row->valid >= least && row->valid > 0) {
			wq_mean(&site->parameters[series->parameter], &sums[i]->sum, sums[i]->hydrogen, &row->mean_raw,
				&row->mean);
			judge(site, where, row);
		}
		unsigned bit = evaluated_bit(site, where, series->parameter);
		measured |= bit;
		if (bit != 0 && row->class_ == 0)
			report->lacking |= bit;
		if (bit != 0 && row->class_ > 0 && worse(row, worst))
			worst = row;
	}
	for (uint32_t i = 1; worst != NULL && worst->class_ > 1 && i < report->count; i++)
		if (report->rows[i].class_ == worst->class_)
			report->determining |= evaluated_bit(site, where, report->rows[i].parameter);
	judge_station(report, measured, worst);
}
