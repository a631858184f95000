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

/* Where the value stands, or belongs. Which half it is in is a number, not a jump: no jump can be foreseen here. */
static size_t place_of(const double *values, size_t count, double value)
{
	const double *from = values;

	if (count == 0)
		return 0;
	while (count > 1) {
		const size_t half = count / 2;

		from += (size_t)(from[half - 1] < value) * half;
		count -= half;
	}
	return (size_t)(from - values) + (size_t)(*from < value);
}

/* One goes and another comes: only what lies between them moves. */
static void exchange(struct history *h, double old, double value)
{
	double *values = sorted(h);
	const size_t from = place_of(values, h->count, old), to = place_of(values, h->count, value);

	if (from < to) {
		memmove(values + from, values + from + 1, (to - from - 1) * sizeof *values);
		values[to - 1] = value;
	} else {
		memmove(values + to + 1, values + to, (from - to) * sizeof *values);
		values[to] = value;
	}
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
	exchange(h, ring(h)[h->first], value);
	ring(h)[h->first] = value;
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

/* The median of the deviations: they ascend outwards on both sides of the middle, so how many of the smaller half lie below it
 * is found by halving. below[-i], i = 0 …, are the values that are not above the middle; above[j] the others. */
static double median_deviation(const double *below, const double *above, size_t others, size_t wanted, double middle)
{
	size_t low = wanted > others ? wanted - others : 0, high = wanted;
	double largest = 0;

	while (low < high) {
		const size_t taken = (low + high) / 2; /* below; the rest of those wanted above */

		if (above[wanted - taken - 1] - middle >= middle - *(below - taken))
			low = taken + 1;
		else
			high = taken;
	}
	if (low > 0)
		largest = middle - *(below - (low - 1));
	if (low < wanted)
		largest = fmax(largest, above[wanted - low - 1] - middle);
	return largest;
}

bool history_usual(const struct history *history, size_t least, double *median, double *spread)
{
	const double *values = history->numbers + history->length;
	const size_t count = history->count, half = count > 0 ? (count - 1) / 2 : 0;

	if (count == 0 || count < least)
		return false;
	*median = values[half] / 2 + values[count / 2] / 2; /* the sum may be beyond all numbers */
	*spread = 1.4826 * median_deviation(values + half, values + half + 1, count - half - 1, half + 1, *median);
	return true;
}
