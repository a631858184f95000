/* SPDX-License-Identifier: Apache-2.0 */
/* Days from readings, where no engine makes them: one open day a series. */
#include "wq/period.h"

#include "wq/mean.h"

#include <math.h>

static const struct wq_zone *zone_of(const struct wq_site *site, uint32_t series)
{
	return site->stations[site->series[series].station].zone;
}

bool wq_day_turns(
        const struct wq_site *site, uint32_t series, const struct wq_day_sum *sum, wq_ms at)
{
	return sum->open && wq_day_of(zone_of(site, series), at) > sum->day;
}

/* Adds a reading to the sums of the day, or takes it out again. */
static void count(const struct wq_site *site, uint32_t series, struct wq_day_sum *sum, double value,
        bool below, bool add)
{
	const struct wq_series *s = &site->series[series];
	const double counted = below ? value / 2 : wq_counted(s, value);
	const double hydrogen = pow(10, -counted);

	below = below || wq_below_detection(s, value);
	sum->below += below ? (add ? 1 : -1) : 0;
	if (add)
		wq_decimal_sum_add(&sum->sum, counted);
	else
		wq_decimal_sum_remove(&sum->sum, counted);
	sum->hydrogen = sum->sum.count > 0 ? sum->hydrogen + (add ? hydrogen : -hydrogen) : 0;
}

bool wq_day_take(const struct wq_site *site, uint32_t series, struct wq_day_sum *sum, wq_ms at,
        double value, bool below)
{
	const struct wq_series *s = &site->series[series];
	const wq_day day = wq_day_of(zone_of(site, series), at);
	const bool same_instant = sum->known && at == sum->last_at;

	if (sum->known && (at < sum->last_at || (sum->open && day != sum->day)))
		return false;
	if (sum->known && value == sum->last && below == sum->last_below &&
	        (same_instant || (at > sum->last_at && at - sum->last_at < s->cycle)))
		return true;
	if (!sum->open) {
		sum->sum = (struct wq_decimal_sum){ 0 };
		sum->hydrogen = 0;
		sum->below = 0;
		sum->day = day;
		sum->open = true;
	}
	if (same_instant && sum->sum.count > 0)
		count(site, series, sum, sum->last, sum->last_below, false);
	count(site, series, sum, value, below, true);
	sum->known = true;
	sum->last_at = at;
	sum->last = value;
	sum->last_below = below;
	return true;
}

bool wq_day_end(
        const struct wq_site *site, uint32_t series, struct wq_day_sum *sum, struct wq_day_row *row)
{
	const struct wq_series *s = &site->series[series];
	const struct wq_zone *zone = zone_of(site, series);
	int32_t least;

	if (!sum->open)
		return false;
	sum->open = false;
	*row = (struct wq_day_row){ .station = s->station,
		.parameter = s->parameter,
		.day = sum->day,
		.revision = 1,
		.mean = (double)NAN,
		.mean_raw = (double)NAN,
		.exceedance = (double)NAN,
		.valid = sum->sum.count,
		.below = sum->below };
	least = wq_readings_needed(&site->evaluation, s,
	        wq_day_start(zone, sum->day + 1) - wq_day_start(zone, sum->day), &row->expected);
	if (row->valid > 0 && row->valid >= least)
		wq_mean(&site->parameters[s->parameter], &sum->sum, sum->hydrogen, &row->mean_raw,
		        &row->mean);
	return true;
}
