/* SPDX-License-Identifier: Apache-2.0 */
/* QARTOD's climatology: spans of values that hold for spans of time or of a cycle. */
#include "qartod.h"

#include "wq/err.h"

#include <math.h>

int qartod_check_climatology(const struct wq_qc_request *request, struct wq_err *err)
{
	if (request->member_count == 0)
		return wq_fail(
		        err, WQ_E_INVALID, "a climatology needs at least one tspan with its vspan");
	for (size_t i = 0; i < request->member_count; i++) {
		const struct wq_qc_member *m = &request->members[i];

		if (isnan(m->tspan.low) || isnan(m->tspan.high))
			return wq_fail(err, WQ_E_INVALID, "member %zu has no tspan", i + 1);
		if (isnan(m->vspan.low) || isnan(m->vspan.high))
			return wq_fail(
			        err, WQ_E_INVALID, "member %zu has no vspan=LOW:HIGH", i + 1);
	}
	return 0;
}

/* A day of the calendar (proleptic Gregorian; Howard Hinnant's days-to-civil). */
struct civil {
	int64_t year;
	int month, day, day_of_year, day_of_week;
};

static int64_t first_of(int64_t year)
{
	const int64_t y = year - 1;

	return y * 365 + y / 4 - y / 100 + y / 400 - 719162;
}

static struct civil civil_of(int64_t days)
{
	const int64_t z = days + 719468, era = z / 146097, doe = z - era * 146097;
	const int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	const int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
	struct civil c = { .day = (int)(doy - (153 * mp + 2) / 5 + 1),
		.month = (int)(mp < 10 ? mp + 3 : mp - 9) };

	c.year = yoe + era * 400 + (c.month <= 2);
	c.day_of_year = (int)(days - first_of(c.year)) + 1;
	c.day_of_week = (int)((days % 7 + 10) % 7); /* 1970-01-01 was a Thursday */
	return c;
}

/* ISO 8601: the week of a day is that of its Thursday. */
static int week_of(int64_t days, const struct civil *c)
{
	const struct civil thursday = civil_of(days - c->day_of_week + 3);

	return (thursday.day_of_year - 1) / 7 + 1;
}

static double place_in(enum wq_qc_period period, const struct wq_zone *zone, wq_ms at)
{
	const int64_t day = wq_day_of(zone, at);
	const struct civil c = civil_of(day);

	switch (period) {
	case WQ_QC_YEAR:
		return (double)c.year;
	case WQ_QC_QUARTER:
		return (c.month - 1) / 3 + 1;
	case WQ_QC_MONTH:
		return c.month;
	case WQ_QC_WEEK:
		return week_of(day, &c);
	case WQ_QC_DAY_OF_YEAR:
		return c.day_of_year;
	case WQ_QC_DAY_OF_WEEK:
		return c.day_of_week;
	case WQ_QC_DAY:
		return c.day;
	case WQ_QC_HOUR:
		return (double)((at + wq_zone_offset(zone, at) - day * WQ_DAYS(1)) / WQ_HOURS(1));
	case WQ_QC_ALWAYS:
		break;
	}
	return (double)at;
}

static bool inside(struct wq_qc_span span, double x)
{
	return x >= span.low && x <= span.high;
}

static uint8_t judge(const struct wq_qc_request *request, wq_ms at, double x)
{
	uint8_t flag = isfinite(x) ? WQ_QC_UNKNOWN : WQ_QC_MISSING;

	if (isnan(x))
		return flag;
	for (size_t i = 0; i < request->member_count; i++) {
		const struct wq_qc_member *m = &request->members[i];

		if (!inside(qartod_sorted(m->tspan), place_in(m->period, request->zone, at)))
			continue;
		if (!isnan(m->fspan.low) && !inside(qartod_sorted(m->fspan), x))
			flag = WQ_QC_FAIL;
		else
			flag = inside(qartod_sorted(m->vspan), x) ? WQ_QC_GOOD : WQ_QC_SUSPECT;
	}
	return flag;
}

int qartod_climatology(const struct qartod_series *s, struct wq_err *err)
{
	(void)err;
	for (size_t i = 0; i < s->count; i++)
		s->flags[i] = judge(s->request, s->at[i], s->value[i]);
	return 0;
}
