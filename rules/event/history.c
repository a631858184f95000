/* SPDX-License-Identifier: Apache-2.0 */
/* A ring and the same values sorted. */
#include "history.h"

#include <math.h>
#include <string.h>

static double *ring(struct history *h)
{
	return h->numbers;
}

static double *sorted(struct history *h)
{
	return h->numbers + h->length;
}

static double *waiting(struct history *h)
{
	return h->numbers + 2 * h->length;
}

size_t history_size(size_t length, size_t lag)
{
	return sizeof(struct history) + (2 * length + lag) * sizeof(double);
}

void history_open(struct history *history, size_t length, size_t lag)
{
	history->length = length;
	history->lag = lag;
}

/* Where the value stands, or belongs. */
static size_t place_of(const double *values, size_t count, double value)
{
	size_t low = 0, high = count;

	while (low < high) {
		const size_t middle = (low + high) / 2;

		if (values[middle] < value)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void take_out(struct history *h, double value)
{
	double *values = sorted(h);
	const size_t at = place_of(values, h->count, value);

	memmove(values + at, values + at + 1, (h->count - at - 1) * sizeof *values);
	h->count--;
}

static void put_in(struct history *h, double value)
{
	double *values = sorted(h);
	const size_t at = place_of(values, h->count, value);

	memmove(values + at + 1, values + at, (h->count - at) * sizeof *values);
	values[at] = value;
	h->count++;
}

static void count_in(struct history *h, double value)
{
	if (h->count < h->length) {
		ring(h)[(h->first + h->count) % h->length] = value;
		put_in(h, value);
		return;
	}
	take_out(h, ring(h)[h->first]);
	ring(h)[h->first] = value;
	put_in(h, value);
	h->first = (h->first + 1) % h->length;
}

void history_add(struct history *history, double value, bool frozen)
{
	double *queue = waiting(history);

	if (history->waiting < history->lag) {
		queue[(history->head + history->waiting++) % history->lag] = value;
		return;
	}
	if (history->lag > 0) {
		const double oldest = queue[history->head];

		queue[history->head] = value;
		history->head = (history->head + 1) % history->lag;
		value = oldest;
	}
	if (!frozen)
		count_in(history, value);
}

void history_forget(struct history *history)
{
	history->count = history->first = 0;
}

bool history_usual(const struct history *history, size_t least, double *median, double *spread)
{
	const double *values = history->numbers + history->length;
	const size_t count = history->count, half = count > 0 ? (count - 1) / 2 : 0;
	double middle, deviation = 0;
	size_t left = half + 1, right = half + 1; /* left: one past the next to the left */

	if (count == 0 || count < least)
		return false;
	middle = values[half] / 2 + values[count / 2] / 2; /* the sum may be beyond all numbers */
	/* The deviations ascend outwards on both sides: the half of them that is smaller is walked through. */
	for (size_t k = 0; k <= half; k++) {
		const double below = left > 0 ? middle - values[left - 1] : INFINITY;
		const double above = right < count ? values[right] - middle : INFINITY;

		deviation = fmin(below, above);
		if (below <= above)
			left--;
		else
			right++;
	}
	*median = middle;
	*spread = 1.4826 * deviation;
	return true;
}
