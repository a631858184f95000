/* SPDX-License-Identifier: Apache-2.0 */
/* The QARTOD tests that look back over a window: flat line and attenuated signal. */
#include "qartod.h"

#include "wq/err.h"

#include <math.h>

/* Indices of points that may yet be the lowest (or highest) of a window, oldest first: each is
 * lower (higher) than all before it that are still in. Every point enters and leaves once. */
struct extreme {
	uint32_t *at; /* [count] */
	size_t first, end;
	double sign; /* 1: highest, -1: lowest */
};

struct room {
	struct extreme low, high;
	wq_ms *steps; /* [count] */
};

size_t wq_qc_room(size_t count)
{
	return count * (sizeof(wq_ms) + 2 * sizeof(uint32_t)) + sizeof(wq_ms);
}

static struct room lay_out(const struct qartod_series *s)
{
	wq_ms *steps = s->room;
	uint32_t *indices = (uint32_t *)(void *)(steps + s->count);

	return (struct room){ .steps = steps,
		.low = { .at = indices, .sign = -1 },
		.high = { .at = indices + s->count, .sign = 1 } };
}

static void enter(struct extreme *e, const double *x, size_t i)
{
	while (e->end > e->first && e->sign * x[e->at[e->end - 1]] <= e->sign * x[i])
		e->end--;
	e->at[e->end++] = (uint32_t)i;
}

/* Points before `from` leave. */
static void leave(struct extreme *e, size_t from)
{
	while (e->first < e->end && e->at[e->first] < from)
		e->first++;
}

/* -- the usual step in time -- */

/* The k-th smallest (from 0); reorders. Three ways, for most steps are the same. */
static wq_ms kth(wq_ms *a, size_t n, size_t k)
{
	size_t low = 0, high = n;

	for (;;) {
		const wq_ms pivot = a[low + (high - low) / 2];
		size_t less = low, i = low, more = high;

		while (i < more) {
			const wq_ms x = a[i];

			if (x < pivot) {
				a[i++] = a[less];
				a[less++] = x;
			} else if (x > pivot) {
				a[i] = a[--more];
				a[more] = x;
			} else
				i++;
		}
		if (k < less)
			high = less;
		else if (k >= more)
			low = more;
		else
			return pivot;
	}
}

/* In whole seconds, cut; 0 for fewer than two points. */
static int64_t usual_step(const struct qartod_series *s, wq_ms *steps)
{
	const size_t n = s->count > 0 ? s->count - 1 : 0;
	wq_ms upper;

	for (size_t i = 0; i < n; i++)
		steps[i] = s->at[i + 1] - s->at[i];
	if (n == 0)
		return 0;
	upper = kth(steps, n, n / 2);
	return (n % 2 == 1 ? upper : (kth(steps, n, n / 2 - 1) + upper) / 2) / 1000;
}

static int no_step(struct wq_err *err)
{
	return wq_fail(err, WQ_E_INVALID,
	        "half of the rows are less than a second after the one before: a window of them "
	        "cannot be "
	        "told from its length in time");
}

/* -- flat line -- */

int qartod_check_flat_line(const struct wq_qc_request *request, struct wq_err *err)
{
	if (!(request->suspect_threshold >= 0) || !(request->fail_threshold >= 0))
		return wq_fail(err, WQ_E_INVALID,
		        "suspect_threshold=SECONDS and fail_threshold=SECONDS are needed, not "
		        "below 0");
	return 0;
}

/* Marks each point whose window of `length` steps back spans less than the tolerance. */
static void mark_flat(const struct qartod_series *s, struct room room, double length, uint8_t flag)
{
	const size_t k = length < (double)s->count ? (size_t)length : s->count;

	for (size_t i = 0; i < s->count; i++) {
		if (isfinite(s->value[i])) {
			enter(&room.low, s->value, i);
			enter(&room.high, s->value, i);
		}
		if (i < k)
			continue;
		leave(&room.low, i - k);
		leave(&room.high, i - k);
		if (room.low.first < room.low.end &&
		        s->value[room.high.at[room.high.first]] -
		                        s->value[room.low.at[room.low.first]] <
		                s->request->tolerance)
			s->flags[i] = flag;
	}
}

int qartod_flat_line(const struct qartod_series *s, struct wq_err *err)
{
	const struct room room = lay_out(s);
	int64_t step;

	for (size_t i = 0; i < s->count; i++)
		s->flags[i] = WQ_QC_GOOD;
	if (s->count < 3)
		return 0;
	step = usual_step(s, room.steps);
	if (step == 0)
		return no_step(err);
	mark_flat(
	        s, room, floor(trunc(s->request->suspect_threshold) / (double)step), WQ_QC_SUSPECT);
	mark_flat(s, room, floor(trunc(s->request->fail_threshold) / (double)step), WQ_QC_FAIL);
	for (size_t i = 0; i < s->count; i++)
		if (!isfinite(s->value[i]))
			s->flags[i] = WQ_QC_MISSING;
	return 0;
}

/* -- attenuated signal -- */

int qartod_check_attenuated(const struct wq_qc_request *request, struct wq_err *err)
{
	if (isnan(request->suspect_threshold) || isnan(request->fail_threshold))
		return wq_fail(
		        err, WQ_E_INVALID, "suspect_threshold and fail_threshold are needed");
	if (request->test_period < 0 || request->min_obs < 0 || request->min_period < 0)
		return wq_fail(err, WQ_E_INVALID,
		        "test_period, min_obs and min_period must not be below 0");
	return 0;
}

/* Valid values of a window, about a centre so that no digits are lost; begun anew when all of them
 * have changed. */
struct moments {
	double centre, sum, squares;
	size_t valid, missing, left; /* left: since it was begun */
	size_t same;                 /* newest values that are equal */
	double newest;
};

static void moments_begin(struct moments *m, const double *x, size_t from, size_t to)
{
	m->sum = m->squares = 0;
	m->left = 0;
	m->centre = m->newest;
	for (size_t i = from; i < to; i++)
		if (isfinite(x[i])) {
			m->sum += x[i] - m->centre;
			m->squares += (x[i] - m->centre) * (x[i] - m->centre);
		}
}

static void moments_enter(struct moments *m, double x)
{
	if (!isfinite(x)) {
		m->missing++;
		return;
	}
	m->same = m->valid > 0 && x == m->newest ? m->same + 1 : 1;
	m->newest = x;
	m->valid++;
	m->sum += x - m->centre;
	m->squares += (x - m->centre) * (x - m->centre);
}

static void moments_leave(struct moments *m, double x)
{
	if (!isfinite(x)) {
		m->missing--;
		return;
	}
	m->valid--;
	m->left++;
	m->sum -= x - m->centre;
	m->squares -= (x - m->centre) * (x - m->centre);
}

static double deviation(const struct moments *m)
{
	const double n = (double)m->valid, mean = m->sum / n;

	return m->same >= m->valid ? 0 : sqrt(fmax(0, m->squares / n - mean * mean));
}

/* NaN: not known. */
static double spread(const struct wq_qc_request *q, const struct moments *m,
        const struct room *room, const double *x, double least)
{
	if (m->valid == 0 || (double)m->valid < least)
		return NAN;
	if (q->check_type == WQ_QC_STD)
		return deviation(m);
	return m->missing > 0
	        ? (double)NAN
	        : x[room->high.at[room->high.first]] - x[room->low.at[room->low.first]];
}

static uint8_t flag_of(const struct wq_qc_request *q, double value)
{
	return isnan(value)                    ? WQ_QC_UNKNOWN
	        : value < q->fail_threshold    ? WQ_QC_FAIL
	        : value < q->suspect_threshold ? WQ_QC_SUSPECT
	                                       : WQ_QC_GOOD;
}

/* All points at once. */
static int attenuated_whole(const struct qartod_series *s)
{
	struct room room = lay_out(s);
	struct moments m = { 0 };
	uint8_t flag;

	for (size_t i = 0; i < s->count; i++) {
		moments_enter(&m, s->value[i]);
		if (!isfinite(s->value[i]))
			continue;
		enter(&room.low, s->value, i);
		enter(&room.high, s->value, i);
	}
	m.missing = 0; /* they are left out here */
	moments_begin(&m, s->value, 0, s->count);
	flag = flag_of(s->request, spread(s->request, &m, &room, s->value, 1));
	for (size_t i = 0; i < s->count; i++)
		s->flags[i] = isfinite(s->value[i]) ? flag : WQ_QC_MISSING;
	return 0;
}

static void attenuated_windows(const struct qartod_series *s, double least)
{
	const double period = s->request->test_period * 1000;
	struct room room = lay_out(s);
	struct moments m = { 0 };
	size_t from = 0;

	for (size_t i = 0; i < s->count; i++) {
		moments_enter(&m, s->value[i]);
		for (; (double)(s->at[i] - s->at[from]) >= period && from < i; from++)
			moments_leave(&m, s->value[from]);
		if (!isfinite(s->value[i])) {
			s->flags[i] = WQ_QC_MISSING;
			continue;
		}
		enter(&room.low, s->value, i);
		enter(&room.high, s->value, i);
		leave(&room.low, from);
		leave(&room.high, from);
		if (m.left >= m.valid || m.valid == 1)
			moments_begin(&m, s->value, from, i + 1);
		s->flags[i] = flag_of(s->request, spread(s->request, &m, &room, s->value, least));
	}
}

int qartod_attenuated(const struct qartod_series *s, struct wq_err *err)
{
	const struct wq_qc_request *q = s->request;
	double least = isnan(q->min_obs) ? 1 : q->min_obs;

	if (isnan(q->test_period) || q->test_period == 0)
		return attenuated_whole(s);
	if (isnan(q->min_obs) && !isnan(q->min_period) && s->count > 1) {
		const int64_t step = usual_step(s, lay_out(s).steps);

		if (step == 0)
			return no_step(err);
		least = floor(q->min_period / (double)step);
	}
	attenuated_windows(s, least);
	return 0;
}
