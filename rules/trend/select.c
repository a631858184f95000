/* SPDX-License-Identifier: Apache-2.0 */
/* Quickselect (Hoare), pivot by median of three: expected O(n), deterministic. */
#include "select.h"

#include "wq/trend.h"

static void swap(double *a, double *b)
{
	double t = *a;

	*a = *b;
	*b = t;
}

static double median_of_three(double a, double b, double c)
{
	if ((a < b) != (a < c))
		return a;
	return (b < a) != (b < c) ? b : c;
}

double select_rank(double *x, size_t n, size_t k)
{
	size_t low = 0, high = n - 1;

	while (low < high) {
		double pivot = median_of_three(x[low], x[low + (high - low) / 2], x[high]);
		size_t i = low, j = high;

		for (;;) {
			while (x[i] < pivot)
				i++;
			while (x[j] > pivot)
				j--;
			if (i >= j)
				break;
			swap(&x[i++], &x[j--]);
		}
		/* Now x[low..j] <= pivot <= x[j+1..high], unless i == j sits on the pivot itself.
		 */
		if (i == j && k == j)
			return x[k];
		if (k <= j)
			high = i == j ? j - 1 : j;
		else
			low = j + 1;
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
		if (x[i] > lower)
			lower = x[i];
	return (lower + upper) / 2;
}
