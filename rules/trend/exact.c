/* SPDX-License-Identifier: Apache-2.0 */
/* Distributions of the statistics: exact ones of short series without ties, Student's t. */
#include "wq/trend.h"

#include <math.h>
#include <string.h>

#define PAIRS (WQ_SERIES_EXACT_KENDALL * (WQ_SERIES_EXACT_KENDALL - 1) / 2)

/* Inversions of a random order: that of n values is the sum of a uniform 0 … n-1 and that of n-1.
 * Only up to `most` <= half of all pairs: there the probabilities ascend, so that the sliding sum
 * never loses more than it keeps. */
static double inversions_up_to(size_t most, size_t n)
{
	double share[PAIRS / 2 + 1] = { 1 }, sum, next[PAIRS / 2 + 1];

	for (size_t m = 2; m <= n; m++) {
		sum = 0;
		for (size_t k = 0; k <= most; k++) {
			sum += share[k];
			if (k >= m)
				sum -= share[k - m];
			next[k] = sum / (double)m;
		}
		memcpy(share, next, (most + 1) * sizeof *share);
	}
	sum = 0;
	for (size_t k = 0; k <= most; k++)
		sum += share[k];
	return sum;
}

double wq_kendall_exact(int64_t s, size_t n)
{
	const int64_t pairs = (int64_t)(n * (n - 1) / 2);
	const int64_t rarer = (pairs - (s < 0 ? -s : s)) / 2; /* inversions at least as few */

	if (s == 0)
		return 1;
	return fmin(1, 2 * inversions_up_to((size_t)rarer, n));
}

/* -- Spearman: all permutations, in halves that meet -- */

/* Of n places the first half takes one half of the ranks, the second half the others: the sums of
 * both are counted for each choice. That is C(n, n/2) × (n/2)! steps instead of n!. */
#define SQUARES_MAX                                                                                \
	(WQ_SERIES_EXACT_SPEARMAN * (WQ_SERIES_EXACT_SPEARMAN * WQ_SERIES_EXACT_SPEARMAN - 1) / 3)

struct half {
	unsigned most; /* larger sums are not asked for */
	size_t end;    /* place after the last of this half */
	unsigned counts[SQUARES_MAX + 1];
};

/* Gives the ranks in `left` to the places from `place` on in every order. */
static void count_orders(struct half *half, size_t place, unsigned left, unsigned sum)
{
	if (sum > half->most)
		return;
	if (place == half->end) {
		half->counts[sum]++;
		return;
	}
	for (unsigned rest = left; rest != 0; rest &= rest - 1) {
		const int rank = __builtin_ctz(rest);
		const int d = rank - (int)place;

		count_orders(half, place + 1, left & ~(1U << rank), sum + (unsigned)(d * d));
	}
}

/* Orders of both halves whose sums together do not exceed what is asked for. */
static double count_pairs(const struct half *first, const struct half *second)
{
	double within[SQUARES_MAX + 1], sum = 0, pairs = 0;

	for (unsigned k = 0; k <= first->most; k++) {
		sum += second->counts[k];
		within[k] = sum;
	}
	for (unsigned k = 0; k <= first->most; k++)
		pairs += first->counts[k] * within[first->most - k];
	return pairs;
}

double wq_spearman_exact(unsigned squares, size_t n)
{
	const unsigned all = (unsigned)(n * (n * n - 1) / 3), ranks = (1U << n) - 1;
	struct half first = { .most = squares < all - squares ? squares : all - squares,
		.end = n / 2 };
	struct half second = { .most = first.most, .end = n };
	double orders = 0, factorial = 1;

	for (size_t i = 2; i <= n; i++)
		factorial *= (double)i;
	for (unsigned chosen = 0; chosen <= ranks; chosen++) {
		if ((size_t)__builtin_popcount(chosen) != n / 2)
			continue;
		memset(first.counts, 0, sizeof first.counts);
		memset(second.counts, 0, sizeof second.counts);
		count_orders(&first, 0, chosen, 0);
		count_orders(&second, n / 2, ranks & ~chosen, 0);
		orders += count_pairs(&first, &second);
	}
	return fmin(1, 2 * orders / factorial);
}

/* -- Student's t -- */

/* The continued fraction of the incomplete beta function (Lentz). */
static double beta_fraction(double a, double b, double x)
{
	const double tiny = 1e-300;
	double c = 1, d = 1 / fmax(1 - (a + b) * x / (a + 1), tiny), h = d;

	for (int m = 1; m <= 10000; m++) {
		const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
		const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
		const double terms[] = { even, odd };
		double change = 1;

		for (int i = 0; i < 2; i++) {
			d = 1 + terms[i] * d;
			c = 1 + terms[i] / c;
			d = 1 / (fabs(d) < tiny ? tiny : d);
			c = fabs(c) < tiny ? tiny : c;
			change = d * c;
			h *= change;
		}
		if (fabs(change - 1) < 1e-15)
			break;
	}
	return h;
}

static double log_gamma(double x)
{
	int sign; /* lgamma() would write it to a global */

	return lgamma_r(x, &sign);
}

/* Regularised incomplete beta function. */
static double beta(double a, double b, double x, double rest)
{
	double front;

	if (x <= 0 || rest <= 0)
		return x <= 0 ? 0 : 1;
	front = exp(log_gamma(a + b) - log_gamma(a) - log_gamma(b) + a * log(x) + b * log(rest));
	return x < (a + 1) / (a + b + 2) ? front * beta_fraction(a, b, x) / a
	                                 : 1 - front * beta_fraction(b, a, rest) / b;
}

double wq_student_p(double t, double freedom)
{
	const double all = freedom + t * t;

	return isinf(all) ? 0 : beta(freedom / 2, 0.5, freedom / all, t * t / all);
}
