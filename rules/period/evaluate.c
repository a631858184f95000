/* SPDX-License-Identifier: Apache-2.0 */
/* One station over one period: means, classes, the worst item, main pollutants.
 *
 * The mean of a period is that of the valid daily means before rounding (or, as a setting, of all
 * their readings), pH over [H+], rounded once. An item is assessable when enough of the days that
 * are over have a valid mean. As with days, a class is withheld while an item that is measured here
 * is not assessable, because it could look better than the water is; a known exceedance is told all
 * the same. */
#include "wq/period.h"

#include "wq/mean.h"

#include <math.h>
#include <string.h>

static const struct wq_series *series_of(const struct wq_period_work *work, uint32_t item)
{
	return &work->site->series[work->site->stations[work->station].first_series + item];
}

static uint32_t item_count(const struct wq_period_work *work)
{
	const uint32_t count = work->site->stations[work->station].series_count;

	return count < WQ_DAY_ITEMS ? count : WQ_DAY_ITEMS;
}

void wq_period_open(struct wq_period_work *work, const struct wq_site *site, uint32_t station,
        const struct wq_period *period, wq_day until)
{
	memset(work, 0, sizeof(*work));
	work->site = site;
	work->station = station;
	work->period = *period;
	work->until = until;
	for (int i = 0; i < WQ_DAY_ITEMS; i++)
		work->sums[i].only = (double)NAN;
}

static struct wq_period_sum *find(struct wq_period_work *work, uint32_t parameter)
{
	for (uint32_t i = 0; i < item_count(work); i++) {
		if (series_of(work, i)->parameter == parameter)
			return &work->sums[i];
	}
	return NULL;
}

void wq_period_unmeasured(struct wq_period_work *work, uint32_t parameter)
{
	struct wq_period_sum *sum = find(work, parameter);

	if (sum != NULL)
		sum->unmeasured = true;
}

void wq_period_add(struct wq_period_work *work, const struct wq_day_row *row)
{
	struct wq_period_sum *sum;
	double hydrogen;

	if (row->station != work->station || row->day < work->period.first ||
	        row->day > work->period.last || row->parameter == WQ_NONE)
		return;
	sum = find(work, row->parameter);
	if (sum == NULL)
		return;
	sum->readings += row->valid;
	sum->below += row->below;
	if (isnan(row->mean_raw))
		return;
	hydrogen = pow(10, -row->mean_raw);
	wq_decimal_sum_add(&sum->means, row->mean_raw);
	if (work->site->parameters[row->parameter].mean == WQ_MEAN_HYDROGEN)
		sum->weighted += hydrogen * row->valid;
	else
		sum->weighted += row->mean_raw * row->valid;
	sum->hydrogen += hydrogen;
	sum->only = row->mean;
	sum->counted += row->valid;
	sum->days++;
}

/* Days of the period that are over, and how many readings the cycle says they have. */
static int32_t expected(const struct wq_period_work *work, uint32_t item, int32_t *readings)
{
	const struct wq_zone *zone = work->site->stations[work->station].zone;
	const wq_ms cycle = series_of(work, item)->cycle;
	wq_day last = work->period.last < work->until ? work->period.last : work->until;

	*readings = 0;
	if (last < work->period.first)
		return 0;
	for (wq_day day = work->period.first; cycle > 0 && day <= last; day++)
		*readings +=
		        (int32_t)((wq_day_start(zone, day + 1) - wq_day_start(zone, day)) / cycle);
	return last - work->period.first + 1;
}

static void mean_of(const struct wq_period_work *work, const struct wq_period_sum *sum,
        struct wq_period_item *item)
{
	const struct wq_parameter *parameter = &work->site->parameters[item->parameter];

	if (sum->days == 1) { /* one day's mean is rounded from its own readings */
		item->mean_raw = wq_decimal_sum_mean(&sum->means);
		item->mean = sum->only;
	} else if (work->site->evaluation.period.by_readings) {
		item->mean_raw = sum->weighted / sum->counted;
		if (parameter->mean == WQ_MEAN_HYDROGEN)
			item->mean_raw = -log10(item->mean_raw);
		item->mean = wq_mean_round(parameter, item->mean_raw);
	} else {
		wq_mean(parameter, &sum->means, sum->hydrogen, &item->mean_raw, &item->mean);
	}
}

static void judge(const struct wq_period_work *work, const struct wq_standard_row *limits,
        struct wq_period_item *item)
{
	const struct wq_station *station = &work->site->stations[work->station];
	const double judged = work->site->evaluation.daily_raw ? item->mean_raw : item->mean;

	if (limits == NULL || isnan(judged))
		return;
	item->class_ = wq_standard_class(limits, judged);
	item->verdict = wq_standard_exceeds(limits, station->target, judged) ? WQ_DAY_EXCEEDS
	                                                                     : WQ_DAY_MEETS;
	item->exceedance = wq_standard_exceedance(limits, WQ_CLASS_III, judged);
}

static struct wq_period_item item_of(const struct wq_period_work *work, uint32_t index)
{
	const struct wq_site *site = work->site;
	const struct wq_period_sum *sum = &work->sums[index];
	const double share = site->evaluation.period.share;
	struct wq_period_item item = { .parameter = series_of(work, index)->parameter,
		.days = sum->days,
		.readings = sum->readings,
		.below = sum->below,
		.mean = (double)NAN,
		.mean_raw = (double)NAN,
		.exceedance = (double)NAN };
	const struct wq_standard_row *limits = wq_site_limits(
	        site, &site->stations[work->station], site->parameters[item.parameter].code);

	item.evaluated = limits != NULL && limits->evaluated;
	item.days_expected = expected(work, index, &item.readings_expected);
	if (sum->days == 0 || sum->days < ceil(share * item.days_expected - 1e-9))
		return item;
	mean_of(work, sum, &item);
	judge(work, limits, &item);
	return item;
}

static unsigned bit_of(const struct wq_site *site, const struct wq_period_item *item)
{
	return item->evaluated
	        ? wq_standard_bit(site->standard, site->parameters[item->parameter].code)
	        : 0;
}

/* Evaluated items of the standard that the station does not measure. */
static unsigned unmeasured(
        const struct wq_site *site, const struct wq_station *station, unsigned measured)
{
	unsigned bits = 0;

	for (unsigned i = 0; i < site->standard->evaluated_count; i++) {
		const struct wq_standard_row *row =
		        wq_site_limits(site, station, site->standard->evaluated[i]);

		if (row != NULL && row->evaluated && (measured & 1U << i) == 0)
			bits |= 1U << i;
	}
	return bits;
}

static void judge_station(const struct wq_site *site, struct wq_period_report *report)
{
	unsigned measured = 0;
	int worst = WQ_CLASS_NONE;
	bool exceeds = false;

	report->days = INT32_MAX;
	for (uint32_t i = 0; i < report->count; i++) {
		const struct wq_period_item *item = &report->items[i];
		const unsigned bit = bit_of(site, item);

		if (bit == 0)
			continue;
		measured |= bit;
		report->days_expected = item->days_expected;
		report->days = item->days < report->days ? item->days : report->days;
		if (item->class_ == WQ_CLASS_NONE)
			report->lacking |= bit;
		exceeds = exceeds || item->verdict == WQ_DAY_EXCEEDS;
		worst = item->class_ > worst ? item->class_ : worst;
	}
	report->days = measured == 0 ? 0 : report->days;
	report->unmeasured = unmeasured(site, &site->stations[report->station], measured);
	if (worst == WQ_CLASS_NONE || (report->lacking != 0 && !exceeds))
		return;
	report->class_ = worst;
	report->verdict = exceeds ? WQ_DAY_EXCEEDS : WQ_DAY_MEETS;
	for (uint32_t i = 0; worst > WQ_CLASS_I && i < report->count; i++) {
		if (report->items[i].class_ == worst)
			report->determining |= bit_of(site, &report->items[i]);
	}
}

/* a comes before b: worse class, then larger multiple; items without a multiple last. */
static bool precedes(const struct wq_period_item *a, const struct wq_period_item *b)
{
	if (a->class_ != b->class_)
		return a->class_ > b->class_;
	if (isnan(a->exceedance) || isnan(b->exceedance))
		return !isnan(a->exceedance) && isnan(b->exceedance);
	return a->exceedance > b->exceedance;
}

/* The first few of the items worse than Class III, in that order. */
static void main_pollutants(const struct wq_site *site, struct wq_period_report *report)
{
	const int wanted = site->evaluation.period.pollutants;
	const uint32_t room =
	        wanted < WQ_PERIOD_POLLUTANTS ? (uint32_t)wanted : WQ_PERIOD_POLLUTANTS;

	if (report->class_ <= WQ_CLASS_III)
		return;
	for (uint32_t i = 0; i < report->count; i++) {
		const struct wq_period_item *item = &report->items[i];
		uint32_t at = report->pollutant_count;

		if (!item->evaluated || item->class_ <= WQ_CLASS_III)
			continue;
		while (at > 0 && precedes(item, &report->items[report->pollutants[at - 1]]))
			at--;
		if (at >= room)
			continue;
		if (report->pollutant_count < room)
			report->pollutant_count++;
		for (uint32_t k = report->pollutant_count - 1; k > at; k--)
			report->pollutants[k] = report->pollutants[k - 1];
		report->pollutants[at] = i;
	}
}

/* The mean of an item by its code or alias; NaN when it is not there. */
static double mean_by_name(
        const struct wq_site *site, const struct wq_period_report *report, const char *name)
{
	const int parameter = wq_parameter_find(site->parameters, site->parameter_count, name);

	for (uint32_t i = 0; parameter >= 0 && i < report->count; i++) {
		if (report->items[i].parameter == (uint32_t)parameter)
			return report->items[i].mean;
	}
	return (double)NAN;
}

static void beside_the_class(const struct wq_site *site, struct wq_period_report *report)
{
	struct wq_trophic inputs = { .chlorophyll = 1000 * mean_by_name(site, report, "w01016"),
		.phosphorus = mean_by_name(site, report, "w21011"),
		.nitrogen = mean_by_name(site, report, "w21001"),
		.transparency = mean_by_name(site, report, "sd"),
		.permanganate = mean_by_name(site, report, "w01019") };

	report->saturation = wq_oxygen_saturation(
	        mean_by_name(site, report, "w01009"), mean_by_name(site, report, "w01010"));
	report->trophic = (double)NAN;
	if (site->stations[report->station].water == WQ_LAKE)
		report->trophic = wq_trophic_index(&inputs, &report->trophic_whole);
}

void wq_period_close(const struct wq_period_work *work, struct wq_period_report *report)
{
	memset(report, 0, sizeof(*report));
	report->station = work->station;
	report->period = work->period;
	for (uint32_t i = 0; i < item_count(work); i++) {
		if (!work->sums[i].unmeasured)
			report->items[report->count++] = item_of(work, i);
	}
	judge_station(work->site, report);
	main_pollutants(work->site, report);
	beside_the_class(work->site, report);
}
