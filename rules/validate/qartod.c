/* SPDX-License-Identifier: Apache-2.0 */
/* The QARTOD tests that look at a point and its neighbours, and the way to all of them. */
#include "qartod.h"

#include "wq/err.h"

#include <math.h>
#include <string.h>

uint8_t wq_qc_aggregate(const uint8_t *flags, size_t count)
{
	static const uint8_t order[] = { WQ_QC_FAIL, WQ_QC_SUSPECT, WQ_QC_GOOD, WQ_QC_UNKNOWN };

	for (size_t k = 0; k < sizeof order; k++)
		for (size_t i = 0; i < count; i++)
			if (flags[i] == order[k])
				return order[k];
	return WQ_QC_MISSING;
}

static bool given(struct wq_qc_span span)
{
	return !isnan(span.low) && !isnan(span.high);
}

struct wq_qc_span qartod_sorted(struct wq_qc_span span)
{
	return span.low <= span.high ? span : (struct wq_qc_span){ span.high, span.low };
}

static bool outside(struct wq_qc_span span, double value)
{
	return value < span.low || value > span.high;
}

/* -- gross range -- */

static int check_gross_range(const struct wq_qc_request *request, struct wq_err *err)
{
	const struct wq_qc_span fail = qartod_sorted(request->fail_span);
	const struct wq_qc_span suspect = qartod_sorted(request->suspect_span);

	if (!given(request->fail_span))
		return wq_fail(err, WQ_E_INVALID, "fail_span=LOW:HIGH is missing");
	if (given(request->suspect_span) && (suspect.low < fail.low || suspect.high > fail.high))
		return wq_fail(err, WQ_E_INVALID,
		        "suspect_span %g:%g must lie inside fail_span %g:%g", suspect.low,
		        suspect.high, fail.low, fail.high);
	return 0;
}

static int run_gross_range(const struct qartod_series *s, struct wq_err *err)
{
	const struct wq_qc_span fail = qartod_sorted(s->request->fail_span);
	const struct wq_qc_span suspect =
	        given(s->request->suspect_span) ? qartod_sorted(s->request->suspect_span) : fail;

	(void)err;
	for (size_t i = 0; i < s->count; i++) {
		const double x = s->value[i];

		s->flags[i] = isnan(x)        ? WQ_QC_MISSING
		        : outside(fail, x)    ? WQ_QC_FAIL
		        : isinf(x)            ? WQ_QC_MISSING
		        : outside(suspect, x) ? WQ_QC_SUSPECT
		                              : WQ_QC_GOOD;
	}
	return 0;
}

/* -- spike -- */

static int check_spike(const struct wq_qc_request *request, struct wq_err *err)
{
	(void)request, (void)err; /* without thresholds it tells only what it could not look at */
	return 0;
}

static double spike_of(enum wq_qc_method method, double before, double x, double after)
{
	const double up = x - before, down = after - x;

	if (method == WQ_QC_AVERAGE)
		return fabs(x - (before + after) / 2);
	return up * down >= 0 ? 0 : fmin(fabs(up), fabs(down));
}

/* Not given, and the reference takes 0 for that: nothing is above it. */
static double limit_of(double threshold)
{
	return isnan(threshold) || threshold == 0 ? (double)INFINITY : threshold;
}

static int run_spike(const struct qartod_series *s, struct wq_err *err)
{
	const double suspect = limit_of(s->request->suspect_threshold);
	const double fail = limit_of(s->request->fail_threshold);

	(void)err;
	for (size_t i = 0; i < s->count; i++) {
		double d;

		if (!isfinite(s->value[i])) {
			s->flags[i] = WQ_QC_MISSING;
			continue;
		}
		s->flags[i] = WQ_QC_UNKNOWN;
		if (i == 0 || i + 1 == s->count || !isfinite(s->value[i - 1]) ||
		        !isfinite(s->value[i + 1]))
			continue;
		d = spike_of(s->request->method, s->value[i - 1], s->value[i], s->value[i + 1]);
		s->flags[i] = d > fail ? WQ_QC_FAIL : d > suspect ? WQ_QC_SUSPECT : WQ_QC_GOOD;
	}
	return 0;
}

/* -- rate of change -- */

static int check_rate_of_change(const struct wq_qc_request *request, struct wq_err *err)
{
	if (isnan(request->threshold))
		return wq_fail(err, WQ_E_INVALID, "threshold=UNITS_PER_SECOND is missing");
	return 0;
}

/* Per second. NaN after a missing value, and nothing is above that. Within a second the reference
 * has the step itself, what its masked division leaves there. */
static double rate_at(const struct qartod_series *s, size_t i)
{
	double seconds;

	if (i == 0)
		return 0;
	seconds = (double)((s->at[i] - s->at[i - 1]) / 1000);
	return fabs((s->value[i] - s->value[i - 1]) / (seconds == 0 ? 1 : seconds));
}

static int run_rate_of_change(const struct qartod_series *s, struct wq_err *err)
{
	const double suspect = s->request->threshold;
	const double fail =
	        isnan(s->request->fail_threshold) ? (double)INFINITY : s->request->fail_threshold;

	(void)err;
	for (size_t i = 0; i < s->count; i++) {
		const double rate = rate_at(s, i);

		s->flags[i] = !isfinite(s->value[i]) ? WQ_QC_MISSING
		        : rate > fail                ? WQ_QC_FAIL
		        : rate > suspect             ? WQ_QC_SUSPECT
		                                     : WQ_QC_GOOD;
	}
	return 0;
}

/* -- gap -- */

static int check_gap(const struct wq_qc_request *request, struct wq_err *err)
{
	if (!(request->gap_hours >= 0 && request->gap_hours <= 1e9))
		return wq_fail(err, WQ_E_INVALID, "fail_span=HOURS must be from 0 to 1e9");
	return 0;
}

static int run_gap(const struct qartod_series *s, struct wq_err *err)
{
	const wq_ms longest = (wq_ms)(s->request->gap_hours * 3600) * 1000;

	(void)err;
	for (size_t i = 1; i < s->count; i++)
		s->flags[i] = s->at[i] - s->at[i - 1] > longest ? WQ_QC_FAIL : WQ_QC_GOOD;
	if (s->count > 0)
		s->flags[0] = s->count > 1 ? s->flags[1] : WQ_QC_UNKNOWN;
	return 0;
}

/* -- all -- */

static const struct {
	const char *name;
	int (*check)(const struct wq_qc_request *request, struct wq_err *err);
	int (*run)(const struct qartod_series *series, struct wq_err *err);
} tests[WQ_QC_TESTS] = {
	[WQ_QC_GROSS_RANGE] = { "gross_range", check_gross_range, run_gross_range },
	[WQ_QC_CLIMATOLOGY] = { "climatology", qartod_check_climatology, qartod_climatology },
	[WQ_QC_SPIKE] = { "spike", check_spike, run_spike },
	[WQ_QC_RATE_OF_CHANGE] = { "rate_of_change", check_rate_of_change, run_rate_of_change },
	[WQ_QC_FLAT_LINE] = { "flat_line", qartod_check_flat_line, qartod_flat_line },
	[WQ_QC_ATTENUATED_SIGNAL] = { "attenuated_signal", qartod_check_attenuated,
	        qartod_attenuated },
	[WQ_QC_GAP] = { "gap", check_gap, run_gap },
};

const char *wq_qc_test_name(enum wq_qc_test test)
{
	return tests[test].name;
}

int wq_qc_test_parse(const char *name)
{
	for (int i = 0; i < WQ_QC_TESTS; i++)
		if (strcmp(tests[i].name, name) == 0)
			return i;
	return -1;
}

void wq_qc_request_init(struct wq_qc_request *request, enum wq_qc_test test)
{
	static const struct wq_qc_span none = { NAN, NAN };

	*request = (struct wq_qc_request){ .test = test,
		.fail_span = none,
		.suspect_span = none,
		.suspect_threshold = NAN,
		.fail_threshold = NAN,
		.threshold = NAN,
		.tolerance = 0,
		.test_period = NAN,
		.min_obs = NAN,
		.min_period = NAN,
		.gap_hours = 2,
		.zone = &wq_zone_china };
}

int wq_qc_check(const struct wq_qc_request *request, struct wq_err *err)
{
	return tests[request->test].check(request, err);
}

int wq_qc_run(const struct wq_qc_request *request, const wq_ms *at, const double *value,
        size_t count, void *room, uint8_t *flags, struct wq_err *err)
{
	const struct qartod_series series = { request, at, value, count, room, flags };
	const int r = wq_qc_check(request, err);

	return r < 0 ? r : tests[request->test].run(&series, err);
}
