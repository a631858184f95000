/* SPDX-License-Identifier: Apache-2.0 */
/* Quickselect (Hoare), pivot by median of three: expected O(n), deterministic. Values are parted without a branch on what they are: half
 * of such branches would be guessed wrong, and that is where the time would go. */
#include "select.h"

#include "wq/trend.h"

static double median_of_three(double a, double b, double c)
{
	if ((a < b) != (a < c))
		return a;
	return (b < a) != (b < c) ? b : c;
}

/* Moves what is below the pivot to the front of x[from..end); returns where it ends. */
static size_t part_below(double *x, size_t from, size_t end, double pivot)
{
	size_t to = from;

	for (size_t i = from; i < end; i++) {
		const double value = x[i];

		x[i] = x[to];
		x[to] = value;
		to += value < pivot;
	}
	return to;
}

/* Likewise what is not above it. */
static size_t part_equal(double *x, size_t from, size_t end, double pivot)
{
	size_t to = from;

	for (size_t i = from; i < end; i++) {
		const double value = x[i];

		x[i] = x[to];
		x[to] = value;
		to += value <= pivot;
	}
	return to;
}

double select_rank(double *x, size_t n, size_t k)
{
	size_t low = 0, end = n;

	while (end - low > 1) {
		const double pivot = median_of_three(x[low], x[low + (end - low) / 2], x[end - 1]);
		const size_t middle = part_below(x, low, end, pivot);

		if (k < middle) {
			end = middle;
			continue;
		}
		/* The pivot is in here, so that this ends whatever is tied. */
		low = part_equal(x, middle, end, pivot);
		if (k < low)
			return pivot;
	}
	return x[k];
}

double wq_median(double *x, size_t n)
{
	double upper = select_rank(x, n, n / 2), lower;

	if (n % 2 == 1)
		return upper;
	lower = x[0];
	for (size_t i = 1; i < n / 2; i++) /* all that is before n/2 is not greater */
		lower = x[i] > lower ? x[i] : lower;
	return (lower + upper) / 2;
}
