/* SPDX-License-Identifier: Apache-2.0 */
/* A series as a whole: test, line, time to a limit and what of it may be published. Definitions in
 * wq/trend.h. */
#include "ar1.h"
#include "pairs.h"
#include "ranks.h"

#include "wq/err.h"
#include "wq/trend.h"

#include <math.h>
#include <string.h>

static const char *const test_names[WQ_SERIES_TESTS] = {
	[WQ_SERIES_MK] = "mk",
	[WQ_SERIES_HAMED_RAO] = "hamed-rao",
	[WQ_SERIES_AR1] = "ar1",
	[WQ_SERIES_SEASONAL] = "seasonal",
	[WQ_SERIES_SPEARMAN] = "spearman",
};

static const char *const verdict_names[WQ_SERIES_VERDICTS] = {
	[WQ_SERIES_TOO_FEW] = "too few values",
	[WQ_SERIES_NO_TREND] = "no trend",
	[WQ_SERIES_RISING] = "rising",
	[WQ_SERIES_FALLING] = "falling",
	[WQ_SERIES_WILL_EXCEED] = "will exceed",
	[WQ_SERIES_EXCEEDS] = "exceeds",
};

const char *wq_series_test_name(enum wq_series_test test)
{
	return test_names[test];
}

const char *wq_series_verdict_name(enum wq_series_verdict verdict)
{
	return verdict_names[verdict];
}

/* The caller's memory, cut into pieces. */
struct room {
	struct slopes_room slopes;
	double numbers[]; /* as `pieces` cuts them */
};

enum { PIECE_T, PIECE_X, PIECE_A, PIECE_B, PIECE_C, PIECE_D, PIECES };

struct series {
	const struct wq_series_request *request;
	struct wq_series_result *result;
	struct room *room;
	double *t, *x;         /* values only, by group and time */
	double *a, *b, *c, *d; /* scratch, `rows` each */
	size_t *first;         /* of the groups, rows + 2 */
	struct groups groups;
	size_t n, rows;
	double end;         /* time of the last row; that of the first is 0 */
	double step;        /* usual time between rows */
	struct pairs pairs; /* S and its plain variance */
	struct wq_sen line; /* on the scale that is fitted */
};

size_t wq_series_room(size_t rows)
{
	return sizeof(struct room) + PIECES * rows * sizeof(double) + (rows + 2) * sizeof(size_t);
}

static void cut(struct series *s, void *memory, size_t rows)
{
	double **const pieces[PIECES] = { [PIECE_T] = &s->t,
		[PIECE_X] = &s->x,
		[PIECE_A] = &s->a,
		[PIECE_B] = &s->b,
		[PIECE_C] = &s->c,
		[PIECE_D] = &s->d };

	s->room = memory;
	for (size_t i = 0; i < PIECES; i++)
		*pieces[i] = s->room->numbers + i * rows;
	s->first = (size_t *)(void *)(s->room->numbers + PIECES * rows);
	s->rows = rows;
}

static int check_request(const struct wq_series_request *request, struct wq_err *err)
{
	if (!(request->confidence > 0 && request->confidence < 1))
		return wq_fail(err, WQ_E_INVALID, "confidence %g is not between 0 and 1",
		        request->confidence);
	if (request->logarithm && request->limit <= 0)
		return wq_fail(err, WQ_E_INVALID, "limit %g has no logarithm", request->limit);
	if (request->test == WQ_SERIES_SEASONAL && request->period == 1)
		return wq_fail(err, WQ_E_INVALID, "a period of 1 row has no seasons; 2 or more");
	return WQ_OK;
}

static int check_rows(
        const double *t, const double *x, size_t rows, bool logarithm, struct wq_err *err)
{
	if (rows > WQ_SERIES_ROWS)
		return wq_fail(err, WQ_E_FULL,
		        "%zu rows are too many: a trend takes at most %d, since its slope is the median over all pairs; nothing "
		        "is reckoned",
		        rows, WQ_SERIES_ROWS);
	for (size_t i = 0; i < rows; i++) {
		if (!isfinite(t[i]) || isinf(x[i]))
			return wq_fail(err, WQ_E_INVALID, "row %zu is not finite", i);
		if (i > 0 && !(t[i] > t[i - 1]))
			return wq_fail(
			        err, WQ_E_INVALID, "row %zu is not later than the one before", i);
		if (logarithm && x[i] <= 0)
			return wq_fail(err, WQ_E_INVALID, "row %zu: %g has no logarithm", i, x[i]);
	}
	return WQ_OK;
}

static size_t count_values(const double *x, size_t rows)
{
	size_t n = 0;

	for (size_t i = 0; i < rows; i++)
		n += isnan(x[i]) ? 0 : 1;
	return n;
}

/* Rows are not always regular: the usual step is the median one. */
static double usual_step(struct series *s, const double *t)
{
	for (size_t i = 1; i < s->rows; i++)
		s->a[i - 1] = t[i] - t[i - 1];
	return s->rows > 1 ? wq_median(s->a, s->rows - 1) : 0;
}

/* Stays 0 where the series is too short for any: that is no fault of the request. */
static int find_period(struct series *s, struct wq_err *err)
{
	struct wq_series_result *result = s->result;

	result->period = s->request->period;
	if (result->period == 0 && s->step > 0 && 24 / s->step < WQ_SERIES_ROWS)
		result->period = (size_t)lrint(24 / s->step);
	if (result->period > s->rows || s->n < WQ_SERIES_MINIMUM)
		result->period = 0;
	else if (result->period < 2)
		return wq_fail(err, WQ_E_INVALID,
		        "rows are %g hours apart: a day has no seasons, a period is needed",
		        s->step);
	return WQ_OK;
}

/* The season is that of the time, so that a row that is not there moves none. */
static size_t season(const struct series *s, double t)
{
	const size_t period = s->result->period;

	return period == 0 ? 0 : (size_t)fmod(rint(t / s->step), (double)period);
}

/* The values, group by group; one group unless there are seasons. */
static void take_values(struct series *s, const double *t, const double *x)
{
	const size_t count = s->result->period > 0 ? s->result->period : 1;

	memset(s->first, 0, (count + 1) * sizeof *s->first);
	for (size_t i = 0; i < s->rows; i++)
		if (!isnan(x[i]))
			s->first[season(s, t[i] - t[0]) + 1]++;
	for (size_t g = 0; g < count; g++)
		s->first[g + 1] += s->first[g];
	s->n = s->first[count];
	for (size_t i = 0; i < s->rows; i++) {
		size_t to;

		if (isnan(x[i]))
			continue;
		to = s->first[season(s, t[i] - t[0])]++;
		s->t[to] = t[i] - t[0];
		s->x[to] = s->request->logarithm ? log(x[i]) : x[i];
	}
	/* Filling moved each group's first to the next one's. */
	memmove(s->first + 1, s->first, count * sizeof *s->first);
	s->first[0] = 0;
	s->groups = (struct groups){ s->t, s->x, count, s->first };
}

/* -- the line -- */

static double median_of(const double *x, size_t n, double *scratch)
{
	memcpy(scratch, x, n * sizeof *scratch);
	return wq_median(scratch, n);
}

/* The slopes of two ranks. */
static void select_two(struct series *s, double lower, double upper, double slopes[SLOPES_RANKS])
{
	const int64_t ranks[SLOPES_RANKS] = { (int64_t)lower, (int64_t)upper };

	slopes_select(&s->groups, s->pairs.pairs, ranks, &s->room->slopes, slopes);
}

static void fit_slope(struct series *s)
{
	const double all = (double)s->pairs.pairs;
	double middle[SLOPES_RANKS];

	s->line = (struct wq_sen){ .slope = NAN, .low = NAN, .high = NAN };
	s->line.median_t = median_of(s->t, s->n, s->a);
	s->line.median_x = median_of(s->x, s->n, s->a);
	if (s->pairs.pairs == 0)
		return;
	select_two(s, floor((all - 1) / 2), floor(all / 2), middle);
	s->line.slope = (middle[0] + middle[1]) / 2;
}

/* Ranks as sen_interval() has them. */
static void fit_interval(struct series *s, double variance)
{
	const double all = (double)s->pairs.pairs;
	const double half = wq_normal_quantile(0.5 + s->request->confidence / 2) * sqrt(variance);
	double ends[SLOPES_RANKS];

	if (s->pairs.pairs == 0 || !(variance >= 0))
		return;
	select_two(s, fmax(rint((all - half) / 2) - 1, 0), fmin(rint((all + half) / 2), all - 1),
	        ends);
	s->line.low = ends[0];
	s->line.high = ends[1];
}

/* Values without their trend. Returns by how much rounding alone may part them: what is the same
 * but for that is tied, or the result would hang on the unit that is measured in. */
static double detrend(const struct series *s, double *rest)
{
	double largest = 0;

	for (size_t i = 0; i < s->n; i++) {
		const double trend = s->line.slope * s->t[i];

		rest[i] = s->x[i] - trend;
		largest = fmax(largest, fmax(fabs(s->x[i]), fabs(trend)));
	}
	return 1e-13 * largest;
}

/* -- the tests -- */

static double no_factor(struct series *s)
{
	(void)s;
	return 1;
}

static double hamed_rao_factor(struct series *s)
{
	double same;

	if (s->n < 3)
		return 1;
	same = detrend(s, s->a);
	ranks_of(s->a, s->n, same, s->b, s->c, s->d);
	return ranks_hamed_rao(s->b, s->n, s->request->lag, s->request->confidence);
}

static double ar1_factor(struct series *s)
{
	if (s->n < WQ_TREND_MINIMUM)
		return NAN;
	detrend(s, s->a);
	return wq_ar1_factor(wq_lag1(s->a, s->n), s->n);
}

/* The normal p of z finds too many trends in short series that hang together strongly, and too few in others. */
static double p_of_ar1(struct series *s)
{
	ranks_of(s->x, s->n, 0, s->b, s->c, s->d);
	ar1_scores(s->b, s->n);
	return ar1_p(s->t, s->b, s->n);
}

static bool without_ties(const struct series *s)
{
	return s->pairs.tied == 0 && s->n >= 2;
}

static void test_kendall(struct series *s, double factor)
{
	struct wq_series_result *r = s->result;
	const double pairs = (double)s->pairs.pairs;

	r->s = (double)s->pairs.s;
	r->variance = factor * s->pairs.variance;
	if (pairs > 0) {
		const double untied = pairs * (pairs - (double)s->pairs.tied);

		r->tau_a = r->s / pairs;
		r->tau_b = untied > 0 ? r->s / sqrt(untied) : (double)NAN;
	}
	if (isnan(r->variance))
		return;
	r->z = s->pairs.s == 0 || !(r->variance > 0)
	        ? 0
	        : (r->s - (s->pairs.s > 0 ? 1 : -1)) / sqrt(r->variance);
	r->p = s->request->test == WQ_SERIES_AR1 ? p_of_ar1(s) : erfc(fabs(r->z) / sqrt(2));
	if (s->request->test == WQ_SERIES_MK && without_ties(s) && s->n <= WQ_SERIES_EXACT_KENDALL)
		r->p_exact = wq_kendall_exact(s->pairs.s, s->n);
}

static void test_spearman(struct series *s)
{
	struct wq_series_result *r = s->result;
	double left;

	ranks_of(s->x, s->n, 0, s->b, s->c, s->d);
	r->rho = ranks_rho(s->b, s->n);
	left = 1 - r->rho * r->rho;
	if (s->n >= 3 && !isnan(r->rho))
		r->p = left > 0
		        ? wq_student_p(r->rho * sqrt((double)(s->n - 2) / left), (double)(s->n - 2))
		        : 0;
	if (without_ties(s) && s->n <= WQ_SERIES_EXACT_SPEARMAN)
		r->p_exact = wq_spearman_exact((unsigned)ranks_squares(s->b, s->n), s->n);
}

static double (*const factors[WQ_SERIES_TESTS])(struct series *s) = {
	[WQ_SERIES_MK] = no_factor,
	[WQ_SERIES_HAMED_RAO] = hamed_rao_factor,
	[WQ_SERIES_AR1] = ar1_factor,
	[WQ_SERIES_SEASONAL] = no_factor,
	[WQ_SERIES_SPEARMAN] = no_factor,
};

static void test(struct series *s)
{
	double factor;

	pairs_count(&s->groups, s->a, s->b, &s->pairs);
	fit_slope(s);
	factor = factors[s->request->test](s);
	if (s->request->test == WQ_SERIES_SPEARMAN)
		test_spearman(s);
	else
		test_kendall(s, factor);
	fit_interval(s, factor * s->pairs.variance);
}

/* -- the time to the limit -- */

/* Hours from the last row until the line gets there; NaN: never. `sign` mirrors limits below. */
static double hours_until(const struct series *s, double slope, double limit, double sign)
{
	const double short_of = sign * (limit - wq_sen_at(&s->line, slope, s->end));

	if (isnan(slope))
		return NAN;
	if (short_of <= 0)
		return 0;
	return sign * slope > 0 ? short_of / (sign * slope) : (double)NAN;
}

static void look_ahead(struct series *s)
{
	const struct wq_series_request *request = s->request;
	const double sign = request->below ? -1 : 1;
	const double limit = request->logarithm ? log(request->limit) : request->limit;
	const double more = request->below ? s->line.low : s->line.high;
	const double less = request->below ? s->line.high : s->line.low;

	s->result->horizon = fmin(WQ_SERIES_HORIZON, s->end + s->step);
	if (isnan(limit))
		return;
	s->result->hours = hours_until(s, s->line.slope, limit, sign);
	s->result->earliest = hours_until(s, more, limit, sign);
	s->result->latest = hours_until(s, less, limit, sign);
}

static void tell_line(struct series *s)
{
	const bool logarithm = s->request->logarithm;
	struct wq_series_result *r = s->result;
	const double start = wq_sen_at(&s->line, s->line.slope, 0);
	const double now = wq_sen_at(&s->line, s->line.slope, s->end);

	r->intercept = logarithm ? exp(start) : start;
	r->fitted_now = logarithm ? exp(now) : now;
	/* d/dt exp(y) = exp(y) y'. */
	r->slope = s->line.slope * (logarithm ? r->fitted_now : 1);
	r->low = s->line.low * (logarithm ? r->fitted_now : 1);
	r->high = s->line.high * (logarithm ? r->fitted_now : 1);
}

static enum wq_series_verdict judge(const struct series *s)
{
	const struct wq_series_result *r = s->result;
	const double p = isnan(r->p_exact) ? r->p : r->p_exact;
	const double way = isnan(r->rho) ? r->s : r->rho;
	const bool clear_rise = s->line.low > 0, clear_fall = s->line.high < 0;
	/* The p of ar1 knows more of the correlation than the interval does, which is that of S. */
	const bool by_p = s->request->test == WQ_SERIES_AR1;
	const bool rising = way > 0 && (clear_rise || by_p), falling = way < 0 && (clear_fall || by_p);

	if (s->n < WQ_SERIES_MINIMUM || s->pairs.pairs == 0)
		return WQ_SERIES_TOO_FEW;
	if (!(p < 1 - s->request->confidence) || (!rising && !falling))
		return WQ_SERIES_NO_TREND;
	if (rising != s->request->below && (clear_rise || clear_fall) && r->hours <= r->horizon)
		return r->hours > 0 ? WQ_SERIES_WILL_EXCEED : WQ_SERIES_EXCEEDS;
	return rising ? WQ_SERIES_RISING : WQ_SERIES_FALLING;
}

static void clear(struct wq_series_result *r)
{
	const double none = NAN;

	*r = (struct wq_series_result){ 0 };
	r->s = r->variance = r->z = r->p = r->p_exact = r->tau_a = r->tau_b = r->rho = none;
	r->slope = r->low = r->high = r->intercept = r->fitted_now = none;
	r->hours = r->earliest = r->latest = none;
	r->verdict = WQ_SERIES_TOO_FEW;
}

int wq_series_judge(const double *t, const double *x, size_t rows,
        const struct wq_series_request *request, void *room, struct wq_series_result *result,
        struct wq_err *err)
{
	struct series s = { .request = request, .result = result };
	int r = check_request(request, err);

	clear(result);
	if (r == 0)
		r = check_rows(t, x, rows, request->logarithm, err);
	if (r < 0)
		return r;
	result->n = s.n = count_values(x, rows);
	if (s.n == 0)
		return WQ_OK;
	cut(&s, room, rows);
	s.end = t[rows - 1] - t[0];
	s.step = usual_step(&s, t);
	if (request->test == WQ_SERIES_SEASONAL && ((r = find_period(&s, err)) < 0 || result->period == 0))
		return r;
	take_values(&s, t, x);
	test(&s);
	tell_line(&s);
	look_ahead(&s);
	result->verdict = judge(&s);
	return WQ_OK;
}
