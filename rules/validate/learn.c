/* SPDX-License-Identifier: Apache-2.0 */
/* Quantiles of what comes, none of which is kept. */
#include "learn.h"

#include <math.h>

/* Shares of the markers: each quantile, the middle between two, and the ends. */
static const double value_shares[LEARN_MARKERS(LEARN_VALUES)] = { 0, .0005, .001, .0055, .01, .5, .99, .9945, .999, .9995, 1 };
static const double rate_shares[LEARN_MARKERS(LEARN_RATES)] = { 0, .495, .99, .9945, .999, .9995, 1 };

struct markers {
	const double *share;
	double *height;
	uint32_t *place, *count;
	size_t size;
};

/* The first ones are kept, sorted. */
static void begin(const struct markers *m, double number)
{
	size_t i = (*m->count)++;

	for (; i > 0 && m->height[i - 1] > number; i--)
		m->height[i] = m->height[i - 1];
	m->height[i] = number;
	for (i = 0; i < *m->count; i++)
		m->place[i] = (uint32_t)i + 1;
}

static double distance(const struct markers *m, size_t from, size_t to)
{
	return (double)m->place[to] - (double)m->place[from];
}

/* The height a step (±1) further, by the parabola through the marker and its neighbours; by the line where that leaves them. */
static double moved(const struct markers *m, size_t i, int step)
{
	const double *h = m->height;
	const double below = distance(m, i - 1, i), above = distance(m, i, i + 1);
	const double parabola = h[i] +
		step / (below + above) *
			((below + step) * (h[i + 1] - h[i]) / above + (above - step) * (h[i] - h[i - 1]) / below);
	const size_t next = step > 0 ? i + 1 : i - 1;

	if (h[i - 1] < parabola && parabola < h[i + 1])
		return parabola;
	return h[i] + step * (h[next] - h[i]) / distance(m, i, next);
}

static void add(const struct markers *m, double number)
{
	size_t cell = m->size - 2;

	if (!isfinite(number) || *m->count == UINT32_MAX)
		return;
	if (*m->count < m->size) {
		begin(m, number);
		return;
	}
	m->height[0] = fmin(m->height[0], number);
	m->height[m->size - 1] = fmax(m->height[m->size - 1], number);
	while (cell > 0 && number < m->height[cell])
		cell--;
	for (size_t i = cell + 1; i < m->size; i++)
		m->place[i]++;
	++*m->count;
	for (size_t i = 1; i + 1 < m->size; i++) {
		const double off = 1 + m->share[i] * (*m->count - 1) - m->place[i];

		if (off >= 1 && m->place[i + 1] - m->place[i] > 1) {
			m->height[i] = moved(m, i, 1);
			m->place[i]++;
		} else if (off <= -1 && m->place[i] - m->place[i - 1] > 1) {
			m->height[i] = moved(m, i, -1);
			m->place[i]--;
		}
	}
}

void learn_value(struct learn_values *v, double value)
{
	add(&(struct markers){ value_shares, v->height, v->place, &v->count, LEARN_MARKERS(LEARN_VALUES) }, value);
}

void learn_rate(struct learn_rates *r, double rate)
{
	add(&(struct markers){ rate_shares, r->height, r->place, &r->count, LEARN_MARKERS(LEARN_RATES) }, rate);
}

double learn_value_quantile(const struct learn_values *v, size_t quantile)
{
	/* The middle stands between the second and the third. */
	return v->count < LEARN_MARKERS(LEARN_VALUES) ? (double)NAN : v->height[2 + 2 * quantile];
}

double learn_rate_quantile(const struct learn_rates *r, size_t quantile)
{
	return r->count < LEARN_MARKERS(LEARN_RATES) ? (double)NAN : r->height[2 + 2 * quantile];
}
