/* SPDX-License-Identifier: Apache-2.0 */
/* Mid-ranks, Spearman's rho, Hamed and Rao's factor. */
#include "ranks.h"

#include "pairs.h"

#include "wq/trend.h"

#include <math.h>
#include <string.h>

static size_t place_of(const double *sorted, size_t n, double value)
{
	size_t low = 0, high = n;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (sorted[middle] < value)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void ranks_of(const double *x, size_t n, double same, double *ranks, double *sorted, double *places)
{
	size_t first = 0;

	memcpy(sorted, x, n * sizeof *sorted);
	pairs_sort(sorted, places, n);
	for (size_t i = 1; i <= n; i++) {
		if (i < n && sorted[i] - sorted[i - 1] <= same)
			continue;
		for (size_t k = first; k < i; k++)
			places[k] = (double)(first + 1 + i) / 2;
		first = i;
	}
	for (size_t i = 0; i < n; i++)
		ranks[i] = places[place_of(sorted, n, x[i])];
}

/* The mean of mid-ranks is (n + 1)/2 whatever is tied, and so is that of the places. */
double ranks_rho(const double *ranks, size_t n)
{
	const double mean = (double)(n + 1) / 2;
	double product = 0, square = 0, time = 0;

	for (size_t i = 0; i < n; i++) {
		const double a = ranks[i] - mean, b = (double)(i + 1) - mean;

		product += a * b;
		square += a * a;
		time += b * b;
	}
	return square > 0 && time > 0 ? product / sqrt(square * time) : (double)NAN;
}

double ranks_squares(const double *ranks, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += (ranks[i] - (double)(i + 1)) * (ranks[i] - (double)(i + 1));
	return sum;
}

double ranks_hamed_rao(const double *ranks, size_t n, size_t lags, double confidence)
{
	const double m = (double)n, mean = (m + 1) / 2;
	const double bound = wq_normal_quantile(0.5 + confidence / 2) / sqrt(m);
	const size_t most = lags == 0 || lags > n - 1 ? n - 1 : lags;
	double square = 0, sum = 0;

	for (size_t i = 0; i < n; i++)
		square += (ranks[i] - mean) * (ranks[i] - mean);
	if (n < 3 || !(square > 0))
		return 1;
	for (size_t k = 1; k <= most; k++) {
		double product = 0, r;

		for (size_t i = k; i < n; i++)
			product += (ranks[i] - mean) * (ranks[i - k] - mean);
		r = product / square;
		if (fabs(r) > bound)
			sum += (double)(n - k) * ((double)(n - k) - 1) * ((double)(n - k) - 2) * r;
	}
	return fmax(1, 1 + 2 * sum / (m * (m - 1) * (m - 2)));
}
