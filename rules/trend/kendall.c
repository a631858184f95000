/* SPDX-License-Identifier: Apache-2.0 */
/* Mann-Kendall: is there a trend, whatever its shape? Definitions in wq/trend.h. */
#include "wq/trend.h"

#include <math.h>

/* S, and how many values are later ones' equals: no ties, no need to look for groups. */
static int count_pairs(const double *x, size_t n, int *tied)
{
	int above = 0, below = 0;

	for (size_t i = 0; i < n; i++)
		for (size_t j = i + 1; j < n; j++) {
			above += x[j] > x[i];
			below += x[j] < x[i];
		}
	*tied = (int)(n * (n - 1) / 2) - above - below;
	return above - below;
}

/* Σ t(t-1)(2t+5) over tie groups, without sorting: each member of a group of t adds (t-1)(2t+5). Whole numbers, so that
 * their order does not matter. */
static double tie_term(const double *x, size_t n)
{
	int sum = 0;

	for (size_t i = 0; i < n; i++) {
		int t = 0;

		for (size_t j = 0; j < n; j++)
			t += x[j] == x[i];
		sum += (t - 1) * (2 * t + 5);
	}
	return sum;
}

struct wq_kendall wq_kendall(const double *x, size_t n, double factor)
{
	struct wq_kendall k = { .n = (int)n, .p = 1 };
	double m = (double)n, ties;
	int tied;

	k.s = count_pairs(x, n, &tied);
	ties = tied > 0 ? tie_term(x, n) : 0;
	k.variance = factor * (m * (m - 1) * (2 * m + 5) - ties) / 18;
	if (k.s == 0 || !(k.variance > 0))
		return k;
	k.z = (k.s - (k.s > 0 ? 1 : -1)) / sqrt(k.variance);
	k.p = erfc(fabs(k.z) / sqrt(2));
	return k;
}

double wq_lag1(const double *x, size_t n)
{
	double mean = 0, largest = 0, square = 0, product = 0, noise;

	for (size_t i = 0; i < n; i++) {
		mean += x[i] / (double)n;
		largest = fabs(x[i]) > largest ? fabs(x[i]) : largest;
	}
	for (size_t i = 0; i < n; i++) {
		square += (x[i] - mean) * (x[i] - mean);
		if (i > 0)
			product += (x[i] - mean) * (x[i - 1] - mean);
	}
	/* What rounding leaves of a constant is no signal, however correlated it looks. */
	noise = 1e-13 * largest;
	return square > (double)n * noise * noise ? product / square : 0;
}

double wq_ar1_factor(double r, size_t n)
{
	double m = (double)n, corrected = (m * r + 2) / (m - 4);
	double power = 1, sum = 0;

	corrected = fmin(0.95, fmax(0, corrected));
	for (size_t k = 1; k < n; k++) {
		power *= corrected;
		sum += (1 - (double)k / m) * power;
	}
	return 1 + 2 * sum;
}
